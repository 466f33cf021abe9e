"""No sells: a plan that only buys, or that does not reduce some securities.

sold_j = 0   for every security named by symbol, sector or tag; for all where nothing is named

What other limits would have sold (a maximum weight that the market has broken, what has left its band) gives way: then
nothing more of it is bought, and nothing is forced.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import sold_dollars
from lotwright.plan.costs.parameter import check_parameters, names
from lotwright.plan.limits.bounded import (
    Bounds,
    bound_beyond,
    bound_excess,
    bound_rows,
    narrow,
    unbounded,
)
from lotwright.plan.limits.chosen import chosen, spelt
from lotwright.plan.separable.form import Row
from lotwright.plan.snapshot import Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm


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

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Net trade beyond its bounds, as fractions of household value."""
        return bound_excess(self.bounds(snapshot), snapshot, decision)

    def beyond(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """Dollars traded beyond each bound, shape (n,)."""
        return bound_beyond(self.bounds(snapshot), snapshot, trades)

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Dollars beyond the bound that is broken most."""
        return float(self.beyond(snapshot, trades).max(initial=0.0))

    def rows(self, snapshot: Snapshot) -> list[Row]:
        """A row for each bound, so that a price can be put on it."""
        return bound_rows(self.kind, self.bounds(snapshot), snapshot)

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """That the side is closed, and for what."""
        named = chosen(snapshot, symbols=self.symbols, sectors=self.sectors, tags=self.tags)
        traded = float(sold_dollars(snapshot, trades)[named].sum())
        said = spelt(symbols=self.symbols, sectors=self.sectors, tags=self.tags)
        if traded:
            return f"Nothing may be sold of {said}, but ${traded:,.2f} is."
        return f"Nothing is sold of {said}."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Narrow the bounds of the trades."""
        narrow(self.bounds(snapshot), form)
