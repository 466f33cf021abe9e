"""Shares of one lot that left a book for money, as the ledger records them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class LotDisposal:
    """What left, when, for what; dollars. ``quantity`` is zero where only capital came back above basis."""

    account: str
    symbol: str
    lot: str
    acquired: date
    holding_start: date
    quantity: Decimal
    proceeds: Decimal
    basis: Decimal
    date: date

    @property
    def gain(self) -> Decimal:
        """Dollars realised (IRC section 1001(a)), before any disallowance."""
        return self.proceeds - self.basis
