"""Turnover: half of all dollars traded, as a fraction of household value.

(bought + sold) / 2 <= most * value
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import bought_dollars, sold_dollars
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.separable.form import Coupling, SeparableForm
from lotwright.plan.snapshot import Floats, Snapshot
from lotwright.plan.words import money, percent

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnover:
    """Half of all dollars traded is at most a fraction of what the household is worth.

    Raises
    ------
    ProgramError
        ``most`` is negative or not a number.
    """

    kind: ClassVar[str] = "turnover"

    most: float = parameter(0.20, unit="fraction of household value", says="Most turnover of one plan.")

    def __post_init__(self) -> None:
        check_parameters(self)

    def turned(self, snapshot: Snapshot, trades: Trades) -> float:
        """Half of the dollars bought and sold."""
        return 0.5 * float((bought_dollars(snapshot, trades) + sold_dollars(snapshot, trades)).sum())

    def right(self, snapshot: Snapshot) -> float:
        """Dollars that may turn over."""
        return self.most * max(snapshot.total_value, 0.0)

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Turnover beyond the most, a fraction of household value."""
        return [0.5 * decision.total(decision.buy + decision.sold) - self.right(snapshot) / decision.scale]

    def beyond(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """Dollars turned over beyond the most, shape (1,)."""
        over = self.turned(snapshot, trades) - self.right(snapshot)
        return np.array([over if over > 1e-9 * max(snapshot.total_value, 1.0) else 0.0])

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Dollars turned over beyond the most."""
        return float(self.beyond(snapshot, trades)[0])

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """What turns over, of how much."""
        return (
            f"{money(self.turned(snapshot, trades))} turns over, of at most {money(self.right(snapshot))}"
            f" ({percent(self.most)} of the household)."
        )

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Put a price on every dollar traded."""
        form.priced.append(self.coupling(snapshot))

    def coupling(self, snapshot: Snapshot) -> Coupling:
        """The turnover as what a price can be put on."""

        def charge(priced: SeparableForm, price: float) -> None:
            priced.buy_cost += 0.5 * price
            priced.sell_cost += 0.5 * price

        return Coupling(
            name=self.kind,
            right=self.right(snapshot),
            level=lambda trades: self.turned(snapshot, trades),
            charge=charge,
            guess=0.01,
            show=money,
        )
