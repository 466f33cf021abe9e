"""The restricted master: the active-set and the interior-point method find the optimum cvxpy finds, from any start."""

from __future__ import annotations

from typing import Any

import cvxpy as cp
import numpy as np
import pytest

from lotwright.plan.separable import tree
from lotwright.plan.separable.active_set import active_set
from lotwright.plan.separable.columns import edges, gather, price_columns
from lotwright.plan.separable.interior import interior
from lotwright.plan.separable.layout import scaled
from lotwright.plan.separable.search import objective

from .households import draw

NEAR = 1e-4
"""bp within which two optima are the same; the interior-point method is asked for a tenth of it."""


def masters(seeds: range) -> list[tuple[Any, Any, Any, Any]]:
    """Problem, gathered columns, curvature and multipliers of the root of drawn households after a few rounds."""
    found = []
    for seed in seeds:
        case = draw(seed)
        form = case.program.form(case.snapshot)
        problem = scaled(form)
        search = tree.Search(problem, tree.Effort(seconds=None, nodes=2), lambda: 0.0)
        search.run()
        piece, pool = problem.pieces[0], search.pools[0]
        z = search.nodes[-1].z.copy() if search.nodes[-1].piece == 0 else tree.start_multipliers(piece)
        pool.smooth[:] = 0
        curve = np.zeros((len(z), len(z)))
        columns = gather(piece, pool, problem.lower, problem.upper, z, 5.0, 0.2, search.trade, curve)
        if np.abs(z).max() < 1e4:  # not a household without an allowed plan, whose prices run away
            found.append((piece, columns, curve, z))
    return found


def slopes(piece: Any, columns: Any, size: int) -> tuple[np.ndarray, np.ndarray]:
    """B (C, D) and alpha (C,) read off the prices of the columns at every unit vector."""
    price = np.empty(columns.columns)
    price_columns(piece, np.zeros(size), columns, price)
    alpha = price.copy()
    B = np.zeros((columns.columns, size))
    for i, unit in enumerate(np.eye(size)):
        price_columns(piece, unit, columns, price)
        B[:, i] = price - alpha
    return B, alpha


def curvature(piece: Any, curve: np.ndarray) -> np.ndarray:
    full = curve + np.tril(curve, -1).T
    factors = len(piece.account) * int(piece.factors[0])
    return full + np.diag(np.where(np.arange(len(full)) < factors, 0.5, 1e-9))


def value(piece: Any, columns: Any, curve: np.ndarray, start: np.ndarray, z: np.ndarray) -> float:
    """The master's concave objective at z, from its definition."""
    B, alpha = slopes(piece, columns, len(z))
    price = alpha + B @ z
    least = sum(price[columns.start[h] : columns.start[h + 1]].min() for h in range(columns.groups))
    full = curve + np.tril(curve, -1).T
    return float(columns.lin @ z - 0.5 * z @ curvature(piece, curve) @ z + (full @ start) @ z + least)


def by_cvxpy(piece: Any, columns: Any, curve: np.ndarray, start: np.ndarray) -> float:
    size = len(start)
    B, alpha = slopes(piece, columns, size)
    unit = 1.0 / np.maximum(np.abs(B).max(axis=0), 1e-9)
    scaled_z, t = cp.Variable(size), cp.Variable(columns.groups)
    z = cp.multiply(unit, scaled_z)
    E, e0 = np.zeros((4 * size + 4, columns.q.shape[1])), np.zeros(4 * size + 4)
    plain = edges(piece, E, e0)
    group = np.repeat(np.arange(columns.groups), np.diff(columns.start[: columns.groups + 1]))
    full = curve + np.tril(curve, -1).T
    goal = (
        columns.lin @ z
        - 0.5 * cp.quad_form(scaled_z, cp.psd_wrap(np.outer(unit, unit) * curvature(piece, curve)))
        + (full @ start) @ z
        + cp.sum(t)
    )
    limits = [t[group] <= alpha + B @ z, E[:plain] @ z[size - columns.q.shape[1] :] + e0[:plain] >= 0]
    problem = cp.Problem(cp.Maximize(goal), limits)
    problem.solve(solver=cp.CLARABEL)
    assert scaled_z.value is not None
    return value(piece, columns, curve, start, unit * np.asarray(scaled_z.value))


@pytest.fixture(scope="module")
def drawn() -> list[tuple[Any, Any, Any, Any]]:
    found = masters(range(40, 70))
    assert len(found) >= 15
    return found


def test_both_methods_reach_the_optimum_of_a_general_solver(drawn: list[tuple[Any, Any, Any, Any]]) -> None:
    for piece, columns, curve, start in drawn:
        best = by_cvxpy(piece, columns, curve, start)
        weights = np.empty(columns.columns)
        small, large = start.copy(), start.copy()
        assert active_set(piece, columns, curve, small, 1e-6, 1000, weights)
        interior(piece, columns, curve, large, 0.1, 1e-5, weights)
        near = NEAR + 1e-7 * abs(best)
        assert value(piece, columns, curve, start, small) >= best - near
        assert abs(value(piece, columns, curve, start, large) - best) <= near


def test_weights_are_shares_of_each_group_and_balance_the_slopes(drawn: list[tuple[Any, Any, Any, Any]]) -> None:
    """First-order conditions: weights are non-negative, sum to one, and the slopes they mix are the curvature's."""
    for piece, columns, curve, start in drawn:
        z, weights = start.copy(), np.empty(columns.columns)
        assert active_set(piece, columns, curve, z, 1e-9, 1000, weights)
        assert weights.min() >= -1e-9
        B, _ = slopes(piece, columns, len(z))
        full = curve + np.tril(curve, -1).T
        slope = columns.lin + full @ start - curvature(piece, curve) @ z + B.T @ weights
        E, e0 = np.zeros((4 * len(z) + 4, columns.q.shape[1])), np.zeros(4 * len(z) + 4)
        plain = edges(piece, E, e0)
        tight = E[:plain][E[:plain] @ z[-columns.q.shape[1] :] + e0[:plain] <= 1e-9]
        held = np.zeros(len(z))
        held[-columns.q.shape[1] :] = np.abs(tight).sum(axis=0)
        scale = 1.0 + np.abs(B).max()
        assert np.abs(slope[held == 0]).max(initial=0.0) <= 1e-4 * scale
        for h in range(columns.groups):
            assert weights[columns.start[h] : columns.start[h + 1]].sum() == pytest.approx(1.0, abs=1e-4)


def test_the_answer_does_not_depend_on_where_it_starts(drawn: list[tuple[Any, Any, Any, Any]]) -> None:
    """The proximal term aside, which pulls towards the start: with it held fixed, any last weights give the same optimum."""
    draw_ = np.random.default_rng(5)
    for piece, columns, curve, start in drawn:
        first, weights = start.copy(), np.empty(columns.columns)
        assert active_set(piece, columns, curve, first, 1e-9, 1000, weights)
        columns.before[: columns.columns] = draw_.dirichlet(np.ones(columns.columns)) * columns.groups
        second = start.copy()
        assert active_set(piece, columns, curve, second, 1e-9, 1000, weights)
        assert value(piece, columns, curve, start, second) == pytest.approx(
            value(piece, columns, curve, start, first), abs=NEAR, rel=1e-7
        )


def test_too_few_steps_leave_the_multipliers_alone(drawn: list[tuple[Any, Any, Any, Any]]) -> None:
    given_up = 0
    for piece, columns, curve, start in drawn:
        columns.before[:] = 0.0
        z = start.copy()
        if not active_set(piece, columns, curve, z, 1e-12, 0, np.empty(columns.columns)):
            given_up += 1
            assert (z == start).all()
    assert given_up


def test_a_plan_is_no_cheaper_than_its_masters_say() -> None:
    """Weak duality end to end on the drawn households: every bound is below the plan that was found."""
    for seed in range(40, 52):
        case = draw(seed)
        problem = scaled(case.program.form(case.snapshot))
        outcome = tree.search(problem, tree.Effort(seconds=None, nodes=50))
        if outcome.trade is not None:
            assert outcome.bound <= objective(problem.pieces[0], outcome.trade) + 1e-9
