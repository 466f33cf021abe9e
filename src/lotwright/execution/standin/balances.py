"""Money of the stand-in's account, as a broker shows it: cash, what may be spent, what is lent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from lotwright.book.kinds import Side
from lotwright.execution.standin.ledger import ZERO, cents
from lotwright.execution.standin.orders import Placed
from lotwright.execution.standin.sessions import NEW_YORK

if TYPE_CHECKING:
    from lotwright.execution.standin.exchange import Exchange

HALF = Decimal("0.5")
"""Regulation T: initial margin of a long position (12 CFR 220.12)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Balances:
    """Dollars. ``spendable`` borrows nothing; ``buying_power`` may."""

    cash: Decimal
    held: Decimal
    positions: Decimal
    spendable: Decimal
    buying_power: Decimal

    @property
    def equity(self) -> Decimal:
        """Cash and positions."""
        return self.cash + self.positions


def balances(exchange: Exchange, now: datetime) -> Balances:
    """What the account has at ``now``; open buys hold what they may cost, sells bring nothing until they fill."""
    terms, ledger = exchange.terms, exchange.ledger
    held = sum((_cost(exchange, order) for order in exchange.open_orders() if order.side is Side.BUY), ZERO)
    worth = cents(sum((ledger.held(symbol) * exchange.securities[symbol].last for symbol in ledger.symbols()), ZERO))
    free = ledger.settled(now.astimezone(NEW_YORK).date()) if terms.settled_only else ledger.cash
    spendable = free - held
    margin = max(ledger.cash + worth * HALF, ZERO) * terms.multiplier - held
    power = spendable if terms.multiplier == 1 or terms.settled_only else margin
    return Balances(
        cash=ledger.cash,
        held=cents(held),
        positions=worth,
        spendable=cents(max(spendable, ZERO)),
        buying_power=cents(max(power, ZERO)),
    )


def _cost(exchange: Exchange, order: Placed) -> Decimal:
    if order.quantity is None:
        return order.notional or ZERO
    return order.rest * (order.limit or exchange.securities[order.symbol].ask)
