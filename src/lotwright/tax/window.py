"""The household's wash-sale window, looking back: what was bought, and what was sold at a loss, in the last 30 days.

Problem: a plan must know which losses a recent purchase would wash and which purchases would wash a recent loss.
Observations: recent purchases show in two tables, as lots still held and as transactions; neither alone is complete (a
lot sold since is gone, a transfer has no transaction). Which shares of a day were sold since is not always told. What
an earlier plan has sold or bought may stand in no table yet.
Therefore: lots and transactions of one account, security and day are matched; what cannot be matched counts as bought,
so that the window errs on the side that keeps a plan clean. Pending trades count until the tables show them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from lotwright.book.holdings import Account, Household, Pending, Transaction
from lotwright.book.kinds import Side
from lotwright.book.market import Market
from lotwright.book.remembered import Remembered
from lotwright.tax.law import wash_days
from lotwright.tax.purchases import Bought, match_purchases

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecentPurchase:
    """Shares bought or reinvested in the last 30 days in one account, taxable or not.

    ``bought`` and ``left`` are shares; ``bought - left`` were sold since, as far as the book tells; ``lots`` names the
    lots that hold what is left (none: wholly sold since, which the strict reading of the law still counts).
    """

    key: str
    group: str
    account: str
    symbol: str
    date: date
    bought: Decimal
    left: Decimal
    lots: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuyLock:
    """A recent loss that a purchase of ``symbols``, anywhere in the household, would wash.

    The lock holds through ``no_buy_until``, the 30th day after the last loss sale; ``loss`` is the dollars of loss not
    yet disallowed (positive), without sales whose gain the book does not give.
    """

    group: str
    symbols: tuple[str, ...]
    no_buy_until: date
    because: str
    loss: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class WashWindow:
    """Recent purchases by group, account, symbol and date, and running locks by group."""

    purchases: tuple[RecentPurchase, ...]
    locks: tuple[BuyLock, ...]


def wash_window(household: Household, market: Market) -> WashWindow:
    """Everything of the last 30 days that IRC section 1091 makes a plan on ``market.as_of`` look at.

    The window is ``abs(as_of - trade date) <= 30`` calendar days (section 1091(a)). Purchases count in every account,
    IRAs included (Rev. Rul. 2008-5), and so do reinvested dividends; losses count in taxable accounts only.

    The last one is remembered: who plans a household and who verifies its plan ask for the same.
    """
    return _remembered(household)(market)


def _window_of(household: Household) -> Remembered[Market, WashWindow]:
    return Remembered(lambda market: _wash_window(household, market), most=1)


_remembered = Remembered(_window_of, most=1)


def _wash_window(household: Household, market: Market) -> WashWindow:
    purchases = [
        RecentPurchase(
            key=f"{account.account}/{found.symbol}/{found.date.isoformat()}/{found.name}",
            group=market.group_of(found.symbol),
            account=account.account,
            symbol=found.symbol,
            date=found.date,
            bought=found.bought,
            left=found.left,
            lots=found.lots,
        )
        for account in household.accounts
        for found in _recent_purchases(account, market.as_of)
    ]
    pending = pending_in_force(household, market)
    purchases += [_purchase(trade, number, market) for number, trade in enumerate(pending) if trade.side is Side.BUY]
    purchases.sort(key=lambda p: (p.group, p.account, p.symbol, p.date, p.key))
    return WashWindow(purchases=tuple(purchases), locks=_locks(household, market, pending))


def pending_in_force(household: Household, market: Market) -> tuple[Pending, ...]:
    """Pending trades of the household that are in the window on ``market.as_of`` and that its tables do not show, sorted.

    A table shows a pending trade once trades of its account, security and side from its date on add up to its quantity;
    a purchase also shows in the lots. Sales of an account that is known not to be taxable lock nothing.
    """
    accounts = {account.account: account for account in household.accounts}
    return tuple(
        sorted(
            (
                trade
                for trade in set(household.pending)
                if is_in_window(trade.date, market.as_of) and not _is_shown(trade, accounts.get(trade.account))
            ),
            key=lambda t: (t.account, t.symbol, t.side, t.date, t.quantity, t.loss or ZERO, t.because),
        )
    )


def _is_shown(trade: Pending, account: Account | None) -> bool:
    if account is None:
        return False
    if trade.side is Side.SELL and not account.kind.is_taxable:
        return True
    moved = [
        t.quantity
        for t in account.transactions
        if t.symbol == trade.symbol and t.date >= trade.date and t.action.is_purchase is (trade.side is Side.BUY)
    ]
    held = [
        lot.quantity
        for lot in account.lots
        if trade.side is Side.BUY and lot.symbol == trade.symbol and lot.acquired >= trade.date
    ]
    return max(sum(moved, ZERO), sum(held, ZERO)) >= trade.quantity


def _purchase(trade: Pending, number: int, market: Market) -> RecentPurchase:
    """A pending purchase as one that no sale of today can clear: its shares are in no lot yet."""
    return RecentPurchase(
        key=f"{trade.account}/{trade.symbol}/{trade.date.isoformat()}/pending {number + 1}",
        group=market.group_of(trade.symbol),
        account=trade.account,
        symbol=trade.symbol,
        date=trade.date,
        bought=trade.quantity,
        left=ZERO,
        lots=(),
    )


def is_in_window(first: date, second: date) -> bool:
    """True when two trade dates are at most 30 calendar days apart, either way round (IRC section 1091(a))."""
    return abs((first - second).days) <= wash_days()


def _window(as_of: date) -> tuple[date, date]:
    """First and last trade date in the window of a day: the question of :func:`is_in_window` for many rows."""
    reach = timedelta(days=wash_days())
    return as_of - reach, as_of + reach


def _recent_purchases(account: Account, as_of: date) -> list[Bought]:
    first, last = _window(as_of)
    lots = [lot for lot in account.lots if first <= lot.acquired <= last]
    buys = [t for t in account.transactions if first <= t.date <= last and t.action.is_purchase]
    return match_purchases(lots, buys)


def _locks(household: Household, market: Market, pending: Iterable[Pending]) -> tuple[BuyLock, ...]:
    """One lock for each group with a recent or pending loss sale in a taxable account."""
    first, last = _window(market.as_of)
    sales: dict[str, list[Transaction]] = defaultdict(list)
    for account in household.accounts:
        if account.kind.is_taxable:
            for sale in account.transactions:
                if first <= sale.date <= last and not sale.action.is_purchase and _may_be_loss(sale):
                    sales[market.group_of(sale.symbol)].append(sale)
    declared: dict[str, set[str]] = defaultdict(set)
    for symbol, group in market.identical.items():
        declared[group].add(symbol)
    locks = {
        group: _lock(group, found, symbols=declared[group] | {sale.symbol for sale in found})
        for group, found in sales.items()
    }
    for trade in pending:
        if trade.side is Side.SELL:
            group = market.group_of(trade.symbol)
            locks[group] = _with_pending(locks.get(group), trade, group=group, symbols=declared[group])
    return tuple(locks[group] for group in sorted(locks))


def _with_pending(lock: BuyLock | None, trade: Pending, *, group: str, symbols: set[str]) -> BuyLock:
    """The lock of a group that also holds for a pending sale; the later of the two explains it."""
    until = trade.date + timedelta(days=wash_days())
    explains = lock is None or until > lock.no_buy_until
    known = () if lock is None else lock.symbols
    return BuyLock(
        group=group,
        symbols=tuple(sorted({*symbols, *known, trade.symbol})),
        no_buy_until=until if lock is None else max(until, lock.no_buy_until),
        because=f"{trade.because} A purchase of it or of anything substantially identical through {until.isoformat()} "
        "would disallow the loss."
        if explains or lock is None
        else lock.because,
        loss=(ZERO if lock is None else lock.loss) + (trade.loss or ZERO),
    )


def _may_be_loss(sale: Transaction) -> bool:
    """True for a loss not wholly disallowed yet, and for a sale whose gain the book does not give."""
    return sale.realised_gain is None or -sale.realised_gain - sale.disallowed_loss > 0


def _lock(group: str, sales: Iterable[Transaction], *, symbols: set[str]) -> BuyLock:
    """The lock of one group, explained by its latest sale."""
    ordered = sorted(sales, key=lambda s: (s.date, s.account, s.symbol, s.quantity))
    last = ordered[-1]
    known = [-s.realised_gain - s.disallowed_loss for s in ordered if s.realised_gain is not None]
    loss = sum(known, ZERO)
    until = last.date + timedelta(days=wash_days())
    what = "at a loss" if last.realised_gain is not None else "at a gain or loss the book does not give"
    more = f", the last of {len(ordered)} such sales" if len(ordered) > 1 else ""
    return BuyLock(
        group=group,
        symbols=tuple(sorted(symbols)),
        no_buy_until=until,
        because=f"{last.account} sold {last.symbol} {what} on {last.date.isoformat()}{more}; a purchase of it or of "
        f"anything substantially identical through {until.isoformat()} would disallow the loss.",
        loss=loss,
    )
