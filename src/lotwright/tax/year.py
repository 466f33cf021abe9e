"""The year's tax on capital gains at flat marginal rates: netting, deduction, what carries over.

Problem: what a dollar of gain or loss costs depends on the rest of the year.
Observations: a net loss of one term first absorbs the other term's gain, then up to 3,000 dollars of other income, and
the remainder waits for later years. With marginal rates given, the year's tax is a function of two numbers only.
Therefore: one pure function of the year's net short and net long gain. Tax by brackets is
:mod:`lotwright.tax.brackets`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

ZERO = Decimal(0)
UNLIMITED = Decimal("Infinity")
_AS_SHORT = Decimal("NaN")
_AS_LONG = Decimal("NaN")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxRates:
    """All-in marginal rates as fractions, and how much net loss other income can absorb this year.

    Parameters
    ----------
    short, long : Decimal
        Rate on a dollar of net short-term and net long-term gain, e.g. ``Decimal(".408")`` and ``Decimal(".238")``.
    deduction_cap : Decimal
        Dollars of net loss deductible from other income (IRC section 1211(b): 3,000, or 1,500 when married filing
        separately; never more than taxable income, Capital Loss Carryover Worksheet lines 1-4).
    deduction_rate : Decimal
        Rate at which a deducted dollar saves tax; the short-term rate when not given.
    room, long_above : Decimal
        ``long`` holds while the year's net gain stays within ``room`` dollars; net long-term gain that stands above it,
        short-term gain filling the room first, is taxed at ``long_above`` (IRC section 1(h): 0 % up to the top of a
        bracket, 15 % above). Unlimited, and no rate above, when not given.
    """

    short: Decimal
    long: Decimal
    deduction_cap: Decimal = Decimal(3000)
    deduction_rate: Decimal = _AS_SHORT
    room: Decimal = UNLIMITED
    long_above: Decimal = _AS_LONG

    def __post_init__(self) -> None:
        """Fill in the rates that were not given."""
        if self.deduction_rate.is_nan():
            object.__setattr__(self, "deduction_rate", self.short)
        if self.long_above.is_nan():
            object.__setattr__(self, "long_above", self.long)


@dataclass(frozen=True, slots=True, kw_only=True)
class YearTax:
    """One year's outcome in dollars, not rounded.

    ``net_short`` and ``net_long`` are the netted gains before they are set against each other; ``tax`` is negative
    where a net loss is deducted; ``deduction`` is what of the net loss this year uses up; carryforwards are positive.
    """

    net_short: Decimal
    net_long: Decimal
    tax: Decimal
    deduction: Decimal
    carryforward_short: Decimal
    carryforward_long: Decimal


def year_tax(rates: TaxRates, *, short: Decimal, long: Decimal) -> YearTax:
    """Tax on a year whose net gains, carried-in losses included as negative numbers, are ``short`` and ``long``.

    Schedule D lines 7, 15, 16 and 21 and the Capital Loss Carryover Worksheet; IRC sections 1211(b), 1212(b) and 1222.
    A net loss of one term absorbs the other term's gain; of a net loss ``rates.deduction_cap`` is deducted, short-term
    first; the remainder carries over keeping its character.

    Parameters
    ----------
    rates : TaxRates
    short, long : Decimal
        Dollars: realised so far plus planned minus carried-in losses.

    Examples
    --------
    >>> rates = TaxRates(short=Decimal(".4"), long=Decimal(".2"))
    >>> outcome = year_tax(rates, short=Decimal(-4000), long=Decimal(-2000))
    >>> outcome.tax, outcome.carryforward_short, outcome.carryforward_long
    (Decimal('-1200.0'), Decimal('1000'), Decimal('2000'))
    """
    short_left, long_left = _netted(short, long)
    if short_left >= 0 and long_left >= 0:
        return _outcome(short, long, tax=rates.short * short_left + _tax_on_long(rates, short_left, long_left))
    deduction = min(-(short_left + long_left), rates.deduction_cap)
    from_short = min(max(-short_left, ZERO), deduction)
    return _outcome(
        short,
        long,
        tax=-rates.deduction_rate * deduction,
        deduction=deduction,
        carryforward_short=max(-short_left, ZERO) - from_short,
        carryforward_long=max(-long_left, ZERO) - (deduction - from_short),
    )


def _tax_on_long(rates: TaxRates, short: Decimal, long: Decimal) -> Decimal:
    """Tax on net long gain that stands on top of net short gain: what reaches above the room is taxed higher."""
    above = min(long, max(short + long - rates.room, ZERO))
    return rates.long * (long - above) + rates.long_above * above


def _netted(short: Decimal, long: Decimal) -> tuple[Decimal, Decimal]:
    """Set a net loss of one term against the other term's gain (Schedule D line 16); what is left has one sign."""
    if short * long >= 0:
        return short, long
    total = short + long
    keeps_short = (total < 0) == (short < 0)
    return (total, ZERO) if keeps_short else (ZERO, total)


def _outcome(
    short: Decimal,
    long: Decimal,
    *,
    tax: Decimal,
    deduction: Decimal = ZERO,
    carryforward_short: Decimal = ZERO,
    carryforward_long: Decimal = ZERO,
) -> YearTax:
    return YearTax(
        net_short=short,
        net_long=long,
        tax=tax,
        deduction=deduction,
        carryforward_short=carryforward_short,
        carryforward_long=carryforward_long,
    )
