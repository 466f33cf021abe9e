"""Households of several people, and what the laws of pools say of a book's past."""

from __future__ import annotations

from typing import Any

import pytest
from builders import account, day, household, lot, market, trade

from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.book.kinds import FilingStatus, Regime
from lotwright.tax.household import household_tax
from lotwright.tax.regimes.laws import law_of, unlawful


def couple(regime: Regime, second: str = "taxable", **facts: Any) -> Household:
    return household(
        account("A", owner="Ann", regime=regime, **facts), account("B", second, owner="Bob", regime=regime, **facts)
    )


@pytest.mark.parametrize(
    ("regime", "words"), [(Regime.UK, "exempt amount and rates of their own"), (Regime.CANADA, "251.1")]
)
def test_two_taxpayers_are_refused_where_each_is_taxed_alone(regime: Regime, words: str) -> None:
    failure = unlawful(couple(regime))
    assert isinstance(failure, Failure)
    assert "H has taxable accounts of Ann and Bob." in failure.message
    assert words in failure.message
    assert "household" in failure.message


@pytest.mark.parametrize(("regime", "kind"), [(Regime.UK, "isa"), (Regime.CANADA, "rrsp")])
def test_a_spouse_s_registered_account_may_stay(regime: Regime, kind: str) -> None:
    assert unlawful(couple(regime, kind)) is None


def test_a_joint_return_is_one_and_two_separate_ones_are_said_to_be_two() -> None:
    assert unlawful(couple(Regime.US)) is None
    assert household_tax(couple(Regime.US, short_term_rate="0.3", long_term_rate="0.2")).notes == ()
    rates = {"short_term_rate": "0.3", "long_term_rate": "0.2"}
    joint = couple(Regime.US, filing_status=FilingStatus.MARRIED_JOINT, **rates)
    assert household_tax(joint).notes == ()
    (note,) = household_tax(couple(Regime.US, filing_status=FilingStatus.MARRIED_SEPARATE, **rates)).notes
    assert "belong to Ann and Bob, whose filing status is married_separate" in note


def test_a_british_household_is_told_what_its_basis_must_know() -> None:
    """Bought back on day 20: identified; on day 31: from the pool."""
    trades = (
        trade("sell", "2024-05-01", 10, 9),
        trade("buy", "2024-05-21", 4, 8),
        trade("sell", "2024-08-01", 10, 9),
        trade("buy", "2024-09-01", 10, 8),
        trade("sell", "2024-02-01", 10, 9),  # last year's
        trade("buy", "2024-02-02", 10, 9),
    )
    owner = account(regime=Regime.UK, lots=(lot("x", "2020-01-02"),), transactions=trades)
    found = law_of(household(owner)).held(household(owner), market("2024-12-02", X=9))
    assert isinstance(found, Household)
    (note,) = found.notes
    assert "(X of 2024-05-01)" in note


def test_a_canadian_trade_that_settles_next_year_counts_there_and_says_so() -> None:
    owner = household(account(regime=Regime.CANADA, long_term_rate="0.25"))
    law = law_of(owner)
    assert law.year(owner, as_of=day("2025-12-30")).notes == ()
    assert law.year(owner, as_of=day("2025-12-31")).notes == (
        "Trades of 2025-12-31 settle, and count, in 2026, not in 2025.",
    )
