"""``lotwright targets`` as a person runs it, and books whose models are computed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

Run = Callable[..., Any]
SAYS = """says = "Calm."
[source]
kind = "inverse_volatility"
universe = "stocks"
lookback_days = 252
[limits]
maximum_weight = 0.2
"""


@pytest.fixture
def book(root: Path, tmp_path: Path) -> Path:
    """RIVERA, the Roth under a computed model; the joint account excludes oil."""
    folder = tmp_path / "two"
    shutil.copytree(root / "examples" / "books" / "two_accounts", folder)
    (folder / "models" / "portfolios").mkdir(parents=True)
    (folder / "models" / "portfolios" / "calm.toml").write_text(SAYS)
    accounts = folder / "accounts.csv"
    accounts.write_text(
        accounts.read_text().replace("RIVERA_ROTH,612", "calm,612").replace("RIVERA_CORE,1850", "calm,1850")
    )
    with (folder / "restrictions.csv").open("a") as file:
        file.write("RIVERA-JOINT,exclude_sector,Energy\nRIVERA-JOINT,exclude,GE\n")
    return folder


def test_weights_are_those_of_the_book_and_of_its_own_arithmetic(lotwright: Run, book: Path) -> None:
    """One over the standard deviation of the last 251 returns, by pandas."""
    done = lotwright("targets", "calm", "--book", book, "--json", "-")
    assert done.returncode == 0, done.stderr
    found = {row["symbol"]: row["weight"] for row in json.loads(done.stdout)["weights"]}
    closes = pd.read_csv(book / "history.csv").pivot_table(index="date", columns="symbol", values="adj_close").tail(252)
    inverse = 1 / closes.pct_change(fill_method=None).iloc[1:].std()
    assert found == pytest.approx((inverse / inverse.sum()).to_dict(), abs=2e-6)
    from lotwright import read_book

    read = read_book(book).market.models["calm"]
    assert {target.symbol: float(target.weight) for target in read.targets} == found


def test_written_targets_are_the_books_and_each_account_gets_its_own(lotwright: Run, book: Path) -> None:
    done = lotwright("targets", "calm", "--book", book, "--write")
    assert done.returncode == 0, done.stderr
    table = pd.read_csv(book / "targets.csv")
    own = "calm [without Energy, GE; AAPL at most 8%]"
    assert set(table["model"]) == {"RIVERA_CORE", "RIVERA_ROTH", "calm", own}
    mine = table[table["model"] == own].set_index("symbol")["weight"]
    assert mine.sum() == pytest.approx(1)
    assert not {"GE", "XOM", "CVX", "RRC"} & set(mine.index)
    assert mine["AAPL"] <= 0.08
    accounts = pd.read_csv(book / "accounts.csv").set_index("account")["model"]
    assert accounts.to_dict() == {"RIVERA-JOINT": own, "RIVERA-ROTH": "calm"}
    again = (book / "targets.csv").read_bytes(), (book / "accounts.csv").read_bytes()
    assert lotwright("targets", "calm", "--book", book, "--write").returncode == 0
    assert ((book / "targets.csv").read_bytes(), (book / "accounts.csv").read_bytes()) == again
    planned = lotwright("plan", book, "--json", "-", "--gap-bp", "300")
    assert json.loads(planned.stdout)["status"] == "planned", planned.stderr


def test_a_model_without_weights_fails_its_households_alone(lotwright: Run, book: Path) -> None:
    (book / "models/portfolios/calm.toml").write_text(SAYS.replace("0.2\n", "0.01\n"))
    with (book / "accounts.csv").open("a") as file:
        file.write("OTHER,OTHER,roth,RIVERA_CORE,100" + "," * 15 + "\n")
    done = lotwright("plan", book, "--json", "-", "--gap-bp", "300")
    plans = {one["household"]: one for one in json.loads(done.stdout)}
    assert done.returncode == 1
    assert "let 20.0% be invested" in plans["RIVERA"]["failure"]["message"]
    assert plans["OTHER"]["failure"] is None


def test_an_index_from_a_file_beside_the_portfolio(lotwright: Run, book: Path) -> None:
    folder = book / "models" / "portfolios"
    (folder / "ours.toml").write_text('[source]\nkind = "index"\nweights = "ours.csv"\nhold = "top"\nnames = 2\n')
    (folder / "ours.csv").write_text("symbol,weight\nAAPL,3\nMSFT,5\nKO,1\n")
    done = lotwright("targets", "ours", "--book", book, "--csv", "-")
    assert done.stdout == "model,symbol,weight\nours,MSFT,0.625000\nours,AAPL,0.375000\n"
    (folder / "ours.csv").write_text("symbol,weight\nAAPL,3\nMSFT,much\n")
    done = lotwright("targets", "ours", "--book", book)
    assert (done.returncode, "row 3: MSFT with weight 'much'" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["clam"], "Did you mean 'calm'"),
        (["calm", "--as-of", "2021-01-01"], "lies after the book's day"),
        (["calm", "--account", "RIVERA-JOIN"], "Did you mean RIVERA-JOINT"),
        (["three_fund", "--write"], "is a static model"),
        (["nowhere.toml"], "There is no file"),
    ],
)
def test_a_wrong_call_says_what_would_do(lotwright: Run, book: Path, arguments: list[str], words: str) -> None:
    done = lotwright("targets", *arguments, "--book", book)
    assert (done.returncode, words in done.stderr) == (2, True), done.stderr
