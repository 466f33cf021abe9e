"""Rates, year so far and carryforwards of a household."""

from __future__ import annotations

from decimal import Decimal

import pytest
from builders import account, day, dec, household

from lotwright.book.kinds import FilingStatus
from lotwright.errors import ProgramError
from lotwright.tax.household import household_tax
from lotwright.tax.marginal import marginal_rates
from lotwright.tax.year import TaxRates

STATED = {"short_term_rate": "0.35", "long_term_rate": "0.15"}


def test_taxable_accounts_add_up_and_iras_do_not_count() -> None:
    found = household_tax(
        household(
            account("A", realised_short=100, realised_long=-50, carryforward_long=7, **STATED),
            account("B", realised_short=-30, carryforward_short=5, **STATED),
            account(
                "C", "ira", realised_short=999, carryforward_short=999, short_term_rate="0.9", long_term_rate="0.9"
            ),
        )
    )
    assert (found.realised_short, found.realised_long) == (70, -50)
    assert (found.carryforward_short, found.carryforward_long) == (5, 7)
    assert (found.short, found.long) == (65, -57)
    assert (found.rates.short, found.rates.long, found.rates.deduction_rate) == (dec("0.35"), dec("0.15"), dec("0.35"))
    assert found.notes == ()


def test_differing_rates_take_the_highest_and_say_so() -> None:
    found = household_tax(
        household(
            account("A", short_term_rate="0.3", long_term_rate="0.2"),
            account("B", short_term_rate="0.4", long_term_rate="0.15"),
        )
    )
    assert (found.rates.short, found.rates.long) == (dec("0.4"), dec("0.2"))
    assert len(found.notes) == 2
    assert "0.3, 0.4" in found.notes[0]


def test_no_taxable_account_pays_nothing() -> None:
    found = household_tax(household(account("A", "roth", short_term_rate="0.4", long_term_rate="0.2")))
    assert (found.rates.short, found.rates.long, found.rates.deduction_cap) == (0, 0, 0)


def test_missing_rates_are_assumed_aloud() -> None:
    found = household_tax(household(account()))
    assert (found.rates.short, found.rates.long) == (dec("0.408"), dec("0.238"))
    assert "are assumed" in found.notes[0]
    own = household_tax(household(account()), assumed=TaxRates(short=dec("0.5"), long=dec("0.25")))
    assert (own.rates.short, own.rates.long) == (dec("0.5"), dec("0.25"))


def test_one_stated_rate_is_kept_when_the_other_is_missing() -> None:
    found = household_tax(household(account(short_term_rate="0.9")))
    assert (found.rates.short, found.rates.long) == (dec("0.9"), dec("0.238"))


def test_rates_follow_from_income_and_status() -> None:
    owner = account(taxable_income=300_000, filing_status=FilingStatus.SINGLE, state="PA")
    found = household_tax(household(owner), as_of=day("2025-06-01"))
    # 2025 single: 35 % above 250,525; 15 % up to 533,400; NIIT above 200,000; Pennsylvania 3.07 %
    assert found.rates.short == dec("0.35") + dec("0.038") + dec("0.0307")
    assert found.rates.long == dec("0.15") + dec("0.038") + dec("0.0307")
    assert "2025 brackets" in found.notes[0]


def test_a_state_that_is_not_in_the_data_is_named_and_not_counted() -> None:
    owner = account(taxable_income=30_000, filing_status=FilingStatus.SINGLE, state="HI")
    found = household_tax(household(owner), as_of=day("2025-06-01"))
    assert (found.rates.short, found.rates.long) == (dec("0.12"), 0)
    assert "income tax of HI is not in the data and not counted" in found.notes[0]


@pytest.mark.parametrize(
    ("state", "income", "as_of", "rate", "words"),
    [
        ("CA", 30_000, "2025-06-01", "0.04", "0.04 of them by the 2025 schedule of CA."),
        ("CA", 30_000, "2026-06-01", "0.04", "0.04 of them by the 2025 schedule of CA, which stands in for 2026."),
        ("ny", 30_000, "2025-06-01", "0.055", "0.055 of them by the 2025 schedule of NY."),
        ("NJ", 30_000, "2020-06-01", "0.0175", "0.0175 of them by the 2020 schedule of NJ."),
    ],
)
def test_a_graduated_state_is_counted_at_its_marginal_rate(
    state: str, income: int, as_of: str, rate: str, words: str
) -> None:
    owner = account(taxable_income=income, filing_status=FilingStatus.SINGLE, state=state)
    found = household_tax(household(owner), as_of=day(as_of))
    assert (found.rates.short, found.rates.long) == (dec("0.12") + dec(rate), dec(rate))
    assert words in found.notes[0]
    assert found.rates.long_above == dec("0.15") + dec(rate)  # above the room of the federal 0 % bracket


@pytest.mark.parametrize(("as_of", "year"), [("2030-01-01", 2026), ("2015-01-01", 2020), (None, 2026)])
def test_years_outside_the_data_use_the_nearest(as_of: str | None, year: int) -> None:
    owner = account(taxable_income=30_000, filing_status=FilingStatus.SINGLE)
    found = household_tax(household(owner), as_of=day(as_of) if as_of else None)
    assert f"{year} brackets" in found.notes[0]


@pytest.mark.parametrize(
    ("facts", "cap"),
    [
        ({}, 3_000),
        ({"filing_status": FilingStatus.MARRIED_SEPARATE}, 1_500),
        ({"taxable_income": 1_000}, 1_000),  # carryover worksheet line 4
        ({"taxable_income": -5}, 0),
        ({"taxable_income": 50_000}, 3_000),
    ],
)
def test_deduction_cap(facts: dict[str, object], cap: int) -> None:
    assert household_tax(household(account(**STATED, **facts))).rates.deduction_cap == cap


def test_disagreeing_filing_statuses_take_the_lowest_cap() -> None:
    found = household_tax(
        household(
            account("A", filing_status=FilingStatus.MARRIED_JOINT, **STATED),
            account("B", filing_status=FilingStatus.MARRIED_SEPARATE, **STATED),
        )
    )
    assert found.rates.deduction_cap == 1_500
    assert "different filing statuses" in found.notes[0]


def test_equal_rates_are_nothing_to_note() -> None:
    assert household_tax(household(account(short_term_rate="0.2", long_term_rate="0.2"))).notes == ()


def test_a_long_rate_above_the_short_one_is_used_for_both() -> None:
    found = household_tax(household(account(short_term_rate="0.1", long_term_rate="0.2")))
    assert found.rates.short == found.rates.long == dec("0.2")
    assert "used for both" in found.notes[0]


def test_top_federal_rates() -> None:
    """TAX_RULES B4: 40.8 % and 23.8 %."""
    found = marginal_rates(Decimal(1_000_000), FilingStatus.MARRIED_JOINT, year=2026)
    assert (found.short, found.long) == (dec("0.408"), dec("0.238"))


@pytest.mark.parametrize(("income", "short"), [(199_999, "0.32"), (200_000, "0.358")])
def test_investment_income_tax_is_on_the_next_dollar(income: int, short: str) -> None:
    assert marginal_rates(Decimal(income), FilingStatus.SINGLE, year=2025).short == dec(short)


def test_the_long_rate_is_never_above_the_ordinary_one() -> None:
    """2026 single: 15 % from 49,450, but ordinary income is taxed at 12 % up to 50,400 (worksheet line 25)."""
    found = marginal_rates(Decimal(50_000), FilingStatus.SINGLE, year=2026)
    assert (found.short, found.long) == (dec("0.12"), dec("0.12"))


def test_an_unknown_year_says_which_are_known() -> None:
    with pytest.raises(ProgramError, match="Tax year 1999 is not in the data of the law"):
        marginal_rates(Decimal(1), FilingStatus.SINGLE, year=1999)
