"""Minimum ticket: no order so small that it is not worth sending.

|trade| = 0,  or  |trade| >= dollars,  or the whole position is closed

At a price it is a cost of small orders, convex on either side of nothing: for bought and sold dollars above zero

    price * [(dollars - bought)^+  +  (min(dollars, held) - sold)^+]
"""

from __future__ import annotations

from collections.abc import Sequence
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

TOLERANCE = 1e-9
"""Part of the minimum below which nothing is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumTicket:
    """Every order is worth at least so many dollars, unless it closes a whole position.

    Softened, the price is dollars for each dollar that an order falls short of the minimum, or of closing the position
    where that takes less; as a limit it asks for none.

    Raises
    ------
    ProgramError
        The dollars are negative or not a number.
    """

    kind: ClassVar[str] = "minimum_ticket"
    priced_per: ClassVar[str] = "$ that an order is short of the minimum, or of closing the position"

    dollars: float = parameter(100.0, unit="$", says="Least value of an order that does not close a position.")

    def __post_init__(self) -> None:
        check_parameters(self)

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Dollars missing once a side is chosen, as fractions of household value."""
        least = np.full(len(snapshot.symbol), self.dollars / decision.scale)
        least_sold = np.minimum(least, snapshot.quantity * snapshot.price / decision.scale)
        return [
            decision.times(least, decision.is_buy) - decision.buy,
            decision.times(least_sold, decision.is_sale) - decision.sold,
        ]

    def beyond(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """Dollars each holding's order falls short of the minimum, or of closing the position, shape (n,)."""
        bought, sold = bought_dollars(snapshot, trades), sold_dollars(snapshot, trades)
        closing = np.minimum(self.dollars, snapshot.quantity * snapshot.price)
        missing = np.where(bought > 0, self.dollars - bought, 0.0) + np.where(sold > 0, closing - sold, 0.0)
        return np.where(missing > TOLERANCE * max(self.dollars, 1.0), missing, 0.0)

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Dollars missing in the smallest order that closes nothing."""
        traded = bought_dollars(snapshot, trades) + sold_dollars(snapshot, trades)
        missing = np.where(self.beyond(snapshot, trades) > 0, self.dollars - traded, 0.0)
        return float(missing.max(initial=0.0))

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """The smallest order and what it must be worth."""
        traded = np.concatenate([bought_dollars(snapshot, trades), sold_dollars(snapshot, trades)])
        if not (traded > 0).any():
            return f"Orders are worth at least ${self.dollars:,.2f}; there is none."
        return (
            f"Orders are worth at least ${self.dollars:,.2f} or close a position; "
            f"the smallest is ${traded[traded > 0].min():,.2f}."
        )

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Raise the least order of each holding, in shares."""
        np.maximum(form.minimum, self.dollars / snapshot.price, out=form.minimum)

    def charge(self, snapshot: Snapshot, form: SeparableForm, price: float) -> None:  # noqa: ARG002
        """Put a price on every dollar that an order falls short."""
        form.small_order = (self.dollars, price)
