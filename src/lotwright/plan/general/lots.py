"""From a mixed-integer answer to trades in exact multiples, lot by lot.

HiGHS's integers are off by 1e-14 and its lot amounts by more, so only the *choice* is taken from it: how many steps
each order has and in which order lots fill it. Quantities are then made in ``Decimal`` and rounded once.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

import numpy as np

from lotwright.plan.decision import Decision
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Bools, Floats, Ints, Snapshot

NEARLY = Decimal("0.001")
"""Part of a step that a solver's amount may miss a multiple by."""
TOUCHED = 1e-7
"""Part of a lot below which HiGHS has not sold any of it."""


def trades_of(snapshot: Snapshot, decision: Decision, *, increment: Floats, coarse: Bools) -> Trades:
    """Trades in exact multiples of ``increment`` (or whole positions) from the values of an exact decision.

    Where steps are ``coarse`` the decision's integer units are taken; elsewhere amounts are rounded, buys down and
    sales up, so that cash is kept, but never beyond the lots that were sold.
    """
    part = decision.sell.value / fraction_of_lots(snapshot) if snapshot.lot else np.zeros(0)
    net = np.zeros(len(snapshot.symbol))
    for j in range(len(net)):
        lots = slice(snapshot.offset[j], snapshot.offset[j + 1])
        touched = [snapshot.lot[k].quantity for k in range(lots.start, lots.stop) if part[k] > TOUCHED]
        step = Decimal(str(increment[j]))
        if coarse[j]:
            net[j] = _whole(snapshot, decision, j, step)
        else:
            bought = Decimal(float(decision.buy.value[j]) * decision.scale / float(snapshot.price[j]))
            sold = Decimal(float(part[lots] @ snapshot.lot_quantity[lots]))
            net[j] = _rounded(bought, sold, step=step, touched=sum(touched, Decimal(0)), held=_held(snapshot, j))
    return fill(snapshot, net, queues(snapshot, part))


def _whole(snapshot: Snapshot, decision: Decision, holding: int, step: Decimal) -> float:
    """Net shares by integer units."""
    units = decision.units
    if units is None:
        return 0.0
    if (
        round(units.close.value[holding]) == 1
        and round(units.sell.value[holding]) >= 0
        and _is_odd(snapshot, holding, step)
    ):
        return -float(_held(snapshot, holding))
    return float(step * (round(units.buy.value[holding]) - round(units.sell.value[holding])))


def _is_odd(snapshot: Snapshot, holding: int, step: Decimal) -> bool:
    """True if the position is no multiple of the step, so that closing it is a choice of its own."""
    return bool(_held(snapshot, holding) % step)


def _held(snapshot: Snapshot, holding: int) -> Decimal:
    lots = snapshot.lot[snapshot.offset[holding] : snapshot.offset[holding + 1]]
    return sum((item.quantity for item in lots), Decimal(0))


def _rounded(bought: Decimal, sold: Decimal, *, step: Decimal, touched: Decimal, held: Decimal) -> float:
    """Net shares from amounts a solver left between two multiples."""
    if sold <= step / 2:
        return float(step * (bought / step + NEARLY).to_integral_value(rounding=ROUND_FLOOR))
    if sold > held - step:
        return -float(held)
    up = step * (sold / step - NEARLY).to_integral_value(rounding=ROUND_CEILING)
    down = step * (sold / step + NEARLY).to_integral_value(rounding=ROUND_FLOOR)
    return -float(up if up <= touched else down)


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
