"""Hold back: lots at a gain that turn long-term within so many days wait for it.

    sell_l = 0   for every lot at a short-term gain that is long-term on or before as_of + days

What waiting is worth is the gain times the difference of the household's short- and long-term rates. Lots at a loss do not
wait: a short-term loss is worth no less than a long-term one. (The day a lot turns long-term: IRC section 1222(3), Rev.
Rul. 66-7, :mod:`lotwright.tax.holding`.)
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.limits import kept_lots
from lotwright.plan.limits.kept_lots import short_gains
from lotwright.plan.snapshot import Bools, Floats, Snapshot
from lotwright.plan.words import day, money
from lotwright.tax.holding import long_term_from
from lotwright.tax.household import household_tax

if TYPE_CHECKING:
    from lotwright.plan.protocols import Trades


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldBack:
    """Lots at a gain that turn long-term within ``days`` days are not sold before.

    Raises
    ------
    ProgramError
        The days are negative or not a number.
    """

    kind: ClassVar[str] = "hold_back"
    priced_per: ClassVar[str] = kept_lots.PRICED_PER

    days: float = parameter(
        30.0, unit="days", says="Lots that turn long-term within so many days are kept until they do.", maximum=366.0
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def kept(self, snapshot: Snapshot) -> Bools:
        """True for lots that wait, shape (L,)."""
        last = snapshot.market.as_of + timedelta(days=int(self.days))
        soon = np.array([long_term_from(lot.holding_start) <= last for lot in snapshot.lot], dtype=bool)
        waits: Bools = short_gains(snapshot) & soon
        return waits

    def worth(self, snapshot: Snapshot) -> Floats:
        """Dollars of tax that waiting saves on each lot if it is sold later at the same price, shape (L,)."""
        rates = household_tax(snapshot.household, as_of=snapshot.market.as_of).rates
        saved = max(float(rates.short - rates.long), 0.0)
        return np.where(self.kept(snapshot), snapshot.lot_gain * snapshot.lot_quantity * saved, 0.0)

    excess = kept_lots.excess
    beyond = kept_lots.beyond
    violation = kept_lots.violation
    contribute = kept_lots.contribute
    charge = kept_lots.charge

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """How many lots wait, until when, and what waiting is worth."""
        wrong = self.violation(snapshot, trades)
        if wrong:
            return f"{wrong:g} shares are sold of lots that turn long-term within {self.days:g} days."
        held = np.flatnonzero(self.kept(snapshot))
        if not len(held):
            return f"No lot at a gain turns long-term within {self.days:g} days."
        worth = self.worth(snapshot)
        turns = [long_term_from(snapshot.lot[k].holding_start) for k in held]
        most = int(held[np.argmax(worth[held])])
        waits = "1 lot waits" if len(held) == 1 else f"{len(held)} lots wait"
        return (
            f"{waits} to turn long-term, the last on {day(max(turns))}; sold then instead of now, at today's prices, they"
            f" save {money(float(worth.sum()))} of tax, {money(float(worth[most]))} of it on"
            f" {self._named(snapshot, most)}."
        )

    def _named(self, snapshot: Snapshot, lot: int) -> str:
        first: date = long_term_from(snapshot.lot[lot].holding_start)
        return f"{snapshot.lot[lot].symbol} lot {snapshot.lot[lot].lot} ({day(first)})"
