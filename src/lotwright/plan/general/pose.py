"""Pose a program for one household as a cvxpy problem: relaxed (convex) or exact (integers), on one piece of the tax.

The objective is in basis points of household value, rows are fractions of household value (SOLVING, section 3).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import cvxpy as cp

from lotwright.errors import ProgramError
from lotwright.plan.costs import Tax
from lotwright.plan.decision import Decision, decide
from lotwright.plan.limits import GainBudget, Holdings
from lotwright.plan.program import Program, label_of
from lotwright.plan.protocols import Limit
from lotwright.plan.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Posed:
    """A program posed: the cvxpy problem and the parts it is made of.

    ``costs`` are in dollars, one for each of the program's; ``rows`` hold the expressions each limit keeps at or below
    zero;
    ``definitions`` say what the variables are. ``unit`` is the dollars of one unit (basis point) of the objective.
    """

    problem: cp.Problem
    decision: Decision
    costs: tuple[cp.Expression, ...]
    rows: Mapping[str, tuple[cp.Expression, ...]]
    definitions: tuple[cp.Constraint, ...]
    cash_rows: cp.Constraint
    unit: float


def pose(program: Program, snapshot: Snapshot, *, tax_piece: int = 0, exact: bool = False) -> Posed:
    """Pose ``program`` for the household of ``snapshot``, which must have holdings and a positive value.

    The relaxed problem's optimum is a lower bound on the piece; the least over all :func:`tax_piece_count` pieces is
    one on the program. The exact problem is the program itself on that piece, for reading and for judges on tiny
    accounts.

    Raises
    ------
    ProgramError
        A cost is not convex or a limit is not of the form *convex <= 0* in cvxpy's rules, or the household has no
        value.
    """
    if snapshot.total_value <= 0 or not snapshot.symbol:
        raise ProgramError(f"{snapshot.household.household} has no value or no securities: there is nothing to pose.")
    decision = decide(snapshot, exact=exact, tax_piece=tax_piece)
    unit = decision.scale / 1e4
    costs = tuple(_convex(cost, cost.expression(snapshot, decision)) for cost in program.costs)
    rows = {label_of(limit): tuple(_rows(limit, snapshot, decision)) for limit in demanded(program)}
    cash = _cash(program, snapshot, decision)
    definitions = (*decision.links.values(), cash, *decision.choices, *decision.ties)
    kept = [row <= 0 for limit in rows.values() for row in limit]
    objective = cp.Minimize(sum(cost / unit for cost in costs))
    return Posed(
        problem=cp.Problem(objective, [*definitions, *kept]),
        decision=decision,
        costs=costs,
        rows=rows,
        definitions=definitions,
        cash_rows=cash,
        unit=unit,
    )


def demanded(program: Program) -> tuple[Limit, ...]:
    """The program's limits; nothing is ever sold that is not held, whether the program says so or not."""
    has = any(isinstance(limit, Holdings) for limit in program.limits)
    return program.limits if has else (*program.limits, Holdings())


def tax_piece_count(program: Program, snapshot: Snapshot) -> int:
    """How many convex pieces the tax of this household has under the program; at least one."""
    kinds = (Tax, GainBudget)
    addends = (*program.costs, *program.limits)
    return max([1, *(len(addend.pieces(snapshot)) for addend in addends if isinstance(addend, kinds))])


def _cash(program: Program, snapshot: Snapshot, decision: Decision) -> cp.Constraint:
    """Cash after is cash before plus what is sold minus what is bought minus what is paid."""
    paid: Any = sum(
        (cost.paid_expression(snapshot, decision) for cost in program.costs if hasattr(cost, "paid_expression")),
        start=0.0,
    )
    net = decision.in_account(1.0) @ (decision.sold - decision.buy)
    return decision.cash == snapshot.cash / decision.scale + net - paid / decision.scale


def _convex(cost: Any, expression: cp.Expression) -> cp.Expression:
    if not expression.is_convex():
        raise ProgramError(
            f"The cost {cost.kind} is not convex by cvxpy's rules. Write its expression in convex atoms."
        )
    return expression


def _rows(limit: Limit, snapshot: Snapshot, decision: Decision) -> list[cp.Expression]:
    rows = [cp.Constant(row) if not isinstance(row, cp.Expression) else row for row in limit.excess(snapshot, decision)]
    if not all(row.is_convex() for row in rows):
        raise ProgramError(f"The limit {limit.kind} is not convex by cvxpy's rules. Write its excess in convex atoms.")
    return rows
