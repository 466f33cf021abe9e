"""What a trade away from its target makes up for: the holdings it moves with that themselves stay off their targets.

With w the active weights after the plan and C the annual covariance within one account, a trade in j adds

    2 * step_j * sum_k C_jk w_k

to the active variance, to first order. A sale of j below its target pays where the sum over the others is positive: the
holdings k with the largest C_jk w_k are the ones it offsets. A purchase above its target pays where it is negative.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
DIGITS = 9
"""To which effects are compared, so that the last digit of a float never chooses the words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hedged:
    """A holding that stays off its target, and its correlation with the one that is traded for it."""

    row: Drift
    correlation: float


def hedged(snapshot: Snapshot, holding: int, drift: Mapping[tuple[str, str], Drift], *, sale: bool) -> list[Hedged]:
    """The holdings of the same account that a sale (or a purchase) of ``holding`` offsets most; the largest first."""
    effect = [(pays, one) for pays, one in _effects(snapshot, holding, drift, sale=sale) if pays > 0]
    total = sum(pays for pays, _ in effect)
    telling = [
        (pays, one)
        for pays, one in effect
        if pays >= TELLING * total and abs(one.row.after - one.row.target) >= OFF_TARGET
    ]
    telling.sort(key=lambda entry: (-round(entry[0] / total, DIGITS), entry[1].row.symbol))
    return [one for _, one in telling[:MOST_NAMED]]


def hedged_sector(
    snapshot: Snapshot, holding: int, drift: Mapping[tuple[str, str], Drift], *, sale: bool
) -> str | None:
    """The sector that a sale (or a purchase) offsets most, in words, where its positions are too small to name.

    All positions of the account in it but the one traded, summed; ``None`` where no sector ends off its target by a tenth
    of a percent the way that pays, or no sector is known.
    """
    pays: dict[str, float] = {}
    sums: dict[str, tuple[float, float]] = {}
    for effect, one in _effects(snapshot, holding, drift, sale=sale):
        sector = snapshot.market.prices[one.row.symbol].sector
        if sector is not None:
            after, target = sums.get(sector, (0.0, 0.0))
            sums[sector] = (after + one.row.after, target + one.row.target)
            pays[sector] = pays.get(sector, 0.0) + effect
    sign = 1.0 if sale else -1.0
    telling = {name: pays[name] for name, (after, target) in sums.items() if sign * (after - target) >= OFF_TARGET}
    most = max(telling.values(), default=0.0)
    best = next((name for name in sorted(telling) if telling[name] >= most * (1 - 10.0**-DIGITS)), None)
    if best is None or telling[best] <= 0:
        return None
    after, target = sums[best]
    others = " beside it" if snapshot.market.prices[snapshot.symbol[holding]].sector == best else ""
    return f"the sector {best}{others} ({percent(after)} of the account against a target of {percent(target)})"


def _effects(
    snapshot: Snapshot, holding: int, drift: Mapping[tuple[str, str], Drift], *, sale: bool
) -> Iterator[tuple[float, Hedged]]:
    """For every other holding of the account C_jk w_k, positive where the trade pays, and the holding."""
    account = int(snapshot.account_of[holding])
    variance = (snapshot.exposure**2).sum(axis=1) + snapshot.specific
    covariance = snapshot.exposure @ snapshot.exposure[holding]
    for k in np.flatnonzero(snapshot.account_of == account):
        row = drift.get((snapshot.account[account], snapshot.symbol[k]))
        if k == holding or row is None or variance[holding] <= 0 or variance[k] <= 0:
            continue
        pays = float(covariance[k]) * (row.after - row.target) * (1.0 if sale else -1.0)
        correlation = float(covariance[k] / np.sqrt(variance[holding] * variance[k]))
        yield pays, Hedged(row=row, correlation=correlation)


def offsets(found: list[Hedged]) -> str:
    """``MSFT (10.8 % against a target of 9.9 %, correlation 0.71)``, and so on."""
    return " and ".join(
        f"{one.row.symbol} ({percent(one.row.after)} against a target of {percent(one.row.target)},"
        f" correlation {one.correlation:.2f})"
        for one in found
    )
