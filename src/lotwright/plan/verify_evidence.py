"""What the checks of a program's further limits read: the replayed plan and the facts around it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from lotwright.book.holdings import ZERO
from lotwright.book.market import Market
from lotwright.plan.replay import AccountReplay, Replay
from lotwright.plan.terms import Demand, RiskNumbers, Terms
from lotwright.plan.verify_law import BuyBackRule
from lotwright.plan.verify_tracking import Weights
from lotwright.tax.regimes.plannable import YearSoFar

Break = tuple[Decimal, str]
"""By how much a rule is broken (dollars, or the rule's own unit; zero: not at all), and a sentence."""


def named(demand: Demand, symbol: str, market: Market) -> bool:
    """True if a demand speaks of a security: by symbol, sector or tag (its kind is one); of all where it names nothing."""
    symbols, sectors, tags = (demand.names.get(part, ()) for part in ("symbols", "sectors", "tags"))
    if not (symbols or sectors or tags):
        return True
    price = market.prices[symbol]
    return symbol in symbols or price.sector in sectors or bool({*price.tags, price.kind} & set(tags))


def is_never_sold(symbol: str, *, terms: Terms, market: Market) -> bool:
    """True for what the program does not sell, whatever else would ask for it."""
    return any(d.kind == "no_sells" and d.price is None and named(d, symbol, market) for d in terms.demands)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """One plan carried out, and the market, terms, risk, tax year and rule on buying back it stands in.

    ``weights`` are those of the replay's accounts.
    """

    replay: Replay
    weights: tuple[Weights, ...]
    market: Market
    terms: Terms
    risk: RiskNumbers
    tax: YearSoFar
    rule: BuyBackRule

    def may_sell(self, account: AccountReplay, symbol: str) -> Decimal:
        """Shares of a security that the rule on buying back, and the program itself, let the account sell."""
        if is_never_sold(symbol, terms=self.terms, market=self.market):
            return ZERO
        return self.rule.sellable(account, symbol)

    def is_locked(self, symbol: str) -> bool:
        """True where an earlier sale bars buying a security today."""
        return any(symbol in lock.symbols for lock in self.rule.running_locks())
