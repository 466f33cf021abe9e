"""One node of the tree: its bound, the trade lists its multipliers suggest, and where to branch."""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.dual import clip, evaluate, harvest_columns, size_of
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
    most = 40 + 3 * z.shape[0]
    harvest_columns(P, pool, z, lower, upper, opts, pick, trade, close, fineness, 1, most)
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
            most *= 2
        if best >= cutoff or abs(ceiling - best) < settle:
            break
        gap = abs(ceiling - best)
        reach = 1
        if r > 0 and gap > 0.3 * last:
            reach = 3
        last = gap
        close = max(0.02, min(close, 4.0 * gap)) if reach == 1 else 10.0 + 2.0 * gap
        harvest_columns(P, pool, trial, lower, upper, opts, pick, trade, close, fineness, reach, most)
        slack = max(0.02, min(slack, 0.1 * abs(ceiling - best)))
    if best < cutoff:
        best = dearer_cash(P, lower, upper, z, opts, pick, best)
    return best, ceiling


@kernel
def dearer_cash(P, lower, upper, z, opts, pick, best):
    """Scale the prices of cash and rows up while that raises the bound: how a box that cannot be paid for shows it."""
    A, K, free, R = size_of(P)
    trial = z.copy()
    for power in range(8):
        for i in range(z.shape[0]):
            if A * K <= i < A * K + A or i >= A * K + A + free:
                trial[i] *= 8.0
        clip(P, trial)
        bound = evaluate(P, trial, lower, upper, opts, pick)
        if not best < bound < 1e12:
            break
        best = bound
        z[:] = trial
    return best


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
def shares_of(P, pool, j, lower, upper, share):
    """Summed weights of holding j's columns in the box: share = (sells, holds, buys); returns (mean, variance) of shares."""
    g = P.holding[j]["group"]
    share[:] = 0.0
    mean = 0.0
    square = 0.0
    total = 0.0
    for c in range(pool.known[g]):
        w = pool.weight[g, c]
        if w < 1e-6 or not is_within(P, pool, g, c, lower, upper):
            continue
        X = pool.X[j, c]
        total += w
        mean += w * X
        square += w * X * X
        share[int(np.sign(X)) + 1] += w
    if total <= 0.0:
        return 0.0, 0.0
    for i in range(3):
        share[i] /= total
    mean /= total
    return mean, max(square / total - mean * mean, 0.0)


@kernel
def branch(P, pool, lower, upper):
    """Holding to branch on and the value between its two sides: (-1, 0) when the box holds a single trade of each holding.

    Convexifying loses, per holding, specific risk times the variance of its columns, the ticket, and what trading on both
    sides costs: the holding where most is lost is split, between selling and not selling, between holding and trading, or
    at the mean of its columns. Where columns tell nothing apart the widest box is halved.
    """
    best = 1e-7
    chosen = -1
    at = 0.0
    share = np.zeros(3)
    for j in range(P.holding.shape[0]):
        h = P.holding[j]
        mean, variance = shares_of(P, pool, j, lower, upper, share)
        sells, hold, buys = share
        p = h["price"]
        score = h["specific"] * p * p * variance
        score += (h["ticket_cost"] + 1e4 * h["ticket_cash"]) * min(hold, sells + buys)
        if sells > 1e-4 and hold + buys > 1e-4:
            score += 0.02 * 1e4 * p * np.sqrt(variance + mean * mean) * min(sells, hold + buys)
        if score > best:
            if sells > 1e-4 and hold + buys > 1e-4:
                value = -0.5 * min(h["step"], h["held"])
            elif hold > 1e-4 and buys > 1e-4:
                value = 0.5 * h["step"]
            else:
                value = (np.floor(mean / h["step"]) + 0.5) * h["step"]
            if lower[j] < value < upper[j]:
                best = score
                chosen = j
                at = value
    if chosen < 0:
        return widest(P, lower, upper)
    return chosen, at


@kernel
def widest(P, lower, upper):
    """The holding whose box spans most dollars, and a value that splits its allowed trades: sides first, then the middle."""
    most = 0.0
    chosen = -1
    at = 0.0
    for j in range(P.holding.shape[0]):
        h = P.holding[j]
        step = h["step"]
        if h["price"] * (upper[j] - lower[j]) <= most:
            continue
        inside = np.floor(upper[j] / step + 1e-9) - np.ceil(lower[j] / step - 1e-9)
        closes = h["held"] > 0.0 and lower[j] <= -h["held"] + 1e-9 and upper[j] > -h["held"] + 0.6 * step
        if inside < 0.5 and not closes:
            continue
        value = (np.floor(0.5 * (lower[j] + upper[j]) / step) + 0.5) * step
        if lower[j] < 0.0 < upper[j]:
            value = -0.5 * min(step, h["held"]) if -lower[j] >= upper[j] else 0.5 * step
        if lower[j] < value < upper[j]:
            most = h["price"] * (upper[j] - lower[j])
            chosen = j
            at = value
    return chosen, at
