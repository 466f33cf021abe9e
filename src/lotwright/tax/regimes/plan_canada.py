"""Canada, as a plan asks: one adjusted cost base, half of a gain as income, and the superficial loss.

A loss is superficial as far as the person or an affiliate (spouse, RRSP, TFSA: ITA section 251.1) acquired the same
property from 30 days before to 30 days after the disposition and holds it at the end (ITA section 54). A plan realises
none: it never buys in the household what it sells at a loss, buys nothing of which a loss was realised in the window,
and sells at a loss what was acquired in the window only where the household holds it in that one account and all of it
leaves. The Canada Revenue Agency counts from settlement, a plan knows trade dates: the window is as many days wider as
the settlement of two trades can differ, so that a plan is clean whichever way days are counted.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from lotwright.book.holdings import Account, Household, Transaction
from lotwright.book.kinds import Regime
from lotwright.book.market import Market
from lotwright.tax.law import read_law
from lotwright.tax.purchases import Bought, match_purchases
from lotwright.tax.regimes.pool import POOL, pooled
from lotwright.tax.regimes.settlement import settlement_date
from lotwright.tax.window import BuyLock, RecentPurchase, WashWindow
from lotwright.tax.year import TaxRates, YearTax

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CanadaYear:
    """Where the year stands; dollars. ``rate`` is the tax on a dollar of gain, its inclusion counted.

    A net loss of other years is deducted from gains as far as they go (ITA sections 3(b), 111(1)(b)).
    """

    rate: Decimal
    realised: Decimal
    carried: Decimal
    notes: tuple[str, ...] = ()

    @property
    def start(self) -> tuple[Decimal, Decimal]:
        """No terms: all gain counts as long; losses carried in are part of the function, not of the start."""
        return ZERO, self.realised

    def outcome(self, *, short: Decimal, long: Decimal) -> YearTax:
        """Tax on what gains exceed losses by, this year's and earlier ones' (ITA sections 3(b), 111(1)(b)); the rest carries on."""
        net = self.realised + short + long
        left = net - self.carried
        return YearTax(
            net_short=ZERO,
            net_long=net,
            tax=self.rate * max(left, ZERO),
            deduction=ZERO,
            carryforward_short=ZERO,
            carryforward_long=max(-left, ZERO),
        )

    def loss_worth(self, fraction: Decimal) -> Decimal:
        """A fraction of the rate on gains."""
        return fraction * self.rate


def inclusion_on(day: date) -> Decimal:
    """Part of a gain of that day that is income (ITA section 38)."""
    return Decimal([entry for entry in read_law("canada")["inclusion"] if entry["from"] <= day][-1]["fraction"])


def window_days() -> int:
    """Days between trades within which a loss may be superficial: the 30 of ITA section 54 and what settlement can add."""
    law = read_law("canada")
    return int(law["superficial_days"]) + int(law["settlement_days"])


@dataclass(frozen=True, slots=True)
class PlanCanada:
    """Losses and purchases exclude each other in the whole household; a purchase's own shares are no excuse."""

    regime: Regime = Regime.CANADA
    has_terms: bool = False
    days_after_purchase: int = field(default_factory=window_days)
    guards_gains: bool = False
    own_purchase_excuses: bool = False

    def held(self, household: Household, market: Market) -> Household:
        """Identical properties at their average cost (ITA section 47)."""
        return pooled(household, market)

    def year(self, household: Household, *, as_of: date, assumed: TaxRates | None = None) -> CanadaYear:  # noqa: ARG002
        """The calendar year: the rate on gains the accounts state, or the highest combined rate there is (ITA section 38, 117)."""
        taxed = [account for account in household.accounts if account.kind.is_taxable]
        rates = [a.long_term_rate if a.long_term_rate is not None else a.short_term_rate for a in taxed]
        stated = [rate for rate in rates if rate is not None]
        notes: tuple[str, ...] = ()
        if stated:
            rate = max(stated)
        else:
            rate = inclusion_on(as_of) * Decimal(read_law("canada")["assumed_rate"]) if taxed else ZERO
            if taxed:
                notes = (
                    f"No rate on gains is stated; {rate} is assumed: the inclusion rate times the top rate of Ontario.",
                )
        if taxed and settlement_date(as_of).year != as_of.year:
            notes = (
                *notes,
                f"Trades of {as_of.isoformat()} settle, and count, in {as_of.year + 1}, not in {as_of.year}.",
            )
        return CanadaYear(
            rate=rate,
            realised=sum((a.realised_short + a.realised_long for a in taxed), ZERO),
            carried=sum((a.carryforward_short + a.carryforward_long for a in taxed), ZERO),
            notes=notes,
        )

    def window(self, household: Household, market: Market) -> WashWindow:
        """Acquisitions that would make a loss of today superficial, and losses that a purchase would make so (ITA section 54)."""
        places: dict[str, set[tuple[str, str]]] = defaultdict(set)
        for account in household.accounts:
            for lot in account.lots:
                places[market.group_of(lot.symbol)].add((account.account, lot.symbol))
        purchases = [
            _purchase(account, found, market=market, places=places)
            for account in household.accounts
            for found in match_purchases(
                [lot for lot in account.lots if _is_near(lot.acquired, market.as_of)],
                [t for t in account.transactions if t.action.is_purchase and _is_near(t.date, market.as_of)],
            )
        ]
        purchases.sort(key=lambda p: (p.group, p.account, p.symbol, p.date, p.bought))
        return WashWindow(purchases=tuple(purchases), locks=_locks(household, market))

    def group(self, account: Account, group: str) -> str:  # noqa: ARG002
        """The whole household: registered plans and a spouse are affiliated (ITA section 251.1)."""
        return group


def _is_near(day: date, as_of: date) -> bool:
    return 0 <= (as_of - day).days <= window_days()


def _purchase(
    account: Account, found: Bought, *, market: Market, places: dict[str, set[tuple[str, str]]]
) -> RecentPurchase:
    """An acquisition; the pool is its lot where selling all of that pool leaves the household with nothing."""
    group = market.group_of(found.symbol)
    is_alone = places[group] == {(account.account, found.symbol)} and account.kind.is_taxable
    return RecentPurchase(
        key=f"{account.account}/{found.symbol}/{found.date.isoformat()}/{found.name}",
        group=group,
        account=account.account,
        symbol=found.symbol,
        date=found.date,
        bought=found.bought,
        left=found.bought,
        lots=(POOL,) if is_alone else (),
    )


def _locks(household: Household, market: Market) -> tuple[BuyLock, ...]:
    losses: dict[str, list[Transaction]] = defaultdict(list)
    for account in household.accounts:
        for sale in account.transactions if account.kind.is_taxable else ():
            may_be_loss = sale.realised_gain is None or -sale.realised_gain - sale.disallowed_loss > 0
            if not sale.action.is_purchase and may_be_loss and _is_near(sale.date, market.as_of):
                losses[market.group_of(sale.symbol)].append(sale)
    return tuple(_lock(group, found, market) for group, found in sorted(losses.items()))


def _lock(group: str, sales: list[Transaction], market: Market) -> BuyLock:
    last = max(sales, key=lambda s: (s.date, s.account, s.symbol, s.quantity))
    until = last.date + timedelta(days=window_days())
    what = "at a loss" if last.realised_gain is not None else "at a gain or loss the book does not give"
    declared = {symbol for symbol, name in market.identical.items() if name == group}
    known = [-s.realised_gain - s.disallowed_loss for s in sales if s.realised_gain is not None]
    return BuyLock(
        group=group,
        symbols=tuple(sorted(declared | {sale.symbol for sale in sales})),
        no_buy_until=until,
        because=f"{last.account} sold {last.symbol} {what} on {last.date.isoformat()}; a purchase by anyone affiliated"
        f" through {until.isoformat()} could make the loss superficial (ITA section 54; settlement counted).",
        loss=sum(known, ZERO),
    )
