"""Trading days of an exchange: sessions, holidays, early closes, and the nth session of a week, month, quarter or year.

Problem: ten thousand households ask the same questions of the same calendar, and the calendar library builds a table of
opening times for each question.
Therefore: its sessions are taken once, as sorted days, for the years around the day that matters; everything else is a
search in a sorted list.
"""

from __future__ import annotations

import warnings
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import lru_cache

from lotwright.errors import ProgramError

YEARS_BEFORE, YEARS_AFTER = 3, 2
"""Years of sessions on either side of the day asked for."""


class Every(StrEnum):
    """How often: each session, or once in a period of the calendar. A week begins on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half_year"
    YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class TradingDays:
    """The sessions of one exchange, sorted, and those that close early."""

    exchange: str
    sessions: tuple[date, ...]
    early_closes: frozenset[date] = frozenset()

    def is_session(self, day: date) -> bool:
        """True where the exchange opens on a day."""
        at = bisect_left(self.sessions, day)
        return at < len(self.sessions) and self.sessions[at] == day

    def is_early_close(self, day: date) -> bool:
        """True where a session ends before its usual time."""
        return day in self.early_closes

    def on_or_after(self, day: date) -> date | None:
        """The first session on a day or later, None beyond the years that are known."""
        at = bisect_left(self.sessions, day)
        return self.sessions[at] if at < len(self.sessions) else None

    def after(self, day: date, *, count: int = 1) -> date | None:
        """The ``count``-th session later than a day."""
        at = bisect_right(self.sessions, day) + count - 1
        return self.sessions[at] if at < len(self.sessions) else None

    def count(self, first: date, last: date) -> int:
        """Sessions later than ``first``, up to and including ``last``: how many trading days ago."""
        return max(bisect_right(self.sessions, last) - bisect_right(self.sessions, first), 0)

    def of_period(self, every: Every, day: date) -> Sequence[date]:
        """The sessions of the period that a day lies in."""
        first, following = period(every, day)
        return self.sessions[bisect_left(self.sessions, first) : bisect_left(self.sessions, following)]


def period(every: Every, day: date) -> tuple[date, date]:
    """First day of the period a day lies in, and first day of the following one.

    Examples
    --------
    >>> period(Every.QUARTER, date(2024, 5, 17))
    (datetime.date(2024, 4, 1), datetime.date(2024, 7, 1))
    """
    if every is Every.DAY:
        return day, day + timedelta(days=1)
    if every is Every.WEEK:
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=7)
    months = _MONTHS[every]
    month = (day.month - 1) // months * months + 1
    first = date(day.year, month, 1)
    end = month + months
    return first, date(day.year + (end - 1) // 12, (end - 1) % 12 + 1, 1)


_MONTHS = {Every.MONTH: 1, Every.QUARTER: 3, Every.HALF_YEAR: 6, Every.YEAR: 12}


def trading_days(exchange: str, around: date) -> TradingDays:
    """The sessions of an exchange in the years around a day, by exchange_calendars.

    Parameters
    ----------
    exchange : str
        A name exchange_calendars knows, usually the market identifier code: ``XNYS``, ``XLON``, ``XTSE``.

    Raises
    ------
    ProgramError
        There is no such exchange, or its sessions of those years are not known.
    """
    return _sessions(exchange, around.year - YEARS_BEFORE, around.year + YEARS_AFTER)


@lru_cache(maxsize=32)
def _sessions(exchange: str, first: int, last: int) -> TradingDays:
    import exchange_calendars as exchanges  # noqa: PLC0415  two seconds of pandas, for those who ask

    if exchange not in exchanges.get_calendar_names():
        raise ProgramError(
            f"There is no exchange {exchange!r}. Name one by its market identifier code: XNYS (New York), XLON (London),"
            " XTSE (Toronto), XETR (Frankfurt)."
        )
    try:
        with warnings.catch_warnings():  # of pandas, about how the library builds its table
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", FutureWarning)
            calendar = exchanges.get_calendar(exchange, start=f"{first}-01-01", end=f"{last}-12-31")
            sessions = tuple(day.date() for day in calendar.sessions)
            early = frozenset(day.date() for day in calendar.early_closes)
    except (ValueError, exchanges.errors.CalendarError) as error:
        raise ProgramError(
            f"The sessions of {exchange} from {first} to {last} are not known: {error}. Name another day or exchange."
        ) from error
    return TradingDays(exchange=exchange, sessions=sessions, early_closes=early)
