"""Soft: a limit that may be broken at a price.

cost = price * sum of the dollars by which the limit is exceeded

Two limits are about something else than dollars and say so: orders beyond the most (``number_of_tickets``), and household
value times active variance beyond the ceiling's (``tracking_error``: the price is one of risk, as that of tracking).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from lotwright.errors import ProgramError
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.snapshot import Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import Coupling, Row, SeparableForm


@runtime_checkable
class Softenable(Protocol):
    """A limit whose excess is an amount, so that a price per unit makes sense."""

    kind: ClassVar[str]

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """As of any limit."""

    def beyond(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """The same in plain numbers: what a price is multiplied with, elementwise, zero where the limit is kept."""

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """As of any limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Soft:
    """A cost made of a limit: what is in excess of it times a price.

    Raises
    ------
    ProgramError
        The limit's excess is no amount, or the price is negative or not a number.
    """

    kind: ClassVar[str] = "soft"

    limit: Softenable
    price: float = parameter(
        1.0, unit="$ per unit in excess", says="What breaking the limit costs; each says per what."
    )

    def __post_init__(self) -> None:
        check_parameters(self)
        limit: object = self.limit
        if not isinstance(limit, Softenable):
            kind = getattr(limit, "kind", type(limit).__name__)
            raise ProgramError(f"The limit {kind} cannot be softened: being half kept means nothing. Remove soft.")

    def expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
        """Price times the positive parts of the limit's excess."""
        excess = getattr(self.limit, "soft_excess", self.limit.excess)
        rows = [decision.total(decision.positive(row)) for row in excess(snapshot, decision)]
        return self.price * decision.scale * sum(rows, start=decision.nothing())

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        """Price times what is in excess."""
        return self.price * float(self.limit.beyond(snapshot, trades).sum())

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """The limit's own sentence and what breaking it is charged."""
        charged = f"${self.price:g} per {priced_per(self.limit)}: ${self.value(snapshot, trades):,.2f} here"
        return f"{self.limit.explain(snapshot, trades)} Breaking it is charged {charged}."

    @property
    def is_separable(self) -> bool:
        """True where the limit knows what its price adds to the form, is made of rows, or is one coupling."""
        limit = self.limit
        return any(hasattr(limit, part) for part in ("charge", "coupling", "rows"))

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Add what breaking the limit costs: its own charge, its coupling, or its rows, at their price."""
        limit: Any = self.limit
        if self.price == 0:
            return
        if hasattr(limit, "charge"):
            limit.charge(snapshot, form, self.price)
            return
        if hasattr(limit, "coupling"):
            hard: Coupling = limit.coupling(snapshot)
            form.priced.append(replace(hard, name=f"soft_{hard.name}", price=self.price))
            return
        rows: list[Row] = limit.rows(snapshot)
        form.rows.extend(replace(row, price=self.price) for row in rows)


def priced_per(limit: object) -> str:
    """What the price of a limit (or of its class) is per, once it is softened."""
    unit: str = getattr(limit, "priced_per", "$ in excess")
    return unit
