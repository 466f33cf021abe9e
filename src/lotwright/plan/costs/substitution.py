"""Substitution: the mild dislike of holding a stand-in rather than the security the model portfolio names.

cost = sum over securities that are on the list only as declared stand-ins of
       (price + per_rank * (rank - 1)) * dollars bought,      rank 1 for a target's first stand-in
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import bought_dollars
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.snapshot import Floats, Snapshot

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
        A price is negative or not a number.
    """

    kind: ClassVar[str] = "substitution"

    price: float = parameter(0.002, unit="$ per $ bought of a substitute", says="What standing in costs.")
    per_rank: float = parameter(
        0.0, unit="$ per $ bought and rank below the first", says="What a less preferred substitute costs more."
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def rate(self, snapshot: Snapshot) -> Floats:
        """Dollars per dollar bought of each holding, shape (n,); zero where it is no substitute."""
        by_rank = self.price + self.per_rank * np.maximum(snapshot.stand_in_rank - 1, 0)
        rate: Floats = np.where(snapshot.is_substitute, by_rank, 0.0)
        return rate

    def expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
        """Rate times dollars bought."""
        return decision.scale * (self.rate(snapshot) @ decision.buy)

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        """Rate times dollars bought."""
        return float(self.rate(snapshot) @ bought_dollars(snapshot, trades))

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """Which substitutes are bought and what that is charged."""
        bought = bought_dollars(snapshot, trades) * snapshot.is_substitute
        names = sorted({symbol for symbol, amount in zip(snapshot.symbol, bought, strict=True) if amount > 0})
        if not names:
            return "No substitute is bought."
        cost = self.value(snapshot, trades)
        return f"Buying ${bought.sum():,.2f} of substitutes ({', '.join(names)}) is charged ${cost:,.2f}."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Add to what a dollar bought costs."""
        form.buy_cost += self.rate(snapshot)
