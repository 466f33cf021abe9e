"""Choose one column for every undecided group, knowing that the decided holdings will make up for it.

The master leaves a few groups with a mixture of columns. Picking one of them moves exposures, cash and gains by
Delta = sum_g B_g,chosen - sum_g sum_c lambda_c B_g,c, and the decided holdings answer along their curvature H, so that the
plan's cost rises by about

    sum_g (reduced cost of the chosen column) + 1/2 Delta' H^-1 Delta.

That is a small closest-vector problem: with H = L L' and v = L^-1 B it is minimised by single and pair exchanges.
"""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.cholesky import factorise
from lotwright.plan.separable.columns import (
    add_curvature_of,
    column_price,
    has_sides_of,
    is_within,
    small_column,
)
from lotwright.plan.separable.dual import size_of, spacing, unpack
from lotwright.plan.separable.jit import kernel
from lotwright.plan.separable.problem import ROW

LARGEST = 400
UNDECIDED = 0.5
"""Share of its free answer that a holding of an undecided group is expected to give once its side is fixed."""


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
def apart(h, fineness):
    """Shares between two trades of holding h from which on they are not neighbours that whole-share rounding chooses among."""
    return max(2.0 * h["step"], 4.0 * spacing(h, fineness)) + 1e-9


@kernel
def is_split(P, pool, g, c, lower, upper, fineness):
    """True when a weighted column of group g is far from column c in some holding's shares."""
    for e in range(pool.known[g]):
        if pool.weight[g, e] < 1e-3 or not is_within(P, pool, g, e, lower, upper):
            continue
        for m in range(P.members_offset[g], P.members_offset[g + 1]):
            j = P.members[m]
            if abs(pool.X[j, e] - pool.X[j, c]) > apart(P.holding[j], fineness):
                return True
    return False


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
def fix_near(P, pool, g, c, fineness, lower, upper):
    """Bound group g to the sides of column c, and short of the middle to weighted columns that are far from it."""
    for m in range(P.members_offset[g], P.members_offset[g + 1]):
        j = P.members[m]
        h = P.holding[j]
        X = pool.X[j, c]
        fix_side(h, j, np.sign(X), lower, upper)
        for e in range(pool.known[g]):
            away = pool.X[j, e] - X
            if pool.weight[g, e] >= 1e-3 and abs(away) > apart(h, fineness):
                if away > 0.0:
                    upper[j] = max(min(upper[j], X + 0.5 * away), lower[j])
                else:
                    lower[j] = min(max(lower[j], X + 0.5 * away), upper[j])


@kernel
def heaviest_column(P, pool, g, lower, upper):
    """The column of group g with the largest weight within bounds, -1 when there is none."""
    top = -1
    for c in range(pool.known[g]):
        if is_within(P, pool, g, c, lower, upper) and (top < 0 or pool.weight[g, c] > pool.weight[g, top]):
            top = c
    return top


@kernel
def answer(P, pool, lower, upper, z, curve):
    """Cholesky factor of the curvature with which every holding answers, undecided groups as their heaviest column does."""
    A, K, free, R = size_of(P)
    DU = A * K
    D = z.shape[0]
    H = np.zeros((D, D))
    for i in range(D):
        for k in range(i + 1):
            H[i, k] = curve[i, k]
        H[i, i] += 0.5 if i < DU else 1e-6 + 1e-9 * curve[i, i]
    at = np.zeros(P.load.shape[1] + 1 + free + R, dtype=np.int64)
    b = np.zeros(P.load.shape[1] + 1 + free + R)
    row = np.zeros(ROW)
    for g in range(P.members_offset.shape[0] - 1):
        if pool.smooth[g] == 1:
            continue
        top = heaviest_column(P, pool, g, lower, upper)
        if top < 0:
            continue
        for m in range(P.members_offset[g], P.members_offset[g + 1]):
            j = P.members[m]
            row[0], row[1], row[2] = pool.X[j, top], pool.short[j, top], pool.long[j, top]
            add_curvature_of(P, j, row, UNDECIDED, H, at, b)
    factorise(H)
    return H


@kernel
def candidates(P, pool, z, lower, upper, curve, within, group, column, reduced, vector, heaviest):
    """Collect the columns worth choosing among, priced and transformed; returns (groups, columns, mean vector).

    Of each group: its weighted columns, and the cheapest column of every other combination of sides that costs at most
    ``within`` bp more than the cheapest. Groups for which that leaves one column are left out.
    """
    A, K, free, R = size_of(P)
    DU = A * K
    D = z.shape[0]
    H = answer(P, pool, lower, upper, z, curve)
    sigma = np.zeros(P.holding.shape[0])
    nu = np.zeros(A)
    mu_s, mu_l, tax, rows = unpack(P, z, sigma, nu)
    q = np.zeros(D - DU)
    v = np.zeros(D)
    mean = np.zeros(D)
    price = np.empty(pool.X.shape[1])
    groups = 0
    count = 0
    for g in range(P.members_offset.shape[0] - 1):
        if pool.smooth[g] == 1:
            continue
        begin = count
        least = np.inf
        for c in range(pool.known[g]):
            price[c] = np.inf
            if is_within(P, pool, g, c, lower, upper):
                price[c] = column_price(P, pool, g, c, sigma, nu, mu_s, mu_l)
                least = min(least, price[c])
        top = -1
        for c in range(pool.known[g]):
            if price[c] == np.inf or count >= LARGEST:
                continue
            if pool.weight[g, c] < 1e-3:
                if price[c] > least + within:
                    continue
                cheapest = True
                for e in range(pool.known[g]):
                    if e == c or not has_sides_of(P, pool, g, c, e):
                        continue
                    before = price[e] < price[c] or (price[e] == price[c] and e < c)
                    if before or (price[e] < np.inf and pool.weight[g, e] >= 1e-3):
                        cheapest = False
                        break
                if not cheapest:
                    continue
            small_column(P, pool, g, c, q)
            column_vector(P, pool, g, c, DU, K, q, v)
            for i in range(D):
                total = v[i]
                for l in range(i):
                    total -= H[i, l] * v[l]
                v[i] = total / H[i, i]
            vector[count] = v
            reduced[count] = price[c] - least
            group[count] = groups
            column[count, 0] = g
            column[count, 1] = c
            if top < 0 or pool.weight[g, c] > pool.weight[g, column[top, 1]]:
                top = count
            count += 1
        if count == begin + 1:
            count = begin
        elif count > begin:
            total = 0.0
            for c in range(begin, count):
                total += pool.weight[g, column[c, 1]]
            for c in range(begin, count):
                for i in range(D):
                    mean[i] += pool.weight[g, column[c, 1]] / total * vector[c, i]
            heaviest[groups] = top
            groups += 1
    return groups, count, mean


@kernel
def exchange(groups, count, group, reduced, vector, chosen, delta):
    """Improve the choice by single and pair exchanges; delta, the transformed deviation, follows."""
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
def round_groups(P, pool, z, lower, upper, curve, within, fineness, fixed_lower, fixed_upper):
    """Bounds with undecided groups fixed to the sides of chosen columns, in fixed_lower and fixed_upper, shape (n,).

    The choice is the best local optimum of the closest-vector problem that starts from the heaviest columns. Returns how many
    groups were undecided: those whose weighted columns disagree on a side or lie apart, or that were moved.
    """
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
    groups, count, mean = candidates(P, pool, z, lower, upper, curve, within, group, column, reduced, vector, heaviest)
    chosen = heaviest[:groups].copy()
    delta = -mean
    for g in range(groups):
        for i in range(D):
            delta[i] += vector[chosen[g], i]
    exchange(groups, count, group, reduced, vector, chosen, delta)
    undecided = 0
    fixed_lower[:] = lower
    fixed_upper[:] = upper
    for g in range(groups):
        at = column[chosen[g], 0]
        c = column[chosen[g], 1]
        is_open = is_mixed(P, pool, at, lower, upper) or is_split(P, pool, at, c, lower, upper, fineness)
        if has_sides_of(P, pool, at, c, column[heaviest[g], 1]) and not is_open:
            continue
        undecided += 1
        fix_near(P, pool, at, c, fineness, fixed_lower, fixed_upper)
    return undecided
