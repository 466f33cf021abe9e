"""The dual function: a lower bound on every plan, for any multipliers whatever.

With y_a = F_a'(r + x) the factor exposures of account a and u, nu, omega, rho the multipliers of factors, cash, tax lines
and rows, weak duality gives

    bound = - |u|^2 / 4 + sum_groups min over allowed whole-share trades of (sum_j phi_j)
            + sum_a min_c [cash cost(c) + nu_a (c - cash_a)]
            + sum_p omega_p (a_p S0 + b_p L0 + c_p) - sum_r rho_r (right_r + row_r r)

A group of substantially identical securities either realises losses or buys: two branches, each a sum over its holdings.

The vector z of multipliers is laid out [u (A K) | nu (A) | omega (P - 1; the last is one minus the others) | rho (R)].
"""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.cells import (
    column,
    forced_shares,
    gains,
    is_allowed,
    options,
    ordered_gains,
    ordered_kind,
    row_lots_cost,
)
from lotwright.plan.separable.jit import inlined, kernel
from lotwright.plan.separable.problem import ROW

SCALE = 1e4


@inlined
def size_of(P):
    """(accounts, factors, free tax weights, rows) of the multiplier vector."""
    return P.account.shape[0], P.factors[0], P.line.shape[0] - 1, P.row.shape[0]


@kernel
def unpack(P, z, sigma, nu):
    """Slope of every holding and cash price of every account at z; returns (mu_s, mu_l, constant of the tax lines, of the rows)."""
    A, K, free, R = size_of(P)
    for a in range(A):
        nu[a] = z[A * K + a]
    rest = A * K + A
    last = 1.0
    mu_s = 0.0
    mu_l = 0.0
    tax = 0.0
    for i in range(free + 1):
        weight = last
        if i < free:
            weight = z[rest + i]
            last -= weight
        mu_s += weight * P.line[i, 0]
        mu_l += weight * P.line[i, 1]
        tax += weight * (P.line[i, 0] * P.start[0] + P.line[i, 1] * P.start[1] + P.line[i, 2])
    rest += free
    rows = 0.0
    for r in range(R):
        rho = z[rest + r]
        mu_s += rho * P.row_gain[r, 0]
        mu_l += rho * P.row_gain[r, 1]
        rows -= rho * P.row_right[r]
    for j in range(P.holding.shape[0]):
        base = P.holding[j]["account"] * K
        slope = 0.0
        for k in range(P.load.shape[1]):
            slope += z[base + P.at[j, k]] * P.load[j, k]
        for r in range(R):
            rho = z[rest + r]
            slope += rho * P.row[r, j]
            rows -= rho * P.row[r, j] * P.holding[j]["active"]
        sigma[j] = slope
    return mu_s, mu_l, tax, rows


@kernel
def clip(P, z):
    """Move z to the nearest multipliers whose bound is finite."""
    A, K, free, R = size_of(P)
    for a in range(A):
        z[A * K + a] = max(z[A * K + a], -P.account[a]["idle"])
    rest = A * K + A
    total = 0.0
    for i in range(free):
        z[rest + i] = max(z[rest + i], 0.0)
        total += z[rest + i]
    if total > 1.0:
        for i in range(free):
            z[rest + i] /= total
    rest += free
    for r in range(R):
        z[rest + r] = min(max(z[rest + r], 0.0), P.row_price[r])


@kernel
def cash_term(P, a, nu):
    """Least cost of account a's final cash when cash spent costs nu."""
    target = P.account[a]["target"]
    floor = P.account[a]["floor"]
    if floor >= target:
        return P.account[a]["idle"] * (floor - target) + nu * (floor - P.account[a]["cash"])
    at_target = nu * (target - P.account[a]["cash"])
    at_floor = P.account[a]["shortfall"] * (target - floor) + nu * (floor - P.account[a]["cash"])
    return min(at_target, at_floor)


@kernel
def evaluate(P, z, lower, upper, opts, pick):
    """Bound at z over trades within [lower, upper]; fills opts (n, 3, 6) and pick (n,), the option each holding chose.

    Returns minus infinity when z prices something at which cash or tax would run away, plus infinity when a holding has no
    allowed trade at all.
    """
    n = P.holding.shape[0]
    A, K, free, R = size_of(P)
    sigma = np.empty(n)
    nu = np.empty(A)
    scratch = np.zeros((1, 6))
    mu_s, mu_l, tax, rows = unpack(P, z, sigma, nu)
    total = tax + rows
    for k in range(A * K):
        total -= 0.25 * z[k] * z[k]
    for a in range(A):
        total += cash_term(P, a, nu[a])
    for g in range(P.members_offset.shape[0] - 1):
        total += group_minimum(P, g, sigma, nu, mu_s, mu_l, lower, upper, opts, pick, scratch)
    return total


@inlined
def group_minimum(P, g, sigma, nu, mu_s, mu_l, lower, upper, opts, pick, scratch):
    """Least cost of one group of identical securities at given prices; the choice is left in pick."""
    first = P.members_offset[g]
    last = P.members_offset[g + 1]
    calm = 0.0
    losing = 0.0
    any_loss = False
    for m in range(first, last):
        j = P.members[m]
        h = P.holding[j]
        options(h, P.lot, P.way, sigma[j], nu[h["account"]], mu_s, mu_l, lower[j], upper[j], opts[j], scratch)
        calm += min(opts[j, 0, 0], opts[j, 1, 0])
        losing += min(opts[j, 1, 0], opts[j, 2, 0])
        any_loss = any_loss or opts[j, 2, 0] < np.inf
    lose = any_loss and losing < calm
    for m in range(first, last):
        j = P.members[m]
        if lose:
            pick[j] = 2 if opts[j, 2, 0] < opts[j, 1, 0] else 1
        else:
            pick[j] = 0 if opts[j, 0, 0] < opts[j, 1, 0] else 1
    return losing if lose else calm


@inlined
def add_column(P, pool, g, trade):
    """Remember the joint trade of group g's holdings unless it is there already; replaces the least used when full.

    Returns the column that holds it.
    """
    first = P.members_offset[g]
    last = P.members_offset[g + 1]
    count = pool.known[g]
    for c in range(count):
        same = True
        for m in range(first, last):
            j = P.members[m]
            if abs(pool.X[j, c] - trade[j, 0]) > 1e-9:
                same = False
                break
            if abs(pool.short[j, c] - trade[j, 1]) + abs(pool.long[j, c] - trade[j, 2]) > 1e-12:
                same = False
                break
        if same:
            return c
    slot = count
    if count == pool.X.shape[1]:
        slot = 0
        for c in range(count):
            if pool.weight[g, c] < pool.weight[g, slot]:
                slot = c
    else:
        pool.known[g] = count + 1
    cost = 0.0
    for m in range(first, last):
        j = P.members[m]
        alone, x, spent = column(P.holding[j], trade[j, 0])
        cost += alone + row_lots_cost(P.holding[j], P.lot, trade[j])
        pool.X[j, slot] = trade[j, 0]
        pool.x[j, slot] = x
        pool.spent[j, slot] = spent
        pool.short[j, slot] = trade[j, 1]
        pool.long[j, slot] = trade[j, 2]
    pool.cost[g, slot] = cost
    pool.weight[g, slot] = 1e-6
    pool.around[g, slot] = 0
    return slot


@inlined
def set_option(j, option, opts, mu_s, mu_l, row):
    """Copy an option into a row of trade: shares, short gain, long gain, kind, own purchase, prices of gain."""
    row[0] = opts[j, option, 1]
    row[1] = opts[j, option, 2]
    row[2] = opts[j, option, 3]
    row[3] = option
    row[4] = opts[j, option, 4]
    row[5] = mu_s
    row[6] = mu_l
    row[7] = opts[j, option, 5]
    row[8] = 0.0


@inlined
def set_trade(P, j, X, kind, own, mu_s, mu_l, lower, upper, row):
    """Fill a row of trade with X shares of holding j as the given kind of trade; False when that is not allowed."""
    h = P.holding[j]
    if not is_allowed(h, X, lower[j], upper[j]):
        return False
    row[0] = X
    row[1] = 0.0
    row[2] = 0.0
    row[3] = kind
    row[4] = own
    row[5] = mu_s
    row[6] = mu_l
    row[7] = 0.0
    row[8] = 0.0
    if X == 0.0:
        row[3] = 1.0
        return kind == 1
    if X > 0.0:
        return kind == 0
    if kind == 0:
        return False
    if P.holding[j]["ordered"] == 1:
        row[1], row[2], lot = ordered_gains(h, P.lot, -X)
        return ordered_kind(P.lot, -X, lot) == kind
    row[1], row[2], missing = gains(h, P.lot, 1 if kind == 2 else 0, own, -X, mu_s, mu_l)
    return missing == 0.0 and (kind != 2 or forced_shares(h, P.lot, own) <= -X + 1e-9)


@inlined
def spacing(h, fineness):
    """Shares that change holding h's specific risk by about ``fineness`` bp, at least one step."""
    p = h["price"]
    curve = h["specific"] * p * p
    if curve <= 0.0:
        return h["step"]
    return max(h["step"], np.floor(np.sqrt(fineness / curve) / h["step"]) * h["step"])


@inlined
def is_close(P, j, opts, pick, option, buy, lose, within):
    """True when another kind of trade of holding j costs at most ``within`` bp more than its choice and suits its group."""
    if option == pick[j] or opts[j, option, 0] == np.inf:
        return False
    if opts[j, option, 0] - opts[j, pick[j], 0] > within and P.holding[j]["many"] == 1:
        return False
    return not ((option == 2 and buy) or (option == 0 and lose))


@inlined
def is_coarse(h, fineness):
    """True when one step of holding h changes its specific risk by more than ``fineness`` bp."""
    return h["specific"] * (h["price"] * h["step"]) ** 2 > fineness


@inlined
def sides_of(P, j, pick, many):
    """(another holding of the group buys, another one loses) at the choices in pick."""
    buy = False
    lose = False
    if many:
        g = P.holding[j]["group"]
        for m in range(P.members_offset[g], P.members_offset[g + 1]):
            i = P.members[m]
            if i != j:
                buy = buy or pick[i] == 0
                lose = lose or pick[i] == 2
    return buy, lose


@kernel
def harvest_columns(P, pool, z, lower, upper, opts, pick, trade, within, fineness, reach, most):
    """Note what evaluate found at z: the choices in trade, and columns for every group that is not plainly decided.

    A group is *smooth* when no other kind of trade is within ``within`` bp of its choice and its steps are fine: the master
    then takes it as a quadratic. ``within`` is lowered until no more than ``most`` groups are undecided by it. Every other
    group's choice, close alternatives and neighbouring sizes become columns. With ``reach`` above 1 no group is smooth and
    sizes at up to 4 ** (reach - 1) spacings join in: slower, but sure to converge.
    """
    n = P.holding.shape[0]
    sigma = np.empty(n)
    nu = np.empty(P.account.shape[0])
    mu_s, mu_l, tax, rows = unpack(P, z, sigma, nu)
    for j in range(n):
        set_option(j, pick[j], opts, mu_s, mu_l, trade[j])
    keep = np.zeros(ROW)
    G = P.members_offset.shape[0] - 1
    lead = np.full(G, np.inf)
    for g in range(G):
        first = P.members_offset[g]
        last = P.members_offset[g + 1]
        for m in range(first, last):
            j = P.members[m]
            h = P.holding[j]
            if h["many"] == 0 or reach > 1 or (trade[j, 0] != 0.0 and is_coarse(h, fineness)):
                lead[g] = -1.0
            buy, lose = sides_of(P, j, pick, last - first > 1)
            for option in range(3):
                if is_close(P, j, opts, pick, option, buy, lose, within):
                    lead[g] = min(lead[g], opts[j, option, 0] - opts[j, pick[j], 0])
    if most < G:
        ranked = np.sort(lead)
        within = min(within, max(ranked[most], 0.0))
    for g in range(G):
        first = P.members_offset[g]
        last = P.members_offset[g + 1]
        smooth = lead[g] > within or lead[g] == np.inf
        pool.smooth[g] = 1 if smooth else 0
        if smooth:
            continue
        add_column(P, pool, g, trade)
        for m in range(first, last):
            j = P.members[m]
            h = P.holding[j]
            keep[:] = trade[j]
            buy, lose = sides_of(P, j, pick, last - first > 1)
            for option in range(3):
                if option != pick[j] and not is_close(P, j, opts, pick, option, buy, lose, within):
                    continue
                set_option(j, option, opts, mu_s, mu_l, trade[j])
                at = add_column(P, pool, g, trade)
                member = 1 << (m - first)
                if opts[j, option, 1] == 0.0 or (reach == 1 and pool.around[g, at] & member):
                    continue
                pool.around[g, at] |= member
                width = h["step"]
                if not is_coarse(h, fineness):
                    width = spacing(h, 4.0 * fineness)
                own = int(opts[j, option, 4])
                for e in range(max(reach, 1 if h["many"] == 1 else 2)):
                    for sign in (-1.0, 1.0):
                        X = max(opts[j, option, 1] + sign * width * 4.0**e, -h["held"])
                        if set_trade(P, j, X, option, own, mu_s, mu_l, lower, upper, trade[j]):
                            add_column(P, pool, g, trade)
            trade[j] = keep
