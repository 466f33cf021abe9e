"""One node of the tree: its bound, and where to branch."""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.cells import column
from lotwright.plan.separable.columns import is_within
from lotwright.plan.separable.dual import clip, evaluate, harvest_columns, size_of
from lotwright.plan.separable.jit import kernel
from lotwright.plan.separable.master import master
from lotwright.plan.separable.newton import newton
from lotwright.plan.separable.problem import FEW


@kernel
def node_bound(P, pool, lower, upper, z, opts, pick, trade, curve, steps, rounds, cutoff, settle, close, fineness):
    """Best bound found within the node's bounds, leaving its multipliers in z and column weights in the pool.

    Newton ``steps`` at most, then rounds of the restricted master (which gives multipliers) and exact subproblems (which give the
    bound and new columns) until the bound passes ``cutoff``, the master has nothing more to gain than ``settle`` bp, or
    ``rounds`` are done. Groups whose choice leads by more than ``close`` bp enter the master as quadratics.
    Returns (bound, the master's last value); infinite when the node allows no trade at all.
    """
    best = newton(P, lower, upper, z, opts, pick, steps)
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
        exact = max(0.2 * settle, min(0.02, 0.02 * last))
        ceiling = master(P, pool, lower, upper, trial, max(1.5 * close, 0.05), slack, exact, stiff, trade, curve)
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
        if best >= cutoff or abs(ceiling - best) < settle or r == rounds - 1:
            break
        gap = abs(ceiling - best)
        reach = 1
        if r > 0 and gap > 0.3 * last:
            reach = 3
        last = gap
        close = max(0.02, min(close, 4.0 * gap)) if reach == 1 else 10.0 + 2.0 * gap
        harvest_columns(P, pool, trial, lower, upper, opts, pick, trade, close, fineness, reach, most)
        slack = max(0.02, min(slack, 0.1 * abs(ceiling - best)))
    if best < cutoff and P.holding.shape[0] <= FEW:
        best = settle_box(P, lower, upper, z, opts, pick, best, cutoff)
    return best, ceiling


@kernel
def settle_box(P, lower, upper, z, opts, pick, best, cutoff):
    """Offer the multipliers at which the trades just picked would be optimal: exact where a box holds little else."""
    trial = z.copy()
    evaluate(P, trial, lower, upper, opts, pick)
    for step in range(8):
        stationary(P, opts, pick, trial)
        clip(P, trial)
        if np.max(np.abs(trial)) > 1e11:
            break
        bound = evaluate(P, trial, lower, upper, opts, pick)
        if best < bound < np.inf:
            best = bound
            z[:] = trial
        if best >= cutoff:
            break
    return best


@kernel
def stationary(P, opts, pick, z):
    """Set z to the slopes of the exact cost at the picked trades; a broken floor or hard row gets a steep price instead."""
    A, K, free, R = size_of(P)
    DU = A * K
    level = np.zeros(R)
    cash = np.zeros(A)
    for a in range(A):
        cash[a] = P.account[a]["cash"]
    for i in range(DU):
        z[i] = 0.0
    S = 0.0
    L = 0.0
    for j in range(P.holding.shape[0]):
        h = P.holding[j]
        row = opts[j, pick[j]]
        alone, x, spent = column(h, row[1])
        cash[h["account"]] -= spent
        S += row[2]
        L += row[3]
        for k in range(P.load.shape[1]):
            z[h["account"] * K + P.at[j, k]] += 2.0 * P.load[j, k] * (h["active"] + x)
        for r in range(R):
            level[r] += P.row[r, j] * x
    for a in range(A):
        account = P.account[a]
        if cash[a] < account["floor"] - 1e-13:
            z[DU + a] = max(16.0 * z[DU + a], 1e3)
        elif cash[a] > account["target"]:
            z[DU + a] = -account["idle"]
        else:
            z[DU + a] = account["shortfall"]
    largest = 0
    most = -np.inf
    for i in range(free + 1):
        value = P.line[i, 0] * (P.start[0] + S) + P.line[i, 1] * (P.start[1] + L) + P.line[i, 2]
        if value > most:
            most = value
            largest = i
    for i in range(free):
        z[DU + A + i] = 1.0 if i == largest else 0.0
    for r in range(R):
        i = DU + A + free + r
        if level[r] + P.row_gain[r, 0] * S + P.row_gain[r, 1] * L <= P.row_right[r] + 1e-13:
            z[i] = 0.0
        else:
            z[i] = min(P.row_price[r], max(16.0 * z[i], 1e3))


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
def branch(P, pool, lower, upper, tried):
    """Holding to branch on and the value between its two sides: (-1, 0) when the box holds a single trade of each holding.

    Convexifying loses, per holding, specific risk times the variance of its columns, the ticket, and what trading on both
    sides costs: the holding where most is lost is split, between selling and not selling, between holding and trading, or
    at the mean of its columns. Holdings already ``tried``, shape (n,), are passed over. Where columns tell nothing apart the
    widest box is halved.
    """
    best = 1e-7
    chosen = -1
    at = 0.0
    share = np.zeros(3)
    for j in range(P.holding.shape[0]):
        if tried[j]:
            continue
        h = P.holding[j]
        mean, variance = shares_of(P, pool, j, lower, upper, share)
        sells, hold, buys = share
        p = h["price"]
        score = h["specific"] * p * p * variance
        score += (h["ticket_cost"] + 1e4 * h["ticket_cash"]) * min(hold, sells + buys)
        if sells > 1e-4 and hold + buys > 1e-4:
            score += 0.02 * 1e4 * p * np.sqrt(variance + mean * mean) * min(sells, hold + buys)
        if score > best:
            value = (np.floor(mean / h["step"]) + 0.5) * h["step"]
            if sells > 1e-4 and hold + buys > 1e-4:
                value = -0.25 * min(h["step"], h["held"])
            elif hold > 1e-4 and buys > 1e-4:
                value = 0.25 * h["step"]
            value = cut(h, lower[j], upper[j], value)
            if not np.isnan(value):
                best = score
                chosen = j
                at = value
    if chosen < 0:
        return widest(P, lower, upper)
    return chosen, at


@kernel
def cut(h, lower, upper, at):
    """Threshold next to ``at`` with an allowed trade on either side; NaN where the bounds hold one trade at most."""
    step = h["step"]
    held = h["held"]
    first = np.ceil(lower / step - 1e-9) * step
    last = np.floor(upper / step + 1e-9) * step
    odd = held > 0.0 and lower <= -held + 1e-9 and -held < first - 1e-9
    if last - (-held if odd else first) < 1e-9:
        return np.nan
    if odd and (at < first or last - first < 1e-9):
        return 0.5 * (first - held)
    return min(max((np.floor(at / step) + 0.5) * step, first + 0.5 * step), last - 0.5 * step)


@kernel
def widest(P, lower, upper):
    """The holding whose box spans most dollars, and a value that splits its allowed trades: sides first, then the middle."""
    most = 0.0
    chosen = -1
    at = 0.0
    for j in range(P.holding.shape[0]):
        h = P.holding[j]
        value = 0.5 * (lower[j] + upper[j])
        if lower[j] < -1e-9 and upper[j] > -1e-9 and -lower[j] >= upper[j]:
            value = -0.25 * min(h["step"], h["held"])
        elif lower[j] < 1e-9 and upper[j] > 1e-9:
            value = 0.25 * h["step"]
        value = cut(h, lower[j], upper[j], value)
        if not np.isnan(value) and h["price"] * (upper[j] - lower[j]) > most:
            most = h["price"] * (upper[j] - lower[j])
            chosen = j
            at = value
    return chosen, at
