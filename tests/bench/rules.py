"""What people do without an optimiser, and a genetic algorithm: ways of planning one account that others ship or teach.

DiscreteAllocation, greedy and LP
    PyPortfolioOpt turns the target weights and the money to invest into whole shares; what is held beyond them is sold, the
    lots with the highest basis first. Prices go in in the order of the weights, a fresh object a call (LP pairs them by
    position).
sell everything, rebuy
    Every lot is sold, and the targets are bought in whole shares.
HIFO to target
    Every security goes to its target, rounded towards zero, highest basis first.
5 % bands, 5/25 bands
    As HIFO to target, for the securities that are more than 5 % of the account off their target; or, second, more than
    5 % of the account or a quarter of their target, whichever is less (Swedroe's rule).
genetic
    :class:`lotwright.plan.strategies.genetic.Genetic`: the same objective and limits, as long as ours took, and again for
    ``--genetic`` seconds.

None but the last knows taxes, costs, restrictions or wash sales. Lots leave in the account's order where it has one.
"""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
from pypfopt import DiscreteAllocation

from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Bools, Floats, Snapshot
from lotwright.plan.strategies.genetic import Genetic
from tests.bench.textbook import Answer

Rule = Callable[[Snapshot], Trades]


def timed(rule: Rule, snapshot: Snapshot) -> Answer:
    """A rule's answer and its time."""
    started = time.perf_counter()
    try:
        trades = rule(snapshot)
    except (ValueError, ZeroDivisionError, AssertionError):  # an account DiscreteAllocation has no answer for
        trades = None
    return Answer(trades=trades, seconds=time.perf_counter() - started, both=0)


def discrete_greedy(snapshot: Snapshot) -> Trades:
    """PyPortfolioOpt's greedy allocation."""
    return _to(snapshot, _discrete(snapshot, lambda allocation: allocation.greedy_portfolio()[0]))


def discrete_lp(snapshot: Snapshot) -> Trades:
    """PyPortfolioOpt's integer program."""
    return _to(snapshot, _discrete(snapshot, lambda allocation: allocation.lp_portfolio(solver="HIGHS")[0]))


def sell_all(snapshot: Snapshot) -> Trades:
    """Everything out, the targets in."""
    return Trades(sell=snapshot.lot_quantity.copy(), buy=_steps(snapshot, snapshot.target / snapshot.price))


def hifo(snapshot: Snapshot) -> Trades:
    """Every security to its target."""
    return _towards(snapshot, np.ones(len(snapshot.symbol), dtype=bool))


def bands(snapshot: Snapshot) -> Trades:
    """Securities more than 5 % of the account away."""
    return _towards(snapshot, np.abs(_off(snapshot)) > 0.05)


def swedroe(snapshot: Snapshot) -> Trades:
    """Securities more than 5 % of the account, or a quarter of their target, away."""
    return _towards(snapshot, np.abs(_off(snapshot)) > np.minimum(0.05, 0.25 * snapshot.target / snapshot.total_value))


RULES: dict[str, Rule] = {
    "DiscreteAllocation, greedy": discrete_greedy,
    "DiscreteAllocation, LP": discrete_lp,
    "sell everything, rebuy": sell_all,
    "HIFO to target": hifo,
    "5 % bands": bands,
    "5/25 bands": swedroe,
}


def genetic(program: Program, snapshot: Snapshot, *, seconds: float) -> Answer:
    """The genetic strategy for ``seconds`` of wall time; it finishes the generation it is in."""
    started = time.perf_counter()
    trades = Genetic(evaluations=10**9).trades(snapshot, program, seconds=seconds)
    return Answer(trades=trades, seconds=time.perf_counter() - started, both=0)


def _discrete(snapshot: Snapshot, allocate: Callable[[DiscreteAllocation], dict[str, int]]) -> Floats:
    """Whole shares to hold of each security, shape (n,)."""
    wanted = snapshot.target > 0
    names = [symbol for symbol, is_wanted in zip(snapshot.symbol, wanted, strict=True) if is_wanted]
    money = float(snapshot.target.sum())
    weights = dict(zip(names, (snapshot.target[wanted] / money).tolist(), strict=True))
    prices = pd.Series(snapshot.price[wanted], index=names)
    with contextlib.redirect_stdout(io.StringIO()):
        shares = allocate(DiscreteAllocation(weights, prices, total_portfolio_value=money))
    return np.array([float(shares.get(symbol, 0)) for symbol in snapshot.symbol])


def _off(snapshot: Snapshot) -> Floats:
    return (snapshot.quantity * snapshot.price - snapshot.target) / snapshot.total_value


def _steps(snapshot: Snapshot, shares: Floats) -> Floats:
    """Rounded down to what the account trades."""
    step = np.where(snapshot.increment > 0, snapshot.increment, 0.0001)
    return np.floor(shares / step + 1e-9) * step


def _towards(snapshot: Snapshot, chosen: Bools) -> Trades:
    """The chosen securities to their targets, rounded towards no trade; what has no target is sold whole."""
    net = np.where(chosen, snapshot.target / snapshot.price - snapshot.quantity, 0.0)
    whole = np.sign(net) * _steps(snapshot, np.abs(net))
    whole = np.where(chosen & (snapshot.target == 0), -snapshot.quantity, whole)
    return _to(snapshot, snapshot.quantity + whole)


def _to(snapshot: Snapshot, held: Floats) -> Trades:
    """From what is held to ``held`` shares in steps the account trades: highest basis first, or the account's order."""
    net = held - snapshot.quantity
    net = np.where(held > 0, np.sign(net) * _steps(snapshot, np.abs(net)), net)
    sell = np.zeros(len(snapshot.lot))
    basis = np.array([float(lot.basis / lot.quantity) for lot in snapshot.lot])
    for j in np.flatnonzero(net < 0):
        own = np.arange(snapshot.offset[j], snapshot.offset[j + 1])
        order = own if snapshot.is_ordered[j] else own[np.argsort(-basis[own], kind="stable")]
        left = -net[j]
        for lot in order:
            sell[lot] = min(left, snapshot.lot_quantity[lot])
            left -= sell[lot]
    return Trades(sell=sell, buy=np.maximum(net, 0.0))
