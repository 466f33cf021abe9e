"""Whole shares: orders are multiples of what the broker trades, and a whole position may always be closed.

    buy_j and sold_j are multiples of increment_j (1 share, or ``fractional_increment`` in accounts that trade
    fractions) and worth at least ``minimum_notional`` there, or sold_j = quantity_j

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
    minimum_notional: float = parameter(
        1.0, unit="$", says="Least value of an order in accounts that trade fractions, unless it closes a position."
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
        """Both sides of *trade = increment * units*, in steps, where steps are coarse; the least notional where fractions
        trade. Nothing when relaxed.
        """
        if decision.units is None:
            return []
        rows = self._notional_rows(snapshot, decision)
        coarse = np.flatnonzero(self.is_coarse(snapshot))
        if not len(coarse):
            return rows
        step = self.increment(snapshot)[coarse]
        per_step = decision.scale / (step * snapshot.price[coarse])
        units, close = decision.units, decision.units.close[coarse]
        whole = np.floor(snapshot.quantity[coarse] / step + TOLERANCE)
        rest = np.maximum(snapshot.quantity[coarse] / step - whole, 0.0)
        rest[rest <= TOLERANCE] = 0.0
        bought = decision.times(per_step, decision.buy[coarse]) - units.buy[coarse]
        sold = decision.times(per_step, decision.sold[coarse]) - units.sell[coarse] - decision.times(rest, close)
        all_units = decision.times(np.where(rest > 0, whole, 0.0), close) - units.sell[coarse]
        return [bought, -bought, sold, -sold, all_units, *rows]

    def _notional_rows(self, snapshot: Snapshot, decision: Decision) -> list[cp.Expression]:
        small = np.flatnonzero(snapshot.increment <= 0)
        if not len(small) or self.minimum_notional == 0:
            return []
        least = np.full(len(small), self.minimum_notional / decision.scale)
        held = (snapshot.quantity * snapshot.price)[small] / decision.scale
        return [
            decision.times(least, decision.is_buy[small]) - decision.buy[small],
            decision.times(np.minimum(least, held), decision.is_sale[small]) - decision.sold[small],
        ]

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Shares by which the worst order misses a multiple of its increment; closing a whole position is exempt."""
        sold = sold_shares(snapshot, trades)
        closes = np.abs(sold - snapshot.quantity) <= TOLERANCE
        off = np.maximum(self._off(snapshot, trades.buy), np.where(closes, 0.0, self._off(snapshot, sold)))
        small = np.maximum(self._small(snapshot, trades.buy), np.where(closes, 0.0, self._small(snapshot, sold)))
        return float(np.maximum(off, small).max(initial=0.0))

    def _small(self, snapshot: Snapshot, shares: Floats) -> Floats:
        """Shares missing to the least notional where fractions trade."""
        missing = np.where(
            (shares > 0) & (snapshot.increment <= 0), self.minimum_notional / snapshot.price - shares, 0.0
        )
        return np.where(missing > TOLERANCE, missing, 0.0)

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
        """Set the step of every order, and the least one where fractions trade."""
        form.increment[:] = self.increment(snapshot)
        least = np.where(snapshot.increment > 0, 0.0, self.minimum_notional / snapshot.price)
        np.maximum(form.minimum, least, out=form.minimum)
