"""Number of tickets: at most so many orders in one plan.

orders <= most
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import orders
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.separable.form import Coupling, SeparableForm
from lotwright.plan.snapshot import Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberOfTickets:
    """A plan has at most so many orders.

    Raises
    ------
    ProgramError
        ``most`` is negative or not a number.
    """

    kind: ClassVar[str] = "number_of_tickets"
    priced_per: ClassVar[str] = "order beyond the most"

    most: float = parameter(20.0, unit="orders", says="Most orders of one plan.")

    def __post_init__(self) -> None:
        check_parameters(self)

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:  # noqa: ARG002
        """Orders beyond the most."""
        return [decision.total(decision.ticket) - self.most]

    def soft_excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:  # noqa: ARG002
        """Orders beyond the most, over the dollars of household value that a soft limit's price is multiplied with."""
        return [(decision.total(decision.ticket) - float(int(self.most))) / decision.scale]

    def beyond(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """Orders beyond the most, shape (1,)."""
        return np.array([max(float(orders(snapshot, trades).sum()) - int(self.most), 0.0)])

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Orders beyond the most."""
        return max(float(orders(snapshot, trades).sum()) - self.most, 0.0)

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """How many orders there are, of how many."""
        return f"The plan places {int(orders(snapshot, trades).sum())} orders, of at most {self.most:g}."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Put a price on every order."""
        form.priced.append(self.coupling(snapshot))

    def coupling(self, snapshot: Snapshot) -> Coupling:
        """The number of orders as what a price can be put on."""

        def charge(priced: SeparableForm, price: float) -> None:
            priced.ticket_cost += price

        return Coupling(
            name=self.kind,
            right=float(int(self.most)),
            level=lambda trades: float(orders(snapshot, trades).sum()),
            charge=charge,
            guess=2.0,
            show=lambda level: f"{level:.0f} orders",
            whole=True,
        )
