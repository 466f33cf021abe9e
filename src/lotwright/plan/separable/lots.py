"""Which lots a sale takes: the kernels' choice, replayed once for the plan that won."""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.problem import Scaled
from lotwright.plan.snapshot import Floats


def lots_taken(problem: Scaled, j: int, row: Floats, count: int) -> Floats:
    """Shares of each snapshot lot, shape (count,), that the sale in ``row`` of holding ``j`` takes.

    Ordered holdings give lots in their order; elsewhere first what must leave whole for a loss to be allowed, then the
    cheapest gain first at the prices of gain the sale was found at (``row[5]``, ``row[6]``), short-term first on a tie.
    """
    part = problem.pieces[0]
    holding, lots = part.holding[j], part.lot
    own = range(int(holding["first"]), int(holding["stop"]))
    kind, purchase, short, long = int(row[3]), int(row[4]), row[5], row[6]
    taken = np.zeros(count)
    left = -float(row[0])
    for lot in _sequence(holding, lots, own, kind, purchase, short, long):
        quantity = min(left, float(lots[lot]["shares"]))
        taken[problem.lot_order[lot]] = quantity
        left -= quantity
        if left <= 1e-9 * max(1.0, -float(row[0])):
            break
    return taken


def _sequence(
    holding: np.void, lots: np.ndarray, own: range, kind: int, purchase: int, short: float, long: float
) -> list[int]:
    """Lots in the order they leave."""
    if holding["ordered"]:
        return list(own)
    with_losses = kind == 2
    first = [lot for lot in own if with_losses and lots[lot]["clearable"] and lots[lot]["purchase"] != purchase]
    rest = [
        lot
        for lot in own
        if lot not in first
        and (not lots[lot]["loss"] or (with_losses and (purchase == -1 or lots[lot]["purchase"] == purchase)))
    ]
    rest.sort(key=lambda lot: (lots[lot]["gain"] * (long if lots[lot]["long"] else short), lots[lot]["long"], lot))
    return first + rest
