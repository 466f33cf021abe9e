"""Household tracking risk: what it costs a year that the accounts together stand away from what they should own together.

    cost = risk_price * V * w' (F F' + diag(D)) w,   w_i = (sum over accounts of active dollars in i) / V

The targets of the household are the sum of its accounts': it does not matter which account holds what, so that assets can
be where they cost least tax (:mod:`lotwright.plan.costs.asset_location`). A security that several accounts hold moves as
one, so its specific variance is a factor common to them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import bought_dollars, sold_dollars
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.separable.problem import SHARES_FACTORS
from lotwright.plan.snapshot import Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdTracking:
    """Risk of the household as one portfolio drifting from its accounts' models taken together.

    Raises
    ------
    ProgramError
        The price is negative or not a number.
    """

    kind: ClassVar[str] = "household_tracking"
    is_separable: ClassVar[bool] = SHARES_FACTORS

    risk_price: float = parameter(
        25.0, unit="$ a year per $ of value per unit of annual variance", says="What a unit of active variance costs."
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def _weight(self, snapshot: Snapshot) -> float:
        """Dollars per squared dollar of active position; without value there are no weights to be off."""
        value = snapshot.total_value
        return self.risk_price / value if value > 0 else 0.0

    def expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
        """Sum of squares of factor exposures and of active weights."""
        scale = np.sqrt(self._weight(snapshot)) * decision.scale
        common = (scale * snapshot.household_exposure.T) @ decision.active if len(snapshot.symbol) else None
        alone = decision.times(scale * np.sqrt(snapshot.household_specific), decision.active)
        every = alone if common is None or not snapshot.household_exposure.size else decision.join(common, alone)
        return decision.sum_squares(np.ones(every.size), every)

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        """Security by security over all accounts: risk price times value times the active portfolio's variance."""
        active = snapshot.quantity * snapshot.price + bought_dollars(snapshot, trades) - sold_dollars(snapshot, trades)
        active = active - snapshot.target
        factor = snapshot.household_exposure.T @ active
        return float(self._weight(snapshot) * (factor @ factor + snapshot.household_specific @ active**2))

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """The volatility left and what it costs."""
        cost, price = self.value(snapshot, trades), self.risk_price * max(snapshot.total_value, 0.0)
        deviation = np.sqrt(cost / price) if price > 0 else 0.0
        return f"The household as a whole standing {deviation:.2%} a year away from its models is charged ${cost:,.2f}."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Add the weight of the household's variance."""
        form.household_weight += self._weight(snapshot)
