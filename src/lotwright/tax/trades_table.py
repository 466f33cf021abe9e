"""Trades as rows of a table, checked before anything is made of them.

Input columns: account, date, symbol, action (``buy`` ``sell`` ``reinvest``), quantity, price; optional lot, purchase,
kind (of account: ``taxable`` where not given), fees, sale (rows of one sale share it; without it, rows of one account,
security, day and price are one sale, as brokers report one order lot by lot), realised_gain and character (of sales
whose purchase is older than the table).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import TypeVar

from lotwright.book.events import Buy, Sell
from lotwright.book.holdings import Account, Household, Transaction
from lotwright.book.kinds import AccountKind, Action, Character
from lotwright.errors import BookError
from lotwright.tax.past import rebuild_past
from lotwright.tax.wash import OpenShares

ZERO = Decimal(0)
_Word = TypeVar("_Word", Action, AccountKind, Character)
REQUIRED = ("account", "date", "symbol", "action", "quantity", "price")


@dataclass(frozen=True, slots=True, kw_only=True)
class Trades:
    """Trades of a household, lots held before them, the kind of each account, and what had to be assumed."""

    events: tuple[Buy | Sell, ...]
    kinds: Mapping[str, AccountKind]
    opening: tuple[OpenShares, ...] = ()
    notes: tuple[str, ...] = ()


def read_trades(rows: Iterable[Mapping[str, str | None]], *, source: str) -> Trades:
    """Trades from a table's rows; ``source`` names the table in messages.

    Raises
    ------
    BookError
        A missing column or value, or one that is no date, number, action or kind of account; names row and column as a
        person counts them (the header is row 1).
    """
    cells = [_Row(number=n, cells=_named(row), source=source) for n, row in enumerate(rows, start=2)]
    kinds: dict[str, AccountKind] = {}
    for row in cells:
        kind = row.choice("kind", AccountKind, default=AccountKind.TAXABLE)
        known = kinds.setdefault(row.text("account"), kind)
        if row.given("kind") and known is not kind:
            raise row.fault("kind", f"account {row.text('account')} was {known} before. Give each account one kind")
    if any(row.given("realised_gain") for row in cells):
        return _with_older_lots(cells, kinds)
    purchases = sorted((row for row in cells if row.action.is_purchase), key=_purchase_order)
    taken: Counter[tuple[str, str, str]] = Counter()
    events: list[Buy | Sell] = [_buy(row, taken) for row in purchases]
    sales: dict[tuple[str, ...], list[_Row]] = defaultdict(list)
    for row in cells:
        if not row.action.is_purchase:
            key = row.given("sale") or f"{row.number_of('price').normalize():f}"
            sales[row.text("account"), row.text("symbol"), row.text("date"), key].append(row)
    events.extend(sell for key, found in sales.items() for sell in _sells(key[-1], found))
    notes = () if events else (f"{source} has no trades.",)
    return Trades(events=tuple(events), kinds=kinds, notes=notes)


def _named(row: Mapping[str, str | None]) -> dict[str, str | None]:
    """The row under the names of columns as we write them."""
    plain = {str(name).strip().lower().replace(" ", "_"): cell for name, cell in row.items()}
    kind = next((plain[name] for name in ("kind", "account_kind", "kind_of_account") if name in plain), None)
    return {**plain, "kind": kind}


def _with_older_lots(cells: list[_Row], kinds: Mapping[str, AccountKind]) -> Trades:
    """Trades whose sales may take lots older than the table: a recorded gain stands in for the purchase."""
    trades = [
        Transaction(
            account=row.text("account"),
            date=row.day,
            symbol=row.text("symbol"),
            action=row.action,
            quantity=row.number_of("quantity", above_zero=True),
            price=row.number_of("price"),
            realised_gain=row.signed("realised_gain"),
            character=row.choice("character", Character) if row.given("character") else None,
            lot=row.given("lot") or None,
            purchase=row.given("purchase") or None,
        )
        for row in cells
    ]
    accounts = tuple(
        Account(
            account=name,
            household="",
            kind=kind,
            model="",
            cash=ZERO,
            transactions=tuple(t for t in trades if t.account == name),
        )
        for name, kind in sorted(kinds.items())
    )
    past = rebuild_past(Household(household="", accounts=accounts))
    return Trades(events=past.events, kinds=kinds, opening=past.opening, notes=past.notes)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """One row, and how to complain about it."""

    number: int
    cells: Mapping[str, str | None]
    source: str

    def given(self, column: str) -> str:
        """The cell's text, empty where there is none."""
        return (self.cells.get(column) or "").strip()

    def text(self, column: str) -> str:
        """The cell's text, which must be there."""
        if column not in self.cells:
            raise BookError(f"{self.source} has no column {column}. Required columns: {', '.join(REQUIRED)}.")
        if not self.given(column):
            raise self.fault(column, "found nothing. Fill it in")
        return self.given(column)

    def number_of(self, column: str, *, default: Decimal | None = None, above_zero: bool = False) -> Decimal:
        """The cell as a number."""
        if default is not None and not self.given(column):
            return default
        try:
            value = Decimal(self.text(column))
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or value < 0 or (above_zero and value == 0):
            what = "a number above zero" if above_zero else "a number, zero or more"
            raise self.fault(column, f"found {self.given(column)!r}, which is not {what}. Write it like 12.50")
        return value

    def signed(self, column: str) -> Decimal | None:
        """The cell as a number of either sign; None where it is empty."""
        if not self.given(column):
            return None
        try:
            value = Decimal(self.given(column))
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite():
            raise self.fault(column, f"found {self.given(column)!r}, which is not a number. Write it like -12.50")
        return value

    def choice(self, column: str, kind: type[_Word], *, default: _Word | None = None) -> _Word:
        """The cell as a word of a closed vocabulary."""
        if default is not None and not self.given(column):
            return default
        found = next((word for word in kind if word.value.lower() == self.text(column).lower()), None)
        if found is None:
            raise self.fault(column, f"found {self.given(column)!r}; use one of {', '.join(kind)}")
        return found

    @property
    def action(self) -> Action:
        """What the row did."""
        return self.choice("action", Action)

    @property
    def day(self) -> date:
        """The trade date."""
        try:
            return date.fromisoformat(self.text("date"))
        except ValueError:
            raise self.fault("date", f"found {self.given('date')!r}, which is not a date like 2026-03-31") from None

    def fault(self, column: str, words: str) -> BookError:
        """The error to raise about a cell."""
        return BookError(f"{self.source} row {self.number}, column {column}: {words}.")


def _purchase_order(row: _Row) -> tuple[object, ...]:
    """By content, so that lots get the same names whatever the order of the rows."""
    return (
        *(row.text("account"), row.text("symbol"), row.day, row.given("purchase")),
        *(row.number_of("quantity", above_zero=True), row.number_of("price")),
    )


def _buy(row: _Row, taken: Counter[tuple[str, str, str]]) -> Buy:
    stem = row.given("lot") or row.text("date")
    key = (row.text("account"), row.text("symbol"), stem)
    taken[key] += 1
    if row.given("lot") and taken[key] > 1:
        raise row.fault("lot", f"lot {stem} was bought before. Give each lot a name of its own")
    return Buy(
        account=row.text("account"),
        date=row.day,
        symbol=row.text("symbol"),
        lot=stem if taken[key] == 1 else f"{stem} #{taken[key]}",
        quantity=row.number_of("quantity", above_zero=True),
        price=row.number_of("price"),
        fees=row.number_of("fees", default=ZERO),
        purchase=row.given("purchase") or None,
        is_reinvested=row.action is Action.REINVEST,
    )


def _sells(key: str, rows: list[_Row]) -> list[Sell]:
    """One event for each row of a sale; together they are one sale."""
    return [
        Sell(
            account=row.text("account"),
            date=row.day,
            symbol=row.text("symbol"),
            quantity=row.number_of("quantity", above_zero=True),
            price=row.number_of("price"),
            fees=row.number_of("fees", default=ZERO),
            lots=((row.given("lot"), row.number_of("quantity")),) if row.given("lot") else (),
            key=key,
        )
        for row in rows
    ]
