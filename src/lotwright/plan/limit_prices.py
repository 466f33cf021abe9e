"""What the binding limits cost, in dollars: a lock, a restriction, a barred loss, the cash that must remain.

Problem: a multiplier prices the last dollar of a limit in a convex problem; a lock on whole shares is no such thing.
Observations: the program can be solved once more without that one limit. Both optima are known to lie between a proven
bound and a plan found, so their difference is known to lie in an interval, and the plans found give a figure inside it.
Therefore: locks, restrictions and every other limit that can be lifted are priced by solving again, the few that matter
most, and the interval is told. Cash alone is priced by the multipliers: for any multipliers the bound falls by at most their
cash price for each dollar more, so a dollar more saves at most that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np

from lotwright.book.failure import Failure
from lotwright.book.holdings import Restriction
from lotwright.book.kinds import Rule
from lotwright.plan.costs.amounts import cash_after, sold_shares
from lotwright.plan.limits import Cash, Holdings, MinimumTicket, Restrictions, Soft, WashSale, WholeShares
from lotwright.plan.limits.restrictions import bounds
from lotwright.plan.limits.window import loss_rules
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.result import LimitPrice
from lotwright.plan.separable.certify import KIND, cash_multipliers
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.solution import Solution
from lotwright.plan.words import day, money
from lotwright.tax.law import wash_days
from lotwright.tax.window import wash_window

MOST = 6
"""Limits solved again without, those with most at stake."""
AT_STAKE = 50.0
"""Dollars off target, or of loss, or of cash, behind a limit to be priced."""
STRUCTURE = (Cash, Holdings, WholeShares, WashSale, Restrictions)
"""Limits that are not lifted as a whole: without them a plan is no plan."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Lifted:
    """The same problem without one limit: what is lifted, in words after "Without", and the dollars it stands before."""

    limit: str
    subject: str
    words: str
    stake: float
    program: Program
    snapshot: Snapshot


def limit_prices(
    program: Program,
    snapshot: Snapshot,
    solution: Solution,
    *,
    solve: Callable[[Program, Snapshot], Solution | Failure],
) -> tuple[LimitPrice, ...]:
    """Prices of the limits that bind: cash by the multipliers, the others by solving again; the dearest first.

    Parameters
    ----------
    program, snapshot : what was planned
    solution : Solution
        The plan, with its bound and certificate.
    solve : callable
        How to solve again; called at most ``MOST`` times.
    """
    lifted = sorted(_lifted(program, snapshot, solution.trades), key=lambda one: (-one.stake, one.limit, one.subject))
    again = [_solved_again(one, solution, solve(one.program, one.snapshot)) for one in lifted[:MOST]]
    found = sorted((price for price in again if price is not None), key=lambda one: (-one.dollars, one.subject))
    return (*_cash_prices(program, snapshot, solution), *found)


def _solved_again(lifted: Lifted, solution: Solution, found: Solution | Failure) -> LimitPrice | None:
    """The difference of the two plans and the interval it is proven to lie in."""
    if isinstance(found, Failure):
        return None
    low = max(solution.bound - found.posed, 0.0)
    high = max(solution.posed - found.bound, low)
    dollars = min(max(solution.posed - found.posed, low), high)
    between = f" (proven: between {money(low)} and {money(high)})" if high - low >= 0.01 else ""
    worth = f"is worth {money(dollars)}{between}"
    if dollars < 0.005:
        worth = f"is worth {money(high)} at most" if high >= 0.005 else "is worth nothing"
    text = f"Being rid of {lifted.words} {worth}."
    return LimitPrice(
        limit=lifted.limit,
        subject=lifted.subject,
        dollars=dollars,
        low=low,
        high=high,
        method="solved_again",
        text=text,
    )


def _cash_prices(program: Program, snapshot: Snapshot, solution: Solution) -> Iterator[LimitPrice]:
    """What a dollar more of cash in each account saves at the margin, and what it costs at worst: lying idle."""
    form = program.form(snapshot)
    if form is None or solution.certificate.get("kind") != KIND:
        return
    prices = cash_multipliers(solution.certificate, program, snapshot)
    for name, price, idle in zip(snapshot.account, prices.tolist(), form.idle.tolist(), strict=True):
        if abs(price) < 0.0005:
            text = f"A dollar more to spend in {name}, targets as they are, is worth nothing."
        elif price > 0:
            text = f"A dollar more to spend in {name}, targets as they are, is worth ${price:.3f}."
        else:
            text = f"A dollar more in {name}, targets as they are, would lie idle: it costs ${-price:.3f}."
        yield LimitPrice(
            limit=Cash.kind,
            subject=name,
            dollars=price,
            low=min(-idle, price),
            high=price,
            method="multipliers",
            text=text,
        )


# What can be lifted


def _lifted(program: Program, snapshot: Snapshot, trades: Trades) -> Iterator[Lifted]:
    off = (snapshot.quantity + trades.buy - sold_shares(snapshot, trades)) * snapshot.price - snapshot.target
    found = [
        *_locks(program, snapshot, off),
        *_barred(program, snapshot),
        *_restrictions(program, snapshot, trades, off),
        *_floors(program, snapshot, trades),
        *_others(program, snapshot),
    ]
    yield from (one for one in found if one.stake >= AT_STAKE)


def _locks(program: Program, snapshot: Snapshot, off: np.ndarray) -> Iterator[Lifted]:
    """Locks that earlier loss sales left, on what ends short of its target."""
    until = {lock.group: lock.no_buy_until for lock in wash_window(snapshot.household, snapshot.market).locks}
    for g in np.flatnonzero(snapshot.is_locked):
        members = np.flatnonzero(snapshot.group_of == g)
        names = ", ".join(sorted({snapshot.symbol[j] for j in members}))
        open_to_all = snapshot.is_locked.copy()
        open_to_all[g] = False
        ends = until.get(snapshot.group[int(g)])
        yield Lifted(
            limit=WashSale.kind,
            subject=names,
            words=f"the lock on buying {names}" + (f" until {day(ends)}" if ends else ""),
            stake=float(np.maximum(-off[members], 0.0).sum()),
            program=program,
            snapshot=replace(snapshot, is_locked=open_to_all),
        )


def _barred(program: Program, snapshot: Snapshot) -> Iterator[Lifted]:
    """Recent purchases that bar losses of their group."""
    rules = loss_rules(snapshot)
    groups = snapshot.group_of[snapshot.lot_holding]
    for g in np.unique(groups[rules.is_barred]):
        here = rules.is_barred & (groups == g)
        names = ", ".join(sorted({snapshot.symbol[j] for j in snapshot.lot_holding[here]}))
        gone = snapshot.purchase_group == g
        ends = max(
            (p.date for p in wash_window(snapshot.household, snapshot.market).purchases
             if p.group == snapshot.group[int(g)]), default=None,
        )  # fmt: skip
        last = f" until {day(ends + timedelta(days=wash_days()))}" if ends else ""
        yield Lifted(
            limit=WashSale.kind,
            subject=names,
            words=f"the bar on losses of {names}{last}",
            stake=float(-(snapshot.lot_gain * snapshot.lot_quantity)[here].sum()),
            program=program,
            snapshot=_without_purchases(snapshot, gone),
        )


def _without_purchases(snapshot: Snapshot, gone: np.ndarray) -> Snapshot:
    """The snapshot as if the recent purchases marked had been made long ago."""
    place = np.append(np.cumsum(~gone) - 1, -1)
    place[:-1][gone] = -1
    return replace(
        snapshot,
        lot_purchase=place[snapshot.lot_purchase],
        purchase_group=snapshot.purchase_group[~gone],
        purchase_holding=snapshot.purchase_holding[~gone],
        purchase_has_left=snapshot.purchase_has_left[~gone],
    )


def _restrictions(program: Program, snapshot: Snapshot, trades: Trades, off: np.ndarray) -> Iterator[Lifted]:
    """Restrictions of a client that a trade stands at the bound of."""
    if not any(isinstance(limit, Restrictions) for limit in program.limits):
        return
    net = trades.buy - sold_shares(snapshot, trades)
    lower, upper = bounds(snapshot)
    step = np.maximum(snapshot.increment, 1e-6)
    binds = ((lower > -snapshot.quantity) & (net <= lower + 1e-9)) | (np.isfinite(upper) & (net >= upper - step))
    for a, account in enumerate(snapshot.household.accounts):
        for rule in account.restrictions:
            held = [j for j in np.flatnonzero(binds & (snapshot.account_of == a)) if _speaks_of(rule, snapshot, int(j))]
            if not held:
                continue
            rest = tuple(other for other in account.restrictions if other is not rule)
            accounts = tuple(
                replace(other, restrictions=rest) if other is account else other
                for other in snapshot.household.accounts
            )
            subject = str(rule.sector or rule.symbol)
            cap = f" ({float(rule.weight):.1%})" if rule.weight is not None else ""
            yield Lifted(
                limit=Restrictions.kind,
                subject=subject,
                words=f"the restriction {rule.rule} {subject}{cap} of {account.account}",
                stake=float(np.abs(net * snapshot.price + off)[held].sum()) if rule.rule in CAPS
                else float(np.abs(off[held]).sum()),
                program=program,
                snapshot=replace(snapshot, household=replace(snapshot.household, accounts=accounts)),
            )  # fmt: skip


CAPS = (Rule.EXCLUDE, Rule.EXCLUDE_SECTOR, Rule.MAXIMUM_WEIGHT)


def _speaks_of(rule: Restriction, snapshot: Snapshot, holding: int) -> bool:
    symbol = snapshot.symbol[holding]
    sector = snapshot.market.prices[symbol].sector
    return rule.symbol == symbol or (rule.sector is not None and rule.sector == sector)


def _floors(program: Program, snapshot: Snapshot, trades: Trades) -> Iterator[Lifted]:
    """Minimum cash that an account ends at."""
    paying: Any = tuple(cost for cost in program.costs if hasattr(cost, "paid"))
    after = cash_after(snapshot, trades, paying)
    for a, name in enumerate(snapshot.account):
        floor = float(snapshot.cash_floor[a])
        if floor > 0 and after[a] - floor <= 0.01 * max(float(snapshot.value[a]), 0.0):
            lower = snapshot.cash_floor.copy()
            lower[a] = 0.0
            yield Lifted(
                limit=Cash.kind,
                subject=name,
                words=f"the minimum cash of {money(floor)} in {name}",
                stake=floor,
                program=program,
                snapshot=replace(snapshot, cash_floor=lower),
            )


def _others(program: Program, snapshot: Snapshot) -> Iterator[Lifted]:
    """Every other limit of the program as a whole, and every price on breaking one."""
    for limit in program.limits:
        if isinstance(limit, STRUCTURE):
            continue
        rest: tuple[Any, ...] = tuple(other for other in program.limits if other is not limit)
        detail = f" of {money(limit.dollars)}" if isinstance(limit, MinimumTicket) else ""
        yield Lifted(
            limit=limit.kind,
            subject=program.name,
            words=f"the {limit.kind.replace('_', ' ')}{detail}",
            stake=AT_STAKE,
            program=replace(program, limits=rest),
            snapshot=snapshot,
        )
    for cost in program.costs:
        others = tuple(other for other in program.costs if other is not cost)
        if isinstance(cost, Soft) and others:
            yield Lifted(
                limit=cost.limit.kind,
                subject=program.name,
                words=f"the price on breaking the {cost.limit.kind.replace('_', ' ')}",
                stake=AT_STAKE,
                program=replace(program, costs=others),
                snapshot=snapshot,
            )
