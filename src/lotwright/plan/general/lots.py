"""From a mixed-integer answer to trades in exact multiples, lot by lot.

HiGHS's integers are off by 1e-14 and its lot amounts by more, so only the *choice* is taken from it: how many steps
each order has and in which order lots fill it. Quantities are then made in ``Decimal`` and rounded once.
"""

from __future__ import annotations

from decimal import Decimal

import numpy as np

from lotwright.plan.decision import Decision
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Floats, Ints, Snapshot

TOUCHED = 1e-7
"""Part of a lot below which HiGHS has not sold any of it."""


def trades_of(snapshot: Snapshot, decision: Decision, increment: Floats) -> Trades:
    """Trades in exact multiples of ``increment`` (or whole positions) from the values of an exact decision."""
    units = decision.units
    assert units is not None
    net = np.array([float(Decimal(str(i)) * round(k)) for i, k in zip(increment, units.buy.value, strict=True)])
    for j in np.flatnonzero(np.round(units.sell.value) + np.round(units.close.value) > 0):
        closes = round(units.close.value[j]) == 1
        sold = Decimal(str(increment[j])) * round(units.sell.value[j])
        net[j] = -snapshot.quantity[j] if closes else -float(sold)
    part = decision.sell.value / fraction_of_lots(snapshot) if snapshot.lot else np.zeros(0)
    return fill(snapshot, net, queues(snapshot, part))


def fraction_of_lots(snapshot: Snapshot) -> Floats:
    """Dollars of each lot as a fraction of household value, shape (L,)."""
    dollars: Floats = snapshot.lot_quantity * snapshot.price[snapshot.lot_holding]
    return dollars / snapshot.total_value


def queues(snapshot: Snapshot, part: Floats) -> list[Ints]:
    """For each holding, its lots in the order a sale takes them.

    Standing relief orders are what they are. Elsewhere lots the answer sold come first, most of a lot first; the others
    follow, the greatest loss (least gain) a share first.
    """
    out = []
    for j in range(len(snapshot.symbol)):
        lots = np.arange(snapshot.offset[j], snapshot.offset[j + 1])
        if not snapshot.is_ordered[j]:
            sold = np.round(np.where(part[lots] > TOUCHED, part[lots], 0.0), 6)
            lots = lots[np.lexsort((lots, snapshot.lot_gain[lots], -sold))]
        out.append(lots)
    return out


def fill(snapshot: Snapshot, net: Floats, queue: list[Ints]) -> Trades:
    """Trades of ``net`` shares a holding (negative: sold), each sale taking lots in its queue's order."""
    sell = np.zeros(len(snapshot.lot))
    for j in np.flatnonzero(net < 0):
        left = sum((snapshot.lot[k].quantity for k in queue[j]), Decimal(0))
        if -net[j] < snapshot.quantity[j]:
            left = Decimal(repr(float(-net[j])))
        for k in queue[j]:
            taken = min(left, snapshot.lot[k].quantity)
            sell[k] = float(taken)
            left -= taken
            if left <= 0:
                break
    return Trades(sell=sell, buy=np.maximum(net, 0.0))
