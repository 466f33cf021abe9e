"""Securities the stand-in trades: quote, halt, what the broker allows."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

NAMES = uuid.UUID("6f1d3f6e-6a52-4b9e-9d0a-0f7f4d1c2a10")
"""Namespace of the stand-in's ids: the same book gives the same ids."""


@dataclass(slots=True, kw_only=True)
class Security:
    """One security. ``bid`` or ``ask`` zero: nobody on that side; ``quoted`` is when the quote was made (None: now)."""

    symbol: str
    bid: Decimal
    ask: Decimal
    last: Decimal
    close: Decimal
    quoted: datetime | None = None
    has_quote: bool = True
    is_active: bool = True
    is_tradable: bool = True
    is_fractionable: bool = True
    is_halted: bool = False
    name: str = ""
    venue: str = "NASDAQ"
    volume: Decimal = Decimal(1_000_000)
    """Shares traded on an average day."""

    @property
    def id(self) -> str:
        """The same symbol always has the same id."""
        return str(uuid.uuid5(NAMES, f"asset {self.symbol}"))


def tick(price: Decimal) -> Decimal:
    """Smallest price step: a cent from a dollar up, a hundredth of one below (17 CFR 242.612)."""
    return Decimal("0.01") if price >= 1 else Decimal("0.0001")


def security(symbol: str, price: Decimal, *, half_spread: Decimal = Decimal("0.0001")) -> Security:
    """A security quoted around ``price``, the spread rounded out to whole ticks."""
    step = tick(price)
    bid = (price * (1 - half_spread) / step).to_integral_value(ROUND_FLOOR) * step
    ask = (price * (1 + half_spread) / step).to_integral_value(ROUND_CEILING) * step
    return Security(symbol=symbol, bid=bid, ask=ask, last=price, close=price, name=f"{symbol} (simulated)")
