"""What the checks of a program's further limits read: the replayed plan and the facts around it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from lotwright.book.market import Market
from lotwright.plan.replay import AccountReplay, Replay
from lotwright.plan.terms import RiskNumbers, Terms
from lotwright.plan.verify_law import BuyBackRule
from lotwright.tax.regimes.plannable import YearSoFar

Break = tuple[Decimal, str]
"""By how much a rule is broken (dollars, or the rule's own unit; zero: not at all), and a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """One plan carried out, and the market, terms, risk, tax year and rule on buying back it stands in."""

    replay: Replay
    market: Market
    terms: Terms
    risk: RiskNumbers
    tax: YearSoFar
    rule: BuyBackRule

    def may_sell(self, account: AccountReplay, symbol: str) -> Decimal:
        """Shares of a security that the rule on buying back lets the account sell."""
        return self.rule.sellable(account, symbol)

    def is_locked(self, symbol: str) -> bool:
        """True where an earlier sale bars buying a security today."""
        return any(symbol in lock.symbols for lock in self.rule.running_locks())
