"""How a condition declares its settings: a default, a sentence, bounds; read by whoever checks a file of triggers."""

from __future__ import annotations

from dataclasses import MISSING, field
from typing import Any, Protocol, runtime_checkable

from lotwright.trigger.situation import Situation
from lotwright.trigger.verdict import Verdict

CHEAP, LOTS, PLAN = 0, 1, 2
"""How dear an answer is: weights and days; the tax law's look at every lot; a plan."""
FORBID = {"extra": "forbid"}
"""A setting nobody declared is a mistake."""


@runtime_checkable
class Condition(Protocol):
    """What may be asked of a household on a day."""

    @property
    def kind(self) -> str:
        """The word it is declared by."""
        ...

    @property
    def effort(self) -> int:
        """How dear the answer is: ``CHEAP``, ``LOTS`` or ``PLAN``."""
        ...

    def judge(self, situation: Situation) -> Verdict:
        """Whether it holds, and why."""
        ...


def setting(says: str, *, default: Any = MISSING, **bounds: Any) -> Any:
    """A declared setting: what it is, for people and for the schema; ``ge``, ``gt``, ``le``, ``lt`` bound it."""
    return field(default=default, metadata={"description": says, **bounds})
