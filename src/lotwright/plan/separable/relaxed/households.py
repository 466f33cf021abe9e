"""Every household's relaxation: an ascent and, where it stalls on a kink, rounds of the method of multipliers on its lots."""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.cells import run_of
from lotwright.plan.separable.jit import kernel
from lotwright.plan.separable.relaxed.ascent import RUNAWAY, ascend
from lotwright.plan.separable.relaxed.divisible import divisible
from lotwright.plan.separable.relaxed.dual import BROKEN
from lotwright.plan.separable.relaxed.multipliers import before_trade, prices_of_gain, sizes_of, slopes
from lotwright.plan.separable.relaxed.newton_step import moved_to

PROVEN = 1e-6
"""Gap (bp) below which a relaxation counts as solved."""
FIRST_HOLD, LOOSER, LAST_HOLD = 30.0, 0.2, 1e-5
"""How firmly lots are first held to where they were (bp a fraction over a lot's size), the factor from round to round, the last."""
FIRMEST = 1e5
"""How firmly at most, where the ascent does not settle: ten times more from round to round."""
SOLVED, STALLED, OUT_OF_REACH = 0, 1, 2


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
