"""Substitution: the mild dislike of holding a stand-in rather than the security the model portfolio names.

cost = price * dollars bought of securities that are on the list only as declared stand-ins
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lotwright.plan.costs.amounts import bought_dollars
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.snapshot import Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitution:
    """Buying a substitute instead of the security it stands in for; not paid in cash.

    Raises
    ------
    ProgramError
        The price is negative or not a number.
    """

    kind: ClassVar[str] = "substitution"

    price: float = parameter(0.002, unit="$ per $ bought of a substitute", says="What standing in costs.")

    def __post_init__(self) -> None:
        check_parameters(self)

    def expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
        """Price times dollars bought of substitutes."""
        return decision.scale * ((self.price * snapshot.is_substitute) @ decision.buy)

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        """Price times dollars bought of substitutes."""
        return self.price * float(bought_dollars(snapshot, trades)[snapshot.is_substitute].sum())

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """Which substitutes are bought and what that is charged."""
        bought = bought_dollars(snapshot, trades) * snapshot.is_substitute
        names = sorted({symbol for symbol, amount in zip(snapshot.symbol, bought, strict=True) if amount > 0})
        if not names:
            return "No substitute is bought."
        return f"Buying ${bought.sum():,.2f} of substitutes ({', '.join(names)}) is charged ${self.price:g} a dollar."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Add to what a dollar bought costs."""
        form.buy_cost += self.price * snapshot.is_substitute
