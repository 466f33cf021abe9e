"""The certificate of the general path: a dual point for every piece of the tax, from which its bound is evaluated again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lotwright.errors import PlanError
from lotwright.plan.general.bound import Relaxed, is_empty, proven
from lotwright.plan.general.pose import pose, tax_piece_count
from lotwright.plan.program import Program
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.solvers import Unsolved

GENERAL = "general/1"
"""Kind of the certificate."""


def general_certificate(pieces: Sequence[Relaxed | Unsolved]) -> dict[str, Any]:
    """The certificate of the pieces, each relaxed or proven to allow nothing, in JSON."""
    return {"kind": GENERAL, "pieces": [_entry(piece) for piece in pieces]}


def _entry(piece: Relaxed | Unsolved) -> dict[str, Any]:
    if isinstance(piece, Unsolved):
        return {"ray": list(piece.ray)}
    if piece.proof is None:
        return {}
    return {"point": piece.proof.point.tolist(), "multipliers": piece.proof.dual.tolist()}


def check_general_bound(claim: Mapping[str, Any], program: Program, snapshot: Snapshot) -> float:
    """Recompute the bound of a certificate of the general path, dollars: every piece posed, its dual evaluated.

    Raises
    ------
    PlanError
        The certificate is of another kind, or does not fit the household's problem.
    """
    if claim.get("kind") != GENERAL:
        raise PlanError(f"The plan's multipliers are not of kind {GENERAL}.")
    pieces, count = claim["pieces"], tax_piece_count(program, snapshot)
    if len(pieces) != count:
        raise PlanError(f"The certificate has {len(pieces)} pieces of the tax, but there are {count}.")
    lowest = np.inf
    for place, piece in enumerate(pieces):
        posed = pose(program, snapshot, tax_piece=place)
        if "ray" in piece:
            if not is_empty(posed, snapshot, ray=piece["ray"]):
                raise PlanError(f"The certificate does not prove that piece {place} of the tax allows no plan.")
            continue
        bound = proven(posed, snapshot, point=piece["point"], dual=piece["multipliers"])
        lowest = min(lowest, bound * posed.unit)
    return float(lowest)
