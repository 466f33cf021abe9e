"""Improve whole-share trades by exact moves: one order a step up or down, dropped, or a position closed; then pairs.

Every move is judged by the program itself, its costs' ``value`` and its limits' ``violation`` in plain numbers, so that
any cost or limit whatever is understood. First improvement in a fixed order: the result is the same on every machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from lotwright.plan.general.lots import fill, queues
from lotwright.plan.general.shares import broken, increment
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Floats, Ints, Snapshot

PAIRS_UP_TO = 12
"""Holdings up to which pairs of moves are tried."""


@dataclass(slots=True, kw_only=True, eq=False)
class _Search:
    """What a search has found so far and how many trade lists it may still look at."""

    trades: Trades
    net: Floats
    value: float
    left: int


def polish(program: Program, snapshot: Snapshot, trades: Trades, *, evaluations: int) -> Trades:
    """Return trades that no single move (in small accounts: no pair) improves, or the best after ``evaluations``."""
    sold = np.bincount(snapshot.lot_holding, weights=trades.sell, minlength=len(snapshot.symbol))
    queue = queues(snapshot, trades.sell / snapshot.lot_quantity if snapshot.lot else np.zeros(0))
    step = increment(program, snapshot)
    net = _exact(snapshot, trades.buy - sold, step)
    search = _Search(trades=trades, net=net, value=program.value(snapshot, trades), left=evaluations)
    improved = True
    while improved and search.left > 0:
        outcomes = [_better(program, snapshot, search, queue, net) for net in _moves(snapshot, search, step)]
        improved = any(outcomes)
        if not improved and len(snapshot.symbol) <= PAIRS_UP_TO:
            improved = any(_better(program, snapshot, search, queue, net) for net in _pairs(snapshot, search, step))
    return search.trades


def _exact(snapshot: Snapshot, net: Floats, step: Floats) -> Floats:
    """Net shares without the dust of float sums: a whole position, or the nearest multiple of the step."""
    closes = np.isclose(-net, snapshot.quantity, rtol=0.0, atol=1e-9) & (net < 0)
    return np.where(closes, -snapshot.quantity, np.round(np.round(net / step) * step, 9))


def _moves(snapshot: Snapshot, search: _Search, step: Floats) -> Iterator[Floats]:
    """One holding changed at a time, from wherever the search stands when the move is made."""
    for j in range(len(snapshot.symbol)):
        for target in _targets(snapshot, search.net[j], step[j], j):
            yield _set(search.net, {j: target})


def _pairs(snapshot: Snapshot, search: _Search, step: Floats) -> Iterator[Floats]:
    """Two holdings of one account changed at a time, so that cash is kept."""
    n = len(snapshot.symbol)
    for i in range(n):
        for j in range(i + 1, n):
            if snapshot.account_of[i] == snapshot.account_of[j]:
                for first in _targets(snapshot, search.net[i], step[i], i):
                    for second in _targets(snapshot, search.net[j], step[j], j):
                        yield _set(search.net, {i: first, j: second})


def _targets(snapshot: Snapshot, net: float, step: float, holding: int) -> list[float]:
    """Net shares one move away: a step, ten steps, a tenth more or less, nothing, everything."""
    held = float(snapshot.quantity[holding])
    units = round(net / step)
    jumps = sorted({1, 10, max(1, abs(units) // 10)})
    near = [float(np.round((units + sign * jump) * step, 9)) for jump in jumps for sign in (1, -1)]
    ends = [0.0] + ([-held] if held > 0 else [])
    return [target for target in dict.fromkeys([*near, *ends]) if target >= -held and target != net]


def _set(net: Floats, change: dict[int, float]) -> Floats:
    out = net.copy()
    for holding, target in change.items():
        out[holding] = target
    return out


def _better(program: Program, snapshot: Snapshot, search: _Search, queue: list[Ints], net: Floats) -> bool:
    """Take the move if it is cheaper and allowed."""
    if search.left <= 0:
        return False
    search.left -= 1
    trades = fill(snapshot, net, queue)
    value = program.value(snapshot, trades)
    if value >= search.value - 1e-9 * max(1.0, abs(search.value)) or broken(program, snapshot, trades):
        return False
    search.trades, search.net, search.value = trades, net, value
    return True
