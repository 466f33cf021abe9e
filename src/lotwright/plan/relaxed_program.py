"""The relaxation as a statement in cvxpy: the second opinion on the dual of :mod:`.separable.relaxed`, and what follows a stall.

It is written from the kernels' problem, lot by lot, and shares no line with the layout or the ascent it judges.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any, NamedTuple

import cvxpy as cp
import numpy as np
from scipy import sparse

from lotwright.plan.separable.problem import SCALE, Problem
from lotwright.plan.snapshot import Floats

WAYS: tuple[tuple[str, dict[str, Any]], ...] = (
    (cp.CLARABEL, {"tol_gap_abs": 1e-10, "tol_gap_rel": 1e-12, "tol_feas": 1e-11, "max_iter": 200}),
    (cp.PIQP, {"eps_abs": 1e-10, "eps_rel": 1e-11, "max_iter": 500, "warm_start": False}),
)
"""Solvers in the order they are asked, and their settings."""


class Posed(NamedTuple):
    """The relaxation, its constraints by the multipliers they carry, and the tax lines' places among all lines."""

    program: cp.Problem
    factors: list[cp.Constraint]
    cash: cp.Constraint
    lines: cp.Constraint
    rows: list[cp.Constraint]


class Answer(NamedTuple):
    """What one solver says: multipliers in the kernels' layout, the objective it reached (bp), and whether it finds no plan."""

    multipliers: Floats
    cost: float
    is_out_of_reach: bool


def answers(problem: Problem, lower: Floats, upper: Floats) -> Iterator[Answer]:
    """What each solver says about the relaxation of a problem within bounds in shares; those that fail say nothing."""
    posed = pose(problem, lower, upper)
    for solver, settings in WAYS:
        if solver not in cp.installed_solvers():
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # an inaccurate answer warns; its multipliers prove what they prove
                posed.program.solve(solver=solver, **settings)
        except cp.error.SolverError:
            continue
        if posed.program.status == cp.INFEASIBLE and solver == cp.CLARABEL:  # PIQP's verdicts are not to be believed
            yield Answer(np.zeros(0), np.inf, is_out_of_reach=True)
            return
        if posed.program.status in {cp.OPTIMAL, cp.OPTIMAL_INACCURATE}:
            yield Answer(_multipliers(posed), float(posed.program.value), is_out_of_reach=False)


def pose(problem: Problem, lower: Floats, upper: Floats) -> Posed:
    """The relaxation in cvxpy: fractions of value, basis points."""
    h, account = problem.holding, problem.account
    size, gain, of, is_long = _lots(problem, lower)
    n, lots = len(h), len(size)
    low, high = lower * h["price"], upper * h["price"]
    bought, given = cp.Variable(n), cp.Variable(lots) if lots else cp.Constant(np.zeros(0))
    place = sparse.csr_matrix((np.ones(lots), (of, np.arange(lots))), shape=(n, lots))
    sold = place @ given if lots else cp.Constant(np.zeros(n))
    x = bought - sold
    e = h["active"] + x
    own = sparse.csr_matrix((np.ones(n), (h["account"], np.arange(n))), shape=(len(account), n))
    spent = own @ (x + cp.multiply(h["buy_rate"], bought) + cp.multiply(h["sell_rate"], sold))
    short = cp.sum(cp.multiply(gain * ~is_long, given)) if lots else cp.Constant(0.0)
    long = cp.sum(cp.multiply(gain * is_long, given)) if lots else cp.Constant(0.0)
    cash, tax, exposure = cp.Variable(len(account)), cp.Variable(), _exposures(problem)
    y = cp.Variable(exposure.shape[0]) if exposure.shape[0] else None
    over = cp.pos(cash - account["target"])
    under = cp.pos(account["target"] - cash)
    cost = (
        cp.sum_squares(cp.multiply(np.sqrt(h["specific"]), e))
        + (SCALE * h["buy_rate"] + h["buy_cost"]) @ bought
        + (SCALE * h["sell_rate"] + h["sell_cost"]) @ sold
        + account["idle"] @ over + account["shortfall"] @ under + tax
    )  # fmt: skip
    factors = []
    if y is not None:
        cost += cp.sum_squares(y)
        factors.append(exposure @ e - y == 0)
    line = problem.line
    lines = (
        line[:, 0] * (problem.start[0] + short) + line[:, 1] * (problem.start[1] + long) + line[:, 2] - tax <= 0
    )  # fmt: skip
    rows = []
    for r in range(len(problem.row)):
        level = problem.row[r] @ x + problem.row_gain[r, 0] * short + problem.row_gain[r, 1] * long
        beyond: Any = 0.0
        if np.isfinite(problem.row_price[r]):
            beyond = cp.Variable(nonneg=True)
            cost += float(problem.row_price[r]) * beyond
        rows.append(level - problem.row_right[r] - beyond <= 0)
    balance = cash + spent - account["cash"] == 0
    limits = [
        bought >= np.maximum(low, 0.0),
        bought <= np.maximum(high, 0.0),
        cash >= account["floor"],
    ]
    if lots:
        limits += [given >= 0, given <= size, sold <= np.maximum(-low, 0.0), sold >= np.maximum(-high, 0.0)]
    return Posed(
        cp.Problem(cp.Minimize(cost), [*factors, balance, lines, *rows, *limits]), factors, balance, lines, rows
    )


def _exposures(problem: Problem) -> sparse.csr_matrix:
    """Loads of every factor of every account, shape (A K, n)."""
    n, factors = len(problem.holding), int(problem.factors[0])
    row = problem.holding["account"][:, None] * factors + problem.at
    column = np.repeat(np.arange(n), problem.load.shape[1])
    count = len(problem.account) * factors
    return sparse.csr_matrix((problem.load.ravel(), (row.ravel(), column)), shape=(count, n))


def _lots(problem: Problem, lower: Floats) -> tuple[Floats, Floats, Any, Any]:
    """Size and gain per fraction of every lot that may be sold, its holding, and whether it is long-term."""
    size, gain, of, is_long = [], [], [], []
    for j, h in enumerate(problem.holding):
        reach = -lower[j]
        for lot in problem.lot[h["first"] : h["stop"]]:
            shares = min(float(lot["shares"]), reach) if h["ordered"] else float(lot["shares"])
            reach -= shares if h["ordered"] else 0.0
            if shares > 0:
                size.append(shares * h["price"])
                gain.append(lot["gain"] / h["price"])
                of.append(j)
                is_long.append(lot["long"] == 1)
    return np.array(size), np.array(gain), np.array(of, dtype=int), np.array(is_long, dtype=bool)


def _multipliers(posed: Posed) -> Floats:
    """The solver's multipliers in the layout of :mod:`.separable.dual`."""
    lines = np.maximum(np.atleast_1d(posed.lines.dual_value), 0.0)
    return np.concatenate(
        [
            *(np.atleast_1d(one.dual_value) for one in posed.factors),
            np.atleast_1d(posed.cash.dual_value),
            (lines / max(lines.sum(), 1e-300))[:-1],
            *(np.atleast_1d(one.dual_value) for one in posed.rows),
        ]
    )
