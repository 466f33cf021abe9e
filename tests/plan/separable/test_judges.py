"""Second opinions on tiny households: the general path through cvxpy and HiGHS, and SCIP where it is installed."""

from __future__ import annotations

import importlib.util
import warnings

import cvxpy as cp
import numpy as np
import pytest

from lotwright.plan.general import pose, solve_program, tax_piece_count
from lotwright.plan.general.solve import Solution as General
from lotwright.plan.separable.certify import solve_separable
from lotwright.plan.separable.tree import Effort
from lotwright.plan.solution import Solution
from tests.plan.separable.households import Case, draw

HAS_SCIP = importlib.util.find_spec("pyscipopt") is not None


def certified(case: Case) -> Solution | None:
    with np.errstate(all="ignore"):
        found = solve_separable(case.program, case.snapshot, Effort(seconds=None, nodes=400))
    return found if isinstance(found, Solution) else None


@pytest.mark.parametrize("seed", range(8))
def test_the_general_path_finds_nothing_below_the_bound(seed: int) -> None:
    case = draw(seed)
    mine = certified(case)
    if mine is None:
        pytest.skip("this household has no plan")
    other = solve_program(case.program, case.snapshot, node_limit=200, seconds=20)
    assert isinstance(other, General)
    slack = 1e-7 * case.snapshot.total_value
    assert mine.bound <= other.posed + slack
    assert other.bound <= mine.posed + slack
    assert mine.posed <= other.posed + (mine.posed - mine.bound) + slack


@pytest.mark.skipif(not HAS_SCIP, reason="needs pyscipopt, a judge and no dependency")
@pytest.mark.parametrize("seed", range(6))
def test_scip_finds_nothing_below_the_bound(seed: int) -> None:
    """SCIP solves the program as it is posed in cvxpy, integers and all, piece of the tax by piece."""
    case = draw(seed)
    mine = certified(case)
    if mine is None:
        pytest.skip("this household has no plan")
    found = [scip(case, piece) for piece in range(tax_piece_count(case.program, case.snapshot))]
    solved = [value for value in found if value is not None]
    if not solved:
        pytest.skip("SCIP had no answer in its time")
    slack = 1e-5 * case.snapshot.total_value  # SCIP's own tolerances: a tenth of a basis point
    assert mine.bound <= min(solved) + slack
    if None not in found:
        assert mine.posed == pytest.approx(min(solved), abs=(mine.posed - mine.bound) + slack)


def scip(case: Case, piece: int) -> float | None:
    """Dollars of SCIP's optimum on one piece, or ``None`` where it did not prove one."""
    posed = pose(case.program, case.snapshot, tax_piece=piece, exact=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            posed.problem.solve(solver=cp.SCIP, scip_params={"limits/time": 10.0, "limits/gap": 1e-7})
        except cp.SolverError:
            return None
    if posed.problem.status != cp.OPTIMAL:
        return None
    return float(posed.problem.value) * posed.unit
