"""Market impact: a large order moves the market against itself, with the 3/2 power of its part of the day's volume.

    cost = sum over orders of  coefficient * daily volatility * dollars traded * sqrt(dollars traded / daily volume)

The square-root law of impact: a part p of a day's volume moves the price by about one daily volatility times sqrt(p)
(Grinold and Kahn, Active Portfolio Management, 2nd ed., ch. 16; Boyd et al. 2017, Multi-Period Trading via Convex
Optimization, eq. 2.2). Daily volatility is the prices table's annual one over sqrt(252). Not paid in cash: it is in the
price one gets.

On the separable path the cost is held from above, for finding plans, by the quadratic that touches it at given trades
u_j,  |x|^1.5 <= (x^2 / sqrt(u) + sqrt(u) |x|) / 2,  and from below, for the bound, by its tangent there,
|x|^1.5 >= 1.5 sqrt(u) |x| - 0.5 u^1.5  (:mod:`lotwright.plan.separable.priced`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import bought_dollars, sold_dollars
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.separable.form import Curved, SeparableForm
from lotwright.plan.snapshot import Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades

DAYS = 252.0
"""Trading days of a year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketImpact:
    """What an order's own size costs, from the volatility and volume of its security.

    Raises
    ------
    ProgramError
        A figure is negative or not a number.
    """

    kind: ClassVar[str] = "market_impact"

    coefficient: float = parameter(
        1.0, unit="daily volatilities", says="Price move of an order as large as a day's volume."
    )
    volatility: float = parameter(
        0.30, unit="annual volatility", says="Used for securities whose price row gives none."
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def weight(self, snapshot: Snapshot) -> Floats:
        """Cost per dollar traded to the power 3/2, shape (n,); zero where the book gives no daily volume."""
        rows = [snapshot.market.prices[symbol] for symbol in snapshot.symbol]
        volume = np.array([float(row.adv_dollars or 0) for row in rows])
        annual = np.array([self.volatility if row.volatility is None else float(row.volatility) for row in rows])
        known = volume > 0
        return np.where(known, self.coefficient * annual / np.sqrt(DAYS * np.where(known, volume, 1.0)), 0.0)

    def expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
        """Weighted 3/2 powers of dollars traded."""
        known = np.flatnonzero(self.weight(snapshot) > 0)
        if not len(known):
            return decision.nothing()
        weight = self.weight(snapshot)[known] * decision.scale**1.5
        return decision.total(decision.times(weight, decision.power((decision.buy + decision.sold)[known], 1.5)))

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        """Order by order: move of the price times dollars traded."""
        traded = bought_dollars(snapshot, trades) + sold_dollars(snapshot, trades)
        return float(
            sum(w * dollars * np.sqrt(dollars) for w, dollars in zip(self.weight(snapshot), traded, strict=True))
        )

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """What the orders' own size costs, and where most of it."""
        traded = bought_dollars(snapshot, trades) + sold_dollars(snapshot, trades)
        each = self.weight(snapshot) * traded**1.5
        missing = sum(1 for symbol in set(snapshot.symbol) if not snapshot.market.prices[symbol].adv_dollars)
        lacks = "security has no adv_dollars and is" if missing == 1 else "securities have no adv_dollars and are"
        note = f" {missing} {lacks} charged nothing." if missing else ""
        if not each.any():
            return f"No order moves its market.{note}"
        j = int(np.argmax(each))
        return (
            f"The orders' own size moves prices by ${each.sum():,.2f}, ${each[j]:,.2f} of it in"
            f" {snapshot.symbol[j]}.{note}"
        )

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Hand over the weights of the 3/2 powers."""
        weight = self.weight(snapshot)
        if weight.any():
            form.curved.append(Curved(name=self.kind, weight=weight))
