"""No buys: a plan that only sells, or that does not add to some securities.

bought_j = 0   for every security named by symbol, sector or tag; for all where nothing is named
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import bought_dollars
from lotwright.plan.costs.parameter import check_parameters, names
from lotwright.plan.limits import bounded
from lotwright.plan.limits.bounded import Bounds, unbounded
from lotwright.plan.limits.chosen import chosen, spelt
from lotwright.plan.snapshot import Snapshot

if TYPE_CHECKING:
    from lotwright.plan.protocols import Trades


@dataclass(frozen=True, slots=True, kw_only=True)
class NoBuys:
    """Nothing of these securities is bought.

    Nothing named means every security.

    Raises
    ------
    ProgramError
        What is named is no list of names.
    """

    kind: ClassVar[str] = "no_buys"

    symbols: tuple[str, ...] = names(unit="symbols", says="No buys of these securities.")
    sectors: tuple[str, ...] = names(unit="sectors", says="No buys of securities in these sectors.")
    tags: tuple[str, ...] = names(unit="tags", says="No buys of securities with these tags; a kind is a tag too.")

    def __post_init__(self) -> None:
        check_parameters(self)

    def bounds(self, snapshot: Snapshot) -> Bounds:
        """Least and most net shares of each holding, shapes (n,)."""
        lower, upper = unbounded(snapshot)
        named = chosen(snapshot, symbols=self.symbols, sectors=self.sectors, tags=self.tags)
        upper = np.where(named, 0.0, upper)
        return lower, upper

    excess = bounded.excess
    beyond = bounded.beyond
    violation = bounded.violation
    rows = bounded.rows
    contribute = bounded.contribute

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """That the side is closed, and for what."""
        named = chosen(snapshot, symbols=self.symbols, sectors=self.sectors, tags=self.tags)
        traded = float(bought_dollars(snapshot, trades)[named].sum())
        said = spelt(symbols=self.symbols, sectors=self.sectors, tags=self.tags)
        if traded:
            return f"Nothing may be bought of {said}, but ${traded:,.2f} is."
        return f"Nothing is bought of {said}."
