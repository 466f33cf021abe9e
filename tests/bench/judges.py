"""Exact ways without the separable search: the general path of ``plan/general``, and SCIP on the exact program."""

from __future__ import annotations

import time
import warnings

import cvxpy as cp

from lotwright.book.failure import Failure
from lotwright.plan.general import pose, solve_program, tax_piece_count
from lotwright.plan.general.lots import trades_of
from lotwright.plan.limits import WholeShares
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Snapshot
from tests.bench.textbook import Answer


def general(program: Program, snapshot: Snapshot, *, seconds: float) -> Answer:
    """Relax with Clarabel, find whole shares with HiGHS on tangents, polish; ``seconds`` stop each HiGHS round."""
    started = time.perf_counter()
    found = solve_program(program, snapshot, seconds=seconds)
    trades = None if isinstance(found, Failure) else found.trades
    return Answer(trades=trades, seconds=time.perf_counter() - started, both=0)


def scip(program: Program, snapshot: Snapshot, *, seconds: float) -> Answer:
    """The exact program, integers and quadratic cost together, on each piece of the tax; the cheaper answer."""
    started = time.perf_counter()
    whole = next(limit for limit in program.limits if isinstance(limit, WholeShares))
    best: Trades | None = None
    least = float("inf")
    for piece in range(tax_piece_count(program, snapshot)):
        posed = pose(program, snapshot, tax_piece=piece, exact=True)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a time limit warns; the verifier judges what was found
                limits = {"limits/time": seconds, "limits/gap": 1e-7}
                posed.problem.solve(solver=cp.SCIP, scip_params=limits)
        except cp.error.SolverError:
            continue
        if posed.decision.buy.value is None:
            continue
        trades = trades_of(
            snapshot, posed.decision, increment=whole.increment(snapshot), coarse=whole.is_coarse(snapshot)
        )
        value = program.value(snapshot, trades)
        if value < least:
            best, least = trades, value
    return Answer(trades=best, seconds=time.perf_counter() - started, both=0)
