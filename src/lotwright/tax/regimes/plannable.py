"""What a plan asks of a country's tax law: the one seam between planning and the law.

Problem: the planner, its limits and its reports were written for lots, terms and wash sales; other laws pool shares,
know no terms, and match a sale with what is bought after it.
Observations: a pool is one lot a security; a law without terms taxes every gain as if it were long-term; each law's
rule on buying back says which sales and which purchases exclude each other, which past sales bar a purchase today, and
which past purchases bar a sale today.
Therefore: a law hands over the household as it sees it, the year so far as one function of further gain, and a window
of recent purchases and running locks; two flags tell what the window is about. Nothing else in ``plan`` asks where a
household lives.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Protocol

from lotwright.book.failure import Failure
from lotwright.book.holdings import Account, Household
from lotwright.book.kinds import Regime
from lotwright.book.market import Market
from lotwright.tax.window import WashWindow
from lotwright.tax.year import TaxRates, YearTax


class YearSoFar(Protocol):
    """A taxpayer's year before a plan: what more gain would make of it. Laws without terms count all gain as long."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences a plan must repeat: what was assumed."""

    @property
    def start(self) -> tuple[Decimal, Decimal]:
        """Short and long gain at which the year stands for the tax function; dollars."""

    def outcome(self, *, short: Decimal, long: Decimal) -> YearTax:
        """The year's tax when ``short`` and ``long`` are realised on top of what it has brought so far."""

    def loss_worth(self, fraction: Decimal) -> Decimal:
        """Dollars that a dollar of loss carried out is worth at a stated fraction of the rate on gains."""


class PlanLaw(Protocol):
    """A country's law on shares, as far as a plan of today needs it."""

    @property
    def regime(self) -> Regime:
        """Which one it is."""

    @property
    def has_terms(self) -> bool:
        """True where short-term and long-term gains are taxed apart."""

    @property
    def days_after_purchase(self) -> int:
        """Days after a purchase through which it can stand in the way of a sale."""

    @property
    def guards_gains(self) -> bool:
        """True where any taxed sale excludes buying the security, not only a sale at a loss."""

    @property
    def own_purchase_excuses(self) -> bool:
        """True where shares may be sold at a loss although others of the same recent purchase are kept."""

    def held(self, household: Household, market: Market) -> Household | Failure:
        """The household as the law sees it: pooled laws have one lot a security and account."""

    def year(self, household: Household, *, as_of: date, assumed: TaxRates | None = None) -> YearSoFar:
        """Rates and the year so far of the household's taxpayer."""

    def window(self, household: Household, market: Market) -> WashWindow:
        """Purchases that stand in the way of sales today, and sales that bar purchases today, from the book as it is."""

    def group(self, account: Account, group: str) -> str:
        """Name of the group whose trades in ``account`` exclude each other."""
