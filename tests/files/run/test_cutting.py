"""Cutting a book into parts keeps every row, once, with its household and under its number; and finds the same faults."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.errors import BookError
from lotwright.files.books import read_book
from lotwright.files.faults import Faults
from lotwright.files.forms import FORMS
from lotwright.files.parse import parse_csv
from lotwright.files.run import blocks as blocks_module
from lotwright.files.run import parts as parts_module
from lotwright.files.run.blocks import blocks, content_hash
from lotwright.files.run.chunks import chunks
from lotwright.files.run.frames import pack, unpack
from lotwright.files.run.parts import ROW
from lotwright.files.run.prepare import Asked, Prepared, prepare
from lotwright.files.run.units import texts_of, units_of
from lotwright.files.run.work import _read
from lotwright.files.tables import wanted_columns
from lotwright.files.values import Texts
from tests.files.run.many import write_many
from tests.files.small_book import TABLES, edited, write_book

LOTS = next(form for form in FORMS if form.name == "lots")


def prepared(book: Path, folder: Path) -> Prepared:
    folder.mkdir(parents=True)
    return prepare(Asked(book=book), folder)


def households_of(ready: Prepared, most: int) -> dict[str, object]:
    """Every household as a worker would read it, chunk by chunk."""
    found: dict[str, object] = {}
    for chunk in chunks(ready.parts, ready.setup, done={}, most=most):
        read = _read(ready.setup, unpack(chunk.payload(alone=False))[0])
        assert set(read.unit.values()) == set(chunk.units)
        for name in read.households:
            assert name not in found
            found[name] = read.households[name]
    return found


def read_whole(book: Path) -> dict[str, object]:
    """Every household of the book at once, with the trades that a plan under the law of the United States looks at."""
    whole = read_book(book)
    first = whole.market.as_of - timedelta(days=61)
    found: dict[str, object] = dict(whole.households)
    for name, each in found.items():
        if isinstance(each, Household):
            accounts = tuple(
                replace(account, transactions=tuple(t for t in account.transactions if t.date >= first))
                for account in each.accounts
            )
            found[name] = replace(each, accounts=accounts)
    return found


@pytest.mark.parametrize("most", [1, 7, 1000])
@pytest.mark.parametrize("form", ["sorted csv", "shuffled csv", "shuffled parquet in row groups of 37"])
def test_households_in_parts_are_those_of_the_whole_book(
    form: str, most: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_module, "PART", 16)
    monkeypatch.setattr(parts_module, "HELD", 3000)
    monkeypatch.setattr(parts_module, "SHUFFLED", 9000)
    monkeypatch.setattr(blocks_module, "BYTES", 700)
    monkeypatch.setattr(blocks_module, "ROWS", 50)
    book = write_many(tmp_path / "book", 50, shuffled="shuffled" in form, parquet="parquet" in form)
    ready = prepared(book, tmp_path / "parts")
    whole = read_book(book)
    assert ready.households == 50
    assert ready.setup.book_hash == whole.content_hash
    assert households_of(ready, most) == read_whole(book)


WRONG: dict[str, dict[str, str]] = {
    "a negative quantity": {"lots": edited("lots", "MSFT-1,7,", "MSFT-1,-7,")},
    "an account of two households": {"accounts": TABLES["accounts"] + "B1,Rivera,taxable,core,5,,,,,,,\n"},
    "an account given twice": {"accounts": TABLES["accounts"] + "B1,Stone,taxable,core,5,,,,,,,\n"},
    "no such model": {"accounts": edited("accounts", "B1,Stone,taxable,core", "B1,Stone,taxable,cora")},
    "a lot given twice": {"lots": TABLES["lots"] + "B1,MSFT,MSFT-1,3,2016-02-29,150,,,\n"},
    "a row without account": {"accounts": TABLES["accounts"] + ",Stone,taxable,core,5,,,,,,,\n"},
    "a misspelt rule": {"restrictions": edited("restrictions", "no_buy", "no_bye")},
    "a day that is not": {"transactions": edited("transactions", "2020-03-10", "2020-02-30")},
}


@pytest.mark.parametrize("wrong", sorted(WRONG))
def test_wrong_rows_are_the_same_failures(wrong: str, tmp_path: Path) -> None:
    book = write_book(tmp_path / "book", **WRONG[wrong])
    expected = read_whole(book)
    assert any(isinstance(each, Failure) for each in expected.values())
    assert households_of(prepared(book, tmp_path / "parts"), 1) == expected


STOPS: dict[str, dict[str, str | None]] = {
    "no accounts": {"accounts": TABLES["accounts"].splitlines()[0] + "\n"},
    "no table of lots": {"lots": None},
    "a lot of nobody": {"lots": TABLES["lots"] + "B9,MSFT,MSFT-9,3,2016-02-29,150,,,\n"},
    "a lot without account": {"lots": TABLES["lots"] + ",MSFT,MSFT-9,-3,2016-02-29,150,,,\n"},
    "an account without household": {"accounts": TABLES["accounts"] + "C1,,taxable,core,5,,,,,,,\n"},
    "a ragged row": {"lots": TABLES["lots"] + "B1,MSFT\n"},
    "an open quotation mark": {"lots": TABLES["lots"] + 'B1,"MSFT,MSFT-9,3,2016-02-29,150,,,\n'},
    "a column missing": {"lots": TABLES["lots"].replace("quantity", "shares", 1)},
    "weights that sum to 0.9": {"targets": edited("targets", "core,BND,0.4", "core,BND,0.3")},
    "two faults": {"targets": edited("targets", "core,BND,0.4", "core,BND,0.3"), "lots": TABLES["lots"] + "B9,MSFT,M,3,2016-02-29,150,,,\n"},
}  # fmt: skip


@pytest.mark.parametrize("wrong", sorted(STOPS))
def test_what_stops_the_whole_book_is_told_in_the_same_words(wrong: str, tmp_path: Path) -> None:
    book = write_book(tmp_path / "book", **STOPS[wrong])
    with pytest.raises(BookError) as whole:
        read_book(book)
    with pytest.raises(BookError) as cut:
        prepared(book, tmp_path / "parts")
    assert str(cut.value) == str(whole.value)


@pytest.mark.parametrize("size", [1, 20, 64, 1000])
def test_csv_in_blocks_is_csv_as_a_whole(size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blank rows, quoted ends of lines, a last row without one: the numbers of rows are a spreadsheet's."""
    text = (
        "account,symbol,lot,quantity,acquired,basis,source\n"
        'A,X,1,1,2019-01-01,5,"two\nlines"\n'
        "\n"
        'A,X,2,1,2019-01-01,5,"a ""quote"""\n'
        'A,X,3,1,2019-01-01,5,"three\n\nlines, and a comma"\n'
        "\n\n"
        "A,X,4,1,2019-01-01,5,"
    )
    file = tmp_path / "lots.csv"
    file.write_text(text)
    whole = parse_csv("lots.csv", text.encode(), wanted=wanted_columns(LOTS), faults=Faults())
    monkeypatch.setattr(blocks_module, "BYTES", size)
    pieces = list(blocks(LOTS, file, Faults()))
    assert whole is not None
    assert np.concatenate([piece.row for piece in pieces]).tolist() == whole.row.tolist()
    for name, column in whole.columns.items():
        assert [cell for piece in pieces for cell in piece.columns[name].to_pylist()] == column.to_pylist()


def test_numbers_of_rows_survive_being_cut(tmp_path: Path) -> None:
    book = write_many(tmp_path / "book", 9, shuffled=True)
    part = prepared(book, tmp_path / "parts").parts.read(0)
    lines = (book / "lots.csv").read_text().splitlines()
    rows = part.tables["lots"]
    for at in range(rows.num_rows):
        account, symbol, lot = (rows.column(name)[at].as_py() for name in ("account", "symbol", "lot"))
        assert lines[rows.column(ROW)[at].as_py() - 1].startswith(f"{account},{symbol},{lot},")


def test_two_names_of_one_hash_are_read_together(monkeypatch: pytest.MonkeyPatch) -> None:
    """A collision costs company, never a wrong household."""
    monkeypatch.setattr(
        "lotwright.files.run.units.hash", lambda word: hash("a1" if word == "a2" else word), raising=False
    )
    account, household = Texts(np.arange(3), ("a1", "a2", "a3")), Texts(np.arange(3), ("h1", "h2", "h3"))
    units = units_of([(account, household)])
    assert units.count == 2
    assert units.of_account.units(account).tolist() == [0, 0, 1]
    assert units.of_household.units(household).tolist() == [0, 0, 1]


def test_an_unsorted_table_larger_than_what_is_held_is_cut_in_several_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts_module, "PART", 4)
    monkeypatch.setattr(parts_module, "HELD", 400)
    monkeypatch.setattr(parts_module, "SHUFFLED", 800)
    monkeypatch.setattr(blocks_module, "ROWS", 5)
    book = write_many(tmp_path / "book", 20, shuffled=True, parquet=True)
    ready = prepared(book, tmp_path / "parts")
    assert len(list((tmp_path / "parts").glob("lots-*.arrow"))) > 3
    assert len(ready.parts) == 5
    assert sum(part.tables["lots"].num_rows for part in ready.parts) == pq.read_metadata(book / "lots.parquet").num_rows


def test_frames_come_back_as_they_were(tmp_path: Path) -> None:
    tables = {"one": pa.table({"a": [1, None], "b": ["x", "y"]}), "none": pa.table({"c": pa.array([], pa.int32())})}
    back, about = unpack(pack(tables, about={"alone": True}))
    assert {name: table.to_pydict() for name, table in back.items()} == {
        name: table.to_pydict() for name, table in tables.items()
    }
    assert about == {"alone": True}


def test_the_hash_is_that_of_the_whole_files(tmp_path: Path) -> None:
    book = write_many(tmp_path / "book", 3)
    assert len(pacsv.read_csv(book / "lots.csv")) > 0
    files = {file.name: file for file in book.iterdir()}
    assert content_hash(files, {}) == read_book(book).content_hash
    assert texts_of(next(iter(blocks(LOTS, book / "lots.csv", Faults()))), "nothing").is_missing.all()
