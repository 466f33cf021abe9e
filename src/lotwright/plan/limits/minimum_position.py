"""Minimum position: no position so small that it is not worth keeping (semi-continuous holdings).

    position after a trade = 0   or   position after a trade >= dollars

A smaller position that is there already may stay untouched, be closed, or be bought up. At a price it is a cost of small
positions, for those that are traded and not closed:

    price * (dollars - position after the trade)^+
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import sold_shares
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.snapshot import Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm

TOLERANCE = 1e-9
"""Shares by which a closed position may miss its quantity; fractions of a dollar below which nothing is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumPosition:
    """A position that was traded is closed or worth at least so many dollars.

    Softened, the price is dollars for each dollar that such a position falls short of the minimum.

    Raises
    ------
    ProgramError
        The dollars are negative or not a number.
    """

    kind: ClassVar[str] = "minimum_position"
    priced_per: ClassVar[str] = "$ that a position which was traded, and not closed, is short of the minimum"

    dollars: float = parameter(500.0, unit="$", says="Least value of a position after a trade that does not close it.")

    def __post_init__(self) -> None:
        check_parameters(self)

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Dollars missing once a side is chosen, as fractions of household value.

        A buy reaches the minimum; a sale that goes below it closes the position. Relaxed, only the buys say something:
        the convex hull of "all or little of it is sold" is everything between.
        """
        held = snapshot.quantity * snapshot.price / decision.scale
        least = np.maximum(self.dollars / decision.scale - held, 0.0)
        rows = [decision.times(least, decision.is_buy) - decision.buy]
        if decision.units is None or not snapshot.lot:
            return rows
        some = np.flatnonzero(snapshot.quantity > 0)
        keep = np.maximum(held - self.dollars / decision.scale, 0.0)[some]
        closing = decision.units.close[some]
        return [
            *rows,
            decision.sold[some] - keep - decision.times(held[some], closing),
            decision.times(held[some], closing) - decision.sold[some],
        ]

    def soft_excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Dollars missing once a side is chosen, less where the position is closed, fractions of household value."""
        held, least = snapshot.quantity * snapshot.price / decision.scale, self.dollars / decision.scale
        bought = decision.times(np.maximum(least - held, 0.0), decision.is_buy) - decision.buy
        some = np.flatnonzero(snapshot.quantity > 0)
        if not len(some):
            return [bought]
        is_closed = decision.choice(
            len(some), chosen=lambda trades: sold_shares(snapshot, trades)[some] >= snapshot.quantity[some] - TOLERANCE
        )
        decision.tie(decision.times(held[some], is_closed) <= decision.sold[some])
        left = decision.times(held[some], decision.is_sale[some]) - decision.sold[some]
        missing = decision.times(least, decision.is_sale[some] - is_closed) - left
        return [bought, missing]

    def beyond(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """Dollars missing in each position that was traded and not closed, shape (n,)."""
        sold = sold_shares(snapshot, trades)
        traded = (trades.buy > 0) | (sold > 0)
        left = snapshot.quantity + trades.buy - sold
        missing = np.where(traded & (left > TOLERANCE), self.dollars - left * snapshot.price, 0.0)
        return np.where(missing > TOLERANCE * max(self.dollars, 1.0), missing, 0.0)

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Dollars missing in the smallest position that was traded."""
        return float(self.beyond(snapshot, trades).max(initial=0.0))

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """The smallest position after a trade and what it must be worth."""
        left = (snapshot.quantity + trades.buy - sold_shares(snapshot, trades)) * snapshot.price
        open_ = ((trades.buy > 0) | (sold_shares(snapshot, trades) > 0)) & (left > 0.005)
        if not open_.any():
            return f"A position is worth at least ${self.dollars:,.2f} after a trade or is closed; none stays open."
        return (
            f"A position is worth at least ${self.dollars:,.2f} after a trade or is closed; "
            f"the smallest is worth ${left[open_].min():,.2f}."
        )

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Raise the least position of each holding, in shares."""
        np.maximum(form.keep, self.dollars / snapshot.price, out=form.keep)

    def charge(self, snapshot: Snapshot, form: SeparableForm, price: float) -> None:  # noqa: ARG002
        """Put a price on every dollar that a position falls short."""
        form.small_position = (self.dollars, price)
