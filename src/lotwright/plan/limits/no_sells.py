"""No sells: a plan that only buys, or that does not reduce some securities.

sold_j = 0   for every security named by symbol, sector or tag; for all where nothing is named

What other limits would have sold (a maximum weight that the market has broken, what has left its band) gives way: then
nothing more of it is bought, and nothing is forced.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import sold_dollars
from lotwright.plan.costs.parameter import check_parameters, names
from lotwright.plan.limits import bounded
from lotwright.plan.limits.bounded import Bounds, unbounded
from lotwright.plan.limits.chosen import chosen, spelt
from lotwright.plan.snapshot import Snapshot

if TYPE_CHECKING:
    from lotwright.plan.protocols import Trades


@dataclass(frozen=True, slots=True, kw_only=True)
class NoSells:
    """Nothing of these securities is sold.

    Nothing named means every security.

    Raises
    ------
    ProgramError
        What is named is no list of names.
    """

    kind: ClassVar[str] = "no_sells"

    symbols: tuple[str, ...] = names(unit="symbols", says="No sells of these securities.")
    sectors: tuple[str, ...] = names(unit="sectors", says="No sells of securities in these sectors.")
    tags: tuple[str, ...] = names(unit="tags", says="No sells of securities with these tags; a kind is a tag too.")

    def __post_init__(self) -> None:
        check_parameters(self)

    def view(self, snapshot: Snapshot) -> Snapshot:
        """The household with these holdings' sale closed, so that no limit demands one."""
        named = chosen(snapshot, symbols=self.symbols, sectors=self.sectors, tags=self.tags)
        return replace(snapshot, closed=snapshot.closed | frozenset(np.flatnonzero(named).tolist()))

    def bounds(self, snapshot: Snapshot) -> Bounds:
        """Least and most net shares of each holding, shapes (n,)."""
        lower, upper = unbounded(snapshot)
        named = chosen(snapshot, symbols=self.symbols, sectors=self.sectors, tags=self.tags)
        lower = np.where(named, 0.0, lower)
        return lower, upper

    excess = bounded.excess
    beyond = bounded.beyond
    violation = bounded.violation
    rows = bounded.rows
    contribute = bounded.contribute

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """That the side is closed, and for what."""
        named = chosen(snapshot, symbols=self.symbols, sectors=self.sectors, tags=self.tags)
        traded = float(sold_dollars(snapshot, trades)[named].sum())
        said = spelt(symbols=self.symbols, sectors=self.sectors, tags=self.tags)
        if traded:
            return f"Nothing may be sold of {said}, but ${traded:,.2f} is."
        return f"Nothing is sold of {said}."
