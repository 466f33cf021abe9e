"""The plans that a node's multipliers suggest, and what single moves, swaps and mixed lots make of them."""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.dual import size_of
from lotwright.plan.separable.jit import kernel
from lotwright.plan.separable.problem import FEW
from lotwright.plan.separable.search import descend, repair, swap_pairs
from lotwright.plan.separable.shares import whole
from lotwright.plan.separable.ties import WORTH, mix_lots, tax_slack


@kernel
def suggest(P, z, lower, upper, opts, pick, trade, variants, enough, hopeless):
    """A whole-share plan from multipliers, rounded within the node's bounds; its exact cost.

    The best of ``variants`` orders of rounding, lots mixed where gains lie beside a kink of the tax; where none keeps every
    floor and row, or in small households besides, the trades at z with the prices of what is broken raised. Ends as soon as
    a plan costs at most ``enough`` (bp); a first rounding dearer than ``hopeless`` is not tried in other orders.
    """
    best = np.inf
    kept = trade.copy()
    for variant in range(variants):
        value = whole(P, z, lower, upper, opts, pick, variant, trade)
        if enough < value < np.inf:
            value = mix_lots(P, z, trade)
        if value < best:
            best = value
            kept[:] = trade
        if best <= enough or hopeless < best < np.inf:
            break
    if (best == np.inf or (P.holding.shape[0] <= FEW and best > enough)) and repair(
        P, z, lower, upper, opts, pick, trade
    ):
        value = mix_lots(P, z, trade)
        if value < best:
            return value
    trade[:] = kept
    return best


@kernel
def improve(P, C, z, lower, upper, root_lower, root_upper, trade, sweeps, width, swaps, enough):
    """Improve a plan in place until it costs at most ``enough`` (bp) or no move and no swap betters it; its exact cost.

    Moves stay within the node's bounds first, then within the root's.
    """
    low = lower
    high = upper
    most = sweeps
    value = np.inf
    for s in range(swaps + 2):
        value = descend(P, C, z, low, high, trade, most)
        if value > enough:
            value = at_the_kink(P, C, z, low, high, trade, value)
        if value <= enough:
            break
        if s == 0:
            low = root_lower
            high = root_upper
        elif s == swaps + 1 or swap_pairs(P, z, low, high, trade, width) == 0:
            break
        else:
            most = 1
    return value


@kernel
def at_the_kink(P, C, z, lower, upper, trade, value):
    """Move a plan whose gains lie beside a kink of the year's tax towards it, in place; its exact cost, ``value`` before.

    The multipliers price gains at a mixture of the tax lines that meet there; beside the kink gains cost what one of them
    says. Lots are mixed first, then single moves are tried at the prices of every line.
    """
    A, K, free, R = size_of(P)
    S = trade[:, 1].sum()
    L = trade[:, 2].sum()
    if tax_slack(P, z, S, L) < WORTH:
        return value
    value = mix_lots(P, z, trade)
    trial = z.copy()
    for line in range(free + 1):
        if tax_slack(P, z, trade[:, 1].sum(), trade[:, 2].sum()) < WORTH:
            break
        for i in range(free):
            trial[A * K + A + i] = 1.0 if i == line else 0.0
        value = descend(P, C, trial, lower, upper, trade, 2)
    return value
