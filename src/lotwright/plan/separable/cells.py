"""One holding, exactly: the cheapest whole-share trade once factors, cash and gains have a price.

With slope sigma on the active position, price nu of a unit of cash spent and prices mu_s, mu_l of a unit of short and long
gain, a holding contributes

    phi(X) = D (r + p X)^2 + sigma (r + p X) + nu spent(X) + mu_s short(X) + mu_l long(X) + costs(X).

Where the lots are free to choose, the cheapest order is by price of their gain (and their own, where they have one), phi is
convex in the shares sold and its minimum over whole shares is next to the continuous one. Where the order is fixed, phi is
scanned lot by lot. Both allow an order below the smallest, or off the step, only if it closes the position.

Where small orders or small positions have a price, phi has kinks: a purchase stops being short at one size and leaves a small
position up to another, a sale likewise, and closing the position is spared the price of what would be left. On either side
of nothing phi stays convex short of the close, which is looked at by itself. Where a lot that leaves out of its turn has a
price, so much of each lot is free as it would give in its turn, which the size of the sale says: phi is convex between the
sizes at which turns begin.
"""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.jit import inlined, kernel

SCALE = 1e4
EPS = 1e-9


@kernel
def column(h, X):
    """Cost (bp) that depends on no multiplier, active fraction moved x, and cash spent, of trading X shares."""
    x = h["price"] * X
    cost = h["specific"] * (h["active"] + x) ** 2
    if X == 0.0:
        return cost, x, 0.0
    if X > 0.0:
        paid = h["buy_rate"] * x + h["ticket_cash"]
        cost += h["buy_cost"] * x
    else:
        paid = -h["sell_rate"] * x + h["ticket_cash"]
        cost -= h["sell_cost"] * x
    if h["kinked"] == 1:
        cost += smallness(h, X)
    return cost + h["ticket_cost"] + SCALE * paid, x, x + paid


@kernel
def smallness(h, X):
    """Price (bp) of how far an order for X shares, and the position it leaves open, fall short."""
    least = h["short_buy"] if X > 0.0 else h["short_sell"]
    cost = h["short_price"] * max(least - h["price"] * abs(X), 0.0)
    if X > 0.0 or -h["held"] + EPS < X:
        cost += h["small_price"] * max(h["small"] - h["price"] * (h["held"] + X), 0.0)
    return cost


@kernel
def steps_up(shares, step):
    """Smallest multiple of step that is not below shares."""
    return np.ceil(shares / step - EPS) * step


@kernel
def steps_down(shares, step):
    """Largest multiple of step that is not above shares."""
    return np.floor(shares / step + EPS) * step


@kernel
def is_allowed(h, X, lower, upper):
    """True when an order for X shares respects step, smallest order and bounds (a sale may close the position)."""
    if lower - EPS > X or upper + EPS < X:
        return False
    if X == 0.0:
        return True
    if X < 0.0 and -h["held"] + EPS >= X:
        return True
    if h["held"] + X < h["keep"] - EPS * h["step"]:
        return False
    size = abs(X)
    if size < h["smallest"] - EPS * h["step"]:
        return False
    steps = size / h["step"]
    return abs(steps - np.round(steps)) < 1e-6


@kernel
def joins(lots, lot, way, own):
    """How a lot takes part in a sale: 2 sold whole, 1 may be sold, 0 stays. way 0: gains only; 1: losses allowed."""
    if way == 0:
        return 1 - lots[lot]["loss"]
    if lots[lot]["clearable"] == 1 and lots[lot]["purchase"] != own:
        return 2
    if lots[lot]["loss"] == 0 or own == -1 or lots[lot]["purchase"] == own:
        return 1
    return 0


@kernel
def forced_shares(h, lots, own):
    """Shares that must leave before a loss may be realised this way."""
    total = 0.0
    for lot in range(h["first"], h["stop"]):
        if joins(lots, lot, 1, own) == 2:
            total += lots[lot]["shares"]
    return total


@kernel
def next_lot(lots, at, end, step, way, own):
    """First lot from ``at`` on, counting by ``step``, that may be sold this way, or end."""
    while at != end and joins(lots, at, way, own) != 1:
        at += step
    return at


@kernel
def run_of(first, stop, price):
    """(begin, end, step) that runs through lots sorted by gain from the cheapest: a gain of negative price is a gift."""
    if price < 0.0:
        return stop - 1, first - 1, -1
    return first, stop, 1


@kernel
def lot_key(lots, lot, mu_s, mu_l):
    """What a share of a lot costs at these prices of gain, its own price counted, bp."""
    return lots[lot]["gain"] * (mu_l if lots[lot]["long"] == 1 else mu_s) + lots[lot]["cost"]


@kernel
def priced_order(h, lots, way, own, mu_s, mu_l):
    """Lots that may be sold this way, the cheapest first."""
    found = np.empty(h["stop"] - h["first"], dtype=np.int64)
    key = np.empty(h["stop"] - h["first"])
    count = 0
    for lot in range(h["first"], h["stop"]):
        if joins(lots, lot, way, own) == 1:
            found[count] = lot
            key[count] = lot_key(lots, lot, mu_s, mu_l)
            count += 1
    return found[:count][np.argsort(key[:count], kind="mergesort")]


@kernel
def in_turn(lots, lot, shares):
    """Shares that a lot gives in its turn of a sale of so many."""
    return min(max(shares - lots[lot]["before"], 0.0), lots[lot]["shares"])


@kernel
def priced_take(h, lots, way, own, shares, mu_s, mu_l):
    """Short gain, long gain, cost of lots (bp) and shares missing of a free sale where lots, or their turns, have a price.

    What must leave whole goes first; then lots the cheapest first, each in two parts where turns have a price: what it would
    give in its turn, and what is dearer by the price of a turn.
    """
    short = 0.0
    long = 0.0
    cost = 0.0
    left = shares
    turn = h["turn_price"]
    if way == 1:
        for lot in range(h["first"], h["stop"]):
            if joins(lots, lot, way, own) == 2:
                quantity = min(left, lots[lot]["shares"])
                left -= quantity
                cost += quantity * lots[lot]["cost"]
                if turn > 0.0:
                    cost += turn * max(quantity - in_turn(lots, lot, shares), 0.0)
                if lots[lot]["long"] == 1:
                    long += quantity * lots[lot]["gain"]
                else:
                    short += quantity * lots[lot]["gain"]
    order = priced_order(h, lots, way, own, mu_s, mu_l)
    count = order.shape[0]
    i = 0
    k = 0 if turn > 0.0 else count
    while left > 0.0 and (i < count or k < count):
        out = i == count or (
            k < count and lot_key(lots, order[k], mu_s, mu_l) + turn < lot_key(lots, order[i], mu_s, mu_l)
        )
        lot = order[k] if out else order[i]
        size = lots[lot]["shares"]
        if turn > 0.0:
            free = in_turn(lots, lot, shares)
            size = size - free if out else free
        if out:
            k += 1
        else:
            i += 1
        quantity = min(left, size)
        left -= quantity
        cost += quantity * lots[lot]["cost"]
        if out:
            cost += quantity * turn
        if lots[lot]["long"] == 1:
            long += quantity * lots[lot]["gain"]
        else:
            short += quantity * lots[lot]["gain"]
    if left < EPS * max(1.0, shares):
        left = 0.0
    return short, long, cost, left


@kernel
def lots_cost(h, lots, X, kind, own, mu_s, mu_l):
    """What the lots cost (bp) that a trade of this kind takes, found at these prices of gain."""
    if h["priced"] == 0 or X >= 0.0:
        return 0.0
    if h["ordered"] == 1:
        return ordered_cost(h, lots, -X)
    short, long, cost, left = priced_take(h, lots, 1 if kind == 2 else 0, own, -X, mu_s, mu_l)
    return cost


@kernel
def row_lots_cost(h, lots, row):
    """What the lots cost (bp) that a row of trade takes."""
    return lots_cost(h, lots, row[0], int(row[3]), int(row[4]), row[5], row[6])


@kernel
def gains(h, lots, way, own, shares, mu_s, mu_l):
    """Short gain, long gain and shares missing of a free sale: what must leave whole first, then the cheapest gain first."""
    if h["priced"] == 1:
        short, long, cost, left = priced_take(h, lots, way, own, shares, mu_s, mu_l)
        return short, long, left
    short = 0.0
    long = 0.0
    left = shares
    if way == 1:
        for lot in range(h["first"], h["stop"]):
            if joins(lots, lot, way, own) == 2:
                quantity = min(left, lots[lot]["shares"])
                left -= quantity
                if lots[lot]["long"] == 1:
                    long += quantity * lots[lot]["gain"]
                else:
                    short += quantity * lots[lot]["gain"]
    i, i_end, i_step = run_of(h["first"], h["longs"], mu_s)
    k, k_end, k_step = run_of(h["longs"], h["stop"], mu_l)
    i = next_lot(lots, i, i_end, i_step, way, own)
    k = next_lot(lots, k, k_end, k_step, way, own)
    while left > 0.0 and (i != i_end or k != k_end):
        if k == k_end or (i != i_end and mu_s * lots[i]["gain"] <= mu_l * lots[k]["gain"]):
            lot = i
            i = next_lot(lots, i + i_step, i_end, i_step, way, own)
        else:
            lot = k
            k = next_lot(lots, k + k_step, k_end, k_step, way, own)
        quantity = min(left, lots[lot]["shares"])
        left -= quantity
        if lots[lot]["long"] == 1:
            long += quantity * lots[lot]["gain"]
        else:
            short += quantity * lots[lot]["gain"]
    if left < EPS * max(1.0, shares):
        left = 0.0
    return short, long, left


@kernel
def sell_slope(h, sigma, nu):
    """Derivative of phi in shares sold, without tax and specific risk."""
    p = h["price"]
    return p * (-sigma - nu + (SCALE + nu) * h["sell_rate"] + h["sell_cost"])


@kernel
def best_continuous(h, lots, way, own, slope, mu_s, mu_l):
    """Shares sold at which phi would be least if shares were divisible, and 1 if they move freely with prices (0: at a kink)."""
    p = h["price"]
    curve = 2.0 * h["specific"] * p
    sold = 0.0
    if way == 1:
        sold = forced_shares(h, lots, own)
    i, i_end, i_step = run_of(h["first"], h["longs"], mu_s)
    k, k_end, k_step = run_of(h["longs"], h["stop"], mu_l)
    i = next_lot(lots, i, i_end, i_step, way, own)
    k = next_lot(lots, k, k_end, k_step, way, own)
    while i != i_end or k != k_end:
        if k == k_end or (i != i_end and mu_s * lots[i]["gain"] <= mu_l * lots[k]["gain"]):
            price = mu_s * lots[i]["gain"]
            size = lots[i]["shares"]
            i = next_lot(lots, i + i_step, i_end, i_step, way, own)
        else:
            price = mu_l * lots[k]["gain"]
            size = lots[k]["shares"]
            k = next_lot(lots, k + k_step, k_end, k_step, way, own)
        begin = -curve * (h["active"] - p * sold) + slope + price
        if begin >= 0.0:
            return sold, 0.0
        if begin + curve * p * size > 0.0:
            return sold - begin / (curve * p), 1.0
        sold += size
    return sold, 0.0


@kernel
def best_kinked(h, lots, way, own, slope, mu_s, mu_l):
    """As best_continuous, where lots have a price or an order is short up to one size, its position small from another one on."""
    p = h["price"]
    curve = 2.0 * h["specific"] * p
    enough = h["short_sell"] / p
    room = h["held"] - h["small"] / p
    sold = 0.0
    if way == 1:
        sold = forced_shares(h, lots, own)
    for lot in priced_order(h, lots, way, own, mu_s, mu_l):
        price = lot_key(lots, lot, mu_s, mu_l)
        left = lots[lot]["shares"]
        while left > 0.0:
            size = left
            begin = -curve * (h["active"] - p * sold) + slope + price
            if sold < enough:
                begin -= h["short_price"] * p
                size = min(size, enough - sold)
            if sold < room:
                size = min(size, room - sold)
            else:
                begin += h["small_price"] * p
            if begin >= 0.0:
                return sold, 0.0
            if begin + curve * p * size > 0.0:
                return sold - begin / (curve * p), 1.0
            left = left - size if size < left else 0.0
            sold += size
    return sold, 0.0


@kernel
def turned(h, lots, way, own, shares, sigma, nu, mu_s, mu_l):
    """What phi is for a free sale where turns have a price; infinite where so many cannot leave."""
    short, long, cost, left = priced_take(h, lots, way, own, shares, mu_s, mu_l)
    if left > 0.0:
        return np.inf
    return phi(h, -shares, short, long, sigma, nu, mu_s, mu_l) + cost


@kernel
def best_turned(h, lots, way, own, sigma, nu, mu_s, mu_l, fewest, most):
    """Whole steps between fewest and most at which phi is least where turns have a price: turn by turn, by halving."""
    best = np.inf
    at = fewest
    step = h["step"]
    for lot in range(h["first"], h["stop"]):
        low = max(fewest, steps_up(lots[lot]["before"], step))
        high = min(most, steps_down(lots[lot]["before"] + lots[lot]["shares"], step))
        if high < low - EPS:
            continue
        while high - low > 0.5 * step:
            middle = low + steps_down(0.5 * (high - low), step)
            here = turned(h, lots, way, own, middle, sigma, nu, mu_s, mu_l)
            if here <= turned(h, lots, way, own, middle + step, sigma, nu, mu_s, mu_l):
                high = middle
            else:
                low = middle + step
        value = turned(h, lots, way, own, low, sigma, nu, mu_s, mu_l)
        if value < best:
            best = value
            at = low
    return at


@kernel
def best_bought(h, begin, curve, most):
    """Shares bought, of at most so many, at which phi would be least if shares were divisible, where small ones have a price."""
    p = h["price"]
    enough = h["short_buy"] / p
    room = h["small"] / p - h["held"]
    bought = 0.0
    while bought < most:
        slope = begin + curve * bought
        end = most
        if bought < enough:
            slope -= h["short_price"] * p
            end = min(end, enough)
        if bought < room:
            slope -= h["small_price"] * p
            end = min(end, room)
        if slope >= 0.0:
            return bought
        if slope + curve * (end - bought) > 0.0:
            return bought - slope / curve
        bought = end
    return most


@inlined
def phi(h, X, short, long, sigma, nu, mu_s, mu_l):
    """The holding's cost at given multipliers, bp."""
    cost, x, spent = column(h, X)
    return cost + sigma * (h["active"] + x) + nu * spent + mu_s * short + mu_l * long


@kernel
def best_free_sale(h, lots, way, own, sigma, nu, mu_s, mu_l, lower, upper, out):
    """Best sale where lots are free to choose; out = (value, X, short, long), value inf when none is allowed."""
    out[0] = np.inf
    fewest = max(h["smallest"], steps_up(-upper, h["step"]))
    forced = 0.0
    if way == 1:
        forced = forced_shares(h, lots, own)
        fewest = max(fewest, steps_up(forced, h["step"]))
    most = -lower
    available = 0.0
    for lot in range(h["first"], h["stop"]):
        if joins(lots, lot, way, own) > 0:
            available += lots[lot]["shares"]
    most = min(most, available)
    most_steps = steps_down(min(most, h["held"] - h["keep"]), h["step"])
    if most_steps >= fewest - EPS:
        if h["turn_price"] > 0.0:
            ideal, free = best_turned(h, lots, way, own, sigma, nu, mu_s, mu_l, fewest, most_steps), 0.0
        elif h["kinked"] == 1 or h["priced"] == 1:
            ideal, free = best_kinked(h, lots, way, own, sell_slope(h, sigma, nu), mu_s, mu_l)
        else:
            ideal, free = best_continuous(h, lots, way, own, sell_slope(h, sigma, nu), mu_s, mu_l)
        if ideal < fewest or ideal > most_steps:
            free = 0.0
        if way == 0 and ideal == 0.0 and upper >= -EPS and h["kinked"] == 0 and h["turn_price"] == 0.0:
            return
        low = steps_down(ideal, h["step"])
        for shares in (min(max(low, fewest), most_steps), min(max(low + h["step"], fewest), most_steps)):
            short, long, missing = gains(h, lots, way, own, shares, mu_s, mu_l)
            if missing == 0.0:
                value = phi(h, -shares, short, long, sigma, nu, mu_s, mu_l)
                value += lots_cost(h, lots, -shares, 1 + way, own, mu_s, mu_l)
                if value < out[0]:
                    out[0], out[1], out[2], out[3], out[4], out[5] = value, -shares, short, long, own, -free * ideal
    held = h["held"]
    closes = most >= held * (1.0 - 1e-12) - 1e-12 and held > 0.0 and upper >= -held - EPS
    if closes and (held > most_steps + EPS or held < fewest or h["kinked"] == 1):
        short, long, missing = gains(h, lots, way, own, held, mu_s, mu_l)
        if missing == 0.0:
            value = phi(h, -held, short, long, sigma, nu, mu_s, mu_l)
            value += lots_cost(h, lots, -held, 1 + way, own, mu_s, mu_l)
            if value < out[0]:
                out[0], out[1], out[2], out[3], out[4], out[5] = value, -held, short, long, own, 0.0


@kernel
def ordered_gains(h, lots, shares):
    """Short and long gain of selling shares where the order is fixed, and the lot the sale ends in (at its end: that lot)."""
    before = 0.0
    short = 0.0
    long = 0.0
    lot = h["first"]
    last = h["stop"] - 1
    while lot < last and lots[lot]["through"] < shares - EPS * max(1.0, shares):
        before = lots[lot]["through"]
        short = lots[lot]["through_short"]
        long = lots[lot]["through_long"]
        lot += 1
    part = min(shares - before, lots[lot]["shares"])
    if lots[lot]["long"] == 1:
        long += part * lots[lot]["gain"]
    else:
        short += part * lots[lot]["gain"]
    return short, long, lot


@kernel
def ordered_cost(h, lots, shares):
    """What the lots cost (bp) that an ordered sale of shares takes."""
    short, long, lot = ordered_gains(h, lots, shares)
    return lots[lot]["through_cost"] - max(lots[lot]["through"] - shares, 0.0) * lots[lot]["cost"]


@kernel
def ordered_kind(lots, shares, lot):
    """What an ordered sale of shares ending in lot is: nothing allowed, gains only, with losses."""
    if shares >= lots[lot]["through"] - EPS * max(1.0, shares):
        return lots[lot]["end"]
    return lots[lot]["inside"]


@kernel
def try_ordered(h, lots, shares, free, sigma, nu, mu_s, mu_l, gain_sale, loss_sale):
    """Offer an ordered sale of shares to the best of its kind."""
    short, long, lot = ordered_gains(h, lots, shares)
    kind = ordered_kind(lots, shares, lot)
    if kind == 0:
        return
    value = phi(h, -shares, short, long, sigma, nu, mu_s, mu_l)
    if h["priced"] == 1:
        value += ordered_cost(h, lots, shares)
    if kind == 1:
        if value < gain_sale[0]:
            gain_sale[0], gain_sale[1], gain_sale[2], gain_sale[3], gain_sale[5] = value, -shares, short, long, free
    elif value < loss_sale[0]:
        loss_sale[0], loss_sale[1], loss_sale[2], loss_sale[3], loss_sale[5] = value, -shares, short, long, free


@kernel
def try_near(h, lots, ideal, low, high, sigma, nu, mu_s, mu_l, gain_sale, loss_sale):
    """Offer the ordered sales of whole steps on either side of the ideal, between low and high."""
    near = steps_down(min(max(ideal, low), high), h["step"])
    free = -ideal if low < ideal < high else 0.0
    a = min(max(near, low), high)
    b = min(max(near + h["step"], low), high)
    try_ordered(h, lots, a, free, sigma, nu, mu_s, mu_l, gain_sale, loss_sale)
    if b != a:
        try_ordered(h, lots, b, free, sigma, nu, mu_s, mu_l, gain_sale, loss_sale)


@kernel
def kinked_part(h, lots, before, through, low, high, begin, sigma, nu, mu_s, mu_l, gain_sale, loss_sale):
    """Offer the ordered sales ending between ``before`` and ``through`` shares, where small orders or positions have a price.

    ``begin`` is the slope of phi at ``before`` without those prices; between two kinks phi is a quadratic.
    """
    p = h["price"]
    curve = 2.0 * h["specific"] * p * p
    enough = h["short_sell"] / p
    room = h["held"] - h["small"] / p
    sold = before
    while sold < through:
        end = through
        slope = begin + curve * (sold - before)
        if sold < enough:
            slope -= h["short_price"] * p
            end = min(end, enough)
        if sold < room:
            end = min(end, room)
        else:
            slope += h["small_price"] * p
        first = max(low, steps_up(sold, h["step"]))
        last = min(high, steps_down(end, h["step"]))
        if last >= first - EPS:
            ideal = last
            if curve > 0.0:
                ideal = sold - slope / curve
            elif slope > 0.0:
                ideal = first
            try_near(h, lots, ideal, first, last, sigma, nu, mu_s, mu_l, gain_sale, loss_sale)
        sold = end


@kernel
def best_ordered_sales(h, lots, sigma, nu, mu_s, mu_l, lower, upper, gain_sale, loss_sale):
    """Best sale without losses and best with, where lots leave in a fixed order: scan every lot."""
    p = h["price"]
    curve = 2.0 * h["specific"] * p
    slope = sell_slope(h, sigma, nu)
    held = h["held"]
    fewest = max(h["smallest"], steps_up(-upper, h["step"]))
    most = steps_down(min(-lower, held - h["keep"]), h["step"])
    before = 0.0
    for lot in range(h["first"], h["stop"]):
        price = lot_key(lots, lot, mu_s, mu_l)
        through = lots[lot]["through"]
        low = max(fewest, steps_up(before, h["step"]))
        high = min(most, steps_down(through, h["step"]))
        begin = -curve * (h["active"] - p * before) + slope + price
        if h["kinked"] == 1:
            kinked_part(h, lots, before, through, low, high, begin, sigma, nu, mu_s, mu_l, gain_sale, loss_sale)
        elif high >= low - EPS:
            ideal = high
            if curve * p > 0.0:
                ideal = before - begin / (curve * p)
            elif begin > 0.0:
                ideal = low
            try_near(h, lots, ideal, low, high, sigma, nu, mu_s, mu_l, gain_sale, loss_sale)
        if high >= low - EPS:
            if lots[lot]["inside"] == 0 and lots[lot]["end"] != 0:
                try_ordered(h, lots, high, 0.0, sigma, nu, mu_s, mu_l, gain_sale, loss_sale)
            if lots[lot]["inside"] != lots[lot]["end"] and high - h["step"] >= low - EPS:
                try_ordered(h, lots, high - h["step"], 0.0, sigma, nu, mu_s, mu_l, gain_sale, loss_sale)
        before = through
    closes = -lower >= held * (1.0 - 1e-12) - 1e-12 and held > 0.0 and upper >= -held - EPS
    if closes and (held > most + EPS or held < fewest or h["kinked"] == 1):
        try_ordered(h, lots, held, 0.0, sigma, nu, mu_s, mu_l, gain_sale, loss_sale)


@kernel
def options(h, lots, ways, sigma, nu, mu_s, mu_l, lower, upper, out, scratch):
    """The best buy (out[0]), the best of holding and selling without losses (out[1]), the best sale with losses (out[2]).

    Each row of out is (value, X, short gain, long gain, own purchase, where X would be if shares were divisible, or 0 where it
    does not move with prices); value is inf when the bounds allow no such trade.
    """
    p = h["price"]
    for row in range(3):
        out[row, 0] = np.inf
        out[row, 1] = 0.0
        out[row, 2] = 0.0
        out[row, 3] = 0.0
        out[row, 4] = -1.0
        out[row, 5] = 0.0
    may_hold = lower <= EPS and upper >= -EPS
    if may_hold:
        out[1, 0] = phi(h, 0.0, 0.0, 0.0, sigma, nu, mu_s, mu_l)
    if upper > EPS:
        fewest = max(h["smallest"], steps_up(max(lower, h["keep"] - h["held"]), h["step"]))
        most = steps_down(upper, h["step"])
        slope = p * (sigma + nu + (SCALE + nu) * h["buy_rate"] + h["buy_cost"])
        begin = 2.0 * h["specific"] * p * h["active"] + slope
        if most >= fewest - EPS and (begin < 0.0 or not may_hold or h["kinked"] == 1):
            curve = 2.0 * h["specific"] * p * p
            ideal = most
            if h["kinked"] == 1:
                ideal = best_bought(h, begin, curve, most)
            elif curve > 0.0:
                ideal = -begin / curve
            elif begin > 0.0:
                ideal = fewest
            near = steps_down(min(max(ideal, fewest), most), h["step"])
            for X in (min(max(near, fewest), most), min(max(near + h["step"], fewest), most)):
                value = phi(h, X, 0.0, 0.0, sigma, nu, mu_s, mu_l)
                if value < out[0, 0]:
                    out[0, 0], out[0, 1] = value, X
                    out[0, 5] = ideal if fewest < ideal < most else 0.0
    if lower < -EPS and h["held"] > 0.0:
        best = scratch
        if h["ordered"] == 1:
            best[0, 0] = np.inf
            best_ordered_sales(h, lots, sigma, nu, mu_s, mu_l, lower, upper, best[0], out[2])
            if best[0, 0] < out[1, 0]:
                out[1] = best[0]
        else:
            best_free_sale(h, lots, 0, -1, sigma, nu, mu_s, mu_l, lower, upper, best[0])
            if best[0, 0] < out[1, 0]:
                out[1] = best[0]
            for way in range(h["way"], h["way_stop"]):
                best_free_sale(h, lots, 1, ways[way], sigma, nu, mu_s, mu_l, lower, upper, best[0])
                if best[0, 0] < out[2, 0]:
                    out[2] = best[0]
