"""Solve a program by the general path, piece of the tax by piece."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lotwright.book.failure import Failure
from lotwright.plan.costs.amounts import cash_after
from lotwright.plan.general.bound import Relaxed, relax
from lotwright.plan.general.certificate import general_certificate
from lotwright.plan.general.clash import clash
from lotwright.plan.general.polish import polish
from lotwright.plan.general.pose import Posed, pose, tax_piece_count
from lotwright.plan.general.shares import CLOSE_ENOUGH, Shares, broken, find_shares, is_large
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.solvers import Unsolved, capability


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """A whole-share plan of the general path.

    ``posed`` is the program's own value of ``trades``, in dollars. ``bound`` is what no allowed trades can undercut,
    proven from the relaxation's dual without trusting a solver; ``search_bound`` is what HiGHS says, tighter but only
    as sound as its branching (it was caught out before; where trades at hand contradict it, it is withdrawn).
    ``multipliers`` are JSON-ready, one entry a tax piece: dollars per dollar of each definition, cvxpy's sign (the
    Lagrangian adds multiplier times left minus right side). ``certificate`` is what the bound is evaluated from again.
    """

    trades: Trades
    posed: float
    bound: float
    search_bound: float
    multipliers: Mapping[str, Any]
    certificate: Mapping[str, Any]
    solver: str
    solver_version: str
    nodes: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Piece:
    """One tax piece relaxed."""

    posed: Posed
    relaxed: Relaxed
    multipliers: Mapping[str, Any]


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
    every = _relax_all(program, snapshot, solver=solver)
    pieces = [piece for piece in every if isinstance(piece, _Piece)]
    if not pieces or any(isinstance(piece, Unsolved) and not piece.is_infeasible for piece in every):
        return clash(program, snapshot, exact=False)
    hunt = _Hunt(program=program, snapshot=snapshot, node_limit=node_limit, seconds=seconds)
    hunt.offer(Trades(sell=np.zeros(len(snapshot.lot)), buy=np.zeros(len(snapshot.symbol))))
    for piece in pieces:
        hunt.search(piece)
    if hunt.best is None:
        return clash(program, snapshot, exact=True)
    hunt.offer(polish(program, snapshot, hunt.best, evaluations=evaluations))
    for piece in pieces:
        hunt.doubt(piece)
    return Solution(
        trades=hunt.best,
        posed=hunt.value,
        bound=min(piece.relaxed.bound * piece.posed.unit for piece in pieces),
        search_bound=min(hunt.bound.values()),
        multipliers={str(p.posed.decision.tax_piece): p.multipliers for p in pieces},
        certificate=general_certificate([piece.relaxed if isinstance(piece, _Piece) else piece for piece in every]),
        solver=f"{pieces[0].relaxed.solver}+highs",
        solver_version=f"{pieces[0].relaxed.version}+{capability('highs').version}",
        nodes=hunt.nodes,
    )


@dataclass(slots=True, kw_only=True, eq=False)
class _Hunt:
    """The search over pieces so far: the best allowed trades, their value, and what HiGHS says of each piece."""

    program: Program
    snapshot: Snapshot
    node_limit: int
    seconds: float
    best: Trades | None = None
    value: float = np.inf
    bound: dict[int, float] = field(default_factory=dict)
    nodes: int = 0

    def offer(self, trades: Trades | None) -> None:
        """Keep trades that are allowed and cheaper."""
        if trades is not None and not broken(self.program, self.snapshot, trades):
            value = self.program.value(self.snapshot, trades)
            if value < self.value:
                self.best, self.value = trades, value

    def search(self, piece: _Piece) -> None:
        """Whole shares on one piece, unless nothing on it can be better; if nothing is allowed, all is left open."""
        place, lowest = piece.posed.decision.tax_piece, piece.relaxed.bound * piece.posed.unit
        self.bound[place] = lowest
        if lowest >= self.value:
            return
        found = self._find(piece)
        if is_large(self.snapshot):
            self._find(piece, sided=True)
        if self.best is None:
            found = self._find(piece, narrow=False)
        self.bound[place] = max(lowest, found.bound)

    def doubt(self, piece: _Piece) -> None:
        """Search a piece again without presolve where the trades at hand prove HiGHS's bound on it wrong."""
        place, unit = piece.posed.decision.tax_piece, piece.posed.unit
        if self.best is None or self.bound[place] <= self._on(piece, self.best) + CLOSE_ENOUGH * unit:
            return
        found = self._find(piece, presolve=False)
        self.bound[place] = max(piece.relaxed.bound * unit, min(found.bound, self._on(piece, self.best)))

    def _find(self, piece: _Piece, **how: bool) -> Shares:
        found = find_shares(
            self.program, self.snapshot, piece.posed, node_limit=self.node_limit, seconds=self.seconds, **how
        )
        self.nodes += found.nodes
        self.offer(found.trades)
        return found

    def _on(self, piece: _Piece, trades: Trades) -> float:
        """Dollars the trades cost with the tax of this piece, which is never less than the tax itself."""
        decision = piece.posed.decision
        paying: list[Any] = [cost for cost in self.program.costs if hasattr(cost, "paid")]
        saved = [variable.value for variable in piece.posed.problem.variables()]
        decision.assign(self.snapshot, trades, cash_after(self.snapshot, trades, paying))
        value = float(sum(cost.value for cost in piece.posed.costs))
        for variable, before in zip(piece.posed.problem.variables(), saved, strict=True):
            variable.save_value(before)
        return value


def _relax_all(program: Program, snapshot: Snapshot, *, solver: str | None) -> list[_Piece | Unsolved]:
    """Every piece relaxed, or why not: pieces differ in the objective, and in what a tax budget leaves room for."""
    pieces: list[_Piece | Unsolved] = []
    for k in range(tax_piece_count(program, snapshot)):
        posed = pose(program, snapshot, tax_piece=k)
        relaxed = relax(posed, snapshot, solver=solver)
        if isinstance(relaxed, Unsolved):
            pieces.append(relaxed)
        else:
            pieces.append(_Piece(posed=posed, relaxed=relaxed, multipliers=_multipliers(posed)))
    return pieces


def _multipliers(posed: Posed) -> dict[str, Any]:
    """Dollars per dollar of every definition, read from the relaxed problem's duals."""
    rows = {**posed.decision.links, "cash": posed.cash_rows}
    return {
        name: np.asarray(row.dual_value / 1e4).tolist()
        for name, row in rows.items()
        if row.dual_value is not None and name != "active"
    }
