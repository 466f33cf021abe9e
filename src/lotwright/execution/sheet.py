"""What one account is to do: the trade list of a plan, the positions it was made from, and the names its orders bear.

Problem: a plan must be carried out once, whoever runs it, wherever, however often.
Observations: a broker refuses a second order under the same client id; ids that follow from the plan are the same on
every machine; a new attempt at the rest of an order needs a new id, and which attempts were made the broker knows.
Therefore: the id of an order is a function of plan, account, symbol, side and attempt, and of nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256

from lotwright.book.kinds import Side
from lotwright.book.trades import Trade
from lotwright.errors import PlanError

MOST_SHARES = Decimal(1_000_000_000)
"""A quantity beyond which a trade is taken for a slip of the pen."""
DECIMALS = 9
"""Decimals of a quantity brokers read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderSheet:
    """The trades of one account (or of one block), as approved.

    Parameters
    ----------
    plan : str
        Hash of the plan's content, 64 hexadecimal digits.
    account, household : str
        Of the book; a block's name stands where an account's would.
    as_of : date
        The day of the plan's prices.
    trades : tuple of Trade
        One a symbol (of a block: one a symbol and side).
    positions : mapping of symbol to shares, or None
        What the plan was made from; None where the plan does not say.
    weights : mapping of symbol to fraction
        Weight before, where the plan says: all that is known of the positions when ``positions`` is None.
    cash_before, cash_after : Decimal or None
        Dollars the plan expected before and after, pending deposits and withdrawals included.
    is_block : bool
        For several accounts at once, of which one may buy what another sells: sales are over before purchases begin.

    Raises
    ------
    PlanError
        A quantity or price that is no number, not positive or beyond reason; a symbol traded twice; another's account.
    """

    plan: str
    account: str
    household: str
    as_of: date
    trades: tuple[Trade, ...]
    positions: Mapping[str, Decimal] | None = None
    weights: Mapping[str, float] | None = None
    cash_before: Decimal | None = None
    cash_after: Decimal | None = None
    is_block: bool = False

    def __post_init__(self) -> None:
        for trade in self.trades:
            _check(self, trade)
        symbols = [key_of(trade) if self.is_block else trade.symbol for trade in self.trades]
        twice = sorted({symbol for symbol in symbols if symbols.count(symbol) > 1})
        if twice:
            raise PlanError(
                f"The plan of {self.account} trades {', '.join(twice)} more than once. An order is known by its symbol "
                "and side: plan again, one trade a symbol."
            )

    @property
    def key(self) -> tuple[str, str]:
        """Plan and account: what the journal files this sheet's records under."""
        return self.plan, self.account

    @property
    def sells(self) -> tuple[Trade, ...]:
        """Sales by symbol."""
        return tuple(sorted((t for t in self.trades if t.side is Side.SELL), key=lambda t: t.symbol))

    @property
    def buys(self) -> tuple[Trade, ...]:
        """Purchases, largest first, so that what little cash is left over limits the smallest."""
        return tuple(sorted((t for t in self.trades if t.side is Side.BUY), key=lambda t: (-t.value, t.symbol)))

    @property
    def turnover(self) -> Decimal:
        """Dollars bought and sold, at the plan's prices."""
        return sum((trade.quantity * trade.price for trade in self.trades), Decimal(0))

    def after(self) -> Mapping[str, Decimal] | None:
        """Positions once every trade is done; None where the plan does not say what it was made from."""
        if self.positions is None:
            return None
        return moved(
            self.positions, summed((trade.symbol, signed(trade.side, trade.quantity)) for trade in self.trades)
        )


def key_of(trade: Trade) -> str:
    """What an order goes by on its sheet: one a symbol and side."""
    return f"{trade.side} {trade.symbol}"


def client_id(sheet: OrderSheet, trade: Trade, attempt: int) -> str:
    """The name of an order: the same on every machine, another for every attempt; at most 48 characters."""
    words = (sheet.plan, sheet.account, trade.symbol, str(trade.side), str(attempt))
    return f"{id_stem(sheet)}{sha256(chr(31).join(words).encode()).hexdigest()[:20]}-{attempt}"


def id_stem(sheet: OrderSheet) -> str:
    """What the ids of one plan begin with; people searching a broker's order list find them by it."""
    return f"lw-{sheet.plan[:8]}-"


def client_ids(sheet: OrderSheet, trade: Trade) -> Iterator[str]:
    """The names of the first, second ... attempt."""
    attempt = 0
    while True:
        yield client_id(sheet, trade, attempt)
        attempt += 1


def file_name(account: str) -> str:
    """An account's name as part of a file's: letters, digits, dashes; two names never give one."""
    plain = "".join(letter if letter.isascii() and (letter.isalnum() or letter in "-_") else "_" for letter in account)
    return plain if plain == account and plain else f"{plain}-{sha256(account.encode()).hexdigest()[:8]}"


def signed(side: Side, quantity: Decimal) -> Decimal:
    """Shares coming in; negative going out."""
    return quantity if side is Side.BUY else -quantity


def summed(parts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    """Shares by symbol, added up."""
    total: dict[str, Decimal] = {}
    for symbol, quantity in parts:
        total[symbol] = total.get(symbol, Decimal(0)) + quantity
    return total


def moved(positions: Mapping[str, Decimal], by: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Positions after shares came in and went out; what is nothing is left out."""
    total = {symbol: positions.get(symbol, Decimal(0)) + by.get(symbol, Decimal(0)) for symbol in {*positions, *by}}
    return {symbol: quantity for symbol, quantity in sorted(total.items()) if quantity}


def _check(sheet: OrderSheet, trade: Trade) -> None:
    where = f"{trade.account} {trade.side} {trade.symbol}"
    if trade.account != sheet.account:
        raise PlanError(f"{where} stands on the sheet of {sheet.account}. Report this as a defect.")
    for name, number in (("quantity", trade.quantity), ("price", trade.price)):
        if not number.is_finite() or number <= 0:
            raise PlanError(f"{where}: the {name} is {number}, not a positive number. Plan again.")
    if trade.quantity >= MOST_SHARES:
        raise PlanError(f"{where}: {trade.quantity} shares are more than any order may have. Plan again.")
    if trade.quantity != round(trade.quantity, DECIMALS):
        raise PlanError(f"{where}: {trade.quantity} shares have more than {DECIMALS} decimals. Plan again.")
    if trade.side not in tuple(Side):
        raise PlanError(f"{where}: the side is {trade.side!r}, not buy or sell. Plan again.")
