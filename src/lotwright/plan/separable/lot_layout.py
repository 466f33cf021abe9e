"""Lots as the kernels read them: in the order they may leave, and what selling each comes to under the wash-sale rule.

Everything here is arrays over all lots or all recent purchases of a household at once: an account of 500 names is laid
out as fast as one of ten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from lotwright.plan.separable.problem import GAINS_ONLY, LOT, NOTHING, SCALE, WITH_LOSSES
from lotwright.plan.snapshot import Bools, Floats, Ints, Snapshot

if TYPE_CHECKING:
    from lotwright.plan.separable.form import SeparableForm


def lot_order(snapshot: Snapshot, barred: Bools) -> tuple[Ints, Ints, Ints]:
    """Lots of free holdings sorted short-term first, then by gain (largest loss first), barred ones last; ordered ones as
    they are. With them where each holding's long-term lots begin, and where the lots it may sell end.
    """
    count = len(snapshot.symbol)
    free = ~snapshot.is_ordered[snapshot.lot_holding] if len(snapshot.lot_holding) else np.zeros(0, dtype=bool)
    rank = np.arange(len(snapshot.lot_holding))
    order = np.lexsort(
        (
            rank,
            np.where(free, snapshot.lot_gain, 0.0),
            np.where(free, snapshot.lot_is_long, False),
            np.where(free, barred, False),
            snapshot.lot_holding,
        )
    )
    begin, end = snapshot.offset[:-1], snapshot.offset[1:]
    shorts, kept = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    if len(rank):
        shorts = np.bincount(snapshot.lot_holding[~snapshot.lot_is_long & ~(barred & free)], minlength=count)
        kept = np.bincount(snapshot.lot_holding[barred & free], minlength=count)
    return order.astype(np.int64), (begin + shorts).astype(np.int64), (end - kept).astype(np.int64)


def before_barred(form: SeparableForm) -> Floats:
    """Shares of each holding that may leave: under a standing order, those before the first barred lot."""
    s = form.snapshot
    free: Floats = s.quantity.copy()
    for j in np.unique(s.lot_holding[form.barred]) if len(s.lot) else ():
        lots = slice(s.offset[j], s.offset[j + 1])
        may = ~form.barred[lots]
        if s.is_ordered[j]:
            may = np.logical_and.accumulate(may)
        free[j] = s.lot_quantity[lots][may].sum()
    return free


def lot_rows(form: SeparableForm, order: Ints) -> tuple[np.ndarray, Ints, Ints]:
    """Every lot as a ``LOT``; where each holding's ways to realise losses begin, shape (n + 1,); and these ways.

    A loss on a lot is free of a wash sale only if every recent purchase of its group other than its own is *cleared*: none
    of it sold before, and all of it sold in this plan in the same holding (the same order), so that neither reading of
    Treas. Reg. 1.1091-1 finds a replacement. So a holding has no way to realise losses when another recent purchase cannot
    be cleared from here, one way (all clearable purchases sold whole) when none stands in the way, and one more for each
    recent purchase of its own whose lots alone are sold at a loss (the others, sold whole, must not lose), unless the law
    does not excuse a loss for being the purchase's own.
    """
    s = form.snapshot
    lot = np.zeros(len(order), dtype=LOT)
    offset = np.zeros(len(s.symbol) + 1, dtype=np.int64)
    if not len(order):
        return lot, offset, np.zeros(0, dtype=np.int64)
    purchase = s.lot_purchase[order]
    lot["shares"] = s.lot_quantity[order]
    lot["gain"] = s.lot_gain[order] / s.total_value
    lot["long"] = s.lot_is_long[order]
    lot["purchase"] = purchase
    lot["loss"] = s.lot_is_guarded[order] & form.wash
    is_here = _clearable_purchases(s, purchase[form.barred[order]])
    loses = np.bincount(s.lot_holding[lot["loss"] == 1], minlength=len(s.symbol)) > 0
    lot["clearable"] = np.append(is_here, False)[purchase] & loses[s.lot_holding]
    holding, way = _ways(s, lot, is_here, loses)
    np.cumsum(np.bincount(holding, minlength=len(s.symbol)), out=offset[1:])
    lot["inside"] = lot["end"] = GAINS_ONLY
    ordered = np.flatnonzero(s.is_ordered & (np.diff(s.offset) > 0))
    if len(ordered):
        _running_sums(s, lot, ordered)
        _endings(s, lot, loses & s.is_ordered, holding, way)
    return lot, offset, way


def _clearable_purchases(s: Snapshot, kept: Ints) -> Bools:
    """Recent purchases of which all is held in one holding and may leave it, shape (P,)."""
    is_here: Bools = (s.purchase_holding >= 0) & ~s.purchase_has_left
    is_here[kept[kept >= 0]] = False
    is_here[is_here] = s.group_of[s.purchase_holding[is_here]] == s.purchase_group[is_here]
    return is_here


def _ways(s: Snapshot, lot: np.ndarray, is_here: Bools, loses: Bools) -> tuple[Ints, Ints]:
    """Ways to realise losses, each with its holding, in the order of holdings."""
    n, purchases = len(s.symbol), np.arange(len(is_here))
    own = lot["purchase"][(lot["loss"] == 1) & (lot["clearable"] == 1)]
    is_losing = np.zeros(len(is_here), dtype=bool)
    is_losing[own] = True
    place = s.purchase_holding
    losing = np.bincount(place[is_losing], minlength=n)
    blocking = _of_groups(s, purchases, None) - np.bincount(place[is_here], minlength=n)
    alone = loses & (blocking == 0)
    excused = is_here & alone[place] & ((losing[place] == 0) | ((losing[place] == 1) & is_losing))
    if not s.law.own_purchase_excuses:
        excused[:] = False
    one = np.flatnonzero(loses & (blocking == 1) & (losing == 0))
    blocks = (_of_groups(s, purchases, purchases) - np.bincount(place[is_here], purchases[is_here], n).astype(int))[one]
    mine = place[blocks] == one
    free = np.flatnonzero(alone)
    holding = np.concatenate([free, place[excused], one[mine]]).astype(np.int64)
    way = np.concatenate([np.full(len(free), -1), purchases[excused], blocks[mine]]).astype(np.int64)
    order = np.lexsort((way, holding))
    return holding[order], way[order]


def _of_groups(s: Snapshot, purchases: Ints, weight: Ints | None) -> Ints:
    """For each holding the number of recent purchases of its group, or the sum of their weights, shape (n,)."""
    counted = (
        np.bincount(s.purchase_group, weight, minlength=len(s.group)) if len(purchases) else np.zeros(len(s.group))
    )
    return counted.astype(np.int64)[s.group_of]


def _running_sums(s: Snapshot, lot: np.ndarray, ordered: Ints) -> None:
    """Shares and gains from a holding's first lot through each of its lots, where lots leave in a fixed order."""
    count = np.diff(s.offset)[ordered]
    row = np.repeat(np.arange(len(ordered)), count)
    at = np.flatnonzero(s.is_ordered[s.lot_holding])
    column = at - s.offset[ordered][row]
    gain, is_long = lot["shares"][at] * lot["gain"][at], lot["long"][at] == 1
    for name, values in {
        "through": lot["shares"][at],
        "through_short": np.where(is_long, 0.0, gain),
        "through_long": np.where(is_long, gain, 0.0),
    }.items():
        # added up holding by holding, from its own zero: sums in another order would be other plans
        table = np.zeros((len(ordered), int(count.max())))
        table[row, column] = values
        lot[name][at] = np.cumsum(table, axis=1)[row, column]


def _endings(s: Snapshot, lot: np.ndarray, wanted: Bools, holding: Ints, way: Ints) -> None:
    """What an ordered sale is that ends inside each lot or at its end, in holdings of which some lot loses.

    The purchases its losses are of must be all cleared, or one alone which is a way of the holding.
    """
    at = np.flatnonzero(wanted[s.lot_holding])
    if not len(at):
        return
    j = s.lot_holding[at]
    loss, clearable = lot["loss"][at] == 1, lot["clearable"][at] == 1
    purchase = lot["purchase"][at]
    start, stop = _segments(j)
    first = np.full(len(s.symbol), -1, dtype=np.int64)
    losing = np.flatnonzero(loss)[::-1]
    first[j[losing]] = purchase[losing]  # the first loss of each holding is written last
    own = first[j]
    no_owner = _through(loss, start) == 0
    one_owner = _through(loss & (purchase != own), start) == 0
    takes_all = np.zeros(len(s.symbol), dtype=bool)
    takes_all[holding[way == -1]] = True
    is_way = np.zeros(len(s.purchase_group) + 1, dtype=bool)
    is_way[way[way >= 0]] = True
    own_way = (own >= 0) & is_way[own] & one_owner
    foreign = clearable & (purchase != own)
    for name, here in (("inside", 0), ("end", 1)):
        cleared = _after(clearable, stop, here) == 0
        others_cleared = _after(foreign, stop, here) == 0
        with_losses = (takes_all[j] & cleared) | (own_way & others_cleared)
        lot[name][at] = np.where(no_owner, GAINS_ONLY, np.where(with_losses, WITH_LOSSES, NOTHING))


def _segments(j: Ints) -> tuple[Ints, Ints]:
    """Where the run of equal numbers that each stands in begins and ends."""
    begins = np.flatnonzero(np.diff(j, prepend=-1))
    run = np.cumsum(np.diff(j, prepend=-1) != 0) - 1
    return begins[run], np.append(begins[1:], len(j))[run]


def _through(flag: Bools, start: Ints) -> Ints:
    """How many are true from the first of the run through each."""
    total = np.concatenate([[0], np.cumsum(flag)])
    count: Ints = total[1:] - total[start]
    return count


def _after(flag: Bools, stop: Ints, here: int) -> Ints:
    """How many are true from each (``here`` 0) or from the next one (1) to the end of the run."""
    total = np.concatenate([[0], np.cumsum(flag)])
    count: Ints = total[stop] - total[np.arange(len(flag)) + here]
    return count


def price_lots(form: SeparableForm, lot: np.ndarray, order: Ints) -> Floats:
    """Set what lots cost and how many shares leave before them in their turn; bp a share out of turn of each holding."""
    s = form.snapshot
    per_share = s.price * SCALE / s.total_value
    lot["cost"] = (form.lot_cost * per_share[s.lot_holding])[order]
    for j in np.flatnonzero(s.is_ordered) if form.lot_cost.any() else ():
        own = slice(s.offset[j], s.offset[j + 1])
        lot["through_cost"][own] = np.cumsum(lot["shares"][own] * lot["cost"][own])
    before, price = np.zeros(len(lot)), np.zeros(len(s.symbol))
    for own_turn in form.turns:
        before[own_turn] = np.cumsum(s.lot_quantity[own_turn]) - s.lot_quantity[own_turn]
        price[s.lot_holding[own_turn[0]]] = form.turn_price
    lot["before"] = before[order]
    return price * per_share
