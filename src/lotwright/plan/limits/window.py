"""What the wash-sale window lets each lot do, in plain words and arrays: one place for every limit that needs it.

A recent purchase (last 30 days, anywhere in the household) replaces shares sold at a loss unless it is the purchase
those shares came from, or unless it is *cleared*: nothing of it was sold before and all of it leaves in the same order,
so that under every reading of the law nothing of it is left to replace anything (TAX_RULES B1, rules 9-11, 19 and 20).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lotwright.book.remembered import Remembered
from lotwright.plan.snapshot import Bools, Floats, Ints, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LossRules:
    """For each lot, shape (L,): may it be sold, and what must leave with it.

    ``is_guarded``: selling it is at odds with purchases (in the United States: realises a loss). ``is_barred``: no sale of
    it is ever clean today. ``must_clear``: lots that must leave wholly in the same plan if any of it does (empty for most).
    """

    is_guarded: Bools
    is_barred: Bools
    must_clear: tuple[Ints, ...]


def loss_rules(snapshot: Snapshot) -> LossRules:
    """Work out, lot by lot, what the window demands of a guarded sale; remembered, as several limits ask."""
    return _remembered(snapshot)


def _loss_rules(snapshot: Snapshot) -> LossRules:
    is_guarded = snapshot.lot_is_guarded
    barred = np.zeros(len(snapshot.lot), dtype=bool)
    nothing = np.zeros(0, dtype=np.int64)
    clear = [nothing] * len(snapshot.lot)
    recent: dict[int, list[int]] = {}
    for p, group in enumerate(snapshot.purchase_group.tolist()):
        recent.setdefault(group, []).append(p)
    bought: dict[int, list[int]] = {}
    for k, p in enumerate(snapshot.lot_purchase.tolist()):
        if p >= 0:
            bought.setdefault(p, []).append(k)
    is_recent = np.zeros(len(snapshot.group), dtype=bool)
    is_recent[snapshot.purchase_group] = True
    for lot in np.flatnonzero(is_guarded & is_recent[snapshot.group_of][snapshot.lot_holding]):
        holding = int(snapshot.lot_holding[lot])
        own = snapshot.lot_purchase[lot] if snapshot.law.own_purchase_excuses else -1
        others = [p for p in recent.get(int(snapshot.group_of[holding]), []) if p != own]
        if any(snapshot.purchase_has_left[p] or snapshot.purchase_holding[p] != holding for p in others):
            barred[lot] = True
        elif others:
            clear[lot] = np.array(sorted(k for p in others for k in bought.get(p, ())), dtype=np.int64)
    return LossRules(is_guarded=is_guarded, is_barred=barred, must_clear=tuple(clear))


_remembered = Remembered(_loss_rules, most=2)


def sellable(snapshot: Snapshot) -> Floats:
    """Shares of each holding that can be sold today without a wash sale if its group is not bought, shape (n,).

    None of what the program itself does not sell: what limits demand to be sold gives way to that.
    """
    rules = loss_rules(snapshot)
    most = snapshot.quantity.copy()  # what must be cleared is in the same holding: sell all of it
    most[list(snapshot.closed)] = 0.0
    for j in np.unique(snapshot.lot_holding[rules.is_barred]).tolist():
        if j in snapshot.closed:
            continue
        lots = np.arange(snapshot.offset[j], snapshot.offset[j + 1])
        free = np.array([not rules.is_barred[lot] and not len(rules.must_clear[lot]) for lot in lots])
        if snapshot.is_ordered[j]:
            free = np.logical_and.accumulate(free)
        most[j] = snapshot.lot_quantity[lots][free].sum()
    return most
