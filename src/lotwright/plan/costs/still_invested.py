"""Still invested: what a dollar that is not turned into cash costs, for plans that raise as much as they can.

cost = price * dollars still held after the plan
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lotwright.plan.costs.amounts import bought_dollars, sold_dollars
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.snapshot import Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm


@dataclass(frozen=True, slots=True, kw_only=True)
class StillInvested:
    """Every dollar still held after the plan; not paid in cash.

    Raises
    ------
    ProgramError
        The price is negative or not a number.
    """

    kind: ClassVar[str] = "still_invested"

    price: float = parameter(1.0, unit="$ per $ still held", says="What not selling a dollar costs.")

    def __post_init__(self) -> None:
        check_parameters(self)

    def expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
        """Price times what is held, plus what is bought, less what is sold."""
        held = float(snapshot.quantity @ snapshot.price)
        return self.price * (held + decision.scale * decision.total(decision.buy - decision.sold))

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        """Price times dollars still held."""
        held = snapshot.quantity * snapshot.price + bought_dollars(snapshot, trades) - sold_dollars(snapshot, trades)
        return self.price * float(held.sum())

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """What is raised and what is still held."""
        raised = float((sold_dollars(snapshot, trades) - bought_dollars(snapshot, trades)).sum())
        left = float(snapshot.quantity @ snapshot.price) - raised
        return f"The plan raises ${raised:,.2f}; ${left:,.2f} stays invested, charged ${self.price:g} a dollar."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Add to what a dollar bought costs and a dollar sold earns."""
        form.buy_cost += self.price
        form.sell_cost -= self.price
        form.constant += self.price * float(snapshot.quantity @ snapshot.price)
