"""Group bounds: what a sector, a tag or a list of securities may weigh.

    least * V  <=  dollars held of the group after the plan  <=  most * V

of every account's value V on its own, or (``of = "household"``) of the household's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lotwright.errors import ProgramError
from lotwright.plan.costs.amounts import bought_dollars, sold_dollars
from lotwright.plan.costs.parameter import check_parameters, names, optional, word
from lotwright.plan.limits.chosen import chosen, spelt
from lotwright.plan.limits.linear import row_beyond, row_excess
from lotwright.plan.separable.form import Row
from lotwright.plan.snapshot import Bools, Floats, Snapshot
from lotwright.plan.words import weights

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupBounds:
    """The weight of a sector, a tag or a list of securities stays between two bounds.

    A program may have several, told apart by what they name.

    Raises
    ------
    ProgramError
        Nothing is named, there is no bound, or ``least`` is above ``most``.
    """

    kind: ClassVar[str] = "group_bounds"
    many: ClassVar[bool] = True

    symbols: tuple[str, ...] = names(unit="symbols", says="Securities of the group.")
    sectors: tuple[str, ...] = names(unit="sectors", says="Sectors of the group, as in the prices table.")
    tags: tuple[str, ...] = names(unit="tags", says="Tags of the group, as in the prices table; a kind is a tag too.")
    least: float | None = optional(unit="fraction of value", says="Least weight of the group.", maximum=1.0)
    most: float | None = optional(unit="fraction of value", says="Most weight of the group.", maximum=1.0)
    of: str = word("account", unit="word", says="Whose value the weights are of.", among=("account", "household"))

    def __post_init__(self) -> None:
        check_parameters(self)
        if not (self.symbols or self.sectors or self.tags):
            raise ProgramError("group_bounds: nothing is named. Give symbols, sectors or tags.")
        if self.least is None and self.most is None:
            raise ProgramError(f"{self.label}: there is no bound. Give least or most as a fraction of value.")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ProgramError(f"{self.label}: least {self.least:g} is above most {self.most:g}. Swap them.")

    @property
    def label(self) -> str:
        """The kind and what is named: ``group_bounds of sector Energy``."""
        return f"{self.kind} of {self._said()}"

    def _said(self) -> str:
        return spelt(symbols=self.symbols, sectors=self.sectors, tags=self.tags)

    def rows(self, snapshot: Snapshot) -> list[Row]:
        """A row for each bound of each account (or of the household)."""
        return [row for _, group, value in self._scopes(snapshot) for row in self._bounds(snapshot, group, value)]

    def _scopes(self, snapshot: Snapshot) -> list[tuple[str, Bools, float]]:
        """Name, holdings and value of everything that is bounded."""
        group = chosen(snapshot, symbols=self.symbols, sectors=self.sectors, tags=self.tags)
        if self.of == "household":
            return [(snapshot.household.household, group, max(snapshot.total_value, 0.0))]
        return [
            (name, group & (snapshot.account_of == a), max(float(snapshot.value[a]), 0.0))
            for a, name in enumerate(snapshot.account)
        ]

    def _bounds(self, snapshot: Snapshot, group: Bools, value: float) -> list[Row]:
        weight, held = group.astype(float), float((snapshot.quantity * snapshot.price)[group].sum())
        rows = []
        if self.most is not None and group.any():
            right = self.most * value - held
            rows.append(Row(name=self.label, coefficient=weight, short=0.0, long=0.0, right=right))
        if self.least:
            right = held - self.least * value
            rows.append(Row(name=self.label, coefficient=-weight, short=0.0, long=0.0, right=right))
        return rows

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Dollars beyond each bound, fractions of household value."""
        return row_excess(self.rows(snapshot), decision)

    def beyond(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """Dollars beyond each bound."""
        return row_beyond(self.rows(snapshot), snapshot, trades)

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Dollars beyond the bound that is broken most."""
        return float(self.beyond(snapshot, trades).max(initial=0.0))

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """What the group weighs after the plan, and what it may."""
        after = snapshot.quantity * snapshot.price + bought_dollars(snapshot, trades) - sold_dollars(snapshot, trades)
        said = [
            f"{weights(float(after[group].sum()) / value)[0]} of {name}"
            for name, group, value in self._scopes(snapshot)
            if value > 0
        ]
        low = f"at least {weights(self.least)[0]}" if self.least is not None else ""
        high = f"at most {weights(self.most)[0]}" if self.most is not None else ""
        allowed = " and ".join(part for part in (low, high) if part)
        return f"{self._said()} may weigh {allowed}: after the plan {', '.join(said) or 'nothing'}."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Add the rows."""
        form.rows.extend(self.rows(snapshot))
