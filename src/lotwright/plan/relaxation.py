"""The relaxation of a household's program: the convex floor under every plan, for one household or ten thousand.

Problem: before (or instead of) planning, one wants to know the least a plan could cost and what a dollar of cash, of gain or of
a factor is worth. Observations: with divisible shares, without tickets, wash sales and an order of lots the program is convex;
its dual takes a fraction of a millisecond. Therefore: :func:`relaxation` answers for one household, from the dual or from
cvxpy as a second opinion; :func:`relaxations` for a batch in one compiled call. Every value is the dual function at the
multipliers reported, a bound by itself; where the ascent stalls cvxpy takes over, and that is counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from lotwright.errors import PlanError
from lotwright.plan.relaxed_program import answers
from lotwright.plan.separable.form import SeparableForm
from lotwright.plan.separable.layout import scaled
from lotwright.plan.separable.problem import Problem, Scaled
from lotwright.plan.separable.relaxed.climb import ROUNDS, STEPS, climb, stand
from lotwright.plan.separable.relaxed.households import OUT_OF_REACH, PROVEN, STALLED
from lotwright.plan.separable.relaxed.layout import Convex, convex
from lotwright.plan.separable.tree import start_multipliers
from lotwright.plan.snapshot import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relaxation:
    """The relaxation of one household: a lower bound on what any plan costs, and the multipliers that prove it."""

    value_bp: float
    """Basis points of household value, the constant of the form included; the least over the tax's pieces. Infinite where
    bounds contradict each other, or where only cvxpy's solver says that there is no plan."""
    gap_bp: float
    """A trade list of the relaxation was found that costs no more than this above ``value_bp``."""
    piece: int
    """The piece of the tax with the least value."""
    multipliers: Floats
    """Those of that piece, laid out as in :mod:`lotwright.plan.separable.dual`."""
    method: str
    """``dual`` or ``cvxpy``: what the value came from."""
    stalled: int
    """Pieces the dual ascent stalled on, which cvxpy solved."""
    is_out_of_reach: bool
    """True when no trade list keeps every limit, not even one in fractions."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Batch:
    """Households laid out for one call: the relaxations of all their tax pieces, and whose each one is."""

    scaled: tuple[Scaled, ...]
    convex: Convex
    owner: Ints
    """Shape (B,): household of each relaxation, ascending."""
    piece: Ints
    """Shape (B,): which piece of its tax."""
    start: Floats
    """Flat multipliers to start from: no price of risk or cash, tax lines weighted alike."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relaxations:
    """The relaxations of a batch: arrays over its H households and B relaxations."""

    value_bp: Floats
    gap_bp: Floats
    """Shape (H,), as in :class:`Relaxation`."""
    is_out_of_reach: Bools
    """Shape (H,)."""
    bound_bp: Floats
    """Shape (B,): value of each piece, without its form's constant."""
    multipliers: Floats
    """Flat; those of relaxation b are ``convex.part["multiplier"][b]`` to ``["multiplier_stop"][b]``."""
    steps: Ints
    """Shape (B,): Newton steps."""
    stalled: Bools
    """Shape (B,): the ascent stalled and cvxpy took over."""
    net: Floats
    """Shape (N,): net trades of every relaxation's holdings in fractions of value, as the ascent left them (where it did not
    stall, they cost no more than ``gap_bp`` above the bound)."""


def batch(households: Sequence[SeparableForm | Scaled]) -> Batch:
    """Lay out the relaxations of many households, every piece of their tax, as flat arrays.

    Raises
    ------
    PlanError
        There is no household.
    """
    if not households:
        raise PlanError("There is no household to relax. Give at least one form.")
    every = tuple(one if isinstance(one, Scaled) else scaled(one) for one in households)
    problems = [(one, piece) for one in every for piece in one.pieces]
    pieces = np.array([len(one.pieces) for one in every])
    return Batch(
        scaled=every,
        convex=convex([p for _, p in problems], [s.lower for s, _ in problems], [s.upper for s, _ in problems]),
        owner=np.repeat(np.arange(len(every)), pieces),
        piece=np.concatenate([np.arange(count) for count in pieces]),
        start=np.concatenate([start_multipliers(piece) for _, piece in problems]),
    )


def relaxations(
    households: Batch, *, start: Floats | None = None, steps: int = STEPS, rounds: int = ROUNDS
) -> Relaxations:
    """Relax every household of a batch in one compiled call.

    Parameters
    ----------
    households : Batch
    start : Floats, optional
        Multipliers to start from, such as yesterday's ``multipliers`` of the same batch; by default none.
    steps, rounds : int
        Most Newton steps of an ascent, most rounds of the method of multipliers. Where that is not enough cvxpy solves the
        relaxation anew, which is counted in ``stalled``.
    """
    C = households.convex
    z = np.array(households.start if start is None else start, dtype=float)
    if len(z) != C.part["multiplier_stop"][-1]:
        raise PlanError(
            f"The start has {len(z)} multipliers, but the batch has {C.part['multiplier_stop'][-1]}. "
            "Start from the multipliers of a batch of the same households."
        )
    bound, gap, count, state, net = climb(C, z, steps=steps, rounds=rounds)
    stalled = state == STALLED
    for b in np.flatnonzero(stalled):
        own = households.scaled[households.owner[b]]
        problem = own.pieces[households.piece[b]]
        reached, closer, state[b], better = by_cvxpy(problem, own.lower, own.upper)
        cost = min(bound[b] + gap[b], reached + closer)
        if reached > bound[b]:
            bound[b] = reached
            z[C.part["multiplier"][b] : C.part["multiplier_stop"][b]] = better
        gap[b] = 0.0 if state[b] == OUT_OF_REACH else max(cost - bound[b], 0.0)
    first = np.flatnonzero(np.diff(households.owner, prepend=-1))
    least = np.minimum.reduceat(bound, first)
    return Relaxations(
        value_bp=least + np.array([one.constant for one in households.scaled]),
        gap_bp=_gap(np.minimum.reduceat(bound + gap, first), least),
        is_out_of_reach=np.minimum.reduceat(state, first) == OUT_OF_REACH,
        bound_bp=bound,
        multipliers=z,
        steps=count,
        stalled=stalled,
        net=net,
    )


def relaxation(household: SeparableForm | Scaled, *, method: Literal["dual", "cvxpy"] = "dual") -> Relaxation:
    """The least that any plan of a household could cost, with divisible shares and nothing but convex costs.

    Parameters
    ----------
    household : SeparableForm or Scaled
        A program's form (``program.form(snapshot)``), or the same scaled for the kernels. What the form only prices
        (turnover, orders, tracking error; market impact) is left out, which leaves a bound.
    method : {"dual", "cvxpy"}
        The direct ascent of the dual (cvxpy where it stalls), or cvxpy with Clarabel from the start: the two agree.
    """
    one = household if isinstance(household, Scaled) else scaled(household)
    if method == "cvxpy":
        found = [by_cvxpy(problem, one.lower, one.upper) for problem in one.pieces]
        piece = int(np.argmin([bound for bound, *_ in found]))
        return Relaxation(
            value_bp=found[piece][0] + one.constant,
            gap_bp=float(_gap(np.min([bound + gap for bound, gap, *_ in found]), np.array(found[piece][0]))),
            piece=piece,
            multipliers=found[piece][3],
            method="cvxpy",
            stalled=0,
            is_out_of_reach=all(state == OUT_OF_REACH for _, _, state, _ in found),
        )
    every = batch([one])
    found_all = relaxations(every)
    piece = int(np.argmin(found_all.bound_bp))
    part = every.convex.part[piece]
    return Relaxation(
        value_bp=float(found_all.value_bp[0]),
        gap_bp=float(found_all.gap_bp[0]),
        piece=piece,
        multipliers=found_all.multipliers[part["multiplier"] : part["multiplier_stop"]],
        method="cvxpy" if found_all.stalled[piece] else "dual",
        stalled=int(found_all.stalled.sum()),
        is_out_of_reach=bool(found_all.is_out_of_reach[0]),
    )


def most_saved(households: Batch, *, relaxed: Relaxations | None = None) -> Floats:
    """At most so many bp can any plan save each household against leaving it as it is, shape (H,).

    What standing still costs less the relaxation's bound: rigorous, and the screen for who is worth planning at all.
    Infinite where standing still breaks a floor, a row or the cap of the tax, so that a plan is needed. Never below zero.
    """
    C = households.convex
    cost = stand(C)
    for b, (own, piece) in enumerate(zip(households.owner, households.piece, strict=True)):
        problem = households.scaled[own].pieces[piece]
        if np.isfinite(problem.tax_cap[0]):
            taxes = problem.line @ np.array([*problem.start, 1.0])
            cost[b] = np.inf if taxes.max() > problem.tax_cap[0] + 1e-7 else cost[b]
    first = np.flatnonzero(np.diff(households.owner, prepend=-1))
    found = relaxations(households) if relaxed is None else relaxed
    saved: Floats = np.minimum.reduceat(cost, first) - np.minimum.reduceat(found.bound_bp, first)
    return np.maximum(saved, 0.0)


def by_cvxpy(problem: Problem, lower: Floats, upper: Floats) -> tuple[float, float, int, Floats]:
    """(bound, gap, state, multipliers) of a relaxation by cvxpy's solvers; the bound is the dual at their multipliers."""
    C = convex([problem], [lower], [upper])
    best, cost, z = -np.inf, np.inf, start_multipliers(problem)
    for answer in answers(problem, lower, upper):
        if answer.is_out_of_reach:
            return np.inf, 0.0, OUT_OF_REACH, z
        tried = answer.multipliers.copy()
        bound = float(climb(C, tried, steps=0, rounds=0)[0][0])
        cost = min(cost, max(answer.cost, bound))
        if bound > best:
            best, z = bound, tried
        if cost - best <= PROVEN:
            break
    if not np.isfinite(best):
        return best, np.inf, STALLED, z
    return best, max(cost - best, 0.0), 0 if cost - best <= PROVEN else STALLED, z


def _gap(cost: Floats, bound: Floats) -> Floats:
    """What a cost is above its bound; nothing where no plan exists."""
    finite = np.isfinite(bound)
    gap: Floats = np.where(finite, np.maximum(cost - np.where(finite, bound, 0.0), 0.0), 0.0)
    return gap
