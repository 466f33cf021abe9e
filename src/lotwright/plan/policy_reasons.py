"""What a program's policy says of a trade: back inside which band, or turned into cash because cash is what is asked for."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lotwright.plan.costs import StillInvested
from lotwright.plan.limits import Bands
from lotwright.plan.limits.bands import Band
from lotwright.plan.program import Program
from lotwright.plan.result import Drift
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.words import weights

Around = Mapping[tuple[str, str], Drift]


def bands_by_holding(program: Program | None, snapshot: Snapshot) -> dict[int, Band]:
    """The band each holding is in, by holding; empty for programs without bands."""
    limits = () if program is None else program.limits
    found = [band for limit in limits if isinstance(limit, Bands) for band in limit.bands(snapshot)]
    return {int(j): band for band in found for j in band.members}


def sells_for_cash(program: Program | None) -> bool:
    """True for programs that put a price on what stays invested."""
    return program is not None and any(isinstance(cost, StillInvested) for cost in program.costs)


def into_band(band: Band, snapshot: Snapshot, around: Around) -> str:
    """Where a band's trades bring it: "back inside its band of 20.0 % to 30.0 %", of a sleeve with its name and weights."""
    low, high = weights(*(max(edge, 0.0) / float(snapshot.value[band.account]) for edge in band.edges))
    back = "back inside" if band.is_outside else "inside"
    if len(band.members) == 1:
        return f"{back} its band of {low} to {high}"
    before, after = weights(*(float(np.sum(each)) for each in zip(*_weights(band, snapshot, around), strict=True)))
    return f"which takes {band.name} from {before} to {after}, {back} its band of {low} to {high}"


def _weights(band: Band, snapshot: Snapshot, around: Around) -> list[tuple[float, float]]:
    """Weights before and after of the holdings of a band that are held, targeted or traded."""
    rows = (around.get((snapshot.account[band.account], snapshot.symbol[j])) for j in band.members)
    return [(row.before, row.after) for row in rows if row is not None]
