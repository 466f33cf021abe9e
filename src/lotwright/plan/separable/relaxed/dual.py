"""The dual of one household's relaxation: its value and slopes at given multipliers, and how far trades are above it."""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.jit import kernel
from lotwright.plan.separable.relaxed.curvature import add_softened
from lotwright.plan.separable.relaxed.divisible import cost_of, divisible
from lotwright.plan.separable.relaxed.multipliers import cash_level, prices_of_gain, sizes_of, slopes
from lotwright.plan.separable.relaxed.softened import softened

BROKEN = 1e-9
"""Fraction of value by which a floor or hard row may be missed by the trades that prove the gap."""


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
