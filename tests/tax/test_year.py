"""Netting, deduction and carryover: vectors of TAX_RULES (worksheet by hand) and laws."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwright.tax.year import TaxRates, year_tax

RATES = TaxRates(short=Decimal("0.4"), long=Decimal("0.2"))
dollars = st.integers(-20_000, 20_000).map(Decimal)


@pytest.mark.parametrize(
    ("short", "long", "tax", "deduction", "carry_short", "carry_long"),
    [
        # TAX_RULES netting vectors; tax at 40 % and 20 % by hand
        (-5_000, 8_000, 600, 0, 0, 0),
        (2_000, -10_000, -1_200, 3_000, 0, 5_000),
        (-4_000, -2_000, -1_200, 3_000, 1_000, 2_000),
        (1_000, -5_000, -1_200, 3_000, 0, 1_000),
        (-1_000, -9_000, -1_200, 3_000, 0, 7_000),
        (3_000, 4_000, 2_000, 0, 0, 0),
        (5_000, -2_000, 1_200, 0, 0, 0),  # short gain left: ordinary
        (-10_000, 1_000, -1_200, 3_000, 6_000, 0),
        (0, 0, 0, 0, 0, 0),
    ],
)
def test_worksheet(short: int, long: int, tax: int, deduction: int, carry_short: int, carry_long: int) -> None:
    found = year_tax(RATES, short=Decimal(short), long=Decimal(long))
    assert (found.tax, found.deduction) == (tax, deduction)
    assert (found.carryforward_short, found.carryforward_long) == (carry_short, carry_long)
    assert (found.net_short, found.net_long) == (short, long)


def test_married_filing_separately_deducts_half() -> None:
    found = year_tax(
        TaxRates(short=Decimal("0.4"), long=Decimal("0.2"), deduction_cap=Decimal(1_500)),
        short=Decimal(-4_000),
        long=Decimal(-2_000),
    )
    assert (found.deduction, found.carryforward_short, found.carryforward_long) == (1_500, 2_500, 2_000)


def test_the_deduction_may_save_at_a_rate_of_its_own() -> None:
    rates = TaxRates(short=Decimal("0.4"), long=Decimal("0.2"), deduction_rate=Decimal("0.1"))
    assert year_tax(rates, short=Decimal(-3_000), long=Decimal(0)).tax == -300
    assert TaxRates(short=Decimal("0.4"), long=Decimal("0.2")).deduction_rate == Decimal("0.4")


def test_tax_is_not_convex_as_the_design_says() -> None:
    rates = TaxRates(short=Decimal("0.408"), long=Decimal("0.238"))
    one = year_tax(rates, short=Decimal(1_000), long=Decimal(0)).tax
    ends = [year_tax(rates, short=Decimal(1_000), long=Decimal(x)).tax for x in (1_000, -1_000)]
    assert one == 408
    assert sum(ends) / 2 == 323


@given(dollars, dollars)
def test_nothing_is_lost_between_years(short: Decimal, long: Decimal) -> None:
    found = year_tax(RATES, short=short, long=long)
    left = found.carryforward_short + found.carryforward_long
    assert min(found.carryforward_short, found.carryforward_long, found.deduction) >= 0
    assert max(-(short + long), 0) == found.deduction + left
    assert found.deduction <= 3_000
    assert (left == 0) or found.deduction == 3_000


@given(dollars, dollars, st.integers(1, 500).map(Decimal))
def test_another_dollar_of_gain_never_lowers_the_tax(short: Decimal, long: Decimal, more: Decimal) -> None:
    base = year_tax(RATES, short=short, long=long).tax
    assert year_tax(RATES, short=short + more, long=long).tax >= base
    assert year_tax(RATES, short=short, long=long + more).tax >= base
