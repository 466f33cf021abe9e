"""Employer stock: a ceiling on what one employer's securities weigh in the whole household.

dollars held of it, over all accounts  <=  most * value of the household
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from lotwright.errors import ProgramError
from lotwright.plan.costs.parameter import check_parameters, names, parameter
from lotwright.plan.limits.group_bounds import GroupBounds
from lotwright.plan.separable.form import Row
from lotwright.plan.snapshot import Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm


@dataclass(frozen=True, slots=True, kw_only=True)
class EmployerStock:
    """The employer's stock is at most a fraction of what the whole household is worth.

    Shares in an IRA count as those in a brokerage account do.

    Raises
    ------
    ProgramError
        No symbol is named, or ``most`` is not a fraction.
    """

    kind: ClassVar[str] = "employer_stock"

    symbols: tuple[str, ...] = names(unit="symbols", says="The employer's securities.")
    most: float = parameter(0.10, unit="fraction of household value", says="Most they may weigh.", maximum=1.0)

    def __post_init__(self) -> None:
        check_parameters(self)
        if not self.symbols:
            raise ProgramError('employer_stock: no security is named. Give symbols = ["ACME"], say.')

    def _bounds(self) -> GroupBounds:
        return GroupBounds(symbols=self.symbols, most=self.most, of="household")

    def rows(self, snapshot: Snapshot) -> list[Row]:
        """One row over the household's accounts."""
        return [replace(row, name=self.kind) for row in self._bounds().rows(snapshot)]

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Dollars beyond the ceiling, a fraction of household value."""
        return self._bounds().excess(snapshot, decision)

    def beyond(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """Dollars beyond the ceiling."""
        return self._bounds().beyond(snapshot, trades)

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Dollars beyond the ceiling."""
        return self._bounds().violation(snapshot, trades)

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """What the stock weighs after the plan, and what it may."""
        return f"Employer stock: {self._bounds().explain(snapshot, trades)}"

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Add the row."""
        form.rows.extend(self.rows(snapshot))
