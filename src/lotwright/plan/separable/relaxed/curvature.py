"""The dual's curvature: a sum of rank-one terms, one for each trade or lot that answers to the multipliers."""

from __future__ import annotations

from lotwright.plan.separable.jit import kernel
from lotwright.plan.separable.relaxed.multipliers import sizes_of


@kernel
def add_rank_one(H, vector, weight, D):
    """Add weight times vector vector' to the lower triangle of H."""
    for i in range(D):
        if vector[i] != 0.0:
            scaled = weight * vector[i]
            for k in range(i + 1):
                H[i, k] += scaled * vector[k]


@kernel
def answer_of(C, part, j, state, rate, vector, D):
    """Fill vector with what holding j's freely moving trade contributes to every multiplier's slope, per fraction."""
    A, DU, P, R = sizes_of(part)
    h = C.holding[j]
    vector[:D] = 0.0
    first = part["load"] + (j - part["holding"]) * part["width"]
    for k in range(part["width"]):
        vector[C.at[first + k]] += C.load[first + k]
    vector[DU + h["account"]] = 1.0 + h["buy_rate"] if state == 1 else 1.0 - h["sell_rate"]
    for r in range(R):
        if C.row_trades[part["row"] + r]:
            vector[DU + A + P + r] = C.coefficient[part["coefficient"] + r * part["holdings"] + j - part["holding"]]
    if state > 1:
        for i in range(P):
            vector[DU + A + i] = -rate * C.line[part["line"] + i, state - 2]
        for r in range(R):
            vector[DU + A + P + r] -= rate * C.row_gain[part["row"] + r, state - 2]


@kernel
def renew_curvature(C, part, H, state, rate, known, known_rate, vector, D, afresh):
    """Bring H up to date with the holdings that move freely now."""
    if afresh:
        DU = sizes_of(part)[1]
        H[:D, :D] = 0.0
        for i in range(DU):
            H[i, i] = 0.5
        known[:] = 0
    for here in range(state.shape[0]):
        if state[here] != known[here] or (state[here] > 1 and rate[here] != known_rate[here]):
            j = part["holding"] + here
            weight = 0.5 / C.holding[j]["specific"]
            if known[here] > 0:
                answer_of(C, part, j, known[here], known_rate[here], vector, D)
                add_rank_one(H, vector, -weight, D)
            if state[here] > 0:
                answer_of(C, part, j, state[here], rate[here], vector, D)
                add_rank_one(H, vector, weight, D)
            known[here] = state[here]
            known_rate[here] = rate[here]


@kernel
def add_softened(C, part, j, soft, given, moves, limited, H, vector, summed, D):
    """Add the curvature of a softened holding to H."""
    A, DU, P, R = sizes_of(part)
    h = C.holding[j]
    cash = DU + h["account"]
    if moves == 1:
        answer_of(C, part, j, 1, 0.0, vector, D)
        add_rank_one(H, vector, 0.5 / h["specific"], D)
    total = 0.0
    summed[:D] = 0.0
    for lot in range(h["first"], h["stop"]):
        if not 0.0 < given[lot] < C.size[lot]:
            continue
        weight = C.size[lot] / soft
        side = 1 if lot >= h["longs"] else 0
        vector[:D] = 0.0
        if moves == 0 and limited == 0:
            answer_of(C, part, j, 2 + side, C.gain[lot], vector, D)
        else:
            vector[cash] = h["sell_rate"] + (h["buy_rate"] if limited == 0 else 0.0)
            for i in range(P):
                vector[DU + A + i] = C.gain[lot] * C.line[part["line"] + i, side]
            for r in range(R):
                vector[DU + A + P + r] = C.gain[lot] * C.row_gain[part["row"] + r, side]
        add_rank_one(H, vector, weight, D)
        total += weight
        for i in range(D):
            summed[i] += weight * vector[i]
    if total > 0.0 and limited == 1:
        add_rank_one(H, summed, -1.0 / total, D)
    elif total > 0.0 and moves == 0:
        add_rank_one(H, summed, -2.0 * h["specific"] / (1.0 + 2.0 * h["specific"] * total), D)
