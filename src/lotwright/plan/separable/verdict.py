"""Why there is no plan: which limits clash, and by how much."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lotwright.book.failure import Failure
from lotwright.plan.program import Program
from lotwright.plan.separable import jit
from lotwright.plan.separable.form import Row
from lotwright.plan.separable.layout import scaled
from lotwright.plan.separable.problem import Scaled
from lotwright.plan.separable.tree import Outcome, start_multipliers
from lotwright.plan.snapshot import Snapshot

DEAR = 1e9
"""A price of cash (bp per unit of household value) at which nothing but cash matters."""


def out_of_reach(problem: Scaled, snapshot: Snapshot, rows: Sequence[Row] = ()) -> Failure | None:
    """The failure of a household whose limits clash before any cost matters: barred holdings, cash or a row out of reach."""
    barred = [snapshot.symbol[j] for j in np.flatnonzero(problem.lower > problem.upper + 1e-9)]
    if barred:
        return Failure(
            reason="infeasible",
            message=f"{snapshot.household.household}: the limits on {', '.join(barred)} contradict each other: at least one "
            f"restriction demands a trade that another forbids{_how_much(problem, snapshot)}. Lift one of them.",
            evidence={"limits": ["restrictions"], "symbols": barred, "dollars": _contradicted(problem, snapshot)},
        )
    short = _shortfalls(problem, snapshot)
    if not short:
        return _row_out_of_reach(problem, snapshot, rows)
    first = short[0]
    return Failure(
        reason="infeasible",
        message=f"{first['account']} must end with ${first['needed']:,.2f} in cash but ends with {_cash(first['most'])} at "
        f"most, whatever is traded within the limits: ${first['missing']:,.2f} short. Reduce the withdrawal or the minimum "
        "cash, or lift a limit that stands in its way.",
        evidence={"limits": ["cash"], "accounts": short},
    )


def against(failure: Failure, program: Program, snapshot: Snapshot) -> Failure:
    """A failure for want of cash with the limits that stand in its way: without them less is missing, and how much less."""
    short = failure.evidence.get("accounts")
    if not short:
        return failure
    name, missing = short[0]["account"], float(short[0]["missing"])
    found: dict[str, float] = {}
    for k, limit in enumerate(program.limits):
        form = replace(program, limits=(*program.limits[:k], *program.limits[k + 1 :])).form(snapshot)
        if limit.kind in ("cash", "holdings", "whole_shares") or form is None:
            continue
        left = {row["account"]: row["missing"] for row in _shortfalls(scaled(form), snapshot)}.get(name, 0.0)
        if missing - left >= 0.01:
            found[limit.kind] = round(missing - left, 2)
    if not found:
        return failure
    said = ", ".join(f"{kind} (${gives:,.2f} of it)" for kind, gives in found.items())
    stand = "stands" if len(found) == 1 else "stand"
    return replace(
        failure,
        message=f"{failure.message} In its way {stand} {said}.",
        evidence={**failure.evidence, "limits": ["cash", *found], "against": found},
    )


def _cash(amount: float) -> str:
    return f"-${-amount:,.2f}" if amount < 0 else f"${amount:,.2f}"


def _contradicted(problem: Scaled, snapshot: Snapshot) -> dict[str, float]:
    """Dollars between the most and the least that limits allow of a security where the most is below the least."""
    off = (problem.lower - problem.upper) * snapshot.price
    return {
        f"{snapshot.account[snapshot.account_of[j]]}/{snapshot.symbol[j]}": round(float(off[j]), 2)
        for j in np.flatnonzero(problem.lower > problem.upper + 1e-9)
    }


def _how_much(problem: Scaled, snapshot: Snapshot) -> str:
    off = _contradicted(problem, snapshot)
    return f" ({', '.join(f'{name} by ${dollars:,.2f}' for name, dollars in list(off.items())[:5])})"


def _row_out_of_reach(problem: Scaled, snapshot: Snapshot, rows: Sequence[Row]) -> Failure | None:
    """The failure of a household that misses a row whatever it trades: its least left side is above the right one."""
    kernels = jit.kernels()
    part = problem.pieces[-1]
    n = len(snapshot.symbol)
    opts, pick = np.zeros((n, 3, 6)), np.zeros(n, dtype=np.int64)
    first = len(part.account) * int(part.factors[0]) + len(part.account) + len(part.line) - 1
    for r, row in enumerate(rows):
        if row.price is not None:
            continue
        z = start_multipliers(part)
        z[first + r] = DEAR
        kernels.evaluate(part, z, problem.lower, problem.upper, opts, pick)
        level = 0.0
        for j in range(n):
            best = opts[j, pick[j]]
            x = kernels.column(part.holding[j], best[1])[1]
            level += part.row[r, j] * x + part.row_gain[r, 0] * best[2] + part.row_gain[r, 1] * best[3]
        missing = float((level - part.row_right[r]) * problem.value)
        if missing > 1e-6 * problem.value:
            return Failure(
                reason="infeasible",
                message=f"{snapshot.household.household} misses the limit {row.name} by at least ${missing:,.2f} whatever it "
                "trades within its other limits (restrictions, wash sales, lots that are kept). Raise the limit by so much, "
                "give it a price (soft), or lift what stands in its way.",
                evidence={"limits": [row.name], "missing": {row.name: round(missing, 2)}},
            )
    return None


def not_found(snapshot: Snapshot, outcome: Outcome) -> Failure:
    """The failure of a household for which the search ended with no allowed trade list in hand."""
    return Failure(
        reason="not_found",
        message=f"{snapshot.household.household}: no whole-share trade list was found within the search's limits "
        f"({outcome.stopped or 'search exhausted'}). Allow more time with --time-limit.",
        evidence={"nodes": outcome.count, "stopped": outcome.stopped},
    )


def _shortfalls(problem: Scaled, snapshot: Snapshot) -> list[dict[str, Any]]:
    """Accounts whose floor is out of reach even when cash is worth more than anything else."""
    kernels = jit.kernels()
    part = problem.pieces[-1]
    may_rest = bool((problem.lower <= 0).all() and (problem.upper >= 0).all())
    if may_rest and bool((part.account["cash"] >= part.account["floor"]).all()):
        return []  # trading nothing keeps the cash
    n = len(snapshot.symbol)
    opts, pick = np.zeros((n, 3, 6)), np.zeros(n, dtype=np.int64)
    z = start_multipliers(part)
    accounts = len(part.account)
    start = accounts * int(part.factors[0])
    z[start : start + accounts] = DEAR
    kernels.evaluate(part, z, problem.lower, problem.upper, opts, pick)
    spent = np.zeros(accounts)
    for j in range(n):
        best = opts[j, pick[j]]
        spent[part.holding[j]["account"]] += kernels.column(part.holding[j], best[1])[2]
    found = []
    for a, name in enumerate(snapshot.account):
        most = (part.account[a]["cash"] - spent[a]) * problem.value
        needed = part.account[a]["floor"] * problem.value
        if most < needed - 1e-6:
            found.append({"account": name, "needed": needed, "most": most, "missing": needed - most})
    return found
