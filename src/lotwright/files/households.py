"""Households built from the tables when they are asked for.

Problem: a book may hold a hundred thousand households, and a plan needs one at a time.
Therefore: the tables stay arrays; a household becomes objects on access and is not kept. Everything is sorted by what
the rows say, so that their order in the files changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any

import numpy as np

from lotwright.book.failure import Failure
from lotwright.book.holdings import Account, Cashflow, Household, Lot, Restriction, Transaction
from lotwright.book.kinds import Rule
from lotwright.files.account_rows import maximum_weight
from lotwright.files.arrow import Ints
from lotwright.files.forms import Flow
from lotwright.files.notes import notes_of
from lotwright.files.tables import Table, every_row
from lotwright.files.values import Texts


class RowsByWord:
    """Where the rows of each word of one column are: a table grouped without moving it."""

    def __init__(self, table: Table, column: str) -> None:
        texts = table.values[column]
        if not isinstance(texts, Texts):
            raise TypeError(f"{table.file} can be grouped by a column of text, and {column} is none.")
        self.table = table
        self._order: Ints = np.argsort(texts.code, kind="stable").astype(np.int64)
        self._start = np.searchsorted(texts.code[self._order], np.arange(len(texts.word) + 1))
        self._code = {word: code for code, word in enumerate(texts.word)}

    @property
    def words(self) -> Collection[str]:
        """Every word of the column."""
        return self._code.keys()

    def rows(self, word: str) -> Ints:
        """Return the positions of the rows that bear the word, none where no row does."""
        code = self._code.get(word)
        return self._order[:0] if code is None else self._order[self._start[code] : self._start[code + 1]]

    def records(self, word: str) -> list[dict[str, Any]]:
        """Return those rows by column, words of a vocabulary as members of it, without their empty cells."""
        rows = self.rows(word)
        if not len(rows):
            return []
        columns: dict[str, list[Any]] = {}
        for column in self.table.form.columns:
            if column.name not in self.table.values:
                continue
            cells = self.table.at(column.name, rows)
            if column.choices is not None:
                cells = [None if cell is None else column.choices(cell) for cell in cells]
            columns[column.name] = cells
        whole = [name for name, cells in columns.items() if None not in cells]
        gaps = [name for name in columns if name not in whole]
        records = [dict(zip(whole, cells, strict=True)) for cells in zip(*map(columns.get, whole), strict=True)]
        for name in gaps:
            for record, cell in zip(records, columns[name], strict=True):
                if cell is not None:
                    record[name] = cell
        return records


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """The tables of accounts, grouped: accounts by household, the others by account (None where a book lacks one)."""

    accounts: RowsByWord
    lots: RowsByWord
    transactions: RowsByWord | None = None
    restrictions: RowsByWord | None = None
    cashflows: RowsByWord | None = None


class Households(Mapping[str, Household | Failure]):
    """Households by name, sorted; each is built when asked for, and not kept."""

    def __init__(
        self,
        rows: Rows,
        *,
        failures: Mapping[str, Failure],
        names: Collection[str],
        symbols: Collection[str],
        sectors: Collection[str],
        model_notes: Mapping[str, tuple[str, ...]],
    ) -> None:
        self._rows = rows
        self._failures = {name: failure for name, failure in failures.items() if name in names}
        self._names = dict.fromkeys(sorted(names))
        self._symbols = symbols
        self._sectors = sectors
        self._model_notes = model_notes

    def __getitem__(self, name: str) -> Household | Failure:
        if name not in self._names:
            raise KeyError(name)
        failure = self._failures.get(name)
        return self._build(name) if failure is None else failure

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __repr__(self) -> str:
        return f"Households({len(self)} households, {len(self._failures)} failed)"

    def _build(self, name: str) -> Household:
        accounts = tuple(sorted(map(self._account, self._rows.accounts.records(name)), key=attrgetter("account")))
        notes = notes_of(accounts, symbols=self._symbols, sectors=self._sectors)
        models = sorted({account.model for account in accounts})
        left_out = tuple(note for model in models for note in self._model_notes.get(model, ()))
        return Household(household=name, accounts=accounts, notes=notes + left_out)

    def _account(self, record: dict[str, Any]) -> Account:
        name = record["account"]
        rows = self._rows
        return Account(
            **record,
            lots=tuple(sorted(map(_lot, rows.lots.records(name)), key=attrgetter("symbol", "acquired", "lot"))),
            transactions=tuple(sorted((Transaction(**r) for r in _records(rows.transactions, name)), key=_place)),
            restrictions=tuple(
                sorted(
                    (_restriction(r) for r in _records(rows.restrictions, name)),
                    key=lambda r: _ordered(r, _RESTRICTION),
                )
            ),
            cashflows=tuple(
                sorted(
                    (_cashflow(r) for r in _records(rows.cashflows, name)),
                    key=lambda c: _ordered(c, ("date", "amount")),
                )
            ),
        )


_RESTRICTION = ("rule", "symbol", "sector", "weight")
_PLACE = (
    "date",
    "symbol",
    "action",
    "lot",
    "purchase",
    "quantity",
    "price",
    "realised_gain",
    "character",
    "disallowed_loss",
    "reason",
)


def _ordered(row: object, fields: Collection[str]) -> tuple[tuple[bool, Any], ...]:
    """Return a key that orders rows by these fields, None first; two rows with the same key are the same row."""
    cells = [getattr(row, field) for field in fields]
    return tuple((cell is not None, "" if cell is None else cell) for cell in cells)


def _place(transaction: Transaction) -> tuple[tuple[bool, Any], ...]:
    return _ordered(transaction, _PLACE)


def _records(rows: RowsByWord | None, account: str) -> list[dict[str, Any]]:
    return [] if rows is None else rows.records(account)


def _lot(record: dict[str, Any]) -> Lot:
    """Return a lot, its total basis from the basis a share and its holding period from the purchase where not given."""
    per_share: Decimal | None = record.pop("basis_per_share", None)
    if per_share is not None:
        record.setdefault("basis", record["quantity"] * per_share)
    record.setdefault("holding_start", record["acquired"])
    return Lot(**record)


def _restriction(record: dict[str, Any]) -> Restriction:
    account, rule, value = record["account"], record["rule"], record["value"]
    if rule is Rule.EXCLUDE_SECTOR:
        return Restriction(account=account, rule=rule, sector=value)
    if rule is not Rule.MAXIMUM_WEIGHT:
        return Restriction(account=account, rule=rule, symbol=value)
    symbol, weight = maximum_weight(value) or (None, None)
    return Restriction(account=account, rule=rule, symbol=symbol, weight=weight)


def _cashflow(record: dict[str, Any]) -> Cashflow:
    amount: Decimal = record["amount"]
    return Cashflow(
        account=record["account"],
        amount=amount if record["kind"] is Flow.DEPOSIT else -amount,
        date=record.get("date"),
    )


def group_by(table: Table | None, column: str) -> RowsByWord | None:
    """Return a table grouped by a column of text, None without a table."""
    return None if table is None else RowsByWord(table, column)


def account_names(accounts: Table) -> dict[str, str]:
    """Return the household of each account; the first row's where an account stands twice."""
    rows = every_row(accounts)
    pairs = zip(accounts.at("account", rows), accounts.at("household", rows), strict=True)
    out: dict[str, str] = {}
    for account, household in pairs:
        if account is not None and household is not None:
            out.setdefault(account, household)
    return out
