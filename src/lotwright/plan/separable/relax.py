"""The relaxation of many households at once: divisible shares, no orders to count, lots in any order; by its dual alone.

Problem: the relaxation is a convex program of thousands of lots, but only factors, cash, tax lines and rows couple them.
Observations: at given multipliers each holding is solved by one walk through its lots in the order of what they cost; the
dual is concave and piecewise quadratic in a dozen multipliers, its curvature a sum of rank-one terms, one for each holding
that answers to prices. Only lots that cost exactly the same (a short-term and a long-term one, or a loss that just pays
the spread of selling and buying back) make it kinked where its best point often lies.
Therefore: a semismooth Newton ascent whose step is exact in the multipliers that have limits (an active set in the handful of
cash, tax and row prices) and whose curvature is kept from step to step; where that stalls on a kink, the method of
multipliers on the lots, each round of which is a smooth ascent of the same kind. Rigour does not hang on any of it: the bound
is the dual at the multipliers found, and a gap is computed against a trade list at every step.

Money is a fraction of household value, costs are basis points, as in :mod:`.problem`; here trades are fractions, too.
"""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.cells import run_of
from lotwright.plan.separable.cholesky import factorise, substitute
from lotwright.plan.separable.jit import kernel

SCALE = 1e4
TOLERANCE = 1e-7
"""Gap (bp) at which the ascent is content."""
BROKEN = 1e-9
"""Fraction of value by which a floor or hard row may be missed by the trades that prove the gap."""
RUNAWAY = 1e7
"""bp: a dual above it says that no trade keeps every limit."""
PROVEN = 1e-6
"""Gap (bp) below which a relaxation counts as solved."""
FIRST_HOLD, LOOSER, LAST_HOLD = 30.0, 0.2, 1e-5
"""How firmly lots are first held to where they were (bp a fraction over a lot's size), the factor from round to round, the last."""
FIRMEST = 1e5
"""How firmly at most, where the ascent does not settle: ten times more from round to round."""
SOLVED, STALLED, OUT_OF_REACH = 0, 1, 2


@kernel
def sizes_of(part):
    """(accounts, multipliers of factors, tax lines, rows) of one household."""
    accounts = part["account_stop"] - part["account"]
    return accounts, accounts * part["factors"], part["line_stop"] - part["line"], part["row_stop"] - part["row"]


@kernel
def divisible(h, size, gain, sigma, nu, mu_s, mu_l):
    """Best trade of one holding at the prices: (bought, sold, short gain, long gain, state, gain of the lot in question).

    Lots and, last, all purchases are events on the way of the marginal price upwards: whoever is dearer than the price at
    which the holding stands is left. State 0: at a kink; 1, 2, 3: a purchase, a short-term, a long-term lot moves freely.
    """
    curve = 2.0 * h["specific"]
    push = curve * h["active"] + sigma + nu
    buy_at = -(h["buy"] + nu * h["buy_rate"])
    sell = h["sell"] + nu * h["sell_rate"]
    fewest = max(h["low"], 0.0)
    bought = max(h["high"], 0.0)
    must = max(-h["high"], 0.0)
    may = max(-h["low"], 0.0)
    sold = 0.0
    short = 0.0
    long = 0.0
    i, i_end, i_step = run_of(h["first"], h["longs"], mu_s)
    k, k_end, k_step = run_of(h["longs"], h["stop"], mu_l)
    if fewest == 0.0 and must == 0.0 and buy_at <= push:
        cheapest = np.inf
        if i != i_end:
            cheapest = sell + mu_s * gain[i]
        if k != k_end:
            cheapest = min(cheapest, sell + mu_l * gain[k])
        if push <= cheapest:
            return 0.0, 0.0, 0.0, 0.0, 0, 0.0
    while True:
        price = np.inf
        is_long = False
        if sold < may:
            if i != i_end:
                price = sell + mu_s * gain[i]
            if k != k_end:
                other = sell + mu_l * gain[k]
                if other < price:
                    price = other
                    is_long = True
        is_lot = price < buy_at or bought <= fewest
        if is_lot and price == np.inf:
            return bought, sold, short, long, 0, 0.0
        event = price if is_lot else buy_at
        here = push + curve * (bought - sold)
        if here <= event and sold >= must:
            return bought, sold, short, long, 0, 0.0
        room = bought - fewest
        rate = 0.0
        if is_lot:
            lot = k if is_long else i
            rate = gain[lot]
            room = min(size[lot], may - sold)
        amount = room
        if curve > 0.0:
            amount = (here - event) / curve
        forced = sold < must and amount < must - sold
        if forced:
            amount = must - sold
        ends = amount < room
        amount = min(amount, room)
        if not is_lot:
            bought -= amount
            if ends:
                return bought, sold, short, long, 1, 0.0
            bought = fewest
        else:
            sold += amount
            if is_long:
                long += amount * rate
                k += k_step
            else:
                short += amount * rate
                i += i_step
            if ends:
                return bought, sold, short, long, 0 if forced else 3 if is_long else 2, rate


@kernel
def cost_of(h, bought, sold, short, long, sigma, nu, mu_s, mu_l):
    """What a divisible trade of one holding costs at the prices more than no trade, bp."""
    x = bought - sold
    own = h["specific"] * x * (2.0 * h["active"] + x) + h["buy"] * bought + h["sell"] * sold
    return own + sigma * x + nu * (x + h["buy_rate"] * bought + h["sell_rate"] * sold) + mu_s * short + mu_l * long


@kernel
def lots_at(h, size, gain, centre, soft, sell, mu_s, mu_l, price):
    """Shares (fractions) that softened lots give at a marginal price, and how many more a unit of price would bring."""
    sold = 0.0
    slope = 0.0
    for lot in range(h["first"], h["stop"]):
        cost = sell + gain[lot] * (mu_l if lot >= h["longs"] else mu_s)
        part = centre[lot] + size[lot] * (price - cost) / soft
        if part >= size[lot]:
            sold += size[lot]
        elif part > 0.0:
            sold += part
            slope += size[lot] / soft
    return sold, slope


@kernel
def price_of(h, size, gain, centre, soft, sell, mu_s, mu_l, curve, level, low, high):
    """Price at which softened lots meet ``price + curve * sold = level``, found between low and high."""
    price = 0.5 * (low + high)
    for step in range(100):
        sold, slope = lots_at(h, size, gain, centre, soft, sell, mu_s, mu_l, price)
        excess = price + curve * sold - level
        if excess > 0.0:
            high = price
        else:
            low = price
        if abs(excess) <= 1e-15 * (1.0 + abs(level)) or high - low <= 1e-15 * (1.0 + abs(price)):
            break
        price -= excess / (1.0 + curve * slope)
        if not low < price < high:
            price = 0.5 * (low + high)
    return price


@kernel
def price_at(h, size, gain, centre, soft, sell, mu_s, mu_l, wanted):
    """Price at which softened lots give ``wanted`` in all."""
    low = -1e7
    high = 1e7
    for step in range(120):
        price = 0.5 * (low + high)
        sold, slope = lots_at(h, size, gain, centre, soft, sell, mu_s, mu_l, price)
        if slope > 0.0:
            guess = price + (wanted - sold) / slope
            if low < guess < high and step % 2 == 1:
                price = guess
                sold, slope = lots_at(h, size, gain, centre, soft, sell, mu_s, mu_l, price)
        if sold > wanted:
            high = price
        else:
            low = price
        if abs(sold - wanted) <= 1e-16 or high - low <= 1e-15 * (1.0 + abs(price)):
            break
    return price


@kernel
def softened(h, size, gain, centre, soft, sigma, nu, mu_s, mu_l, given):
    """Best trade where each lot is held to its ``centre`` by ``soft`` bp a fraction over its whole size; ``given`` gets the lots.

    Returns (bought, sold, short, long, purchase moves freely, lots are limited in all, penalty).
    """
    curve = 2.0 * h["specific"]
    push = curve * h["active"] + sigma + nu
    buy_at = -(h["buy"] + nu * h["buy_rate"])
    sell = h["sell"] + nu * h["sell_rate"]
    fewest = max(h["low"], 0.0)
    most = max(h["high"], 0.0)
    must = max(-h["high"], 0.0)
    may = max(-h["low"], 0.0)
    all_lots = 0.0
    for lot in range(h["first"], h["stop"]):
        all_lots += size[lot]
    top = price_at(h, size, gain, centre, soft, sell, mu_s, mu_l, may) if may < all_lots else np.inf
    bottom = price_at(h, size, gain, centre, soft, sell, mu_s, mu_l, min(must, all_lots)) if must > 0.0 else -np.inf
    at_event, slope = lots_at(h, size, gain, centre, soft, sell, mu_s, mu_l, min(max(buy_at, bottom), top))
    bought = fewest
    moves = 0
    if curve > 0.0:
        bought = (buy_at - push) / curve + at_event
    elif buy_at > push:
        bought = most
    price = buy_at
    if bought <= fewest or bought >= most:
        bought = min(max(bought, fewest), most)
        level = push + curve * bought
        price = price_of(h, size, gain, centre, soft, sell, mu_s, mu_l, curve, level, level - curve * all_lots, level)
    else:
        moves = 1
    limited = 1 if price <= bottom or price >= top else 0
    price = min(max(price, bottom), top)
    sold = 0.0
    short = 0.0
    long = 0.0
    penalty = 0.0
    for lot in range(h["first"], h["stop"]):
        cost = sell + gain[lot] * (mu_l if lot >= h["longs"] else mu_s)
        part = min(max(centre[lot] + size[lot] * (price - cost) / soft, 0.0), size[lot])
        given[lot] = part
        sold += part
        if lot >= h["longs"]:
            long += part * gain[lot]
        else:
            short += part * gain[lot]
        if size[lot] > 0.0:
            penalty += 0.5 * soft * (part - centre[lot]) ** 2 / size[lot]
    if moves == 1 and limited == 1:
        bought = min(max((buy_at - push) / curve + sold, fewest), most)
    return bought, sold, short, long, moves, limited, penalty


@kernel
def prices_of_gain(C, part, z):
    """Prices of a unit of short and of long gain at full multipliers z, and the constants of tax lines and rows."""
    A, DU, P, R = sizes_of(part)
    mu_s = 0.0
    mu_l = 0.0
    total = 0.0
    for i in range(P):
        weight = z[DU + A + i]
        line = C.line[part["line"] + i]
        mu_s += weight * line[0]
        mu_l += weight * line[1]
        total += weight * (line[0] * part["short"] + line[1] * part["long"] + line[2])
    for r in range(R):
        rho = z[DU + A + P + r]
        row = part["row"] + r
        mu_s += rho * C.row_gain[row, 0]
        mu_l += rho * C.row_gain[row, 1]
        total -= rho * C.row_right[row]
    return mu_s, mu_l, total


@kernel
def slopes(C, part, z, sigma):
    """Fill sigma with the slope of every holding at full multipliers z."""
    A, DU, P, R = sizes_of(part)
    n = part["holdings"]
    width = part["width"]
    sigma[:] = 0.0
    if part["plain"] == 1:
        for k in range(width):
            price = z[k]
            column = C.across[part["load"] + k * n : part["load"] + (k + 1) * n]
            for here in range(n):
                sigma[here] += price * column[here]
    else:
        for here in range(n):
            first = part["load"] + here * width
            for k in range(width):
                sigma[here] += z[C.at[first + k]] * C.load[first + k]
    for r in range(R):
        rho = z[DU + A + P + r]
        if rho != 0.0 and C.row_trades[part["row"] + r]:
            column = C.coefficient[part["coefficient"] + r * n : part["coefficient"] + (r + 1) * n]
            for here in range(n):
                sigma[here] += rho * column[here]


@kernel
def before_trade(C, part, exposure):
    """Fill exposure with every factor's before trading; returns the specific risk before trading, bp."""
    total = 0.0
    exposure[:] = 0.0
    for here in range(part["holdings"]):
        e = C.holding[part["holding"] + here]["active"]
        total += C.holding[part["holding"] + here]["specific"] * e * e
        first = part["load"] + here * part["width"]
        for k in range(part["width"]):
            exposure[C.at[first + k]] += C.load[first + k] * e
    return total


@kernel
def cash_level(account, nu):
    """Cash an account would end with at the price nu, and what that costs: (level, cost); at the kink, the target."""
    if account["floor"] >= account["target"]:
        return account["floor"], account["idle"] * (account["floor"] - account["target"])
    if nu > account["shortfall"]:
        return account["floor"], account["shortfall"] * (account["target"] - account["floor"])
    return account["target"], 0.0


@kernel
def add_rank_one(H, vector, weight, D):
    """Add weight times vector vector' to the lower triangle of H."""
    for i in range(D):
        if vector[i] != 0.0:
            scaled = weight * vector[i]
            for k in range(i + 1):
                H[i, k] += scaled * vector[k]


@kernel
def answer_of(C, part, j, state, rate, vector, D):
    """Fill vector with what holding j's freely moving trade contributes to every multiplier's slope, per fraction."""
    A, DU, P, R = sizes_of(part)
    h = C.holding[j]
    vector[:D] = 0.0
    first = part["load"] + (j - part["holding"]) * part["width"]
    for k in range(part["width"]):
        vector[C.at[first + k]] += C.load[first + k]
    vector[DU + h["account"]] = 1.0 + h["buy_rate"] if state == 1 else 1.0 - h["sell_rate"]
    for r in range(R):
        if C.row_trades[part["row"] + r]:
            vector[DU + A + P + r] = C.coefficient[part["coefficient"] + r * part["holdings"] + j - part["holding"]]
    if state > 1:
        for i in range(P):
            vector[DU + A + i] = -rate * C.line[part["line"] + i, state - 2]
        for r in range(R):
            vector[DU + A + P + r] -= rate * C.row_gain[part["row"] + r, state - 2]


@kernel
def add_softened(C, part, j, soft, given, moves, limited, H, vector, summed, D):
    """Add the curvature of a softened holding to H."""
    A, DU, P, R = sizes_of(part)
    h = C.holding[j]
    cash = DU + h["account"]
    if moves == 1:
        answer_of(C, part, j, 1, 0.0, vector, D)
        add_rank_one(H, vector, 0.5 / h["specific"], D)
    total = 0.0
    summed[:D] = 0.0
    for lot in range(h["first"], h["stop"]):
        if not 0.0 < given[lot] < C.size[lot]:
            continue
        weight = C.size[lot] / soft
        side = 1 if lot >= h["longs"] else 0
        vector[:D] = 0.0
        if moves == 0 and limited == 0:
            answer_of(C, part, j, 2 + side, C.gain[lot], vector, D)
        else:
            vector[cash] = h["sell_rate"] + (h["buy_rate"] if limited == 0 else 0.0)
            for i in range(P):
                vector[DU + A + i] = C.gain[lot] * C.line[part["line"] + i, side]
            for r in range(R):
                vector[DU + A + P + r] = C.gain[lot] * C.row_gain[part["row"] + r, side]
        add_rank_one(H, vector, weight, D)
        total += weight
        for i in range(D):
            summed[i] += weight * vector[i]
    if total > 0.0 and limited == 1:
        add_rank_one(H, summed, -1.0 / total, D)
    elif total > 0.0 and moves == 0:
        add_rank_one(H, summed, -2.0 * h["specific"] / (1.0 + 2.0 * h["specific"] * total), D)


@kernel
def dual_at(
    C, part, z, still, soft, centre, given, net, state, rate, sigma, exposure, gradient, sums, H, vector, summed
):
    """The dual at full multipliers z: (value with softened lots, value without, what the trades found cost above their best).

    ``still`` and ``exposure`` are specific risk and factors before trading. Fills net trades, states and rates of holdings,
    the slope at every multiplier and in ``sums`` the cash spent by accounts, short and long gain, and rows' levels. With
    ``soft`` the curvature is built in H, and the lots given are in ``given``.
    """
    A, DU, P, R = sizes_of(part)
    D = DU + A + P + R
    n = part["holdings"]
    width = part["width"]
    mu_s, mu_l, total = prices_of_gain(C, part, z)
    total += still
    sums[:] = 0.0
    for i in range(DU):
        total += z[i] * (exposure[i] - 0.25 * z[i])
        gradient[i] = exposure[i] - 0.5 * z[i]
    for a in range(A):
        account = C.account[part["account"] + a]
        level, cost = cash_level(account, z[DU + a])
        total += cost + z[DU + a] * (level - account["cash"])
        gradient[DU + a] = level - account["cash"]
    if soft > 0.0:
        H[:D, :D] = 0.0
        for i in range(DU):
            H[i, i] = 0.5
    slopes(C, part, z, sigma)
    bound = total
    extra = 0.0
    for here in range(n):
        j = part["holding"] + here
        h = C.holding[j]
        a = h["account"]
        nu = z[DU + a]
        bought, sold, short, long, state[here], rate[here] = divisible(h, C.size, C.gain, sigma[here], nu, mu_s, mu_l)
        net[here] = bought - sold
        if soft == 0.0 and bought == 0.0 and sold == 0.0:
            continue
        least = cost_of(h, bought, sold, short, long, sigma[here], nu, mu_s, mu_l)
        bound += least
        if soft > 0.0:
            bought, sold, short, long, moves, limited, penalty = softened(
                h, C.size, C.gain, centre, soft, sigma[here], nu, mu_s, mu_l, given
            )
            found = cost_of(h, bought, sold, short, long, sigma[here], nu, mu_s, mu_l)
            total += found + penalty
            extra += found - least
            add_softened(C, part, j, soft, given, moves, limited, H, vector, summed, D)
            net[here] = bought - sold
        x = net[here]
        first = part["load"] + here * width
        if part["plain"] == 1:
            row = C.load[first : first + width]
            for k in range(width):
                gradient[k] += x * row[k]
        else:
            for k in range(width):
                gradient[C.at[first + k]] += x * C.load[first + k]
        sums[a] += x + h["buy_rate"] * bought + h["sell_rate"] * sold
        sums[A] += short
        sums[A + 1] += long
        for r in range(R):
            if C.row_trades[part["row"] + r]:
                sums[A + 2 + r] += C.coefficient[part["coefficient"] + r * n + here] * x
    for a in range(A):
        gradient[DU + a] += sums[a]
    for i in range(P):
        line = C.line[part["line"] + i]
        gradient[DU + A + i] = line[0] * (part["short"] + sums[A]) + line[1] * (part["long"] + sums[A + 1]) + line[2]
    for r in range(R):
        row_at = part["row"] + r
        sums[A + 2 + r] += C.row_gain[row_at, 0] * sums[A] + C.row_gain[row_at, 1] * sums[A + 1]
        gradient[DU + A + P + r] = sums[A + 2 + r] - C.row_right[row_at]
    if soft == 0.0:
        return bound, bound, 0.0
    return total, bound, extra


@kernel
def gap_at(C, part, z, gradient, sums):
    """What the trades found cost, exactly, above the dual at z, bp; infinite where they break a floor or hard row.

    A floor or hard row missed by no more than BROKEN counts as met at the multiplier's price.
    """
    A, DU, P, R = sizes_of(part)
    gap = 0.0
    for i in range(DU):
        gap += gradient[i] * gradient[i]
    for a in range(A):
        account = C.account[part["account"] + a]
        nu = z[DU + a]
        cash = account["cash"] - sums[a]
        if cash < account["floor"] - BROKEN:
            return np.inf
        cash = max(cash, account["floor"])
        level, cost = cash_level(account, nu)
        if cash > account["target"]:
            gap += account["idle"] * (cash - account["target"])
        else:
            gap += account["shortfall"] * (account["target"] - cash)
        gap += nu * (cash - level) - cost
    most = -np.inf
    mean = 0.0
    for i in range(P):
        most = max(most, gradient[DU + A + i])
        mean += z[DU + A + i] * gradient[DU + A + i]
    gap += most - mean
    for r in range(R):
        excess = gradient[DU + A + P + r]
        price = C.row_price[part["row"] + r]
        rho = z[DU + A + P + r]
        if price == np.inf:
            if excess > BROKEN:
                return np.inf
            gap -= rho * min(excess, 0.0)
        else:
            gap += price * max(excess, 0.0) - rho * excess
    return gap


@kernel
def box_step(S, g, low, high, step, scratch, m):
    """Maximise ``g'd - d'Sd / 2`` over low <= d <= high, from d = 0 by a primal active set; the best found is left in step."""
    fixed = np.zeros(m, dtype=np.int64)
    place = np.zeros(m, dtype=np.int64)
    rhs = np.zeros(m)
    for i in range(m):
        step[i] = 0.0
        if high[i] <= 0.0 and g[i] >= 0.0:
            fixed[i] = 1
        elif low[i] >= 0.0 and g[i] <= 0.0:
            fixed[i] = -1
    for turn in range(6 * m + 6):
        free = 0
        for i in range(m):
            if fixed[i] == 0:
                place[free] = i
                free += 1
        for p in range(free):
            i = place[p]
            rhs[p] = g[i]
            for k in range(m):
                rhs[p] -= (S[i, k] if i >= k else S[k, i]) * step[k]
            for q in range(p + 1):
                scratch[p, q] = S[i, place[q]]
            scratch[p, p] += 1e-11 * S[i, i] + 1e-22
        factorise(scratch[:free, :free])
        substitute(scratch[:free, :free], rhs, free)
        share = 1.0
        block = -1
        for p in range(free):
            i = place[p]
            if rhs[p] > 0.0 and step[i] + share * rhs[p] > high[i]:
                share = max((high[i] - step[i]) / rhs[p], 0.0)
                block = i
            elif rhs[p] < 0.0 and step[i] + share * rhs[p] < low[i]:
                share = max((low[i] - step[i]) / rhs[p], 0.0)
                block = i
        for p in range(free):
            step[place[p]] += share * rhs[p]
            if place[p] == block:
                fixed[block] = 1 if rhs[p] > 0.0 else -1
                step[block] = high[block] if rhs[p] > 0.0 else low[block]
        if block >= 0:
            continue
        worst = 0.0
        which = -1
        for i in range(m):
            if fixed[i] != 0 and low[i] < high[i]:
                slope = g[i]
                for k in range(m):
                    slope -= (S[i, k] if i >= k else S[k, i]) * step[k]
                wrong = -slope * fixed[i] * (high[i] - low[i])
                if wrong > worst + 1e-13:
                    worst = wrong
                    which = i
        if which < 0:
            break
        fixed[which] = 0


@kernel
def room_of(C, part, z, gradient, lead, low, high):
    """Limits of a step in the multipliers of cash, tax lines and rows; ``lead``, the line that makes up for the others, stays."""
    A, DU, P, R = sizes_of(part)
    for a in range(A):
        account = C.account[part["account"] + a]
        nu = z[DU + a]
        reach = max(1000.0, 8.0 * abs(nu))
        low[a] = max(-account["idle"] - nu, -reach)
        high[a] = reach
        kink = account["shortfall"]
        if account["floor"] < account["target"]:
            if nu < kink:
                high[a] = min(high[a], kink - nu)
            elif nu > kink:
                low[a] = max(low[a], kink - nu)
            elif gradient[DU + a] <= 0.0:
                high[a] = 0.0
            else:
                low[a] = 0.0
                slope = gradient[DU + a] + account["floor"] - account["target"]
                if slope > 0.0:
                    gradient[DU + a] = slope
                else:
                    high[a] = 0.0
                    gradient[DU + a] = 0.0
    for i in range(P):
        low[A + i] = 0.0 if i == lead else -z[DU + A + i]
        high[A + i] = 0.0 if i == lead else 1.0
    for r in range(R):
        rho = z[DU + A + P + r]
        reach = max(1000.0, 8.0 * abs(rho))
        low[A + P + r] = max(-rho, -reach)
        high[A + P + r] = min(C.row_price[part["row"] + r] - rho, reach)


@kernel
def newton_step(C, part, z, gradient, H, damping, W, step, low, high, reduced, small):
    """Fill step with the Newton step from z within the multipliers' limits; returns (promised slope, longest length).

    ``damping`` is bp for moving the whole weight from one tax line to another, or a price by 1,000 bp.
    """
    A, DU, P, R = sizes_of(part)
    D = DU + A + P + R
    m = A + P + R
    for i in range(D):
        for k in range(i + 1):
            W[i, k] = H[i, k]
    lead = 0
    for i in range(P):
        if z[DU + A + i] > z[DU + A + lead]:
            lead = i
    room_of(C, part, z, gradient, lead, low, high)
    # In place of line i, line i less the leading one: their weights always add up to one.
    top = DU + A + lead
    for i in range(DU, D):
        for k in range(i):
            if k >= DU:
                W[k, i] = W[i, k]
    for i in range(DU + A, DU + A + P):
        if i != top:
            for k in range(DU):
                W[i, k] -= W[top, k]
            for k in range(DU, D):
                W[i, k] -= W[top, k]
    for i in range(DU + A, DU + A + P):
        if i != top:
            for k in range(DU, D):
                W[k, i] -= W[k, top]
    for i in range(D):
        step[i] = gradient[i]
    for i in range(DU + A, DU + A + P):
        step[i] -= gradient[top]
    # Factors out of the way: W[:DU] becomes their Cholesky factor, the rest what is left of the curvature.
    for k in range(DU):
        W[k, k] = np.sqrt(W[k, k])
        for i in range(k + 1, D):
            W[i, k] /= W[k, k]
        step[k] /= W[k, k]
        for i in range(k + 1, D):
            scaled = W[i, k]
            step[i] -= scaled * step[k]
            if scaled != 0.0:
                for l in range(k + 1, i + 1):
                    W[i, l] -= scaled * W[l, k]
    for i in range(m):
        reduced[i] = step[DU + i]
        for k in range(i + 1):
            small[i, k] = W[DU + i, DU + k]
        small[i, i] = max(small[i, i], 0.0) + damping * (1.0 if A <= i < A + P else 1e-6)
    box_step(small, reduced, low, high, step[DU:D], W[:m, D : D + m], m)
    for i in range(DU - 1, -1, -1):
        total = step[i]
        for k in range(i + 1, D):
            total -= W[k, i] * step[k]
        step[i] = total / W[i, i]
    moved = 0.0
    for i in range(P):
        if i != lead:
            moved += step[DU + A + i]
    step[top] = -moved
    length = 1.0
    if moved > z[top]:
        length = z[top] / moved
    promise = 0.0
    for i in range(D):
        promise += step[i] * gradient[i]
    return promise, length


@kernel
def moved_to(C, part, z, step, length, trial):
    """Fill trial with z moved along step, exactly onto limits and kinks it reaches."""
    A, DU, P, R = sizes_of(part)
    for i in range(DU + A + P + R):
        trial[i] = z[i] + length * step[i]
    for a in range(A):
        account = C.account[part["account"] + a]
        i = DU + a
        trial[i] = max(trial[i], -account["idle"])
        if account["floor"] < account["target"] and abs(trial[i] - account["shortfall"]) <= 1e-11 * (1.0 + abs(z[i])):
            trial[i] = account["shortfall"]
    total = 0.0
    for i in range(DU + A, DU + A + P):
        if trial[i] < 1e-14:
            trial[i] = 0.0
        total += trial[i]
    for i in range(DU + A, DU + A + P):
        trial[i] /= total
    for r in range(R):
        i = DU + A + P + r
        trial[i] = min(max(trial[i], 0.0), C.row_price[part["row"] + r])


@kernel
def renew_curvature(C, part, H, state, rate, known, known_rate, vector, D, afresh):
    """Bring H up to date with the holdings that move freely now."""
    if afresh:
        DU = sizes_of(part)[1]
        H[:D, :D] = 0.0
        for i in range(DU):
            H[i, i] = 0.5
        known[:] = 0
    for here in range(state.shape[0]):
        if state[here] != known[here] or (state[here] > 1 and rate[here] != known_rate[here]):
            j = part["holding"] + here
            weight = 0.5 / C.holding[j]["specific"]
            if known[here] > 0:
                answer_of(C, part, j, known[here], known_rate[here], vector, D)
                add_rank_one(H, vector, -weight, D)
            if state[here] > 0:
                answer_of(C, part, j, state[here], rate[here], vector, D)
                add_rank_one(H, vector, weight, D)
            known[here] = state[here]
            known_rate[here] = rate[here]


@kernel
def ascend(C, part, z, best, soft, centre, given, net, most):
    """Climb the dual from z, in place; ``best`` keeps the multipliers of the best bound.

    Returns (best bound, least cost of trades that keep every limit, steps, the last gap of what couples holdings). With
    ``soft`` lots are held to ``centre``.
    """
    A, DU, P, R = sizes_of(part)
    D = DU + A + P + R
    n = part["holdings"]
    sigma = np.zeros(n)
    exposure = np.zeros(DU)
    still = before_trade(C, part, exposure)
    state = np.zeros(n, dtype=np.int64)
    rate = np.zeros(n)
    known = np.zeros(n, dtype=np.int64)
    known_rate = np.zeros(n)
    gradient = np.zeros(D)
    slope = np.zeros(D)
    sums = np.zeros(A + 2 + R)
    H = np.zeros((D, D))
    W = np.zeros((D, 2 * D))
    vector = np.zeros(D)
    summed = np.zeros(D)
    step = np.zeros(D)
    trial = np.zeros(D)
    low = np.zeros(D)
    high = np.zeros(D)
    reduced = np.zeros(D)
    small = np.zeros((D, D))
    value, bound, extra = dual_at(
        C, part, z, still, soft, centre, given, net, state, rate, sigma, exposure, gradient, sums, H, vector, summed
    )
    coupled = gap_at(C, part, z, gradient, sums)
    reached = bound
    ceiling = bound + coupled + extra
    best[:] = z
    count = 0
    goal = TOLERANCE if soft == 0.0 else 0.1 * TOLERANCE
    short_steps = 0
    damping = 0.0
    while count < most and coupled > goal and value < RUNAWAY and short_steps < 3:
        if soft == 0.0:
            renew_curvature(C, part, H, state, rate, known, known_rate, vector, D, count == 0)
        promise, length = newton_step(C, part, z, gradient, H, damping, W, step, low, high, reduced, small)
        noise = 1e-13 * (1.0 + abs(value))
        if promise <= noise * 1e-2 or not promise < np.inf:
            break
        accepted = False
        for shorter in range(12):
            moved_to(C, part, z, step, length, trial)
            tried, bound, extra = dual_at(
                C,
                part,
                trial,
                still,
                soft,
                centre,
                given,
                net,
                state,
                rate,
                sigma,
                exposure,
                slope,
                sums,
                H,
                vector,
                summed,
            )
            if tried >= value + 1e-4 * length * promise - noise:
                accepted = True
                break
            along = 0.0
            for i in range(D):
                along += slope[i] * step[i]
            share = promise / (promise - along) if along < promise else 0.5
            length *= min(max(share, 0.1), 0.7)
        count += 1
        if not accepted:
            break
        damping = max(4.0 * damping, 1e-2 * promise) if shorter > 0 else 0.0
        short_steps = short_steps + 1 if tried <= value + 10.0 * noise else 0
        value = tried
        z[:] = trial
        gradient[:] = slope
        coupled = gap_at(C, part, z, gradient, sums)
        ceiling = min(ceiling, bound + coupled + extra)
        if bound > reached:
            reached = bound
            best[:] = z
    return reached, ceiling, count, coupled


@kernel
def give_lots(C, part, z, given):
    """Fill given with what each lot gives at full multipliers z."""
    A, DU, P, R = sizes_of(part)
    mu_s, mu_l, constant = prices_of_gain(C, part, z)
    sigma = np.zeros(part["holdings"])
    slopes(C, part, z, sigma)
    for here in range(part["holdings"]):
        h = C.holding[part["holding"] + here]
        nu = z[DU + h["account"]]
        bought, left, short, long, state, rate = divisible(h, C.size, C.gain, sigma[here], nu, mu_s, mu_l)
        i, i_end, i_step = run_of(h["first"], h["longs"], mu_s)
        k, k_end, k_step = run_of(h["longs"], h["stop"], mu_l)
        while i != i_end or k != k_end:
            if k == k_end or (i != i_end and mu_s * C.gain[i] <= mu_l * C.gain[k]):
                lot = i
                i += i_step
            else:
                lot = k
                k += k_step
            given[lot] = min(left, C.size[lot])
            left -= given[lot]


@kernel
def has_no_trade(C, part):
    """True where the bounds of some holding contradict each other or ask for more than its lots."""
    for j in range(part["holding"], part["holding_stop"]):
        h = C.holding[j]
        lots = 0.0
        for lot in range(h["first"], h["stop"]):
            lots += C.size[lot]
        if h["low"] > h["high"] + BROKEN or lots < -h["high"] - BROKEN:
            return True
    return False


@kernel
def relax_one(C, b, z, centre, given, net, steps, rounds):
    """Multipliers of household b's relaxation from z, in place; returns (bound, gap, steps, state)."""
    part = C.part[b]
    if has_no_trade(C, part):
        return np.inf, 0.0, 0, OUT_OF_REACH
    A, DU, P, R = sizes_of(part)
    D = DU + A + P + R
    full = np.zeros(D)
    rest = 1.0
    for i in range(D):
        if i < DU + A + P - 1:
            full[i] = z[i]
            if i >= DU + A:
                full[i] = min(max(z[i], 0.0), max(rest, 0.0))
                rest -= full[i]
        elif i == DU + A + P - 1:
            full[i] = max(rest, 0.0)
        else:
            full[i] = z[i - 1]
    moved_to(C, part, full.copy(), np.zeros(D), 0.0, full)
    best = full.copy()
    bound, ceiling, count, coupled = ascend(C, part, full, best, 0.0, centre, given, net, steps)
    soft = FIRST_HOLD
    point = full.copy()
    for turn in range(rounds):
        if ceiling - bound <= PROVEN or bound > RUNAWAY:
            break
        if turn == 0:
            full[:] = best
            give_lots(C, part, full, centre)
        reached, cost, more, coupled = ascend(C, part, full, point, soft, centre, given, net, steps)
        count += more
        ceiling = min(ceiling, cost)
        if reached > bound:
            bound = reached
            best[:] = point
        if coupled > PROVEN:
            soft = min(10.0 * soft, FIRMEST)
            continue
        for lot in range(part["lot"], part["lot_stop"]):
            centre[lot] = given[lot]
        soft = max(LOOSER * soft, LAST_HOLD)
    for i in range(D):
        if i < DU + A + P - 1:
            z[i] = best[i]
        elif i > DU + A + P - 1:
            z[i - 1] = best[i]
    gap = max(ceiling - bound, 0.0)
    if bound > RUNAWAY:
        return bound, gap, count, OUT_OF_REACH
    return bound, gap, count, SOLVED if gap <= PROVEN else STALLED


@kernel
def relax_all(C, z, bound, gap, count, state, net, given, centre, steps, rounds):
    """Relax every household of C from the multipliers in z, in place; net trades and lots given are fractions of value."""
    for b in range(C.part.shape[0]):
        part = C.part[b]
        mine = z[part["multiplier"] : part["multiplier_stop"]]
        trades = net[part["holding"] : part["holding_stop"]]
        bound[b], gap[b], count[b], state[b] = relax_one(C, b, mine, centre, given, trades, steps, rounds)


@kernel
def standing(C, cost):
    """What each household costs without a trade, bp; infinite where a floor or one of the program's rows is broken."""
    for b in range(C.part.shape[0]):
        part = C.part[b]
        A, DU, P, R = sizes_of(part)
        y = np.zeros(DU)
        total = before_trade(C, part, y)
        for k in range(DU):
            total += y[k] * y[k]
        worst = -np.inf
        for i in range(part["line"], part["line_stop"]):
            worst = max(worst, C.line[i, 0] * part["short"] + C.line[i, 1] * part["long"] + C.line[i, 2])
        total += worst
        for a in range(part["account"], part["account_stop"]):
            account = C.account[a]
            if account["cash"] < account["floor"] - 1e-12:
                total = np.inf
            over = account["cash"] - account["target"]
            total += account["idle"] * over if over > 0.0 else -account["shortfall"] * over
        for r in range(part["row"], part["row"] + part["rows_real"]):
            if C.row_right[r] < -1e-12:
                total += np.inf if C.row_price[r] == np.inf else -C.row_price[r] * C.row_right[r]
        cost[b] = total
