"""The restricted master: the best multipliers for the trades (columns) known so far, by an interior-point method.

In dual form the master is

    maximise  -|u|^2 / 4 + linear(z) + sum_g t_g    subject to  t_g <= cost_c + B_c z  for each known column c of group g,
              and z within the bounds that keep cash and tax finite,

a concave quadratic in few unknowns (factors, cash, tax weights, rows): t and the column slacks are eliminated group by group,
so that one step costs a small dense Cholesky factorisation plus a pass over the columns (Mehrotra's predictor-corrector).
The weights lambda_c it returns are the convex combination of columns it would trade: what branching reads.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lotwright.plan.separable.cells import column, row_lots_cost
from lotwright.plan.separable.dual import size_of
from lotwright.plan.separable.jit import kernel
from lotwright.plan.snapshot import Floats, Ints

OF_A_KIND = 3
"""Columns without weight that the master takes of a group's every combination of sides."""


class Pool(NamedTuple):
    """Known columns: joint trades of each group's holdings. Shapes (n, C) by holding, (G, C) by group."""

    known: Ints
    X: Floats
    x: Floats
    spent: Floats
    short: Floats
    long: Floats
    cost: Floats
    weight: Floats
    smooth: Ints
    """Shape (G,): 1 where the group is decided and enters the master as a quadratic."""


def empty_pool(holdings: int, groups: int, capacity: int) -> Pool:
    """A pool with no columns."""

    def by_holding() -> Floats:
        return np.zeros((holdings, capacity))

    return Pool(
        known=np.zeros(groups, dtype=np.int64),
        X=by_holding(),
        x=by_holding(),
        spent=by_holding(),
        short=by_holding(),
        long=by_holding(),
        cost=np.zeros((groups, capacity)),
        weight=np.zeros((groups, capacity)),
        smooth=np.zeros(groups, dtype=np.int64),
    )


@kernel
def small_column(P, pool, g, c, q):
    """The part of B_c that multiplies (nu, omega, rho)."""
    A, K, free, R = size_of(P)
    for i in range(q.shape[0]):
        q[i] = 0.0
    for m in range(P.members_offset[g], P.members_offset[g + 1]):
        j = P.members[m]
        q[P.holding[j]["account"]] += pool.spent[j, c]
        for i in range(free):
            q[A + i] += (P.line[i, 0] - P.line[free, 0]) * pool.short[j, c]
            q[A + i] += (P.line[i, 1] - P.line[free, 1]) * pool.long[j, c]
        for r in range(R):
            q[A + free + r] += P.row[r, j] * pool.x[j, c]
            q[A + free + r] += P.row_gain[r, 0] * pool.short[j, c] + P.row_gain[r, 1] * pool.long[j, c]


@kernel
def factorise(H):
    """Replace the lower triangle of a symmetric positive definite matrix by its Cholesky factor."""
    for i in range(H.shape[0]):
        for k in range(i + 1):
            total = H[i, k]
            for l in range(k):
                total -= H[i, l] * H[k, l]
            if i == k:
                H[i, i] = np.sqrt(max(total, 1e-300))
            else:
                H[i, k] = total / H[k, k]


@kernel
def cholesky_solve(H, b, D):
    """Solve H v = b in place for symmetric positive definite H (D by D); H is overwritten by its factor."""
    factorise(H)
    substitute(H, b, D)


@kernel
def substitute(H, b, D):
    """Forward and back substitution with a Cholesky factor."""
    for i in range(D):
        total = b[i]
        for l in range(i):
            total -= H[i, l] * b[l]
        b[i] = total / H[i, i]
    for i in range(D - 1, -1, -1):
        total = b[i]
        for l in range(i + 1, D):
            total -= H[l, i] * b[l]
        b[i] = total / H[i, i]


@kernel
def is_within(P, pool, g, c, lower, upper):
    """True when column c of group g respects the bounds."""
    for m in range(P.members_offset[g], P.members_offset[g + 1]):
        j = P.members[m]
        if pool.X[j, c] < lower[j] - 1e-9 or pool.X[j, c] > upper[j] + 1e-9:
            return False
    return True


@kernel
def edges(P, E, e0):
    """Rows E q + e0 >= 0 that keep nu, omega, rho where the bound is finite; returns how many."""
    A, K, free, R = size_of(P)
    count = 0
    for a in range(A):
        E[count, a] = 1.0
        e0[count] = P.account[a]["idle"]
        count += 1
    for i in range(free):
        E[count, A + i] = 1.0
        e0[count] = 0.0
        count += 1
    if free > 0:
        for i in range(free):
            E[count, A + i] = -1.0
        e0[count] = 1.0
        count += 1
    for r in range(R):
        E[count, A + free + r] = 1.0
        e0[count] = 0.0
        count += 1
        if P.row_price[r] < np.inf:
            E[count, A + free + r] = -1.0
            e0[count] = P.row_price[r]
            count += 1
    return count


@kernel
def column_price(P, pool, g, c, z, sigma, DU, q):
    """cost_c + B_c z of one column, with its small part already in q."""
    total = pool.cost[g, c]
    last = P.line.shape[0] - 1
    for m in range(P.members_offset[g], P.members_offset[g + 1]):
        j = P.members[m]
        total += P.line[last, 0] * pool.short[j, c] + P.line[last, 1] * pool.long[j, c] + sigma[j] * pool.x[j, c]
    for i in range(q.shape[0]):
        total += q[i] * z[DU + i]
    return total


@kernel
def direction(P, j, row, at, b):
    """How a trading holding's dollars enter the multipliers' slopes: positions ``at`` and coefficients ``b`` of B_j per unit x."""
    A, K, free, R = size_of(P)
    DU = A * K
    Z = P.load.shape[1]
    h = P.holding[j]
    alone, x, spent = column(h, row[0])
    short = row[1] / x
    long = row[2] / x
    for k in range(Z):
        at[k] = h["account"] * K + P.at[j, k]
        b[k] = P.load[j, k]
    at[Z] = DU + h["account"]
    b[Z] = (spent - h["ticket_cash"]) / x
    for i in range(free):
        at[Z + 1 + i] = DU + A + i
        b[Z + 1 + i] = (P.line[i, 0] - P.line[free, 0]) * short + (P.line[i, 1] - P.line[free, 1]) * long
    for r in range(R):
        at[Z + 1 + free + r] = DU + A + free + r
        b[Z + 1 + free + r] = P.row[r, j] + P.row_gain[r, 0] * short + P.row_gain[r, 1] * long


@kernel
def add_curvature_of(P, j, row, stiff, curve, at, b):
    """Add holding j's curvature at its trade to the lower triangle of curve.

    A trade at a kink does not answer to small changes of price: it counts ``stiff`` (0 to 1) of a free one, which shortens the
    step where the model would otherwise see a straight line without end.
    """
    h = P.holding[j]
    if row[0] == 0.0 or h["specific"] <= 0.0 or (row[7] == 0.0 and stiff == 0.0):
        return
    direction(P, j, row, at, b)
    weight = 0.5 / h["specific"]
    if row[7] == 0.0:
        weight *= stiff
    for i in range(at.shape[0]):
        if b[i] == 0.0:
            continue
        for k in range(at.shape[0]):
            if at[k] <= at[i]:
                curve[at[i], at[k]] += weight * b[i] * b[k]


@kernel
def add_smooth(P, j, row, stiff, lin, curve, at, b):
    """Add a decided holding's cost to the linear part and the curvature; returns its constant."""
    A, K, free, R = size_of(P)
    DU = A * K
    h = P.holding[j]
    alone, x, spent = column(h, row[0])
    for k in range(P.load.shape[1]):
        lin[h["account"] * K + P.at[j, k]] += P.load[j, k] * x
    lin[DU + h["account"]] += spent
    for i in range(free):
        lin[DU + A + i] += (P.line[i, 0] - P.line[free, 0]) * row[1] + (P.line[i, 1] - P.line[free, 1]) * row[2]
    for r in range(R):
        lin[DU + A + free + r] += P.row[r, j] * x + P.row_gain[r, 0] * row[1] + P.row_gain[r, 1] * row[2]
    add_curvature_of(P, j, row, stiff, curve, at, b)
    return alone + row_lots_cost(h, P.lot, row) + P.line[free, 0] * row[1] + P.line[free, 1] * row[2]


@kernel
def has_sides_of(P, pool, g, c, e):
    """True when columns c and e of group g have every holding on the same side."""
    for m in range(P.members_offset[g], P.members_offset[g + 1]):
        j = P.members[m]
        if np.sign(pool.X[j, c]) != np.sign(pool.X[j, e]):
            return False
    return True


@kernel
def is_crowded_out(P, pool, g, c, price):
    """True when column c had no weight last time and enough columns of the same sides are cheaper."""
    if pool.weight[g, c] >= 1e-3:
        return False
    cheaper = 0
    for e in range(pool.known[g]):
        if (price[e] < price[c] or (price[e] == price[c] and e < c)) and has_sides_of(P, pool, g, c, e):
            cheaper += 1
            if cheaper == OF_A_KIND:
                return True
    return False


@kernel
def gather(P, pool, lower, upper, z, within, stiff, trade, lin, curve, group_start, alpha, xs, q, source):
    """Flatten the columns within bounds of every undecided group; decided groups go into the linear part and the curvature.

    Columns dearer at z than their group's cheapest by more than ``within`` bp are left out, and so are those without weight
    where enough cheaper ones of the same sides are known; the exact subproblems would ask for them again.
    Returns (undecided groups, columns, constant). Cash is a group of its own: one column for each kink.
    """
    A, K, free, R = size_of(P)
    Q = q.shape[1]
    DU = A * K
    groups = 0
    count = 0
    constant = 0.0
    group_start[0] = 0
    sigma = np.zeros(P.holding.shape[0])
    for j in range(P.holding.shape[0]):
        base = P.holding[j]["account"] * K
        for k in range(P.load.shape[1]):
            sigma[j] += P.load[j, k] * z[base + P.at[j, k]]
    price = np.empty(pool.X.shape[1])
    at = np.zeros(P.load.shape[1] + 1 + free + R, dtype=np.int64)
    b = np.zeros(P.load.shape[1] + 1 + free + R)
    for g in range(P.members_offset.shape[0] - 1):
        begin = count
        if pool.smooth[g] == 1:
            for c in range(pool.known[g]):
                pool.weight[g, c] = 0.0
            for m in range(P.members_offset[g], P.members_offset[g + 1]):
                j = P.members[m]
                constant += add_smooth(P, j, trade[j], stiff, lin, curve, at, b)
            continue
        cheapest = np.inf
        for c in range(pool.known[g]):
            price[c] = np.inf
            if is_within(P, pool, g, c, lower, upper):
                small_column(P, pool, g, c, q[count])
                price[c] = column_price(P, pool, g, c, z, sigma, DU, q[count])
                cheapest = min(cheapest, price[c])
        few = P.holding[P.members[P.members_offset[g]]]["many"] == 0
        for c in range(pool.known[g]):
            if price[c] == np.inf or (
                not few and (price[c] > cheapest + within or is_crowded_out(P, pool, g, c, price))
            ):
                continue
            small_column(P, pool, g, c, q[count])
            base_cost = pool.cost[g, c]
            for m in range(P.members_offset[g], P.members_offset[g + 1]):
                j = P.members[m]
                base_cost += P.line[free, 0] * pool.short[j, c] + P.line[free, 1] * pool.long[j, c]
                xs[count, m - P.members_offset[g]] = pool.x[j, c]
            alpha[count] = base_cost
            source[count, 0] = g
            source[count, 1] = c
            count += 1
        for c in range(pool.known[g]):
            pool.weight[g, c] = 0.0
        if count - begin == 1:
            count = begin
            constant += alpha[count]
            for m in range(P.members_offset[g], P.members_offset[g + 1]):
                j = P.members[m]
                for k in range(P.load.shape[1]):
                    lin[P.holding[j]["account"] * K + P.at[j, k]] += P.load[j, k] * xs[count, m - P.members_offset[g]]
            for i in range(Q):
                lin[DU + i] += q[count, i]
            pool.weight[g, source[count, 1]] = 1.0
        elif count > begin:
            groups += 1
            group_start[groups] = count
    for a in range(A):
        for kink in range(2):
            account = P.account[a]
            level = account["target"] if kink == 0 else account["floor"]
            if kink == 0 and account["floor"] >= level:
                continue
            for i in range(Q):
                q[count, i] = 0.0
            q[count, a] = level - account["cash"]
            alpha[count] = 0.0
            if level < account["target"]:
                alpha[count] = account["shortfall"] * (account["target"] - level)
            if level > account["target"]:
                alpha[count] = account["idle"] * (level - account["target"])
            source[count, 0] = -1
            count += 1
        groups += 1
        group_start[groups] = count
    return groups, count, constant


@kernel
def price_columns(P, z, groups, group_start, source, alpha, xs, q, priced):
    """alpha_c + B_c z of every gathered column."""
    A, K, free, R = size_of(P)
    Q = q.shape[1]
    DU = A * K
    for h in range(groups):
        g = source[group_start[h], 0]
        for c in range(group_start[h], group_start[h + 1]):
            total = alpha[c]
            for i in range(Q):
                total += q[c, i] * z[DU + i]
            priced[c] = total
        if g < 0:
            continue
        for m in range(P.members_offset[g], P.members_offset[g + 1]):
            j = P.members[m]
            base = P.holding[j]["account"] * K
            slope = 0.0
            for k in range(P.load.shape[1]):
                slope += P.load[j, k] * z[base + P.at[j, k]]
            at = m - P.members_offset[g]
            for c in range(group_start[h], group_start[h + 1]):
                priced[c] += slope * xs[c, at]


@kernel
def spread(P, h, source, group_start, xs, q, coefficient, out):
    """Add sum_c coefficient_c B_c over group h's columns to out."""
    A, K, free, R = size_of(P)
    DU = A * K
    g = source[group_start[h], 0]
    for i in range(q.shape[1]):
        total = 0.0
        for c in range(group_start[h], group_start[h + 1]):
            total += coefficient[c] * q[c, i]
        out[DU + i] += total
    if g < 0:
        return
    for m in range(P.members_offset[g], P.members_offset[g + 1]):
        j = P.members[m]
        total = 0.0
        for c in range(group_start[h], group_start[h + 1]):
            total += coefficient[c] * xs[c, m - P.members_offset[g]]
        base = P.holding[j]["account"] * K
        for k in range(P.load.shape[1]):
            out[base + P.at[j, k]] += total * P.load[j, k]


@kernel
def add_curvature(P, h, source, group_start, xs, q, w, H, mean):
    """Add group h's sum w B B' - (sum w B)(sum w B)' / W to H (lower triangle); mean is scratch. Returns W."""
    A, K, free, R = size_of(P)
    Q = q.shape[1]
    Z = P.load.shape[1]
    DU = A * K
    g = source[group_start[h], 0]
    members = 0
    if g >= 0:
        members = P.members_offset[g + 1] - P.members_offset[g]
    size = members + Q
    W = 0.0
    for i in range(size):
        mean[i] = 0.0
    for c in range(group_start[h], group_start[h + 1]):
        W += w[c]
        for i in range(members):
            mean[i] += w[c] * xs[c, i]
        for i in range(Q):
            mean[members + i] += w[c] * q[c, i]
    for i in range(size):
        mean[i] /= W
    for i in range(members):
        ji = P.members[P.members_offset[g] + i]
        bi = P.holding[ji]["account"] * K
        for l in range(i + 1):
            jl = P.members[P.members_offset[g] + l]
            bl = P.holding[jl]["account"] * K
            total = 0.0
            for c in range(group_start[h], group_start[h + 1]):
                total += w[c] * (xs[c, i] - mean[i]) * (xs[c, l] - mean[l])
            for k in range(Z):
                scale = total * P.load[ji, k]
                if scale == 0.0:
                    continue
                row = bi + P.at[ji, k]
                if i == l:
                    for f in range(k + 1):
                        col = bl + P.at[jl, f]
                        H[max(row, col), min(row, col)] += scale * P.load[jl, f]
                    continue
                for f in range(Z):
                    col = bl + P.at[jl, f]
                    H[max(row, col), min(row, col)] += scale * P.load[jl, f] * (2.0 if row == col else 1.0)
        for o in range(Q):
            total = 0.0
            for c in range(group_start[h], group_start[h + 1]):
                total += w[c] * (xs[c, i] - mean[i]) * (q[c, o] - mean[members + o])
            if total != 0.0:
                for k in range(Z):
                    H[DU + o, bi + P.at[ji, k]] += total * P.load[ji, k]
    for o in range(Q):
        for f in range(o + 1):
            total = 0.0
            for c in range(group_start[h], group_start[h + 1]):
                total += w[c] * (q[c, o] - mean[members + o]) * (q[c, f] - mean[members + f])
            H[DU + o, DU + f] += total
    return W


@kernel
def bend_of(curve, z, z0, out):
    """Set out = curve (z - z0) for a symmetric matrix given by its lower triangle."""
    D = z.shape[0]
    for i in range(D):
        out[i] = 0.0
    for i in range(D):
        for k in range(i + 1):
            out[i] += curve[i, k] * (z[k] - z0[k])
            if k < i:
                out[k] += curve[i, k] * (z[i] - z0[i])


@kernel
def master(P, pool, lower, upper, z, within, slack, goal, stiff, trade, curve):
    """Improve z in place to the best multipliers for the known columns within bounds; returns the master's value there.

    ``within`` leaves out columns dearer by that much at the first z (bp), ``slack`` is how far inside the first point starts,
    iterations end when complementarity is below ``goal`` bp. A weak proximal term keeps z from running away where the known
    columns alone cannot balance cash. Decided groups are taken as quadratics about ``trade``; their
    curvature (lower triangle) is left in ``curve``.
    """
    A, K, free, R = size_of(P)
    DU = A * K
    Q = A + free + R
    D = DU + Q
    G = P.members_offset.shape[0] - 1
    n = P.holding.shape[0]
    capacity = 2 * A
    widest = 1
    for g in range(G):
        capacity += pool.known[g] + 1
        widest = max(widest, P.members_offset[g + 1] - P.members_offset[g])
    lin = np.zeros(D)
    curve[:] = 0.0
    for j in range(n):
        for k in range(P.load.shape[1]):
            lin[P.holding[j]["account"] * K + P.at[j, k]] += P.load[j, k] * P.holding[j]["active"]
    last = P.line[free, 0] * P.start[0] + P.line[free, 1] * P.start[1] + P.line[free, 2]
    for i in range(free):
        lin[DU + A + i] = P.line[i, 0] * P.start[0] + P.line[i, 1] * P.start[1] + P.line[i, 2] - last
    for r in range(R):
        lin[DU + A + free + r] = -P.row_right[r]
    group_start = np.zeros(G + A + 1, dtype=np.int64)
    alpha = np.empty(capacity)
    xs = np.zeros((capacity, widest))
    q = np.zeros((capacity, Q))
    source = np.zeros((capacity, 2), dtype=np.int64)
    groups, count, constant = gather(
        P, pool, lower, upper, z, within, stiff, trade, lin, curve, group_start, alpha, xs, q, source
    )
    for i in range(D):
        weight = 2e-3
        if i >= DU:
            weight = 1e-5 if i < DU + A else 0.1
            if i >= DU + A + free:
                weight = 1e-6
        curve[i, i] += weight
    z0 = z.copy()
    bend = np.zeros(D)
    constant += last
    E = np.zeros((A + free + 1 + 2 * R, Q))
    e0 = np.zeros(A + free + 1 + 2 * R)
    plain = edges(P, E, e0)

    for i in range(free):
        z[DU + A + i] = 0.98 * z[DU + A + i] + 0.02 / (free + 1)
    for a in range(A):
        z[DU + a] = max(z[DU + a], 1.0 - P.account[a]["idle"])
    for r in range(R):
        room = P.row_price[r]
        z[DU + A + free + r] = max(z[DU + A + free + r], 1.0 if room == np.inf else 0.01 * room)
        if room < np.inf:
            z[DU + A + free + r] = min(z[DU + A + free + r], 0.99 * room)

    priced = np.empty(count)
    s = np.empty(count)
    lam = np.empty(count)
    t = np.empty(groups)
    price_columns(P, z, groups, group_start, source, alpha, xs, q, priced)
    for h in range(groups):
        low = np.inf
        for c in range(group_start[h], group_start[h + 1]):
            low = min(low, priced[c])
        t[h] = low - slack
        total = 0.0
        for c in range(group_start[h], group_start[h + 1]):
            s[c] = priced[c] - t[h]
            total += 1.0 / s[c]
        for c in range(group_start[h], group_start[h + 1]):
            lam[c] = 1.0 / (s[c] * total)
    e = np.empty(plain)
    eta = np.empty(plain)
    for r in range(plain):
        e[r] = e0[r]
        for i in range(Q):
            e[r] += E[r, i] * z[DU + i]
        eta[r] = slack / e[r]

    H = np.empty((D, D))
    rz = np.empty(D)
    rhs = np.empty(D)
    dz = np.empty(D)
    w = np.empty(count)
    comp = np.empty(count)
    comp_e = np.empty(plain)
    ds = np.empty(count)
    dlam = np.empty(count)
    de = np.empty(plain)
    deta = np.empty(plain)
    dt = np.empty(groups)
    Wg = np.empty(groups)
    mean = np.empty(widest + Q)
    work = np.empty(count)
    for step in range(40):
        gap = 0.0
        for c in range(count):
            gap += lam[c] * s[c]
            w[c] = lam[c] / s[c]
        for r in range(plain):
            gap += eta[r] * e[r]
        bend_of(curve, z, z0, bend)
        for i in range(D):
            rz[i] = (0.5 * z[i] if i < DU else 0.0) - lin[i] + bend[i]
        for i in range(D):
            rhs[i] = 0.0
        for h in range(groups):
            spread(P, h, source, group_start, xs, q, lam, rhs)
        worst = 0.0
        for i in range(D):
            rz[i] -= rhs[i]
        for r in range(plain):
            for i in range(Q):
                rz[DU + i] -= eta[r] * E[r, i]
        for i in range(D):
            worst = max(worst, abs(rz[i]))
        if gap < goal and worst < 1e-5:
            break
        mu = gap / (count + plain)
        for i in range(D):
            for k in range(i + 1):
                H[i, k] = curve[i, k]
            if i < DU:
                H[i, i] += 0.5
            else:
                H[i, i] += 1e-9
        for h in range(groups):
            Wg[h] = add_curvature(P, h, source, group_start, xs, q, w, H, mean)
        for r in range(plain):
            ratio = eta[r] / e[r]
            for i in range(Q):
                if E[r, i] != 0.0:
                    for k in range(i + 1):
                        H[DU + i, DU + k] += ratio * E[r, i] * E[r, k]
        for phase in range(2):
            if phase == 0:
                for c in range(count):
                    comp[c] = lam[c] * s[c]
                for r in range(plain):
                    comp_e[r] = eta[r] * e[r]
            for i in range(D):
                rhs[i] = 0.0
            for h in range(groups):
                total = 0.0
                one = -1.0
                for c in range(group_start[h], group_start[h + 1]):
                    total += comp[c] / s[c]
                    one += lam[c]
                for c in range(group_start[h], group_start[h + 1]):
                    work[c] = w[c] / Wg[h] * (total - one) - comp[c] / s[c]
                dt[h] = total - one
                spread(P, h, source, group_start, xs, q, work, rhs)
            for i in range(D):
                dz[i] = rhs[i] - rz[i]
            for r in range(plain):
                for i in range(Q):
                    dz[DU + i] -= E[r, i] * comp_e[r] / e[r]
            if phase == 0:
                cholesky_solve(H, dz, D)
            else:
                substitute(H, dz, D)
            # ds before dt: B dz per column
            price_columns(P, dz, groups, group_start, source, work * 0.0, xs, q, ds)
            longest = 1.0
            for h in range(groups):
                total = dt[h]
                for c in range(group_start[h], group_start[h + 1]):
                    total += w[c] * ds[c]
                dt[h] = total / Wg[h]
                for c in range(group_start[h], group_start[h + 1]):
                    ds[c] -= dt[h]
                    dlam[c] = -comp[c] / s[c] - w[c] * ds[c]
                    if ds[c] < 0.0:
                        longest = min(longest, -s[c] / ds[c])
                    if dlam[c] < 0.0:
                        longest = min(longest, -lam[c] / dlam[c])
            for r in range(plain):
                de[r] = 0.0
                for i in range(Q):
                    de[r] += E[r, i] * dz[DU + i]
                deta[r] = -comp_e[r] / e[r] - eta[r] / e[r] * de[r]
                if de[r] < 0.0:
                    longest = min(longest, -e[r] / de[r])
                if deta[r] < 0.0:
                    longest = min(longest, -eta[r] / deta[r])
            if phase == 0:
                after = 0.0
                for c in range(count):
                    after += (lam[c] + longest * dlam[c]) * (s[c] + longest * ds[c])
                for r in range(plain):
                    after += (eta[r] + longest * deta[r]) * (e[r] + longest * de[r])
                centre = (after / gap) ** 3 * mu
                for c in range(count):
                    comp[c] = lam[c] * s[c] + dlam[c] * ds[c] - centre
                for r in range(plain):
                    comp_e[r] = eta[r] * e[r] + deta[r] * de[r] - centre
        if longest < 1.0:
            longest *= 0.99
        for i in range(D):
            z[i] += longest * dz[i]
        for h in range(groups):
            t[h] += longest * dt[h]
        for c in range(count):
            s[c] += longest * ds[c]
            lam[c] += longest * dlam[c]
        for r in range(plain):
            e[r] += longest * de[r]
            eta[r] += longest * deta[r]
        if longest < 1e-8:
            break
    value = constant
    bend_of(curve, z, z0, bend)
    for i in range(D):
        value += lin[i] * z[i] - 0.5 * bend[i] * (z[i] - z0[i])
        if i < DU:
            value -= 0.25 * z[i] * z[i]
    price_columns(P, z, groups, group_start, source, alpha, xs, q, priced)
    for h in range(groups):
        low = np.inf
        total = 0.0
        for c in range(group_start[h], group_start[h + 1]):
            low = min(low, priced[c])
            total += lam[c]
        value += low
        g = source[group_start[h], 0]
        if g >= 0:
            for c in range(group_start[h], group_start[h + 1]):
                pool.weight[g, source[c, 1]] = lam[c] / total
    return value
