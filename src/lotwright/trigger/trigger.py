"""A trigger: conditions, how they combine, how long to rest; and what it answers: whether, why and what next.

Order of the questions, cheapest first: is the exchange open, was the household planned today already, does it rest after
trades; then the conditions, and those that need a plan only while the answer is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from lotwright.book.failure import Failure
from lotwright.errors import ProgramError
from lotwright.trigger.conditions import Condition
from lotwright.trigger.conditions.combined import ask
from lotwright.trigger.situation import Situation
from lotwright.trigger.verdict import Verdict, at_least, not_before


class Answer(StrEnum):
    """Whether a household is to be planned, in a word."""

    DUE = "due"
    NOT_DUE = "not_due"
    RESTING = "resting"
    DONE_TODAY = "done_today"
    CLOSED = "closed"
    UNKNOWN = "unknown"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """One condition of a trigger, the program to plan with where it holds, and whether it may break a rest."""

    condition: Condition
    then: str | None = None
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """When to act.

    Parameters
    ----------
    name, says : str
    when : tuple of When
    count : int
        How many of them must hold.
    exchange : str
        Whose trading days count.
    cooldown : int
        Trading days a household rests after a plan that traded.

    Raises
    ------
    ProgramError
        There is no condition, or more are asked for than there are.
    """

    name: str
    says: str = ""
    when: tuple[When, ...]
    count: int = 1
    exchange: str = "XNYS"
    cooldown: int = 0

    def __post_init__(self) -> None:
        if not self.when:
            raise ProgramError(f"Trigger {self.name} has no condition, so it never acts. Add a [[when]].")
        if not 1 <= self.count <= len(self.when):
            raise ProgramError(f"Trigger {self.name} asks for {self.count} of {len(self.when)} conditions.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The answer for one household: whether, why, and what next.

    ``program`` is what to plan with where the trigger says; ``next`` the first day on which to ask again; ``to_do`` a
    sentence; ``verdicts`` what each condition said.
    """

    household: str
    answer: Answer
    why: str
    to_do: str
    program: str | None = None
    next: date | None = None
    verdicts: tuple[Verdict, ...] = ()
    failure: Failure | None = None

    @property
    def is_due(self) -> bool:
        """True where the household is to be planned today."""
        return self.answer is Answer.DUE

    def to_json(self) -> dict[str, Any]:
        """The answer as a JSON-ready object."""
        failure = self.failure
        said: dict[str, Any] = {
            "household": self.household,
            "due": self.is_due,
            "answer": str(self.answer),
            "why": self.why,
            "next": {"to_do": self.to_do, "on": None if self.next is None else self.next.isoformat()},
        }
        if self.program is not None:
            said["next"]["program"] = self.program
        if self.verdicts:
            said["conditions"] = [verdict.to_json() for verdict in self.verdicts]
        if failure is not None:
            said["failure"] = {
                "reason": failure.reason, "message": failure.message, "evidence": _plain(failure.evidence)
            }  # fmt: skip
        return said


@dataclass(frozen=True, slots=True)
class _Said:
    """Conditions that were asked, and what they said."""

    asked: tuple[When, ...] = ()
    verdicts: tuple[Verdict, ...] = ()


def due(trigger: Trigger, situation: Situation) -> Due:
    """Whether a household is to be planned on a day, why, and what next.

    Parameters
    ----------
    trigger : Trigger
    situation : Situation
        Every symbol has a price, every model is there.
    """
    today, days = situation.as_of, situation.days
    name = situation.household.household
    if not days.is_session(today):
        following = days.on_or_after(today)
        return Due(
            household=name,
            answer=Answer.CLOSED,
            why=f"{days.exchange} is closed on {today.isoformat()}.",
            to_do=f"Ask again on {_day(following)}.",
            next=following,
        )
    acted = situation.acted
    if acted.planned is not None and acted.planned >= today:
        following = days.after(today)
        return Due(
            household=name,
            answer=Answer.DONE_TODAY,
            why=f"It was planned in a run of {acted.planned.isoformat()} already; one a day is the most.",
            to_do=f"Ask again on {_day(following)}.",
            next=following,
        )
    rest = _rest(trigger, situation)
    said = _asked(trigger, situation, urgent_only=rest is not None)
    holds = _holds(trigger, said, urgent_only=rest is not None)
    if rest is not None and holds is False:
        return Due(
            household=name,
            answer=Answer.RESTING,
            why=f"It rests until {_day(rest)}: it was planned with trades on {_day(acted.traded)}, and {trigger.cooldown}"
            " trading days are to pass.",
            to_do=f"Ask again on {_day(rest)}.",
            next=rest,
            verdicts=said.verdicts,
        )
    return _answer(trigger, situation, said, holds=holds)


def failed(name: str, failure: Failure) -> Due:
    """The answer for a household whose input is wrong."""
    return Due(
        household=name,
        answer=Answer.FAILED,
        why=failure.message,
        to_do="Correct its input, then ask again.",
        failure=failure,
    )


def _rest(trigger: Trigger, situation: Situation) -> date | None:
    """The day a rest ends, None where the household does not rest."""
    traded = situation.acted.traded
    if not trigger.cooldown or traded is None:
        return None
    if situation.days.count(traded, situation.as_of) >= trigger.cooldown:
        return None
    return situation.days.after(traded, count=trigger.cooldown)


def _asked(trigger: Trigger, situation: Situation, *, urgent_only: bool) -> _Said:
    """What the conditions say; of a resting household, the urgent ones."""
    chosen = tuple(when for when in trigger.when if when.urgent or not urgent_only)
    if not chosen:
        return _Said()
    found = ask([when.condition for when in chosen], 1 if urgent_only else trigger.count, situation)
    return _Said(tuple(chosen[number] for number in found), tuple(found.values()))


def _holds(trigger: Trigger, said: _Said, *, urgent_only: bool) -> bool | None:
    if urgent_only:
        return at_least(1, [verdict.holds for verdict in said.verdicts])
    left = len(trigger.when) - len(said.verdicts)
    return at_least(trigger.count, [verdict.holds for verdict in said.verdicts], unasked=left)


def _answer(trigger: Trigger, situation: Situation, said: _Said, *, holds: bool | None) -> Due:
    name, today = situation.household.household, situation.as_of
    telling = [verdict for verdict in said.verdicts if verdict.holds is holds]
    why = " ".join(dict.fromkeys(verdict.why for verdict in telling))
    if holds:
        program = next(
            (when.then for when, verdict in zip(said.asked, said.verdicts, strict=True) if verdict.holds and when.then),
            None,
        )
        with_it = f" with program {program}" if program is not None else ""
        return Due(
            household=name,
            answer=Answer.DUE,
            why=why,
            to_do=f"Plan it now{with_it}.",
            program=program,
            next=today,
            verdicts=said.verdicts,
        )
    following = _next(trigger, situation, said)
    if holds is None:
        return Due(
            household=name,
            answer=Answer.UNKNOWN,
            why=why,
            to_do="Supply what is missing, then ask again; or plan it by hand.",
            next=following,
            verdicts=said.verdicts,
            failure=Failure(reason="unknown", message=why, evidence={}),
        )
    return Due(
        household=name,
        answer=Answer.NOT_DUE,
        why=why,
        to_do=f"Ask again on {_day(following)}.",
        next=following,
        verdicts=said.verdicts,
    )


def _next(trigger: Trigger, situation: Situation, said: _Said) -> date | None:
    """The first later day on which the answer may be another: a scheduled one, or where prices matter, the next session."""
    dated = not_before(trigger.count, said.verdicts, unasked=len(trigger.when) - len(said.verdicts))
    return situation.days.after(situation.as_of) if dated is None else situation.days.on_or_after(dated)


def _day(day: date | None) -> str:
    return "a day beyond the known calendar" if day is None else day.isoformat()


def _plain(evidence: Mapping[str, Any]) -> dict[str, Any]:
    return {str(key): value for key, value in evidence.items()}
