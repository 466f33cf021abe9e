"""Half-spread: what crossing from the middle of the market to the price one gets takes from the account's cash.

cost = sum over orders of  half_spread * dollars traded
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import bought_dollars, by_account, sold_dollars
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.snapshot import Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm


@dataclass(frozen=True, slots=True, kw_only=True)
class HalfSpread:
    """Half the bid-ask spread, paid in cash on every dollar traded.

    Raises
    ------
    ProgramError
        The default is not a fraction from 0 to 1.
    """

    kind: ClassVar[str] = "half_spread"

    default: float = parameter(
        0.0003, unit="fraction of price", says="Used for securities whose price row gives no half_spread.", maximum=1.0
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def fraction(self, snapshot: Snapshot) -> Floats:
        """Half-spread of each holding as a fraction of price, shape (n,)."""
        return np.where(np.isnan(snapshot.half_spread), self.default, snapshot.half_spread)

    def expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
        """Half-spread times dollars bought and sold."""
        return decision.scale * (self.fraction(snapshot) @ (decision.buy + decision.sold))

    def paid_expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
        """The same by account, shape (A,), dollars."""
        return decision.scale * (decision.in_account(self.fraction(snapshot)) @ (decision.buy + decision.sold))

    def paid(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """Dollars each account pays, shape (A,)."""
        return self._paid(snapshot, bought_dollars(snapshot, trades) + sold_dollars(snapshot, trades))

    def _paid(self, snapshot: Snapshot, traded: Floats) -> Floats:
        return by_account(snapshot, self.fraction(snapshot) * traded)

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        """Dollars all accounts pay."""
        return float(self.paid(snapshot, trades).sum())

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """What is traded and what the market takes."""
        traded = bought_dollars(snapshot, trades) + sold_dollars(snapshot, trades)
        cost = float(self._paid(snapshot, traded).sum())
        return f"Trading ${float(traded.sum()):,.2f} at half the bid-ask spread costs ${cost:,.2f} in cash."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Add the fraction to what buys and sales pay in cash."""
        form.buy_cash += self.fraction(snapshot)
        form.sell_cash += self.fraction(snapshot)
