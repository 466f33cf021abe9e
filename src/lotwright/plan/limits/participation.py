"""Participation: no order is larger than a part of what the market trades in a day.

    bought_j, sold_j  <=  most * adv_dollars_j

Securities whose price row gives no ``adv_dollars`` are not limited, and the plan says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import bought_dollars, sold_dollars
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.limits import bounded
from lotwright.plan.limits.bounded import Bounds, unbounded
from lotwright.plan.snapshot import Floats, Snapshot
from lotwright.plan.words import percent

if TYPE_CHECKING:
    from lotwright.plan.protocols import Trades


def daily_volume(snapshot: Snapshot) -> Floats:
    """Average daily dollars of each holding's security, NaN where the book gives none, shape (n,)."""
    volume = [snapshot.market.prices[symbol].adv_dollars for symbol in snapshot.symbol]
    return np.array([np.nan if dollars is None else float(dollars) for dollars in volume], dtype=float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Participation:
    """Every order is at most a fraction of the security's average daily volume.

    Raises
    ------
    ProgramError
        ``most`` is negative or not a number.
    """

    kind: ClassVar[str] = "participation"

    most: float = parameter(0.05, unit="fraction of daily volume", says="Largest order.")

    def __post_init__(self) -> None:
        check_parameters(self)

    def bounds(self, snapshot: Snapshot) -> Bounds:
        """Least and most net shares of each holding, shapes (n,)."""
        lower, upper = unbounded(snapshot)
        volume = daily_volume(snapshot)
        room = np.where(np.isnan(volume), np.inf, self.most * volume / snapshot.price)
        return np.maximum(lower, -room), np.minimum(upper, room)

    excess = bounded.excess
    beyond = bounded.beyond
    violation = bounded.violation
    rows = bounded.rows
    contribute = bounded.contribute

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """The order that is largest for its market, and how many securities have no volume."""
        volume = daily_volume(snapshot)
        known = volume > 0
        traded = bought_dollars(snapshot, trades) + sold_dollars(snapshot, trades)
        missing = int(np.isnan(volume).sum())
        note = f" {missing} securities have no adv_dollars and are not limited." if missing else ""
        part = np.where(known, traded / np.where(known, volume, 1.0), 0.0)
        if not (part > 0).any():
            return f"No order may be more than {percent(self.most)} of a day's volume; none is limited by it.{note}"
        j = int(np.argmax(part))
        return (
            f"No order may be more than {percent(self.most)} of a day's volume; the largest is"
            f" {percent(part[j], 2)} of {snapshot.symbol[j]}'s.{note}"
        )
