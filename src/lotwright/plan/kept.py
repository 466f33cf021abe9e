"""What a rule kept from being traded, and the fact behind it.

Expected is: buying what stays short of its target, selling what stays over it, selling a loss. Where a rule stands in
the way of that by an amount worth a sentence, the rule that holds longest is named.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta

import numpy as np

from lotwright.book.kinds import Rule, Side
from lotwright.book.trades import Trade
from lotwright.plan.limits.window import LossRules, loss_rules
from lotwright.plan.result import Drift, Kept, Lock
from lotwright.plan.snapshot import Floats, Snapshot
from lotwright.plan.verify import Verification
from lotwright.plan.words import day, money, shares, weights
from lotwright.tax.window import RecentPurchase

OFF_TARGET = 0.0025
"""Weight in the account that must be missing or in excess to be worth a sentence."""
LOSS_WORTH_SAYING = 100.0
"""Dollars of barred loss worth a sentence."""
NO_BUY = frozenset({Rule.NO_BUY, Rule.NO_TRADE, Rule.EXCLUDE})
NO_SALE = frozenset({Rule.NO_SELL, Rule.NO_TRADE})
FOR_EVER = date.max
_Blocker = tuple[date, Kept]


def kept(trades: Sequence[Trade], snapshot: Snapshot, verification: Verification) -> tuple[Kept, ...]:
    """One entry a security that a rule kept from being traded as expected, by symbol; the rule that holds longest."""
    worst: dict[str, _Blocker] = {}
    for until, found in _blockers(trades, snapshot, verification):
        if found.symbol not in worst or until > worst[found.symbol][0]:
            worst[found.symbol] = (until, found)
    return tuple(worst[symbol][1] for symbol in sorted(worst))


def _blockers(trades: Sequence[Trade], snapshot: Snapshot, verification: Verification) -> Iterator[_Blocker]:
    """Every rule in the way of an expected trade, with the last day it holds."""
    drift = {(row.account, row.symbol): row for row in verification.drift}
    locks = {lock.group: lock for lock in verification.locks}
    sold = {(trade.account, trade.symbol) for trade in trades if trade.side is Side.SELL}
    rules = loss_rules(snapshot)
    losses = _barred_losses(snapshot, rules)
    for j in _concerned(snapshot, locks=locks, losses=losses):
        row = drift.get((snapshot.account[int(snapshot.account_of[j])], snapshot.symbol[j]))
        if row is None:
            continue  # a stand-in that is neither held nor bought
        yield from _restricted(snapshot, j, row)
        yield from _locked(snapshot, j, row, locks=locks, sold=sold)
        if losses[j] >= LOSS_WORTH_SAYING:
            yield from _barred(snapshot, j, rules, loss=float(losses[j]))


def _concerned(snapshot: Snapshot, *, locks: Mapping[str, Lock], losses: Floats) -> list[int]:
    """Holdings that a restriction, a lock or a barred loss could be about; most are none's business."""
    is_restricted = np.array([bool(account.restrictions) for account in snapshot.household.accounts], dtype=bool)
    is_locked = np.array([group in locks for group in snapshot.group], dtype=bool)
    found = is_restricted[snapshot.account_of] | is_locked[snapshot.group_of] | (losses >= LOSS_WORTH_SAYING)
    concerned: list[int] = np.flatnonzero(found).tolist()
    return concerned


def _restricted(snapshot: Snapshot, holding: int, row: Drift) -> Iterator[_Blocker]:
    """Restrictions of the account on a security that ends away from its target."""
    over = row.after - row.target
    sector = snapshot.market.prices[row.symbol].sector
    for rule in snapshot.household.accounts[int(snapshot.account_of[holding])].restrictions:
        is_meant = rule.symbol == row.symbol or (rule.sector is not None and rule.sector == sector)
        if not is_meant:
            continue
        said = f"The restriction {rule.rule} {rule.sector or rule.symbol} of {row.account}"
        after, target = weights(row.after, row.target)
        ends = f"it ends at {after} of the account against a target of {target}."
        bars_buys = rule.rule in NO_BUY or rule.rule is Rule.EXCLUDE_SECTOR
        caps = rule.rule is Rule.MAXIMUM_WEIGHT and rule.weight is not None and float(rule.weight) < row.target
        if (bars_buys or caps) and over <= -OFF_TARGET:
            what = "keeps more of it from being bought" if caps else "keeps it from being bought"
            yield FOR_EVER, Kept(symbol=row.symbol, rule=str(rule.rule), because=f"{said} {what}; {ends}")
        if rule.rule in NO_SALE and over >= OFF_TARGET:
            because = f"{said} keeps it from being sold; {ends}"
            yield FOR_EVER, Kept(symbol=row.symbol, rule=str(rule.rule), because=because)


def _locked(
    snapshot: Snapshot, holding: int, row: Drift, *, locks: Mapping[str, Lock], sold: set[tuple[str, str]]
) -> Iterator[_Blocker]:
    """A lock on a security that stays short of its target and is not itself being sold in this account."""
    lock = locks.get(snapshot.group[int(snapshot.group_of[holding])])
    if lock is None or (row.account, row.symbol) in sold or row.target - row.after < OFF_TARGET:
        return
    after, target = weights(row.after, row.target)
    yield (
        lock.no_buy_until,
        Kept(
            symbol=row.symbol,
            rule="wash_sale",
            because=f"It may not be bought until {day(lock.no_buy_until)} is over, though {row.account} ends with"
            f" {after} of it against a target of {target}: {lock.because}",
        ),
    )


def _barred_losses(snapshot: Snapshot, rules: LossRules) -> Floats:
    """Dollars of loss in each holding that no sale today could realise cleanly, shape (n,)."""
    loss = np.where(rules.is_barred, -snapshot.lot_gain * snapshot.lot_quantity, 0.0)
    return np.bincount(snapshot.lot_holding, weights=loss, minlength=len(snapshot.symbol)).astype(float)


def _barred(snapshot: Snapshot, holding: int, rules: LossRules, *, loss: float) -> Iterator[_Blocker]:
    """The recent purchase that bars a loss longest."""
    account = snapshot.account[int(snapshot.account_of[holding])]
    symbol = snapshot.symbol[holding]
    found = list(_in_the_way(snapshot, holding, rules))
    if not found:
        return
    last = max(found, key=lambda purchase: (purchase.date, purchase.key))
    until = last.date + timedelta(days=snapshot.law.days_after_purchase)
    where = "" if last.account == account else f" in {last.account}"
    name = "" if last.symbol == symbol else f" of {last.symbol}, substantially identical,"
    yield (
        until,
        Kept(
            symbol=symbol,
            rule="wash_sale",
            because=f"{shares(last.bought)}{name} were bought{where} on {day(last.date)}: the loss of {money(loss)} on"
            f" {symbol} in {account} is barred until {day(until)} is over.",
        ),
    )


def _in_the_way(snapshot: Snapshot, holding: int, rules: LossRules) -> Iterator[RecentPurchase]:
    """Recent purchases of the group that bar a loss lot of the holding: not its own, or partly sold since."""
    group = snapshot.group[int(snapshot.group_of[holding])]
    barred = [
        snapshot.lot[k].lot
        for k in range(int(snapshot.offset[holding]), int(snapshot.offset[holding + 1]))
        if rules.is_barred[k]
    ]
    here = (snapshot.account[int(snapshot.account_of[holding])], snapshot.symbol[holding])
    for purchase in snapshot.window.purchases:
        is_here = (purchase.account, purchase.symbol) == here
        is_own = is_here and set(barred) <= set(purchase.lots)
        can_clear = is_here and purchase.left == purchase.bought
        excused = snapshot.law.own_purchase_excuses and (is_own or can_clear)
        if purchase.group == group and not excused:
            yield purchase
