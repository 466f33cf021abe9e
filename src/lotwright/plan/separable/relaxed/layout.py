"""The relaxations of many households as one tuple of flat arrays, which one kernel call solves.

Problem: ten thousand relaxations take a second to solve and would take ten to hand over one by one.
Therefore: holdings, lots, loads, accounts, tax lines and rows of all households stand one after the other, each household
knows where its own begin and end, and nothing of Python is left in the loop (:mod:`.households`).

What is relaxed: shares are divisible; nothing is paid or demanded for an order as such (tickets, minimum tickets, smallest
orders, positions too small to keep) or for a lot as such (a price on keeping it, or on its turn); lots leave in any order, even
where the account's relief prescribes one (but only such as a sale within the bounds could reach); and the wash-sale rule is
gone, so that a loss may be realised and the lot bought back.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lotwright.plan.separable.problem import Problem
from lotwright.plan.snapshot import Bools, Floats, Ints

SCALE = 1e4

PART = np.dtype(
    [
        ("holding", np.int64),
        ("holding_stop", np.int64),
        ("holdings", np.int64),
        ("lot", np.int64),
        ("lot_stop", np.int64),
        ("account", np.int64),
        ("account_stop", np.int64),
        ("factors", np.int64),
        ("load", np.int64),
        ("width", np.int64),
        ("plain", np.int64),
        ("line", np.int64),
        ("line_stop", np.int64),
        ("row", np.int64),
        ("row_stop", np.int64),
        ("rows_real", np.int64),
        ("coefficient", np.int64),
        ("multiplier", np.int64),
        ("multiplier_stop", np.int64),
        ("short", float),
        ("long", float),
    ]
)
"""One household for one piece of its tax: where its holdings, lots, accounts, loads (``holdings`` times ``width``), lines, rows,
rows' coefficients and multipliers begin and end; ``plain`` where load k of every holding is on multiplier k; factors of an
account; rows that are the program's; gains of the year."""

DIVISIBLE = np.dtype(
    [
        ("account", np.int64),
        ("active", float),
        ("specific", float),
        ("buy", float),
        ("buy_rate", float),
        ("sell", float),
        ("sell_rate", float),
        ("low", float),
        ("high", float),
        ("first", np.int64),
        ("longs", np.int64),
        ("stop", np.int64),
    ]
)
"""One holding: its account within the household, active position, bp per squared fraction; what a fraction bought or sold
costs (bp, all told) and takes of the cash (fraction); bounds of its net trade; its lots, short-term ones first."""


class Convex(NamedTuple):
    """Relaxations laid out for the kernels; B households, N holdings, L lots, fractions of value and basis points."""

    part: np.ndarray
    """Shape (B,), dtype PART."""
    holding: np.ndarray
    """Shape (N,), dtype DIVISIBLE."""
    size: Floats
    gain: Floats
    """Shape (L,): fraction of value in each lot, and gain per fraction of it sold; by gain within a holding and term."""
    load: Floats
    at: Ints
    """Holdings' loads and which factor multiplier of their household each is on, flat: holdings by loads."""
    across: Floats
    """The same loads, each household's the other way round: loads by holdings."""
    account: np.ndarray
    """Shape (A,), dtype ACCOUNT of :mod:`..problem`."""
    line: Floats
    """Shape (P, 3)."""
    row_gain: Floats
    row_right: Floats
    row_price: Floats
    """Shapes (R, 2), (R,), (R,)."""
    row_trades: Bools
    """Shape (R,): False where a row speaks of gains alone."""
    coefficient: Floats
    """Rows' coefficients on holdings, flat: households one after the other, rows by holdings."""


def convex(problems: Sequence[Problem], lower: Sequence[Floats], upper: Sequence[Floats]) -> Convex:
    """Lay out the relaxations of problems within bounds in shares."""
    part = _parts(problems)
    holding, low = np.concatenate([p.holding for p in problems]), np.concatenate(lower)
    first = holding["first"] + np.repeat(part["lot"], part["holdings"])
    stop = holding["stop"] + np.repeat(part["lot"], part["holdings"])
    lots = _lots(holding, np.concatenate([p.lot for p in problems]), first, stop, low)
    divisible = np.zeros(len(holding), dtype=DIVISIBLE)
    for name in ("account", "active", "specific", "buy_rate", "sell_rate"):
        divisible[name] = holding[name]
    divisible["buy"] = SCALE * holding["buy_rate"] + holding["buy_cost"]
    divisible["sell"] = SCALE * holding["sell_rate"] + holding["sell_cost"]
    divisible["low"], divisible["high"] = low * holding["price"], np.concatenate(upper) * holding["price"]
    size, gain, divisible["first"], divisible["longs"], divisible["stop"] = lots
    _lots_of_parts(part, divisible)
    row = [p.row for p in problems]
    places = [p.holding["account"][:, None] * p.factors[0] + p.at for p in problems]
    part["plain"] = [bool((at == np.arange(at.shape[1])).all()) for at in places]
    return Convex(
        part=part,
        holding=divisible,
        size=size,
        gain=gain,
        load=np.concatenate([p.load.ravel() for p in problems]),
        at=np.concatenate([at.ravel() for at in places]),
        across=np.concatenate([p.load.T.ravel() for p in problems]),
        account=np.concatenate([p.account for p in problems]),
        line=np.concatenate([p.line for p in problems]),
        row_gain=np.concatenate([p.row_gain.reshape(-1, 2) for p in problems]),
        row_right=np.concatenate([p.row_right for p in problems]),
        row_price=np.concatenate([p.row_price for p in problems]),
        row_trades=np.concatenate([one.any(axis=1) for one in row]),
        coefficient=np.concatenate([one.ravel() for one in row]),
    )


def _parts(problems: Sequence[Problem]) -> np.ndarray:
    """Where each household's arrays begin and end; lots as they stand in the problems."""
    shape = np.array(
        [
            (len(p.holding), len(p.lot), len(p.account), p.load.size, len(p.line), len(p.row), p.row.size)
            for p in problems
        ]
    )
    stop = np.cumsum(shape, axis=0)
    begin = stop - shape
    part = np.zeros(len(problems), dtype=PART)
    for place, name in enumerate(("holding", "lot", "account", "load", "line", "row", "coefficient")):
        part[name] = begin[:, place]
        if name not in ("load", "coefficient"):
            part[f"{name}_stop"] = stop[:, place]
    part["holdings"] = shape[:, 0]
    part["factors"] = [p.factors[0] for p in problems]
    part["width"] = [p.load.shape[1] for p in problems]
    part["rows_real"] = [p.real_rows[0] for p in problems]
    part["short"], part["long"] = np.array([p.start for p in problems]).T
    multipliers = shape[:, 2] * (part["factors"] + 1) + shape[:, 4] - 1 + shape[:, 5]
    part["multiplier_stop"] = np.cumsum(multipliers)
    part["multiplier"] = part["multiplier_stop"] - multipliers
    return part


def _lots(
    holding: np.ndarray, lot: np.ndarray, first: Ints, stop: Ints, low: Floats
) -> tuple[Floats, Floats, Ints, Ints, Ints]:
    """Sizes and gains of the lots that may be sold, and where each holding's begin, its long-term ones begin, and they end.

    Where lots leave in their order, a sale within the bound reaches no further than so many shares.
    """
    count = len(holding)
    of = np.searchsorted(first, np.arange(len(lot)), side="right") - 1
    shares = lot["shares"].copy()
    ordered = holding["ordered"][of] == 1
    reached = -low[of] - (lot["through"] - lot["shares"])
    shares[ordered] = np.clip(reached, 0.0, lot["shares"])[ordered]
    kept = np.flatnonzero((np.arange(len(lot)) < stop[of]) & (shares > 0.0) & (low[of] < 0.0))
    price = holding["price"][of]
    gain = lot["gain"] / price
    kept = kept[np.lexsort((gain[kept], lot["long"][kept], of[kept]))]
    longs = lot["long"][kept] == 1
    ends = np.cumsum(np.bincount(of[kept], minlength=count))
    long_count = np.bincount(of[kept][longs], minlength=count)
    begins = ends - np.bincount(of[kept], minlength=count)
    return (
        np.ascontiguousarray((shares * price)[kept]),
        np.ascontiguousarray(gain[kept]),
        begins,
        ends - long_count,
        ends,
    )


def _lots_of_parts(part: np.ndarray, holding: np.ndarray) -> None:
    """Where each household's lots begin and end now that some are left out."""
    ends = np.concatenate([[0], holding["stop"]])
    part["lot"], part["lot_stop"] = ends[part["holding"]], ends[part["holding_stop"]]
