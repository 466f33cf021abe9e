"""When a trade on a Canadian exchange settles: the day on which the law there sees a disposition.

Problem: the Canada Revenue Agency takes shares as disposed of and acquired on the settlement date (2012-0468931C6, keeping
what IT-133 said), because only then is the vendor entitled to the proceeds (ITA section 248(1), "disposition").
Observations: settlement is a number of business days after the trade, three, then two, then one; the holidays of the
Toronto Stock Exchange follow rules. Therefore: the rules here, the number as dated data, both checked by tests against
exchange_calendars and published dates.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

from lotwright.tax.law import read_law

DAY = timedelta(days=1)
MONDAY, SATURDAY = 0, 5


def settlement_date(day: date) -> date:
    """The day a trade of ``day`` settles; what is traded on a closed day counts from the next business day.

    Examples
    --------
    >>> settlement_date(date(2014, 12, 24))  # 25 and 26 December and a weekend between, third business day
    datetime.date(2014, 12, 31)
    >>> settlement_date(date(2025, 12, 31))
    datetime.date(2026, 1, 2)
    """
    while not is_business_day(day):
        day += DAY
    left = settlement_days(day)
    while left:
        day += DAY
        left -= is_business_day(day)
    return day


def settlement_days(day: date) -> int:
    """Business days from a trade to its settlement; the first rule in the data holds for all earlier trades."""
    rules = read_law("canada")["settlement"]
    return int([rule for rule in rules if rule["from"] <= day or rule is rules[0]][-1]["days"])


def is_business_day(day: date) -> bool:
    """True on days the Toronto Stock Exchange is open."""
    return day.weekday() < SATURDAY and day not in holidays(day.year)


@cache
def holidays(year: int) -> frozenset[date]:
    """Weekdays on which the Toronto Stock Exchange is closed (TSX trading calendar; Family Day since 2008)."""
    new_year, canada_day = date(year, 1, 1), date(year, 7, 1)
    christmas = _free(date(year, 12, 25), set())
    return frozenset(
        {
            _free(new_year, set()),
            _monday(year, 2, 3) if year >= 2008 else new_year,
            _easter(year) - 2 * DAY,
            date(year, 5, 24) - (date(year, 5, 24).weekday() - MONDAY) * DAY,
            _free(canada_day, set()),
            _monday(year, 8, 1),
            _monday(year, 9, 1),
            _monday(year, 10, 2),
            christmas,
            _free(date(year, 12, 26), {christmas}),
        }
    )


def _free(day: date, taken: set[date]) -> date:
    """The day itself, or the next weekday that is not taken."""
    while day.weekday() >= SATURDAY or day in taken:
        day += DAY
    return day


def _monday(year: int, month: int, number: int) -> date:
    """The n-th Monday of a month."""
    first = date(year, month, 1)
    return first + ((MONDAY - first.weekday()) % 7 + 7 * (number - 1)) * DAY


def _easter(year: int) -> date:
    """Easter Sunday (Anonymous Gregorian computus)."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    j = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 22 * j) // 451
    month, day = divmod(h + j - 7 * m + 114, 31)
    return date(year, month, day + 1)
