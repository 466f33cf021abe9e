"""From prices to whole shares: one holding after the other, the rest making up for what rounding each one loses.

Problem: at the best prices every holding's own best trade is whole, but together they miss the exposures and the cash that
the prices stand for, by the sum of all their roundings; moving single shares afterwards cannot make up for that.
Observations: a holding that trades freely answers a change of prices dz by -B'dz / (2 D) of dollars, so that prices which
restore the balance after one holding is fixed are a small linear system away (Babai's nearest plane, in the dual).
Therefore: holdings are fixed from the coarsest step to the finest, each at its best whole trade at the prices of its turn,
and after each one the prices move so that the others, still free, make up for the difference.
"""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.cells import column, options
from lotwright.plan.separable.cholesky import factorise, substitute
from lotwright.plan.separable.columns import direction
from lotwright.plan.separable.dual import clip, evaluate, size_of
from lotwright.plan.separable.jit import inlined, kernel
from lotwright.plan.separable.newton import hold_bounds
from lotwright.plan.separable.problem import ROW
from lotwright.plan.separable.search import objective, state_of


@inlined
def contribution(P, h, j, X, short, long, sign, out):
    """Add sign times what holding j's trade of X shares contributes to the dual's slope at every multiplier to out."""
    A, K, free, R = size_of(P)
    DU = A * K
    alone, x, spent = column(h, X)
    for k in range(P.load.shape[1]):
        out[h["account"] * K + P.at[j, k]] += sign * P.load[j, k] * x
    out[DU + h["account"]] += sign * spent
    for i in range(free):
        out[DU + A + i] += sign * ((P.line[i, 0] - P.line[free, 0]) * short + (P.line[i, 1] - P.line[free, 1]) * long)
    for r in range(R):
        out[DU + A + free + r] += sign * (P.row[r, j] * x + P.row_gain[r, 0] * short + P.row_gain[r, 1] * long)


@inlined
def expected(P, j, opts, pick, part, at, b):
    """Set part to what holding j is expected to contribute, at and b to how it answers; returns the weight of its answer.

    It is expected to trade as it picked, at the divisible ideal where it moves freely. The weight is zero where a trade does
    not answer to prices: at a kink, or not traded at all.
    """
    h = P.holding[j]
    now = opts[j, pick[j]]
    part[:] = 0.0
    contribution(P, h, j, now[1], now[2], now[3], 1.0, part)
    if now[5] == 0.0 or h["specific"] <= 0.0:
        return 0.0
    row = np.zeros(ROW)
    row[0], row[1], row[2] = now[1], now[2], now[3]
    direction(P, j, row, at, b)
    for i in range(at.shape[0]):
        part[at[i]] += b[i] * h["price"] * (now[5] - now[1])
    return 0.5 / h["specific"]


@kernel
def start_slope(P, z, aim, gradient, H):
    """Slope of the dual at z before any trade, and minus its Hessian; aim is the cash to end with, shape (A,)."""
    A, K, free, R = size_of(P)
    DU = A * K
    H[:] = 0.0
    for i in range(z.shape[0]):
        gradient[i] = -0.5 * z[i] if i < DU else 0.0
        H[i, i] = 0.5 if i < DU else 1e-9
    for a in range(A):
        gradient[DU + a] = aim[a] - P.account[a]["cash"]
    for i in range(free):
        gradient[DU + A + i] = P.line[i, 2] - P.line[free, 2]
        gradient[DU + A + i] += (P.line[i, 0] - P.line[free, 0]) * P.start[0]
        gradient[DU + A + i] += (P.line[i, 1] - P.line[free, 1]) * P.start[1]
    for r in range(R):
        gradient[DU + A + free + r] = -P.row_right[r]
    for j in range(P.holding.shape[0]):
        h = P.holding[j]
        for k in range(P.load.shape[1]):
            gradient[h["account"] * K + P.at[j, k]] += P.load[j, k] * h["active"]


@inlined
def add_answer(H, at, b, weight):
    """Add weight b b' to the lower triangle of H."""
    for i in range(at.shape[0]):
        if b[i] != 0.0:
            for k in range(i + 1):
                H[at[i], at[k]] += weight * b[i] * b[k]


@kernel
def move_prices(P, z, gradient, H, scratch, with_tax):
    """Move z by what brings the slope to zero, as far as prices are free to move, those of gain only ``with_tax``."""
    A, K, free, R = size_of(P)
    scratch[:] = H
    step = gradient.copy()
    hold_bounds(P, z, step, scratch)
    if not with_tax:
        for i in range(A * K + A, A * K + A + free):
            step[i] = 0.0
            scratch[i, :] = 0.0
            scratch[:, i] = 0.0
            scratch[i, i] = 1.0
    factorise(scratch)
    substitute(scratch, step, step.shape[0])
    for i in range(z.shape[0]):
        z[i] += step[i]
    clip(P, z)


@kernel
def snap(P, z):
    """Put multipliers that an interior-point method left a hair inside their bounds on them."""
    A, K, free, R = size_of(P)
    DU = A * K
    for a in range(A):
        if z[DU + a] < -P.account[a]["idle"] + 1e-3:
            z[DU + a] = -P.account[a]["idle"]
    total = 0.0
    for i in range(DU + A, DU + A + free):
        if z[i] < 1e-5:
            z[i] = 0.0
        total += z[i]
    if total > 1.0 - 1e-5:
        for i in range(DU + A, DU + A + free):
            z[i] /= total
    for r in range(R):
        i = DU + A + free + r
        if z[i] < 1e-3:
            z[i] = 0.0
        elif z[i] > P.row_price[r] - 1e-3:
            z[i] = P.row_price[r]


@inlined
def best_at(P, j, z, lower, upper, mine, scratch):
    """Best trade of each kind of holding j at the prices z, in mine; returns the prices of gain."""
    A, K, free, R = size_of(P)
    rest = A * K + A
    last = 1.0
    mu_s = 0.0
    mu_l = 0.0
    for i in range(free + 1):
        weight = last
        if i < free:
            weight = z[rest + i]
            last -= weight
        mu_s += weight * P.line[i, 0]
        mu_l += weight * P.line[i, 1]
    slope = 0.0
    for r in range(R):
        rho = z[rest + free + r]
        mu_s += rho * P.row_gain[r, 0]
        mu_l += rho * P.row_gain[r, 1]
        slope += rho * P.row[r, j]
    account = P.holding[j]["account"]
    for k in range(P.load.shape[1]):
        slope += z[account * K + P.at[j, k]] * P.load[j, k]
    h = P.holding[j]
    options(h, P.lot, P.way, slope, z[A * K + account], mu_s, mu_l, lower[j], upper[j], mine, scratch)
    return mu_s, mu_l


@kernel
def whole_trades(P, z0, lower, upper, opts, pick, aim, variant, trade):
    """Fill trade with whole-share trades near the prices z0, whose choices evaluate left in opts and pick.

    The kind of each holding's trade stays as it was picked; ``aim`` is the cash each account should end with, shape (A,).
    Returns False when a holding has no allowed trade of its kind.
    """
    A, K, free, R = size_of(P)
    n = P.holding.shape[0]
    D = z0.shape[0]
    z = z0.copy()
    snap(P, z)
    start = z.copy()
    gradient = np.zeros(D)
    H = np.zeros((D, D))
    scratch = np.zeros((D, D))
    start_slope(P, z, aim, gradient, H)
    part = np.zeros((n, D))
    at = np.zeros((n, P.load.shape[1] + 1 + free + R), dtype=np.int64)
    b = np.zeros(at.shape)
    weight = np.zeros(n)
    rank = np.full(n, -np.inf)
    for j in range(n):
        h = P.holding[j]
        weight[j] = expected(P, j, opts, pick, part[j], at[j], b[j])
        for i in range(D):
            gradient[i] += part[j, i]
        if weight[j] > 0.0:
            add_answer(H, at[j], b[j], weight[j])
            shuffle = np.sin(12.9898 * (j + 1) + 78.233 * variant) * 43758.5453
            shuffle = 1.0 if variant == 0 else 4.0 ** (2.0 * (shuffle - np.floor(shuffle)) - 1.0)
            rank[j] = -h["specific"] * (h["price"] * h["step"]) ** 2 * shuffle
    mine = np.zeros((3, 6))
    one = np.zeros((1, 6))
    off = np.zeros(D)
    with_tax = variant % 2 == 0  # else lots are mixed afterwards
    move_prices(P, z, gradient, H, scratch, with_tax)
    for j in np.argsort(rank):
        kind = pick[j]
        mu_s, mu_l = best_at(P, j, z, lower, upper, mine, one)
        now = mine[kind] if mine[kind, 0] < np.inf else opts[j, kind]
        if now[0] == np.inf:
            return False
        for i in range(D):
            off[i] = -part[j, i]
        contribution(P, P.holding[j], j, now[1], now[2], now[3], 1.0, off)
        if weight[j] > 0.0:
            answered = 0.0
            for i in range(at.shape[1]):
                answered += weight[j] * b[j, i] * (z[at[j, i]] - start[at[j, i]])
            for i in range(at.shape[1]):
                off[at[j, i]] += b[j, i] * answered
            add_answer(H, at[j], b[j], -weight[j])
        trade[j, 0], trade[j, 1], trade[j, 2], trade[j, 3] = now[1], now[2], now[3], kind
        trade[j, 4], trade[j, 5], trade[j, 6], trade[j, 7], trade[j, 8] = now[4], mu_s, mu_l, now[5], 0.0
        if np.max(np.abs(off)) > 0.0:
            move_prices(P, z, off, H, scratch, with_tax)
    return True


@kernel
def whole(P, z, lower, upper, opts, pick, variant, trade):
    """Whole-share trades near the prices z that keep every account's cash; returns their exact cost, infinite for none.

    Aims at the target of cash, or at its floor where cash is dearer than missing the target; where rounding leaves an
    account short of its floor, the aim is raised by what is missing, three times at most.
    """
    A, K, free, R = size_of(P)
    evaluate(P, z, lower, upper, opts, pick)
    aim = np.zeros(A)
    cash = np.zeros(A)
    orders = np.zeros(A)
    y = np.zeros(A * K)
    level = np.zeros(R)
    for j in range(P.holding.shape[0]):
        orders[P.holding[j]["account"]] += 0.0 if opts[j, pick[j], 1] == 0.0 else 1.0
    for a in range(A):
        account = P.account[a]
        floor = account["floor"] + account["cent"] * min(orders[a], 3.0 * np.sqrt(orders[a]))
        aim[a] = floor if z[A * K + a] > account["shortfall"] else max(account["target"], floor)
    for again in range(3):
        if not whole_trades(P, z, lower, upper, opts, pick, aim, variant, trade):
            return np.inf
        value = objective(P, trade)
        if value < np.inf:
            return value
        state_of(P, trade, y, cash, orders, level)
        for a in range(A):
            account = P.account[a]
            floor = account["floor"] + account["cent"] * min(orders[a], 3.0 * np.sqrt(orders[a]))
            aim[a] += 1.1 * max(floor - cash[a], 0.0)
    return value
