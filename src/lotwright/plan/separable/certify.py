"""Plan a separable program to a certificate, and recompute a certificate's bound without solving anything.

A certificate is the search tree: which holding each box was split on, and for every leaf the multipliers whose bound it
claims. Since any multipliers give a valid bound, a reader needs to trust nothing but the exact one-holding subproblems: the
leaves cover every allowed plan, and the least of their bounds is below every plan's cost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from lotwright.book.failure import Failure
from lotwright.errors import PlanError
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.separable import jit
from lotwright.plan.separable.form import SeparableForm
from lotwright.plan.separable.layout import scaled
from lotwright.plan.separable.lots import lots_taken
from lotwright.plan.separable.priced import charge, solve_priced
from lotwright.plan.separable.problem import SCALE, Scaled
from lotwright.plan.separable.tree import Effort, Node, Outcome, box, search
from lotwright.plan.separable.verdict import against, not_found, out_of_reach
from lotwright.plan.snapshot import Floats, Snapshot
from lotwright.plan.solution import Solution
from lotwright.version import __version__

KIND = "separable/1"
SOLVER = "lotwright.separable"
DIGITS = 12


def solve_separable(
    program: Program,
    snapshot: Snapshot,
    effort: Effort,
    *,
    clock: Callable[[], float] = time.perf_counter,
    start: Trades | None = None,
    form: SeparableForm | None = None,
) -> Solution | Failure:
    """Cheapest whole-share plan of a separable program and a proven bound, or which limits clash and by how much.

    Parameters
    ----------
    program : Program
        Every cost and limit must fit the separable form (``program.is_separable``).
    snapshot : Snapshot
    effort : Effort
        Gap in bp of household value to stop at, most nodes, most seconds.
    clock : callable
        Read only to keep ``effort.seconds``.
    start : Trades, optional
        A plan that keeps every limit; only searches of priced couplings begin with it.
    form : SeparableForm, optional
        The program's form of the snapshot, where it is at hand; it is not used again.
    """
    form = program.form(snapshot) if form is None else form
    if form is None:
        raise PlanError(f"Program {program.name} is not separable. Plan it through the general path.")
    jit.refresh()
    if form.priced or form.curved:
        found = solve_priced(program, snapshot, effort, solve=solve_form, clock=clock, start=start)
    else:
        found = solve_form(form, effort, clock)
    return against(found, program, snapshot) if isinstance(found, Failure) else found


def solve_form(form: SeparableForm, effort: Effort, clock: Callable[[], float]) -> Solution | Failure:
    """Cheapest whole-share plan of a form without priced couplings, and a proven bound, or what clashes."""
    snapshot, problem = form.snapshot, scaled(form)
    clash = out_of_reach(problem, snapshot, form.rows)
    if clash is not None:
        return clash
    outcome = search(problem, first_run(effort), clock=clock)
    if outcome.trade is None:
        return not_found(snapshot, outcome)
    dollars = problem.value / SCALE
    claim = certificate(outcome)
    bound = min(_least_bound(_nodes(claim, problem), problem), outcome.posed)
    return Solution(
        trades=trades_of(problem, snapshot, outcome),
        posed=(outcome.posed + problem.constant) * dollars,
        bound=(bound + problem.constant) * dollars,
        certificate=claim,
        solver=SOLVER,
        solver_version=__version__,
        nodes=outcome.count,
        stopped=_why_stopped(outcome),
    )


def _why_stopped(outcome: Outcome) -> str | None:
    """Why the search ended before the asked gap, and what to do about it where that is known."""
    if outcome.stopped and jit.is_warming():
        return f"{outcome.stopped} (a first run compiles the solver in the background: plan again in two minutes)"
    return outcome.stopped


FIRST_RUN_SECONDS = 3.0
"""Most seconds a household is given while the kernels are not compiled yet and are being compiled in the background."""


def first_run(effort: Effort) -> Effort:
    """The effort of a household planned while compilation goes on beside it: the clock stops it sooner, the plan says so."""
    if not jit.is_warming() or effort.seconds is None:
        return effort
    return replace(effort, seconds=min(effort.seconds, FIRST_RUN_SECONDS))


def trades_of(problem: Scaled, snapshot: Snapshot, outcome: Outcome) -> Trades:
    """Shares sold of each lot and bought of each holding, in the snapshot's order."""
    assert outcome.trade is not None
    shares = outcome.trade[:, 0]
    sell = np.zeros(len(snapshot.lot))
    for j in np.flatnonzero(shares < 0).tolist():
        for lot, quantity in lots_taken(problem, j, outcome.trade[j].tolist()):
            sell[lot] += quantity
    return Trades(sell=sell, buy=np.maximum(shares, 0.0))


def certificate(outcome: Outcome) -> dict[str, Any]:
    """The search tree in JSON: splits of every box, multipliers of every leaf to DIGITS significant digits.

    Any multipliers give a valid bound, so rounding them costs nothing but says the same on every machine; the plan's bound
    is computed from what is written.
    """
    nodes: list[dict[str, Any]] = []
    for node in outcome.nodes:
        entry: dict[str, Any] = {"piece": node.piece, "parent": node.parent}
        if node.holding >= 0:
            entry |= {"holding": node.holding, "at": node.threshold, "side": "above" if node.is_upper else "below"}
        if node.is_leaf:
            entry["multipliers"] = [float(f"{value:.{DIGITS}g}") for value in node.z]
        nodes.append(entry)
    return {"kind": KIND, "nodes": nodes}


def check_bound(claim: Mapping[str, Any], program: Program, snapshot: Snapshot) -> float:
    """Recompute the bound of a certificate, dollars; nothing is solved.

    Where a limit is priced rather than a row, the certificate states its price, and what the limit allows is taken off the
    bound at that price; a curved cost is replaced by its tangents at the certificate's points.

    Raises
    ------
    PlanError
        The certificate is of another kind, or its leaves do not cover every allowed plan.
    """
    form = program.form(snapshot)
    if claim.get("kind") != KIND or form is None:
        raise PlanError(f"The plan's multipliers are not of kind {KIND}, the only kind a bound can be recomputed from.")
    free = charge(form, claim.get("prices", {}), claim.get("points", ()))
    problem = scaled(form)
    nodes = _nodes(claim, problem)
    _must_cover(nodes, len(problem.pieces))
    return float((_least_bound(nodes, problem) + problem.constant) * problem.value / SCALE) - free


def cash_multipliers(claim: Mapping[str, Any], program: Program, snapshot: Snapshot) -> Floats:
    """Dollars that a dollar more of cash in each account can save at most, shape (A,), by the certificate.

    Of the leaf whose bound is the least one: a bound falls by its cash multiplier for every dollar more, whatever the
    multipliers are; below zero where cash would lie idle.

    Raises
    ------
    PlanError
        The certificate is of another kind.
    """
    form = program.form(snapshot)
    if claim.get("kind") != KIND or form is None:
        raise PlanError(f"The plan's multipliers are not of kind {KIND}, the only kind that prices cash.")
    problem = scaled(form)
    nodes = _nodes(claim, problem)
    least = nodes[min(_leaf_bounds(nodes, problem))[1]]
    accounts, factors = len(snapshot.account), int(problem.pieces[least.piece].factors[0])
    return np.array(least.z[accounts * factors : accounts * factors + accounts]) / SCALE


def _least_bound(nodes: list[Node], problem: Scaled) -> float:
    """The least bound (bp) of the leaves at their multipliers."""
    return min((bound for bound, _ in _leaf_bounds(nodes, problem)), default=np.inf)


def _leaf_bounds(nodes: list[Node], problem: Scaled) -> Iterator[tuple[float, int]]:
    """The bound (bp) of every leaf at its multipliers, and its place among the nodes."""
    kernels = jit.kernels()
    n = len(problem.lower)
    opts, pick = np.zeros((n, 3, 6)), np.zeros(n, dtype=np.int64)
    for index, node in enumerate(nodes):
        if node.is_leaf:
            lower, upper = box(nodes, index, problem)
            z = np.array(node.z)
            piece = problem.pieces[node.piece]
            kernels.clip(piece, z)
            yield float(kernels.evaluate(piece, z, lower, upper, opts, pick)), index


def _nodes(claim: Mapping[str, Any], problem: Scaled) -> list[Node]:
    """Nodes as the search keeps them; a malformed one is the file's fault."""
    nodes = []
    for number, entry in enumerate(claim["nodes"]):
        z = np.array(entry.get("multipliers", ()), dtype=float)
        piece = int(entry["piece"])
        if not 0 <= piece < len(problem.pieces) or int(entry["parent"]) >= number:
            raise PlanError(f"Node {number} of the certificate names a piece or parent that does not exist.")
        parts = problem.pieces[piece]
        accounts, factors = len(parts.account), int(parts.factors[0])
        size = accounts * factors + accounts + len(parts.line) - 1 + len(parts.row)
        if not np.isfinite(z).all():
            raise PlanError(f"Node {number} of the certificate has a multiplier that is not a finite number.")
        if "multipliers" in entry and len(z) != size:
            raise PlanError(
                f"Node {number} of the certificate has {len(z)} multipliers where this household's program needs {size}. "
                "Plan the household again: book, prices or program have changed."
            )
        node = Node(
            piece,
            int(entry["parent"]),
            int(entry.get("holding", -1)),
            float(entry.get("at", 0.0)),
            entry.get("side") == "above",
            -np.inf,
            z,
            "multipliers" in entry,
        )
        nodes.append(node)
    return nodes


def _must_cover(nodes: list[Node], pieces: int) -> None:
    """Every piece has one root, every inner box exactly the two halves of one split."""
    roots = sorted(node.piece for node in nodes if node.parent < 0)
    if roots != list(range(pieces)):
        raise PlanError(f"The certificate starts from tax pieces {roots}, but there are {pieces}.")
    halves: dict[int, list[Node]] = {}
    for node in nodes:
        if node.parent >= 0:
            halves.setdefault(node.parent, []).append(node)
    for index, node in enumerate(nodes):
        children = halves.get(index, [])
        if node.is_leaf != (not children):
            raise PlanError(f"Node {index} of the certificate is neither a leaf with multipliers nor split in two.")
        if children:
            one, other = children[0], children[-1]
            same = (one.holding, one.threshold, one.piece) == (other.holding, other.threshold, node.piece)
            if len(children) != 2 or not same or one.is_upper == other.is_upper or one.holding < 0:
                raise PlanError(f"Node {index} of the certificate is not split into two halves that cover it.")
