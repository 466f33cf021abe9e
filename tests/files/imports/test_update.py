"""Updating a book: what others own stays, nothing is done twice, and a stop at any moment leaves the old or the new."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest

from lotwright.errors import BookError
from lotwright.files.books import read_book
from lotwright.files.imports import writing

from .conftest import Call, rows, state

LOTS = "Account,Ticker,Shares,Bought,Cost\n"
MAPPING = """schema = "lotwright.mapping/1"
[[table]]
kind = "lots"
files = "lots*"
accounts = "as_written"
columns = { account = "Account", symbol = "Ticker", quantity = "Shares", acquired = "Bought", basis = "Cost" }
[[table]]
kind = "transactions"
files = "trades*"
accounts = "as_written"
columns = { account = "Account", date = "Day", action = "What", symbol = "Ticker", quantity = "Shares", price = "Price" }
[[table]]
kind = "gains"
files = "gains*"
accounts = "as_written"
columns = { account = "Account", symbol = "Ticker", opened = "Opened", closed = "Day", quantity = "Shares", proceeds = "Proceeds", gain = "Gain", character = "Term" }
"""
TRADES = "Account,Day,What,Ticker,Shares,Price\n"
GAINS = "Account,Ticker,Opened,Day,Shares,Proceeds,Gain,Term\n"


@pytest.fixture
def rivera(root: Path, tmp_path: Path) -> Path:
    """The second example book, to be updated."""
    folder = tmp_path / "rivera"
    shutil.copytree(root / "examples" / "books" / "two_accounts", folder)
    return folder


@pytest.fixture
def update(call: Call, tmp_path: Path):
    """Import CSV files, given by name and text, into a book."""
    (tmp_path / "m.toml").write_text(MAPPING)

    def run(book: Path, *options: object, **files: str):
        paths = []
        for name, text in files.items():
            paths.append(tmp_path / f"{name}.csv")
            paths[-1].write_text(text)
        return call(
            "import", "csv", *paths, "--mapping", tmp_path / "m.toml", "--book", book, "--as-of", "2020-03-23", *options
        )

    return run


def test_only_the_imported_accounts_rows_change(update, rivera: Path) -> None:
    before = (rivera / "lots.csv").read_text().splitlines()
    done = update(rivera, lots=LOTS + "RIVERA-ROTH,KO,10,2016-06-27,450.00\n")
    assert done.status == 0
    after = (rivera / "lots.csv").read_text().splitlines()
    joint = [line for line in before if line.startswith("RIVERA-JOINT")]
    assert [
        line.removesuffix(",") for line in after if line.startswith("RIVERA-JOINT")
    ] == joint  # a new column source is empty
    assert [line for line in after if line.startswith("RIVERA-ROTH")] == [
        "RIVERA-ROTH,KO,KO-2016-06-27,10,2016-06-27,450.00,,csv"
    ]
    assert [row["household"] for row in rows(rivera, "accounts")] == ["RIVERA", "RIVERA"]
    assert rows(rivera, "accounts")[1]["cash"] == "612.15"  # no file told it
    assert {"cashflows.csv", "restrictions.csv", "substitutes.csv"} <= {path.name for path in rivera.iterdir()}


def test_columns_of_the_user_stay_and_so_does_what_he_wrote_on_a_lot(update, rivera: Path) -> None:
    table = pd.read_csv(rivera / "lots.csv", dtype=str, keep_default_na=False)
    table["memo"] = [f"note {n}" for n in range(len(table))]
    table.to_csv(rivera / "lots.csv", index=False)
    memo = {row["lot"]: row["memo"] for row in rows(rivera, "lots") if row["account"] == "RIVERA-ROTH"}
    old = [row for row in rows(rivera, "lots") if row["account"] == "RIVERA-ROTH"]
    text = LOTS + "".join(f"{r['account']},{r['symbol']},{r['quantity']},{r['acquired']},{r['basis']}\n" for r in old)
    assert update(rivera, lots=text).status == 0
    new = {row["lot"]: row.get("memo") for row in rows(rivera, "lots") if row["account"] == "RIVERA-ROTH"}
    assert new == memo


def test_a_parquet_table_keeps_its_kind_and_types(update, rivera: Path) -> None:
    table = pd.read_csv(rivera / "lots.csv")
    table["acquired"] = pd.to_datetime(table["acquired"]).dt.date
    table.to_parquet(rivera / "lots.parquet")
    (rivera / "lots.csv").unlink()
    types = pq.read_schema(rivera / "lots.parquet")
    done = update(rivera, lots=LOTS + "RIVERA-ROTH,KO,10,2016-06-27,450.00\n")
    assert done.status == 0
    after = pq.read_table(rivera / "lots.parquet")
    assert [after.schema.field(name).type for name in types.names if name in after.column_names] == [
        types.field(n).type for n in types.names
    ]
    before = state(rivera)
    assert (
        update(rivera, lots=LOTS + "RIVERA-ROTH,KO,10,2016-06-27,450.00\n").report["accounts"][0]["status"]
        == "unchanged"
    )
    assert state(rivera) == before
    assert not (rivera / "lots.csv").exists()


def test_files_that_overlap_add_each_trade_once(update, rivera: Path) -> None:
    march = TRADES + "RIVERA-JOINT,2020-03-02,buy,KO,5,53.00\nRIVERA-JOINT,2020-03-02,buy,KO,5,53.00\n"
    update(rivera, trades=march)
    update(rivera, trades=march)
    later = march + "RIVERA-JOINT,2020-03-20,sell,KO,4,38.00\n"
    update(rivera, trades=later)
    new = [row for row in rows(rivera, "transactions") if row["symbol"] == "KO" and row["date"] >= "2020-03"]
    assert [(row["action"], row["quantity"]) for row in new] == [
        ("buy", "5"),
        ("buy", "5"),
        ("sell", "4"),
    ]  # two equal trades are two


def test_gains_told_later_take_the_place_of_the_bare_sale_and_never_the_other_way(update, rivera: Path) -> None:
    bare = TRADES + "RIVERA-JOINT,2020-03-20,sell,KO,10,38.00\n"
    told = (
        GAINS
        + "RIVERA-JOINT,KO,2016-06-27,2020-03-20,6,228.00,-12.00,Long\nRIVERA-JOINT,KO,2019-12-31,2020-03-20,4,152.00,-64.00,Short\n"
    )
    update(rivera, trades=bare)
    update(rivera, gains=told)
    expected = [("4", "-64.00", "ST"), ("6", "-12.00", "LT")]
    for again in (bare, None, bare):
        new = [row for row in rows(rivera, "transactions") if row["symbol"] == "KO" and row["date"] == "2020-03-20"]
        assert [(row["quantity"], row["realised_gain"], row["character"]) for row in new] == expected
        update(rivera, **({"trades": again} if again else {"gains": told}))


def test_gains_and_transactions_that_disagree_are_named(update, rivera: Path) -> None:
    done = update(
        rivera,
        trades=TRADES + "RIVERA-JOINT,2020-03-20,sell,KO,10,38.00\n",
        gains=GAINS + "RIVERA-JOINT,KO,2016-06-27,2020-03-20,6,228.00,-12.00,Long\n",
    )
    assert "the transactions tell of 10 shares of KO sold on 2020-03-20; their gains stay untold" in " ".join(
        done.messages("note")
    )


def test_prices_of_another_day_never_mix(call: Call, samples: Path, book: Path) -> None:
    (book / "prices.csv").write_text((book / "prices.csv").read_text().replace("2020-03-23", "2020-03-20"))
    before = (book / "prices.csv").read_bytes()
    done = call("import", "schwab", *sorted(samples.glob("schwab/*.csv")), "--book", book, "--model", "RIVERA_CORE")
    assert (book / "prices.csv").read_bytes() == before
    assert "would have no price of 2020-03-23" in " ".join(done.messages("note"))


def test_a_new_book_takes_its_prices_from_the_positions(call: Call, samples: Path, tmp_path: Path) -> None:
    book = tmp_path / "new" / "book"
    done = call("import", "schwab", *sorted(samples.glob("schwab/*.csv")), "--book", book, "--model", "M")
    assert done.status == 1
    assert rows(book, "prices")[0] == {"symbol": "AAPL", "price": "54.92", "as_of": "2020-03-23"}
    assert not done.report["can_be_planned"]
    assert "there is no model portfolio of this name" in done.report["unready"][0]


def test_a_new_account_needs_what_no_file_tells(update, rivera: Path) -> None:
    done = update(rivera, lots=LOTS + "LEE,KO,10,2016-06-27,450.00\n")
    assert done.status == 2
    errors = done.messages("error")
    assert [error.partition("not told. ")[2].split()[1] for error in errors] == ["--kind", "--model", "the"], errors
    assert "--cash 0" in errors[2]


KILLED = """
import sys, os
from pathlib import Path
from lotwright.files.imports import writing
at = int(sys.argv[2])
real, count = Path.replace, [0]
def replace(self, target):
    count[0] += 1
    if count[0] == at:
        os.kill(os.getpid(), 9)
    return real(self, target)
Path.replace = replace
from lotwright.cli.app import main
sys.argv = ["lotwright", *sys.argv[3:]]
main()
"""


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_kill_between_two_renames_leaves_the_old_book_or_finishes_the_new(
    root: Path, samples: Path, book: Path, call: Call, at: int
) -> None:
    """1: before anything is committed; 2: committed, nothing exchanged; 3: the first table exchanged, the others not."""
    words = [
        "import",
        "schwab",
        *map(str, sorted(samples.glob("schwab/*.csv"))),
        "--book",
        str(book),
        "--model",
        "RIVERA_CORE",
    ]
    before = state(book)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, "", str(at), *words], cwd=root, capture_output=True, check=False,
        env={**os.environ, "PYTHONPATH": str(root / "src"), "LOTWRIGHT_KERNELS": "plain"},
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL
    if at == 1:
        assert state(book) == before
    else:
        with pytest.raises(BookError, match="was interrupted while its tables were exchanged"):
            read_book(book)
        assert call(*words, "--dry-run").status == 2
    again = call(*words)
    assert again.status == 1
    assert again.report["accounts"][0]["status"] == ("imported" if at == 1 else "unchanged")
    assert len(rows(book, "lots")) == 6
    assert read_book(book).content_hash


def test_two_imports_at_once_are_kept_apart(book: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "PATIENCE", 0.05)
    with writing.updating(book), pytest.raises(BookError, match="Another import is updating"), writing.updating(book):
        pass


def test_a_table_that_cannot_be_read_whole_is_not_written_over(update, rivera: Path) -> None:
    with (rivera / "lots.csv").open("a") as file:
        file.write("RIVERA-JOINT,KO,too,few\n")
    before = state(rivera)
    done = update(rivera, lots=LOTS + "RIVERA-ROTH,KO,10,2016-06-27,450.00\n")
    assert done.status == 2
    assert "cannot be updated, since it cannot be read whole" in done.text
    assert state(rivera) == before


BAD_MAPPINGS = {
    "no TOML": ("= 1", "is no TOML"),
    "another schema": (MAPPING.replace("mapping/1", "mapping/9"), "schema"),
    "a misspelt key": (MAPPING.replace("accounts", "acounts", 1), "acounts"),
    "a column we do not have": (MAPPING.replace("basis = ", "price_paid = "), "lots have no price_paid"),
    "a column missing": (
        MAPPING.replace('symbol = "Ticker", quantity = "Shares", acquired', "acquired", 1),
        "lots need quantity, symbol",
    ),
    "a header that is not there": (MAPPING.replace('"Cost"', '"Kosten"'), "it lacks 'Kosten'"),
}


@pytest.mark.parametrize("name", BAD_MAPPINGS)
def test_a_mapping_that_cannot_be_meant_says_where(call: Call, book: Path, tmp_path: Path, name: str) -> None:
    text, expected = BAD_MAPPINGS[name]
    (tmp_path / "m.toml").write_text(text)
    (tmp_path / "lots.csv").write_text(LOTS)
    done = call(
        "import",
        "csv",
        tmp_path / "lots.csv",
        "--mapping",
        tmp_path / "m.toml",
        "--book",
        book,
        "--as-of",
        "2020-03-23",
    )
    assert done.status == 2
    assert expected in done.text + " ".join(done.messages("error"))


def test_the_schema_of_a_mapping_accepts_the_shipped_one(call: Call, samples: Path) -> None:
    import tomllib

    import jsonschema

    schema = json.loads(call("schema", "mapping").text)
    jsonschema.validate(tomllib.loads((samples / "generic" / "mapping.toml").read_text()), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"schema": "lotwright.mapping/1", "table": []}, schema)


def test_rows_in_another_order_make_the_same_book(update, rivera: Path) -> None:
    lines = [f"RIVERA-ROTH,KO,{n},2016-06-{10 + n},{n}.00\n" for n in range(1, 9)] + [
        "RIVERA-ROTH,KO,3,2016-06-11,3.00\n"
    ]
    update(rivera, lots=LOTS + "".join(lines))
    before = (rivera / "lots.csv").read_bytes()
    update(rivera, lots=LOTS + "".join(reversed(lines)))
    assert (rivera / "lots.csv").read_bytes() == before
    assert "KO-2016-06-11-2" in before.decode()  # two lots of a day have two names


def test_eight_thousand_lots_take_seconds(update, book: Path) -> None:
    """A guard against what grows with the square of the rows; the rate is measured in tests/bench/importing.py."""
    text = LOTS + "".join(f"A{n % 50},KO,{n % 97 + 1},2016-06-{n % 28 + 1:02},{n % 89 + 1}.00\n" for n in range(8_000))
    started = time.process_time()
    done = update(book, "--kind", "taxable", "--model", "RIVERA_CORE", "--cash", "0", lots=text)
    assert done.status == 0
    assert time.process_time() - started < 10
    assert len(rows(book, "lots")) == 8_000


def test_a_file_of_lots_of_one_security_leaves_the_others_alone(
    call: Call, samples: Path, book: Path, tmp_path: Path
) -> None:
    call("import", "schwab", *sorted(samples.glob("schwab/*.csv")), "--book", book, "--model", "RIVERA_CORE")
    text = (samples / "schwab" / "KO_Lot_Details.csv").read_text(encoding="utf-8")
    (tmp_path / "KO.csv").write_text(text.replace('"03/02/2020 00:00:00","0.5"', '"03/02/2020 00:00:00","1.5"'))
    before = rows(book, "lots")
    done = call("import", "schwab", tmp_path / "KO.csv", "--book", book)
    assert done.status == 0, done.text
    after = rows(book, "lots")
    assert [row for row in after if row["symbol"] != "KO"] == [row for row in before if row["symbol"] != "KO"]
    assert {row["quantity"] for row in after if row["symbol"] == "KO"} == {"60", "1.5"}
    assert rows(book, "accounts")[0]["cash"] == "9234.56"
    kept = state(book)
    call("import", "schwab", tmp_path / "KO.csv", "--book", book)
    assert state(book) == kept
