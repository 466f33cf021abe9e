"""Tracking risk: what it costs a year to stand away from the model portfolio.

    cost = sum over accounts a of  risk_price * V_a * w_a' (F F' + diag(D)) w_a,   w_a = active dollars / V_a

The factor form needs one small vector ``F' w`` an account and never an n x n matrix (SOLVING, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import bought_dollars, sold_dollars
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.snapshot import Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """Risk of drifting from the model portfolio, priced per unit of active variance.

    Raises
    ------
    ProgramError
        The price is negative or not a number.
    """

    kind: ClassVar[str] = "tracking"

    risk_price: float = parameter(
        25.0, unit="$ a year per $ of value per unit of annual variance", says="What a unit of active variance costs."
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def _weight(self, snapshot: Snapshot) -> Floats:
        """Dollars per squared dollar of active position, shape (A,); without value there are no weights to be off."""
        positive = snapshot.value > 0
        return np.where(positive, self.risk_price / np.where(positive, snapshot.value, 1.0), 0.0)

    def squares(self, snapshot: Snapshot, decision: Decision) -> tuple[Floats, cp.Expression]:
        """The cost as ``sum(coefficient * affine**2)``: one square a factor and a security, so that cuts stay tight."""
        weight = self._weight(snapshot) * decision.scale**2
        specific = weight[snapshot.account_of] * snapshot.specific
        if decision.factor is None:
            return specific, decision.active
        return np.concatenate([weight[decision.factor_account], specific]), decision.join(
            decision.factor, decision.active
        )

    def expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
        """Sum of weighted squares of the factor variables and the active weights."""
        coefficient, affine = self.squares(snapshot, decision)
        return decision.sum_squares(np.sqrt(coefficient), affine)

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        """Account by account: risk price times value times the active portfolio's variance."""
        after = snapshot.quantity * snapshot.price + bought_dollars(snapshot, trades) - sold_dollars(snapshot, trades)
        total = 0.0
        for a, value in enumerate(snapshot.value):
            here = snapshot.account_of == a
            if value > 0:
                weight = (after[here] - snapshot.target[here]) / value
                factor = snapshot.exposure[here].T @ weight
                variance = factor @ factor + snapshot.specific[here] @ weight**2
                total += self.risk_price * value * variance
        return float(total)

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """The volatility left and what it costs."""
        cost, price = self.value(snapshot, trades), self.risk_price * max(snapshot.total_value, 0.0)
        deviation = np.sqrt(cost / price) if price > 0 else 0.0
        return f"Standing {deviation:.2%} a year away from the model portfolio is charged ${cost:,.2f}."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Add the risk weight of each account."""
        form.risk_weight += self._weight(snapshot)
