"""The relaxed problem's solution with a lower bound that does not trust the solver.

Problem: a solver's *primal* objective is no lower bound, and its dual one is only as good as its residuals.
Observations: cvxpy hands a solver ``min 1/2 x'Px + q'x  s.t.  b - Ax in K``. For any z in the dual cone and any point
x0, convexity gives for every feasible x

    objective(x) >= -1/2 x0'Px0 - b'z + r'x,   r = P x0 + q + A'z.

Therefore: project the solver's z onto the dual cone, compute r, and take off ``sum |r_i| * radius``, the most that r'x
can weigh, since every variable is a fraction of household value and no fraction exceeds ``radius``. x0 and z are written
into the plan's certificate, from which anybody evaluates the same bound without solving. (Exponential and semidefinite
cones, which only a user's own cost brings in, are taken as the solver's dual leaves them, and prove nothing to others.)
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import cvxpy as cp
import numpy as np

from lotwright.errors import PlanError
from lotwright.plan.general.pose import Posed
from lotwright.plan.snapshot import Floats, Snapshot
from lotwright.plan.solvers import Unsolved, capability, solve, worst_excess

DIGITS = 12
"""Significant digits of a certificate's numbers; the bound is computed from what is written."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Proof:
    """What a bound is evaluated from: a point of the problem Clarabel is handed, and a multiplier for each of its rows."""

    point: Floats
    dual: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Relaxed:
    """A relaxed problem's optimum in basis points: ``objective`` at the values found, ``bound`` below all others.

    ``proof`` is ``None`` where no solver's dual could be had; then nothing is bounded.
    """

    objective: float
    bound: float
    solver: str
    version: str
    proof: Proof | None = None


def relax(posed: Posed, snapshot: Snapshot, *, solver: str | None = None) -> Relaxed | Unsolved:
    """Solve a relaxed problem and bound it from below; the values are left in the problem's variables.

    Clarabel's dual makes the bound. Another ``solver`` named, or needed because Clarabel's values do not hold, provides
    the values.
    """
    row = capability("clarabel")
    bound, proof = -np.inf, None
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
        return Unsolved(is_infeasible=True, tried=("clarabel: infeasible",), ray=tuple(_written(raw.z).tolist()))
    if raw is not None and np.isfinite(raw.x).all() and np.isfinite(raw.z).all():
        proof = Proof(point=_written(raw.x), dual=_written(raw.z))
        bound = _dual_bound(data, proof, radius=reach(snapshot)) + inverse[-1]["offset"]
        holds = posed.decision.buy.value is not None and worst_excess(posed.problem) <= row.tolerance
        if holds and solver in (None, "clarabel"):
            objective = float(posed.problem.objective.value)
            return Relaxed(
                objective=objective, bound=min(bound, objective), solver=row.name, version=row.version, proof=proof
            )
    found = solve(posed.problem, solver=solver)
    if isinstance(found, Unsolved):
        return found
    return Relaxed(
        objective=found.objective,
        bound=min(bound, found.objective),
        solver=found.solver,
        version=found.version,
        proof=proof,
    )


def proven(posed: Posed, snapshot: Snapshot, *, point: Sequence[float], dual: Sequence[float]) -> float:
    """The bound (basis points) that a certificate's numbers prove of a relaxed problem; nothing is solved.

    Raises
    ------
    PlanError
        The numbers do not fit the problem, or its cones are such that a dual cannot be checked.
    """
    data, _, inverse = posed.problem.get_problem_data(cp.CLARABEL)
    proof = Proof(point=_fitting(point, data["c"], "numbers"), dual=_fitting(dual, data["b"], "multipliers"))
    _must_have_known_cones(data["dims"])
    return _dual_bound(data, proof, radius=reach(snapshot)) + float(inverse[-1]["offset"])


def is_empty(posed: Posed, snapshot: Snapshot, *, ray: Sequence[float]) -> bool:
    """True if multipliers prove that a relaxed problem has no feasible point at all; nothing is solved.

    With s = b - Ax in K and z in its dual cone, ``b'z >= x'A'z``: there is no x where ``b'z + radius sum |A'z| < 0``
    (Farkas' lemma).

    Raises
    ------
    PlanError
        As :func:`proven`.
    """
    data, _, _ = posed.problem.get_problem_data(cp.CLARABEL)
    z = _fitting(ray, data["b"], "multipliers")
    _must_have_known_cones(data["dims"])
    z = _in_dual_cone(z, data["dims"])
    return bool(data["b"] @ z + reach(snapshot) * np.abs(data["A"].T @ z).sum() < 0)


def _fitting(numbers: Sequence[float], like: Floats, what: str) -> Floats:
    found = np.array(numbers, dtype=float)
    if found.shape != like.shape:
        raise PlanError(
            f"The certificate has {found.size} {what} where this household's program needs {like.size}. Plan the household"
            " again: book, program or cvxpy have changed."
        )
    if not np.isfinite(found).all():
        raise PlanError(f"The certificate's {what} are not all finite.")
    return found


def _must_have_known_cones(dims: Any) -> None:
    if dims.exp or dims.psd or dims.pnd:
        raise PlanError(
            "A cost of this program has exponential or semidefinite cones: nobody can check its multipliers."
        )


def _written(numbers: Sequence[float]) -> Floats:
    return np.array([float(f"{number:.{DIGITS}g}") for number in numbers])


def reach(snapshot: Snapshot) -> float:
    """No variable of the relaxed problem is larger in size: trades, weights, cash and gains as fractions of value."""
    gains = float(np.abs(snapshot.lot_gain * snapshot.lot_quantity).sum()) / snapshot.total_value
    return 4.0 + gains


def _dual_bound(data: dict[str, Any], proof: Proof, *, radius: float) -> float:
    """The bound of the module's docstring, without the problem's constant."""
    x, z = proof.point, _in_dual_cone(proof.dual, data["dims"])
    quadratic = data["P"] @ x if "P" in data else np.zeros_like(x)
    residual = quadratic + data["c"] + data["A"].T @ z
    return float(-0.5 * (x @ quadratic) - data["b"] @ z - radius * np.abs(residual).sum())


def _in_dual_cone(z: Floats, dims: Any) -> Floats:
    """A point of the dual cone near z: over the nonnegative, second-order and power cones.

    The dual of the power cone ``x^a y^(1-a) >= |w|`` is ``(u/a)^a (v/(1-a))^(1-a) >= |s|`` (Chares 2009, section 4.1).
    """
    z = z.copy()
    start = dims.zero
    z[start : start + dims.nonneg] = np.maximum(z[start : start + dims.nonneg], 0.0)
    start += dims.nonneg
    for size in dims.soc:
        z[start] = max(z[start], float(np.linalg.norm(z[start + 1 : start + size])))
        start += size
    start += sum(size * (size + 1) // 2 for size in dims.psd) + 3 * dims.exp
    for power in dims.p3d:
        u, v = max(z[start], 0.0), max(z[start + 1], 0.0)
        most = (u / power) ** power * (v / (1.0 - power)) ** (1.0 - power)
        z[start : start + 3] = u, v, np.clip(z[start + 2], -most, most)
        start += 3
    return z
