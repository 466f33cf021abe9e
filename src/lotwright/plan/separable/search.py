"""From multipliers to whole-share plans: repair cash, then descend one holding (and one pair of holdings) at a time.

Every move is judged by the exact objective: risk by a rank-one update of the factor exposures, cash by its kinked cost, tax
by the year's exact function. A move that would make a group of identical securities both lose and buy is not made.
"""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.cells import column, lots_cost, options, row_lots_cost
from lotwright.plan.separable.dual import evaluate, set_option, set_trade, size_of, unpack
from lotwright.plan.separable.jit import inlined, kernel
from lotwright.plan.separable.problem import ROW


@kernel
def year_tax(P, short, long):
    """Exact tax (bp) of the plan's gains: the least over pieces of the largest of each piece's lines; infinite above its cap."""
    best = np.inf
    for piece in range(P.lines.shape[0]):
        worst = -np.inf
        for i in range(P.lines.shape[1]):
            a = P.lines[piece, i, 0]
            b = P.lines[piece, i, 1]
            worst = max(worst, a * (P.start[0] + short) + b * (P.start[1] + long) + P.lines[piece, i, 2])
        best = min(best, worst)
    if best > P.tax_cap[0] + 1e-7:
        return np.inf
    return best


@inlined
def cash_cost(P, a, cash, orders):
    """Cost of final cash in account a; infinite below the floor.

    Every order's value and costs are rounded to the cent: together they are off by at most a cent each, and hardly ever by
    more than three cents times the square root of their number. So much is kept free above the floor.
    """
    account = P.account[a]
    if cash < account["floor"] + account["cent"] * min(orders, 3.0 * np.sqrt(orders)) - 1e-12:
        return np.inf
    if cash > account["target"]:
        return account["idle"] * (cash - account["target"])
    return account["shortfall"] * (account["target"] - cash)


@inlined
def row_cost(P, r, level):
    """Cost of row r at its left side's level: priced excess, or infinite when hard."""
    excess = level - P.row_right[r]
    if excess <= 1e-12:
        return 0.0
    return excess * P.row_price[r]


@kernel
def state_of(P, trade, y, cash, orders, level):
    """Fill exposures y (A K,), cash and orders (A,) and row levels (R,) of a trade list; returns (cost of holdings, S, L)."""
    A, K, free, R = size_of(P)
    y[:] = 0.0
    orders[:] = 0.0
    for a in range(A):
        cash[a] = P.account[a]["cash"]
    level[:] = 0.0
    total = 0.0
    S = 0.0
    L = 0.0
    for j in range(P.holding.shape[0]):
        alone, x, spent = column(P.holding[j], trade[j, 0])
        total += alone + row_lots_cost(P.holding[j], P.lot, trade[j])
        a = P.holding[j]["account"]
        cash[a] -= spent
        orders[a] += 0.0 if trade[j, 0] == 0.0 else 1.0
        S += trade[j, 1]
        L += trade[j, 2]
        position = P.holding[j]["active"] + x
        for k in range(P.load.shape[1]):
            at = a * K + P.at[j, k]
            y[at] += P.load[j, k] * position
        for r in range(P.real_rows[0]):
            level[r] += P.row[r, j] * x
    for r in range(P.real_rows[0]):
        level[r] += P.row_gain[r, 0] * S + P.row_gain[r, 1] * L
    return total, S, L


@kernel
def objective(P, trade):
    """Exact cost in bp of a trade list; infinite when cash or a hard row is broken."""
    A, K, free, R = size_of(P)
    y = np.zeros(A * K)
    cash = np.zeros(A)
    orders = np.zeros(A)
    level = np.zeros(R)
    total, S, L = state_of(P, trade, y, cash, orders, level)
    total += year_tax(P, S, L)
    for a in range(A):
        for k in range(K):
            total += y[a * K + k] * y[a * K + k]
        total += cash_cost(P, a, cash[a], orders[a])
    for r in range(P.real_rows[0]):
        total += row_cost(P, r, level[r])
    return total


@kernel
def dearer(trial, at, z, low, high, broken, step):
    """One step of the search for the least price at which a floor or row is kept; True while it goes on.

    ``low`` and ``high`` hold prices known to be too cheap and dear enough (-1: none yet); ``trial[at]`` is the price just
    tried. Returns (goes on, still can).
    """
    if broken:
        low[at] = trial[at]
        if high[at] < 0.0:
            trial[at] = max(2.0 * abs(trial[at]), 100.0)
            return True, trial[at] <= 1e9
        trial[at] = 0.5 * (low[at] + high[at])
        return True, True
    if low[at] != z[at] or high[at] >= 0.0:
        high[at] = trial[at]
        if high[at] - low[at] > 1e-3 * (1.0 + abs(low[at])) and step < 40:
            trial[at] = 0.5 * (low[at] + high[at])
            return True, True
    return False, True


@kernel
def repair(P, z, lower, upper, opts, pick, trade):
    """Trades at z, with the prices of cash and of hard rows raised where that is needed to keep every floor and every row.

    Returns False when even the dearest prices leave some account short or some row broken.
    """
    A, K, free, R = size_of(P)
    n = P.holding.shape[0]
    trial = z.copy()
    sigma = np.empty(n)
    nu = np.empty(A)
    low = z.copy()
    high = np.full(z.shape[0], -1.0)
    for step in range(60):
        mu_s, mu_l, tax, rows = unpack(P, trial, sigma, nu)
        evaluate(P, trial, lower, upper, opts, pick)
        spent = np.zeros(A)
        orders = np.zeros(A)
        level = np.zeros(R)
        for j in range(n):
            set_option(j, pick[j], opts, mu_s, mu_l, trade[j])
            if opts[j, pick[j], 0] == np.inf:
                return False
            alone, x, paid = column(P.holding[j], trade[j, 0])
            spent[P.holding[j]["account"]] += paid
            orders[P.holding[j]["account"]] += 0.0 if trade[j, 0] == 0.0 else 1.0
            for r in range(R):
                level[r] += P.row[r, j] * x + P.row_gain[r, 0] * trade[j, 1] + P.row_gain[r, 1] * trade[j, 2]
        done = True
        for a in range(A):
            short = cash_cost(P, a, P.account[a]["cash"] - spent[a], orders[a]) == np.inf
            more, able = dearer(trial, A * K + a, z, low, high, short, step)
            if not able:
                return False
            done = done and not more
        for r in range(R):
            if P.row_price[r] == np.inf:
                broken = level[r] > P.row_right[r] + 1e-12
                more, able = dearer(trial, A * K + A + free + r, z, low, high, broken, step)
                if not able:
                    return False
                done = done and not more
        if done:
            return True
        if step >= 40:
            for i in range(A * K, z.shape[0]):
                if high[i] >= 0.0:
                    trial[i] = high[i]
    return False


@inlined
def other_sides(P, j, trade, sides):
    """sides[0]: another holding of j's group buys; sides[1]: another one realises a loss."""
    sides[0] = False
    sides[1] = False
    g = P.holding[j]["group"]
    for m in range(P.members_offset[g], P.members_offset[g + 1]):
        i = P.members[m]
        if i != j:
            sides[0] = sides[0] or trade[i, 0] > 0.0
            sides[1] = sides[1] or trade[i, 3] == 2.0


@inlined
def own_slope(P, j, y, position):
    """Twice the other holdings' exposure along j's load, and j's own factor variance."""
    K = P.factors[0]
    base = P.holding[j]["account"] * K
    slope = 0.0
    own = 0.0
    for k in range(P.load.shape[1]):
        load = P.load[j, k]
        at = base + P.at[j, k]
        slope += load * (y[at] - load * position)
        own += load * load
    return 2.0 * slope, own


@inlined
def row_change(P, level, j, move, short, long, z, priced):
    """Cost of the rows after holding j moves by the given amounts (or, when ``priced``, the slope their multipliers add)."""
    A, K, free, R = size_of(P)
    total = 0.0
    for r in range(P.real_rows[0]):
        if priced:
            total += z[A * K + A + free + r] * P.row[r, j]
        else:
            now = level[r] + P.row[r, j] * move + P.row_gain[r, 0] * short + P.row_gain[r, 1] * long
            total += row_cost(P, r, now)
    return total


@inlined
def apply(P, j, row, trade, y, cash, orders, level):
    """Put row in place of holding j's trade and update exposures, cash and rows."""
    a = P.holding[j]["account"]
    alone, old_x, old_spent = column(P.holding[j], trade[j, 0])
    alone, x, spent = column(P.holding[j], row[0])
    K = P.factors[0]
    for k in range(P.load.shape[1]):
        at = a * K + P.at[j, k]
        y[at] += P.load[j, k] * (x - old_x)
    for r in range(P.real_rows[0]):
        level[r] += P.row[r, j] * (x - old_x)
        level[r] += P.row_gain[r, 0] * (row[1] - trade[j, 1]) + P.row_gain[r, 1] * (row[2] - trade[j, 2])
    cash[a] += old_spent - spent
    orders[a] += (0.0 if row[0] == 0.0 else 1.0) - (0.0 if trade[j, 0] == 0.0 else 1.0)
    for i in range(ROW):
        trade[j, i] = row[i]


@kernel
def descend(P, C, z, lower, upper, trade, sweeps):
    """Improve a trade list in place, holding by holding; returns its exact cost.

    C is the problem with each holding's own factor variance added to its specific one, so that a single move is exact.
    """
    A, K, free, R = size_of(P)
    n = P.holding.shape[0]
    y = np.zeros(A * K)
    cash = np.zeros(A)
    orders = np.zeros(A)
    level = np.zeros(R)
    cost, S, L = state_of(P, trade, y, cash, orders, level)
    sigma = np.empty(n)
    nu = np.empty(A)
    mu_s, mu_l, tax, rows = unpack(P, z, sigma, nu)
    sides = np.zeros(2, dtype=np.bool_)
    scratch = np.zeros((1, 6))
    mine = np.zeros((3, 6))
    best_row = np.zeros(ROW)
    for sweep in range(sweeps):
        moved = False
        for j in range(n):
            if lower[j] == upper[j]:
                continue
            a = P.holding[j]["account"]
            other_sides(P, j, trade, sides)
            alone, old_x, old_spent = column(P.holding[j], trade[j, 0])
            position = P.holding[j]["active"] + old_x
            alone += row_lots_cost(P.holding[j], P.lot, trade[j])
            slope, own = own_slope(P, j, y, position)
            drift = row_change(P, level, j, 0.0, 0.0, 0.0, z, True)
            best = alone + own * position * position + slope * position + cash_cost(P, a, cash[a], orders[a])
            best += year_tax(P, S, L) + row_change(P, level, j, 0.0, 0.0, 0.0, z, False) - 1e-9
            found = False
            others = orders[a] - (0.0 if trade[j, 0] == 0.0 else 1.0)
            for trial in range(3):
                price = nu[a]
                if trial == 1:
                    price = -P.account[a]["idle"]
                elif trial == 2:
                    price = P.account[a]["shortfall"]
                options(C.holding[j], C.lot, C.way, slope + drift, price, mu_s, mu_l, lower[j], upper[j], mine, scratch)
                for option in range(3):
                    if mine[option, 0] == np.inf:
                        continue
                    if (option == 0 and sides[1]) or (option == 2 and sides[0]):
                        continue
                    alone, x, spent = column(P.holding[j], mine[option, 1])
                    alone += lots_cost(P.holding[j], P.lot, mine[option, 1], option, int(mine[option, 4]), mu_s, mu_l)
                    at = P.holding[j]["active"] + x
                    gain_s = mine[option, 2] - trade[j, 1]
                    gain_l = mine[option, 3] - trade[j, 2]
                    value = (
                        alone
                        + own * at * at
                        + slope * at
                        + cash_cost(P, a, cash[a] + old_spent - spent, others + (0.0 if x == 0.0 else 1.0))
                    )
                    value += year_tax(P, S + gain_s, L + gain_l)
                    value += row_change(P, level, j, x - old_x, gain_s, gain_l, z, False)
                    if value < best:
                        best = value
                        found = True
                        best_row[0] = mine[option, 1]
                        best_row[1] = mine[option, 2]
                        best_row[2] = mine[option, 3]
                        best_row[3] = option
                        best_row[4] = mine[option, 4]
                        best_row[5] = mu_s
                        best_row[6] = mu_l
                        best_row[7] = 0.0
            if found:
                moved = True
                S += best_row[1] - trade[j, 1]
                L += best_row[2] - trade[j, 2]
                apply(P, j, best_row, trade, y, cash, orders, level)
        if not moved:
            break
    return objective(P, trade)


@kernel
def swap_pairs(P, z, lower, upper, trade, width):
    """Move one holding a step up and another of its account a step down where that improves; returns 1 if one did.

    Only the ``width`` holdings of each direction that a single step hurts least (cash at its price) are paired.
    """
    A, K, free, R = size_of(P)
    n = P.holding.shape[0]
    y = np.zeros(A * K)
    cash = np.zeros(A)
    orders = np.zeros(A)
    level = np.zeros(R)
    cost, S, L = state_of(P, trade, y, cash, orders, level)
    sigma = np.empty(n)
    nu = np.empty(A)
    mu_s, mu_l, tax, rows = unpack(P, z, sigma, nu)
    sides = np.zeros(2, dtype=np.bool_)
    dense = np.zeros(A * K)
    current = objective(P, trade)
    for a in range(A):
        score = np.full((2, n), np.inf)
        paid = np.zeros((2, n))
        rowed = np.zeros((2, n, ROW))
        for j in range(n):
            if P.holding[j]["account"] != a or lower[j] == upper[j]:
                continue
            other_sides(P, j, trade, sides)
            alone, old_x, old_spent = column(P.holding[j], trade[j, 0])
            alone += row_lots_cost(P.holding[j], P.lot, trade[j])
            slope, own = own_slope(P, j, y, P.holding[j]["active"] + old_x)
            slope += 2.0 * own * (P.holding[j]["active"] + old_x)
            for up in range(2):
                aim = max(
                    trade[j, 0] + (P.holding[j]["step"] if up == 1 else -P.holding[j]["step"]), -P.holding[j]["held"]
                )
                kind = 0
                if aim <= 0.0:
                    kind = 2 if trade[j, 3] == 2.0 and aim < 0.0 else 1
                if (kind == 0 and sides[1]) or aim == trade[j, 0]:
                    continue
                if not set_trade(P, j, aim, kind, int(trade[j, 4]), mu_s, mu_l, lower, upper, rowed[up, j]):
                    continue
                now, x, spent = column(P.holding[j], aim)
                now += row_lots_cost(P.holding[j], P.lot, rowed[up, j])
                move = x - old_x
                value = now - alone + slope * move + own * move * move
                value += year_tax(P, S + rowed[up, j, 1] - trade[j, 1], L + rowed[up, j, 2] - trade[j, 2])
                paid[up, j] = spent - old_spent
                score[up, j] = value - year_tax(P, S, L) + nu[a] * paid[up, j]
        ups = np.argsort(score[1])
        downs = np.argsort(score[0])
        for p in range(min(width, n)):
            i = ups[p]
            if score[1, i] == np.inf:
                break
            dense[:] = 0.0
            for k in range(P.load.shape[1]):
                dense[a * K + P.at[i, k]] += P.load[i, k]
            for o in range(min(width, n)):
                d = downs[o]
                if score[0, d] == np.inf:
                    break
                if P.holding[d]["group"] == P.holding[i]["group"]:
                    continue
                spent = paid[1, i] + paid[0, d]
                cross = 0.0
                for k in range(P.load.shape[1]):
                    cross += dense[a * K + P.at[d, k]] * P.load[d, k]
                cross *= (
                    2.0
                    * P.holding[i]["price"]
                    * (rowed[1, i, 0] - trade[i, 0])
                    * P.holding[d]["price"]
                    * (rowed[0, d, 0] - trade[d, 0])
                )
                guess = score[1, i] + score[0, d] - nu[a] * spent + cross
                guess += cash_cost(P, a, cash[a] - spent, orders[a]) - cash_cost(P, a, cash[a], orders[a])
                if guess < -1e-7:
                    keep_i = trade[i].copy()
                    keep_d = trade[d].copy()
                    trade[i] = rowed[1, i]
                    trade[d] = rowed[0, d]
                    value = objective(P, trade)
                    if value < current - 1e-8:
                        return 1
                    trade[i] = keep_i
                    trade[d] = keep_d
    return 0
