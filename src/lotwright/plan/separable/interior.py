"""The restricted master from scratch: an interior-point method (Mehrotra's predictor-corrector).

t and the column slacks are eliminated group by group, so that one step costs a small dense Cholesky factorisation plus a pass
over the columns.
"""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.cholesky import cholesky_solve, substitute
from lotwright.plan.separable.columns import edges, price_columns, slope_columns
from lotwright.plan.separable.dual import size_of
from lotwright.plan.separable.jit import kernel


@kernel
def spread(P, M, h, coefficient, out):
    """Add sum_c coefficient_c B_c over group h's columns to out."""
    A, K, free, R = size_of(P)
    DU = A * K
    g = M.source[M.start[h], 0]
    for i in range(M.q.shape[1]):
        total = 0.0
        for c in range(M.start[h], M.start[h + 1]):
            total += coefficient[c] * M.q[c, i]
        out[DU + i] += total
    if g < 0:
        return
    for m in range(P.members_offset[g], P.members_offset[g + 1]):
        j = P.members[m]
        total = 0.0
        for c in range(M.start[h], M.start[h + 1]):
            total += coefficient[c] * M.xs[c, m - P.members_offset[g]]
        base = P.holding[j]["account"] * K
        for k in range(P.load.shape[1]):
            out[base + P.at[j, k]] += total * P.load[j, k]


@kernel
def add_curvature(P, M, h, w, H, mean):
    """Add group h's sum w B B' - (sum w B)(sum w B)' / W to H (lower triangle); mean is scratch. Returns W."""
    A, K, free, R = size_of(P)
    Q = M.q.shape[1]
    Z = P.load.shape[1]
    DU = A * K
    g = M.source[M.start[h], 0]
    members = 0
    if g >= 0:
        members = P.members_offset[g + 1] - P.members_offset[g]
    size = members + Q
    W = 0.0
    for i in range(size):
        mean[i] = 0.0
    for c in range(M.start[h], M.start[h + 1]):
        W += w[c]
        for i in range(members):
            mean[i] += w[c] * M.xs[c, i]
        for i in range(Q):
            mean[members + i] += w[c] * M.q[c, i]
    for i in range(size):
        mean[i] /= W
    for i in range(members):
        ji = P.members[P.members_offset[g] + i]
        bi = P.holding[ji]["account"] * K
        for l in range(i + 1):
            jl = P.members[P.members_offset[g] + l]
            bl = P.holding[jl]["account"] * K
            total = 0.0
            for c in range(M.start[h], M.start[h + 1]):
                total += w[c] * (M.xs[c, i] - mean[i]) * (M.xs[c, l] - mean[l])
            for k in range(Z):
                scale = total * P.load[ji, k]
                if scale == 0.0:
                    continue
                row = bi + P.at[ji, k]
                if i == l:
                    for f in range(k + 1):
                        col = bl + P.at[jl, f]
                        H[max(row, col), min(row, col)] += scale * P.load[jl, f]
                    continue
                for f in range(Z):
                    col = bl + P.at[jl, f]
                    H[max(row, col), min(row, col)] += scale * P.load[jl, f] * (2.0 if row == col else 1.0)
        for o in range(Q):
            total = 0.0
            for c in range(M.start[h], M.start[h + 1]):
                total += w[c] * (M.xs[c, i] - mean[i]) * (M.q[c, o] - mean[members + o])
            if total != 0.0:
                for k in range(Z):
                    H[DU + o, bi + P.at[ji, k]] += total * P.load[ji, k]
    for o in range(Q):
        for f in range(o + 1):
            total = 0.0
            for c in range(M.start[h], M.start[h + 1]):
                total += w[c] * (M.q[c, o] - mean[members + o]) * (M.q[c, f] - mean[members + f])
            H[DU + o, DU + f] += total
    return W


@kernel
def bend_of(curve, z, z0, out):
    """Set out = curve (z - z0) for a symmetric matrix given by its lower triangle."""
    D = z.shape[0]
    for i in range(D):
        out[i] = 0.0
    for i in range(D):
        for k in range(i + 1):
            out[i] += curve[i, k] * (z[k] - z0[k])
            if k < i:
                out[k] += curve[i, k] * (z[i] - z0[i])


@kernel
def interior(P, M, curve, z, slack, goal, lam):
    """Move z to the best multipliers for the gathered columns, lam (C,) to the weights of the combination they prove.

    ``slack`` is how far inside the first point starts; ends when complementarity and slopes are below ``goal``.
    """
    A, K, free, R = size_of(P)
    DU = A * K
    Q = A + free + R
    D = DU + Q
    z0 = z.copy()
    bend = np.zeros(D)
    E = np.zeros((A + free + 1 + 2 * R, Q))
    e0 = np.zeros(A + free + 1 + 2 * R)
    plain = edges(P, E, e0)

    for i in range(free):
        z[DU + A + i] = 0.98 * z[DU + A + i] + 0.02 / (free + 1)
    for a in range(A):
        z[DU + a] = max(z[DU + a], 1.0 - P.account[a]["idle"])
    for r in range(R):
        room = P.row_price[r]
        z[DU + A + free + r] = max(z[DU + A + free + r], 1.0 if room == np.inf else 0.01 * room)
        if room < np.inf:
            z[DU + A + free + r] = min(z[DU + A + free + r], 0.99 * room)

    priced = np.empty(M.columns)
    s = np.empty(M.columns)
    t = np.empty(M.groups)
    price_columns(P, z, M, priced)
    for h in range(M.groups):
        low = np.inf
        for c in range(M.start[h], M.start[h + 1]):
            low = min(low, priced[c])
        t[h] = low - slack
        total = 0.0
        for c in range(M.start[h], M.start[h + 1]):
            s[c] = priced[c] - t[h]
            total += 1.0 / s[c]
        for c in range(M.start[h], M.start[h + 1]):
            lam[c] = 1.0 / (s[c] * total)
    e = np.empty(plain)
    eta = np.empty(plain)
    for r in range(plain):
        e[r] = e0[r]
        for i in range(Q):
            e[r] += E[r, i] * z[DU + i]
        eta[r] = slack / e[r]

    H = np.empty((D, D))
    rz = np.empty(D)
    rhs = np.empty(D)
    dz = np.empty(D)
    w = np.empty(M.columns)
    comp = np.empty(M.columns)
    comp_e = np.empty(plain)
    ds = np.empty(M.columns)
    dlam = np.empty(M.columns)
    de = np.empty(plain)
    deta = np.empty(plain)
    dt = np.empty(M.groups)
    Wg = np.empty(M.groups)
    mean = np.empty(M.xs.shape[1] + Q)
    work = np.empty(M.columns)
    for step in range(40):
        gap = 0.0
        for c in range(M.columns):
            gap += lam[c] * s[c]
            w[c] = lam[c] / s[c]
        for r in range(plain):
            gap += eta[r] * e[r]
        bend_of(curve, z, z0, bend)
        for i in range(D):
            rz[i] = (0.5 * z[i] if i < DU else 0.0) - M.lin[i] + bend[i]
        for i in range(D):
            rhs[i] = 0.0
        for h in range(M.groups):
            spread(P, M, h, lam, rhs)
        worst = 0.0
        for i in range(D):
            rz[i] -= rhs[i]
        for r in range(plain):
            for i in range(Q):
                rz[DU + i] -= eta[r] * E[r, i]
        for i in range(D):
            worst = max(worst, abs(rz[i]))
        if gap < goal and worst < 0.5 * goal:
            break
        mu = gap / (M.columns + plain)
        for i in range(D):
            for k in range(i + 1):
                H[i, k] = curve[i, k]
            if i < DU:
                H[i, i] += 0.5
            else:
                H[i, i] += 1e-9
        for h in range(M.groups):
            Wg[h] = add_curvature(P, M, h, w, H, mean)
        for r in range(plain):
            ratio = eta[r] / e[r]
            for i in range(Q):
                if E[r, i] != 0.0:
                    for k in range(i + 1):
                        H[DU + i, DU + k] += ratio * E[r, i] * E[r, k]
        for phase in range(2):
            if phase == 0:
                for c in range(M.columns):
                    comp[c] = lam[c] * s[c]
                for r in range(plain):
                    comp_e[r] = eta[r] * e[r]
            for i in range(D):
                rhs[i] = 0.0
            for h in range(M.groups):
                total = 0.0
                one = -1.0
                for c in range(M.start[h], M.start[h + 1]):
                    total += comp[c] / s[c]
                    one += lam[c]
                for c in range(M.start[h], M.start[h + 1]):
                    work[c] = w[c] / Wg[h] * (total - one) - comp[c] / s[c]
                dt[h] = total - one
                spread(P, M, h, work, rhs)
            for i in range(D):
                dz[i] = rhs[i] - rz[i]
            for r in range(plain):
                for i in range(Q):
                    dz[DU + i] -= E[r, i] * comp_e[r] / e[r]
            if phase == 0:
                cholesky_solve(H, dz, D)
            else:
                substitute(H, dz, D)
            # ds before dt: B dz per column
            slope_columns(P, dz, M, ds)
            longest = 1.0
            for h in range(M.groups):
                total = dt[h]
                for c in range(M.start[h], M.start[h + 1]):
                    total += w[c] * ds[c]
                dt[h] = total / Wg[h]
                for c in range(M.start[h], M.start[h + 1]):
                    ds[c] -= dt[h]
                    dlam[c] = -comp[c] / s[c] - w[c] * ds[c]
                    if ds[c] < 0.0:
                        longest = min(longest, -s[c] / ds[c])
                    if dlam[c] < 0.0:
                        longest = min(longest, -lam[c] / dlam[c])
            for r in range(plain):
                de[r] = 0.0
                for i in range(Q):
                    de[r] += E[r, i] * dz[DU + i]
                deta[r] = -comp_e[r] / e[r] - eta[r] / e[r] * de[r]
                if de[r] < 0.0:
                    longest = min(longest, -e[r] / de[r])
                if deta[r] < 0.0:
                    longest = min(longest, -eta[r] / deta[r])
            if phase == 0:
                after = 0.0
                for c in range(M.columns):
                    after += (lam[c] + longest * dlam[c]) * (s[c] + longest * ds[c])
                for r in range(plain):
                    after += (eta[r] + longest * deta[r]) * (e[r] + longest * de[r])
                centre = (after / gap) ** 3 * mu
                for c in range(M.columns):
                    comp[c] = lam[c] * s[c] + dlam[c] * ds[c] - centre
                for r in range(plain):
                    comp_e[r] = eta[r] * e[r] + deta[r] * de[r] - centre
        if longest < 1.0:
            longest *= 0.99
        for i in range(D):
            z[i] += longest * dz[i]
        for h in range(M.groups):
            t[h] += longest * dt[h]
        for c in range(M.columns):
            s[c] += longest * ds[c]
            lam[c] += longest * dlam[c]
        for r in range(plain):
            e[r] += longest * de[r]
            eta[r] += longest * deta[r]
        if longest < 1e-8:
            break
