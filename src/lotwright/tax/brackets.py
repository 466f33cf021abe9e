"""The year's tax by brackets: ordinary income first, long-term gains and qualified dividends stacked on top.

Problem: marginal rates are right for the next dollar only; a large gain crosses brackets.
Observations: net long-term gain is taxed at the rate of the bracket it reaches on top of all other income (Qualified
Dividends and Capital Gain Tax Worksheet), and pushes nothing else up; net short-term gain is ordinary income and pushes
the long-term gain up. The net investment income tax looks at other numbers again.
Therefore: the tax on gains is the tax on everything less the tax without the gains, each computed whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal

from lotwright.book.kinds import FilingStatus
from lotwright.tax.law import (
    Brackets,
    capital_gain_brackets,
    deduction_cap,
    investment_income_rate,
    investment_income_threshold,
    ordinary_brackets,
)
from lotwright.tax.year import TaxRates, YearTax, year_tax

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filer:
    """One tax return but for this year's capital gains; dollars.

    Parameters
    ----------
    year, status
        Tax year and filing status: which brackets apply.
    taxable_income : Decimal
        Form 1040 line 15 without this year's capital gains and before any capital-loss deduction; qualified dividends
        included; negative where deductions exceed income.
    qualified_dividends : Decimal
        Form 1040 line 3a.
    modified_agi : Decimal, optional
        Form 8960 line 13 without the gains; taxable income where not given, which understates it by the deductions.
    investment_income : Decimal
        Interest, dividends and the like (Form 8960 line 8 without line 5a).
    state : Brackets, optional
        The state's schedule, applied to taxable income with gains as ordinary income; none where not given.
    """

    year: int
    status: FilingStatus
    taxable_income: Decimal
    qualified_dividends: Decimal = ZERO
    modified_agi: Decimal | None = None
    investment_income: Decimal = ZERO
    state: Brackets | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomeTax:
    """A year's income tax in parts; dollars, not rounded."""

    ordinary: Decimal
    """On income taxed at ordinary rates."""
    preferred: Decimal
    """On net capital gain and qualified dividends."""
    investment: Decimal
    """Net investment income tax."""
    state: Decimal

    @property
    def total(self) -> Decimal:
        """All parts."""
        return self.ordinary + self.preferred + self.investment + self.state


def income_tax(filer: Filer, *, short: Decimal = ZERO, long: Decimal = ZERO) -> IncomeTax:
    """Tax on all income of a year whose net gains, carried-in losses included as negative numbers, are as given.

    Form 1040 line 16 by the Qualified Dividends and Capital Gain Tax Worksheet (IRC section 1(h)), Form 8960 (section
    1411), and the state's schedule. Collectibles, unrecaptured section 1250 gain and the alternative minimum tax are
    not modelled.

    Parameters
    ----------
    filer : Filer
    short, long : Decimal
        Dollars. A net loss lowers income by at most the cap of section 1211(b).
    """
    in_income = max(short + long, -deduction_cap(filer.status))
    taxable = max(filer.taxable_income + in_income, ZERO)
    preferred = min(filer.qualified_dividends + net_capital_gain(short, long), taxable)
    by_worksheet = _stacked(filer, ordinary=taxable - preferred, top=taxable)
    ordinary = tax_by(ordinary_brackets(filer.year, filer.status), taxable - preferred)
    whole = tax_by(ordinary_brackets(filer.year, filer.status), taxable)
    return IncomeTax(
        ordinary=ordinary,
        preferred=min(by_worksheet, whole - ordinary),
        investment=_investment_income_tax(filer, gains=in_income),
        state=tax_by(filer.state, taxable) if filer.state else ZERO,
    )


def tax_on_gains(filer: Filer, *, short: Decimal, long: Decimal) -> YearTax:
    """What the year's gains add to the tax (a net loss: take off), and what carries over.

    Carryover by the Capital Loss Carryover Worksheet, Schedule D instructions: of a net loss no more is used up than
    the cap of section 1211(b) and than taxable income before the deduction (section 1212(b)(2)).

    Examples
    --------
    >>> filer = Filer(year=2025, status=FilingStatus.SINGLE, taxable_income=Decimal(40_000))
    >>> tax_on_gains(filer, short=Decimal(0), long=Decimal(10_000)).tax  # 8,350 at 0 %, 1,650 at 15 %
    Decimal('247.500')
    """
    room = min(deduction_cap(filer.status), max(filer.taxable_income, ZERO))
    netted = year_tax(TaxRates(short=ZERO, long=ZERO, deduction_cap=room), short=short, long=long)
    return replace(netted, tax=income_tax(filer, short=short, long=long).total - income_tax(filer).total)


def net_capital_gain(short: Decimal, long: Decimal) -> Decimal:
    """Net long-term gain in excess of net short-term loss, never negative (IRC section 1222(11))."""
    return max(min(long, short + long), ZERO)


def tax_by(brackets: Brackets, income: Decimal) -> Decimal:
    """Tax on ``income`` dollars by a schedule."""
    tax, floor = ZERO, ZERO
    for top, rate in zip((*brackets.tops, None), brackets.rates, strict=True):
        ceiling = income if top is None else min(income, top)
        tax += rate * max(ceiling - floor, ZERO)
        floor = ceiling if top is None else top
    return tax


def _stacked(filer: Filer, *, ordinary: Decimal, top: Decimal) -> Decimal:
    """Tax on the dollars between ``ordinary`` and ``top``, at the long-term rates of where they stand."""
    schedule = capital_gain_brackets(filer.year, filer.status)
    return tax_by(schedule, top) - tax_by(schedule, ordinary)


def _investment_income_tax(filer: Filer, *, gains: Decimal) -> Decimal:
    """3.8 % of net investment income or of income above the threshold, whichever is less (section 1411(a)(1)).

    A net loss counts only as far as it is deductible (Treas. Reg. 1.1411-4(d)(2)).
    """
    modified = filer.taxable_income if filer.modified_agi is None else filer.modified_agi
    above = max(modified + gains - investment_income_threshold(filer.status), ZERO)
    return investment_income_rate() * min(max(filer.investment_income + gains, ZERO), above)
