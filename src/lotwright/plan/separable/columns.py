"""Columns: joint trades of a group's holdings that the master may combine, and what they contribute to its slopes.

Column c of group g costs ``cost_c + B_c z`` at multipliers z. B_c is never written out: its factor part is the dollars of each
member times the member's loads, the rest (cash, tax weights, rows) is the short vector ``q``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lotwright.plan.separable.cells import column, row_lots_cost
from lotwright.plan.separable.dual import size_of, unpack
from lotwright.plan.separable.jit import inlined, kernel
from lotwright.plan.snapshot import Floats, Ints

OF_A_KIND = 3
"""Columns without weight that the master takes of a group's every combination of sides."""
WEIGHTY = 1e-3
"""Weight from which a column counts as used."""


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
    around: Ints
    """Shape (G, C): a bit for each member whose neighbouring sizes have been added."""
    smooth: Ints
    """Shape (G,): 1 where the group is decided and enters the master as a quadratic, 2 where each of its columns is wanted."""


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
        around=np.zeros((groups, capacity), dtype=np.int64),
        smooth=np.zeros(groups, dtype=np.int64),
    )


class Gathered(NamedTuple):
    """The columns of every undecided group, flattened, and the decided groups summed up.

    Group h has columns start[h]:start[h + 1]; source (C, 2) says which group and column of the pool each is (-1: cash of an
    account). xs (C, widest) are dollars by member, q (C, accounts + free tax weights + rows) the short part of B, alpha (C,)
    the cost at no price, before (C,) the last weight. lin (D,) and constant belong to what is decided.
    """

    groups: int
    columns: int
    constant: float
    start: Ints
    source: Ints
    alpha: Floats
    xs: Floats
    q: Floats
    before: Floats
    lin: Floats


@inlined
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


@inlined
def is_within(P, pool, g, c, lower, upper):
    """True when column c of group g respects the bounds."""
    for m in range(P.members_offset[g], P.members_offset[g + 1]):
        j = P.members[m]
        if pool.X[j, c] < lower[j] - 1e-9 or pool.X[j, c] > upper[j] + 1e-9:
            return False
    return True


@inlined
def column_price(P, pool, g, c, sigma, nu, mu_s, mu_l):
    """Cost of one column at prices: sigma (n,) of a dollar of each holding, nu (A,) of cash, mu_s and mu_l of gain."""
    total = pool.cost[g, c]
    for m in range(P.members_offset[g], P.members_offset[g + 1]):
        j = P.members[m]
        total += sigma[j] * pool.x[j, c] + nu[P.holding[j]["account"]] * pool.spent[j, c]
        total += mu_s * pool.short[j, c] + mu_l * pool.long[j, c]
    return total


@inlined
def sides_code(P, pool, g, c):
    """A number that columns of group g share when every holding is on the same side in them (of up to 39 holdings)."""
    code = 0
    for m in range(P.members_offset[g], P.members_offset[g + 1]):
        code = 3 * code + int(np.sign(pool.X[P.members[m], c])) + 1
    return code


@inlined
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


@inlined
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
    for i in range(at.shape[0]):  # loads that are not zero come in the order of their factors: at rises
        if b[i] == 0.0:
            continue
        scale = weight * b[i]
        for k in range(i + 1):
            curve[at[i], at[k]] += scale * b[k]


@inlined
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


@inlined
def is_crowded_out(price, code, near, i):
    """True when enough near columns of the same sides are cheaper than the i-th one."""
    cheaper = 0
    for e in range(near):
        if code[e] == code[i] and (price[e] < price[i] or (price[e] == price[i] and e < i)):
            cheaper += 1
            if cheaper == OF_A_KIND:
                return True
    return False


@inlined
def dearest_kept(price, code, near, most):
    """Set most[side] to the price above which a group of one holding has OF_A_KIND cheaper columns on that side."""
    most[:] = np.inf
    for e in range(near):
        at = code[e]
        p = price[e]
        for k in range(OF_A_KIND):
            if p < most[at, k]:
                most[at, k], p = p, most[at, k]


@inlined
def near_columns(P, pool, g, lower, upper, within, sigma, nu, mu_s, mu_l, price, code, weight, near):
    """Fill near with group g's columns in the bounds that cost at most ``within`` bp more than its cheapest; their number.

    Leaves their prices, sides and last weights in price, code and weight, each shape (capacity,).
    """
    cheapest = np.inf
    first = P.members_offset[g]
    alone = P.members_offset[g + 1] - first == 1
    j = P.members[first]
    low = lower[j] - 1e-9
    high = upper[j] + 1e-9
    slope = sigma[j]
    cash = nu[P.holding[j]["account"]]
    for c in range(pool.known[g]):
        price[c] = np.inf
        if alone:
            if low <= pool.X[j, c] <= high:
                price[c] = pool.cost[g, c] + slope * pool.x[j, c] + cash * pool.spent[j, c]
                price[c] += mu_s * pool.short[j, c] + mu_l * pool.long[j, c]
        elif is_within(P, pool, g, c, lower, upper):
            price[c] = column_price(P, pool, g, c, sigma, nu, mu_s, mu_l)
        cheapest = min(cheapest, price[c])
    count = 0
    for c in range(pool.known[g]):
        if price[c] < np.inf and price[c] <= cheapest + within:
            near[count] = c
            price[count] = price[c]
            code[count] = sides_code(P, pool, g, c)
            weight[count] = pool.weight[g, c]
            count += 1
    return count


@kernel
def start_sums(P, lin, curve):
    """Set lin (D,) and curve (D, D) to what the master starts from before any trade; returns the constant.

    A weak proximal term keeps multipliers from running away where the known columns alone cannot balance cash.
    """
    A, K, free, R = size_of(P)
    DU = A * K
    lin[:] = 0.0
    curve[:] = 0.0
    for j in range(P.holding.shape[0]):
        for k in range(P.load.shape[1]):
            lin[P.holding[j]["account"] * K + P.at[j, k]] += P.load[j, k] * P.holding[j]["active"]
    last = P.line[free, 0] * P.start[0] + P.line[free, 1] * P.start[1] + P.line[free, 2]
    for i in range(free):
        lin[DU + A + i] = P.line[i, 0] * P.start[0] + P.line[i, 1] * P.start[1] + P.line[i, 2] - last
    for r in range(R):
        lin[DU + A + free + r] = -P.row_right[r]
    for i in range(lin.shape[0]):
        weight = 2e-3
        if i >= DU:
            weight = 1e-5 if i < DU + A else 0.1
            if i >= DU + A + free:
                weight = 1e-6
        curve[i, i] += weight
    return last


@inlined
def take(P, pool, g, c, weight, at, alpha, xs, q, source, before):
    """Copy column c of group g to position ``at`` of the gathered ones."""
    last = P.line.shape[0] - 1
    small_column(P, pool, g, c, q[at])
    alpha[at] = pool.cost[g, c]
    for m in range(P.members_offset[g], P.members_offset[g + 1]):
        j = P.members[m]
        alpha[at] += P.line[last, 0] * pool.short[j, c] + P.line[last, 1] * pool.long[j, c]
        xs[at, m - P.members_offset[g]] = pool.x[j, c]
    source[at, 0] = g
    source[at, 1] = c
    before[at] = weight


@kernel
def take_cash(P, a, at, alpha, q, source):
    """The kinks of account a's cash as columns, from position ``at``; returns the position after them."""
    account = P.account[a]
    for kink in range(2):
        level = account["target"] if kink == 0 else account["floor"]
        if kink == 0 and account["floor"] >= level:
            continue
        q[at, a] = level - account["cash"]
        alpha[at] = 0.0
        if level < account["target"]:
            alpha[at] = account["shortfall"] * (account["target"] - level)
        if level > account["target"]:
            alpha[at] = account["idle"] * (level - account["target"])
        source[at, 0] = -1
        source[at, 1] = a
        at += 1
    return at


@inlined
def add_decided(P, g, xs, q, lin):
    """Add the slopes of group g's only column to lin."""
    A, K, free, R = size_of(P)
    for m in range(P.members_offset[g], P.members_offset[g + 1]):
        j = P.members[m]
        for k in range(P.load.shape[1]):
            lin[P.holding[j]["account"] * K + P.at[j, k]] += P.load[j, k] * xs[m - P.members_offset[g]]
    for i in range(q.shape[0]):
        lin[A * K + i] += q[i]


@kernel
def gather(P, pool, lower, upper, z, within, stiff, trade, curve):
    """The columns within bounds of every undecided group; decided groups go into the linear part and the curvature.

    Columns dearer at z than their group's cheapest by more than ``within`` bp are left out, and so are those without weight
    where enough cheaper ones of the same sides are known; the exact subproblems would ask for them again. Cash is a group of
    its own: one column for each kink. Weights in the pool are set to zero, but to one where a group has a single column.
    """
    A, K, free, R = size_of(P)
    G = P.members_offset.shape[0] - 1
    capacity = 2 * A
    widest = 1
    for g in range(G):
        if pool.smooth[g] != 1:
            capacity += pool.known[g] + 1
        widest = max(widest, P.members_offset[g + 1] - P.members_offset[g])
    lin = np.empty(z.shape[0])
    constant = start_sums(P, lin, curve)
    start = np.zeros(G + A + 1, dtype=np.int64)
    alpha = np.zeros(capacity)
    xs = np.zeros((capacity, widest))
    q = np.zeros((capacity, A + free + R))
    source = np.zeros((capacity, 2), dtype=np.int64)
    before = np.zeros(capacity)
    groups = 0
    count = 0
    sigma = np.zeros(P.holding.shape[0])
    nu = np.zeros(A)
    mu_s, mu_l, tax, rows = unpack(P, z, sigma, nu)
    price = np.empty(pool.X.shape[1])
    weight = np.empty(pool.X.shape[1])
    code = np.empty(pool.X.shape[1], dtype=np.int64)
    near = np.empty(pool.X.shape[1], dtype=np.int64)
    most = np.empty((3, OF_A_KIND))
    at = np.zeros(P.load.shape[1] + 1 + free + R, dtype=np.int64)
    b = np.zeros(P.load.shape[1] + 1 + free + R)
    for g in range(G):
        begin = count
        if pool.smooth[g] == 1:
            for m in range(P.members_offset[g], P.members_offset[g + 1]):
                j = P.members[m]
                constant += add_smooth(P, j, trade[j], stiff, lin, curve, at, b)
            pool.weight[g, :] = 0.0
            continue
        few = pool.smooth[g] == 2 or P.holding[P.members[P.members_offset[g]]]["many"] == 0
        reach = np.inf if few else within
        found = near_columns(P, pool, g, lower, upper, reach, sigma, nu, mu_s, mu_l, price, code, weight, near)
        alone = P.members_offset[g + 1] - P.members_offset[g] == 1
        if alone:
            dearest_kept(price, code, found, most)
        for i in range(found):
            crowded = not few and weight[i] < WEIGHTY
            if crowded:
                crowded = price[i] > most[code[i], OF_A_KIND - 1] if alone else is_crowded_out(price, code, found, i)
            if crowded:
                continue
            take(P, pool, g, near[i], weight[i], count, alpha, xs, q, source, before)
            count += 1
        pool.weight[g, :] = 0.0
        if count - begin == 1:
            count = begin
            constant += alpha[count]
            add_decided(P, g, xs[count], q[count], lin)
            pool.weight[g, source[count, 1]] = 1.0
        elif count > begin:
            groups += 1
            start[groups] = count
    for a in range(A):
        q[count : count + 2] = 0.0
        before[count : count + 2] = 0.0
        count = take_cash(P, a, count, alpha, q, source)
        groups += 1
        start[groups] = count
    return Gathered(groups, count, constant, start, source, alpha, xs, q, before, lin)


@kernel
def slope_columns(P, z, M, out):
    """Set out (C,) to B_c z of every gathered column."""
    A, K, free, R = size_of(P)
    Q = M.q.shape[1]
    DU = A * K
    for h in range(M.groups):
        g = M.source[M.start[h], 0]
        for c in range(M.start[h], M.start[h + 1]):
            total = 0.0
            for i in range(Q):
                total += M.q[c, i] * z[DU + i]
            out[c] = total
        if g < 0:
            continue
        for m in range(P.members_offset[g], P.members_offset[g + 1]):
            j = P.members[m]
            base = P.holding[j]["account"] * K
            slope = 0.0
            for k in range(P.load.shape[1]):
                slope += P.load[j, k] * z[base + P.at[j, k]]
            at = m - P.members_offset[g]
            for c in range(M.start[h], M.start[h + 1]):
                out[c] += slope * M.xs[c, at]


@kernel
def price_columns(P, z, M, priced):
    """Set priced (C,) to alpha_c + B_c z of every gathered column."""
    slope_columns(P, z, M, priced)
    for c in range(M.columns):
        priced[c] += M.alpha[c]


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
