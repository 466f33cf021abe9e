"""Exclude: securities the plan holds nothing of, by symbol, sector or tag.

    bought_j = 0  and  sold_j = all of it

As with a client's own restriction, the demand to sell gives way to ``no_sell``, ``no_trade`` and the wash-sale window:
then nothing more is bought, and nothing is forced.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.errors import ProgramError
from lotwright.plan.costs.amounts import bought_dollars, sold_dollars
from lotwright.plan.costs.parameter import check_parameters, names
from lotwright.plan.limits import bounded
from lotwright.plan.limits.bounded import Bounds, unbounded
from lotwright.plan.limits.chosen import chosen, spelt
from lotwright.plan.limits.restrictions import bounds as restricted
from lotwright.plan.limits.window import sellable
from lotwright.plan.snapshot import Bools, Snapshot

if TYPE_CHECKING:
    from lotwright.plan.protocols import Trades


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclude:
    """Nothing of these securities is held after the plan, unless selling is barred; nothing of them is bought.

    Raises
    ------
    ProgramError
        Nothing is named.
    """

    kind: ClassVar[str] = "exclude"
    many: ClassVar[bool] = True

    symbols: tuple[str, ...] = names(unit="symbols", says="Excludes all of these securities.")
    sectors: tuple[str, ...] = names(unit="sectors", says="Excludes all of securities in these sectors.")
    tags: tuple[str, ...] = names(unit="tags", says="Excludes all of securities with these tags; a kind is a tag too.")

    def __post_init__(self) -> None:
        check_parameters(self)
        if not (self.symbols or self.sectors or self.tags):
            raise ProgramError("exclude: nothing is named. Give symbols, sectors or tags.")

    @property
    def label(self) -> str:
        """The kind and what is named: ``exclude of tag tobacco``."""
        return f"{self.kind} of {spelt(symbols=self.symbols, sectors=self.sectors, tags=self.tags)}"

    def excluded(self, snapshot: Snapshot) -> Bools:
        """True for holdings of what is named, shape (n,)."""
        return chosen(snapshot, symbols=self.symbols, sectors=self.sectors, tags=self.tags)

    def bounds(self, snapshot: Snapshot) -> Bounds:
        """Least and most net shares of each holding, shapes (n,)."""
        lower, upper = unbounded(snapshot)
        out = self.excluded(snapshot)
        may_go = (restricted(snapshot)[0] < 0) & (sellable(snapshot) >= snapshot.quantity)
        upper = np.where(out, np.where(may_go, -snapshot.quantity, 0.0), upper)
        return lower, upper

    excess = bounded.excess
    beyond = bounded.beyond
    violation = bounded.violation
    rows = bounded.rows
    contribute = bounded.contribute

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """What is excluded, and what of it could not be sold."""
        out = self.excluded(snapshot)
        held = snapshot.quantity * snapshot.price + bought_dollars(snapshot, trades) - sold_dollars(snapshot, trades)
        left = float(held[out].sum())
        said = spelt(symbols=self.symbols, sectors=self.sectors, tags=self.tags)
        if left < 0.01:
            return f"Nothing is held of {said}."
        why = "" if self.violation(snapshot, trades) else "; what stays may not be sold today"
        return f"${left:,.2f} is held of {said}, which is excluded{why}."
