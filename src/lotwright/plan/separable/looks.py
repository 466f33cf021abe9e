"""A short look at both sides of several splits before one is made.

Problem: which split closes most of the gap is known only after its sides have been bounded, and bounding the sides of eight
splits costs as much as eight nodes. Observations: the columns on either side of a promising split are known already, so the
restricted master without the columns of one side says what the other will cost at most, and its last answer is a few steps
of the active set away; the exact dual at the prices it ends with is a bound to rely on. Therefore: columns are gathered once
for all splits, and each side costs one short solve and one evaluation (strong branching on the restricted master: Pecin,
Pessoa, Poggi and Uchoa 2017).
"""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.active_set import active_set
from lotwright.plan.separable.columns import gather
from lotwright.plan.separable.dual import add_column, clip, evaluate, harvest_columns
from lotwright.plan.separable.jit import kernel
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
            X = pool.X[j, M.source[c, 1]]
            if X < low - 1e-9 or X > high + 1e-9:
                M.alpha[c] += BANNED
            else:
                left += 1
        return h, left
    return -1, 0


@kernel
def look(P, pool, lower, upper, z, opts, pick, trade, curve, close, fineness, cutoff, holding, at, bound, promise, found):
    """Look at both sides of splits of a box: holdings (k,) and thresholds (k,).

    Sets promise (k, 2) to what the side below and the one above cost by the columns known: rather too much. Where that
    passes ``cutoff``, bound (k, 2) and found (k, 2, D) are set to a bound of the side and the multipliers that prove it; elsewhere
    they are the box's own.
    """
    D = z.shape[0]
    start = evaluate(P, z, lower, upper, opts, pick)
    harvest_columns(P, pool, z, lower, upper, opts, pick, trade, close, fineness, 1, 40 + 3 * D)
    for j in holding:
        g = P.holding[j]["group"]
        if pool.smooth[g] == 1:
            pool.smooth[g] = 0
            add_column(P, pool, g, trade)
    M = gather(P, pool, lower, upper, z, max(1.5 * close, 0.05), 0.2, trade, curve)
    lam = np.empty(M.columns)
    best = z.copy()
    able = active_set(P, M, curve, best, EXACT, MOST, lam)
    base = np.inf
    if able:
        base = worth(P, M, curve, z, best)
        M.before[: M.columns] = lam
    back = np.zeros(M.columns)
    side_lower = lower.copy()
    side_upper = upper.copy()
    for k in range(holding.shape[0]):
        j = holding[k]
        value = at[k]
        for side in range(2):
            low = lower[j] if side == 0 else max(lower[j], value)
            high = min(upper[j], value) if side == 0 else upper[j]
            bound[k, side] = start
            promise[k, side] = start
            found[k, side] = z
            side_lower[j] = low
            side_upper[j] = high
            trial = found[k, side]
            h = -1
            left = 0
            if able:
                h, left = ban(P, pool, M, j, low, high, back)
            if left > 0 and active_set(P, M, curve, trial, EXACT, MOST, lam):
                promise[k, side] = start + max(worth(P, M, curve, z, trial) - base, 0.0)
            else:
                trial[:] = z
            if h >= 0:
                for c in range(M.start[h], M.start[h + 1]):
                    M.alpha[c] = back[c]
            if promise[k, side] >= cutoff:
                clip(P, trial)
                bound[k, side] = evaluate(P, trial, side_lower, side_upper, opts, pick)
            if bound[k, side] <= start:
                bound[k, side] = start
                trial[:] = z
            side_lower[j] = lower[j]
            side_upper[j] = upper[j]
    return start
