"""A separable form laid out for the kernels: everything in fractions of household value, costs in basis points of it."""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.form import SeparableForm
from lotwright.plan.separable.lot_layout import before_barred, lot_order, lot_rows, price_lots
from lotwright.plan.separable.problem import ACCOUNT, FEW, HOLDING, SCALE, Problem, Scaled
from lotwright.plan.snapshot import Floats, Ints, Snapshot

ORDINARY = 8.0
"""Dollars of sales for a dollar of tax up to which the rows of a tax budget need no other scale."""


def scaled(form: SeparableForm) -> Scaled:
    """Scale the form and lay it out for the kernels."""
    snapshot = form.snapshot
    total = snapshot.total_value
    order, longs, stop = lot_order(snapshot, form.barred)
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


def _bounds(form: SeparableForm) -> tuple[Floats, Floats]:
    """Share bounds, made finite by what the account could buy after selling everything it holds."""
    snapshot = form.snapshot
    worth = np.bincount(
        snapshot.account_of, weights=snapshot.quantity * snapshot.price, minlength=len(snapshot.account)
    )
    floor = np.where(np.isfinite(form.cash_floor), form.cash_floor, 0.0)
    budget = np.maximum(snapshot.cash - floor + worth, 0.0)[snapshot.account_of]
    affordable = np.floor(budget / snapshot.price / form.increment + 1e-9) * form.increment
    lower = np.maximum(np.maximum(form.lower, -snapshot.quantity), -before_barred(form))
    return lower, np.minimum(form.upper, affordable)


def _shared_arrays(form: SeparableForm, total: float, order: Ints, longs: Ints, stop: Ints) -> dict[str, np.ndarray]:
    """Every array that does not depend on the tax piece."""
    s = form.snapshot
    n, groups = len(s.symbol), len(s.group)
    weight = form.risk_weight[s.account_of] * total * SCALE
    factors, load, at = _loads(form, weight)
    share_rate = form.share_cash / s.price
    active = s.quantity * s.price - s.target
    lot, way_offset, way = lot_rows(form, order)
    turned = price_lots(form, lot, order)
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
        **_kinks(form, total),
        "priced": np.bincount(s.lot_holding, weights=form.lot_cost > 0, minlength=n).astype(bool) | (turned > 0),
        "turn_price": turned,
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


def _kinks(form: SeparableForm, total: float) -> dict[str, Floats | float]:
    """Prices of small orders and positions, and what counts as small in each holding."""
    held = form.snapshot.quantity * form.snapshot.price / total
    order, order_price = form.small_order
    position, position_price = form.small_position
    return {
        "kinked": float(order_price > 0 or position_price > 0),
        "short_price": order_price * SCALE,
        "short_buy": order / total,
        "short_sell": np.minimum(order / total, held),
        "small_price": position_price * SCALE,
        "small": position / total,
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
