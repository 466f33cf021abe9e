"""The stand-in's own books: what was really executed, lot by lot and dollar by dollar. In a test, this is the judge.

Append-only: executions and other entries; positions, FIFO lots, cash and settled cash follow from them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

from lotwright.book.kinds import Side

ZERO, CENT = Decimal(0), Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """Dollars to the cent, half away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """Shares that changed hands; ``amount`` is what cash changed by, ``cumulative`` and ``leaves`` are the order's."""

    name: str
    at: datetime
    order: str
    client_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    amount: Decimal
    cumulative: Decimal
    leaves: Decimal
    settles: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """Anything else: dividend, fee, split, journal. ``quantity`` is what the position changed by, ``amount`` the cash."""

    name: str
    at: datetime
    kind: str
    subkind: str | None = None
    symbol: str | None = None
    quantity: Decimal = ZERO
    amount: Decimal = ZERO
    per_share: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldLot:
    """Shares bought together, as the broker keeps them: they leave first in, first out."""

    symbol: str
    quantity: Decimal
    acquired: date
    price: Decimal


@dataclass(slots=True)
class Ledger:
    """One account's books. ``cash`` counts trades as they happen; :meth:`settled` as they settle."""

    cash: Decimal = ZERO
    executions: list[Execution] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    lots: dict[str, list[HeldLot]] = field(default_factory=lambda: defaultdict(list))

    def held(self, symbol: str) -> Decimal:
        """Shares held."""
        return sum((lot.quantity for lot in self.lots.get(symbol, ())), ZERO)

    def symbols(self) -> list[str]:
        """What is held, in alphabetical order."""
        return sorted(symbol for symbol, lots in self.lots.items() if lots)

    def cost(self, symbol: str) -> Decimal:
        """What the shares held have cost, in dollars."""
        return sum((lot.quantity * lot.price for lot in self.lots.get(symbol, ())), ZERO)

    def place(self, lots: Iterable[HeldLot]) -> None:
        """Put lots in that came from outside, oldest first whatever their order."""
        for lot in lots:
            self.lots[lot.symbol].append(lot)
            self.lots[lot.symbol].sort(key=lambda each: each.acquired)

    def execute(self, done: Execution) -> None:
        """Book an execution: cash, and lots first in, first out."""
        self.executions.append(done)
        self.cash += done.amount
        if done.side is Side.BUY:
            self.lots[done.symbol].append(
                HeldLot(symbol=done.symbol, quantity=done.quantity, acquired=done.at.date(), price=done.price)
            )
        else:
            self._relieve(done.symbol, done.quantity)

    def enter(self, entry: Entry) -> None:
        """Book anything else that changes cash; positions are changed by :meth:`split` and :meth:`rename`."""
        self.entries.append(entry)
        self.cash += entry.amount

    def settled(self, day: date) -> Decimal:
        """Cash without what sales of the last session have not yet brought (purchases count at once)."""
        waiting = sum((done.amount for done in self.executions if done.amount > 0 and done.settles > day), ZERO)
        return self.cash - waiting

    def split(self, symbol: str, ratio: Decimal) -> tuple[Decimal, Decimal]:
        """Multiply shares and divide prices; a fraction of a share that would be new is paid out.

        Returns the change in shares and the fraction paid for, in new shares.
        """
        before = self.held(symbol)
        scaled = [replace(lot, quantity=lot.quantity * ratio, price=lot.price / ratio) for lot in self.lots[symbol]]
        self.lots[symbol] = scaled
        after = self.held(symbol)
        paid = after % 1 if before == before.to_integral_value() else ZERO
        if paid:
            self._relieve(symbol, paid)
        return self.held(symbol) - before, paid

    def rename(self, symbol: str, new: str) -> None:
        """The security goes on under another symbol."""
        self.lots[new] = [replace(lot, symbol=new) for lot in self.lots.pop(symbol, [])]

    def executed(self, side: Side, symbol: str) -> Decimal:
        """Shares really bought or sold, over all orders."""
        return sum((e.quantity for e in self.executions if e.symbol == symbol and e.side is side), ZERO)

    def _relieve(self, symbol: str, quantity: Decimal) -> None:
        if quantity > self.held(symbol):
            raise ValueError(
                f"{symbol}: {quantity} shares leave, {self.held(symbol)} are held; the exchange must refuse"
            )
        lots = self.lots[symbol]
        while quantity > 0:
            taken = min(quantity, lots[0].quantity)
            quantity -= taken
            rest = lots[0].quantity - taken
            lots[:1] = [replace(lots[0], quantity=rest)] if rest else []
