"""Which solver can do what, with settings under which it was seen to be right, and a judge of every answer.

Observations (each measured, SOLVING section 3): a status is a claim; OSQP says *solved* in dollars and is 17 bp wrong;
HiGHS errs on singular quadratic objectives; PIQP through cvxpy with the default warm start returns wrong answers and
gives no verdict on infeasible problems; HiGHS integers are off by 1e-14, and with a
mip_feasibility_tolerance of 1e-9 it called answers optimal that were 20 bp from it; what its presolve took out it puts
back a little off now and then, and then calls its own optimum an error.
Therefore: one table of capabilities; a solver is chosen by what the problem is; whatever it says, objective and worst
excess are recomputed from the values of the variables, and an answer that does not hold is tried for once more in the
row's other way, if it has one, before it is the next solver's turn.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import cvxpy as cp
import numpy as np

from lotwright.errors import ProgramError


@cache
def _installed() -> frozenset[str]:
    """What cvxpy finds on this machine, looked for once: it asks the whole path for every solver it knows."""
    return frozenset(cp.installed_solvers())


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability:
    """What one solver can do for us, and how it must be called."""

    name: str
    constant: str
    """cvxpy's name for it."""
    package: str
    quadratic: bool
    conic: bool
    """True for second-order, exponential and power cones."""
    integer: bool
    integer_quadratic: bool
    verdict: bool
    """True if it can be believed that a problem is infeasible."""
    trap: str
    tolerance: float
    """Worst excess, in the problem's own scaled units, with which its answers pass."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    otherwise: Mapping[str, Any] = field(default_factory=dict)
    """More settings for a second attempt, where the first one's answer does not hold."""

    @property
    def is_installed(self) -> bool:
        """True if cvxpy finds it on this machine."""
        return self.constant in _installed()

    @property
    def version(self) -> str:
        """Version of the installed package."""
        try:
            return version(self.package)
        except PackageNotFoundError:
            return "unknown"

    def fits(self, problem: cp.Problem) -> bool:
        """True if the problem is of a shape this solver can be trusted with."""
        flat = problem.objective.expr.is_pwl() and all(_is_flat(row) for row in problem.constraints)
        if problem.is_mixed_integer():
            return self.integer and (flat or self.integer_quadratic)
        return flat or (self.quadratic if problem.is_qp() else self.conic)


CAPABILITIES = (
    Capability(
        name="clarabel",
        constant=cp.CLARABEL,
        package="clarabel",
        quadratic=True,
        conic=True,
        integer=False,
        integer_quadratic=False,
        verdict=True,
        trap="none met",
        tolerance=1e-6,
        settings={"tol_gap_abs": 1e-9, "tol_gap_rel": 1e-9, "tol_feas": 1e-9, "max_iter": 200},
    ),
    Capability(
        name="piqp",
        constant=cp.PIQP,
        package="piqp",
        quadratic=True,
        conic=False,
        integer=False,
        integer_quadratic=False,
        verdict=False,
        trap="warm_start=True through cvxpy returns wrong answers; no verdict on infeasible problems",
        tolerance=1e-6,
        settings={"eps_abs": 1e-9, "eps_rel": 1e-9},
    ),
    Capability(
        name="osqp",
        constant=cp.OSQP,
        package="osqp",
        quadratic=True,
        conic=False,
        integer=False,
        integer_quadratic=False,
        verdict=True,
        trap="in dollars it says solved and is wrong: scale to fractions of value",
        tolerance=1e-5,
        settings={"eps_abs": 1e-8, "eps_rel": 1e-8, "max_iter": 100_000, "polishing": True},
    ),
    Capability(
        name="highs",
        constant=cp.HIGHS,
        package="highspy",
        quadratic=False,
        conic=False,
        integer=True,
        integer_quadratic=False,
        verdict=True,
        trap="errs on singular quadratic objectives: linear ones only; mip_feasibility_tolerance under 1e-6 is wrong",
        tolerance=1e-6,
        settings={
            "mip_rel_gap": 1e-7,
            "threads": 1,
            "random_seed": 0,
            "primal_feasibility_tolerance": 1e-9,
            "dual_feasibility_tolerance": 1e-9,
        },
        otherwise={"presolve": "off"},
    ),
    Capability(
        name="scip",
        constant=cp.SCIP,
        package="pyscipopt",
        quadratic=False,
        conic=False,
        integer=True,
        integer_quadratic=True,
        verdict=True,
        trap="a slow judge: a few securities only",
        tolerance=1e-5,
        settings={"scip_params": {"limits/gap": 1e-7, "limits/time": 60.0}},
    ),
)
"""Every solver we know how to call, the first that fits is tried first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Solved:
    """An answer that holds; the values are in the problem's variables.

    ``objective`` and ``excess`` (worst violation of a constraint, in its scaled unit) are recomputed from those values.
    ``dual_bound`` is the solver's own lower bound where it proves one by branching.
    """

    solver: str
    version: str
    objective: float
    excess: float
    dual_bound: float | None = None
    nodes: int = 0
    tried: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsolved:
    """No answer holds; ``is_infeasible`` if a solver that can be believed says there is none.

    ``ray`` holds the multipliers by which it proved that, where they are at hand.
    """

    is_infeasible: bool
    tried: tuple[str, ...]
    ray: tuple[float, ...] = ()


def solve(
    problem: cp.Problem, *, solver: str | None = None, settings: Mapping[str, Any] | None = None
) -> Solved | Unsolved:
    """Solve by the first solver that fits and whose answer holds.

    Parameters
    ----------
    problem : cvxpy problem, scaled so that its rows and objective are of order one
    solver : name of a capability to try before the others
    settings : more settings for the first solver tried

    Raises
    ------
    ProgramError
        The solver named is unknown, is not installed or does not fit the problem, or no installed solver fits.
    """
    tried: list[str] = []
    for place, row in enumerate(_order(problem, solver)):
        asked = dict(settings or {}) if place == 0 else {}
        otherwise = {**asked, **row.otherwise}
        for more in (asked, otherwise) if otherwise != asked else (asked,):
            found = _attempt(problem, row, more)
            tried.append(f"{row.name}: {found if isinstance(found, str) else 'holds'}")
            if isinstance(found, Solved):
                return replace(found, tried=tuple(tried))
            if found == cp.INFEASIBLE and row.verdict:
                return Unsolved(is_infeasible=True, tried=tuple(tried))
    return Unsolved(is_infeasible=False, tried=tuple(tried))


def capability(name: str) -> Capability:
    """Return the row of the table for a solver's name.

    Raises
    ------
    ProgramError
        There is no such row.
    """
    for row in CAPABILITIES:
        if row.name == name.lower():
            return row
    raise ProgramError(f"There is no solver {name!r}. There are: {', '.join(row.name for row in CAPABILITIES)}.")


def _order(problem: cp.Problem, named: str | None) -> list[Capability]:
    fitting = [row for row in CAPABILITIES if row.is_installed and row.fits(problem)]
    if named is not None:
        first = capability(named)
        if first not in fitting:
            why = "does not fit this problem" if first.is_installed else "is not installed"
            others = ", ".join(row.name for row in fitting) or "none"
            raise ProgramError(f"The solver {first.name} {why}. Solvers that would do: {others}.")
        return [first, *(row for row in fitting if row is not first)]
    if not fitting:
        raise ProgramError("No installed solver fits this problem. Install scip for integers with quadratic costs.")
    return fitting


def _attempt(problem: cp.Problem, row: Capability, more: dict[str, Any]) -> Solved | str:
    """One solver's answer if it holds, else why not: cvxpy's status, or what was found to be wrong."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an inaccurate solution warns; we recompute instead
            problem.solve(solver=row.constant, warm_start=False, **{**row.settings, **more})
    except cp.error.SolverError as error:
        return f"error ({error})"
    if problem.status in (cp.INFEASIBLE, cp.UNBOUNDED, cp.settings.INFEASIBLE_OR_UNBOUNDED):
        return str(problem.status)
    if any(variable.value is None for variable in problem.variables()):
        return f"{problem.status}, without values"
    excess = worst_excess(problem)
    objective = float(problem.objective.value)
    if not (np.isfinite(objective) and excess <= row.tolerance):
        return f"{problem.status}, but misses a constraint by {excess:.1e}"
    return Solved(
        solver=row.name, version=row.version, objective=objective, excess=excess, **_branching(problem, row, objective)
    )


def worst_excess(problem: cp.Problem) -> float:
    """Worst violation of any constraint or declared property of a variable, recomputed from the variables' values."""
    rows = [float(np.max(row.violation(), initial=0.0)) for row in problem.constraints]
    for variable in problem.variables():
        off = np.abs(np.asarray(variable.project(variable.value)) - variable.value)
        rows.append(float(np.max(off, initial=0.0)))
    return max(rows, default=0.0)


def _branching(problem: cp.Problem, row: Capability, objective: float) -> dict[str, Any]:
    """The lower bound and the nodes of a branch-and-bound run, where HiGHS tells them."""
    info = problem.solver_stats.extra_stats if problem.solver_stats else None
    if row.constant != cp.HIGHS or not problem.is_mixed_integer() or info is None:
        return {}
    constant = objective - float(info.objective_function_value)  # cvxpy keeps constants from the solver
    return {"dual_bound": float(info.mip_dual_bound) + constant, "nodes": max(int(info.mip_node_count), 0)}


def _is_flat(row: cp.Constraint) -> bool:
    return all(part.is_pwl() or part.is_affine() for part in row.args)
