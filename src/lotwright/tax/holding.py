"""How long a lot was held, to the day: short-term or long-term."""

from __future__ import annotations

from datetime import date, timedelta
from functools import lru_cache

from lotwright.book.kinds import Character

_ONE_DAY = timedelta(days=1)


@lru_cache(maxsize=10_000)  # a plan asks three times of each lot, and lots of a book share their days
def long_term_from(start: date) -> date:
    """First day on which a sale of something acquired on ``start`` is long-term.

    The day of acquisition is excluded, the day of sale included (Rev. Rul. 70-598), so a sale is long-term from the day
    after the first anniversary (IRC section 1222(3): *more than* 1 year). What was acquired on the last day of a month
    is long-term from the first day of the thirteenth month that follows (Rev. Rul. 66-7).

    Parameters
    ----------
    start : date
        Trade date of the purchase, or the earlier date a wash sale tacked on (IRC section 1223(3)).

    Examples
    --------
    >>> long_term_from(date(2025, 10, 3))
    datetime.date(2026, 10, 4)
    >>> long_term_from(date(2024, 2, 29))
    datetime.date(2025, 3, 1)
    >>> long_term_from(date(2027, 2, 28))  # 29 February 2028 is still short-term
    datetime.date(2028, 3, 1)
    """
    next_day = start + _ONE_DAY
    if next_day.month != start.month:
        return next_day.replace(year=next_day.year + 1)
    return start.replace(year=start.year + 1) + _ONE_DAY


def character(start: date, sold: date) -> Character:
    """Whether a sale on trade date ``sold`` of shares held since ``start`` is short-term or long-term.

    IRC section 1222; trade dates, never settlement dates (Rev. Rul. 66-97).

    Examples
    --------
    >>> character(date(2025, 3, 1), date(2026, 3, 1)).value
    'ST'
    >>> character(date(2025, 3, 1), date(2026, 3, 2)).value
    'LT'
    """
    return Character.LONG if sold >= long_term_from(start) else Character.SHORT
