"""Gain budget: how much net gain a year may bear.

    short-term + long-term gain of the year, what was realised before included  <=  net

Losses carried in are not counted. A budget that the year has already used up asks for no losses: it allows no further gain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import gains
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.separable.form import Row
from lotwright.plan.snapshot import Floats, Snapshot
from lotwright.plan.words import money
from lotwright.tax.household import household_tax

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm

ROUNDING = 1e-9
"""Fraction of household value by which sums of floats may miss the budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GainBudget:
    """The year's net gain stays within dollars.

    Raises
    ------
    ProgramError
        The budget is negative or not a number.
    """

    kind: ClassVar[str] = "gain_budget"

    net: float = parameter(0.0, unit="$", says="Most net gain of the year, short- and long-term together.")

    def __post_init__(self) -> None:
        check_parameters(self)

    def left(self, snapshot: Snapshot) -> float:
        """Dollars of net gain this plan may still realise."""
        return max(self.net - _realised(snapshot), 0.0)

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Gain beyond the budget, a fraction of household value."""
        return [decision.short + decision.long - self.left(snapshot) / decision.scale]

    def beyond(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """Dollars of gain beyond the budget, shape (1,)."""
        over = sum(gains(snapshot, trades)) - self.left(snapshot)
        return np.array([over if over > ROUNDING * max(snapshot.total_value, 1.0) else 0.0])

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Dollars by which the budget is exceeded."""
        return float(self.beyond(snapshot, trades)[0])

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """What of the budget is used after the plan."""
        after = _realised(snapshot) + sum(gains(snapshot, trades))
        return f"The gain budget is used to {money(after)} of the year's {money(self.net)} of net gain."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """One row in the plan's gains."""
        nothing = np.zeros(len(snapshot.symbol))
        form.rows.append(Row(name=self.kind, coefficient=nothing, short=1.0, long=1.0, right=self.left(snapshot)))


def _realised(snapshot: Snapshot) -> float:
    """Net gain of the year so far, dollars."""
    year = household_tax(snapshot.household, as_of=snapshot.market.as_of)
    return float(year.realised_short + year.realised_long)
