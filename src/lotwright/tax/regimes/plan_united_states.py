"""United States, as a plan asks: lots as they are, two terms, wash sales in the whole household (IRC section 1091)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from lotwright.book.holdings import Account, Household
from lotwright.book.kinds import Regime
from lotwright.book.market import Market
from lotwright.tax.household import HouseholdTax, household_tax
from lotwright.tax.law import wash_days
from lotwright.tax.window import WashWindow, wash_window
from lotwright.tax.year import TaxRates


@dataclass(frozen=True, slots=True)
class PlanUnitedStates:
    """Losses and purchases exclude each other; shares of one purchase do not replace each other."""

    regime: Regime = Regime.US
    has_terms: bool = True
    days_after_purchase: int = field(default_factory=wash_days)
    guards_gains: bool = False
    own_purchase_excuses: bool = True

    def held(self, household: Household, market: Market) -> Household:  # noqa: ARG002  the seam's signature
        """Lots as the book has them (Treas. Reg. 1.1012-1(c))."""
        return household

    def year(self, household: Household, *, as_of: date, assumed: TaxRates | None = None) -> HouseholdTax:
        """One tax return: :func:`lotwright.tax.household.household_tax`."""
        return household_tax(household, assumed=assumed, as_of=as_of)

    def window(self, household: Household, market: Market) -> WashWindow:
        """:func:`lotwright.tax.window.wash_window`."""
        return wash_window(household, market)

    def group(self, account: Account, group: str) -> str:  # noqa: ARG002
        """The whole household, IRAs included (Rev. Rul. 2008-5)."""
        return group
