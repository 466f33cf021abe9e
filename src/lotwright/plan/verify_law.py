"""The verifier's reading of a country's rule on buying back, behind one seam; each is written from the law alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from lotwright.book.holdings import Household
from lotwright.book.kinds import Regime
from lotwright.book.market import Market
from lotwright.plan import verify_wash as wash
from lotwright.plan.replay import AccountReplay, Replay
from lotwright.plan.result import Lock
from lotwright.plan.verify_superficial import SuperficialLoss
from lotwright.plan.verify_uk import BedAndBreakfast
from lotwright.tax.window import WashWindow, wash_window


class BuyBackRule(Protocol):
    """Which sales and purchases exclude each other, for one household on one day."""

    @property
    def holds(self) -> str:
        """What is true where there is no fault."""

    def held(self) -> Household:
        """The household with the lots this law knows."""

    def faults(self, replay: Replay) -> list[str]:
        """Every trade the rule forbids, as a sentence."""

    def sellable(self, account: AccountReplay, symbol: str) -> Decimal:
        """Shares of ``symbol`` the account could sell today within the rule."""

    def new_locks(self, replay: Replay) -> tuple[Lock, ...]:
        """What this plan keeps from being bought."""

    def running_locks(self) -> tuple[Lock, ...]:
        """What earlier sales still keep from being bought."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoWashSale:
    """United States: :mod:`lotwright.plan.verify_wash`."""

    household: Household
    market: Market
    window: WashWindow
    holds: str = "No loss of this plan can be washed, and no buy washes an earlier one."

    def held(self) -> Household:
        """Lots as the book has them."""
        return self.household

    def faults(self, replay: Replay) -> list[str]:
        """Losses some reading would wash, buys that would wash a loss."""
        return wash.wash_faults(replay, window=self.window, market=self.market)

    def sellable(self, account: AccountReplay, symbol: str) -> Decimal:
        """Without a loss that recent purchases wash, in the account's relief order."""
        return wash.sellable(account, symbol, window=self.window, market=self.market)

    def new_locks(self, replay: Replay) -> tuple[Lock, ...]:
        """Losses of the plan."""
        return wash.new_locks(replay, self.market)

    def running_locks(self) -> tuple[Lock, ...]:
        """Losses of the last 30 days."""
        return wash.running_locks(self.window, self.market)


def _no_wash_sale(*, household: Household, market: Market) -> NoWashSale:
    return NoWashSale(household=household, market=market, window=wash_window(household, market))


RULES: dict[Regime, Callable[..., BuyBackRule]] = {
    Regime.US: _no_wash_sale,
    Regime.UK: BedAndBreakfast,
    Regime.CANADA: SuperficialLoss,
}


def rule_of(household: Household, market: Market) -> BuyBackRule:
    """The rule a household is under."""
    return RULES[household.regime](household=household, market=market)
