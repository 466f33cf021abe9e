"""Tax by brackets: figures of TAX_RULES B4 and worked by hand from the worksheets."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from builders import dec
from hypothesis import given
from hypothesis import strategies as st

from lotwright.book.kinds import FilingStatus
from lotwright.tax.brackets import Filer, income_tax, net_capital_gain, tax_on_gains
from lotwright.tax.law import (
    Brackets,
    capital_gain_brackets,
    deduction_cap,
    investment_income_threshold,
    known_years,
    ordinary_brackets,
    read_law,
)

SINGLE, JOINT = FilingStatus.SINGLE, FilingStatus.MARRIED_JOINT
SEPARATE, HEAD = FilingStatus.MARRIED_SEPARATE, FilingStatus.HEAD_OF_HOUSEHOLD


def filer(**facts: Any) -> Filer:
    money = ("taxable_income", "qualified_dividends", "modified_agi", "investment_income")
    return Filer(
        **{"year": 2025, "status": SINGLE, **{k: dec(v) if k in money else v for k, v in facts.items()}}  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("year", "status", "tops"),
    [  # TAX_RULES B4
        (2024, SINGLE, (47_025, 518_900)),
        (2024, JOINT, (94_050, 583_750)),
        (2024, HEAD, (63_000, 551_350)),
        (2024, SEPARATE, (47_025, 291_850)),
        (2025, SINGLE, (48_350, 533_400)),
        (2025, JOINT, (96_700, 600_050)),
        (2025, HEAD, (64_750, 566_700)),
        (2025, SEPARATE, (48_350, 300_000)),
        (2026, SINGLE, (49_450, 545_500)),
        (2026, JOINT, (98_900, 613_700)),
        (2026, HEAD, (66_200, 579_600)),
        (2026, SEPARATE, (49_450, 306_850)),
    ],
)
def test_long_term_breakpoints(year: int, status: FilingStatus, tops: tuple[int, int]) -> None:
    assert capital_gain_brackets(year, status).tops == tops


@pytest.mark.parametrize(
    ("year", "status", "tops"),
    [  # TAX_RULES B4
        (2026, SINGLE, (12_400, 50_400, 105_700, 201_775, 256_225, 640_600)),
        (2026, JOINT, (24_800, 100_800, 211_400, 403_550, 512_450, 768_700)),
        (2025, SINGLE, (11_925, 48_475, 103_350, 197_300, 250_525, 626_350)),
    ],
)
def test_ordinary_brackets(year: int, status: FilingStatus, tops: tuple[int, ...]) -> None:
    assert ordinary_brackets(year, status).tops == tops


def test_every_year_has_every_status_ascending_and_a_source() -> None:
    assert list(known_years()) == [2020, 2021, 2022, 2023, 2024, 2025, 2026]
    for year in known_years():
        for status in FilingStatus:
            for schedule in (ordinary_brackets(year, status), capital_gain_brackets(year, status)):
                assert list(schedule.tops) == sorted(set(schedule.tops))
                assert len(schedule.rates) == len(schedule.tops) + 1
                assert schedule.source.startswith("Rev. Proc.")
        joint, separate = ordinary_brackets(year, JOINT).tops, ordinary_brackets(year, SEPARATE).tops
        assert [top / 2 for top in joint] == list(separate)  # IRC section 1(j)(2)(D): half of the joint schedule


def test_amounts_that_are_not_indexed() -> None:
    assert [deduction_cap(s) for s in (SINGLE, JOINT, HEAD, SEPARATE, None)] == [3_000, 3_000, 3_000, 1_500, 3_000]
    assert [investment_income_threshold(s) for s in (SINGLE, JOINT, HEAD, SEPARATE)] == [
        200_000, 250_000, 200_000, 125_000,
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["ordinary_income", "capital_gains", "capital_loss", "net_investment_income"])
def test_numbers_of_the_law_carry_title_unit_and_source(name: str) -> None:
    law = read_law(name)
    assert law["title"]
    assert law["unit"]
    assert all(entry["source"] and entry["link"].startswith("https://") for entry in law["year"])


def test_state_rates_carry_their_sources() -> None:
    law = read_law("state_income")
    assert law["year"] == 2025
    assert all(entry["source"] for entry in law["flat"].values())
    assert all(0 <= entry["rate"] < dec("0.06") for entry in law["flat"].values())
    assert [state for state in ("CA", "NY", "WA", "MA", "AZ") if state in law["flat"]] == []


def test_a_long_gain_straddles_the_0_and_15_percent_brackets() -> None:
    """2025 single: 48,350 - 40,000 = 8,350 at 0 %, 1,650 at 15 %."""
    assert tax_on_gains(filer(taxable_income=40_000), short=Decimal(0), long=Decimal(10_000)).tax == dec("247.50")


def test_a_short_gain_is_ordinary_income_and_pushes_the_long_gain_up() -> None:
    """2025 single, 40,000: short 10,000 = 8,475 at 12 % + 1,525 at 22 %; long 10,000 then all at 15 %."""
    found = tax_on_gains(filer(taxable_income=40_000), short=Decimal(10_000), long=Decimal(10_000))
    assert found.tax == dec("1017") + dec("335.50") + dec("1500")


def test_one_day_too_early_costs_17_percent() -> None:
    """TAX_RULES B4: 10,000 dollars of gain one day early: 4,080 against 2,380."""
    rich = filer(taxable_income=2_000_000)
    assert tax_on_gains(rich, short=Decimal(10_000), long=Decimal(0)).tax == 4_080
    assert tax_on_gains(rich, short=Decimal(0), long=Decimal(10_000)).tax == 2_380


def test_the_worksheet_never_asks_for_more_than_the_ordinary_rates() -> None:
    """Worksheet line 25: 2026 single, 49,450 + 950 long-term lies in the 12 % bracket, where 15 % would be more."""
    found = tax_on_gains(filer(year=2026, taxable_income=49_450), short=Decimal(0), long=Decimal(950))
    assert found.tax == dec("0.12") * 950


def test_qualified_dividends_stack_with_the_gain() -> None:
    """2025 single, 50,000 of which 10,000 dividends: ordinary 40,000; 8,350 at 0 %, then 1,650 + 5,000 at 15 %."""
    found = income_tax(filer(taxable_income=50_000, qualified_dividends=10_000), long=Decimal(5_000))
    assert found.preferred == dec("997.50")
    assert found.ordinary == dec("1192.50") + dec("0.12") * (40_000 - 11_925)


def test_investment_income_tax_looks_at_the_smaller_of_two() -> None:
    """Form 8960 lines 13-17: 3.8 % of min(net investment income, income above 200,000)."""
    base = {"taxable_income": 180_000, "modified_agi": 195_000, "investment_income": 4_000}
    assert income_tax(filer(**base)).investment == 0
    assert income_tax(filer(**base), long=Decimal(10_000)).investment == dec("0.038") * 5_000
    assert income_tax(filer(**base), long=Decimal(100_000)).investment == dec("0.038") * 95_000
    assert income_tax(filer(**{**base, "modified_agi": 400_000}), long=Decimal(10_000)).investment == 14 * dec("38")


def test_a_net_loss_lowers_investment_income_by_the_deductible_part_only() -> None:
    base = {"taxable_income": 500_000, "investment_income": 10_000}
    assert income_tax(filer(**base), long=Decimal(-50_000)).investment == dec("0.038") * 7_000


def test_a_loss_saves_at_the_ordinary_rate_and_the_rest_carries() -> None:
    found = tax_on_gains(filer(taxable_income=90_000), short=Decimal(-4_000), long=Decimal(-2_000))
    assert (found.tax, found.deduction) == (-660, 3_000)  # 22 % of 3,000
    assert (found.carryforward_short, found.carryforward_long) == (1_000, 2_000)


@pytest.mark.parametrize(
    ("income", "used", "carried"), [(1_000, 1_000, 4_000), (-500, 0, 5_000), (3_000, 3_000, 2_000)]
)
def test_a_low_income_does_not_use_up_the_deduction(income: int, used: int, carried: int) -> None:
    """Capital Loss Carryover Worksheet lines 1-4 (TAX_RULES B2)."""
    found = tax_on_gains(filer(taxable_income=income), short=Decimal(0), long=Decimal(-5_000))
    assert (found.deduction, found.carryforward_long) == (used, carried)


def test_deductions_left_over_shelter_gains() -> None:
    assert tax_on_gains(filer(taxable_income=-10_000), short=Decimal(10_000), long=Decimal(0)).tax == 0


def test_a_state_schedule_taxes_gains_as_income() -> None:
    flat = Brackets(tops=(), rates=(dec("0.05"),), source="by hand")
    table = Brackets(tops=(Decimal(45_000),), rates=(Decimal(0), dec("0.1")), source="by hand")
    gains = {"short": Decimal(0), "long": Decimal(8_000)}  # all in the federal 0 % bracket
    assert tax_on_gains(filer(taxable_income=40_000, state=flat), **gains).tax == 400
    assert tax_on_gains(filer(taxable_income=40_000, state=table), **gains).tax == 300


def test_net_capital_gain() -> None:
    """IRC section 1222(11)."""
    pairs = [(0, 5), (3, 5), (-3, 5), (-9, 5), (5, -3), (-1, -1)]
    assert [net_capital_gain(Decimal(s), Decimal(g)) for s, g in pairs] == [5, 5, 2, 0, 0, 0]


@given(
    st.integers(0, 700_000), st.integers(-50_000, 50_000), st.integers(-50_000, 50_000), st.sampled_from([2020, 2026])
)
def test_long_gains_cost_more_than_short_ones_only_where_15_percent_begins_inside_the_12_percent_bracket(
    income: int, short: int, long: int, year: int
) -> None:
    who = filer(taxable_income=income, year=year)
    base = tax_on_gains(who, short=Decimal(short), long=Decimal(long)).tax
    as_short = tax_on_gains(who, short=Decimal(short) + 1_000, long=Decimal(long)).tax
    as_long = tax_on_gains(who, short=Decimal(short), long=Decimal(long) + 1_000).tax
    inside = ordinary_brackets(year, SINGLE).tops[1] - capital_gain_brackets(year, SINGLE).tops[0]
    assert base <= as_long <= as_short + dec("0.03") * inside
