"""Solve a program by the general path, piece of the tax by piece."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lotwright.book.failure import Failure
from lotwright.plan.general.bound import Relaxed, relax
from lotwright.plan.general.clash import clash
from lotwright.plan.general.polish import polish
from lotwright.plan.general.pose import Posed, pose, tax_piece_count
from lotwright.plan.general.shares import Shares, broken, find_shares
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.solvers import Unsolved


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """A whole-share plan of the general path.

    ``posed`` is the program's own value of ``trades``, ``bound`` what no allowed trades can undercut; dollars.
    ``multipliers`` are JSON-ready, one entry a tax piece: dollars per dollar of each definition, cvxpy's sign (the
    Lagrangian adds multiplier times left minus right side).
    """

    trades: Trades
    posed: float
    bound: float
    multipliers: Mapping[str, Any]
    solver: str
    solver_version: str
    nodes: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Piece:
    """One tax piece relaxed."""

    posed: Posed
    relaxed: Relaxed


def solve_program(
    program: Program,
    snapshot: Snapshot,
    *,
    solver: str | None = None,
    node_limit: int = 2000,
    seconds: float = 20.0,
    evaluations: int = 4000,
) -> Solution | Failure:
    """Find whole-share trades of least cost, with a bound, for any program.

    Parameters
    ----------
    solver : which solver relaxes the program; by default the first that fits (:mod:`lotwright.plan.solvers`)
    node_limit, seconds : stops of each whole-share search; seconds only catch a machine much slower than thought
    evaluations : trade lists that polishing may look at

    Returns
    -------
    Solution, or Failure with reason ``infeasible`` (which limits clash and by how much) or ``unsolved``

    Raises
    ------
    ProgramError
        A cost or limit is not convex, or the household has nothing to plan.
    """
    pieces = _relax_all(program, snapshot, solver=solver)
    if isinstance(pieces, Unsolved):
        return clash(program, snapshot, exact=False)
    still = Trades(sell=np.zeros(len(snapshot.lot)), buy=np.zeros(len(snapshot.symbol)))
    best = None if broken(program, snapshot, still) else still
    bounds, nodes, versions = [], 0, {pieces[0].relaxed.version}
    for piece in sorted(pieces, key=lambda p: p.relaxed.bound):
        bounds.append(piece.relaxed.bound * piece.posed.unit)
        if best is not None and bounds[-1] >= program.value(snapshot, best):
            continue  # nothing on this piece can be better
        shares = _search(program, snapshot, piece, node_limit=node_limit, seconds=seconds)
        bounds[-1], nodes = max(bounds[-1], shares.bound), nodes + shares.nodes
        best = _better(program, snapshot, best, shares.trades)
        versions.add(shares.version)
    if best is None:
        return clash(program, snapshot, exact=True)
    best = polish(program, snapshot, best, evaluations=evaluations)
    posed = program.value(snapshot, best)
    return Solution(
        trades=best,
        posed=posed,
        bound=min(bounds),
        multipliers={str(p.posed.decision.tax_piece): _multipliers(p.posed) for p in pieces},
        solver=f"{pieces[0].relaxed.solver}+highs",
        solver_version="+".join(sorted(v for v in versions if v)),
        nodes=nodes,
    )


def _relax_all(program: Program, snapshot: Snapshot, *, solver: str | None) -> list[_Piece] | Unsolved:
    """Every piece relaxed; all are infeasible together, because they differ in the objective alone."""
    pieces = []
    for k in range(tax_piece_count(program, snapshot)):
        posed = pose(program, snapshot, tax_piece=k)
        relaxed = relax(posed, snapshot, solver=solver)
        if isinstance(relaxed, Unsolved):
            return relaxed
        pieces.append(_Piece(posed=posed, relaxed=relaxed))
    return pieces


def _search(program: Program, snapshot: Snapshot, piece: _Piece, *, node_limit: int, seconds: float) -> Shares:
    """Whole shares on one piece; where what the relaxation fixed leaves nothing, everything is left open."""
    found = find_shares(program, snapshot, piece.posed, node_limit=node_limit, seconds=seconds)
    if found.trades is None:
        found = find_shares(program, snapshot, piece.posed, node_limit=node_limit, seconds=seconds, narrow=False)
    return found


def _better(program: Program, snapshot: Snapshot, best: Trades | None, found: Trades | None) -> Trades | None:
    if found is None or best is None:
        return best if found is None else found
    return found if program.value(snapshot, found) < program.value(snapshot, best) else best


def _multipliers(posed: Posed) -> dict[str, Any]:
    """Dollars per dollar of every definition, read from the relaxed problem's duals."""
    rows = {**posed.decision.links, "cash": posed.cash_rows}
    return {
        name: np.asarray(row.dual_value / 1e4).tolist()
        for name, row in rows.items()
        if row.dual_value is not None and name != "active"
    }
