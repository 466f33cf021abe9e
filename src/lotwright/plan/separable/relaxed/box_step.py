"""A quadratic model's best step within limits, by a primal active set: a handful of cash, tax and row multipliers."""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.cholesky import factorise, substitute
from lotwright.plan.separable.jit import kernel


@kernel
def box_step(S, g, low, high, step, scratch, m):
    """Maximise ``g'd - d'Sd / 2`` over low <= d <= high, from d = 0 by a primal active set; the best found is left in step."""
    fixed = np.zeros(m, dtype=np.int64)
    place = np.zeros(m, dtype=np.int64)
    rhs = np.zeros(m)
    for i in range(m):
        step[i] = 0.0
        if high[i] <= 0.0 and g[i] >= 0.0:
            fixed[i] = 1
        elif low[i] >= 0.0 and g[i] <= 0.0:
            fixed[i] = -1
    for turn in range(6 * m + 6):
        free = 0
        for i in range(m):
            if fixed[i] == 0:
                place[free] = i
                free += 1
        for p in range(free):
            i = place[p]
            rhs[p] = g[i]
            for k in range(m):
                rhs[p] -= (S[i, k] if i >= k else S[k, i]) * step[k]
            for q in range(p + 1):
                scratch[p, q] = S[i, place[q]]
            scratch[p, p] += 1e-11 * S[i, i] + 1e-22
        factorise(scratch[:free, :free])
        substitute(scratch[:free, :free], rhs, free)
        share = 1.0
        block = -1
        for p in range(free):
            i = place[p]
            if rhs[p] > 0.0 and step[i] + share * rhs[p] > high[i]:
                share = max((high[i] - step[i]) / rhs[p], 0.0)
                block = i
            elif rhs[p] < 0.0 and step[i] + share * rhs[p] < low[i]:
                share = max((low[i] - step[i]) / rhs[p], 0.0)
                block = i
        for p in range(free):
            step[place[p]] += share * rhs[p]
            if place[p] == block:
                fixed[block] = 1 if rhs[p] > 0.0 else -1
                step[block] = high[block] if rhs[p] > 0.0 else low[block]
        if block >= 0:
            continue
        worst = 0.0
        which = -1
        for i in range(m):
            if fixed[i] != 0 and low[i] < high[i]:
                slope = g[i]
                for k in range(m):
                    slope -= (S[i, k] if i >= k else S[k, i]) * step[k]
                wrong = -slope * fixed[i] * (high[i] - low[i])
                if wrong > worst + 1e-13:
                    worst = wrong
                    which = i
        if which < 0:
            break
        fixed[which] = 0
