"""Which lots a sale takes: the kernels' choice, replayed once for the plan that won."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import repeat

import numpy as np

from lotwright.plan.separable.problem import Scaled


def lots_taken(problem: Scaled, j: int, row: Sequence[float]) -> list[tuple[int, float]]:
    """Lots of the snapshot that the sale in ``row`` of holding ``j`` takes, and shares of each, in the order they leave.

    Ordered holdings give lots in their order; elsewhere first what must leave whole for a loss to be allowed, then the
    cheapest first at the prices of gain the sale was found at (``row[5]``, ``row[6]``), short-term first on a tie; where
    turns have a price, what a lot would give in its turn is cheaper than the rest of it, and a lot may come twice. The last
    ``row[8]`` shares take the lots cheapest at other prices, ``row[9]`` and ``row[10]``.
    """
    part = problem.pieces[0]
    holding = part.holding[j]
    first, stop = int(holding["first"]), int(holding["stop"])
    lots, name = part.lot[first:stop], problem.lot_order[first:stop].tolist()
    shares = -row[0]
    if holding["ordered"]:
        return _take(enumerate(lots["shares"].tolist()), shares, name)
    kind, purchase, turn = int(row[3]), int(row[4]), float(holding["turn_price"])
    taken = _take(_sequence(lots, kind, purchase, (row[5], row[6]), shares, turn), shares - row[8], name)
    if row[8] > 0:
        gone = dict(taken)
        rest = [
            (lot, size - gone.get(name[lot], 0.0))
            for lot, size in _sequence(lots, kind, purchase, (row[9], row[10]), shares, turn)
        ]
        taken += _take(rest, row[8], name)
    return taken


def _take(sequence: Iterable[tuple[int, float]], shares: float, name: list[int]) -> list[tuple[int, float]]:
    """The first shares of a sequence of lots and sizes."""
    taken = []
    left = shares
    for lot, size in sequence:
        if left <= 1e-9 * max(1.0, shares):
            break
        quantity = min(left, size)
        if quantity > 0:
            taken.append((name[lot], quantity))
        left -= quantity
    return taken


def _sequence(
    lots: np.ndarray, kind: int, purchase: int, prices: tuple[float, float], shares: float, turn: float
) -> list[tuple[int, float]]:
    """Lots that may be chosen, or parts of them, in the order they leave, and the shares in each."""
    size_of, from_purchase = lots["shares"].tolist(), lots["purchase"].tolist()
    with_losses = kind == 2
    first: list[int] = []
    if with_losses:
        clearable = lots["clearable"].tolist()
        first = [lot for lot, bought in enumerate(from_purchase) if clearable[lot] and bought != purchase]
    priced = zip(
        lots["loss"].tolist(),
        lots["gain"].tolist(),
        lots["long"].tolist(),
        lots["cost"].tolist(),
        lots["before"].tolist() if turn > 0 else repeat(0.0),
        strict=False,
    )
    parts = []
    for lot, (loss, gain, is_long, cost, before) in enumerate(priced):
        if lot in first or (loss and not (with_losses and purchase in (-1, from_purchase[lot]))):
            continue
        key, size = gain * prices[is_long] + cost, size_of[lot]
        free = min(max(shares - before, 0.0), size) if turn > 0 else size
        parts.append((key, False, lot, free))
        if turn > 0:
            parts.append((key + turn, True, lot, size - free))
    parts.sort(key=lambda part: part[:3])
    return [(lot, size_of[lot]) for lot in first] + [(lot, size) for _, _, lot, size in parts if size > 0]
