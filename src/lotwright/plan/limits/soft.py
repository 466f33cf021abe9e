"""Soft: a limit that may be broken at a price.

cost = price * sum of the dollars by which the limit is exceeded
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from lotwright.errors import ProgramError
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.snapshot import Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import Row, SeparableForm


@runtime_checkable
class Softenable(Protocol):
    """A limit whose excess is an amount of dollars, so that a price per dollar makes sense."""

    kind: ClassVar[str]

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """As of any limit."""

    def beyond(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """The same in plain numbers: dollars in excess, elementwise, zero where the limit is kept."""

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """As of any limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Soft:
    """A cost made of a limit: dollars in excess times a price.

    Raises
    ------
    ProgramError
        The limit's excess is no amount of dollars, or the price is negative or not a number.
    """

    kind: ClassVar[str] = "soft"

    limit: Softenable
    price: float = parameter(1.0, unit="$ per $ in excess", says="What a dollar beyond the limit costs.")

    def __post_init__(self) -> None:
        check_parameters(self)
        limit: object = self.limit
        if not isinstance(limit, Softenable):
            kind = getattr(limit, "kind", type(limit).__name__)
            raise ProgramError(f"The limit {kind} cannot be softened: being half kept means nothing. Remove its price.")

    def expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
        """Price times the positive parts of the limit's excess."""
        rows = [decision.total(decision.positive(row)) for row in self.limit.excess(snapshot, decision)]
        return self.price * decision.scale * sum(rows, start=decision.nothing())

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        """Price times the dollars in excess."""
        return self.price * float(self.limit.beyond(snapshot, trades).sum())

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """The limit's own sentence and what breaking it is charged."""
        return f"{self.limit.explain(snapshot, trades)} Breaking it is charged ${self.value(snapshot, trades):,.2f}."

    @property
    def is_separable(self) -> bool:
        """True where the limit is made of rows, each of which can have a price."""
        return hasattr(self.limit, "rows") and getattr(self.limit, "fits_soft", True)

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Add the limit's rows at their price."""
        rows: list[Row] = self.limit.rows(snapshot)  # type: ignore[attr-defined]
        form.rows.extend(replace(row, price=self.price) for row in rows)
