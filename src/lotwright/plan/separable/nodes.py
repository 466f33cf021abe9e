"""One node of the tree: its bound, the trade lists its multipliers suggest, and where to branch."""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.dual import evaluate, harvest_columns, set_trade
from lotwright.plan.separable.jit import kernel
from lotwright.plan.separable.master import is_within, master
from lotwright.plan.separable.search import descend, objective, repair, swap_pairs


@kernel
def node_bound(P, pool, lower, upper, z, opts, pick, trade, rounds, cutoff, settle, slack, reach, fineness):
    """Best bound found within the node's bounds, leaving its multipliers in z and column weights in the pool.

    Alternates exact subproblems (which give the bound and new columns) with the restricted master (which gives multipliers)
    until the bound passes ``cutoff``, the master has nothing more to gain than ``settle`` bp, or ``rounds`` are done.
    Returns (bound, the master's last value); infinite when the node allows no trade at all.
    """
    best = evaluate(P, z, lower, upper, opts, pick)
    ceiling = np.inf
    if best == np.inf:
        return best, ceiling
    harvest_columns(P, pool, z, lower, upper, opts, pick, trade, reach, fineness)
    trial = z.copy()
    within = 8.0 * slack / 0.1
    for r in range(rounds):
        if best >= cutoff or best > 1e7:
            break
        ceiling = master(P, pool, lower, upper, trial, within, slack, 0.2 * settle)
        bound = evaluate(P, trial, lower, upper, opts, pick)
        if bound > best:
            best = bound
            z[:] = trial
        harvest_columns(P, pool, trial, lower, upper, opts, pick, trade, reach, fineness)
        if ceiling - best < settle:
            break
        within = max(0.5, 2.0 * (ceiling - best))
        slack = max(0.02, min(slack, 0.1 * (ceiling - best)))
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
    value = objective(P, trade)
    if value == np.inf:
        return value
    return improve(P, C, z, root_lower, root_upper, trade, sweeps, width, swaps)


@kernel
def mean_trade(P, pool, z, lower, upper, trade):
    """The weighted mean of the columns, each holding rounded to an allowed trade near it; True when each has one."""
    n = P.holding.shape[0]
    line = P.line.shape[0] - 1
    mu_s = P.line[line, 0]
    mu_l = P.line[line, 1]
    for j in range(n):
        g = P.holding[j]["group"]
        mean = 0.0
        heaviest = -1
        for c in range(pool.count[g]):
            if not is_within(P, pool, g, c, lower, upper):
                continue
            mean += pool.weight[g, c] * pool.X[j, c]
            if heaviest < 0 or pool.weight[g, c] > pool.weight[g, heaviest]:
                heaviest = c
        if heaviest < 0:
            return False
        if not any_kind(P, j, np.round(mean / P.holding[j]["step"]) * P.holding[j]["step"], mu_s, mu_l, lower, upper, trade[j]):
            if not any_kind(P, j, pool.X[j, heaviest], mu_s, mu_l, lower, upper, trade[j]):
                return False
    for g in range(P.members_offset.shape[0] - 1):
        lose = False
        buy = False
        for m in range(P.members_offset[g], P.members_offset[g + 1]):
            lose = lose or trade[P.members[m], 3] == 2.0
            buy = buy or trade[P.members[m], 0] > 0.0
        if lose and buy:
            return False
    return True


@kernel
def any_kind(P, j, X, mu_s, mu_l, lower, upper, row):
    """Fill row with X shares as a buy, a sale without losses, or a sale with losses, whichever is allowed first."""
    if set_trade(P, j, X, 0, -1, mu_s, mu_l, lower, upper, row):
        return True
    if set_trade(P, j, X, 1, -1, mu_s, mu_l, lower, upper, row):
        return True
    if P.holding[j]["ordered"] == 1:
        return set_trade(P, j, X, 2, -1, mu_s, mu_l, lower, upper, row)
    for way in range(P.holding[j]["way"], P.holding[j]["way_stop"]):
        if set_trade(P, j, X, 2, P.way[way], mu_s, mu_l, lower, upper, row):
            return True
    return False


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
