"""One household's tax year as planning needs it: rates, gains so far and carryforwards of its taxable accounts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from lotwright.book.holdings import Account, Household
from lotwright.book.kinds import FilingStatus
from lotwright.tax.law import capital_gain_brackets, deduction_cap, known_years
from lotwright.tax.marginal import MarginalRates, marginal_rates
from lotwright.tax.states import state_schedule
from lotwright.tax.year import TaxRates, YearTax, year_tax

ZERO = Decimal(0)
ASSUMED_RATES = TaxRates(short=Decimal("0.408"), long=Decimal("0.238"))
"""Top federal rates with the net investment income tax: 37 % + 3.8 % and 20 % + 3.8 %."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdTax:
    """The start of a household's tax year on capital gains; ``notes`` are sentences a plan must repeat.

    ``realised_*`` is the net gain so far (gains positive), ``carryforward_*`` the losses carried in (positive),
    dollars; ``status``, ``taxable_income`` and ``state`` are what the accounts say of the return.
    """

    rates: TaxRates
    realised_short: Decimal
    realised_long: Decimal
    carryforward_short: Decimal
    carryforward_long: Decimal
    notes: tuple[str, ...]
    status: FilingStatus | None = None
    taxable_income: Decimal | None = None
    state: str | None = None

    @property
    def short(self) -> Decimal:
        """Net short-term gain of the year before any plan, carried-in losses subtracted; dollars."""
        return self.realised_short - self.carryforward_short

    @property
    def long(self) -> Decimal:
        """Net long-term gain of the year before any plan, carried-in losses subtracted; dollars."""
        return self.realised_long - self.carryforward_long

    @property
    def start(self) -> tuple[Decimal, Decimal]:
        """Both, as a plan finds them."""
        return self.short, self.long

    def outcome(self, *, short: Decimal, long: Decimal) -> YearTax:
        """The year's tax when ``short`` and ``long`` are realised on top of what it has brought so far; dollars."""
        return year_tax(self.rates, short=self.short + short, long=self.long + long)

    def loss_worth(self, fraction: Decimal) -> Decimal:
        """A fraction of the long-term rate, and never more than deducting the loss this year would save."""
        return min(fraction * self.rates.long, self.rates.deduction_rate)


def household_tax(household: Household, *, assumed: TaxRates | None = None, as_of: date | None = None) -> HouseholdTax:
    """Rates and the year so far, summed over the household's taxable accounts: they share one tax return.

    IRC sections 1(h), 1(j), 1411 (rates), 1211(b) (deduction), 1212(b) (carryforwards); Schedule D lines 6, 7, 14, 15, 21.

    Rates stated by the accounts come first (the highest where they differ); else they are derived from taxable income
    and filing status; else ``assumed`` applies. A household without a taxable account pays nothing on gains.

    Parameters
    ----------
    household : Household
    assumed : TaxRates, optional
        Rates where the book tells nothing; 40.8 % and 23.8 % when not given.
    as_of : date, optional
        Its tax year chooses the brackets when rates are derived; the latest year in the data when not given.
    """
    taxed = [account for account in household.accounts if account.kind.is_taxable]
    notes: list[str] = []
    rates = _rates(taxed, assumed=assumed or ASSUMED_RATES, as_of=as_of, notes=notes)
    notes.extend(_several_returns(taxed))
    return HouseholdTax(
        rates=rates,
        realised_short=_total(account.realised_short for account in taxed),
        realised_long=_total(account.realised_long for account in taxed),
        carryforward_short=_total(account.carryforward_short for account in taxed),
        carryforward_long=_total(account.carryforward_long for account in taxed),
        notes=tuple(notes),
        status=_status(taxed, []),
        taxable_income=_largest(taxed, "taxable_income", "", []),
        state=_state(taxed),
    )


def _rates(taxed: Sequence[Account], *, assumed: TaxRates, as_of: date | None, notes: list[str]) -> TaxRates:
    """Stated, derived or assumed rates, with the deduction cap; says in ``notes`` what was not simply read."""
    if not taxed:
        return TaxRates(short=ZERO, long=ZERO, deduction_cap=ZERO)
    status = _status(taxed, notes)
    income = _largest(taxed, "taxable_income", "taxable income", notes)
    short = _largest(taxed, "short_term_rate", "short-term rates", notes)
    long = _largest(taxed, "long_term_rate", "long-term rates", notes)
    if short is None or long is None:
        filled = _derived(taxed, income=income, status=status, as_of=as_of, notes=notes) or _assume(assumed, notes)
        short = filled[0] if short is None else short
        long = filled[1] if long is None else long
    if short < long:
        notes.append(f"The short-term rate {short} is below the long-term rate {long}; {long} is used for both.")
        short = long
    cap = deduction_cap(status)
    flat = TaxRates(short=short, long=long, deduction_cap=cap if income is None else min(cap, max(income, ZERO)))
    if income is None or status is None:
        return flat
    return _with_room(flat, taxed, income=income, status=status, as_of=as_of, notes=notes)


def _with_room(
    rates: TaxRates,
    taxed: Sequence[Account],
    *,
    income: Decimal,
    status: FilingStatus,
    as_of: date | None,
    notes: list[str],
) -> TaxRates:
    """The same rates where the household's long-term rate is 0 % so far only: how far that reaches, and what is above.

    The room is the top of the 0 % bracket less taxable income (IRC section 1(h)(1)(B)); a stated rate above the
    state's own says that the 0 % bracket is not this household's.
    """
    year = _law_year(as_of)
    schedule = state_schedule(_state(taxed), status, year=year)
    of_state = schedule.rate_above(income) if schedule else ZERO
    brackets = capital_gain_brackets(year, status)
    if rates.long > of_state or brackets.rates[0] != 0 or income >= brackets.tops[0]:
        return rates
    room, above = brackets.tops[0] - max(income, ZERO), brackets.rates[1] + rates.long
    notes.append(
        f"Long-term gains are taxed at {rates.long} while the year's net gain stays within {room:,.0f} dollars, the room"
        f" left in the 0 % bracket, and at {above} above it."
    )
    return replace(rates, room=room, long_above=above)


def _derived(
    taxed: Sequence[Account],
    *,
    income: Decimal | None,
    status: FilingStatus | None,
    as_of: date | None,
    notes: list[str],
) -> tuple[Decimal, Decimal] | None:
    """Marginal rates of income and filing status, or None where the book does not give both."""
    if income is None or status is None:
        return None
    year = _law_year(as_of)
    state = _state(taxed)
    rates = marginal_rates(income, status, year=year, state=state)
    notes.append(
        f"Tax rates are not stated; {rates.short} short-term and {rates.long} long-term follow from taxable income "
        f"{income} and filing status {status} under the {year} brackets{_of_state(rates, state, year=year, income=income)}."
    )
    return rates.short, rates.long


def _of_state(rates: MarginalRates, state: str | None, *, year: int, income: Decimal) -> str:
    """The state's part of the rates, in words; nothing where it takes nothing."""
    if rates.state is None:
        return f"; the income tax of {state} is not in the data and not counted"
    rate = rates.state.rate_above(income)
    if not rate:
        return ""
    stands_in = f", which stands in for {year}" if rates.state.year != year else ""
    return f" and {rate} of them by the {rates.state.year} schedule of {rates.state.state}{stands_in}"


def _state(taxed: Sequence[Account]) -> str | None:
    """The state of residence the accounts give."""
    return next((account.state for account in taxed if account.state), None)


def _law_year(as_of: date | None) -> int:
    """The tax year whose brackets apply: the nearest one in the data."""
    years = known_years()
    return min(max(as_of.year, years.start), years.stop - 1) if as_of else years.stop - 1


def _assume(assumed: TaxRates, notes: list[str]) -> tuple[Decimal, Decimal]:
    notes.append(
        f"Neither tax rates nor taxable income with filing status are stated; {assumed.short} short-term and "
        f"{assumed.long} long-term are assumed."
    )
    return assumed.short, assumed.long


def _status(taxed: Sequence[Account], notes: list[str]) -> FilingStatus | None:
    """The filing status of the return; where accounts disagree, married filing separately wins (lowest cap)."""
    stated = sorted({account.filing_status for account in taxed if account.filing_status})
    if len(stated) <= 1:
        return stated[0] if stated else None
    chosen = FilingStatus.MARRIED_SEPARATE if FilingStatus.MARRIED_SEPARATE in stated else FilingStatus.SINGLE
    chosen = chosen if chosen in stated else stated[0]
    notes.append(f"The accounts state different filing statuses ({', '.join(stated)}); {chosen} is used.")
    return chosen


def _largest(taxed: Sequence[Account], field: str, words: str, notes: list[str]) -> Decimal | None:
    """The largest value any account states, with a note where they differ."""
    stated: set[Decimal] = {getattr(account, field) for account in taxed} - {None}
    if len(stated) > 1:
        shown = ", ".join(str(value) for value in sorted(stated))
        notes.append(f"The taxable accounts state different {words} ({shown}); the highest is used.")
    return max(stated) if stated else None


def _several_returns(taxed: Sequence[Account]) -> tuple[str, ...]:
    """A sentence where the accounts belong to several people who do not file one return (IRC section 6013)."""
    owners = sorted({account.owner for account in taxed if account.owner})
    status = _status(taxed, [])
    if len(owners) < 2 or status in {None, FilingStatus.MARRIED_JOINT}:
        return ()
    said = f"The taxable accounts belong to {' and '.join(owners)}, whose filing status is {status}: that is a return each,"
    return (
        f"{said} but the tax here is that of one. Wash sales do count across spouses. For the tax, give each a household.",
    )


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
