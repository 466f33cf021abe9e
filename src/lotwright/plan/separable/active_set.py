"""The restricted master from the last answer: a dual active-set method (Goldfarb and Idnani 1983).

Problem: a node's master differs from the one solved before it by a few columns and a few bounds, but an interior-point method
starts from scratch: ten passes over all columns. Observations: at its optimum all but about as many groups as there are
multipliers stand on one column; which groups stand on two hardly changes from one master to the next; with those known, the
multipliers are a small linear system away. Therefore: every group has a *base* column; columns that cost the same as their
group's base are *tied*. Start from the bases and ties that had weight last time, drop ties until every weight is positive,
then, while a column is cheaper than its group's base, bring it in: prices move until it is tied, and whatever loses its weight
on the way is dropped. The objective falls at every step, so that it ends.

Ties and bounds on cash, tax and row multipliers are the same kind of constraint: row j of V is L^-1 times its normal, where
L L' is the curvature of the decided part, and gram is V V'.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lotwright.plan.separable.cholesky import backward, factorise, factorise_first, forward
from lotwright.plan.separable.columns import WEIGHTY, edges, price_columns
from lotwright.plan.separable.dual import size_of
from lotwright.plan.separable.jit import inlined, kernel
from lotwright.plan.snapshot import Floats, Ints

DEPENDENT = 1e-9
"""Share of a normal's squared length outside the span of the others below which it counts as dependent on them."""
EDGE = -1
"""Group of a tie that is a bound on a multiplier."""


class Ties(NamedTuple):
    """What is tied: group and column (or EDGE and the bound's number), weight, normal; size (1,) of them are in use."""

    size: Ints
    group: Ints
    column: Ints
    weight: Floats
    V: Floats
    gram: Floats
    factor: Floats
    base: Ints
    """Shape (groups,): the column each group stands on."""
    share: Floats
    """Shape (groups,): its weight."""


@kernel
def no_ties(groups, D):
    """Room for as many ties as there are multipliers, none of them in use."""
    return Ties(
        np.zeros(1, dtype=np.int64),
        np.zeros(D + 1, dtype=np.int64),
        np.zeros(D + 1, dtype=np.int64),
        np.zeros(D + 1),
        np.zeros((D + 1, D)),
        np.zeros((D + 1, D + 1)),
        np.zeros((D + 1, D + 1)),
        np.zeros(groups, dtype=np.int64),
        np.ones(groups),
    )


@inlined
def add_slopes(P, M, h, c, sign, out):
    """Add sign times B_c of gathered column c, of group h, to out (D,)."""
    A, K, free, R = size_of(P)
    g = M.source[M.start[h], 0]
    for i in range(M.q.shape[1]):
        out[A * K + i] += sign * M.q[c, i]
    if g < 0:
        return
    for m in range(P.members_offset[g], P.members_offset[g + 1]):
        j = P.members[m]
        x = sign * M.xs[c, m - P.members_offset[g]]
        for k in range(P.load.shape[1]):
            out[P.holding[j]["account"] * K + P.at[j, k]] += x * P.load[j, k]


@inlined
def normal_of(P, M, T, E, group, column, out):
    """Set out (D,) to what a tie's slack gains with each multiplier."""
    out[:] = 0.0
    if group == EDGE:
        DU = out.shape[0] - E.shape[1]
        for i in range(E.shape[1]):
            out[DU + i] = E[column, i]
        return
    add_slopes(P, M, group, column, 1.0, out)
    add_slopes(P, M, group, T.base[group], -1.0, out)


@inlined
def constant_of(M, T, e0, group, column):
    """A tie's slack where every multiplier is zero."""
    if group == EDGE:
        return e0[column]
    return M.alpha[column] - M.alpha[T.base[group]]


@inlined
def dot(a, b):
    """Inner product."""
    total = 0.0
    for i in range(a.shape[0]):
        total += a[i] * b[i]
    return total


@kernel
def solve_gram(T, r):
    """Solve gram v = r for the ties in use, in place."""
    size = T.size[0]
    forward(T.factor, r, size)
    backward(T.factor, r, size)


@kernel
def refactor(T):
    """Factorise gram for the ties in use."""
    size = T.size[0]
    for i in range(size):
        for k in range(i + 1):
            T.factor[i, k] = T.gram[i, k]
    factorise_first(T.factor, size)


@kernel
def split_off(T, y, r, s):
    """Write y = V' r + s with s at right angles to every tie's row; returns the squared length of s."""
    size = T.size[0]
    for j in range(size):
        r[j] = dot(T.V[j], y)
    solve_gram(T, r)
    s[:] = y
    for j in range(size):
        for i in range(s.shape[0]):
            s[i] -= r[j] * T.V[j, i]
    return dot(s, s)


@kernel
def set_gram(T, j):
    """Fill row and column j of gram."""
    for k in range(T.size[0]):
        value = dot(T.V[j], T.V[k])
        T.gram[j, k] = value
        T.gram[k, j] = value


@kernel
def tie(T, group, column, weight, y):
    """Note one more tie."""
    j = T.size[0]
    T.size[0] = j + 1
    T.group[j] = group
    T.column[j] = column
    T.weight[j] = weight
    T.V[j] = y
    set_gram(T, j)
    refactor(T)


@kernel
def untie(T, j):
    """Forget tie j; the last one takes its place."""
    last = T.size[0] - 1
    T.size[0] = last
    if j < last:
        T.group[j] = T.group[last]
        T.column[j] = T.column[last]
        T.weight[j] = T.weight[last]
        T.V[j] = T.V[last]
        set_gram(T, j)
    refactor(T)


@kernel
def rebase(T, h, y):
    """Let group h stand on its heaviest tied column instead of a base without weight.

    Its other ties are then measured from that column; y (D,) is set to the row it had.
    """
    chosen = -1
    for j in range(T.size[0]):
        if T.group[j] == h and (chosen < 0 or T.weight[j] > T.weight[chosen]):
            chosen = j
    y[:] = T.V[chosen]
    T.base[h] = T.column[chosen]
    T.share[h] = T.weight[chosen]
    untie(T, chosen)
    for j in range(T.size[0]):
        if T.group[j] == h:
            for i in range(y.shape[0]):
                T.V[j, i] -= y[i]
    for j in range(T.size[0]):
        if T.group[j] == h:
            set_gram(T, j)
    refactor(T)


@kernel
def has_tie(T, h):
    """True when a column of group h is tied to its base."""
    found = False
    for j in range(T.size[0]):
        found = found or T.group[j] == h
    return found


@kernel
def last_answer(P, M, T, E, e0, L, z, priced):
    """Stand every group on its heaviest column, or its cheapest where none had weight, and tie what else had weight.

    Columns that depend on others, and bounds that z is not at, are left out.
    """
    D = z.shape[0]
    for h in range(M.groups):
        heaviest = M.start[h]
        cheapest = M.start[h]
        for c in range(M.start[h], M.start[h + 1]):
            if M.before[c] > M.before[heaviest]:
                heaviest = c
            if priced[c] < priced[cheapest]:
                cheapest = c
        T.base[h] = heaviest if M.before[heaviest] >= WEIGHTY else cheapest
    y = np.empty(D)
    r = np.empty(D + 1)
    s = np.empty(D)
    for e in range(E.shape[0]):
        slack = e0[e]
        for i in range(E.shape[1]):
            slack += E[e, i] * z[D - E.shape[1] + i]
        if slack <= 1e-9:
            offer(P, M, T, E, L, EDGE, e, y, r, s)
    for h in range(M.groups):
        for c in range(M.start[h], M.start[h + 1]):
            if c != T.base[h] and M.before[c] >= WEIGHTY:
                offer(P, M, T, E, L, h, c, y, r, s)


@kernel
def offer(P, M, T, E, L, group, column, y, r, s):
    """Tie a column to its base unless it depends on what is tied."""
    if T.size[0] >= y.shape[0]:
        return
    normal_of(P, M, T, E, group, column, y)
    forward(L, y, y.shape[0])
    length = dot(y, y)
    if length > 0.0 and split_off(T, y, r, s) > 1e-6 * length:
        tie(T, group, column, 0.0, y)


@kernel
def balance(M, T, e0, L, g, z):
    """Set z and the weights to the optimum with what is tied, dropping whatever has a negative weight; g (D,) is L^-1 times
    the slopes of everything that stands. Returns False when that does not end."""
    D = z.shape[0]
    y = np.empty(D)
    r = np.empty(D + 1)
    for attempt in range(4 * D):
        size = T.size[0]
        for j in range(size):
            r[j] = -constant_of(M, T, e0, T.group[j], T.column[j]) - dot(T.V[j], g)
        solve_gram(T, r)
        for h in range(M.groups):
            T.share[h] = 1.0
        worst = -1
        for j in range(size):
            T.weight[j] = r[j]
            if T.group[j] >= 0:
                T.share[T.group[j]] -= r[j]
            if r[j] < 0.0 and (worst < 0 or r[j] < r[worst]):
                worst = j
        if worst >= 0:
            untie(T, worst)
            continue
        poor = -1
        for j in range(size):
            h = T.group[j]
            if h >= 0 and T.share[h] < 0.0 and (poor < 0 or T.share[h] < T.share[poor]):
                poor = h
        if poor >= 0:
            rebase(T, poor, y)
            for i in range(D):
                g[i] += y[i]
            continue
        z[:] = g
        for j in range(size):
            for i in range(D):
                z[i] += T.weight[j] * T.V[j, i]
        backward(L, z, D)
        return True
    return False


@kernel
def longest_step(T, group, r, rate, full):
    """How far the weight of a new tie of ``group`` can rise: (step, tie that is dropped or -1, group whose base is or -1)."""
    step = full
    out = -1
    bare = -1
    size = T.size[0]
    for j in range(size):
        if T.group[j] >= 0:
            rate[T.group[j]] = 0.0
    if group >= 0:
        rate[group] = -1.0
    for j in range(size):
        if T.group[j] >= 0:
            rate[T.group[j]] += r[j]
        if r[j] > 1e-14 and T.weight[j] < step * r[j]:
            step = T.weight[j] / r[j]
            out = j
    for j in range(size + 1):
        h = group if j == size else T.group[j]
        if h >= 0 and rate[h] < -1e-14 and T.share[h] < -step * rate[h]:
            step = -T.share[h] / rate[h]
            out = -1
            bare = h
    return max(step, 0.0), out, bare


@kernel
def bring_in(P, M, T, E, e0, L, z, group, column, rate, most):
    """Move prices until a column is no longer cheaper than its group's base, or a bound no longer broken.

    Returns the number of steps taken, -1 when there is no end to it.
    """
    D = z.shape[0]
    n = np.empty(D)
    y = np.empty(D)
    r = np.empty(D + 1)
    s = np.empty(D)
    old = np.empty(D)
    weight = 0.0
    for count in range(most):
        normal_of(P, M, T, E, group, column, n)
        slack = constant_of(M, T, e0, group, column) + dot(n, z)
        if slack >= -1e-10 and weight == 0.0:
            return count
        y[:] = n
        forward(L, y, D)
        room = split_off(T, y, r, s)
        full = np.inf
        if room > DEPENDENT * dot(y, y) and T.size[0] < D:
            full = max(-slack, 0.0) / room
        step, out, bare = longest_step(T, group, r, rate, full)
        if step == np.inf:
            return -1
        for j in range(T.size[0]):
            T.weight[j] -= step * r[j]
        for j in range(T.size[0]):
            h = T.group[j]
            if h >= 0 and rate[h] != 0.0:
                T.share[h] += step * rate[h]
                rate[h] = 0.0
        if group >= 0 and rate[group] != 0.0:
            T.share[group] += step * rate[group]
        weight += step
        backward(L, s, D)
        for i in range(D):
            z[i] += step * s[i]
        if out >= 0:
            untie(T, out)
        elif bare >= 0 and bare == group and not has_tie(T, group):
            T.base[group] = column
            T.share[group] = weight
            return count + 1
        elif bare >= 0:
            rebase(T, bare, old)
        else:
            tie(T, group, column, weight, y)
            return count + 1
    return -1


@kernel
def cheaper_columns(M, T, priced, cheapest, excess):
    """Each group's cheapest column and by how much its base is dearer; returns the sum of the latter."""
    total = 0.0
    for h in range(M.groups):
        best = T.base[h]
        for c in range(M.start[h], M.start[h + 1]):
            if priced[c] < priced[best]:
                best = c
        cheapest[h] = best
        excess[h] = priced[T.base[h]] - priced[best]
        total += excess[h]
    return total


@kernel
def pull_back(P, M, T, E, e0, L, z, rate, plain, most):
    """Bring in every broken bound; returns the steps taken, -1 when there is no end to it."""
    Q = E.shape[1]
    DU = z.shape[0] - Q
    steps = 0
    for e in range(plain):
        slack = e0[e]
        for i in range(Q):
            slack += E[e, i] * z[DU + i]
        if slack < -1e-9:
            taken = bring_in(P, M, T, E, e0, L, z, EDGE, e, rate, most)
            if taken < 0:
                return -1
            steps += taken
    return steps


@kernel
def write_weights(M, T, priced, lam):
    """Set lam (C,) to the weights; a column without one gets a trace of it, the less the dearer it is."""
    for h in range(M.groups):
        low = priced[T.base[h]]
        for c in range(M.start[h], M.start[h + 1]):
            lam[c] = 1e-7 / (1e-2 + max(priced[c] - low, 0.0))
        lam[T.base[h]] = T.share[h]
    for j in range(T.size[0]):
        if T.group[j] >= 0:
            lam[T.column[j]] = T.weight[j]


@kernel
def active_set(P, M, curve, z, goal, most, lam):
    """Move z to the best multipliers for the gathered columns, lam (C,) to the weights of the combination they prove.

    Ends when all columns together are cheaper than the bases by less than ``goal`` bp. Returns False, with z as it was, when
    ``most`` steps do not do.
    """
    A, K, free, R = size_of(P)
    D = z.shape[0]
    DU = A * K
    E = np.zeros((A + free + 1 + 2 * R, D - DU))
    e0 = np.zeros(A + free + 1 + 2 * R)
    plain = edges(P, E, e0)
    E = E[:plain]
    L = np.empty((D, D))
    g = M.lin.copy()
    for i in range(D):
        for k in range(i + 1):
            L[i, k] = curve[i, k]
            g[i] += curve[i, k] * z[k]
            if k < i:
                g[k] += curve[i, k] * z[i]
        L[i, i] += 0.5 if i < DU else 1e-9
    factorise(L)
    T = no_ties(M.groups, D)
    priced = np.empty(M.columns)
    price_columns(P, z, M, priced)
    last_answer(P, M, T, E, e0, L, z, priced)
    for h in range(M.groups):
        add_slopes(P, M, h, T.base[h], 1.0, g)
    forward(L, g, D)
    trial = z.copy()
    if not balance(M, T, e0, L, g, trial):
        return False
    rate = np.zeros(M.groups)
    cheapest = np.zeros(M.groups, dtype=np.int64)
    excess = np.zeros(M.groups)
    steps = 0
    while steps <= most:
        taken = pull_back(P, M, T, E, e0, L, trial, rate, plain, most)
        if taken < 0:
            return False
        steps += taken
        price_columns(P, trial, M, priced)
        total = cheaper_columns(M, T, priced, cheapest, excess)
        if total < goal and taken == 0:
            z[:] = trial
            write_weights(M, T, priced, lam)
            return True
        worst = np.max(excess)
        for h in np.argsort(-excess):
            if excess[h] < 0.3 * worst or excess[h] <= 0.0:
                break
            taken = bring_in(P, M, T, E, e0, L, trial, h, cheapest[h], rate, most)
            if taken < 0:
                return False
            steps += taken + 1
    return False
