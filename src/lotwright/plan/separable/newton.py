"""Multipliers directly from the dual: a projected semismooth Newton ascent.

The dual is concave and, away from kinks, quadratic: where holding j trades freely, its trade moves against its slope by
1 / (2 D_j), so the curvature is a sum of rank-one terms, one for each trading holding, plus 1/2 for every factor. Kinks
(tickets, wash-sale choices, whole shares) are crossed by a backtracking line search on the exact dual; variables at a bound
that the gradient pushes outwards are held. What it ends with is within a few bp of the best multipliers at a small multiple
of the cost of one evaluation: the start for :mod:`.master`.
"""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.cells import column
from lotwright.plan.separable.cholesky import cholesky_solve
from lotwright.plan.separable.columns import add_curvature_of
from lotwright.plan.separable.dual import clip, evaluate, size_of
from lotwright.plan.separable.jit import kernel
from lotwright.plan.separable.problem import ROW


@kernel
def slope_and_curvature(P, z, opts, pick, stiff, gradient, H):
    """Gradient of the dual at z (from evaluate's choices) and minus its Hessian where holdings trade freely."""
    A, K, free, R = size_of(P)
    DU = A * K
    D = DU + A + free + R
    Z = P.load.shape[1]
    at = np.zeros(Z + 1 + free + R, dtype=np.int64)
    b = np.zeros(Z + 1 + free + R)
    row = np.zeros(ROW)
    for i in range(D):
        gradient[i] = -0.5 * z[i] if i < DU else 0.0
        for k in range(D):
            H[i, k] = 0.0
        H[i, i] = 0.5 if i < DU else 1e-9
    S = P.start[0]
    L = P.start[1]
    for a in range(A):
        account = P.account[a]
        level = max(account["target"], account["floor"])
        if z[DU + a] > account["shortfall"]:
            level = account["floor"]
        gradient[DU + a] = level - account["cash"]
    for r in range(R):
        gradient[DU + A + free + r] = -P.row_right[r]
    for j in range(P.holding.shape[0]):
        h = P.holding[j]
        X = opts[j, pick[j], 1]
        short = opts[j, pick[j], 2]
        long = opts[j, pick[j], 3]
        alone, x, spent = column(h, X)
        base = h["account"] * K
        S += short
        L += long
        for k in range(Z):
            gradient[base + P.at[j, k]] += P.load[j, k] * (h["active"] + x)
        gradient[DU + h["account"]] += spent
        for r in range(R):
            gradient[DU + A + free + r] += P.row[r, j] * x + P.row_gain[r, 0] * short + P.row_gain[r, 1] * long
        row[0], row[1], row[2], row[7] = X, short, long, opts[j, pick[j], 5]
        add_curvature_of(P, j, row, stiff, H, at, b)
    for i in range(free):
        gradient[DU + A + i] = (
            (P.line[i, 0] - P.line[free, 0]) * S + (P.line[i, 1] - P.line[free, 1]) * L + P.line[i, 2] - P.line[free, 2]
        )


@kernel
def hold_bounds(P, z, gradient, H):
    """Hold variables at a bound that the gradient pushes outwards: their rows of H become the identity."""
    A, K, free, R = size_of(P)
    DU = A * K
    D = DU + A + free + R
    total = 0.0
    for i in range(free):
        total += z[DU + A + i]
    for i in range(DU, D):
        held = False
        if i < DU + A:
            held = z[i] <= -P.account[i - DU]["idle"] + 1e-9 and gradient[i] < 0.0
        elif i < DU + A + free:
            held = (z[i] <= 1e-12 and gradient[i] < 0.0) or (total >= 1.0 - 1e-12 and gradient[i] > 0.0)
        else:
            r = i - DU - A - free
            held = (z[i] <= 1e-12 and gradient[i] < 0.0) or (z[i] >= P.row_price[r] and gradient[i] > 0.0)
        if held:
            gradient[i] = 0.0
            for k in range(D):
                H[i, k] = 0.0
                H[k, i] = 0.0
            H[i, i] = 1.0
        elif i >= DU + A + free:
            H[i, i] += 1e-8
        elif i >= DU:
            H[i, i] += 1e-7


@kernel
def newton(P, lower, upper, z, opts, pick, steps):
    """Climb the exact dual from z, in place; returns the bound reached."""
    D = z.shape[0]
    gradient = np.zeros(D)
    H = np.zeros((D, D))
    clip(P, z)
    value = evaluate(P, z, lower, upper, opts, pick)
    trial = np.empty(D)
    stiff = 0.2
    for step in range(steps):
        if value == np.inf or value > 1e7:
            break
        slope_and_curvature(P, z, opts, pick, stiff, gradient, H)
        hold_bounds(P, z, gradient, H)
        cholesky_solve(H, gradient, D)
        length = 1.0
        moved = False
        for halving in range(8):
            for i in range(D):
                trial[i] = z[i] + length * gradient[i]
            clip(P, trial)
            reached = evaluate(P, trial, lower, upper, opts, pick)
            if reached > value + 1e-4 * (1.0 + abs(value)) * 1e-3:
                moved = True
                break
            length *= 0.4
        if not moved:
            evaluate(P, z, lower, upper, opts, pick)
            if stiff == 1.0:
                break
            stiff = 1.0
            continue
        z[:] = trial
        gained = reached - value
        value = reached
        if gained < 0.02:
            break
    return value
