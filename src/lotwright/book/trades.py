"""The trade list: the only thing the planner hands to the execution layer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lotwright.book.kinds import Character, Side


@dataclass(frozen=True, slots=True, kw_only=True)
class LotSale:
    """The part of one lot that a sale takes; ``basis``, ``proceeds`` and ``gain`` are dollars and cents."""

    lot: str
    acquired: date
    quantity: Decimal
    basis: Decimal
    proceeds: Decimal
    gain: Decimal
    character: Character


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One order to be: ``quantity`` shares at an expected ``price``; ``value`` is their product in dollars and cents.

    A sale names its lots, whose quantities sum to ``quantity``; a buy has none. ``reason`` is one sentence a client
    understands.
    """

    account: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    value: Decimal
    lots: tuple[LotSale, ...] = ()
    reason: str = ""
