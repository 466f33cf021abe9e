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
from lotwright.plan.snapshot import Bools, Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm

TOLERANCE = 1e-9
"""Shares by which a float multiple may miss; far below the smallest increment in use."""
COARSE = 2e-6
"""Fraction of household value from which a step is above the tolerances of solvers."""


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

    def is_coarse(self, snapshot: Snapshot) -> Bools:
        """True where one step is worth enough, as a fraction of household value, for a solver to tell it from nothing.

        Elsewhere (fractions of a cent) orders are rounded after the solver; what that moves is far below a basis point.
        """
        return self.increment(snapshot) * snapshot.price >= COARSE * snapshot.total_value

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Both sides of *trade = increment * units*, in steps; nothing when relaxed or where steps are not coarse."""
        coarse = np.flatnonzero(self.is_coarse(snapshot))
        if decision.units is None or not len(coarse):
            return []
        step = self.increment(snapshot)[coarse]
        per_step = decision.scale / (step * snapshot.price[coarse])
        units, close = decision.units, decision.units.close[coarse]
        whole = np.floor(snapshot.quantity[coarse] / step + TOLERANCE)
        rest = np.maximum(snapshot.quantity[coarse] / step - whole, 0.0)
        rest[rest <= TOLERANCE] = 0.0
        bought = decision.times(per_step, decision.buy[coarse]) - units.buy[coarse]
        sold = decision.times(per_step, decision.sold[coarse]) - units.sell[coarse] - decision.times(rest, close)
        all_units = decision.times(np.where(rest > 0, whole, 0.0), close) - units.sell[coarse]
        return [bought, -bought, sold, -sold, all_units]

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
