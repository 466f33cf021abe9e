"""No wash sale under any reading of the law, and what the plan locks (IRC section 1091; TAX_RULES B1).

Problem: the readings differ on whether shares bought in the window but sold before the loss, or in the same sale,
replace the shares sold.
Observation: shares of the loss lot's own purchase never replace (Rev. Rul. 56-602); a purchase of which nothing was
sold before and everything is sold in the very same order leaves no replacement under any reading.
Therefore: a loss passes when every other recent purchase of its group, anywhere in the household, is cleared in that
way and the plan buys nothing of the group. What passes here is no wash sale for anyone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from itertools import takewhile

from lotwright.book.holdings import ZERO, Lot
from lotwright.book.kinds import Relief
from lotwright.book.market import Market
from lotwright.book.relief import relief_order
from lotwright.plan.replay import AccountReplay, Replay
from lotwright.plan.result import Lock
from lotwright.plan.verify_text import dollars, plain, shares
from lotwright.plan.verify_ticket import Slice, Ticket, is_loss
from lotwright.tax.window import BuyLock, RecentPurchase, WashWindow

WINDOW = timedelta(days=30)
"""A purchase up to 30 days before or after a loss sale washes it (IRC section 1091(a))."""

Sold = Mapping[tuple[str, str, str], Decimal]
"""Shares the plan sells, by account, symbol and lot."""


def wash_faults(replay: Replay, *, window: WashWindow, market: Market) -> list[str]:
    """Every loss of the plan that some reading would wash, every buy that would wash a loss, as sentences."""
    sold = _sold(replay)
    recent = _recent(window)
    losses = _losses(replay, market)
    faults = [
        _washed(loss, purchase)
        for group in sorted(losses)
        for loss in losses[group]
        for purchase in recent.get(group, ())
        if not is_own(purchase, loss.lot) and not _is_cleared(purchase, loss.lot, sold)
    ]
    locks = {lock.group: lock for lock in running(window, market)}
    for ticket in (ticket for ticket in replay.tickets if ticket.is_buy):
        group = market.group_of(ticket.trade.symbol)
        faults += [_washed_inside(loss, ticket) for loss in losses.get(group, ())]
        faults += [_locked(locks[group], ticket)] if group in locks else []
    return faults


def is_own(purchase: RecentPurchase, lot: Lot) -> bool:
    """True when ``lot`` came from ``purchase``: shares bought together do not replace each other."""
    return (purchase.account, purchase.symbol) == (lot.account, lot.symbol) and lot.lot in purchase.lots


def can_clear(purchase: RecentPurchase, lot: Lot) -> bool:
    """True when selling all of ``purchase`` together with ``lot``, in one order, keeps it from replacing anything."""
    return (purchase.account, purchase.symbol) == (lot.account, lot.symbol) and purchase.bought == purchase.left


def _is_cleared(purchase: RecentPurchase, lot: Lot, sold: Sold) -> bool:
    leaving = sum((sold.get((purchase.account, purchase.symbol, name), ZERO) for name in purchase.lots), ZERO)
    return can_clear(purchase, lot) and leaving >= purchase.left


def sellable(account: AccountReplay, symbol: str, *, window: WashWindow | None, market: Market) -> Decimal:
    """Shares of ``symbol`` the account could sell without a loss that recent purchases wash, in its relief order.

    Everything, where selling everything clears every recent purchase; otherwise gain lots and loss lots that only their
    own purchase stands beside. ``window`` is ``None`` where the program has no wash-sale limit.
    """
    lots = relief_order((lot for lot in account.account.lots if lot.symbol == symbol), account.account.relief)
    purchases = () if window is None else _recent(window).get(market.group_of(symbol), ())
    price = market.prices[symbol].price
    losses = [lot for lot in lots if account.account.kind.is_taxable and is_loss(lot, price)]
    if all(is_own(purchase, lot) or can_clear(purchase, lot) for lot in losses for purchase in purchases):
        return account.held_before.get(symbol, ZERO)
    barred = {lot.lot for lot in losses if any(not is_own(purchase, lot) for purchase in purchases)}
    if account.account.relief is Relief.SPECIFIC:
        free: Iterable[Lot] = (lot for lot in lots if lot.lot not in barred)
    else:
        free = takewhile(lambda lot: lot.lot not in barred, lots)
    return sum((lot.quantity for lot in free), ZERO)


def new_locks(replay: Replay, market: Market) -> tuple[Lock, ...]:
    """What the plan's own losses keep everyone in the household from buying, through the thirtieth day after."""
    until, losses_of = market.as_of + WINDOW, _losses(replay, market)
    declared = _declared(losses_of.keys(), market)
    return tuple(
        Lock(
            group=group,
            symbols=tuple(sorted(declared[group])) or (group,),
            no_buy_until=until,
            because="This plan sells "
            + ", ".join(sorted({loss.lot.symbol for loss in losses}))
            + f" at a loss of {dollars(-sum([loss.gain for loss in losses], ZERO))} on {market.as_of}.",
        )
        for group, losses in sorted(losses_of.items())
    )


def running(window: WashWindow, market: Market) -> tuple[BuyLock, ...]:
    """Locks of earlier loss sales that still hold today; the last day is barred too."""
    return tuple(lock for lock in window.locks if market.as_of <= lock.no_buy_until)


def running_locks(window: WashWindow, market: Market) -> tuple[Lock, ...]:
    """The locks still running as they are reported, in the window's order."""
    return tuple(
        Lock(group=lock.group, symbols=lock.symbols, no_buy_until=lock.no_buy_until, because=lock.because)
        for lock in running(window, market)
    )


def latest(locks: Iterable[Lock]) -> tuple[Lock, ...]:
    """One lock a group: the one that ends last."""
    by_group: dict[str, Lock] = {}
    for lock in locks:
        if lock.group not in by_group or lock.no_buy_until > by_group[lock.group].no_buy_until:
            by_group[lock.group] = lock
    return tuple(by_group[group] for group in sorted(by_group))


def _declared(groups: Collection[str], market: Market) -> dict[str, set[str]]:
    """The securities declared to be of each of some groups of substantially identical ones."""
    declared: dict[str, set[str]] = {group: set() for group in groups}
    for symbol, group in market.identical.items() if groups else ():
        if group in declared:
            declared[group].add(symbol)
    return declared


def _losses(replay: Replay, market: Market) -> dict[str, list[Slice]]:
    """The taxed losses of the plan, by group."""
    losses: dict[str, list[Slice]] = defaultdict(list)
    for piece in replay.taxed_losses:
        losses[market.group_of(piece.lot.symbol)].append(piece)
    return losses


def _sold(replay: Replay) -> dict[tuple[str, str, str], Decimal]:
    sold: dict[tuple[str, str, str], Decimal] = defaultdict(lambda: ZERO)
    for ticket in replay.tickets:
        for piece in ticket.slices:
            sold[(piece.lot.account, piece.lot.symbol, piece.lot.lot)] += piece.quantity
    return dict(sold)


def _recent(window: WashWindow) -> dict[str, list[RecentPurchase]]:
    recent: dict[str, list[RecentPurchase]] = defaultdict(list)
    for purchase in window.purchases:
        recent[purchase.group].append(purchase)
    return dict(recent)


def _what(loss: Slice) -> str:
    lot = loss.lot
    return f"{lot.symbol} lot {lot.lot} in {lot.account} is sold at a loss of {dollars(-loss.gain)}"


def _washed(loss: Slice, purchase: RecentPurchase) -> str:
    clean = purchase.date + WINDOW + timedelta(days=1)
    what = f"{shares(purchase.bought)} of {purchase.symbol} bought in {purchase.account} on {purchase.date}"
    still = f"{what} ({plain(purchase.left)} of them still there)"
    return f"{_what(loss)}, but {still} could replace it. Keep the lot until {clean}."


def _washed_inside(loss: Slice, ticket: Ticket) -> str:
    trade = ticket.trade
    bought = f"the plan buys {shares(trade.quantity)} of {trade.symbol} in {trade.account}"
    return f"{_what(loss)}, but {bought}. Keep the lot or drop the buy."


def _locked(lock: BuyLock, ticket: Ticket) -> str:
    trade = ticket.trade
    return (
        f"{shares(trade.quantity)} of {trade.symbol} are bought in {trade.account}, but {lock.group} may not be bought"
        f" until after {lock.no_buy_until}: {lock.because} Wait or buy a substitute."
    )
