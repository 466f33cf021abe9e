"""The semismooth Newton ascent of one household's dual, with lots free or held to where they were."""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.jit import kernel
from lotwright.plan.separable.relaxed.curvature import renew_curvature
from lotwright.plan.separable.relaxed.dual import dual_at, gap_at
from lotwright.plan.separable.relaxed.multipliers import before_trade, sizes_of
from lotwright.plan.separable.relaxed.newton_step import moved_to, newton_step

TOLERANCE = 1e-7
"""Gap (bp) at which the ascent is content."""
RUNAWAY = 1e7
"""bp: a dual above it says that no trade keeps every limit."""


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
