"""No short-term gains: a lot that would realise one is kept until it is long-term.

sell_l = 0   for every lot held a year or less whose price is above its basis, in accounts whose sales are taxed
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lotwright.plan.limits.kept_lots import kept_dollars, kept_excess, kept_sold, short_gains
from lotwright.plan.snapshot import Floats, Snapshot
from lotwright.plan.words import money

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm


@dataclass(frozen=True, slots=True, kw_only=True)
class NoShortTermGains:
    """No lot is sold at a short-term gain."""

    kind: ClassVar[str] = "no_short_term_gains"

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """What is sold of such lots."""
        return kept_excess(short_gains(snapshot), decision)

    def beyond(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """Dollars sold of each such lot, shape (L,)."""
        return kept_dollars(short_gains(snapshot), snapshot, trades)

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Shares sold at a short-term gain."""
        return kept_sold(short_gains(snapshot), trades)

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """How many lots are kept for it, and the gain that stands in them."""
        kept = short_gains(snapshot)
        count, wrong = int(kept.sum()), self.violation(snapshot, trades)
        if wrong:
            return f"{wrong:g} shares are sold at a short-term gain."
        gain = float((snapshot.lot_gain * snapshot.lot_quantity)[kept].sum())
        stand = "lot with a short-term gain stays" if count == 1 else "lots with short-term gains stay"
        return f"No short-term gain is realised: {count} {stand}, {money(gain)} of it."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Bar the lots."""
        form.barred |= short_gains(snapshot)
