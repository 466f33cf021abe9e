"""One node of the tree: its bound, the trade lists its multipliers suggest, and where to branch."""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.dual import evaluate, harvest_columns
from lotwright.plan.separable.jit import kernel
from lotwright.plan.separable.master import is_within, master
from lotwright.plan.separable.newton import newton
from lotwright.plan.separable.search import descend, objective, repair, swap_pairs


@kernel
def node_bound(P, pool, lower, upper, z, opts, pick, trade, curve, rounds, cutoff, settle, close, fineness):
    """Best bound found within the node's bounds, leaving its multipliers in z and column weights in the pool.

    A few Newton steps, then rounds of the restricted master (which gives multipliers) and exact subproblems (which give the
    bound and new columns) until the bound passes ``cutoff``, the master has nothing more to gain than ``settle`` bp, or
    ``rounds`` are done. Groups whose choice leads by more than ``close`` bp enter the master as quadratics.
    Returns (bound, the master's last value); infinite when the node allows no trade at all.
    """
    best = newton(P, lower, upper, z, opts, pick, 25)
    ceiling = np.inf
    if best == np.inf or best >= cutoff:
        return best, ceiling
    harvest_columns(P, pool, z, lower, upper, opts, pick, trade, close, fineness, 1)
    trial = z.copy()
    slack = 0.1
    last = np.inf
    stiff = 0.2
    for r in range(rounds):
        if best > 1e7:
            break
        ceiling = master(P, pool, lower, upper, trial, max(1.5 * close, 0.05), slack, 0.2 * settle, stiff, trade, curve)
        bound = evaluate(P, trial, lower, upper, opts, pick)
        for halving in range(3):
            if bound >= best - 0.5 * abs(ceiling - best) - settle:
                break
            for i in range(z.shape[0]):
                trial[i] = 0.5 * (trial[i] + z[i])
            bound = evaluate(P, trial, lower, upper, opts, pick)
        if bound > best:
            best = bound
            z[:] = trial
        else:
            stiff = 1.0
        if best >= cutoff or abs(ceiling - best) < settle:
            break
        gap = abs(ceiling - best)
        reach = 1
        if r > 0 and gap > 0.3 * last:
            reach = 3
        last = gap
        close = max(0.02, min(close, 4.0 * gap)) if reach == 1 else 10.0 + 2.0 * gap
        harvest_columns(P, pool, trial, lower, upper, opts, pick, trade, close, fineness, reach)
        slack = max(0.02, min(slack, 0.1 * abs(ceiling - best)))
    return best, ceiling


@kernel
def improve(P, C, z, lower, upper, trade, sweeps, width, swaps):
    """Descend and swap until neither improves; returns the exact cost."""
    value = descend(P, C, z, lower, upper, trade, sweeps)
    for s in range(swaps):
        if swap_pairs(P, z, lower, upper, trade, width) == 0:
            break
        value = descend(P, C, z, lower, upper, trade, 1)
    return value


@kernel
def suggest(P, C, z, lower, upper, root_lower, root_upper, opts, pick, trade, sweeps, width, swaps):
    """A whole-share plan from multipliers: repaired within the node's bounds, improved within the root's; its exact cost."""
    if not repair(P, z, lower, upper, opts, pick, trade):
        return np.inf
    if objective(P, trade) == np.inf:
        return np.inf
    descend(P, C, z, lower, upper, trade, sweeps)
    return improve(P, C, z, root_lower, root_upper, trade, sweeps, width, swaps)


@kernel
def branch(P, pool, lower, upper):
    """Holding to branch on and the value between its two sides: (-1, 0) when every holding is decided.

    Convexifying loses, per holding, specific risk times the variance of its columns, the ticket, and what trading on both
    sides costs: the holding where most is lost is split, between selling and not selling, between holding and trading, or
    at the mean of its columns.
    """
    n = P.holding.shape[0]
    best = 1e-7
    chosen = -1
    at = 0.0
    for j in range(n):
        g = P.holding[j]["group"]
        mean = 0.0
        square = 0.0
        hold = 0.0
        sells = 0.0
        buys = 0.0
        moved = 0.0
        for c in range(pool.count[g]):
            w = pool.weight[g, c]
            if w < 1e-6 or not is_within(P, pool, g, c, lower, upper):
                continue
            X = pool.X[j, c]
            mean += w * X
            square += w * X * X
            moved += w * abs(pool.x[j, c])
            if X == 0.0:
                hold += w
            elif X < 0.0:
                sells += w
            else:
                buys += w
        p = P.holding[j]["price"]
        score = P.holding[j]["specific"] * p * p * max(square - mean * mean, 0.0)
        trades = sells + buys
        ticket = P.holding[j]["ticket_cost"] + 1e4 * P.holding[j]["ticket_cash"]
        score += ticket * min(hold, trades)
        if sells > 1e-4 and hold + buys > 1e-4:
            score += 0.02 * 1e4 * moved * min(sells, hold + buys)
        if score > best:
            best = score
            chosen = j
            if sells > 1e-4 and hold + buys > 1e-4:
                at = -0.5 * min(P.holding[j]["step"], P.holding[j]["held"])
            elif hold > 1e-4 and buys > 1e-4:
                at = 0.5 * P.holding[j]["step"]
            else:
                at = (np.floor(mean / P.holding[j]["step"]) + 0.5) * P.holding[j]["step"]
    return chosen, at
