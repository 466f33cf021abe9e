"""A short look at both sides of several splits before one is made.

Problem: which split closes most of the gap is known only after its sides have been bounded, and bounding the sides of eight
splits costs as much as eight nodes. Observations: the columns on either side of a promising split are known already, so the
restricted master without the columns of one side says what the other will cost at most, and its last answer is a few steps
of the active set away; the exact dual at the prices it ends with is a bound to rely on. Therefore: columns are gathered once
for all splits and each side costs one short solve (strong branching on the restricted master: Pecin, Pessoa, Poggi and Uchoa
2017). The cheapest column of either side is added first: without it a side seems dear that is not.
"""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.active_set import active_set
from lotwright.plan.separable.columns import gather
from lotwright.plan.separable.dual import (
    add_column,
    clip,
    evaluate,
    group_minimum,
    harvest_columns,
    set_option,
    unpack,
)
from lotwright.plan.separable.jit import inlined, kernel
from lotwright.plan.separable.master import MOST, worth

BANNED = 1e7
"""What a column of the other side is made dearer by, bp."""
EXACT = 0.005
"""How near (bp) to its optimum a look's master ends."""


@kernel
def ban(P, pool, M, j, low, high, back):
    """Make every gathered column with shares of holding j outside [low, high] too dear, noting in back (C,) what it cost.

    Returns the group's number among the gathered ones and how many of its columns are left; (-1, 0) for a group not gathered.
    """
    g = P.holding[j]["group"]
    for h in range(M.groups):
        if M.source[M.start[h], 0] != g:
            continue
        left = 0
        for c in range(M.start[h], M.start[h + 1]):
            back[c] = M.alpha[c]
            if low - 1e-9 <= pool.X[j, M.source[c, 1]] <= high + 1e-9:
                left += 1
            else:
                M.alpha[c] += BANNED
        return h, left
    return -1, 0


@inlined
def narrow(lower, upper, j, at, side, low, high):
    """Set holding j's bounds in low and high to those below (side 0) or above (side 1) a threshold."""
    low[j] = lower[j] if side == 0 else max(lower[j], at)
    high[j] = min(upper[j], at) if side == 0 else upper[j]


@kernel
def add_sides(P, pool, lower, upper, z, opts, pick, trade, holding, at):
    """Add the cheapest column at z of either side of each split, and ask the master for every column of their groups."""
    sigma = np.empty(P.holding.shape[0])
    nu = np.empty(P.account.shape[0])
    mu_s, mu_l, tax, rows = unpack(P, z, sigma, nu)
    scratch = np.zeros((1, 6))
    low = lower.copy()
    high = upper.copy()
    for k in range(holding.shape[0]):
        j = holding[k]
        g = P.holding[j]["group"]
        pool.smooth[g] = 2
        for side in range(2):
            narrow(lower, upper, j, at[k], side, low, high)
            if group_minimum(P, g, sigma, nu, mu_s, mu_l, low, high, opts, pick, scratch) < np.inf:
                for m in range(P.members_offset[g], P.members_offset[g + 1]):
                    i = P.members[m]
                    set_option(i, pick[i], opts, mu_s, mu_l, trade[i])
                add_column(P, pool, g, trade)
        low[j] = lower[j]
        high[j] = upper[j]


@kernel
def look(
    P, pool, lower, upper, z, opts, pick, trade, curve, close, fineness, cutoff, holding, at, bound, promise, found
):
    """Look at both sides of splits of a box: holdings (k,) and thresholds (k,).

    Sets promise (k, 2) to what the side below and the one above cost by the columns known: rather too much. Where that
    passes ``cutoff``, bound (k, 2) and found (k, 2, D) are set to a bound of the side and the multipliers that prove it; elsewhere
    they are the box's own. Groups that lead by more than ``close`` bp, and steps below ``fineness``, are quadratics.
    """
    D = z.shape[0]
    start = evaluate(P, z, lower, upper, opts, pick)
    harvest_columns(P, pool, z, lower, upper, opts, pick, trade, close, fineness, 1, 40 + 3 * D)
    add_sides(P, pool, lower, upper, z, opts, pick, trade, holding, at)
    M = gather(P, pool, lower, upper, z, max(1.5 * close, 0.05), 0.2, trade, curve)
    lam = np.empty(M.columns)
    best = z.copy()
    able = active_set(P, M, curve, best, EXACT, MOST, lam)
    base = 0.0
    if able:
        base = worth(P, M, curve, z, best)
        M.before[: M.columns] = lam
    back = np.zeros(M.columns)
    low = lower.copy()
    high = upper.copy()
    for k in range(holding.shape[0]):
        j = holding[k]
        for side in range(2):
            narrow(lower, upper, j, at[k], side, low, high)
            bound[k, side] = start
            promise[k, side] = start
            trial = found[k, side]
            trial[:] = z
            h, left = ban(P, pool, M, j, low[j], high[j], back)
            if able and left > 0 and active_set(P, M, curve, trial, EXACT, MOST, lam):
                promise[k, side] = start + max(worth(P, M, curve, z, trial) - base, 0.0)
            if h >= 0:
                for c in range(M.start[h], M.start[h + 1]):
                    M.alpha[c] = back[c]
            if promise[k, side] >= cutoff:
                clip(P, trial)
                bound[k, side] = evaluate(P, trial, low, high, opts, pick)
                promise[k, side] = max(promise[k, side], bound[k, side])
            if bound[k, side] <= start:
                bound[k, side] = start
                trial[:] = z
            low[j] = lower[j]
            high[j] = upper[j]
