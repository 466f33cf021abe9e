"""Ticket: the effort of one more order, charged in the objective and paid by nobody.

    cost = price * number of orders

It keeps a plan from placing an order that is hardly worth looking at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lotwright.plan.costs.amounts import orders
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.snapshot import Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """The effort of placing, approving and settling one order; not paid in cash.

    Raises
    ------
    ProgramError
        The price is negative or not a number.
    """

    kind: ClassVar[str] = "ticket"

    price: float = parameter(0.50, unit="$ of effort per order", says="What one more order must at least be worth.")

    def __post_init__(self) -> None:
        check_parameters(self)

    def expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:  # noqa: ARG002
        """Price times the number of orders."""
        return self.price * decision.total(decision.ticket)

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        """Price times the number of orders."""
        return self.price * float(orders(snapshot, trades).sum())

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """Orders and the effort they are charged at."""
        count = int(orders(snapshot, trades).sum())
        plural = "order is" if count == 1 else "orders are"
        return f"{count} {plural} charged ${self.price:,.2f} of effort each; nobody pays it in cash."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:  # noqa: ARG002
        """Add to what an order costs."""
        form.ticket_cost += self.price
