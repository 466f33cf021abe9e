"""``lotwright prices`` as a person runs it, through the real clients against stand-ins on loopback."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from tests.market.standin import alpaca, serving, yahoo

Run = Callable[..., Any]
KEYS = {"APCA_API_KEY_ID": "PKCANARY12345678", "APCA_API_SECRET_KEY": "canary-secret-1234567890"}


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Two households: GOOD needs AAPL alone, BAD needs also what no source knows."""
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / "accounts.csv").write_text(
        "account,household,kind,model,cash,short_term_rate,long_term_rate\nG1,GOOD,taxable,M,1000,0.3,0.2\nB1,BAD,taxable,M,500,0.3,0.2\n"
    )
    (folder / "lots.csv").write_text(
        "account,symbol,lot,quantity,acquired,basis\nG1,AAPL,1,10,2019-01-02,1000\nB1,AAPL,1,10,2019-01-02,1000\n"
        "B1,STALE,1,10,2019-01-02,1000\n"
    )
    (folder / "targets.csv").write_text("model,symbol,weight\nM,AAPL,1\n")
    (folder / "prices.csv").write_text(
        "symbol,price,as_of,sector,mine\nAAPL,500.04,2020-08-27,Tech,kept\nSTALE,1.00,2020-08-27,Other,x\n"
    )
    return folder


def prices(book: Path) -> dict[str, dict[str, str]]:
    frame = pd.read_csv(book / "prices.csv", dtype=str, keep_default_na=False)
    return {row["symbol"]: row for row in frame.to_dict("records")}


def test_a_stale_price_fails_its_household_and_no_other(lotwright: Run, book: Path) -> None:
    with serving(yahoo) as (url, heard):
        done = lotwright(
            "prices", book, "--source", "yfinance", "--as-of", "2020-08-29", "--url", url, "--years", "0.01"
        )
        assert done.returncode == 1, done.stderr
        assert "STALE: yfinance has no price of 2020-08-28: its last is of 2020-08-27." in done.stderr
        assert "1 of 2 securities have a price of 2020-08-28. Written." in done.stderr
        before = heard.of("/chart/AAPL")
        lotwright("prices", book, "--source", "yfinance", "--as-of", "2020-08-28", "--url", url, "--years", "0.01")
        assert heard.of("/chart/AAPL") == before  # kept
    row = prices(book)["AAPL"]
    assert (row["price"], row["as_of"], row["sector"], row["mine"], row["source"]) == (
        "499.23", "2020-08-28", "Tech", "kept", "yfinance",
    )  # fmt: skip
    assert "STALE" not in prices(book)
    history = pd.read_parquet(book / "history.parquet")
    assert history["date"].max() == "2020-08-28"
    planned = lotwright("plan", book, "--json", "-")
    by_name = {one["household"]: one for one in json.loads(planned.stdout)}
    assert (by_name["GOOD"]["failure"], by_name["BAD"]["failure"]["reason"]) == (None, "input")
    assert planned.returncode == 1


def test_a_split_since_the_books_last_prices_is_told(lotwright: Run, book: Path) -> None:
    with serving(yahoo) as (url, _):
        done = lotwright(
            "prices", book, "--source", "yfinance", "--as-of", "2020-09-01", "--url", url, "--years", "0.02"
        )
    assert "AAPL split 4 for 1 on 2020-08-31, after the book's last prices (2020-08-27)." in done.stderr
    assert prices(book)["AAPL"]["price"] == "134.18"


def test_alpaca_bars_and_json_alone_on_standard_output(lotwright: Run, book: Path) -> None:
    with serving(alpaca) as (url, heard):
        done = lotwright(
            "prices", book, "--source", "alpaca", "--as-of", "2020-08-28", "--feed", "sip", "--url", url, "--years", "0.01",
            "--json", "-", **KEYS,
        )  # fmt: skip
        assert any(query.get("feed") == "sip" for _, query in heard.queries)
    found = json.loads(done.stdout)
    assert [(row["symbol"], row["price"], row["source"]) for row in found["prices"]] == [
        ("AAPL", 499.23, "alpaca sip bars")
    ]
    assert [one["symbol"] for one in found["failures"]] == ["STALE"]
    assert KEYS["APCA_API_SECRET_KEY"] not in done.stdout + done.stderr


@pytest.mark.parametrize("fault", ["NOSUCH"])
def test_where_nothing_is_answered_nothing_is_written(lotwright: Run, book: Path, fault: str) -> None:
    lots = (book / "lots.csv").read_text().replace("AAPL", fault).replace("STALE", fault + "X")
    (book / "lots.csv").write_text(lots)
    (book / "targets.csv").write_text(f"model,symbol,weight\nM,{fault},1\n")
    (book / "prices.csv").write_text(f"symbol,price,as_of\n{fault},1,2020-08-27\n")
    before = {file.name: file.read_bytes() for file in book.iterdir()}
    with serving(yahoo) as (url, _):
        done = lotwright(
            "prices", book, "--source", "yfinance", "--as-of", "2020-08-28", "--url", url, "--years", "0.01"
        )
    assert done.returncode == 1
    assert "Nothing was written." in done.stderr
    assert {file.name: file.read_bytes() for file in book.iterdir()} == before


def test_the_books_own_history_prices_an_earlier_day(lotwright: Run, root: Path, tmp_path: Path) -> None:
    book = tmp_path / "two"
    shutil.copytree(root / "examples" / "books" / "two_accounts", book)
    done = lotwright("prices", book, "--source", "files", "--as-of", "2020-03-22", "--dry-run", "--json", "-")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["as_of"] == "2020-03-20"
    assert len(found["prices"]) == 20
    assert (book / "prices.csv").read_bytes() == (root / "examples/books/two_accounts/prices.csv").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--source", "yfinance", "--feed", "iex"], "--feed goes with --source alpaca"),
        (["--source", "yfinance", "--as-of", "2990-01-01"], "lies in the future"),
        (["--source", "yfinance", "--url", "http://example.com", "--as-of", "2020-08-28"], "not on this machine"),
        (["--source", "files"], "has no history"),
        (["--source", "alpaca", "--as-of", "2020-08-28"], "APCA_API_KEY_ID"),
    ],
)
def test_a_wrong_call_is_told_and_nothing_is_asked(
    lotwright: Run, book: Path, arguments: list[str], words: str
) -> None:
    done = lotwright("prices", book, *arguments, APCA_API_KEY_ID="", APCA_API_SECRET_KEY="")
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr
