"""The textbook way to plan one account: a convex QP with linear tax, then round down to whole shares.

    minimise   risk_price V (|F'e|^2 + sum D e^2) + spread (buy + sold) + rate_l gain_l sell_l + cash away from target
    subject to e = active weights after trading, 0 <= sell_l <= lot, cash balance, cash >= floor, restrictions,
               no buys in groups locked by an earlier loss sale

It knows no whole shares, tickets, minimum ticket, wash-sale choice, netting or order of lots, and likes to sell a loss
and buy it back at once. A careful person then nets a purchase and a sale of one security (or, with ``sides``, solves
again with no purchase of what was both bought and sold, as in Moehle and others 2021), leaves out orders below the
minimum ticket, rounds towards zero, and sells lots in the account's order, or cheapest tax first. Everything the solver sees is in fractions of value (basis points in
the objective), which is kind to it.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cvxpy as cp
import numpy as np

from lotwright.plan.costs import HalfSpread, IdleCash, Tracking
from lotwright.plan.limits import MinimumTicket, WholeShares
from lotwright.plan.limits.restrictions import bounds
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Bools, Floats, Snapshot
from lotwright.tax.household import household_tax


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A solver with its settings, and whether sides are fixed and the problem solved again."""

    settings: Mapping[str, Any]
    sides: bool = False


WAYS = {
    "cvxpy + OSQP": Way(settings={"solver": cp.OSQP}),
    "cvxpy + OSQP, sides": Way(settings={"solver": cp.OSQP}, sides=True),
    "cvxpy + Clarabel": Way(settings={"solver": cp.CLARABEL}),
    "cvxpy + PIQP": Way(settings={"solver": cp.PIQP, "warm_start": False}),
}
"""Default settings of each, as a textbook would call it (PIQP without the warm start that makes it wrong)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answer:
    """Whole-share trades (None: the solver gave no values) and seconds from snapshot to trades.

    ``both``: how many securities the relaxed answer buys and sells.
    """

    trades: Trades | None
    seconds: float
    both: int


def textbook(program: Program, snapshot: Snapshot, *, way: Way) -> Answer:
    """Plan a household of one account the textbook way."""
    started = time.perf_counter()
    nobody = np.zeros(len(snapshot.symbol), dtype=bool)
    relaxed = _relaxed(program, snapshot, way=way, unbought=nobody)
    if relaxed is None:
        return Answer(trades=None, seconds=time.perf_counter() - started, both=0)
    both = (relaxed[0] > 1.0 / snapshot.price) & (relaxed[1] > 1.0 / snapshot.price)
    if way.sides and both.any():
        relaxed = _relaxed(program, snapshot, way=way, unbought=both) or relaxed
    trades = _rounded(program, snapshot, relaxed[0] - relaxed[1])
    return Answer(trades=trades, seconds=time.perf_counter() - started, both=int(both.sum()))


def _relaxed(program: Program, snapshot: Snapshot, *, way: Way, unbought: Bools) -> tuple[Floats, Floats] | None:
    """Shares bought and sold of each holding, shapes (n,); None where the solver gives no values."""
    problem, buy, sell = _problem(program, snapshot, unbought)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an inaccurate answer warns; the verifier judges it
            problem.solve(**way.settings)
    except cp.error.SolverError:
        return None
    if buy.value is None or sell.value is None:
        return None
    bought = np.maximum(buy.value, 0.0) * snapshot.total_value / snapshot.price
    dollars = np.maximum(sell.value, 0.0)[: len(snapshot.lot)] * snapshot.total_value
    sold = np.bincount(snapshot.lot_holding, weights=dollars, minlength=len(snapshot.symbol)) / snapshot.price
    return bought, sold


def _problem(program: Program, snapshot: Snapshot, unbought: Bools) -> tuple[cp.Problem, cp.Variable, cp.Variable]:
    value, n = snapshot.total_value, len(snapshot.symbol)
    cost = {type(one): one for one in program.costs}
    buy = cp.Variable(n, nonneg=True)
    sell = cp.Variable(max(len(snapshot.lot), 1), nonneg=True)
    exposure = snapshot.exposure if snapshot.exposure.shape[1] else np.zeros((n, 1))  # no history: plain drift
    active, factor = cp.Variable(n), cp.Variable(exposure.shape[1])
    cash = cp.Variable()
    held = np.zeros((n, sell.size))
    held[snapshot.lot_holding, np.arange(len(snapshot.lot))] = 1.0
    sold = held @ sell
    spread = np.where(np.isnan(snapshot.half_spread), cost[HalfSpread].default, snapshot.half_spread)
    paid = spread @ (buy + sold)
    away = cash - snapshot.cash_target[0] / value
    risk = cp.sum_squares(factor) + cp.sum_squares(cp.multiply(np.sqrt(snapshot.specific), active))
    idle = cost[IdleCash].price * cp.pos(away) + cost[IdleCash].shortfall * cp.pos(-away)
    total = cost[Tracking].risk_price * risk + paid + _tax(snapshot, sell) + idle
    lower, upper = bounds(snapshot)
    upper = np.where(snapshot.is_locked[snapshot.group_of], np.minimum(upper, 0.0), upper)
    most = np.where(np.isfinite(upper), upper * snapshot.price / value, 10.0)
    lots = np.zeros(sell.size)
    lots[: len(snapshot.lot)] = snapshot.lot_quantity * snapshot.price[snapshot.lot_holding] / value
    rows = [
        active == (snapshot.quantity * snapshot.price - snapshot.target) / value + buy - sold,
        factor == exposure.T @ active,
        cash == snapshot.cash[0] / value + cp.sum(sold) - cp.sum(buy) - paid,
        cash >= max(snapshot.cash_floor[0], 0.0) / value,
        sell <= lots,
        buy - sold <= most,
        buy <= np.where(unbought, 0.0, 10.0),
        buy - sold >= lower * snapshot.price / value,
    ]
    return cp.Problem(cp.Minimize(1e4 * total), rows), buy, sell


def _tax(snapshot: Snapshot, sell: cp.Variable) -> cp.Expression:
    """Each lot's gain at its own rate, losses too."""
    rates = household_tax(snapshot.household, as_of=snapshot.market.as_of).rates
    weight = np.zeros(sell.size)
    rate = np.where(snapshot.lot_is_long, float(rates.long), float(rates.short))
    weight[: len(snapshot.lot)] = rate * snapshot.lot_gain / snapshot.price[snapshot.lot_holding]
    return weight @ sell


def _rounded(program: Program, snapshot: Snapshot, net: Floats) -> Trades:
    """Net shares rounded towards zero to what the broker trades, sold lot by lot."""
    limit = {type(one): one for one in program.limits}
    step = limit[WholeShares].increment(snapshot)
    least = limit[MinimumTicket].dollars if MinimumTicket in limit else 0.0
    closes = net <= -snapshot.quantity + 0.5 * np.minimum(step, 1.0)
    shares = np.sign(net) * np.floor(np.abs(net) / step + 1e-6) * step
    shares = np.where(closes & (snapshot.quantity > 0), -snapshot.quantity, shares)
    small = (np.abs(shares) * snapshot.price < least) & ~(closes & (snapshot.quantity > 0))
    shares = np.where(small, 0.0, shares)
    sell = np.zeros(len(snapshot.lot))
    for j in np.flatnonzero(shares < 0):
        left = -shares[j]
        for lot in _lots(snapshot, int(j)):
            sell[lot] = min(left, snapshot.lot_quantity[lot])
            left -= sell[lot]
    return Trades(sell=sell, buy=np.maximum(shares, 0.0))


def _lots(snapshot: Snapshot, holding: int) -> list[int]:
    """Lots of a holding in the account's order, or the cheapest tax first."""
    own = list(range(int(snapshot.offset[holding]), int(snapshot.offset[holding + 1])))
    if snapshot.is_ordered[holding]:
        return own
    rates = household_tax(snapshot.household, as_of=snapshot.market.as_of).rates
    rate = np.where(snapshot.lot_is_long, float(rates.long), float(rates.short))
    return sorted(own, key=lambda lot: (rate[lot] * snapshot.lot_gain[lot], lot))
