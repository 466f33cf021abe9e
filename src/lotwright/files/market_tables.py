"""Prices, substitutes and identical securities: the tables every household shares."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

import numpy as np

from lotwright.book.market import Price
from lotwright.files.checks import word_flags
from lotwright.files.faults import Fault, Faults
from lotwright.files.report import Report
from lotwright.files.tables import Table, every_row
from lotwright.files.values import Dates, Texts


def day_of_prices(report: Report) -> np.datetime64 | None:
    """Return the day most rows of prices agree on, None where no row has one; report the rows that differ."""
    table = report.table
    days = table.values.get("as_of")
    if not len(table):
        report.faults.add(
            Fault(file=table.file, wrong="the table has no rows", cure="Write one row for each security.")
        )
    if not isinstance(days, Dates) or days.is_missing.all():
        return None
    seen, counts = np.unique(days.day[~days.is_missing], return_counts=True)
    as_of: np.datetime64 = seen[np.argmax(counts)]
    number = int(counts.max())
    report(
        (days.day != as_of) & ~days.is_missing,
        column="as_of",
        wrong=f"{number} other {'row says' if number == 1 else 'rows say'} {as_of}, and a book has one day",
        cure="Give every row the price of the same day.",
    )
    return as_of


def prices_of(table: Table) -> dict[str, Price]:
    """Return the prices by symbol, sorted."""
    rows = every_row(table)
    names = [column.name for column in table.form.columns]
    records = zip(*(table.at(name, rows) for name in names), strict=True)
    prices = [_price(dict(zip(names, record, strict=True))) for record in records]
    return {price.symbol: price for price in sorted(prices, key=lambda price: price.symbol)}


def _price(record: dict[str, Any]) -> Price:
    tags = (record.pop("tags") or "").split(";")
    return Price(**record, tags=tuple(sorted({tag.strip() for tag in tags if tag.strip()})))


def check_substitutes(report: Report) -> None:
    """Report a security that is to stand in for itself."""
    table = report.table
    rows = every_row(table)
    pairs = zip(table.at("symbol", rows), table.at("substitute", rows), strict=True)
    report(
        np.array([a is not None and a == b for a, b in pairs], dtype=bool),
        column="substitute",
        wrong="a security cannot stand in for itself",
        cure="Name another security, or remove the row.",
    )


def substitutes_of(table: Table | None) -> dict[str, tuple[str, ...]]:
    """Return each symbol's stand-ins, preferred first: by rank, unranked ones after, by name."""
    if table is None:
        return {}
    rows = every_row(table)
    ranked: dict[str, list[tuple[bool, int, str]]] = {}
    columns = (table.at(name, rows) for name in ("symbol", "substitute", "rank"))
    for symbol, substitute, rank in zip(*columns, strict=True):
        ranked.setdefault(symbol, []).append((rank is None, int(rank or 0), substitute))
    return {symbol: tuple(name for _, _, name in sorted(ranked[symbol])) for symbol in sorted(ranked)}


def check_identical(report: Report, *, priced: Collection[str]) -> None:
    """Report a group that bears the name of a security outside it: the two would be taken for one."""
    table = report.table
    group, symbol = table.values.get("group"), table.values.get("symbol")
    if not (isinstance(group, Texts) and isinstance(symbol, Texts)):
        return
    rows = every_row(table)
    members = set(zip(table.at("group", rows), table.at("symbol", rows), strict=True))
    clashing = {word for word in group.word if word in priced and (word, word) not in members}
    report(
        word_flags(group, clashing),
        column="group",
        wrong="this is also the name of a security that is not in the group",
        cure="Add the security to the group, or give the group another name.",
    )


def identical_of(table: Table | None) -> dict[str, str]:
    """Return the group of each symbol that is in one."""
    if table is None:
        return {}
    rows = every_row(table)
    return dict(sorted(zip(table.at("symbol", rows), table.at("group", rows), strict=True)))


def as_date(day: np.datetime64) -> date:
    """Return a numpy day as ``date``."""
    moment: date = day.astype("datetime64[D]").astype(object)
    return moment


def check_not_empty(table: Table, faults: Faults) -> None:
    """Note a table without rows where a book needs at least one."""
    if not len(table):
        faults.add(Fault(file=table.file, wrong="the table has no rows", cure="Write one row for each account."))
