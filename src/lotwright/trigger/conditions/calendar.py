"""On which trading day: the nth of a week, month, quarter, half-year or year, by the exchange's own calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import ClassVar, Literal

from lotwright.errors import ProgramError
from lotwright.trigger.conditions.setting import CHEAP, FORBID, setting
from lotwright.trigger.situation import Situation
from lotwright.trigger.trading_days import Every, TradingDays, period
from lotwright.trigger.verdict import Verdict

PERIODS_AHEAD = 24
"""How many periods are looked at for the next scheduled day."""


class Weekday(StrEnum):
    """Days of a week that exchanges open on."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"


class EarlyClose(StrEnum):
    """What to do where the scheduled session ends early: act all the same, leave it out, or take the next full session."""

    ACT = "act"
    SKIP = "skip"
    NEXT = "next"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """Holds on a scheduled trading day: every session, or the nth of each week, month, quarter, half-year or year."""

    __pydantic_config__: ClassVar = FORBID
    effort: ClassVar[int] = CHEAP
    kind: Literal["calendar"] = "calendar"
    every: Every = setting("Each session (day), or once in a week, month, quarter, half_year or year.")
    nth: int = setting(
        "Which session of the period: 1 is its first, -1 its last; beyond the period's sessions: the last, or first.",
        default=1,
        ge=-260,
        le=260,
    )
    weekday: Weekday | None = setting(
        "With every = week, that day in place of nth; where it is a holiday, the next session of the week, else the one"
        " before.",
        default=None,
    )
    months: tuple[int, ...] = setting("Only in these months, 1 to 12; empty: in all.", default=())
    early_close: EarlyClose = setting("Where that session closes early: act, skip it, or take the next full one.",
                                      default=EarlyClose.ACT)  # fmt: skip
    catch_up: int = setting(
        "Trading days for which a scheduled day that nobody acted on is made up for.", default=3, ge=0, le=60
    )

    def __post_init__(self) -> None:
        if self.nth == 0:
            raise ProgramError("nth is 0. The first session is 1, the last is -1.")
        if self.weekday is not None and self.every is not Every.WEEK:
            raise ProgramError(f'weekday goes with every = "week", not with {self.every}.')
        if any(not 1 <= month <= 12 for month in self.months):
            raise ProgramError(f"months has {list(self.months)}. Months are 1 to 12.")

    def judge(self, situation: Situation) -> Verdict:
        """On the scheduled day; or within ``catch_up`` sessions of it, where the household was planned before it, not since."""
        days, today = situation.days, situation.as_of
        scheduled = self._last_scheduled(days, today)
        following = self._next_scheduled(days, today)
        told = f"next on {following.isoformat()}" if following is not None else "no further day is known"
        if scheduled == today:
            return self._said(f"{today.isoformat()} is {self._words()}; {told}.", following, holds=True)
        planned = situation.acted.planned
        if scheduled is not None and planned is not None and planned < scheduled:
            late = days.count(scheduled, today)
            if late <= self.catch_up:
                why = (
                    f"{scheduled.isoformat()}, {self._words()}, went by {late} trading days ago without a plan; {told}."
                )
                return self._said(why, following, holds=True)
        return self._said(f"{today.isoformat()} is not {self._words()}; {told}.", following, holds=False)

    def _said(self, why: str, following: date | None, *, holds: bool) -> Verdict:
        return Verdict(kind=self.kind, holds=holds, why=why, next=None if holds else following)

    def _last_scheduled(self, days: TradingDays, today: date) -> date | None:
        """The latest scheduled day up to and including today."""
        at = today
        for _ in range(PERIODS_AHEAD):
            found = self.scheduled(days, at)
            if found is not None and found <= today:
                return found
            at = period(self.every, at)[0] - timedelta(days=1)
        return None

    def _next_scheduled(self, days: TradingDays, today: date) -> date | None:
        """The first scheduled day later than today."""
        at = today
        for _ in range(PERIODS_AHEAD * 10 if self.every is Every.DAY else PERIODS_AHEAD):
            found = self.scheduled(days, at)
            if found is not None and found > today:
                return found
            at = period(self.every, at)[1]
        return None

    def scheduled(self, days: TradingDays, at: date) -> date | None:
        """The scheduled day of the period that a day lies in, None where it has none."""
        sessions = days.of_period(self.every, at)
        if not sessions:
            return None
        chosen = self._weekday(sessions) if self.weekday is not None else self._nth(sessions)
        if days.is_early_close(chosen):
            if self.early_close is EarlyClose.SKIP:
                return None
            if self.early_close is EarlyClose.NEXT:
                following = days.after(chosen)
                while following is not None and days.is_early_close(following):
                    following = days.after(following)
                if following is None:
                    return None
                chosen = following
        return chosen if not self.months or chosen.month in self.months else None

    def _nth(self, sessions: Sequence[date]) -> date:
        if self.nth > 0:
            return sessions[min(self.nth, len(sessions)) - 1]
        return sessions[max(len(sessions) + self.nth, 0)]

    def _weekday(self, sessions: Sequence[date]) -> date:
        number = list(Weekday).index(self.weekday or Weekday.MONDAY)
        return next((day for day in sessions if day.weekday() >= number), sessions[-1])

    def _words(self) -> str:
        if self.every is Every.DAY:
            return "a trading day"
        span = self.every.replace("_", "-")
        if self.weekday is not None:
            return f"the {self.weekday.title()} of the week, or the session in its place"
        if abs(self.nth) == 1:
            return f"the {'first' if self.nth > 0 else 'last'} trading day of the {span}"
        from_end = "" if self.nth > 0 else " from the end"
        return f"trading day {abs(self.nth)}{from_end} of the {span}"
