"""Keep lots: lots the client wants to keep, by name, whatever they would bring.

sell_l = 0   for every lot named
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.parameter import check_parameters, names
from lotwright.plan.limits import kept_lots
from lotwright.plan.snapshot import Bools, Snapshot

if TYPE_CHECKING:
    from lotwright.plan.protocols import Trades


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
    priced_per: ClassVar[str] = kept_lots.PRICED_PER

    lots: tuple[str, ...] = names(unit="lots", says="Lots to keep.")

    def __post_init__(self) -> None:
        check_parameters(self)

    def kept(self, snapshot: Snapshot) -> Bools:
        """True for the lots named, shape (L,)."""
        wanted = set(self.lots)
        return np.array([is_named(lot.symbol, lot.lot, wanted) for lot in snapshot.lot], dtype=bool)

    excess = kept_lots.excess
    beyond = kept_lots.beyond
    violation = kept_lots.violation
    contribute = kept_lots.contribute
    charge = kept_lots.charge

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """How many of the lots named are there, and that they stay."""
        wrong = self.violation(snapshot, trades)
        if wrong:
            return f"{wrong:g} shares are sold of lots that are to be kept."
        return f"{int(self.kept(snapshot).sum())} of the household's lots are kept because they were named."


def is_named(symbol: str, lot: str, wanted: set[str]) -> bool:
    """True if a lot is among names, alone or after its symbol."""
    return lot in wanted or f"{symbol}/{lot}" in wanted
