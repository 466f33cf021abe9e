"""What a trade away from its target makes up for: the holdings it moves with that themselves stay off their targets.

With w the active weights after the plan and C the annual covariance within one account, a trade in j adds

    2 * step_j * sum_k C_jk w_k

to the active variance, to first order. A sale of j below its target pays where the sum over the others is positive: the
holdings k with the largest C_jk w_k are the ones it offsets. A purchase above its target pays where it is negative.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lotwright.plan.result import Drift
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.words import percent

TELLING = 0.1
"""Share of all that a trade offsets which one holding must make up to be named."""
OFF_TARGET = 0.001
"""Weight a holding must be off its target by to be named as offset; 0.1 % is the least a sentence can show."""
MOST_NAMED = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Hedged:
    """A holding that stays off its target, and its correlation with the one that is traded for it."""

    row: Drift
    correlation: float


def hedged(snapshot: Snapshot, holding: int, drift: Mapping[tuple[str, str], Drift], *, sale: bool) -> list[Hedged]:
    """The holdings of the same account that a sale (or a purchase) of ``holding`` offsets most; the largest first."""
    account = int(snapshot.account_of[holding])
    others = [k for k in np.flatnonzero(snapshot.account_of == account) if k != holding]
    rows = {int(k): drift.get((snapshot.account[account], snapshot.symbol[k])) for k in others}
    variance = (snapshot.exposure**2).sum(axis=1) + snapshot.specific
    effect: dict[int, tuple[float, Hedged]] = {}
    for k, row in rows.items():
        if row is None or variance[holding] <= 0 or variance[k] <= 0:
            continue
        covariance = float(snapshot.exposure[holding] @ snapshot.exposure[k])
        correlation = covariance / float(np.sqrt(variance[holding] * variance[k]))
        pays = covariance * (row.after - row.target) * (1.0 if sale else -1.0)
        if pays > 0:
            effect[k] = (pays, Hedged(row=row, correlation=correlation))
    total = sum(pays for pays, _ in effect.values())
    telling = [
        (pays, found)
        for pays, found in effect.values()
        if pays >= TELLING * total and abs(found.row.after - found.row.target) >= OFF_TARGET
    ]
    telling.sort(key=lambda entry: (-entry[0], entry[1].row.symbol))
    return [found for _, found in telling[:MOST_NAMED]]


def offsets(found: list[Hedged]) -> str:
    """``MSFT (10.8 % against a target of 9.9 %, correlation 0.71)``, and so on."""
    return " and ".join(
        f"{one.row.symbol} ({percent(one.row.after)} against a target of {percent(one.row.target)},"
        f" correlation {one.correlation:.2f})"
        for one in found
    )
