"""Marginal rates from what a tax return says: income, filing status, year, state."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from lotwright.book.kinds import FilingStatus
from lotwright.tax.law import (
    capital_gain_brackets,
    investment_income_rate,
    investment_income_threshold,
    ordinary_brackets,
)
from lotwright.tax.states import StateSchedule, rate_above, state_schedule

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginalRates:
    """Rates on the next dollar, as fractions: federal with the net investment income tax, plus the state's."""

    short: Decimal
    long: Decimal
    state: StateSchedule | None
    """The state's schedule and its year; None where the data do not have the state (then it is not counted)."""


def marginal_rates(
    taxable_income: Decimal, status: FilingStatus, *, year: int, state: str | None = None
) -> MarginalRates:
    """Rates on the next dollar of short-term and of long-term gain.

    IRC section 1(j) for the short-term dollar, section 1(h) for the long-term dollar on top of all other income,
    section 1411 (3.8 %) on both when income reaches the threshold; the state's rate on both
    (:func:`lotwright.tax.states.state_schedule`). Taxable income stands in for modified adjusted gross
    income, which is larger by the deductions taken: near the threshold a book should state its rates.

    Parameters
    ----------
    taxable_income : Decimal
        Dollars, before the plan and before any capital-loss deduction.
    status : FilingStatus
    year : int
        Tax year; must be one of :func:`lotwright.tax.law.known_years` (``ProgramError`` otherwise).
    state : str, optional
        Postal code.

    Examples
    --------
    >>> rates = marginal_rates(Decimal(1_000_000), FilingStatus.SINGLE, year=2025, state="TX")
    >>> rates.short, rates.long
    (Decimal('0.408'), Decimal('0.238'))
    """
    extra = investment_income_rate() if taxable_income >= investment_income_threshold(status) else ZERO
    of_state = state_schedule(state, status, year=year)
    both = extra + (of_state.rate_above(taxable_income) if of_state else ZERO)
    ordinary = rate_above(ordinary_brackets(year, status), taxable_income)
    # never more than the ordinary rate (worksheet line 25): the 15 % may begin inside the 12 % bracket
    preferred = min(rate_above(capital_gain_brackets(year, status), taxable_income), ordinary)
    return MarginalRates(short=ordinary + both, long=preferred + both, state=of_state)
