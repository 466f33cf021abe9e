"""Idle cash: money above an account's cash target earns too little, money below it is missing when needed.

cost = sum over accounts of  price * (cash after - target)+  +  shortfall * (target - cash after)+
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import PaidInCash, cash_after
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.snapshot import Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm


@dataclass(frozen=True, slots=True, kw_only=True)
class IdleCash:
    """Cash after the plan away from the account's cash target.

    ``paid_in_cash`` are the costs that lower the cash after the plan; :class:`lotwright.plan.program.Program` fills it
    in from its own costs, so that a program's file never repeats them.

    Raises
    ------
    ProgramError
        A price is negative or not a number.
    """

    kind: ClassVar[str] = "idle_cash"

    price: float = parameter(0.02, unit="$ per $ above the cash target", says="What a dollar left idle costs.")
    shortfall: float = parameter(0.05, unit="$ per $ below the cash target", says="What a dollar missing costs.")
    paid_in_cash: tuple[PaidInCash, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        check_parameters(self)

    def expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
        """Both sides of the target, piecewise linear in the cash after the plan."""
        away = decision.cash - snapshot.cash_target / decision.scale
        sides = self.price * decision.positive(away) + self.shortfall * decision.positive(-away)
        return decision.scale * decision.total(sides)

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        """Dollars above and below the target at their prices."""
        return self._charged(snapshot, cash_after(snapshot, trades, self.paid_in_cash))

    def _charged(self, snapshot: Snapshot, after: Floats) -> float:
        away = after - snapshot.cash_target
        return float(np.sum(np.where(away > 0, self.price * away, -self.shortfall * away)))

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """How much cash stands against how much was asked for."""
        after = cash_after(snapshot, trades, self.paid_in_cash)
        target, cost = float(snapshot.cash_target.sum()), self._charged(snapshot, after)
        remains = f"${float(after.sum()):,.2f} of cash remains where ${target:,.2f} is the target"
        return f"{remains}; the difference is charged ${cost:,.2f}."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:  # noqa: ARG002
        """Add both prices to every account's cash."""
        form.idle += self.price
        form.shortfall += self.shortfall
