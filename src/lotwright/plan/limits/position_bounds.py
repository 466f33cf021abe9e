"""Position bounds: what each single position may weigh in its account.

least * V_a  <=  dollars held of j after the plan  <=  most * V_a
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.errors import ProgramError
from lotwright.plan.costs.amounts import bought_dollars, sold_dollars
from lotwright.plan.costs.parameter import check_parameters, names, optional
from lotwright.plan.limits import bounded
from lotwright.plan.limits.bounded import Bounds, unbounded
from lotwright.plan.limits.chosen import chosen, spelt
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.words import weights

if TYPE_CHECKING:
    from lotwright.plan.protocols import Trades


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionBounds:
    """Every position named (every one, where nothing is named) weighs between two bounds in its account.

    A program may have several, told apart by what they name.

    Raises
    ------
    ProgramError
        There is no bound, ``least`` is above ``most``, or ``least`` is asked of every security.
    """

    kind: ClassVar[str] = "position_bounds"
    many: ClassVar[bool] = True

    symbols: tuple[str, ...] = names(unit="symbols", says="Bounds positions of these securities.")
    sectors: tuple[str, ...] = names(unit="sectors", says="Bounds positions of securities in these sectors.")
    tags: tuple[str, ...] = names(
        unit="tags", says="Bounds positions of securities with these tags; a kind is a tag too."
    )
    least: float | None = optional(unit="fraction of account value", says="Least weight of a position.", maximum=1.0)
    most: float | None = optional(unit="fraction of account value", says="Most weight of a position.", maximum=1.0)

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.least is None and self.most is None:
            raise ProgramError(f"{self.label}: there is no bound. Give least or most as a fraction of account value.")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ProgramError(f"{self.label}: least {self.least:g} is above most {self.most:g}. Swap them.")
        if self.least and not (self.symbols or self.sectors or self.tags):
            raise ProgramError(f"{self.label}: least asks every security to be held. Name some.")

    @property
    def label(self) -> str:
        """The kind and what is named: ``position_bounds of every security``."""
        return f"{self.kind} of {spelt(symbols=self.symbols, sectors=self.sectors, tags=self.tags)}"

    def bounds(self, snapshot: Snapshot) -> Bounds:
        """Least and most net shares of each holding, shapes (n,)."""
        lower, upper = unbounded(snapshot)
        named = chosen(snapshot, symbols=self.symbols, sectors=self.sectors, tags=self.tags)
        per_weight = np.maximum(snapshot.value, 0.0)[snapshot.account_of] / snapshot.price
        if self.most is not None:
            upper = np.where(named, self.most * per_weight - snapshot.quantity, upper)
        if self.least is not None:
            lower = np.where(named, np.maximum(self.least * per_weight - snapshot.quantity, lower), lower)
        return lower, upper

    excess = bounded.excess
    beyond = bounded.beyond
    violation = bounded.violation
    rows = bounded.rows
    contribute = bounded.contribute

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """The heaviest position, and what one may weigh."""
        named = chosen(snapshot, symbols=self.symbols, sectors=self.sectors, tags=self.tags)
        after = snapshot.quantity * snapshot.price + bought_dollars(snapshot, trades) - sold_dollars(snapshot, trades)
        value = np.maximum(snapshot.value, 0.0)[snapshot.account_of]
        weight = np.where(named & (value > 0), after / np.where(value > 0, value, 1.0), -1.0)
        low = f"at least {weights(self.least)[0]}" if self.least is not None else ""
        high = f"at most {weights(self.most)[0]}" if self.most is not None else ""
        allowed = " and ".join(part for part in (low, high) if part)
        said = spelt(symbols=self.symbols, sectors=self.sectors, tags=self.tags)
        if not named.any():
            return f"A position of {said} may weigh {allowed}; there is none."
        j = int(np.argmax(weight))
        return f"A position of {said} may weigh {allowed}; the heaviest is {snapshot.symbol[j]} at {weights(float(weight[j]))[0]}."
