"""Holdings: nothing is sold that is not held, and a security in an account is bought or sold, never both.

0 <= sell_l <= quantity_l,   buy_j >= 0,   buy_j * sold_j = 0
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import sold_shares
from lotwright.plan.snapshot import Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdings:
    """Lots are sold at most once, nothing is sold short, no security is bought and sold at once."""

    kind: ClassVar[str] = "holdings"

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Lots beyond their quantity and negative trades, as fractions of value, and one order a holding."""
        held = snapshot.quantity * snapshot.price / decision.scale
        rows = [-decision.buy, decision.ticket - 1]
        if snapshot.lot:
            lot = snapshot.lot_quantity * snapshot.price[snapshot.lot_holding] / decision.scale
            rows += [-decision.sell, decision.sell - lot, decision.sold - decision.times(held, decision.is_sale)]
        return rows

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Shares: the worst lot oversold, negative trade, or security both bought and sold."""
        beyond = (trades.sell - snapshot.lot_quantity).max(initial=0.0)
        negative = max((-trades.sell).max(initial=0.0), (-trades.buy).max(initial=0.0))
        both = np.minimum(trades.buy, sold_shares(snapshot, trades)).max(initial=0.0)
        return float(max(beyond, negative, both))

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """How many lots leave, and that none leaves twice."""
        lots = int((trades.sell > 0).sum())
        whole = int((trades.sell >= snapshot.lot_quantity).sum()) if lots else 0
        return (
            f"Only what is held is sold: {lots} lots leave, {whole} of them wholly; nothing is bought and sold at once."
        )

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Sell at most what is held; the form knows one net trade a holding, so no side meets the other."""
        np.maximum(form.lower, -snapshot.quantity, out=form.lower)
