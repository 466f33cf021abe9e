"""The separable form as the kernels read it: one tuple of arrays, money as a fraction of household value, costs in basis points.

Scaling: every dollar figure is divided by the household's value V and every cost multiplied by 1e4 / V, so that the solver
works in basis points of V whatever the account's size. ``SCALE`` = 1e4 is the objective's price of one unit of cash cost.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lotwright.plan.separable.form import SeparableForm
from lotwright.plan.snapshot import Bools, Floats, Ints, Snapshot

SCALE = 1e4
ORDINARY = 8.0
"""Dollars of sales for a dollar of tax up to which the rows of a tax budget need no other scale."""
SHARES_FACTORS = True
"""Whether the kernels take holdings of several accounts to one factor (``at`` below zero, see :func:`_loads`)."""
FEW = 60
"""Accounts with no more holdings than this are solved through columns alone."""
NOTHING, GAINS_ONLY, WITH_LOSSES = 0, 1, 2
"""What an ordered sale ending in (or at the end of) a lot is: not allowed, free of losses, allowed with losses."""


HOLDING = np.dtype(
    [
        ("account", np.int64),
        ("group", np.int64),
        ("price", float),
        ("held", float),
        ("step", float),
        ("smallest", float),
        ("keep", float),
        ("active", float),
        ("specific", float),
        ("buy_rate", float),
        ("sell_rate", float),
        ("ticket_cash", float),
        ("buy_cost", float),
        ("sell_cost", float),
        ("ticket_cost", float),
        ("ordered", np.int64),
        ("first", np.int64),
        ("longs", np.int64),
        ("stop", np.int64),
        ("way", np.int64),
        ("way_stop", np.int64),
        ("many", np.int64),
    ]
)
"""One holding. price, active: fractions of V; held, step: shares; smallest: fewest shares of an order that does not close the
position (a multiple of step); keep: fewest shares of a position after a trade that does not close it; specific: bp per
squared fraction; buy_rate, sell_rate: fraction paid in cash per fraction traded; ticket_cash: fraction per order; buy_cost,
sell_cost, ticket_cost: bp per fraction or order, not paid in cash; lots first:stop (long-term ones from longs on where lots
are free to choose); ways to realise losses way:way_stop; many: 1 in accounts of more than FEW holdings."""

LOT = np.dtype(
    [
        ("shares", float),
        ("gain", float),
        ("through", float),
        ("through_short", float),
        ("through_long", float),
        ("purchase", np.int64),
        ("long", np.int8),
        ("loss", np.int8),
        ("clearable", np.int8),
        ("inside", np.int8),
        ("end", np.int8),
    ]
)
"""One lot. gain: fraction of V per share; loss: 1 where selling realises a loss that a purchase could wash; clearable: 1 where
the lot is of a recent purchase that selling all of it here and now takes out of the way; through...: in ordered holdings,
shares and gains from the first lot through this one; inside, end: what a sale ending in this lot, or at its end, is."""

ACCOUNT = np.dtype(
    [("cash", float), ("floor", float), ("cent", float), ("target", float), ("idle", float), ("shortfall", float)]
)
"""One account: cash, floor and target as fractions of V, prices of idle and missing cash in bp per fraction. ``cent`` is what
the search keeps free of the floor for each order (see :func:`.search.cash_cost`), since orders are rounded to the cent."""


class Problem(NamedTuple):
    """Arrays of one household for one piece of the tax; n holdings, G groups, A accounts, K factors, P lines, R rows."""

    holding: np.ndarray
    """Shape (n,), dtype HOLDING."""
    lot: np.ndarray
    """Shape (L,), dtype LOT."""
    account: np.ndarray
    """Shape (A,), dtype ACCOUNT."""
    factors: Ints
    """Shape (1,): K, the most factors any account has."""
    load: Floats
    at: Ints
    """Shape (n, Z): a holding's nonzero loads (square root of bp per fraction) and which factor each is on, zero-padded."""
    way: Ints
    """Ways to realise losses. -1: every clearable purchase is sold whole, then any lot; k: all but purchase k are, and losses
    come from k's lots only."""
    members_offset: Ints
    members: Ints
    """Holdings of each group, shapes (G + 1,) and (n,)."""
    line: Floats
    """Shape (P, 3): tax lines (a, b, c) of this piece, bp."""
    lines: Floats
    """Shape (pieces, P, 3): those of every piece."""
    start: Floats
    """Shape (2,): the year's net short and long gain before the plan, fractions of V."""
    row: Floats
    row_gain: Floats
    row_right: Floats
    row_price: Floats
    """Couplings, shapes (R, n), (R, 2), (R,), (R,); price infinite when hard."""
    real_rows: Ints
    """Shape (1,): rows before this one are the program's; later ones only say which part of the year this piece is for."""
    tax_cap: Floats
    """Shape (1,): most tax (bp) the year may end with."""


class Scaled(NamedTuple):
    """The problem of each tax piece, the household's value, and the bounds of every holding in shares."""

    pieces: tuple[Problem, ...]
    value: float
    lower: Floats
    upper: Floats
    constant: float
    """bp to add to the kernels' objective: minus the tax without a plan."""
    lot_order: Ints
    """Kernel lot -> snapshot lot."""


def scaled(form: SeparableForm) -> Scaled:
    """Scale the form and lay it out for the kernels."""
    snapshot = form.snapshot
    total = snapshot.total_value
    order, longs, stop = _lot_order(snapshot, form.barred)
    bounds = _bounds(form)
    pieces = [_with_gain_cost(piece, form) for piece in form.pieces or [np.zeros((1, 3))]]
    width = max(len(piece) for piece in pieces)
    lines = np.stack([_padded(piece, width, total) for piece in pieces])
    shared = _shared_arrays(form, total, order, longs, stop)
    problems = tuple(
        Problem(
            **shared,
            **_rows(form, total, line=line, only_gains=only_gains),
            line=_padded(line, len(line), total),
            lines=lines,
            tax_cap=np.array([form.tax_cap / total * SCALE]),
        )
        for line, only_gains in needed_pieces(form, pieces)
    )
    active = snapshot.quantity * snapshot.price - snapshot.target
    constant = (form.constant - form.tax_without_plan - float(form.curve @ active**2)) / total * SCALE
    return Scaled(problems, total, *bounds, constant, order)


def _with_gain_cost(piece: Floats, form: SeparableForm) -> Floats:
    """Lines of one piece with the price of every dollar of gain the plan realises added to them."""
    price = form.gain_cost
    charged: Floats = piece + np.array([price, price, -price * (form.start_short + form.start_long)])
    return charged


def _padded(piece: Floats, width: int, total: float) -> Floats:
    """Lines of one piece in bp of V per fraction of V, repeated to a common count."""
    line: Floats = piece * SCALE
    line[:, 2] /= total
    return np.vstack([line] + [line[-1:]] * (width - len(line)))


def needed_pieces(form: SeparableForm, pieces: list[Floats]) -> list[tuple[Floats, bool]]:
    """Pieces and lines of the tax that can matter, given the gains this household can reach; with each, whether it is only
    searched where the year's long gain and total gain are positive.

    T = min(first, second), and first < second only where long and total gain are both positive. So the first piece is left
    out where they never are, the second where they always are, and otherwise the first is searched there alone. A line that
    another one of its piece is never below, over all gains within reach, is left out too.
    """
    s = form.snapshot
    gain = s.lot_quantity * s.lot_gain
    low, high = np.minimum(gain, 0.0), np.maximum(gain, 0.0)
    short = form.start_short + np.array([low[~s.lot_is_long].sum(), high[~s.lot_is_long].sum()])
    long = form.start_long + np.array([low[s.lot_is_long].sum(), high[s.lot_is_long].sum()])
    kept = [(piece, False) for piece in pieces]
    if len(pieces) == 2:
        if long[1] <= 0 or short[1] + long[1] <= 0:
            kept = kept[1:]
        elif long[0] >= 0 and short[0] + long[0] >= 0:
            kept = kept[:1]
        else:
            kept[0] = (pieces[0], True)
    corner = np.array([(a, b, 1.0) for a in short for b in long])
    return [(_undominated(piece, corner), only_gains) for piece, only_gains in kept]


def _undominated(piece: Floats, corner: Floats) -> Floats:
    """Lines of a piece that are somewhere above every other one kept, corners of reach being enough to tell."""
    value = piece @ corner.T
    kept: list[int] = []
    for i in range(len(piece)):
        above = [k for k in range(len(piece)) if k != i and (value[k] >= value[i]).all()]
        if not any(k < i or (value[k] > value[i]).any() for k in above):
            kept.append(i)
    return piece[kept]


def _lot_order(snapshot: Snapshot, barred: Bools) -> tuple[Ints, Ints, Ints]:
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


def _bounds(form: SeparableForm) -> tuple[Floats, Floats]:
    """Share bounds, made finite by what the account could buy after selling everything it holds."""
    snapshot = form.snapshot
    worth = np.bincount(
        snapshot.account_of, weights=snapshot.quantity * snapshot.price, minlength=len(snapshot.account)
    )
    floor = np.where(np.isfinite(form.cash_floor), form.cash_floor, 0.0)
    budget = np.maximum(snapshot.cash - floor + worth, 0.0)[snapshot.account_of]
    affordable = np.floor(budget / snapshot.price / form.increment + 1e-9) * form.increment
    lower = np.maximum(np.maximum(form.lower, -snapshot.quantity), -_before_barred(form))
    return lower, np.minimum(form.upper, affordable)


def _before_barred(form: SeparableForm) -> Floats:
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


def _shared_arrays(form: SeparableForm, total: float, order: Ints, longs: Ints, stop: Ints) -> dict[str, np.ndarray]:
    """Every array that does not depend on the tax piece."""
    s = form.snapshot
    n, groups = len(s.symbol), len(s.group)
    weight = form.risk_weight[s.account_of] * total * SCALE
    factors, load, at = _loads(form, weight)
    share_rate = form.share_cash / s.price
    active = s.quantity * s.price - s.target
    lot, way_offset, way = _wash_arrays(form, order)
    holding = np.zeros(n, dtype=HOLDING)
    for name, values in {
        "account": s.account_of,
        "group": s.group_of,
        "price": s.price / total,
        "held": s.quantity,
        "step": form.increment,
        "smallest": np.maximum(np.ceil(form.minimum / form.increment - 1e-9), 1.0) * form.increment,
        "keep": form.keep,
        "active": active / total,
        "specific": weight * s.specific + (form.curve + form.household_weight * s.household_specific) * total * SCALE,
        "buy_rate": form.buy_cash + share_rate,
        "sell_rate": form.sell_cash + share_rate,
        "ticket_cash": form.ticket_cash / total,
        "buy_cost": (form.buy_cost - 2.0 * form.curve * active) * SCALE,
        "sell_cost": (form.sell_cost + 2.0 * form.curve * active) * SCALE,
        "ticket_cost": form.ticket_cost / total * SCALE,
        "ordered": s.is_ordered,
        "first": s.offset[:-1],
        "longs": longs,
        "stop": stop,
        "way": way_offset[:-1],
        "way_stop": way_offset[1:],
        "many": np.bincount(s.account_of, minlength=len(s.account))[s.account_of] > FEW,
    }.items():
        holding[name] = values
    account = np.zeros(len(s.account), dtype=ACCOUNT)
    account["cash"] = s.cash / total
    account["floor"] = np.where(np.isfinite(form.cash_floor), form.cash_floor / total, -SCALE)
    account["cent"] = 0.01 / total
    account["target"] = s.cash_target / total
    account["idle"] = form.idle * SCALE
    account["shortfall"] = form.shortfall * SCALE
    return {
        "holding": holding,
        "lot": lot,
        "account": account,
        "factors": np.array([factors]),
        "load": load,
        "at": at,
        "way": way,
        "members_offset": np.concatenate([[0], np.cumsum(np.bincount(s.group_of, minlength=groups))]).astype(np.int64),
        "members": np.argsort(s.group_of, kind="stable").astype(np.int64),
        "start": np.array([form.start_short, form.start_long]) / total,
    }


def _loads(form: SeparableForm, weight: Floats) -> tuple[int, Floats, Ints]:
    """How many factors an account's block has, every holding's loads, and which factor of its block each is on.

    Factors of the household as one portfolio stand at the end of the first account's block. Kernels read factor ``at`` of a
    holding's block at ``account * factors + at``, so holdings of other accounts reach them with an ``at`` below zero.
    """
    s = form.snapshot
    if not len(s.symbol):
        return 0, *_sparse(np.zeros((0, 0)))
    own = np.sqrt(weight)[:, None] * s.exposure
    if form.household_weight == 0.0:
        return own.shape[1], *_sparse(own)
    own = own if form.risk_weight.any() else own[:, :0]
    scale = np.sqrt(form.household_weight * s.total_value * SCALE)
    load, at = _sparse(np.hstack([own, scale * s.household_exposure]))
    factors = own.shape[1] + s.household_exposure.shape[1]
    return factors, load, np.where(at < own.shape[1], at, at - (s.account_of * factors)[:, None])


def _sparse(load: Floats) -> tuple[Floats, Ints]:
    """Nonzero loads of each holding, left-packed and zero-padded, and their factors."""
    used = load != 0.0
    width = int(used.sum(axis=1).max(initial=0))
    at = np.argsort(~used, axis=1, kind="stable")[:, :width]
    return np.ascontiguousarray(np.take_along_axis(load, at, axis=1)), np.ascontiguousarray(at.astype(np.int64))


def _rows(form: SeparableForm, total: float, *, line: Floats, only_gains: bool) -> dict[str, np.ndarray]:
    """The program's couplings; for a piece of the tax searched only there, that total and long gain are positive; and that
    this piece's lines stay below the cap of the tax.
    """
    n = len(form.snapshot.symbol)
    rows = [(row.coefficient, (row.short, row.long), row.right / total, row.price) for row in form.rows]
    if only_gains:
        nothing = np.zeros(n)
        rows.append((nothing, (-1.0, -1.0), (form.start_short + form.start_long) / total, None))
        rows.append((nothing, (0.0, -1.0), form.start_long / total, None))
    if np.isfinite(form.tax_cap):
        rows += [(np.zeros(n), (a, b), right, None) for a, b, right in _capped(form, total, line)]
    return {
        "row": np.array([row[0] for row in rows]) if rows else np.zeros((0, n)),
        "row_gain": np.array([row[1] for row in rows]) if rows else np.zeros((0, 2)),
        "row_right": np.array([row[2] for row in rows]) if rows else np.zeros(0),
        "row_price": np.array([np.inf if row[3] is None else row[3] * SCALE for row in rows]) if rows else np.zeros(0),
        "real_rows": np.array([len(form.rows)]),
    }


def _capped(form: SeparableForm, total: float, line: Floats) -> list[tuple[float, float, float]]:
    """Lines of the tax below its cap, each scaled by what a dollar of tax is worth at the cap.

    Where losses are scarce a dollar of tax frees a hundred dollars of proceeds: its multiplier, unscaled, is of another
    size than all others, and the ascent does not get there. A flat line asks for nothing unless it is above the cap.
    """
    s = form.snapshot
    kept = []
    for a, b, c in line:
        left = (form.tax_cap - a * form.start_short - b * form.start_long - c) / total
        if a == b == 0.0 and left >= 0.0:
            continue
        unit = max(_proceeds_of_tax(s, short=float(a), long=float(b), left=left * total) / ORDINARY, 1.0)
        kept.append((float(a) * unit, float(b) * unit, float(left) * unit))
    return kept


def _proceeds_of_tax(s: Snapshot, *, short: float, long: float, left: float) -> float:
    """Dollars of sales that a dollar more of tax allows, once losses and the least gains a dollar have used up ``left``."""
    tax = np.where(s.lot_is_long, long, short) * s.lot_gain * s.lot_quantity
    worth = s.lot_quantity * s.price[s.lot_holding] if len(s.lot) else np.zeros(0)
    gains = np.flatnonzero(tax > 0.0)
    gains = gains[np.argsort(tax[gains] / worth[gains], kind="stable")]
    used = np.cumsum(tax[gains]) + tax[tax < 0.0].sum()
    over = np.flatnonzero(used > left)
    return float(worth[gains[over[0]]] / tax[gains[over[0]]]) if len(over) else 0.0


def _wash_arrays(form: SeparableForm, order: Ints) -> tuple[np.ndarray, Ints, Ints]:
    """Which sales realise losses, which recent purchases stand in their way, and the ways around them.

    A loss on a lot is free of a wash sale only if every recent purchase of its group other than its own is *cleared*: none
    of it sold before, and all of it sold in this plan in the same holding (the same order), so that neither reading of
    Treas. Reg. 1.1091-1 finds a replacement. So a holding has no way to realise losses when another recent purchase cannot
    be cleared from here, one way (all clearable purchases sold whole) when none stands in the way, and one more for each
    recent purchase of its own whose lots alone are sold at a loss (the others, sold whole, must not lose), unless the law
    does not excuse a loss for being the purchase's own.
    """
    s = form.snapshot
    n = len(s.symbol)
    purchase = s.lot_purchase[order] if len(order) else order
    loss = (s.lot_is_guarded[order] & form.wash).astype(np.int64) if len(order) else order
    clearable = np.zeros(len(order), dtype=np.int64)
    way_offset = np.zeros(n + 1, dtype=np.int64)
    ways: list[int] = []
    by_group: dict[int, list[int]] = {}
    for k, group in enumerate(s.purchase_group):
        by_group.setdefault(int(group), []).append(k)
    for j in range(n):
        lots = slice(s.offset[j], s.offset[j + 1])
        if loss[lots].any():
            recent = by_group.get(int(s.group_of[j]), [])
            kept = set(purchase[lots][form.barred[order[lots]]].tolist())
            here = [k for k in recent if s.purchase_holding[k] == j and not s.purchase_has_left[k] and k not in kept]
            blocking = [k for k in recent if k not in here]
            clearable[lots] = np.isin(purchase[lots], here) & (purchase[lots] >= 0)
            losing = {int(k) for k in purchase[lots][(loss[lots] == 1) & (clearable[lots] == 1)]}
            if not blocking:
                ways += [-1, *(k for k in here if losing <= {k} and s.law.own_purchase_excuses)]
            elif len(blocking) == 1 and s.purchase_holding[blocking[0]] == j and not losing:
                ways.append(blocking[0])
        way_offset[j + 1] = len(ways)
    own = np.array(ways, dtype=np.int64)
    lot = np.zeros(len(order), dtype=LOT)
    lot["shares"] = s.lot_quantity[order]
    lot["gain"] = s.lot_gain[order] / s.total_value
    lot["long"] = s.lot_is_long[order]
    lot["purchase"] = purchase
    lot["loss"] = loss
    lot["clearable"] = clearable
    _order_lots(s, lot, way_offset, own)
    return lot, way_offset, own


def _order_lots(s: Snapshot, lot: np.ndarray, way_offset: Ints, own: Ints) -> None:
    """For lots that leave in a fixed order: shares and gains through each lot, and what a sale ending there is."""
    lot["inside"] = lot["end"] = GAINS_ONLY
    for j in np.flatnonzero(s.is_ordered):
        a, b = s.offset[j], s.offset[j + 1]
        gain = lot["shares"][a:b] * lot["gain"][a:b]
        is_long = lot["long"][a:b] == 1
        lot["through"][a:b] = np.cumsum(lot["shares"][a:b])
        lot["through_short"][a:b] = np.cumsum(np.where(is_long, 0.0, gain))
        lot["through_long"][a:b] = np.cumsum(np.where(is_long, gain, 0.0))
        if lot["loss"][a:b].any():
            options = set(own[way_offset[j] : way_offset[j + 1]].tolist())
            for last in range(a, b):
                lot["inside"][last] = _ending(lot[a:b], last - a, False, options)
                lot["end"][last] = _ending(lot[a:b], last - a, True, options)


def _ending(lots: np.ndarray, last: int, whole: bool, options: set[int]) -> int:
    """What an ordered sale is that takes lots 0 to last, the last one whole or in part."""
    owners = {int(lot["purchase"]) for lot in lots[: last + 1] if lot["loss"]}
    if not owners:
        return GAINS_ONLY
    kept = lots[last + 1 :] if whole else lots[last:]
    left = {int(lot["purchase"]) for lot in kept if lot["clearable"]}
    if -1 in options and not left:
        return WITH_LOSSES
    if any(option >= 0 and left <= {option} and owners <= {option} for option in options):
        return WITH_LOSSES
    return NOTHING
