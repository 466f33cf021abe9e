"""Exact ways without the separable search: the general path of ``plan/general``, and SCIP on the exact program.

Both may run for minutes on a few hundred names, so each runs in a child process that is ended at a deadline.
"""

from __future__ import annotations

import multiprocessing
import time
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection

import cvxpy as cp

from lotwright.book.failure import Failure
from lotwright.plan.general import pose, solve_program, tax_piece_count
from lotwright.plan.general.lots import trades_of
from lotwright.plan.limits import WholeShares
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Snapshot
from tests.bench.textbook import Answer

Way = Callable[[Program, Snapshot, float], Trades | None]


def by_deadline(way: Way, program: Program, snapshot: Snapshot, *, seconds: float) -> Answer:
    """Trades of a way that may take ``seconds`` of wall time; none where it has not finished by then."""
    context = multiprocessing.get_context("fork")  # the snapshot need not be sent
    ear, mouth = context.Pipe(duplex=False)
    started = time.perf_counter()
    child = context.Process(target=_speak, args=(way, program, snapshot, seconds, mouth), daemon=True)
    child.start()
    mouth.close()
    trades = None
    if ear.poll(seconds):
        try:
            trades = ear.recv()
        except EOFError:  # the child died; its traceback is on standard error
            trades = None
    spent = time.perf_counter() - started
    child.kill()
    child.join()
    return Answer(trades=trades, seconds=spent, both=0)


def _speak(way: Way, program: Program, snapshot: Snapshot, seconds: float, mouth: Connection) -> None:
    mouth.send(way(program, snapshot, seconds))


def general(program: Program, snapshot: Snapshot, seconds: float) -> Trades | None:
    """Relax with Clarabel, find whole shares with HiGHS on tangents, polish."""
    found = solve_program(program, snapshot, seconds=seconds)
    return None if isinstance(found, Failure) else found.trades


def scip(program: Program, snapshot: Snapshot, seconds: float) -> Trades | None:
    """The exact program, integers and quadratic cost together, on each piece of the tax; the cheaper answer."""
    whole = next(limit for limit in program.limits if isinstance(limit, WholeShares))
    pieces = tax_piece_count(program, snapshot)
    best: Trades | None = None
    least = float("inf")
    for piece in range(pieces):
        posed = pose(program, snapshot, tax_piece=piece, exact=True)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # a time limit warns; the verifier judges what was found
                limits = {"limits/time": 0.9 * seconds / pieces, "limits/gap": 1e-7}
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
    return best
