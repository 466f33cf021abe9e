"""Trading sessions of the New York Stock Exchange by its rules: holidays, early closes, settlement one session later.

Problem: a stand-in broker must know any year's sessions and start at once; the calendar libraries take two seconds to
import. Observations: NYSE Rule 7.2 names the holidays; what no rule names (mourning, storms) cannot be computed by
anyone. Therefore: the rules here, checked by tests against exchange_calendars, and a list of closures by hand.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")
OPENS, CLOSES, EARLY = time(9, 30), time(16), time(13)
FIRST, LAST = time(4), time(20)
"""Extended hours."""
DAY = timedelta(days=1)
UNSCHEDULED = frozenset({date(2018, 12, 5), date(2025, 1, 9)})
"""Days of mourning since 2018 (NYSE announcements)."""
MONDAY, THURSDAY, SATURDAY, SUNDAY = 0, 3, 5, 6


@dataclass(frozen=True, slots=True)
class Day:
    """One session: aware moments of opening and close, and the extended hours around them."""

    date: date
    opens: datetime
    closes: datetime

    @property
    def first(self) -> datetime:
        """When trading before the open begins."""
        return datetime.combine(self.date, FIRST, NEW_YORK)

    @property
    def last(self) -> datetime:
        """When trading after the close ends: four hours after it."""
        return self.closes + timedelta(hours=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sessions:
    """The exchange's calendar; ``closed`` and ``early`` add days that no rule names."""

    closed: frozenset[date] = field(default=frozenset())
    early: frozenset[date] = field(default=frozenset())

    def on(self, day: date) -> Day | None:
        """That day's session, None where there is none."""
        if day.weekday() >= SATURDAY or day in holidays(day.year) or day in self.closed or day in UNSCHEDULED:
            return None
        closes = EARLY if day in self.early or is_early(day) else CLOSES
        return Day(day, datetime.combine(day, OPENS, NEW_YORK), datetime.combine(day, closes, NEW_YORK))

    def between(self, first: date, last: date) -> Iterator[Day]:
        """Sessions from ``first`` to ``last``, both included."""
        day = first
        while day <= last:
            found = self.on(day)
            if found is not None:
                yield found
            day += DAY

    def after(self, day: date) -> Day:
        """The first session later than ``day``."""
        return next(self.between(day + DAY, day + 30 * DAY))

    def at(self, now: datetime) -> Day | None:
        """The session that is open at ``now``."""
        found = self.on(now.astimezone(NEW_YORK).date())
        return found if found is not None and found.opens <= now < found.closes else None

    def next_open(self, now: datetime) -> datetime:
        """The first opening later than ``now``."""
        day = now.astimezone(NEW_YORK).date()
        return next(found.opens for found in self.between(day, day + 30 * DAY) if found.opens > now)

    def next_close(self, now: datetime) -> datetime:
        """The first close later than ``now``."""
        day = now.astimezone(NEW_YORK).date()
        return next(found.closes for found in self.between(day, day + 30 * DAY) if found.closes > now)

    def settles(self, day: date) -> date:
        """Settlement date of a trade of ``day``: one session later (17 CFR 240.15c6-1, since 2024-05-28)."""
        return self.after(day).date


@lru_cache(maxsize=64)
def holidays(year: int) -> frozenset[date]:
    """The exchange's holidays of a year (NYSE Rule 7.2): on a Sunday they move to Monday, on a Saturday to Friday."""
    fixed = [date(year, 7, 4), date(year, 12, 25)]
    if year >= 2022:
        fixed.append(date(year, 6, 19))
    moved = {_moved(day) for day in fixed}
    new_year = date(year, 1, 1)
    if new_year.weekday() != SATURDAY:  # a Friday that ends the year stays a session
        moved.add(_moved(new_year))
    return frozenset(
        moved
        | {
            _nth(year, 1, MONDAY, 3),
            _nth(year, 2, MONDAY, 3),
            easter(year) - 2 * DAY,
            _last(year, 5, MONDAY),
            _nth(year, 9, MONDAY, 1),
            thanksgiving(year),
        }
    )


def is_early(day: date) -> bool:
    """True where the exchange closes at 13:00: July 3, the day after Thanksgiving, December 24, unless it is closed."""
    if day in holidays(day.year) or day.weekday() >= SATURDAY:
        return False
    return (day.month, day.day) in {(7, 3), (12, 24)} or day == thanksgiving(day.year) + DAY


def thanksgiving(year: int) -> date:
    """The fourth Thursday of November."""
    return _nth(year, 11, THURSDAY, 4)


def easter(year: int) -> date:
    """Easter Sunday (Gregorian; Meeus, Astronomical Algorithms, chapter 8)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    h = (19 * a + b - d - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    i, k = divmod(c, 4)
    week = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * week) // 451
    month, day = divmod(h + week - 7 * m + 114, 31)
    return date(year, month, day + 1)


def _moved(day: date) -> date:
    if day.weekday() == SATURDAY:
        return day - DAY
    return day + DAY if day.weekday() == SUNDAY else day


def _nth(year: int, month: int, weekday: int, n: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (n - 1))


def _last(year: int, month: int, weekday: int) -> date:
    end = date(year, month + 1, 1) - DAY
    return end - timedelta(days=(end.weekday() - weekday) % 7)
