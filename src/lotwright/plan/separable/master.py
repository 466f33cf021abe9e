"""The restricted master: the best multipliers for the trades (columns) known so far.

In dual form the master is

    maximise  -|u|^2 / 4 + linear(z) + sum_g t_g    subject to  t_g <= cost_c + B_c z  for each known column c of group g,
              and z within the bounds that keep cash and tax finite,

a concave quadratic in few unknowns (factors, cash, tax weights, rows). The weights lambda_c it returns are the convex combination
of columns it would trade: what branching reads. An active-set method starts from the last weights (:mod:`.active_set`); should it
ever take too many steps, an interior-point method takes over (:mod:`.interior`).
"""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.active_set import active_set
from lotwright.plan.separable.columns import gather, price_columns
from lotwright.plan.separable.dual import size_of
from lotwright.plan.separable.interior import bend_of, interior
from lotwright.plan.separable.jit import kernel

MOST = 1000
"""Steps of the active-set method after which it is given up."""


@kernel
def master(P, pool, lower, upper, z, within, slack, goal, stiff, trade, curve):
    """Improve z in place to the best multipliers for the known columns within bounds; returns the master's value there.

    ``within`` leaves out columns dearer by that much at the first z (bp), ``slack`` is how far inside the interior-point
    method starts, ``goal`` how near (bp) to the optimum is near enough. Decided groups are taken as quadratics about ``trade``;
    their curvature (lower triangle) is left in ``curve``.
    """
    M = gather(P, pool, lower, upper, z, within, stiff, trade, curve)
    z0 = z.copy()
    lam = np.empty(M.columns)
    if not active_set(P, M, curve, z, goal, MOST, lam):
        interior(P, M, curve, z, slack, goal, lam)
    keep_weights(pool, M, lam)
    return worth(P, M, curve, z0, z)


@kernel
def worth(P, M, curve, start, z):
    """The master's value at z; ``start`` is where its columns were gathered."""
    A, K, free, R = size_of(P)
    bend = np.zeros(z.shape[0])
    bend_of(curve, z, start, bend)
    value = M.constant
    for i in range(z.shape[0]):
        value += M.lin[i] * z[i] - 0.5 * bend[i] * (z[i] - start[i])
        if i < A * K:
            value -= 0.25 * z[i] * z[i]
    priced = np.empty(M.columns)
    price_columns(P, z, M, priced)
    for h in range(M.groups):
        low = np.inf
        for c in range(M.start[h], M.start[h + 1]):
            low = min(low, priced[c])
        value += low
    return value


@kernel
def keep_weights(pool, M, lam):
    """Note the weights lam (C,) of gathered columns in the pool, those of every group adding up to one."""
    for h in range(M.groups):
        g = M.source[M.start[h], 0]
        if g < 0:
            continue
        total = 0.0
        for c in range(M.start[h], M.start[h + 1]):
            total += lam[c]
        for c in range(M.start[h], M.start[h + 1]):
            pool.weight[g, M.source[c, 1]] = lam[c] / total
