"""A tax year as forms want it: Form 8949 rows, Schedule D totals, what carries over, and what differs from the broker.

A broker washes only within one account and one CUSIP (Treas. Reg. 1.6045-1(d)(6)(iii)); the taxpayer must over all
accounts and substantially identical securities. The rows here are the taxpayer's; ``reconciliation`` lists where they
differ from what the book recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from lotwright.book.holdings import Household, Transaction
from lotwright.book.kinds import Character
from lotwright.book.market import Market
from lotwright.tax.brackets import Filer, tax_on_gains
from lotwright.tax.household import HouseholdTax, household_tax
from lotwright.tax.law import known_years
from lotwright.tax.past import UNKNOWN, SaleKey, rebuild_past
from lotwright.tax.readings import Readings
from lotwright.tax.slices import DUST
from lotwright.tax.wash import wash_sales
from lotwright.tax.wash_report import Disposal
from lotwright.tax.year import YearTax, year_tax

ZERO = Decimal(0)
CENT = Decimal("0.01")
DIFFERS = Decimal("0.05")
"""Dollars from which a disallowed loss differs from the recorded one: rows of one sale are rounded one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Form8949Row:
    """One row of Form 8949, columns (a) to (h); dollars and cents."""

    account: str
    part: str
    """I: short-term, II: long-term."""
    description: str
    acquired: date | None
    """None: VARIOUS."""
    sold: date
    proceeds: Decimal
    basis: Decimal
    code: str
    adjustment: Decimal
    gain: Decimal
    symbol: str
    quantity: Decimal
    lot: str
    replacement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleD:
    """Schedule D of Form 1040: totals of both parts and the lines that follow; dollars and cents, losses negative."""

    short_proceeds: Decimal
    short_basis: Decimal
    short_adjustment: Decimal
    short_carryover: Decimal
    """Line 6."""
    net_short: Decimal
    """Line 7."""
    long_proceeds: Decimal
    long_basis: Decimal
    long_adjustment: Decimal
    long_carryover: Decimal
    """Line 14."""
    net_long: Decimal
    """Line 15."""
    net: Decimal
    """Line 16."""
    deduction: Decimal
    """Line 21, as far as the Capital Loss Carryover Worksheet (line 4) lets it use the loss up."""
    carryforward_short: Decimal
    """Capital Loss Carryover Worksheet line 8."""
    carryforward_long: Decimal
    """Line 13."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A sale whose disallowed loss here differs from what the book recorded."""

    account: str
    symbol: str
    sold: date
    quantity: Decimal
    recorded: Decimal
    found: Decimal


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
    permanent: Decimal
    """Dollars of loss gone for good because an IRA bought the replacement."""
    reconciliation: tuple[Difference, ...]
    notes: tuple[str, ...]
    readings: Readings


def tax_year(household: Household, market: Market, *, year: int, readings: Readings | None = None) -> TaxYear:
    """Form 8949, Schedule D and the carryover of one year, from a household's lots and trades.

    Losses are matched over the whole household and both sides of the window (IRC section 1091). Carryforwards and rates
    are the accounts' and belong to the year of the book.

    Parameters
    ----------
    household, market : the book's facts
    year : int
        Tax year; sales by trade date.
    readings : Readings, optional
        Answers to the unsettled questions.
    """
    past = rebuild_past(household)
    found = wash_sales(
        past.events,
        kinds={account.account: account.kind for account in household.accounts},
        opening=past.opening,
        group_of=market.group_of,
        relief={account.account: account.relief for account in household.accounts},
        readings=readings,
    )
    sold = [d for d in found.disposals if d.is_taxed and d.sold.year == year]
    rows = form_8949(sold)
    terms = household_tax(household, as_of=market.as_of)
    schedule, outcome = schedule_d(rows, terms)
    return TaxYear(
        household=household.household,
        year=year,
        rows=rows,
        schedule=schedule,
        tax=cents(outcome.tax),
        tax_by_brackets=_by_brackets(household, schedule, year),
        permanent=cents(_total(d.disallowed for d in sold if d.is_permanent)),
        reconciliation=_reconcile(sold, past.recorded),
        notes=(*terms.notes, *past.notes, *_year_to_date(rows, terms, year=year, as_of=market.as_of)),
        readings=found.readings,
    )


def form_8949(disposals: Iterable[Disposal]) -> tuple[Form8949Row, ...]:
    """Rows of Form 8949: code W and the disallowed loss in column (g); (h) = (d) - (e) + (g) on the rounded figures.

    Losses that are gone for good carry code W as well: the form knows one code for a wash sale (Form 8949
    instructions).
    """
    rows = [_row(d) for d in disposals]
    return tuple(sorted(rows, key=lambda r: (r.part, r.sold, r.account, r.symbol, r.lot, r.code == "", r.replacement)))


def schedule_d(rows: Sequence[Form8949Row], terms: HouseholdTax) -> tuple[ScheduleD, YearTax]:
    """Totals of the rows, carryovers in, and what the year's netting makes of them."""
    short, long = ([row for row in rows if row.part == part] for part in ("I", "II"))
    net_short = _sum(short, lambda r: r.gain) - terms.carryforward_short
    net_long = _sum(long, lambda r: r.gain) - terms.carryforward_long
    outcome = year_tax(terms.rates, short=net_short, long=net_long)
    schedule = ScheduleD(
        short_proceeds=_sum(short, lambda r: r.proceeds),
        short_basis=_sum(short, lambda r: r.basis),
        short_adjustment=_sum(short, lambda r: r.adjustment),
        short_carryover=-terms.carryforward_short,
        net_short=net_short,
        long_proceeds=_sum(long, lambda r: r.proceeds),
        long_basis=_sum(long, lambda r: r.basis),
        long_adjustment=_sum(long, lambda r: r.adjustment),
        long_carryover=-terms.carryforward_long,
        net_long=net_long,
        net=net_short + net_long,
        deduction=outcome.deduction,
        carryforward_short=outcome.carryforward_short,
        carryforward_long=outcome.carryforward_long,
    )
    return schedule, outcome


def _by_brackets(household: Household, schedule: ScheduleD, year: int) -> Decimal | None:
    """What the gains add to the federal tax, stacked on the income the accounts state (largest where they differ)."""
    taxed = [account for account in household.accounts if account.kind.is_taxable]
    incomes = [account.taxable_income for account in taxed if account.taxable_income is not None]
    statuses = {account.filing_status for account in taxed if account.filing_status is not None}
    if not incomes or len(statuses) != 1 or year not in known_years():
        return None
    filer = Filer(year=year, status=statuses.pop(), taxable_income=max(incomes))
    return cents(tax_on_gains(filer, short=schedule.net_short, long=schedule.net_long).tax)


def cents(amount: Decimal) -> Decimal:
    """Dollars and cents, half a cent up."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def _row(d: Disposal) -> Form8949Row:
    proceeds, basis = cents(d.proceeds), cents(d.basis)
    # a loss disallowed whole leaves nothing in column (h), whatever the cents of (d) and (e)
    adjustment = basis - proceeds if d.disallowed and abs(d.recognised) < DUST else cents(d.disallowed)
    into = d.replacement
    return Form8949Row(
        account=d.account,
        part="I" if d.character is Character.SHORT else "II",
        description=f"{d.quantity.normalize():f} sh. {d.symbol}",
        acquired=None if d.lot.startswith(UNKNOWN) else d.acquired,
        sold=d.sold,
        proceeds=proceeds,
        basis=basis,
        code="W" if adjustment else "",
        adjustment=adjustment,
        gain=proceeds - basis + adjustment,
        symbol=d.symbol,
        quantity=d.quantity,
        lot=d.lot,
        replacement=f"{into.account} {into.symbol} {into.lot}" if into else "",
    )


def _reconcile(sold: Iterable[Disposal], recorded: Mapping[SaleKey, Sequence[Transaction]]) -> tuple[Difference, ...]:
    """Sales whose disallowed loss differs from the recorded one."""
    found: dict[SaleKey, Decimal] = {}
    for d in sold:
        key = (d.account, d.symbol, d.sale)
        found[key] = found.get(key, ZERO) + d.disallowed
    differences = [
        Difference(
            account=key[0],
            symbol=key[1],
            sold=recorded[key][0].date,
            quantity=_total(row.quantity for row in recorded[key]),
            recorded=_total(row.disallowed_loss for row in recorded[key]),
            found=cents(amount),
        )
        for key, amount in found.items()
    ]
    differences = [d for d in differences if abs(d.found - d.recorded) >= DIFFERS]
    return tuple(sorted(differences, key=lambda d: (d.sold, d.account, d.symbol, d.quantity)))


def _year_to_date(rows: Sequence[Form8949Row], terms: HouseholdTax, *, year: int, as_of: date) -> tuple[str, ...]:
    """A sentence where the rows do not add up to the accounts' own year-to-date figures."""
    if year != as_of.year:
        return (f"Carryforwards and rates are those of {as_of.year}, the year of the book, not of {year}.",)
    out = []
    for part, words, stated in (("I", "short", terms.realised_short), ("II", "long", terms.realised_long)):
        mine = [row for row in rows if row.part == part]
        shown = _sum(mine, lambda r: r.gain)
        if abs(shown - stated) >= CENT * (1 + len(mine)):  # each row is rounded
            out.append(
                f"The rows show a net {words}-term gain of {shown}, the accounts state {stated} for the year so far: "
                "trades may be missing from the book, or its wash sales are told differently."
            )
    return tuple(out)


def _sum(rows: Sequence[Form8949Row], column: Callable[[Form8949Row], Decimal]) -> Decimal:
    return _total(column(row) for row in rows)


def _total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)
