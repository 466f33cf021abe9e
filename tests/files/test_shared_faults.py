"""Each kind of bad input in what every household shares: one error that lists them all."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lotwright.errors import BookError
from lotwright.files.books import read_book
from tests.files.small_book import TABLES, edited, write_book


def message(folder, **options) -> str:
    with pytest.raises(BookError) as caught:
        read_book(folder, **options)
    return str(caught.value)


def column_gone(table: str, column: str) -> str:
    rows = [line.split(",") for line in TABLES[table].splitlines()]
    at = rows[0].index(column)
    return "\n".join(",".join(row[:at] + row[at + 1 :]) for row in rows)


CASES = {
    "price missing": (
        "prices", "AAPL,56.09", "AAPL,",
        "prices.csv, row 2, column price: found an empty cell, but every row needs one. Write the price in dollars a share",
    ),
    "price negative": (
        "prices", "AAPL,56.09", "AAPL,-56.09",
        "prices.csv, row 2, column price: found '-56.09', but price must be more than 0. Write a number above 0, without a",
    ),
    "price zero": ("prices", "AAPL,56.09", "AAPL,0", "prices.csv, row 2, column price: found '0', but price must be more"),
    "price no number": ("prices", "56.09", "n/a", "row 2, column price: found 'n/a', but this is not a number. Write a"),
    "symbol twice": (
        "prices", "XOM,31.45", "AAPL,31.45",
        "prices.csv, row 4, column symbol: found 'AAPL', but row 2 has this symbol already. Keep one of the two rows",
    ),
    "as_of differs": (
        "prices", "31.45,2020-03-23", "31.45,2020-03-20",
        "prices.csv, row 4, column as_of: found '2020-03-20', but 3 other rows say 2020-03-23, and a book has one day. "
        "Give every row the price of the same day.",
    ),
    "spread in per cent": ("prices", "0.0001", "2", "row 2, column half_spread: found '2', but half_spread must lie between"),
    "weights": (
        "targets", "core,BND,0.4", "core,BND,0.39",
        "targets.csv, row 2, column weight: found '0.99', but that is what the weights of core sum to, and they must sum "
        "to 1. Correct the weights of the model",
    ),
    "weights just off": (
        "targets", "core,BND,0.4", "core,BND,0.4000011", "found '1.0000011', but that is what the weights of core sum to",
    ),
    "weight missing": ("targets", "core,BND,0.4", "core,BND,", "targets.csv, row 4, column weight: found an empty cell, but every"),
    "weight negative": ("targets", "core,BND,0.4", "core,BND,-0.4", "row 4, column weight: found '-0.4', but weight must lie"),
    "target twice": (
        "targets", "core,BND", "core,AAPL",
        "targets.csv, row 4, column symbol: found 'core, AAPL', but row 2 has this model and symbol already.",
    ),
    "band upside down": (
        "targets", "0.2,0.4", "0.4,0.2",
        "targets.csv, row 2, column lower: found '0.4', but it is above the upper edge of the band, 0.2. Swap",
    ),
    "stands in for itself": (
        "substitutes", "BND,XOM", "BND,BND",
        "substitutes.csv, row 2, column substitute: found 'BND', but a security cannot stand in for itself. Name another",
    ),
    "rank of a half": ("substitutes", "MSFT,2", "MSFT,1.5", "row 3, column rank: found '1.5', but rank must be a whole number"),
    "in two groups": (
        "identical", "big,XOM", "other,AAPL",
        "identical.csv, row 3, column symbol: found 'AAPL', but row 2 has this symbol already.",
    ),
    "group named like a stranger": (
        "identical", "big,AAPL\nbig,XOM", "MSFT,AAPL\nMSFT,XOM",
        "identical.csv, row 2, column group: found 'MSFT', but this is also the name of a security that is not in the group.",
    ),
    "close missing": ("history", "57.31,57.1", "57.31,", "history.csv, row 2, column adj_close: found an empty cell, but every"),
    "day twice": (
        "history", "MSFT,2020-03-20", "AAPL,2020-03-20",
        "history.csv, row 3, column date: found 'AAPL, 2020-03-20', but row 2 has this symbol and date already.",
    ),
    "tomorrow's close": (
        "history", "AAPL,2020-03-23", "AAPL,2020-03-24",
        "history.csv, row 4, column date: found '2020-03-24', but this is later than 2020-03-23, the day of the prices.",
    ),
    "account unknown": (
        "lots", "B1,MSFT", "B11,MSFT",
        "lots.csv, row 6, column account: found 'B11', but accounts.csv has no such account. Did you mean B1? Correct",
    ),
    "account empty": ("cashflows", "B1,withdraw", ",withdraw", "cashflows.csv, row 3, column account: found an empty cell, but every"),
    "household empty": ("accounts", "B1,Stone", "B1,", "accounts.csv, row 4, column household: found an empty cell, but every row"),
    "too few cells": (
        "lots", "A2,BND,BND-1,0.1,2020-01-15,8.47,,,", "A2,BND,BND-1,0.1",
        "lots.csv, row 5: found 'A2,BND,BND-1,0.1', but this row has 4 cells and the header has 9. Put quotation marks",
    ),
    "quotation mark left open": (
        "lots", "A1,MSFT,MSFT-1", 'A1,MSFT,"MSFT-1',
        "lots.csv, row 4: a quotation mark is opened and never closed, so that the rows after it run together. Close it",
    ),
    "name of a column twice": ("lots", "purchase", "lot",
                               "lots.csv, row 1, column lot: two columns have this name. Rename or remove one of them."),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_fault_of_the_shared_part_stops_the_reading(tmp_path, name):
    table, old, new, expected = CASES[name]
    assert expected in message(write_book(tmp_path, **{table: edited(table, old, new)}))


REQUIRED = {
    "accounts": ["account", "household", "kind", "model", "cash"],
    "lots": ["account", "symbol", "lot", "quantity", "acquired"],
    "transactions": ["account", "date", "symbol", "action", "quantity", "price"],
    "prices": ["symbol", "price", "as_of"],
    "targets": ["model", "symbol", "weight"],
    "restrictions": ["account", "rule", "value"],
    "substitutes": ["symbol", "substitute"],
    "identical": ["group", "symbol"],
    "cashflows": ["account", "kind", "amount"],
    "history": ["symbol", "date", "close", "adj_close"],
}
"""Typed from FORMATS, not from the code."""


@pytest.mark.parametrize(("table", "column"), [(table, column) for table in REQUIRED for column in REQUIRED[table]])
def test_a_missing_column_is_named(tmp_path, table, column):
    found = message(write_book(tmp_path, **{table: column_gone(table, column)}))
    assert f"{table}.csv, row 1, column {column}: the column is missing. " in found
    assert f"Add the column {column}: " in found


def test_a_missing_column_that_is_only_misspelt(tmp_path):
    found = message(write_book(tmp_path, lots=edited("lots", "acquired", "aquired")))
    assert (
        "column acquired: the column is missing. Is it the one named aquired? Add the column acquired: trade" in found
    )


def test_lots_need_one_of_the_two_columns_of_basis(tmp_path):
    lots = "account,symbol,lot,quantity,acquired\nA1,AAPL,1,1,2020-01-02\n"
    assert "lots.csv, row 1, column basis: the column is missing." in message(write_book(tmp_path, lots=lots))
    read_book(
        write_book(tmp_path, lots=lots.replace("acquired\n", "acquired,basis_per_share\n").replace("02\n", "02,5\n"))
    )


@pytest.mark.parametrize("table", ["accounts", "lots", "prices"])
def test_a_missing_table_is_named(tmp_path, table):
    found = message(write_book(tmp_path, **{table: None}))
    assert f"{table}.csv: the table is missing, as .csv and as .parquet. A book needs it, with the columns " in found


def test_a_table_under_another_name_is_suggested(tmp_path):
    write_book(tmp_path, accounts=None)
    (tmp_path / "account.csv").write_text(TABLES["accounts"])
    assert "the table is missing, as .csv and as .parquet. Did you mean account.csv? A book needs it" in message(
        tmp_path
    )


@pytest.mark.parametrize("table", ["accounts", "prices"])
def test_a_table_without_rows(tmp_path, table):
    header = TABLES[table].splitlines()[0]
    assert f"{table}.csv: the table has no rows. Write one row for each " in message(
        write_book(tmp_path, **{table: header + "\n"})
    )


def test_lots_without_rows_are_a_book_of_cash(tmp_path):
    book = read_book(write_book(tmp_path, lots=TABLES["lots"].splitlines()[0] + "\n"))
    assert [account.lots for account in book.households["Rivera"].accounts] == [(), ()]


def test_both_forms_of_one_table(tmp_path):
    write_book(tmp_path)
    pq.write_table(pa.table({"account": ["A1"]}), tmp_path / "lots.parquet")
    assert "lots.csv: lots.parquet stands beside it, and only one of them can be the table lots. Remove" in message(
        tmp_path
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "lots.csv, row 1: the file has no header. Write the column names in the first row."),
        (b"account,symbol,lot\nA1,\xc4\n", "lots.csv, row 2: the text is not UTF-8. Save it again as 'CSV UTF-8"),
        ("account\nA1".encode("utf-16"), "lots.csv, row 1: the text is not UTF-8."),
        (b"account;symbol\nA1;B\n", "lots.csv, row 1: the columns are separated by semicolons. Save it with commas."),
    ],
)
def test_a_file_that_cannot_be_read_as_csv(tmp_path, content, expected):
    assert expected in message(write_book(tmp_path, lots=content))


def test_a_file_that_cannot_be_read_as_parquet(tmp_path):
    write_book(tmp_path, lots=None)
    (tmp_path / "lots.parquet").write_bytes(b"account,symbol\n")
    assert "lots.parquet: it cannot be read as Parquet: " in message(tmp_path)


def test_a_parquet_column_of_the_wrong_type(tmp_path):
    write_book(tmp_path, substitutes=None)
    pq.write_table(pa.table({"symbol": [1.5], "substitute": ["AAPL"]}), tmp_path / "substitutes.parquet")
    assert (
        "substitutes.parquet, row 1, column symbol: found 'Parquet type double', but the column must hold text. Store the "
        "column as text." in message(tmp_path)
    )


def test_rows_of_parquet_count_from_the_header_too(tmp_path):
    write_book(tmp_path, substitutes=None)
    pq.write_table(
        pa.table({"symbol": ["A", "B"], "substitute": ["B", "C"], "rank": [1.0, -1.0]}),
        tmp_path / "substitutes.parquet",
    )
    assert "substitutes.parquet, row 3, column rank: found '-1.0', but rank must be a whole" in message(tmp_path)


def test_all_faults_are_listed_together_and_counted(tmp_path):
    found = message(
        write_book(
            tmp_path,
            prices=edited("prices", "AAPL,56.09", "AAPL,0"),
            targets=edited("targets", "core,BND,0.4", "core,BND,0.5"),
            history=None,
            lots=column_gone("lots", "acquired"),
        )
    )
    assert found.splitlines()[0] == f"The book {tmp_path} cannot be read: 3 faults."
    assert [line.split(",")[0].strip() for line in found.splitlines()[1:]] == ["lots.csv", "prices.csv", "targets.csv"]


def test_at_most_twenty_faults_are_listed(tmp_path):
    prices = TABLES["prices"] + "".join(f"S{i},-1,2020-03-23,,,\n" for i in range(30))
    lines = message(write_book(tmp_path, prices=prices)).splitlines()
    assert len(lines) == 22
    assert lines[0].endswith("30 faults.")
    assert lines[-1] == "  ... and 10 more."


def test_a_book_that_is_not_there(tmp_path):
    assert "is not there. Give the folder that holds accounts.csv." in message(tmp_path / "nowhere")
    (tmp_path / "file.csv").write_text("")
    assert "file.csv is a file. Give the folder" in message(tmp_path / "file.csv")


def test_prices_that_are_not_there(tmp_path):
    book = write_book(tmp_path)
    assert "is not there. Give a file of prices with the columns symbol, price, as_of." in message(
        book, prices=tmp_path / "today.csv"
    )
    (tmp_path / "today.xlsx").write_text("")
    assert "is neither a .csv nor a .parquet file." in message(book, prices=tmp_path / "today.xlsx")
