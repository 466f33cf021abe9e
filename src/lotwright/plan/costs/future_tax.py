"""Future tax: the gains that stay unrealised will be taxed one day, so realising one now spares that.

    cost = -rate * (short-term + long-term gain this plan realises)

A loss realised now will be missing then, by the same rate. With the tax of this year this weighs now against later: in a
0 % bracket a gain costs nothing today, and ``rate`` is what the stepped-up basis is worth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lotwright.plan.costs.amounts import gains
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.words import money

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureTax:
    """What realising gains now spares in later years, and realising losses now gives up; not paid in cash.

    Raises
    ------
    ProgramError
        The rate is not a fraction from 0 to 1.
    """

    kind: ClassVar[str] = "future_tax"

    rate: float = parameter(
        0.05,
        unit="$ today per $ of unrealised gain",
        says="Present value of the tax that a dollar of gain left unrealised will cost in later years.",
        maximum=1.0,
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:  # noqa: ARG002
        """Minus the rate times both gains."""
        return -self.rate * decision.scale * (decision.short + decision.long)

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        """Minus the rate times the gains of the lots sold."""
        return -self.rate * sum(gains(snapshot, trades))

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """What is spared or given up."""
        gain = sum(gains(snapshot, trades))
        verb = "spares" if gain >= 0 else "gives up"
        what = "gain" if gain >= 0 else "loss"
        return (
            f"Realising {money(abs(gain))} of net {what} now {verb} {money(abs(self.rate * gain))} of tax in later"
            f" years, at {self.rate:g} a dollar in today's money."
        )

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:  # noqa: ARG002
        """Add to what a dollar of realised gain costs."""
        form.gain_cost -= self.rate
