"""Households built from the tables when they are asked for.

Problem: a book may hold a hundred thousand households, and a plan needs one at a time.
Therefore: the tables stay arrays; a household becomes objects on access and is not kept. Everything is sorted by what
the rows say, so that their order in the files changes nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

import numpy as np

from lotwright.book.columns import from_columns
from lotwright.book.failure import Failure
from lotwright.book.holdings import ZERO, Account, Cashflow, Household, Lot, Restriction, Transaction
from lotwright.book.kinds import Rule
from lotwright.files.account_rows import maximum_weight
from lotwright.files.arrow import Bools, Ints
from lotwright.files.columns import Vocabulary
from lotwright.files.forms import Flow
from lotwright.files.notes import notes_of
from lotwright.files.tables import Table, every_row
from lotwright.files.values import Texts


class RowsByWord:
    """Where the rows of each word of one column are: a table grouped without moving it.

    Parameters
    ----------
    table : Table
    column : str
        Of text.
    at_once : bool
        Turn the whole table into objects when the first row is asked for: faster where every row will be.
    counts : bools, optional
        Shape (rows,): the rows there are; all by default.
    without : collection of str
        Columns that nobody will ask for.
    """

    def __init__(
        self,
        table: Table,
        column: str,
        *,
        at_once: bool = False,
        counts: Bools | None = None,
        without: Collection[str] = (),
    ) -> None:
        texts = table.values[column]
        if not isinstance(texts, Texts):
            raise TypeError(f"{table.file} can be grouped by a column of text, and {column} is none.")
        self.table = table
        self._order: Ints = np.argsort(texts.code, kind="stable").astype(np.int64)
        if counts is not None:
            self._order = self._order[counts[self._order]]
        self._without = frozenset(without)
        self._start: list[int] = np.searchsorted(texts.code[self._order], np.arange(len(texts.word) + 1)).tolist()
        self._code = {word: code for code, word in enumerate(texts.word)}
        self._at_once = at_once
        self._whole: dict[str, list[Any]] | None = None

    @property
    def words(self) -> Collection[str]:
        """Every word of the column."""
        return self._code.keys()

    def cells(self, word: str) -> dict[str, list[Any]]:
        """Return the rows that bear the word, column by column, words of a vocabulary as members of it; none: ``{}``."""
        code = self._code.get(word)
        if code is None:
            return {}
        start, stop = self._start[code : code + 2]
        if not self._at_once:
            return self._read(self._order[start:stop])
        if self._whole is None:
            self._whole = self._read(self._order)
        return {name: cells[start:stop] for name, cells in self._whole.items()}

    def _read(self, rows: Ints) -> dict[str, list[Any]]:
        columns: dict[str, list[Any]] = {}
        for column in self.table.form.columns:
            if column.name in self.table.values and column.name not in self._without:
                cells = self.table.at(column.name, rows)
                columns[column.name] = cells if column.choices is None else _members(cells, column.choices)
        return columns


def _members(cells: list[Any], choices: Vocabulary) -> list[Any]:
    """Return words of a vocabulary as its members, None where a cell is empty."""
    member = {cell: None if cell is None else choices(cell) for cell in set(cells)}
    return [member[cell] for cell in cells]


def _records(cells: Mapping[str, list[Any]]) -> list[dict[str, Any]]:
    """Return rows as mappings without their empty cells."""
    return [
        {name: cell for name, cell in zip(cells, row, strict=True) if cell is not None}
        for row in zip(*cells.values(), strict=True)
    ]


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
        accounts = tuple(
            sorted(map(self._account, _records(self._rows.accounts.cells(name))), key=attrgetter("account"))
        )
        notes = notes_of(accounts, symbols=self._symbols, sectors=self._sectors)
        models = sorted({account.model for account in accounts})
        left_out = tuple(note for model in models for note in self._model_notes.get(model, ()))
        return Household(household=name, accounts=accounts, notes=notes + left_out)

    def _account(self, record: dict[str, Any]) -> Account:
        name = record["account"]
        rows = self._rows
        restrictions = map(_restriction, _records(_cells(rows.restrictions, name)))
        cashflows = map(_cashflow, _records(_cells(rows.cashflows, name)))
        return Account(
            **record,
            lots=tuple(sorted(_lots(rows.lots.cells(name)), key=attrgetter("symbol", "acquired", "lot"))),
            transactions=_in_place(_transactions(_cells(rows.transactions, name))),
            restrictions=tuple(sorted(restrictions, key=lambda r: _ordered(r, _RESTRICTION))),
            cashflows=tuple(sorted(cashflows, key=lambda c: _ordered(c, ("date", "amount")))),
        )


_RESTRICTION = ("rule", "symbol", "sector", "weight")
_FIRST = ("date", "symbol", "action")
"""Columns that no transaction lacks, and that tell most of them apart."""
_PLACE = (
    *_FIRST,
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


def _in_place(transactions: list[Transaction]) -> tuple[Transaction, ...]:
    """Return transactions in the order of ``_PLACE``; the long key is made only where the short one ties."""
    first = attrgetter(*_FIRST)
    transactions.sort(key=first)
    out: list[Transaction] = []
    for _, tied in groupby(transactions, key=first):
        same = list(tied)
        out += same if len(same) == 1 else sorted(same, key=lambda row: _ordered(row, _PLACE))
    return tuple(out)


def _cells(rows: RowsByWord | None, account: str) -> dict[str, list[Any]]:
    return {} if rows is None else rows.cells(account)


def _lots(cells: Mapping[str, list[Any]]) -> list[Lot]:
    """Return lots, total basis from the basis a share and the holding period from the purchase where not given."""
    if not cells:
        return []
    columns = {name: cells[name] for name in ("account", "symbol", "lot", "quantity", "acquired")}
    columns |= {name: cells[name] for name in ("purchase", "source") if name in cells}
    columns["basis"] = _basis(cells)
    starts = cells.get("holding_start", columns["acquired"])
    columns["holding_start"] = [
        bought if start is None else start for start, bought in zip(starts, columns["acquired"], strict=True)
    ]
    return from_columns(Lot, columns, count=len(cells["lot"]))


def _basis(cells: Mapping[str, list[Any]]) -> list[Decimal]:
    """Return the total basis of each lot."""
    if "basis_per_share" not in cells:
        return cells["basis"]
    per_share = cells["basis_per_share"]
    rows = zip(cells["quantity"], per_share, cells.get("basis", [None] * len(per_share)), strict=True)
    return [quantity * each if total is None else total for quantity, each, total in rows]


def _transactions(cells: Mapping[str, list[Any]]) -> list[Transaction]:
    if not cells:
        return []
    columns = {name: column for name, column in cells.items() if name != "disallowed_loss"}
    if "disallowed_loss" in cells:
        columns["disallowed_loss"] = [ZERO if loss is None else loss for loss in cells["disallowed_loss"]]
    return from_columns(Transaction, columns, count=len(cells["date"]))


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


def group_by(
    table: Table | None, column: str, *, at_once: bool = False, counts: Bools | None = None
) -> RowsByWord | None:
    """Return a table grouped by a column of text, None without a table."""
    return None if table is None else RowsByWord(table, column, at_once=at_once, counts=counts)


def account_names(accounts: Table) -> dict[str, str]:
    """Return the household of each account; the first row's where an account stands twice."""
    rows = every_row(accounts)
    pairs = zip(accounts.at("account", rows), accounts.at("household", rows), strict=True)
    out: dict[str, str] = {}
    for account, household in pairs:
        if account is not None and household is not None:
            out.setdefault(account, household)
    return out
