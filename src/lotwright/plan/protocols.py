"""The two seams of a program: what a cost is, what a limit is.

Observations: a cost is one formula that cvxpy must see, plain numbers must check and people must read; a limit likewise.
Therefore: each is a small frozen dataclass in a file of its own with three methods, and adding one is adding one file and
one line in a program. ``Separable`` is the fourth, optional one: a cost or limit that has it can be planned with a
certificate by :mod:`lotwright.plan.separable`; one that has not is planned through cvxpy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, runtime_checkable

from lotwright.plan.snapshot import Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.separable.form import SeparableForm


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trades:
    """A trade list in plain numbers: shares sold of each lot, shape (L,), and bought of each holding, shape (n,)."""

    sell: Floats
    buy: Floats


class Cost(Protocol):
    """An addend of the objective, in dollars."""

    kind: ClassVar[str]

    def expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
        """The cost as cvxpy sees it: a convex expression in dollars."""

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        """The exact cost of whole-share trades, written independently of ``expression``; dollars."""

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """One sentence for people."""


class Limit(Protocol):
    """A rule a plan keeps."""

    kind: ClassVar[str]

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Expressions that must be <= 0 (elementwise), scaled to fractions of household value."""

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """By how much whole-share trades break the rule, in the rule's own unit; 0 when kept."""

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """One sentence for people: what the rule demands and how close the plan is to it."""


@runtime_checkable
class Separable(Protocol):
    """A cost or limit that fits the separable form."""

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Add this cost or limit to the arrays of ``form``."""


@runtime_checkable
class Viewing(Protocol):
    """A limit that needs more than the book lists, and adds it to the arrays before anything is posed."""

    def view(self, snapshot: Snapshot) -> Snapshot:
        """The same household with what this limit needs."""
