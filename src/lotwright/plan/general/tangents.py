"""Curved costs and limits from below: tangents that HiGHS can read.

A convex function is nowhere below its tangents, so a problem of tangents is a relaxation. A sum of squares is
approximated square by square, far better than as a whole; any other convex expression by its gradient.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cvxpy as cp
import numpy as np
from scipy import sparse

from lotwright.plan.costs import Tracking
from lotwright.plan.decision import Decision
from lotwright.plan.general.pose import Posed
from lotwright.plan.program import Program
from lotwright.plan.snapshot import Floats, Snapshot

OFFSETS = (0.0, -0.5, 0.5, -1.5, 1.5, -4.0, 4.0, -12.0, 12.0)
"""Where the first tangents stand, in steps of an order around the relaxed point."""


@dataclass(slots=True, kw_only=True, eq=False)
class Squares:
    """``sum(coefficient * affine**2)`` under the epigraph variable ``above``, with tangents at ``points``."""

    coefficient: Floats
    affine: cp.Expression
    above: cp.Variable
    points: list[Floats] = field(default_factory=list)

    def rows(self) -> list[cp.Constraint]:
        """Every tangent of every square, as one block."""
        size, count = len(self.coefficient), len(self.points)
        slope = sparse.vstack([sparse.diags(2.0 * self.coefficient * point) for point in self.points]).tocsr()
        copies = sparse.vstack([sparse.identity(size)] * count).tocsr()
        at = np.concatenate([self.coefficient * point**2 for point in self.points])
        return [copies @ self.above - slope @ self.affine >= -at]


@dataclass(slots=True, kw_only=True, eq=False)
class Curved:
    """A convex expression under ``above`` (a cost), or under zero (a limit's row); ``planes`` are its tangents."""

    expression: cp.Expression
    above: cp.Variable | None
    planes: list[cp.Constraint] = field(default_factory=list)

    def touch(self) -> None:
        """Add the tangent plane at the present values, where there is a gradient."""
        gradient = self.expression.grad
        if any(part is None for part in gradient.values()):
            return
        plane = cp.Constant(np.atleast_1d(self.expression.value))
        for variable, slope in gradient.items():
            plane = plane + slope.T @ (cp.vec(variable, order="F") - np.ravel(variable.value, order="F"))
        self.planes.append(plane <= (0.0 if self.above is None else self.above))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outline:
    """The exact problem as HiGHS can read it: ``flat`` costs as they are, the others from below; basis points."""

    flat: tuple[cp.Expression, ...]
    squares: tuple[Squares, ...]
    curved: tuple[Curved, ...]
    rows: tuple[cp.Constraint, ...]

    @property
    def objective(self) -> cp.Expression:
        """Flat costs plus the epigraphs of the others."""
        above = [cp.sum(s.above) for s in self.squares] + [c.above for c in self.curved if c.above is not None]
        return sum((*self.flat, *above), start=cp.Constant(0.0))

    @property
    def tangents(self) -> list[cp.Constraint]:
        """All tangents so far."""
        return [row for s in self.squares for row in s.rows()] + [plane for c in self.curved for plane in c.planes]

    def touch(self) -> None:
        """Add tangents at the present values of the variables."""
        for square in self.squares:
            square.points.append(np.array(square.affine.value))
        for curve in self.curved:
            curve.touch()


def outline(program: Program, snapshot: Snapshot, exact: Posed, *, relaxed: Decision) -> Outline:
    """Sort the exact problem's costs and rows; first tangents stand at the relaxed point and where nothing trades."""
    squares, curved, flat = [], [], []
    for cost, expression in zip(program.costs, exact.costs, strict=True):
        if isinstance(cost, Tracking):
            coefficient, affine = cost.squares(snapshot, exact.decision)
            above = cp.Variable(len(coefficient), nonneg=True)
            squares.append(Squares(coefficient=coefficient / exact.unit, affine=affine, above=above))
        elif expression.is_pwl():
            flat.append(expression / exact.unit)
        else:
            curved.append(Curved(expression=expression / exact.unit, above=cp.Variable()))
    every = [row for rows in exact.rows.values() for row in rows]
    curved += [Curved(expression=row, above=None) for row in every if not row.is_pwl()]
    rows = (*exact.definitions, *(row <= 0 for row in every if row.is_pwl()))
    _copy(relaxed, exact.decision)
    for square in squares:
        square.points += _first_points(snapshot, square, exact.decision)
    for curve in curved:
        curve.touch()
    return Outline(flat=tuple(flat), squares=tuple(squares), curved=tuple(curved), rows=rows)


def _first_points(snapshot: Snapshot, square: Squares, decision: Decision) -> list[Floats]:
    """Around the relaxed point in steps of an order, and towards the point of no trade."""
    here = np.array(square.affine.value)
    factors = len(here) - len(snapshot.symbol)
    step = np.maximum(np.where(snapshot.increment > 0, snapshot.price, 0.0) / decision.scale, 2e-4)
    width = np.concatenate([np.full(factors, 0.2 * float(np.sqrt((step**2).sum()))), step])
    before = (snapshot.quantity * snapshot.price - snapshot.target) / decision.scale
    still = np.concatenate([here[:factors], before])
    return [here + offset * width for offset in OFFSETS] + [still, (still + here) / 2]


def _copy(source: Decision, to: Decision) -> None:
    """Set the variables of one decision to the values of another of the same household."""
    names = ("sell", "buy", "active", "factor", "short", "long", "cash", "is_buy", "is_sale", "realise")
    for name in names:
        if getattr(source, name) is not None:
            getattr(to, name).save_value(getattr(source, name).value)  # between 0 and 1 where the choice is binary
