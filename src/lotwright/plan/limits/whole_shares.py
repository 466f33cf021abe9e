"""Whole shares: orders are multiples of what the broker trades, and a whole position may always be closed.

    buy_j and sold_j are multiples of increment_j (1 share, or ``fractional_increment`` in accounts that trade
    fractions), or sold_j = quantity_j

Integrality sits on orders, not on lots: an account of 500 names and 3,000 lots has 500 integers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import sold_shares
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.snapshot import Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm

TOLERANCE = 1e-9
"""Shares by which a float multiple may miss; far below the smallest increment in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeShares:
    """Orders in whole shares, or in the fractional increment where the account trades fractions.

    Raises
    ------
    ProgramError
        The increment is zero, negative or not a number.
    """

    kind: ClassVar[str] = "whole_shares"

    fractional_increment: float = parameter(
        0.0001, unit="shares", says="Smallest step of an order in accounts that trade fractions.", above_minimum=True
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def increment(self, snapshot: Snapshot) -> Floats:
        """Smallest step of an order in each holding, shares, shape (n,)."""
        return np.where(snapshot.increment > 0, snapshot.increment, self.fractional_increment)

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Both sides of *trade = increment * units* where the decision has integer units; nothing in the relaxation."""
        if decision.units is None:
            return []
        step = self.increment(snapshot) * snapshot.price / decision.scale
        bought = decision.buy - decision.times(step, decision.units.buy)
        whole = np.floor(snapshot.quantity / self.increment(snapshot) + TOLERANCE)
        rest = snapshot.quantity * snapshot.price / decision.scale - whole * step
        sold = decision.sold - decision.times(step, decision.units.sell) - decision.times(rest, decision.units.close)
        all_units = decision.times(whole, decision.units.close) - decision.units.sell
        return [bought, -bought, sold, -sold, decision.times(np.where(rest > 0, step, 0.0), all_units)]

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Shares by which the worst order misses a multiple of its increment; closing a whole position is exempt."""
        sold = sold_shares(snapshot, trades)
        closes = np.abs(sold - snapshot.quantity) <= TOLERANCE
        off = np.maximum(self._off(snapshot, trades.buy), np.where(closes, 0.0, self._off(snapshot, sold)))
        return float(off.max(initial=0.0))

    def _off(self, snapshot: Snapshot, shares: Floats) -> Floats:
        step = self.increment(snapshot)
        off = np.abs(shares - np.round(shares / step) * step)
        return np.where(off <= TOLERANCE * np.maximum(1.0, shares), 0.0, off)

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """What orders are multiples of."""
        off = self.violation(snapshot, trades)
        found = "every order is" if off == 0 else f"an order misses by {off:g} shares"
        fraction = f" ({self.fractional_increment:g} where fractions trade)" if (snapshot.increment <= 0).any() else ""
        return f"Orders are whole shares{fraction} or close a whole position: {found}."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Set the step of every order."""
        form.increment[:] = self.increment(snapshot)
