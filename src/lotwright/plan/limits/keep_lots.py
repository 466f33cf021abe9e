"""Keep lots: lots the client wants to keep, by name, whatever they would bring.

sell_l = 0   for every lot named
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.parameter import check_parameters, names
from lotwright.plan.limits.kept_lots import kept_dollars, kept_excess, kept_sold
from lotwright.plan.snapshot import Bools, Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepLots:
    """Named lots are not sold.

    A lot is named as in the book's table of lots, or as ``SYMBOL/LOT`` where its name alone is not enough.

    Raises
    ------
    ProgramError
        ``lots`` is no list of names.
    """

    kind: ClassVar[str] = "keep_lots"

    lots: tuple[str, ...] = names(unit="lots", says="Lots to keep.")

    def __post_init__(self) -> None:
        check_parameters(self)

    def kept(self, snapshot: Snapshot) -> Bools:
        """True for the lots named, shape (L,)."""
        wanted = set(self.lots)
        return np.array([is_named(lot.symbol, lot.lot, wanted) for lot in snapshot.lot], dtype=bool)

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """What is sold of them."""
        return kept_excess(self.kept(snapshot), decision)

    def beyond(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """Dollars sold of each such lot, shape (L,)."""
        return kept_dollars(self.kept(snapshot), snapshot, trades)

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Shares sold of them."""
        return kept_sold(self.kept(snapshot), trades)

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """How many of the lots named are there, and that they stay."""
        wrong = self.violation(snapshot, trades)
        if wrong:
            return f"{wrong:g} shares are sold of lots that are to be kept."
        return f"{int(self.kept(snapshot).sum())} of the household's lots are kept because they were named."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Bar the lots."""
        form.barred |= self.kept(snapshot)


def is_named(symbol: str, lot: str, wanted: set[str]) -> bool:
    """True if a lot is among names, alone or after its symbol."""
    return lot in wanted or f"{symbol}/{lot}" in wanted
