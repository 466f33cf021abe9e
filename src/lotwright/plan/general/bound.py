"""The relaxed problem's solution with a lower bound that does not trust the solver.

Problem: a solver's *primal* objective is no lower bound, and its dual one is only as good as its residuals.
Observations: cvxpy hands a solver ``min 1/2 x'Px + q'x  s.t.  b - Ax in K``. For any z in the dual cone and any point
x0, convexity gives for every feasible x

    objective(x) >= -1/2 x0'Px0 - b'z + r'x,   r = P x0 + q + A'z.

Therefore: project the solver's z onto the dual cone, compute r, and take off ``sum |r_i| * radius``, the most that r'x
can weigh, since every variable is a fraction of household value and no fraction exceeds ``radius``. (Cones other than
nonnegative and second-order ones, which only a user's own cost brings in, are taken as the solver's dual leaves them.)
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import cvxpy as cp
import numpy as np

from lotwright.plan.general.pose import Posed
from lotwright.plan.snapshot import Floats, Snapshot
from lotwright.plan.solvers import Unsolved, capability, solve, worst_excess


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaxed:
    """A relaxed problem's optimum in basis points: ``objective`` at the values found, ``bound`` below all others."""

    objective: float
    bound: float
    solver: str
    version: str


def relax(posed: Posed, snapshot: Snapshot, *, solver: str | None = None) -> Relaxed | Unsolved:
    """Solve a relaxed problem and bound it from below; the values are left in the problem's variables.

    Clarabel's dual makes the bound. Another ``solver`` named, or needed because Clarabel's values do not hold, provides
    the values.
    """
    row = capability("clarabel")
    bound = -np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # an inaccurate solution warns; we judge it ourselves
        try:
            data, chain, inverse = posed.problem.get_problem_data(cp.CLARABEL, solver_opts=dict(row.settings))
            raw = chain.solve_via_data(
                posed.problem, data, warm_start=False, verbose=False, solver_opts=dict(row.settings)
            )
            posed.problem.unpack_results(raw, chain, inverse)
        except cp.error.SolverError:
            raw = None
    if raw is not None and posed.problem.status == cp.INFEASIBLE:
        return Unsolved(is_infeasible=True, tried=("clarabel: infeasible",))
    if raw is not None and np.isfinite(raw.x).all() and np.isfinite(raw.z).all():
        bound = _dual_bound(data, np.array(raw.x), np.array(raw.z), radius=reach(snapshot)) + inverse[-1]["offset"]
        holds = posed.decision.buy.value is not None and worst_excess(posed.problem) <= row.tolerance
        if holds and solver in (None, "clarabel"):
            objective = float(posed.problem.objective.value)
            return Relaxed(objective=objective, bound=min(bound, objective), solver=row.name, version=row.version)
    found = solve(posed.problem, solver=solver)
    if isinstance(found, Unsolved):
        return found
    return Relaxed(
        objective=found.objective, bound=min(bound, found.objective), solver=found.solver, version=found.version
    )


def reach(snapshot: Snapshot) -> float:
    """No variable of the relaxed problem is larger in size: trades, weights, cash and gains as fractions of value."""
    gains = float(np.abs(snapshot.lot_gain * snapshot.lot_quantity).sum()) / snapshot.total_value
    return 4.0 + gains


def _dual_bound(data: dict[str, Any], x: Floats, z: Floats, *, radius: float) -> float:
    """The bound of the module's docstring, without the problem's constant."""
    quadratic = data["P"] @ x if "P" in data else np.zeros_like(x)
    z = _in_dual_cone(z, data["dims"])
    residual = quadratic + data["c"] + data["A"].T @ z
    return float(-0.5 * (x @ quadratic) - data["b"] @ z - radius * np.abs(residual).sum())


def _in_dual_cone(z: Floats, dims: Any) -> Floats:
    """Nearest point of the dual cone over the nonnegative part, and one in it over each second-order part."""
    z = z.copy()
    start = dims.zero
    z[start : start + dims.nonneg] = np.maximum(z[start : start + dims.nonneg], 0.0)
    start += dims.nonneg
    for size in dims.soc:
        z[start] = max(z[start], float(np.linalg.norm(z[start + 1 : start + size])))
        start += size
    return z
