"""Which lots a sale takes: the kernels' choice, replayed once for the plan that won."""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.problem import Scaled
from lotwright.plan.snapshot import Floats


def lots_taken(problem: Scaled, j: int, row: Floats, count: int) -> Floats:
    """Shares of each snapshot lot, shape (count,), that the sale in ``row`` of holding ``j`` takes.

    Ordered holdings give lots in their order; elsewhere first what must leave whole for a loss to be allowed, then the
    cheapest first at the prices of gain the sale was found at (``row[5]``, ``row[6]``), short-term first on a tie; where
    turns have a price, what a lot would give in its turn is cheaper than the rest of it.
    """
    part = problem.pieces[0]
    holding, lots = part.holding[j], part.lot
    own = range(int(holding["first"]), int(holding["stop"]))
    kind, purchase, short, long = int(row[3]), int(row[4]), row[5], row[6]
    taken = np.zeros(count)
    shares = left = -float(row[0])
    for lot, size in _sequence(holding, lots, own, kind, purchase, (short, long), shares):
        quantity = min(left, size)
        taken[problem.lot_order[lot]] += quantity
        left -= quantity
        if left <= 1e-9 * max(1.0, shares):
            break
    return taken


def _sequence(
    holding: np.void,
    lots: np.ndarray,
    own: range,
    kind: int,
    purchase: int,
    prices: tuple[float, float],
    shares: float,
) -> list[tuple[int, float]]:
    """Lots, or parts of them, in the order they leave, and the shares in each."""
    if holding["ordered"]:
        return [(lot, float(lots[lot]["shares"])) for lot in own]
    with_losses = kind == 2
    first = [lot for lot in own if with_losses and lots[lot]["clearable"] and lots[lot]["purchase"] != purchase]
    rest = [
        lot
        for lot in own
        if lot not in first
        and (not lots[lot]["loss"] or (with_losses and (purchase == -1 or lots[lot]["purchase"] == purchase)))
    ]
    turn = float(holding["turn_price"])
    parts = []
    for lot in rest:
        one = lots[lot]
        key, size = one["gain"] * prices[int(one["long"])] + one["cost"], float(one["shares"])
        free = min(max(shares - float(one["before"]), 0.0), size) if turn > 0 else size
        parts += [(key, False, lot, free), (key + turn, True, lot, size - free)]
    parts.sort(key=lambda part: part[:3])
    return [(lot, float(lots[lot]["shares"])) for lot in first] + [(lot, size) for _, _, lot, size in parts if size > 0]
