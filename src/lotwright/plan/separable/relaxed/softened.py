"""One holding whose lots are held to where they were: the smooth trade of a round of the method of multipliers."""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.jit import kernel


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
