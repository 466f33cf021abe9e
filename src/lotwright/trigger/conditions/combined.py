"""Conditions of conditions: any, all, at least n, not. What cannot be told stays so unless the others decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from lotwright.errors import ProgramError
from lotwright.trigger.conditions.setting import Condition
from lotwright.trigger.situation import Situation
from lotwright.trigger.verdict import Verdict, at_least, not_before


@dataclass(frozen=True, slots=True, kw_only=True)
class Combined:
    """Holds when at least ``count`` of its conditions hold: 1 is any, all of them is all."""

    kind: Literal["any", "all", "at_least"]
    count: int
    of: tuple[Condition, ...]

    def __post_init__(self) -> None:
        if not self.of:
            raise ProgramError(f"{self.kind} has no conditions. List them under of.")
        if not 1 <= self.count <= len(self.of):
            raise ProgramError(f"{self.kind} asks for {self.count} of {len(self.of)} conditions.")

    @property
    def effort(self) -> int:
        """Of its dearest part."""
        return max(part.effort for part in self.of)

    def judge(self, situation: Situation) -> Verdict:
        """Cheap conditions first; dear ones only while the answer is open."""
        parts = list(ask(self.of, self.count, situation).values())
        unasked = len(self.of) - len(parts)
        holds = at_least(self.count, [part.holds for part in parts], unasked=unasked)
        telling = [part for part in parts if part.holds is holds] or list(parts)
        return Verdict(
            kind=self.kind,
            holds=holds,
            why=" ".join(part.why for part in telling),
            next=not_before(self.count, parts, unasked=unasked) if holds is False else None,
            parts=tuple(parts),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Not:
    """Holds when its condition does not: a reason to wait turned round."""

    of: Condition
    kind: ClassVar[str] = "not"

    @property
    def effort(self) -> int:
        """Of its part."""
        return self.of.effort

    def judge(self, situation: Situation) -> Verdict:
        """The opposite; what cannot be told stays so."""
        part = self.of.judge(situation)
        return Verdict(
            kind=self.kind,
            holds=None if part.holds is None else not part.holds,
            why=part.why,
            parts=(part,),
        )


def ask(conditions: Sequence[Condition], count: int, situation: Situation) -> dict[int, Verdict]:
    """Verdicts by the condition's number, in that order: all of one effort, then the dearer ones while the answer is open."""
    found: dict[int, Verdict] = {}
    for effort in sorted({condition.effort for condition in conditions}):
        so_far = [verdict.holds for verdict in found.values()]
        if found and at_least(count, so_far, unasked=len(conditions) - len(found)) is not None:
            break
        found |= {
            number: condition.judge(situation)
            for number, condition in enumerate(conditions)
            if condition.effort == effort
        }
    return dict(sorted(found.items()))
