"""Which securities a book needs prices of: everything held, wanted, declared as a stand-in, or traded of late."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from lotwright.book.kinds import Regime
from lotwright.declared import Shelf, declared_names
from lotwright.errors import BookError
from lotwright.files.columns import Form
from lotwright.files.faults import Faults
from lotwright.files.forms import ACCOUNTS, LOTS, PRICES, SUBSTITUTES, TARGETS, TRANSACTIONS
from lotwright.files.tables import ENDINGS, Table, every_row, read_table

_WINDOW = timedelta(days=62)
"""FORMATS: transactions younger than this need a price."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Symbols to ask prices of, sorted; the day and symbols of the prices there are; the laws the accounts are under."""

    symbols: tuple[str, ...]
    priced: tuple[str, ...]
    as_of: date | None
    regimes: frozenset[Regime]


def wanted_prices(book: Path, *, day: date) -> Wanted:
    """What a book needs prices of on a day. It need not have a table of prices yet.

    Raises
    ------
    BookError
        The folder is not there, has no accounts, or a table cannot be read.
    """
    if not book.is_dir():
        raise BookError(f"A book is a folder of tables, but {book} is none. Give the folder that holds accounts.csv.")
    faults = Faults()
    tables = {
        form.name: _table(book, form, faults) for form in (ACCOUNTS, LOTS, TARGETS, SUBSTITUTES, TRANSACTIONS, PRICES)
    }
    faults.stop_if_shared(str(book))
    accounts = tables["accounts"]
    if accounts is None:
        raise BookError(
            f"{book} has no table accounts, as .csv or as .parquet. Add it: a book begins with its accounts."
        )
    priced = _cells(tables["prices"], "symbol")
    found = priced | _cells(tables["lots"], "symbol") | _cells(tables["targets"], "symbol")
    found |= _cells(tables["substitutes"], "symbol") | _cells(tables["substitutes"], "substitute")
    found |= _recent(tables["transactions"], day)
    shelf = declared_names(Shelf.PORTFOLIOS, beside=book)
    for model in sorted((_cells(accounts, "model") - _cells(tables["targets"], "model")) & shelf.keys()):
        found |= _declared(shelf[model])
    days = [] if tables["prices"] is None else tables["prices"].at("as_of", every_row(tables["prices"]))
    regimes = {Regime(word) for word in _cells(accounts, "regime") if word in set(Regime)}
    return Wanted(
        symbols=tuple(sorted(found)),
        priced=tuple(sorted(priced)),
        as_of=max((one for one in days if one is not None), default=None),
        regimes=frozenset(regimes or {Regime.US}),
    )


def table_file(book: Path, name: str) -> Path | None:
    """The file of a table of a book, None where there is none.

    Raises
    ------
    BookError
        It is there twice.
    """
    there = [path for path in (book / f"{name}{ending}" for ending in ENDINGS) if path.is_file()]
    if len(there) > 1:
        raise BookError(f"{book} has both {there[0].name} and {there[1].name}. Remove the one that is out of date.")
    return there[0] if there else None


def _table(book: Path, form: Form, faults: Faults) -> Table | None:
    file = table_file(book, form.name)
    return None if file is None else read_table(form, file=file.name, data=file.read_bytes(), faults=faults)


def _cells(table: Table | None, column: str) -> set[str]:
    return set() if table is None else {cell for cell in table.at(column, every_row(table)) if cell}


def _recent(table: Table | None, day: date) -> set[str]:
    if table is None:
        return set()
    rows = every_row(table)
    pairs = zip(table.at("symbol", rows), table.at("date", rows), strict=True)
    return {symbol for symbol, traded in pairs if symbol and traded is not None and traded > day - _WINDOW}


def _declared(file: Path) -> set[str]:
    """Securities that a model portfolio's file names, in its sleeves or its source; what is wrong with it is said later."""
    try:
        document = tomllib.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        return set()
    sleeves, source = document.get("sleeve"), document.get("source")
    lists = [one.get("securities") for one in sleeves if isinstance(one, dict)] if isinstance(sleeves, list) else []
    lists.append(source.get("universe") if isinstance(source, dict) else None)
    return {
        name for names in lists if isinstance(names, list) for name in names if isinstance(name, str) and name.strip()
    }
