"""A Newton step in all multipliers: factors are free and eliminated, what remains has limits and kinks it may not cross."""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.jit import kernel
from lotwright.plan.separable.relaxed.box_step import box_step
from lotwright.plan.separable.relaxed.multipliers import sizes_of


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
