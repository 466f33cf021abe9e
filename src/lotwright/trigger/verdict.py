"""What a condition says of one household on one day: yes, no, or that it cannot tell; and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One condition's answer.

    Parameters
    ----------
    kind : str
        Of the condition.
    holds : bool or None
        ``None``: it cannot be told, e.g. for want of data. That is never taken for a no.
    why : str
        A sentence for people.
    next : date, optional
        Of a no: it stays one until this day, whatever prices do. ``None``: it may change with the next prices.
    figures : mapping
        JSON-ready numbers behind the sentence.
    parts : tuple of Verdict
        Of a combined condition, those that were asked.
    """

    kind: str
    holds: bool | None
    why: str
    next: date | None = None
    figures: Mapping[str, Any] = field(default_factory=dict)
    parts: tuple[Verdict, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The verdict as a JSON-ready object."""
        said: dict[str, Any] = {"kind": self.kind, "holds": self.holds, "why": self.why}
        if self.next is not None:
            said["next"] = self.next.isoformat()
        if self.figures:
            said["figures"] = dict(self.figures)
        if self.parts:
            said["parts"] = [part.to_json() for part in self.parts]
        return said


def at_least(count: int, answers: Sequence[bool | None], *, unasked: int = 0) -> bool | None:
    """Whether at least ``count`` hold, where some cannot be told and ``unasked`` more were not asked (Kleene's logic).

    Examples
    --------
    >>> at_least(1, [False, None]), at_least(1, [True, None]), at_least(2, [True, False, None])
    (None, True, None)
    >>> at_least(2, [True, False, False])
    False
    """
    yes = sum(answer is True for answer in answers)
    if yes >= count:
        return True
    may_be = yes + sum(answer is None for answer in answers) + unasked
    return None if may_be >= count else False


def not_before(count: int, verdicts: Sequence[Verdict], *, unasked: int = 0) -> date | None:
    """Of conditions of which at least ``count`` must hold and do not: the first day on which they may, None for any day.

    So many of them as are missing must turn first; those of them that turn earliest may.

    Examples
    --------
    >>> no = Verdict(kind="calendar", holds=False, why="", next=date(2024, 4, 1))
    >>> may = Verdict(kind="drift", holds=False, why="")
    >>> not_before(2, [no, may]), not_before(1, [no, may])
    (datetime.date(2024, 4, 1), None)
    """
    missing = count - sum(verdict.holds is True for verdict in verdicts)
    turns = [verdict.next or date.min for verdict in verdicts if verdict.holds is False]
    turns += [date.min] * (unasked + sum(verdict.holds is None for verdict in verdicts))
    if not 1 <= missing <= len(turns):
        return None
    found = sorted(turns)[missing - 1]
    return None if found == date.min else found
