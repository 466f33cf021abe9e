"""No short-term gains: a lot that would realise one is kept until it is long-term.

sell_l = 0   for every lot held a year or less whose price is above its basis, in accounts whose sales are taxed
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lotwright.plan.limits import kept_lots
from lotwright.plan.limits.kept_lots import short_gains
from lotwright.plan.snapshot import Bools, Snapshot
from lotwright.plan.words import money

if TYPE_CHECKING:
    from lotwright.plan.protocols import Trades


@dataclass(frozen=True, slots=True, kw_only=True)
class NoShortTermGains:
    """No lot is sold at a short-term gain."""

    kind: ClassVar[str] = "no_short_term_gains"
    priced_per: ClassVar[str] = kept_lots.PRICED_PER

    def kept(self, snapshot: Snapshot) -> Bools:
        """True for lots whose sale would realise a short-term gain, shape (L,)."""
        return short_gains(snapshot)

    excess = kept_lots.excess
    beyond = kept_lots.beyond
    violation = kept_lots.violation
    contribute = kept_lots.contribute
    charge = kept_lots.charge

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """How many lots are kept for it, and the gain that stands in them."""
        kept = short_gains(snapshot)
        count, wrong = int(kept.sum()), self.violation(snapshot, trades)
        if wrong:
            return f"{wrong:g} shares are sold at a short-term gain."
        gain = float((snapshot.lot_gain * snapshot.lot_quantity)[kept].sum())
        stand = "lot with a short-term gain stays" if count == 1 else "lots with short-term gains stay"
        return f"No short-term gain is realised: {count} {stand}, {money(gain)} of it."
