"""A tax year as forms want it: Form 8949, Schedule D, what carries over, and where the broker's figures differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from lotwright.book.holdings import Household, Transaction
from lotwright.book.kinds import FilingStatus
from lotwright.book.market import Market
from lotwright.tax.brackets import Filer, tax_on_gains
from lotwright.tax.form_8949 import CENT, Form8949Row, cents, form_8949
from lotwright.tax.household import HouseholdTax, household_tax
from lotwright.tax.law import known_years, wash_days
from lotwright.tax.past import SaleKey, rebuild_past
from lotwright.tax.readings import Readings
from lotwright.tax.schedule_d import ScheduleD, schedule_d
from lotwright.tax.states import state_schedule
from lotwright.tax.wash import wash_sales
from lotwright.tax.wash_report import Disposal
from lotwright.tax.year import year_tax

ZERO = Decimal(0)
DIFFERS = Decimal("0.05")
"""Dollars from which a figure differs from the recorded one: rows of one sale are rounded one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A sale whose disallowed loss, or whose gain before any disallowance, differs from what the book recorded."""

    account: str
    symbol: str
    sold: date
    quantity: Decimal
    recorded: Decimal
    found: Decimal
    recorded_gain: Decimal | None
    """None: the book gives none."""
    found_gain: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxYear:
    """One household's capital gains of one year."""

    household: str
    year: int
    rows: tuple[Form8949Row, ...]
    schedule: ScheduleD
    tax: Decimal
    """At the accounts' marginal rates."""
    tax_by_brackets: Decimal | None
    """By the year's brackets, federal; None where income and filing status are not given or the year is not known."""
    state_tax_by_brackets: Decimal | None
    """By the state's schedule of the same year; None where federal is, or the data lack the state or its year."""
    permanent: Decimal
    """Dollars of loss gone for good because an IRA bought the replacement."""
    reconciliation: tuple[Difference, ...]
    notes: tuple[str, ...]
    readings: Readings


def tax_year(
    household: Household,
    market: Market,
    *,
    year: int,
    readings: Readings | None = None,
    carried: tuple[Decimal, Decimal] | None = None,
) -> TaxYear:
    """Form 8949, Schedule D and the carryover of one year, from a household's lots and trades.

    Losses are matched over the whole household and both sides of the window (IRC section 1091). Rates, income and
    filing status are the accounts', whatever the year; their carryforwards belong to the year of the book.

    Parameters
    ----------
    household, market : the book's facts
    year : int
        Tax year; sales by trade date.
    readings : Readings, optional
        Answers to the unsettled questions.
    carried : two Decimals, optional
        Short- and long-term losses carried into the year, positive. Where not given: the accounts' in the year of the
        book, and zero, with a note, in any other.
    """
    past = rebuild_past(household, group_of=market.group_of)
    found = wash_sales(
        past.events,
        kinds={account.account: account.kind for account in household.accounts},
        opening=past.opening,
        group_of=market.group_of,
        relief={account.account: account.relief for account in household.accounts},
        readings=readings,
    )
    sold = [d for d in found.disposals if d.is_taxed and d.sold.year == year]
    rows = form_8949(sold, kind_of=lambda symbol: price.kind if (price := market.prices.get(symbol)) else None)
    terms = household_tax(household, as_of=market.as_of)
    carried_in = carried or _carried_in(terms, is_of_the_book=year == market.as_of.year)
    schedule = schedule_d(rows, carried=carried_in, status=terms.status, taxable_income=terms.taxable_income)
    federal, state = _by_brackets(household, terms, schedule, year)
    return TaxYear(
        household=household.household,
        year=year,
        rows=rows,
        schedule=schedule,
        tax=cents(year_tax(terms.rates, short=schedule.net_short, long=schedule.net_long).tax),
        tax_by_brackets=federal,
        state_tax_by_brackets=state,
        permanent=cents(sum((d.disallowed for d in sold if d.is_permanent), ZERO)),
        reconciliation=_reconcile(sold, past.recorded),
        notes=(
            *terms.notes,
            *past.notes,
            *_about_the_year(rows, terms, year=year, as_of=market.as_of, is_told=carried is not None),
            *_still_open(sold, as_of=market.as_of),
        ),
        readings=found.readings,
    )


def _carried_in(terms: HouseholdTax, *, is_of_the_book: bool) -> tuple[Decimal, Decimal]:
    return (terms.carryforward_short, terms.carryforward_long) if is_of_the_book else (ZERO, ZERO)


def _by_brackets(
    household: Household, terms: HouseholdTax, schedule: ScheduleD, year: int
) -> tuple[Decimal | None, Decimal | None]:
    """What the gains add to the federal and to the state's tax, stacked on the income the accounts state."""
    statuses = {a.filing_status for a in household.accounts if a.kind.is_taxable and a.filing_status is not None}
    if terms.taxable_income is None or len(statuses) != 1 or year not in known_years():
        return None, None
    status: FilingStatus = statuses.pop()
    filer = Filer(year=year, status=status, taxable_income=terms.taxable_income)
    gains = {"short": schedule.net_short, "long": schedule.net_long}
    federal = tax_on_gains(filer, **gains).tax
    known = state_schedule(terms.state, status, year=year)
    if known is None or known.year != year:
        return cents(federal), None
    both = tax_on_gains(replace(filer, state=known.brackets), **gains).tax
    return cents(federal), cents(both - federal)


def _reconcile(sold: Iterable[Disposal], recorded: Mapping[SaleKey, Sequence[Transaction]]) -> tuple[Difference, ...]:
    """Sales whose disallowed loss, or gain before it, differs from the recorded one."""
    found: dict[SaleKey, list[Disposal]] = {}
    for d in sold:
        found.setdefault((d.account, d.symbol, d.sale), []).append(d)
    differences = [_difference(key, mine, recorded[key]) for key, mine in found.items()]
    return tuple(sorted(filter(_differs, differences), key=lambda d: (d.sold, d.account, d.symbol, d.quantity)))


def _difference(key: SaleKey, mine: Sequence[Disposal], rows: Sequence[Transaction]) -> Difference:
    gains = [row.realised_gain for row in rows if row.realised_gain is not None]
    return Difference(
        account=key[0],
        symbol=key[1],
        sold=rows[0].date,
        quantity=sum((row.quantity for row in rows), ZERO),
        recorded=sum((row.disallowed_loss for row in rows), ZERO),
        found=cents(sum((d.disallowed for d in mine), ZERO)),
        recorded_gain=sum(gains, ZERO) if len(gains) == len(rows) else None,
        found_gain=cents(sum((d.gain for d in mine), ZERO)),
    )


def _differs(d: Difference) -> bool:
    return abs(d.found - d.recorded) >= DIFFERS or (
        d.recorded_gain is not None and abs(d.found_gain - d.recorded_gain) >= DIFFERS
    )


def _about_the_year(
    rows: Sequence[Form8949Row], terms: HouseholdTax, *, year: int, as_of: date, is_told: bool
) -> tuple[str, ...]:
    """Sentences where the year is not the book's, shows nothing, or does not add up to the accounts' own figures."""
    out = [] if rows else [f"The book shows no sale of {year} in a taxable account."]
    if year != as_of.year:
        of_the_book = f"Rates, income and filing status are those of {as_of.year}, the year of the book, not of {year}"
        missing = "" if is_told else "; losses carried into it are not known and counted as none"
        return (*out, f"{of_the_book}{missing}.")
    for part, words, stated in (("I", "short", terms.realised_short), ("II", "long", terms.realised_long)):
        mine = [row.gain for row in rows if row.part == part]
        shown = sum(mine, ZERO)
        if abs(shown - stated) >= CENT * (1 + len(mine)):  # each row is rounded
            out.append(
                f"The rows show a net {words}-term gain of {shown}, the accounts state {stated} for the year so far: "
                "trades may be missing from the book, or its wash sales are told differently."
            )
    return tuple(out)


def _still_open(sold: Iterable[Disposal], *, as_of: date) -> tuple[str, ...]:
    """A sentence where purchases after the book's day could still disallow losses shown as allowed (section 1091(a))."""
    window = timedelta(days=wash_days())
    days = [d for d in sold if d.recognised <= -CENT and d.sold + window > as_of]
    if not days:
        return ()
    symbols = ", ".join(sorted({d.symbol for d in days}))
    until = max(d.sold for d in days) + window
    said = f"Losses of {symbols} are not final: a purchase through {until.isoformat()} could still disallow some."
    return (f"{said} Report again from a book that ends later.",)
