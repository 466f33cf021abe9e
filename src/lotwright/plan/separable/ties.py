"""Lots of both kinds where the year's tax has a kink.

Problem: at the best prices of gain two lots of a sale are often equally dear, one short-term and one long-term, say: the
bound takes a mixture of the two choices, the plan took either, and its year's gains lie on one side of the kink or the other.
Observations: at the same shares, part of a sale may take the lots that are cheapest at one pair of prices and the rest those
that are cheapest at another, and nothing but gains changes. Therefore: holding by holding as many of the shares sold are
moved to the lots cheapest towards one of the tax's lines as lowers the year's tax most; where all are, or none, is a
question of steps, so that one holding that is left in between puts the year on its kink.
"""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.cells import joins, next_lot, run_of
from lotwright.plan.separable.dual import size_of
from lotwright.plan.separable.jit import kernel
from lotwright.plan.separable.search import objective, row_cost, state_of, year_tax

TOWARDS = (0.01, 0.1, 1.0)
"""How far the other prices of gain lie towards those of a tax line: hardly, since lots are tied where the year has a kink."""

WORTH = 0.005
"""Tax (bp) above what the multipliers' mixture of lines says from which on lots are mixed."""


@kernel
def take_more(h, lots, way, own, shares, mu_s, mu_l, taken):
    """Take so many more shares, the cheapest first, beyond those in taken (lots of h,), which is raised; (short, long, missing)."""
    short = 0.0
    long = 0.0
    left = shares
    first = h["first"]
    i, i_end, i_step = run_of(first, h["longs"], mu_s)
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
        quantity = min(left, lots[lot]["shares"] - taken[lot - first])
        taken[lot - first] += quantity
        left -= quantity
        if lots[lot]["long"] == 1:
            long += quantity * lots[lot]["gain"]
        else:
            short += quantity * lots[lot]["gain"]
    return short, long, left


@kernel
def tied_gains(h, lots, row, second, mu_s, mu_l, taken):
    """Short and long gain of the free sale in row when its last ``second`` shares take the lots cheapest at other prices."""
    way = 1 if row[3] == 2.0 else 0
    own = int(row[4])
    left = -row[0]
    short = 0.0
    long = 0.0
    taken[:] = 0.0
    if way == 1:
        for lot in range(h["first"], h["stop"]):
            if joins(lots, lot, way, own) == 2:
                quantity = min(left, lots[lot]["shares"])
                left -= quantity
                if lots[lot]["long"] == 1:
                    long += quantity * lots[lot]["gain"]
                else:
                    short += quantity * lots[lot]["gain"]
    rest = min(second, left)
    more_short, more_long, missing = take_more(h, lots, way, own, left - rest, row[5], row[6], taken)
    last_short, last_long, missing = take_more(h, lots, way, own, rest, mu_s, mu_l, taken)
    return short + more_short + last_short, long + more_long + last_long


@kernel
def gain_cost(P, level, short, long, more_short, more_long):
    """Year's tax and cost of rows (bp) at the given gains, whose last part is not in the rows' level yet."""
    total = year_tax(P, short + more_short, long + more_long)
    for r in range(P.real_rows[0]):
        total += row_cost(P, r, level[r] + P.row_gain[r, 0] * more_short + P.row_gain[r, 1] * more_long)
    return total


@kernel
def best_tie(P, level, S, L, row, h, mu_s, mu_l, taken):
    """How many shares of the sale in row to move to the lots cheapest at other prices, and what the gains cost then.

    The cost falls to the kink and rises behind it: found by halving.
    """
    low = 0.0
    high = np.floor(-row[0] / h["step"] + 1e-9)
    short, long = tied_gains(h, P.lot, row, -row[0], mu_s, mu_l, taken)
    best = gain_cost(P, level, S, L, short - row[1], long - row[2])
    second = -row[0]
    while high - low > 0.5:
        middle = np.floor(0.5 * (low + high))
        short, long = tied_gains(h, P.lot, row, middle * h["step"], mu_s, mu_l, taken)
        here = gain_cost(P, level, S, L, short - row[1], long - row[2])
        short, long = tied_gains(h, P.lot, row, (middle + 1.0) * h["step"], mu_s, mu_l, taken)
        there = gain_cost(P, level, S, L, short - row[1], long - row[2])
        if here <= there:
            high = middle
        else:
            low = middle + 1.0
        if min(here, there) < best:
            best = min(here, there)
            second = (middle if here <= there else middle + 1.0) * h["step"]
    return second, best


@kernel
def tax_slack(P, z, S, L):
    """What the year's tax is above the mixture of tax lines that z prices gains at, bp."""
    A, K, free, R = size_of(P)
    mixed = 0.0
    last = 1.0
    for i in range(free + 1):
        weight = z[A * K + A + i] if i < free else last
        last -= weight
        mixed += weight * (P.line[i, 0] * (P.start[0] + S) + P.line[i, 1] * (P.start[1] + L) + P.line[i, 2])
    return year_tax(P, S, L) - mixed


@kernel
def mix_lots(P, z, trade):
    """Give sales lots of two orders where that lowers the year's tax, shares unchanged; returns the plan's exact cost."""
    A, K, free, R = size_of(P)
    y = np.zeros(A * K)
    cash = np.zeros(A)
    orders = np.zeros(A)
    level = np.zeros(R)
    cost, S, L = state_of(P, trade, y, cash, orders, level)
    if tax_slack(P, z, S, L) < WORTH:
        return objective(P, trade)
    now = gain_cost(P, level, S, L, 0.0, 0.0)
    for j in range(P.holding.shape[0]):
        h = P.holding[j]
        if trade[j, 0] >= 0.0 or h["ordered"] == 1 or h["priced"] == 1 or h["stop"] - h["first"] < 2:
            continue
        taken = np.zeros(h["stop"] - h["first"])
        lines = P.lines.shape[1]
        for towards in TOWARDS:
            for at in range(P.lines.shape[0] * lines):
                line = P.lines[at // lines, at % lines]
                mu_s = trade[j, 5] + towards * (line[0] - trade[j, 5])
                mu_l = trade[j, 6] + towards * (line[1] - trade[j, 6])
                short, long = tied_gains(h, P.lot, trade[j], -trade[j, 0], mu_s, mu_l, taken)
                if abs(short - trade[j, 1]) + abs(long - trade[j, 2]) < 1e-12:
                    continue
                second, value = best_tie(P, level, S, L, trade[j], h, mu_s, mu_l, taken)
                if value < now - 1e-9:
                    now = value
                    short, long = tied_gains(h, P.lot, trade[j], second, mu_s, mu_l, taken)
                    for r in range(P.real_rows[0]):
                        level[r] += P.row_gain[r, 0] * (short - trade[j, 1]) + P.row_gain[r, 1] * (long - trade[j, 2])
                    S += short - trade[j, 1]
                    L += long - trade[j, 2]
                    trade[j, 1] = short
                    trade[j, 2] = long
                    trade[j, 8] = second
                    trade[j, 9] = mu_s
                    trade[j, 10] = mu_l
    return objective(P, trade)
