"""A person's year under UK capital gains tax: one function of the year's net gain (TCGA 1992 sections 1, 1E, 1H-1K).

Gains and losses of the year net in full. What is left is reduced by losses brought forward, but only down to the annual
exempt amount (section 1E(3)); then by the exempt amount (section 1K); the rest is taxed at the basic rate as far as
income leaves the basic-rate band unused (section 1I), else at the higher one (section 1H). A net loss is carried on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lotwright.book.holdings import Household
from lotwright.tax.law import read_law
from lotwright.tax.regimes.united_kingdom import UnitedKingdom, exempt_amount, rates_on
from lotwright.tax.year import YearTax

ZERO = Decimal(0)
RATES_CHANGED = date(2024, 10, 30)
"""Finance Act 2025 section 7: the only day on which rates changed within a tax year."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitedKingdomYear:
    """Where the year stands; pounds, rates as fractions.

    Parameters
    ----------
    basic, higher : Decimal
        Rates on a pound of taxable gain within and above the basic-rate band.
    band : Decimal
        Pounds of the basic-rate band that income leaves unused.
    exempt : Decimal
        Annual exempt amount.
    realised : Decimal
        Net gain since 6 April, before anything brought forward.
    carried : Decimal
        Losses brought forward, positive.
    """

    basic: Decimal
    higher: Decimal
    band: Decimal
    exempt: Decimal
    realised: Decimal
    carried: Decimal
    notes: tuple[str, ...] = ()

    @property
    def start(self) -> tuple[Decimal, Decimal]:
        """No terms: all gain counts as long; losses brought forward are part of the function, not of the start."""
        return ZERO, self.realised

    def outcome(self, *, short: Decimal, long: Decimal) -> YearTax:
        """Net, then losses brought forward down to the exempt amount (TCGA 1992 s. 1E(3)), the exempt amount (1K), rates (1H)."""
        net = self.realised + short + long
        used = min(self.carried, max(net - self.exempt, ZERO))
        taxable = max(net - used - self.exempt, ZERO)
        in_band = min(taxable, self.band)
        return YearTax(
            net_short=ZERO,
            net_long=net,
            tax=self.basic * in_band + self.higher * (taxable - in_band),
            deduction=ZERO,
            carryforward_short=ZERO,
            carryforward_long=self.carried - used + max(-net, ZERO),
        )

    def loss_worth(self, fraction: Decimal) -> Decimal:
        """A fraction of the rate on the first taxable pound."""
        return fraction * (self.basic if self.band > 0 else self.higher)


def uk_year(household: Household, *, as_of: date) -> UnitedKingdomYear:
    """The taxpayer's year: a rate the accounts state, else TCGA 1992 section 1H's by taxable income, else the higher one."""
    taxed = [account for account in household.accounts if account.kind.is_taxable]
    year = UnitedKingdom().year_of(as_of)
    basic, higher = rates_on(as_of)
    notes: list[str] = []
    stated = _largest(a.long_term_rate if a.long_term_rate is not None else a.short_term_rate for a in taxed)
    income = _largest(a.taxable_income for a in taxed)
    band = ZERO
    if stated is not None:
        basic = higher = stated
    elif income is not None:
        band = max(basic_band(year) - income, ZERO)
        within = f"{basic} on the £{band:,.0f} of the basic-rate band that it leaves and " if band else ""
        notes.append(
            f"Tax rates are not stated; by taxable income £{income:,.0f} they are {within}{higher}{' above it' if band else ''},"
            f" the rates of {as_of.isoformat()}."
        )
    elif taxed:
        notes.append(f"Neither a rate nor taxable income is stated; the higher rate {higher} is assumed.")
    realised = sum((a.realised_short + a.realised_long for a in taxed), ZERO)
    if stated is None and realised and as_of >= RATES_CHANGED and year == UnitedKingdom().year_of(RATES_CHANGED):
        notes.append("Gains realised before 30 October 2024, when rates rose, are counted at today's rates.")
    return UnitedKingdomYear(
        basic=basic,
        higher=higher,
        band=band,
        exempt=exempt_amount(year) if taxed else ZERO,
        realised=realised,
        carried=sum((a.carryforward_short + a.carryforward_long for a in taxed), ZERO),
        notes=tuple(notes),
    )


def basic_band(year: int) -> Decimal:
    """Pounds of taxable income in the basic-rate band of the tax year that begins in ``year`` (ITA 2007 section 10)."""
    return Decimal([entry for entry in read_law("united_kingdom")["basic_band"] if entry["year"] <= year][-1]["amount"])


def first_year() -> int:
    """First tax year in the data."""
    return int(read_law("united_kingdom")["exempt"][0]["year"])


def _largest(stated: Iterable[Decimal | None]) -> Decimal | None:
    return max((value for value in stated if value is not None), default=None)
