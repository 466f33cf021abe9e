"""One holding in fractions of a share, exactly, by one walk through its lots in the order of what they cost."""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.cells import run_of
from lotwright.plan.separable.jit import kernel


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
