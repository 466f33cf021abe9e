"""Scheduled days against the exchanges' published calendars (NYSE and LSE holiday notices), and laws of any schedule."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwright.errors import ProgramError
from lotwright.trigger.acted import Acted
from lotwright.trigger.conditions.calendar import Calendar, EarlyClose, Weekday
from lotwright.trigger.trading_days import Every, period, trading_days
from tests.plan.factory import account, lot
from tests.trigger.situations import market_of, situation, target

NYSE = trading_days("XNYS", date(2024, 6, 1))
MARKET = market_of({"AAA": 10}, [target("AAA", 1.0)])


def judged(condition: Calendar, day: date, planned: date | None = None):
    facts = situation(
        [account(lots=[lot("AAA", 1, cost=1)])], MARKET, as_of=day, days=NYSE, acted=Acted(planned=planned)
    )
    return condition.judge(facts)


@pytest.mark.parametrize(
    ("day", "is_session", "is_early"),
    [
        (date(2024, 1, 1), False, False),  # New Year's Day
        (date(2024, 3, 29), False, False),  # Good Friday
        (date(2024, 6, 19), False, False),  # Juneteenth
        (date(2024, 7, 3), True, True),
        (date(2024, 7, 4), False, False),
        (date(2024, 11, 29), True, True),  # the day after Thanksgiving
        (date(2024, 12, 24), True, True),
        (date(2025, 1, 9), False, False),  # mourning for President Carter
        (date(2024, 6, 15), False, False),  # Saturday
        (date(2024, 6, 17), True, False),
    ],
)
def test_sessions_are_the_exchanges(day: date, is_session: bool, is_early: bool) -> None:
    assert NYSE.is_session(day) is is_session
    assert NYSE.is_early_close(day) is is_early


def test_london_has_holidays_of_its_own() -> None:
    london = trading_days("XLON", date(2024, 6, 1))
    assert not london.is_session(date(2024, 12, 26))
    assert london.is_session(date(2024, 7, 4))
    assert london.is_early_close(date(2024, 12, 24))


def test_an_unknown_exchange_is_named() -> None:
    with pytest.raises(ProgramError, match=r"no exchange 'NYSE2'.*XNYS"):
        trading_days("NYSE2", date(2024, 1, 1))


@pytest.mark.parametrize(
    ("condition", "scheduled"),
    [
        (Calendar(every=Every.QUARTER), date(2024, 4, 1)),
        (Calendar(every=Every.QUARTER, nth=-1), date(2024, 6, 28)),
        (Calendar(every=Every.MONTH, nth=3), date(2024, 4, 3)),
        (Calendar(every=Every.MONTH, nth=-1), date(2024, 4, 30)),
        (Calendar(every=Every.MONTH, nth=99), date(2024, 4, 30)),
        (Calendar(every=Every.YEAR), date(2024, 1, 2)),
        (Calendar(every=Every.HALF_YEAR), date(2024, 1, 2)),
        (Calendar(every=Every.WEEK), date(2024, 4, 15)),
        (Calendar(every=Every.WEEK, weekday=Weekday.WEDNESDAY), date(2024, 4, 17)),
        (Calendar(every=Every.DAY), date(2024, 4, 18)),
    ],
)
def test_the_nth_trading_day_of_the_period_of_18_april_2024(condition: Calendar, scheduled: date) -> None:
    assert condition.scheduled(NYSE, date(2024, 4, 18)) == scheduled
    assert judged(condition, scheduled).holds is True
    before = NYSE.sessions[NYSE.sessions.index(scheduled) - 1]
    if condition.every is not Every.DAY:
        assert judged(condition, before).holds is False


def test_a_holiday_on_the_weekday_gives_the_next_session_of_the_week_else_the_one_before() -> None:
    assert Calendar(every=Every.WEEK, weekday=Weekday.MONDAY).scheduled(NYSE, date(2024, 5, 29)) == date(2024, 5, 28)
    assert Calendar(every=Every.WEEK, weekday=Weekday.FRIDAY).scheduled(NYSE, date(2024, 3, 26)) == date(2024, 3, 28)


def test_an_early_close_is_acted_on_skipped_or_passed_to_the_next_full_session() -> None:
    friday = date(2024, 11, 29)  # the last session of November closes at 13:00
    last = {choice: Calendar(every=Every.MONTH, nth=-1, early_close=choice) for choice in EarlyClose}
    assert last[EarlyClose.ACT].scheduled(NYSE, friday) == friday
    assert last[EarlyClose.SKIP].scheduled(NYSE, friday) is None
    assert last[EarlyClose.NEXT].scheduled(NYSE, friday) == date(2024, 12, 2)
    assert judged(last[EarlyClose.SKIP], friday).holds is False


def test_only_in_some_months() -> None:
    twice = Calendar(every=Every.MONTH, months=(1, 7))
    assert judged(twice, date(2024, 7, 1)).holds is True
    verdict = judged(twice, date(2024, 8, 1))
    assert (verdict.holds, verdict.next) == (False, date(2025, 1, 2))


def test_a_day_that_went_by_is_made_up_for_within_reach_and_once() -> None:
    quarterly = Calendar(every=Every.QUARTER, catch_up=3)  # 1 April 2024
    assert judged(quarterly, date(2024, 4, 4), planned=date(2024, 3, 20)).holds is True
    assert judged(quarterly, date(2024, 4, 5), planned=date(2024, 3, 20)).holds is False
    assert judged(quarterly, date(2024, 4, 4), planned=date(2024, 4, 1)).holds is False
    assert judged(quarterly, date(2024, 4, 4), planned=None).holds is False


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"every": Every.MONTH, "nth": 0}, "nth is 0"),
        ({"every": Every.MONTH, "weekday": Weekday.MONDAY}, "weekday goes with"),
        ({"every": Every.MONTH, "months": (13,)}, "Months are 1 to 12"),
    ],
)
def test_settings_that_make_no_sense_are_refused(settings: dict[str, object], says: str) -> None:
    with pytest.raises(ProgramError, match=says):
        Calendar(**settings)


@given(st.dates(date(2022, 1, 1), date(2025, 12, 31)), st.sampled_from(list(Every)))
def test_periods_tile_the_calendar(day: date, every: Every) -> None:
    first, following = period(every, day)
    assert first <= day < following
    assert period(every, following - timedelta(days=1)) == (first, following)


@given(
    st.dates(date(2023, 1, 10), date(2025, 6, 30)),
    st.sampled_from([e for e in Every if e is not Every.DAY]),
    st.integers(-6, 6),
)
def test_the_promised_next_day_is_the_first_on_which_it_holds(day: date, every: Every, nth: int) -> None:
    condition = Calendar(every=every, nth=nth or 1)
    verdict = judged(condition, day)
    if verdict.holds:
        return
    assert verdict.next is not None
    between = [d for d in NYSE.sessions if day < d < verdict.next]
    assert not any(judged(condition, d).holds for d in between)
    assert judged(condition, verdict.next).holds
