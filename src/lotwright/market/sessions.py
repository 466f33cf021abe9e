"""Trading days: which day's price is the one to ask for (exchange-calendars)."""

from __future__ import annotations

import warnings
from datetime import date, datetime, timedelta
from typing import Any

from lotwright.errors import ProgramError

_LONGEST_CLOSURE = timedelta(days=14)
"""Days of calendar to look back over: more than any exchange has been closed for in our data's time."""


def last_session(day: date, *, calendar: str = "XNYS") -> date:
    """The last trading day on or before ``day``.

    Raises
    ------
    ProgramError
        There is no such calendar.

    Examples
    --------
    >>> last_session(date(2020, 3, 22)).isoformat()   # a Sunday
    '2020-03-20'
    """
    sessions = _calendar(calendar, day).sessions
    return date.fromisoformat(str(sessions[sessions <= day.isoformat()][-1])[:10])


def session_begun(now: datetime, *, calendar: str = "XNYS") -> date:
    """The last trading day whose opening bell is past at ``now`` (aware)."""
    exchange = _calendar(calendar, now.date())
    opens = exchange.opens
    return date.fromisoformat(str(opens[opens <= now].index[-1])[:10])


def _calendar(name: str, day: date) -> Any:
    """The calendar around ``day``: building all of it would take a second."""
    import exchange_calendars  # noqa: PLC0415  imports pandas: only where a day must be judged
    from exchange_calendars.errors import InvalidCalendarName  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # pandas on exchange-calendars' own code
            return exchange_calendars.get_calendar(name, start=day - _LONGEST_CLOSURE, end=day + timedelta(days=1))
    except InvalidCalendarName as error:
        raise ProgramError(
            f"There is no exchange calendar {name!r}. Name one of exchange-calendars by its code: XNYS, XLON, XTSE, ..."
        ) from error
