from __future__ import annotations

import json
from datetime import date
from decimal import Decimal

import pytest

from lotwright.book.holdings import Account, Lot, Transaction
from lotwright.book.market import Price, Target
from lotwright.files.book_schema import book_schema
from lotwright.files.books import read_book
from lotwright.files.forms import FORMS
from tests.files.small_book import TABLES, write_book

jsonschema = pytest.importorskip("jsonschema")

FORMATS = {
    "accounts": "account household kind model cash short_term_rate long_term_rate filing_status taxable_income state "
    "carryforward_short carryforward_long realised_short realised_long cash_target minimum_cash fractional relief drip "
    "harvest harvest_threshold program opened regime owner",
    "lots": "account symbol lot quantity acquired basis basis_per_share holding_start purchase source",
    "transactions": "account date symbol action quantity price realised_gain character disallowed_loss lot "
    "purchase reason",
    "prices": "symbol price as_of half_spread adv_dollars volatility sector kind distribution qualified tags",
    "targets": "model symbol weight sleeve lower upper rank",
    "restrictions": "account rule value",
    "substitutes": "symbol substitute rank",
    "identical": "group symbol",
    "cashflows": "account kind amount date",
    "history": "symbol date close adj_close volume",
}
"""Typed from FORMATS: every column of every table."""


def test_the_schema_names_the_columns_of_formats():
    schema = book_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    found = {name: list(table["items"]["properties"]) for name, table in schema["properties"].items()}
    assert found == {name: columns.split() for name, columns in FORMATS.items()}
    assert schema["required"] == ["accounts", "lots", "prices"]


@pytest.mark.parametrize(
    ("table", "owner"),
    [("accounts", Account), ("lots", Lot), ("transactions", Transaction), ("prices", Price), ("targets", Target)],
)
def test_every_column_has_its_place_in_the_book(table, owner):
    (form,) = [form for form in FORMS if form.name == table]
    elsewhere = {"basis_per_share", "model"} if table in ("lots", "targets") else set()
    assert {column.name for column in form.columns} - elsewhere <= set(owner.__dataclass_fields__)


def row_of(accounts: str) -> dict[str, object]:
    header, first, *_ = (line.split(",") for line in accounts.splitlines())
    row = {name: cell or None for name, cell in zip(header, first, strict=True)}
    for name in ("cash", "short_term_rate", "long_term_rate", "carryforward_short"):
        row[name] = float(str(row[name]))
    return row | {"fractional": row["fractional"] == "true"}


PRICE = {"symbol": "AAPL", "price": 56.09, "as_of": "2020-03-23"}
LOT = {"account": "A1", "symbol": "AAPL", "lot": "1", "quantity": 1, "acquired": "2020-01-02", "basis": 5}


def book(**changed: object) -> dict[str, object]:
    return {"accounts": [row_of(TABLES["accounts"])], "lots": [LOT], "prices": [PRICE]} | changed


def test_a_book_fits_the_schema():
    jsonschema.validate(book(), book_schema(), cls=jsonschema.Draft202012Validator)


@pytest.mark.parametrize(
    "changed",
    [
        {"lots": [LOT | {"quantity": 0}]},
        {"lots": [LOT | {"basis": None}]},
        {"lots": [{k: v for k, v in LOT.items() if k != "basis"}]},
        {"prices": [PRICE | {"price": "56.09"}]},
        {"prices": [{k: v for k, v in PRICE.items() if k != "as_of"}]},
        {"accounts": [row_of(TABLES["accounts"]) | {"kind": "Taxable"}]},
        {"accounts": [row_of(TABLES["accounts"]) | {"short_term_rate": 35}]},
        {"restrictions": [{"account": "A1", "rule": "no", "value": "AAPL"}]},
        {"targets": [{"model": "core", "symbol": "AAPL", "weight": 1, "rank": 0}]},
    ],
)
def test_what_reading_refuses_the_schema_refuses(changed):
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(book(**changed), book_schema(), cls=jsonschema.Draft202012Validator)


def test_the_schema_is_json_and_the_same_each_time():
    assert json.dumps(book_schema()) == json.dumps(json.loads(json.dumps(book_schema())))


def test_a_lot_takes_basis_a_share_where_the_schema_allows_it(tmp_path):
    lot = {k: v for k, v in LOT.items() if k != "basis"} | {"basis_per_share": 2.5}
    jsonschema.validate(book(lots=[lot]), book_schema(), cls=jsonschema.Draft202012Validator)
    lots = "account,symbol,lot,quantity,acquired,basis_per_share\nA1,AAPL,1,3,2020-01-02,2.5\n"
    (read,) = read_book(write_book(tmp_path, lots=lots)).households["Rivera"].accounts[0].lots
    assert (read.basis, read.acquired) == (Decimal("7.5"), date(2020, 1, 2))
