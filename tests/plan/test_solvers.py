"""Standard problems with a known optimum, run on every installed solver that fits; and a judge that is not fooled."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cvxpy as cp
import numpy as np
import pytest

from lotwright.errors import ProgramError
from lotwright.plan import solvers
from lotwright.plan.solvers import CAPABILITIES, Capability, Solved, Unsolved, capability, solve, worst_excess

Standard = tuple[cp.Problem, cp.Variable, np.ndarray, float]


def simplex_quadratic() -> Standard:
    """Nearest point of the simplex to (1, 1, 0.2): 0.4 off each leaves the third negative, so 0.5, 0.5 and 0."""
    x = cp.Variable(3)
    rows = [cp.sum(x) == 1, x >= 0]
    return (
        cp.Problem(cp.Minimize(cp.sum_squares(x - np.array([1.0, 1.0, 0.2]))), rows),
        x,
        np.array([0.5, 0.5, 0.0]),
        0.54,
    )


def box_linear() -> Standard:
    """Cheapest of a box under a budget: take the best ratio first."""
    x = cp.Variable(2)
    rows = [x >= 0, x <= 1, cp.sum(x) <= 1.5]
    return cp.Problem(cp.Minimize(-2 * x[0] - x[1] + 3), rows), x, np.array([1.0, 0.5]), 0.5


def singular_quadratic() -> Standard:
    """A rank-one quadratic with a linear tilt: the Hessian HiGHS errs on."""
    x = cp.Variable(2)
    rows = [x >= -1, x <= 1]
    return cp.Problem(cp.Minimize((x[0] + x[1]) ** 2 + 0.1 * (x[0] - x[1])), rows), x, np.array([-1.0, 1.0]), -0.2


def norm_cone() -> Standard:
    """Least of a linear function on the unit disc: minus the direction."""
    x = cp.Variable(2)
    return cp.Problem(cp.Minimize(3 * x[0] + 4 * x[1]), [cp.norm(x) <= 1]), x, np.array([-0.6, -0.8]), -5.0


def integer_linear() -> Standard:
    """Knapsack: the first and third weigh 8 of 8 and are worth 9.5, the first two 9."""
    x = cp.Variable(3, boolean=True)
    rows = [np.array([3.0, 4.0, 5.0]) @ x <= 8]
    return cp.Problem(cp.Minimize(-np.array([4.0, 5.0, 5.5]) @ x), rows), x, np.array([1.0, 0.0, 1.0]), -9.5


def integer_quadratic() -> Standard:
    """Nearest whole numbers that sum to 3."""
    x = cp.Variable(2, integer=True)
    rows = [cp.sum(x) == 3, x >= -9, x <= 9]
    return cp.Problem(cp.Minimize(cp.sum_squares(x - np.array([0.2, 2.2]))), rows), x, np.array([0.0, 3.0]), 0.68


STANDARD: tuple[Callable[[], Standard], ...] = (
    simplex_quadratic,
    box_linear,
    singular_quadratic,
    norm_cone,
    integer_linear,
    integer_quadratic,
)
PAIRS = [
    pytest.param(row, make, id=f"{row.name}-{make.__name__}")
    for row in CAPABILITIES
    for make in STANDARD
    if row.is_installed and row.fits(make()[0])
]


@pytest.mark.parametrize(("row", "make"), PAIRS)
def test_known_optimum(row: Capability, make: Callable[[], Standard]) -> None:
    """Primal point, objective and feasibility against what is known by hand."""
    problem, x, point, optimum = make()
    found = solve(problem, solver=row.name)
    assert isinstance(found, Solved), found
    assert found.solver == row.name
    assert found.objective == pytest.approx(optimum, abs=1e-5)
    assert x.value == pytest.approx(point, abs=1e-4)
    assert found.excess <= row.tolerance
    assert found.version != "unknown"


def test_every_shape_has_a_solver() -> None:
    """The required solvers alone cover linear, quadratic, conic and integer-linear problems."""
    required = [row for row in CAPABILITIES if row.name in ("clarabel", "highs", "osqp")]
    assert all(row.is_installed for row in required)
    for make in STANDARD[:-1]:
        assert any(row.fits(make()[0]) for row in required), make.__name__


def test_multipliers_of_the_simplex() -> None:
    """By hand: the budget's multiplier is 1 (2 * 0.5), that of x3 >= 0 is 2 * (0 - 0.2) + 1 = 0.6."""
    problem, _, _, _ = simplex_quadratic()
    for name in ("clarabel", "piqp", "osqp"):
        if capability(name).is_installed:
            solve(problem, solver=name)
            assert float(problem.constraints[0].dual_value) == pytest.approx(1.0, abs=1e-5), name
            assert problem.constraints[1].dual_value == pytest.approx([0, 0, 0.6], abs=1e-5), name


def test_infeasible_is_said_by_who_can_be_believed() -> None:
    x = cp.Variable(2)
    for name in ("clarabel", "osqp", "piqp", None):
        if name is None or capability(name).is_installed:
            found = solve(cp.Problem(cp.Minimize(cp.sum_squares(x)), [x >= 0, cp.sum(x) == -1]), solver=name)
            assert isinstance(found, Unsolved)
            assert found.is_infeasible
            assert not found.tried[-1].startswith("piqp"), "PIQP's word is not enough"


def test_where_an_answer_does_not_hold_the_solvers_other_way_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """HiGHS that stumbles over its presolve is asked without, and keeps the proof that the next solver lacks."""
    attempt = solvers._attempt

    def stumbling(problem: cp.Problem, row: Capability, more: dict[str, Any]) -> Solved | str:
        return "error" if row.name == "highs" and "presolve" not in more else attempt(problem, row, more)

    monkeypatch.setattr(solvers, "_attempt", stumbling)
    problem, _, _, optimum = integer_linear()
    found = solve(problem, solver="highs")
    assert isinstance(found, Solved)
    assert [line.split(":")[0] for line in found.tried] == ["highs", "highs"]
    assert found.dual_bound == pytest.approx(optimum)


def test_an_answer_that_misses_a_row_is_the_next_solvers_turn() -> None:
    """A solver stopped after one iteration says something; the judge sees that it does not hold."""
    problem, x, point, _ = simplex_quadratic()
    found = solve(problem, solver="osqp", settings={"max_iter": 1, "polishing": False, "check_termination": 1})
    assert isinstance(found, Solved)
    assert found.solver != "osqp"
    assert found.tried[0].startswith("osqp: ")
    assert x.value == pytest.approx(point, abs=1e-5)


def test_worst_excess_is_recomputed_from_values() -> None:
    x = cp.Variable(2, nonneg=True)
    problem = cp.Problem(cp.Minimize(cp.sum(x)), [cp.sum(x) == 1])
    x.save_value(np.array([1.5, -0.25]))
    assert worst_excess(problem) == pytest.approx(0.25)


def test_highs_tells_its_bound_with_the_constant() -> None:
    x = cp.Variable(2, integer=True)
    found = solve(cp.Problem(cp.Minimize(cp.sum(x) + 7), [2 * x >= 1]))
    assert isinstance(found, Solved)
    assert found.dual_bound == pytest.approx(9.0)


def test_a_solver_that_does_not_fit_or_exist_is_refused() -> None:
    with pytest.raises(ProgramError, match=r"highs does not fit this problem\. Solvers that would do: clarabel"):
        solve(simplex_quadratic()[0], solver="highs")
    with pytest.raises(ProgramError, match=r"There is no solver 'gurobi'\. There are: clarabel, piqp"):
        solve(simplex_quadratic()[0], solver="gurobi")
