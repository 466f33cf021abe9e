"""United Kingdom, as a plan asks: section 104 pools, the exempt amount, and bed and breakfasting.

A disposal is identified with shares bought on the same day, then with shares bought in the 30 days after it, and only
then with the pool (TCGA 1992 sections 105 and 106A). So a plan computes gains from the pool exactly when

* nothing of a security is both sold and bought in it, nor sold on a day on which more was bought than sold before;
* nothing is bought that an earlier disposal of the last 30 days, not matched yet, would take as its own cost,

whether those disposals made gains or losses: either would move what is already reported. ISAs and SIPPs are held in
another capacity and stay out of it; a purchase there matches nothing, and so does a spouse's.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from lotwright.book.failure import Failure
from lotwright.book.holdings import Account, Household
from lotwright.book.kinds import Regime
from lotwright.book.market import Market
from lotwright.tax.regimes.plannable import YearSoFar
from lotwright.tax.regimes.pool import pooled
from lotwright.tax.regimes.uk_year import first_year, uk_year
from lotwright.tax.regimes.united_kingdom import UnitedKingdom
from lotwright.tax.window import BuyLock, RecentPurchase, WashWindow
from lotwright.tax.year import TaxRates

ZERO = Decimal(0)
DAYS = timedelta(days=30)
"""Section 106A(5): shares acquired within the period of 30 days after the disposal."""
_ByDay = dict[date, Decimal]


@dataclass(frozen=True, slots=True)
class PlanUnitedKingdom:
    """Any taxed sale excludes buying the security back; one taxpayer a household."""

    regime: Regime = Regime.UK
    has_terms: bool = False
    days_after_purchase: int = 0
    guards_gains: bool = True
    own_purchase_excuses: bool = False

    def held(self, household: Household, market: Market) -> Household | Failure:
        """Section 104 holdings, with a note where the book shows matching that its basis must already contain."""
        if market.as_of < date(first_year(), 4, 6):
            return Failure(
                reason="no_law",
                message=f"{household.household} is under the law of the United Kingdom, whose data begin with the tax year"
                f" {first_year()}/{(first_year() + 1) % 100:02}; the prices are of {market.as_of.isoformat()}. Use later prices.",
                evidence={"as_of": market.as_of.isoformat(), "first_year": first_year()},
            )
        found = pooled(household, market)
        return replace(found, notes=(*found.notes, *_matched(_trades(household, market), market)))

    def year(self, household: Household, *, as_of: date, assumed: TaxRates | None = None) -> YearSoFar:  # noqa: ARG002
        """The tax year from 6 April (ITA 2007 section 4); rates are the law's or the book's, never the program's."""
        return uk_year(household, as_of=as_of)

    def window(self, household: Household, market: Market) -> WashWindow:
        """Today's purchases, which today's sales would take first (TCGA 1992 s. 105), and disposals still open to one (106A)."""
        trades = _trades(household, market)
        purchases = []
        locks = []
        for group in sorted(trades):
            bought, sold = trades[group]
            today = bought.get(market.as_of, ZERO) - sold.get(market.as_of, ZERO)
            if today > 0:
                purchases.append(_today(group, today, household, market))
            opened = _open_disposals(bought, sold)
            last = max(
                (day for day, shares in opened.items() if shares > 0 and day + DAYS >= market.as_of), default=None
            )
            if last is not None:
                locks.append(_lock(group, last, opened[last], market))
        return WashWindow(purchases=tuple(purchases), locks=tuple(locks))

    def group(self, account: Account, group: str) -> str:
        """Taxable accounts together; every account outside the tax on its own (TCGA 1992 section 104(3): same capacity)."""
        return group if account.kind.is_taxable else f"{group} in {account.account}"


def _trades(household: Household, market: Market) -> dict[str, tuple[_ByDay, _ByDay]]:
    """Shares bought and sold by group and day in taxable accounts; lots bought today count, traded or transferred."""
    found: dict[str, tuple[_ByDay, _ByDay]] = defaultdict(lambda: (defaultdict(Decimal), defaultdict(Decimal)))
    for account in (account for account in household.accounts if account.kind.is_taxable):
        for trade in account.transactions:
            if trade.date <= market.as_of:
                found[market.group_of(trade.symbol)][not trade.action.is_purchase][trade.date] += trade.quantity
        for symbol in {lot.symbol for lot in account.lots}:
            own = sum(
                (lot.quantity for lot in account.lots if (lot.symbol, lot.acquired) == (symbol, market.as_of)), ZERO
            )
            told = sum(
                (t.quantity for t in account.transactions
                 if t.symbol == symbol and t.date == market.as_of and t.action.is_purchase),
                ZERO,
            )  # fmt: skip
            if own > told:
                found[market.group_of(symbol)][0][market.as_of] += own - told
    return found


def _matched(trades: dict[str, tuple[_ByDay, _ByDay]], market: Market) -> tuple[str, ...]:
    """A sentence where this year's disposals were identified with purchases: the basis stated must know it already."""
    year = UnitedKingdom().year_of(market.as_of)
    found = []
    for group in sorted(trades):
        bought, sold = trades[group]
        left = _open_disposals(bought, sold)
        days = [day for day in sorted(sold) if left[day] < sold[day] and UnitedKingdom().year_of(day) == year]
        found += [f"{group} of {day.isoformat()}" for day in days]
    if not found:
        return ()
    said = f"Shares sold were bought back the same day or within 30 days ({', '.join(found)}): those disposals are"
    law = "identified with what was bought back (TCGA 1992 sections 105, 106A)"
    return (f"{said} {law}. The basis and the gains the book states must know it.",)


def _open_disposals(bought: _ByDay, sold: _ByDay) -> _ByDay:
    """Shares of each day's disposals that no purchase has been identified with: same day first, then 30 days, in order."""
    bought, sold = dict(bought), dict(sold)
    for day in sold.keys() & bought.keys():
        matched = min(sold[day], bought[day])
        sold[day] -= matched
        bought[day] -= matched
    for day in sorted(sold):
        for later in sorted(other for other in bought if day < other <= day + DAYS):
            matched = min(sold[day], bought[later])
            sold[day] -= matched
            bought[later] -= matched
    return sold


def _today(group: str, shares: Decimal, household: Household, market: Market) -> RecentPurchase:
    """A purchase of today: it clears only tomorrow, and is nobody's own lot."""
    accounts = [
        (account.account, symbol)
        for account in household.accounts
        if account.kind.is_taxable
        for symbol, day in sorted(
            {(lot.symbol, lot.acquired) for lot in account.lots}
            | {(t.symbol, t.date) for t in account.transactions if t.action.is_purchase}
        )
        if day == market.as_of and market.group_of(symbol) == group
    ]
    account, symbol = accounts[0]
    return RecentPurchase(
        key=f"{account}/{symbol}/{market.as_of.isoformat()}/",
        group=group,
        account=account,
        symbol=symbol,
        date=market.as_of,
        bought=shares,
        left=shares,
        lots=(),
    )


def _lock(group: str, day: date, shares: Decimal, market: Market) -> BuyLock:
    until = day + DAYS
    symbols = {symbol for symbol, name in market.identical.items() if name == group} or {group}
    return BuyLock(
        group=group,
        symbols=tuple(sorted(symbols)),
        no_buy_until=until,
        because=f"{shares.normalize():f} shares of {group} sold on {day.isoformat()} are not matched yet; shares bought in a"
        f" taxable account through {until.isoformat()} would be identified with them (TCGA 1992 section 106A).",
        loss=ZERO,
    )
