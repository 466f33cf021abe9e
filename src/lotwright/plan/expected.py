"""Trades one would expect of a plan that it does not make, and the ways there are to make them.

Expected is: what ends far from its target goes towards it; a loss is taken. A way is the plan with that trade added, alone or
together with one trade in the same account that pays for it or uses its proceeds; a sale is tried in each order of lots that
is worth trying.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lotwright.book.kinds import Side
from lotwright.plan.change import Change, change
from lotwright.plan.costs.amounts import sold_shares
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Floats, Ints, Snapshot

OFF_TARGET = 0.005
"""Weight in the account by which a holding must end off its target to be asked about."""
LOSS_NOT_TAKEN = 100.0
"""Dollars of loss in a holding that is not sold at all, to be asked about."""
FRACTION = 0.0001
"""Shares: the step of a question where the program knows no whole shares."""
PARTNERS = 6
"""Holdings tried as the other half of a swap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One expected trade: the holding, the side, how many shares, and how large the matter is in dollars."""

    holding: int
    side: Side
    quantity: float
    dollars: float
    is_harvest: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Way:
    """A way to make the expected trade: the plan with it, what changes, and its partner (-1: none)."""

    trades: Trades
    change: Change
    partner: int = -1
    partner_quantity: float = 0.0


def expected_trades(snapshot: Snapshot, trades: Trades) -> Iterator[Question]:
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
            yield Question(holding=j, side=Side.SELL, quantity=most, dollars=float(off[j]))
        elif far and off[j] < 0 and sold[j] == 0:
            yield Question(holding=j, side=Side.BUY, quantity=float(wanted), dollars=-float(off[j]))
        elif loss[j] >= LOSS_NOT_TAKEN and sold[j] == 0:
            own = slice(int(snapshot.offset[j]), int(snapshot.offset[j + 1]))
            at_loss = float(snapshot.lot_quantity[own][losses[own] > 0].sum())
            yield Question(holding=j, side=Side.SELL, quantity=at_loss, dollars=float(loss[j]), is_harvest=True)


def expected_ways(program: Program, snapshot: Snapshot, trades: Trades, asked: Question) -> Iterator[Way]:
    """The expected trade alone, and with each partner that could pay for it or use its proceeds."""
    for alone in _made(snapshot, trades, asked):
        yield Way(trades=alone, change=change(program, snapshot, before=trades, after=alone))
        moved = abs(_dollars(snapshot, alone) - _dollars(snapshot, trades))
        for partner in _partners(snapshot, alone, asked):
            step = _step(snapshot, partner)
            steps = moved / snapshot.price[partner] / step
            if asked.side is Side.BUY:
                paired = Question(holding=partner, side=Side.SELL, quantity=float(np.ceil(steps) * step), dollars=0.0)
            else:
                paired = Question(holding=partner, side=Side.BUY, quantity=float(np.floor(steps) * step), dollars=0.0)
            for both in _made(snapshot, alone, paired) if paired.quantity > 0 else ():
                made = change(program, snapshot, before=trades, after=both)
                yield Way(trades=both, change=made, partner=partner, partner_quantity=paired.quantity)


def _step(snapshot: Snapshot, holding: int) -> float:
    """Smallest step of an order, shares."""
    return float(snapshot.increment[holding]) or FRACTION


def _partners(snapshot: Snapshot, trades: Trades, asked: Question) -> list[int]:
    """Holdings of the account that are farthest off target on the other side."""
    off = (snapshot.quantity + trades.buy - sold_shares(snapshot, trades)) * snapshot.price - snapshot.target
    here = [int(k) for k in np.flatnonzero(snapshot.account_of == snapshot.account_of[asked.holding])]
    sign = 1.0 if asked.side is Side.SELL else -1.0
    return sorted((k for k in here if k != asked.holding), key=lambda k: (round(sign * float(off[k]), 4), k))[:PARTNERS]


def _made(snapshot: Snapshot, trades: Trades, asked: Question) -> Iterator[Trades]:
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


def net_shares(snapshot: Snapshot, trades: Trades) -> Floats:
    """Net shares traded of each holding, shape (n,)."""
    return trades.buy - sold_shares(snapshot, trades)
