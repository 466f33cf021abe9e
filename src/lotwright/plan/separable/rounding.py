"""Choose one column for every undecided group, knowing that the decided holdings will make up for it.

The master leaves a few groups with a mixture of columns. Picking one of them moves exposures, cash and gains by
Delta = sum_g B_g,chosen - sum_g sum_c lambda_c B_g,c, and the decided holdings answer along their curvature H, so that the
plan's cost rises by about

    sum_g (reduced cost of the chosen column) + 1/2 Delta' H^-1 Delta.

That is a small closest-vector problem: with H = L L' and v = L^-1 B it is minimised by single and pair exchanges.
"""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.dual import size_of
from lotwright.plan.separable.jit import kernel
from lotwright.plan.separable.master import column_price, factorise, is_within, small_column

LARGEST = 400


@kernel
def column_vector(P, pool, g, c, DU, K, q, v):
    """Set v = B_c, the column's full vector of slopes."""
    v[:] = 0.0
    for m in range(P.members_offset[g], P.members_offset[g + 1]):
        j = P.members[m]
        base = P.holding[j]["account"] * K
        for k in range(P.load.shape[1]):
            v[base + P.at[j, k]] += P.load[j, k] * pool.x[j, c]
    for i in range(q.shape[0]):
        v[DU + i] = q[i]


@kernel
def is_mixed(P, pool, g, lower, upper):
    """True when the weighted columns of a group disagree on a side (sell, hold, buy)."""
    for m in range(P.members_offset[g], P.members_offset[g + 1]):
        seen = False
        before = 0.0
        for c in range(pool.known[g]):
            if pool.weight[g, c] < 1e-3 or not is_within(P, pool, g, c, lower, upper):
                continue
            now = np.sign(pool.X[P.members[m], c])
            if seen and now != before:
                return True
            seen = True
            before = now
    return False


@kernel
def candidates(P, pool, z, lower, upper, curve, group, column, reduced, vector, heaviest):
    """Collect the weighted columns of undecided groups, priced and transformed; returns (groups, columns, mean vector)."""
    A, K, free, R = size_of(P)
    DU = A * K
    D = z.shape[0]
    H = np.zeros((D, D))
    for i in range(D):
        for k in range(i + 1):
            H[i, k] = curve[i, k]
        H[i, i] += 0.5 if i < DU else 1e-6 + 1e-9 * curve[i, i]
    factorise(H)
    sigma = np.zeros(P.holding.shape[0])
    for j in range(P.holding.shape[0]):
        for k in range(P.load.shape[1]):
            sigma[j] += P.load[j, k] * z[P.holding[j]["account"] * K + P.at[j, k]]
    q = np.zeros(D - DU)
    v = np.zeros(D)
    mean = np.zeros(D)
    groups = 0
    count = 0
    for g in range(P.members_offset.shape[0] - 1):
        if pool.smooth[g] == 1 or not is_mixed(P, pool, g, lower, upper):
            continue
        begin = count
        least = np.inf
        top = -1
        for c in range(pool.known[g]):
            if pool.weight[g, c] < 1e-3 or count >= LARGEST or not is_within(P, pool, g, c, lower, upper):
                continue
            small_column(P, pool, g, c, q)
            price = column_price(P, pool, g, c, z, sigma, DU, q)
            column_vector(P, pool, g, c, DU, K, q, v)
            for i in range(D):
                total = v[i]
                for l in range(i):
                    total -= H[i, l] * v[l]
                v[i] = total / H[i, i]
            vector[count] = v
            for i in range(D):
                mean[i] += pool.weight[g, c] * v[i]
            reduced[count] = price
            least = min(least, price)
            group[count] = groups
            column[count, 0] = g
            column[count, 1] = c
            if top < 0 or pool.weight[g, c] > pool.weight[g, column[top, 1]]:
                top = count
            count += 1
        if count > begin:
            for c in range(begin, count):
                reduced[c] -= least
            heaviest[groups] = top
            groups += 1
    return groups, count, mean


@kernel
def exchange(groups, count, group, reduced, vector, chosen, delta):
    """Improve the choice by single and pair exchanges; delta is the transformed deviation, kept up to date."""
    D = delta.shape[0]
    first = np.zeros(groups + 1, dtype=np.int64)
    for c in range(count):
        first[group[c] + 1] += 1
    for g in range(groups):
        first[g + 1] += first[g]
    move = np.zeros(D)
    for sweep in range(30):
        best = -1e-9
        best_c = -1
        best_e = -1
        for c in range(count):
            if chosen[group[c]] == c:
                continue
            old = chosen[group[c]]
            alone = reduced[c] - reduced[old]
            for i in range(D):
                move[i] = vector[c, i] - vector[old, i]
                alone += move[i] * (delta[i] + 0.5 * move[i])
            if alone < best:
                best = alone
                best_c = c
                best_e = -1
            if groups > 80:
                continue
            for e in range(first[group[c] + 1], count):
                other = chosen[group[e]]
                if other == e:
                    continue
                both = alone + reduced[e] - reduced[other]
                for i in range(D):
                    step = vector[e, i] - vector[other, i]
                    both += step * (delta[i] + move[i] + 0.5 * step)
                if both < best:
                    best = both
                    best_c = c
                    best_e = e
        if best_c < 0:
            break
        for c in (best_c, best_e):
            if c >= 0:
                old = chosen[group[c]]
                for i in range(D):
                    delta[i] += vector[c, i] - vector[old, i]
                chosen[group[c]] = c


@kernel
def fix_side(h, j, side, lower, upper):
    """Bound holding j to selling (-1), holding (0) or buying (1)."""
    if side == 0.0:
        lower[j] = 0.0
        upper[j] = 0.0
    elif side > 0.0:
        lower[j] = max(lower[j], 0.5 * h["step"])
    else:
        upper[j] = min(upper[j], -0.5 * min(h["step"], h["held"]))


@kernel
def round_groups(P, pool, z, lower, upper, curve, fixed_lower, fixed_upper):
    """Bounds with every undecided group fixed to the side of its chosen column; returns how many groups were undecided."""
    D = z.shape[0]
    total = 0
    for g in range(pool.known.shape[0]):
        total += pool.known[g]
    total = min(total, LARGEST)
    group = np.zeros(total, dtype=np.int64)
    column = np.zeros((total, 2), dtype=np.int64)
    reduced = np.zeros(total)
    vector = np.zeros((total, D))
    heaviest = np.zeros(total + 1, dtype=np.int64)
    fixed_lower[:] = lower
    fixed_upper[:] = upper
    groups, count, mean = candidates(P, pool, z, lower, upper, curve, group, column, reduced, vector, heaviest)
    chosen = heaviest[:groups].copy()
    delta = np.zeros(D)
    for i in range(D):
        delta[i] = -mean[i]
    for g in range(groups):
        for i in range(D):
            delta[i] += vector[chosen[g], i]
    exchange(groups, count, group, reduced, vector, chosen, delta)
    for g in range(groups):
        c = chosen[g]
        for m in range(P.members_offset[column[c, 0]], P.members_offset[column[c, 0] + 1]):
            j = P.members[m]
            fix_side(P.holding[j], j, np.sign(pool.X[j, column[c, 1]]), fixed_lower, fixed_upper)
    return groups
