"""Long-term rates that hold only so far: the 0 % bracket, against the tax by brackets and against the planner's pieces."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwright.book.holdings import Account, Household
from lotwright.book.kinds import AccountKind, FilingStatus
from lotwright.plan.costs.tax_lines import tax_pieces
from lotwright.tax.brackets import Filer, tax_on_gains
from lotwright.tax.household import household_tax
from lotwright.tax.year import TaxRates, year_tax

ZERO = Decimal(0)


@pytest.mark.parametrize("gain", [0, 5_000, 18_350, 18_351, 60_000])
def test_a_long_gain_over_the_top_of_the_bracket_is_taxed_as_the_worksheet_says(gain: int) -> None:
    """Single, 2025, taxable income 30,000: the 0 % bracket ends at 48,350 (Rev. Proc. 2024-40), 18,350 of room."""
    rates = TaxRates(short=Decimal("0.12"), long=ZERO, room=Decimal(18_350), long_above=Decimal("0.15"))
    filer = Filer(year=2025, status=FilingStatus.SINGLE, taxable_income=Decimal(30_000))
    expected = tax_on_gains(filer, short=ZERO, long=Decimal(gain)).tax
    assert year_tax(rates, short=ZERO, long=Decimal(gain)).tax == expected


def test_short_term_gain_fills_the_room_first() -> None:
    """10,000 short-term and 10,000 long-term on 15,000 of room: 5,000 of the long-term gain stands above it."""
    rates = TaxRates(short=Decimal("0.12"), long=ZERO, room=Decimal(15_000), long_above=Decimal("0.15"))
    assert year_tax(rates, short=Decimal(10_000), long=Decimal(10_000)).tax == 1_200 + 750


money = st.integers(-40_000, 40_000).map(Decimal)


@given(
    short=money,
    long=money,
    rate=st.sampled_from(["0.10", "0.12", "0.22", "0.37"]),
    low=st.sampled_from(["0", "0.0495"]),
    room=st.sampled_from([0, 4_000, 18_350, 10**7]),
    cap=st.sampled_from([0, 1_500, 3_000]),
    worth=st.sampled_from([0.0, 0.5, 1.0]),
)
def test_the_least_of_the_pieces_is_the_years_tax(
    short: Decimal, long: Decimal, rate: str, low: str, room: int, cap: int, worth: float
) -> None:
    """Exact everywhere: gains and losses of both terms, below the room and above it, ordinary rates under 15 % too."""
    rates = TaxRates(
        short=Decimal(rate),
        long=Decimal(low),
        deduction_cap=Decimal(cap),
        room=Decimal(room),
        long_above=Decimal(low) + Decimal("0.15"),
    )
    year = year_tax(rates, short=short, long=long)
    carried = min(Decimal(worth) * rates.long, rates.deduction_rate)
    expected = float(year.tax - carried * (year.carryforward_short + year.carryforward_long))
    pieces = tax_pieces(rates, carried_loss_value=worth)
    found = min(max(a * float(short) + b * float(long) + c for a, b, c in piece) for piece in pieces)
    assert found == pytest.approx(expected, abs=1e-6)


def household(**fields: Any) -> Household:
    """One taxable account of a single filer."""
    own = Account(
        account="A", household="H", kind=AccountKind.TAXABLE, model="m", cash=ZERO, filing_status=FilingStatus.SINGLE,
        **{name: Decimal(number) for name, number in fields.items()},
    )  # fmt: skip
    return Household(household="H", accounts=(own,))


TODAY = date(2020, 11, 30)


def test_the_room_follows_from_income_and_status() -> None:
    """2020, single: the 0 % bracket ends at 40,000 (Rev. Proc. 2019-44)."""
    tax = household_tax(household(taxable_income=30_000), as_of=TODAY)
    assert (tax.rates.long, tax.rates.room, tax.rates.long_above) == (ZERO, Decimal(10_000), Decimal("0.15"))
    assert "10,000 dollars, the room left in the 0 % bracket" in " ".join(tax.notes)


def test_a_stated_rate_of_fifteen_percent_says_there_is_no_room() -> None:
    stated = household(taxable_income=30_000, short_term_rate="0.12", long_term_rate="0.15")
    assert household_tax(stated, as_of=TODAY).rates.room == Decimal("Infinity")


def test_no_room_is_left_above_the_bracket() -> None:
    assert household_tax(household(taxable_income=40_000), as_of=TODAY).rates.room == Decimal("Infinity")
