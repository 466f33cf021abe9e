"""Lots as a tax adviser reads them, and what may not be traded until when."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from lotwright.book.failure import Failure
from lotwright.book.holdings import Account, Household, Lot
from lotwright.book.kinds import Character, Regime, Rule
from lotwright.book.market import Market
from lotwright.tax.holding import character, long_term_from
from lotwright.tax.regimes.laws import law_of
from lotwright.tax.regimes.plannable import PlanLaw
from lotwright.tax.window import RecentPurchase

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class LotLine:
    """One lot at today's price; dollars. ``price`` and what follows from it is None where the book has no price."""

    account: str
    symbol: str
    lot: str
    quantity: Decimal
    acquired: date
    holding_start: date
    basis: Decimal
    price: Decimal | None
    value: Decimal | None
    unrealised: Decimal | None
    character: Character
    long_term_from: date
    days_to_long_term: int
    is_harvestable: bool
    """A loss that a sale today would make deductible, if nothing identical is bought in the next 30 days."""
    why_not: str
    clean_from: date | None
    """First day on which the loss could be sold clean, where a window stands in the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeLock:
    """What nobody in the household may do until, and including, a day."""

    bars: str
    """``buy``, ``sell_at_loss``, or (United Kingdom) ``sell``."""
    group: str
    symbols: tuple[str, ...]
    accounts: tuple[str, ...]
    """Whose trades are barred: every account for buys, taxable ones for sales at a loss."""
    until: date
    because: str


def lot_lines(household: Household, market: Market) -> tuple[LotLine, ...]:
    """Every lot of a household with its unrealised gain, term (IRC 1222) and whether its loss can be harvested now (1091).

    Where the law pools, one line a security and taxable account, at the pool's cost; it has no terms, so all is long-term.
    A household whose day the law's data do not cover has no lines.
    """
    law = law_of(household)
    recent: dict[str, list[RecentPurchase]] = defaultdict(list)
    for purchase in law.window(household, market).purchases:
        recent[purchase.group].append(purchase)
    held = law.held(household, market)
    return tuple(
        _line(account, lot, market, law, recent[law.group(account, market.group_of(lot.symbol))])
        for account in (() if isinstance(held, Failure) else held.accounts)
        for lot in sorted(account.lots, key=lambda lot: (lot.symbol, lot.acquired, lot.lot))
    )


def trade_locks(household: Household, market: Market) -> tuple[TradeLock, ...]:
    """What the law's window bars on the market's day: buys after a loss (or any sale), losses (or any sale) after a buy.

    IRC section 1091(a) with Rev. Rul. 2008-5; TCGA 1992 sections 105 and 106A; ITA section 54.
    """
    law = law_of(household)
    window = law.window(household, market)
    taxed = tuple(account.account for account in household.accounts if account.kind.is_taxable)
    everyone = taxed if law.guards_gains else tuple(account.account for account in household.accounts)
    buys = [
        TradeLock(
            bars="buy",
            group=lock.group,
            symbols=lock.symbols,
            accounts=everyone,
            until=lock.no_buy_until,
            because=lock.because,
        )
        for lock in window.locks
    ]
    by_group: dict[str, list[RecentPurchase]] = defaultdict(list)
    for purchase in window.purchases:
        by_group[purchase.group].append(purchase)
    sales = [_sale_lock(group, found, market, taxed, law) for group, found in sorted(by_group.items()) if taxed]
    return (*buys, *sales)


def _sale_lock(
    group: str, purchases: Sequence[RecentPurchase], market: Market, taxed: tuple[str, ...], law: PlanLaw
) -> TradeLock:
    """Losses of a group (or all its sales) are barred until the window of its last purchase has passed."""
    last = max(purchases, key=lambda p: (p.date, p.account, p.symbol, p.key))
    more = f", the last of {len(purchases)} such purchases" if len(purchases) > 1 else ""
    declared = {symbol for symbol, name in market.identical.items() if name == group}
    return TradeLock(
        bars="sell" if law.guards_gains else "sell_at_loss",
        group=group,
        symbols=tuple(sorted(declared | {p.symbol for p in purchases})),
        accounts=taxed,
        until=last.date + timedelta(days=law.days_after_purchase),
        because=f"{last.account} bought {last.bought.normalize():f} {last.symbol} on {last.date.isoformat()}{more}; "
        f"{_CONSEQUENCE[law.regime]}",
    )


_CONSEQUENCE = {
    Regime.US: "they would replace other shares sold at a loss. Shares of one purchase never replace each other.",
    Regime.UK: "a sale today would be matched with them and not with the pool.",
    Regime.CANADA: "a loss would be superficial unless the household sells all it holds.",
}


def _line(account: Account, lot: Lot, market: Market, law: PlanLaw, recent: Iterable[RecentPurchase]) -> LotLine:
    quote = market.prices.get(lot.symbol)
    value = quote.price * lot.quantity if quote else None
    gain = value - lot.basis if value is not None else None
    long_from = long_term_from(lot.holding_start) if law.has_terms else lot.acquired
    why_not, clean_from = _why_not(account, lot, gain, law, recent)
    return LotLine(
        account=account.account,
        symbol=lot.symbol,
        lot=lot.lot,
        quantity=lot.quantity,
        acquired=lot.acquired,
        holding_start=lot.holding_start if law.has_terms else lot.acquired,
        basis=lot.basis,
        price=quote.price if quote else None,
        value=value,
        unrealised=gain,
        character=character(lot.holding_start, market.as_of) if law.has_terms else Character.LONG,
        long_term_from=long_from,
        days_to_long_term=max((long_from - market.as_of).days, 0),
        is_harvestable=not why_not,
        why_not=why_not,
        clean_from=clean_from,
    )


def _why_not(
    account: Account, lot: Lot, gain: Decimal | None, law: PlanLaw, recent: Iterable[RecentPurchase]
) -> tuple[str, date | None]:
    """Why a lot's loss cannot be harvested today, and from when it can; an empty reason when it can."""
    if gain is None:
        return f"no price of {lot.symbol}", None
    if gain > -CENT / 2:
        return "no loss", None
    if not account.kind.is_taxable:
        return f"a loss in an account of kind {account.kind} is not deductible", None
    barred = next((r.rule for r in account.restrictions if r.symbol == lot.symbol and r.rule in _BARS_SALES), None)
    if barred is not None:
        return f"restricted: {barred}", None
    others = [p for p in recent if not (law.own_purchase_excuses and _is_own(p, lot))]
    if not others:
        return "", None
    last = max(others, key=lambda p: (p.date, p.account, p.symbol, p.key))
    clean_from = last.date + timedelta(days=law.days_after_purchase + 1)
    reason = (
        f"{last.account} bought {last.bought.normalize():f} {last.symbol} on {last.date.isoformat()}, which would "
        f"{_EFFECT[law.regime]}; clean from {clean_from.isoformat()}"
    )
    return reason, clean_from


_EFFECT = {
    Regime.US: "replace the shares sold",
    Regime.UK: "be matched with a sale today",
    Regime.CANADA: "make the loss superficial unless the household sells all it holds",
}
_BARS_SALES = {Rule.NO_SELL, Rule.NO_TRADE}


def _is_own(purchase: RecentPurchase, lot: Lot) -> bool:
    """True for the purchase the lot itself came from (Rev. Rul. 56-602)."""
    return (purchase.account, purchase.symbol) == (lot.account, lot.symbol) and lot.lot in purchase.lots
