"""Holding periods: the vectors of TAX_RULES B3 and the laws behind them."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from builders import day
from hypothesis import given
from hypothesis import strategies as st

from lotwright.book.kinds import Character
from lotwright.tax.holding import character, long_term_from


@pytest.mark.parametrize(
    ("acquired", "first"),
    [
        ("2025-10-03", "2026-10-04"),  # TAX_RULES holding-period vectors
        ("2025-12-03", "2026-12-04"),
        ("2024-02-29", "2025-03-01"),
        ("2027-02-28", "2028-03-01"),
        ("2025-03-01", "2026-03-02"),
        ("2012-09-19", "2013-09-20"),  # J.K. Lasser
        ("2011-03-15", "2012-03-16"),  # and not 17 March, as one published guide has it (B3)
        ("2023-03-01", "2024-03-02"),
        ("2013-01-15", "2014-01-16"),  # V23, tacked start
        ("2025-04-30", "2026-05-01"),  # Rev. Rul. 66-7: last day of a month
        ("2024-02-28", "2025-03-01"),  # not the last day of its month: day after the anniversary
    ],
)
def test_first_long_term_day(acquired: str, first: str) -> None:
    assert long_term_from(day(acquired)) == day(first)


@pytest.mark.parametrize(
    ("acquired", "sold", "term"),
    [
        ("2025-03-01", "2026-03-01", "ST"),
        ("2025-03-01", "2026-03-02", "LT"),
        ("2023-03-01", "2024-03-01", "ST"),  # 366 days have passed
        ("2027-02-28", "2028-02-29", "ST"),
    ],
)
def test_character_at_the_boundary(acquired: str, sold: str, term: str) -> None:
    assert character(day(acquired), day(sold)) is Character(term)


@given(st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 1, 1)))
def test_a_year_is_365_to_367_days_and_later_starts_are_never_earlier(start: date) -> None:
    first = long_term_from(start)
    assert 366 <= (first - start).days <= 367
    assert long_term_from(start + timedelta(days=1)) >= first
