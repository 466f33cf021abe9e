"""What one would expect of a plan and it does not do, each with the worst blocker.

Problem: a client sees a security far from its target, or a loss that is not taken, and asks why. "The optimiser decided" is
no answer, and a guessed one is worse.
Observations: the plan is proven to be within its gap of the best, so *some* cost or limit stands in the way of each such
trade. Which one is seen by making the trade: a limit breaks, or the costs that rise outweigh those that fall.
Therefore: for the holdings farthest off and the largest losses not taken, the expected trade is added to the plan, alone
and together with the trade in the same account that best pays for it (or uses its proceeds), and the best of those that are
allowed is told with every dollar it changes. Where none is allowed, the limit in the way is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np

from lotwright.book.kinds import Side
from lotwright.plan.change import Change, change, in_words
from lotwright.plan.costs.amounts import sold_shares
from lotwright.plan.limits import Cash, MinimumTicket, Restrictions, WashSale, WholeShares
from lotwright.plan.limits.window import loss_rules
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.result import Kept, NotDone
from lotwright.plan.snapshot import Floats, Ints, Snapshot
from lotwright.plan.words import money, percent, plain

OFF_TARGET = 0.005
"""Weight in the account by which a holding must end off its target to be asked about."""
LOSS_NOT_TAKEN = 100.0
"""Dollars of loss in a holding that is not sold at all, to be asked about."""
MOST = 8
"""Questions answered, the largest ones."""
FRACTION = 0.0001
"""Shares: the step of a question where the program knows no whole shares."""
PARTNERS = 6
"""Holdings tried as the other half of a swap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """One expected trade: the holding, the side, how many shares, and how large the matter is in dollars."""

    holding: int
    side: Side
    quantity: float
    dollars: float
    is_harvest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Try:
    """A way to make the expected trade: the plan with it, what changes, and its partner (-1: none)."""

    trades: Trades
    change: Change
    partner: int = -1
    partner_quantity: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Plan:
    """The plan that is asked about."""

    program: Program
    snapshot: Snapshot
    trades: Trades
    kept: tuple[Kept, ...]


def not_done(program: Program, snapshot: Snapshot, trades: Trades, *, kept: tuple[Kept, ...]) -> tuple[NotDone, ...]:
    """Why the plan does not trade what one would expect it to, the largest matters first.

    Parameters
    ----------
    program, snapshot : what was planned
    trades : Trades
        The plan.
    kept : tuple of Kept
        What rules kept from being traded; their sentences are used where a rule is the blocker.
    """
    whole = next((limit for limit in program.limits if isinstance(limit, WholeShares)), None)
    if whole is not None:
        snapshot = replace(snapshot, increment=whole.increment(snapshot))
    plan = _Plan(program=program, snapshot=snapshot, trades=trades, kept=kept)
    questions = sorted(_questions(snapshot, trades), key=lambda one: (-one.dollars, one.holding))
    return tuple(_answer(plan, one) for one in questions[:MOST])


def _questions(snapshot: Snapshot, trades: Trades) -> Iterator[_Question]:
    """Trades towards a target that the plan does not make, and losses it does not take."""
    sold = sold_shares(snapshot, trades)
    after = snapshot.quantity + trades.buy - sold
    value = snapshot.value[snapshot.account_of]
    off = after * snapshot.price - snapshot.target
    losses = np.where(snapshot.lot_gain < 0, -snapshot.lot_gain * snapshot.lot_quantity, 0.0)
    loss = np.bincount(snapshot.lot_holding, weights=losses, minlength=len(snapshot.symbol))
    for j in range(len(snapshot.symbol)):
        step = _step(snapshot, j)
        wanted = np.floor(abs(off[j]) / snapshot.price[j] / step) * step
        far = value[j] > 0 and abs(off[j]) >= OFF_TARGET * value[j] and wanted > 0
        if far and off[j] > 0 and trades.buy[j] == 0 and after[j] > 0:
            most = min(wanted, float(after[j])) if snapshot.target[j] > 0 else float(after[j])
            yield _Question(holding=j, side=Side.SELL, quantity=most, dollars=float(off[j]))
        elif far and off[j] < 0 and sold[j] == 0:
            yield _Question(holding=j, side=Side.BUY, quantity=float(wanted), dollars=-float(off[j]))
        elif loss[j] >= LOSS_NOT_TAKEN and sold[j] == 0:
            own = slice(int(snapshot.offset[j]), int(snapshot.offset[j + 1]))
            at_loss = float(snapshot.lot_quantity[own][losses[own] > 0].sum())
            yield _Question(holding=j, side=Side.SELL, quantity=at_loss, dollars=float(loss[j]), is_harvest=True)


def _answer(plan: _Plan, asked: _Question) -> NotDone:
    """The best allowed way to make the trade and what it costs, or the limit that forbids every way."""
    ways = sorted(_ways(plan, asked), key=lambda way: way.change.total)
    broken = plan.program.violations(plan.snapshot, plan.trades)
    blockers: dict[str, float] = {}
    for way in ways:
        found = plan.program.violations(plan.snapshot, way.trades)
        new = {kind: by for kind, by in found.items() if kind not in broken}
        if not new:
            return _economic(plan, asked, way)
        blockers = blockers or new
    return _barred(plan, asked, blockers)


# How the trade could be made


def _ways(plan: _Plan, asked: _Question) -> Iterator[_Try]:
    """The expected trade alone, and with each partner that could pay for it or use its proceeds."""
    program, snapshot, trades = plan.program, plan.snapshot, plan.trades
    for alone in _made(snapshot, trades, asked):
        yield _Try(trades=alone, change=change(program, snapshot, before=trades, after=alone))
        moved = abs(_dollars(snapshot, alone) - _dollars(snapshot, trades))
        for partner in _partners(snapshot, alone, asked):
            step = _step(snapshot, partner)
            steps = moved / snapshot.price[partner] / step
            if asked.side is Side.BUY:
                paired = _Question(holding=partner, side=Side.SELL, quantity=float(np.ceil(steps) * step), dollars=0.0)
            else:
                paired = _Question(holding=partner, side=Side.BUY, quantity=float(np.floor(steps) * step), dollars=0.0)
            for both in _made(snapshot, alone, paired) if paired.quantity > 0 else ():
                made = change(program, snapshot, before=trades, after=both)
                yield _Try(trades=both, change=made, partner=partner, partner_quantity=paired.quantity)


def _step(snapshot: Snapshot, holding: int) -> float:
    """Smallest step of an order, shares."""
    return float(snapshot.increment[holding]) or FRACTION


def _partners(snapshot: Snapshot, trades: Trades, asked: _Question) -> list[int]:
    """Holdings of the account that are farthest off target on the other side."""
    off = (snapshot.quantity + trades.buy - sold_shares(snapshot, trades)) * snapshot.price - snapshot.target
    here = [int(k) for k in np.flatnonzero(snapshot.account_of == snapshot.account_of[asked.holding])]
    sign = 1.0 if asked.side is Side.SELL else -1.0
    return sorted((k for k in here if k != asked.holding), key=lambda k: (sign * off[k], k))[:PARTNERS]


def _made(snapshot: Snapshot, trades: Trades, asked: _Question) -> Iterator[Trades]:
    """The plan with the trade added: a purchase, or a sale in each order of lots worth trying."""
    j = asked.holding
    sold = sold_shares(snapshot, trades)
    if asked.side is Side.BUY:
        if sold[j] == 0:
            buy = trades.buy.copy()
            buy[j] += asked.quantity
            yield Trades(sell=trades.sell, buy=buy)
        return
    if trades.buy[j] > 0 and not asked.is_harvest:
        return
    left = snapshot.lot_quantity - trades.sell
    own = np.arange(snapshot.offset[j], snapshot.offset[j + 1])
    if asked.is_harvest:
        yield _harvest(snapshot, trades, own)
        return
    for order in _orders(snapshot, j, own):
        wanted, sell = min(asked.quantity, float(left[own].sum())), trades.sell.copy()
        for k in order:
            taken = min(wanted, float(left[k]))
            sell[k] += taken
            wanted -= taken
        if wanted <= 1e-9:
            yield Trades(sell=sell, buy=trades.buy)


def _orders(snapshot: Snapshot, holding: int, own: Ints) -> Iterator[Ints]:
    """Lots in the account's order; where they may be chosen, largest loss first, and gains alone."""
    if snapshot.is_ordered[holding]:
        yield own
        return
    ranked = own[np.lexsort((~snapshot.lot_is_long[own], snapshot.lot_gain[own]))]
    yield ranked
    gains = ranked[snapshot.lot_gain[ranked] >= 0]
    if 0 < len(gains) < len(ranked):
        yield gains


def _harvest(snapshot: Snapshot, trades: Trades, own: Ints) -> Trades:
    """The holding's losses taken, and nothing of it bought: its loss lots alone, or in a fixed order up to the last."""
    holding = int(snapshot.lot_holding[own[0]])
    losing = snapshot.lot_gain[own] < 0
    if snapshot.is_ordered[holding]:
        losing = np.arange(len(own)) <= np.flatnonzero(losing)[-1]
    shares = snapshot.lot_quantity[own] * losing
    if not losing.all():
        step = _step(snapshot, holding)
        last = np.flatnonzero(losing)[-1]
        shares[last] = max(shares[last] - (shares.sum() - np.floor(shares.sum() / step + 1e-9) * step), 0.0)
    sell, buy = trades.sell.copy(), trades.buy.copy()
    sell[own] += shares
    buy[holding] = 0.0
    return Trades(sell=sell, buy=buy)


def _dollars(snapshot: Snapshot, trades: Trades) -> float:
    return float((trades.buy - sold_shares(snapshot, trades)) @ snapshot.price)


# What is told


def _economic(plan: _Plan, asked: _Question, way: _Try) -> NotDone:
    """It is allowed, and costs more than it brings."""
    snapshot, j = plan.snapshot, asked.holding
    moved = _net(snapshot, way.trades)[j] - _net(snapshot, plan.trades)[j]
    paired, bought = "", float(plan.trades.buy[j])
    if asked.is_harvest and bought > 0:
        moved = _net(snapshot, way.trades)[j]
        paired = f" at a loss instead of buying {plain(_exact(bought))}"
    if way.partner >= 0:
        other = f"{plain(_exact(way.partner_quantity))} {snapshot.symbol[way.partner]}"
        paired += f", paid for by selling {other}," if asked.side is Side.BUY else f" to buy {other}"
    more = "more " if _net(snapshot, plan.trades)[j] and not asked.is_harvest else ""
    verb = "Selling" if asked.side is Side.SELL else "Buying"
    said = f"{verb} {plain(_exact(abs(moved)))} {more}{snapshot.symbol[j]}{paired} would {in_words(way.change)}"
    if way.change.total < 0:
        said += f": {money(-way.change.total)} gained in all, less than the search was asked to look for"
    return _told(plan, replace(asked, quantity=abs(float(moved))), rule="cost", because=f"{said}.", change=way.change)


def _barred(plan: _Plan, asked: _Question, blockers: dict[str, float]) -> NotDone:
    """No way is allowed: the rule's own sentence, or the limit that breaks and by how much."""
    snapshot = plan.snapshot
    told = next((one for one in plan.kept if one.symbol == snapshot.symbol[asked.holding]), None)
    if told is not None and (not blockers or blockers.keys() & {WashSale.kind, Restrictions.kind}):
        return _told(plan, asked, rule=told.rule, because=told.because)
    if MinimumTicket.kind in blockers:
        least = next(limit.dollars for limit in plan.program.limits if isinstance(limit, MinimumTicket))
        worth = asked.quantity * float(snapshot.price[asked.holding])
        said = f"An order of {money(worth)} is under the minimum ticket of {money(least)}."
        return _told(plan, asked, rule=MinimumTicket.kind, because=said)
    if WashSale.kind in blockers:
        return _told(plan, asked, rule=WashSale.kind, because=_washed(snapshot, asked))
    if Cash.kind in blockers:
        a = int(snapshot.account_of[asked.holding])
        said = (
            f"It would leave {snapshot.account[a]} with less cash than the {money(max(snapshot.cash_floor[a], 0.0))} it"
            " must keep, and no sale of another holding there can pay for it."
        )
        return _told(plan, asked, rule=Cash.kind, because=said)
    if blockers:
        rule = next(iter(blockers))
        return _told(plan, asked, rule=rule, because=f"It would break the limit {rule.replace('_', ' ')}.")
    return _told(plan, asked, rule="relief", because="The account's order of lots allows no such sale.")


def _washed(snapshot: Snapshot, asked: _Question) -> str:
    symbol = snapshot.symbol[asked.holding]
    if asked.side is Side.BUY:
        return f"This plan sells {symbol} or what counts as the same at a loss; buying it would wash that loss."
    own = slice(int(snapshot.offset[asked.holding]), int(snapshot.offset[asked.holding + 1]))
    if loss_rules(snapshot).is_barred[own].any():
        return f"{symbol} or what counts as the same was bought in the last 30 days, so losses on it are barred."
    return f"This plan buys {symbol} or what counts as the same, so a loss on it would be washed."


def _told(plan: _Plan, asked: _Question, *, rule: str, because: str, change: Change | None = None) -> NotDone:
    snapshot, j = plan.snapshot, asked.holding
    value = float(snapshot.value[snapshot.account_of[j]])
    after = float((snapshot.quantity[j] + _net(snapshot, plan.trades)[j]) * snapshot.price[j])
    expected = (
        f"a loss of {money(asked.dollars)} is not taken"
        if asked.is_harvest
        else f"it ends at {percent(after / value)} of the account against a target of"
        f" {percent(float(snapshot.target[j]) / value)}"
    )
    return NotDone(
        account=snapshot.account[int(snapshot.account_of[j])],
        symbol=snapshot.symbol[j],
        side=asked.side,
        quantity=_exact(asked.quantity),
        expected=expected,
        rule=rule,
        because=because,
        change=None if change is None else dict(change.costs),
    )


def _net(snapshot: Snapshot, trades: Trades) -> Floats:
    """Net shares traded of each holding, shape (n,)."""
    return trades.buy - sold_shares(snapshot, trades)


def _exact(quantity: float) -> Decimal:
    return Decimal(str(round(quantity, 6)))
