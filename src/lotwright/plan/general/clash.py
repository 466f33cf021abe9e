"""Which limits clash when a program has no plan, and by how much: the same problem with every limit elastic.

minimise the sum of slacks   subject to   excess of each limit <= its slack,  slack >= 0

A limit with slack is one that has to give. A limit without slack stands in its way if less slack would do without it.
Together they clash.
"""

from __future__ import annotations

from typing import Any

import cvxpy as cp
import numpy as np

from lotwright.book.failure import Failure
from lotwright.plan.general.pose import Posed, pose, tax_piece_count
from lotwright.plan.limits import Holdings, WholeShares
from lotwright.plan.program import Program
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.solvers import Solved, solve

RIGID = (Holdings.kind, WholeShares.kind)
"""What cannot give: nobody sells what he has not, and the broker trades what it trades."""
NOTICEABLE = 1e-7
"""Slack, as a fraction of household value, that counts as such."""


def clash(program: Program, snapshot: Snapshot, *, exact: bool) -> Failure:
    """Explain why no plan keeps all limits: of the relaxed problem, or (``exact``) of the whole-share one.

    Returns
    -------
    Failure with reason ``infeasible`` and evidence ``limits`` (dollars each would have to give), ``against`` (limits
    that stand in the way) and ``cash_missing`` (dollars by account); with reason ``not_found`` where nothing has to give
    and the search alone fell short; or with reason ``unsolved``
    """
    nearest = None
    for piece in range(tax_piece_count(program, snapshot)):  # a tax budget is another limit on each piece
        elastic = _elastic(pose(program, snapshot, tax_piece=piece, exact=exact))
        missed = _least(*elastic, without=None)
        if missed is not None and (nearest is None or missed < nearest[0] - NOTICEABLE):
            nearest = missed, elastic
    if nearest is None:
        return _unexplained(program, snapshot)
    least, (posed, slack) = nearest
    gives = {kind: _dollars(group, posed) for kind, group in slack.items()}
    gives = {kind: amount for kind, amount in gives.items() if amount > NOTICEABLE * posed.decision.scale}
    where = _where(snapshot, slack, posed)
    against = [kind for kind in slack if kind not in gives and _stands(posed, slack, kind, least=least)]
    return _failure(program, snapshot, gives=gives, against=against, where=where)


def _elastic(posed: Posed) -> tuple[Posed, dict[str, list[cp.Variable]]]:
    """A posed problem and a slack for every row that can give."""
    slack = {
        kind: [cp.Variable(row.shape, nonneg=True) for row in rows]
        for kind, rows in posed.rows.items()
        if kind not in RIGID
    }
    return posed, slack


def _least(posed: Posed, slack: dict[str, list[cp.Variable]], *, without: str | None) -> float | None:
    """Least total slack, a fraction of value, with one limit left out; ``None`` if no solver answers."""
    rows = []
    for kind, group in posed.rows.items():
        if kind != without:
            rows += [row <= (slack[kind][k] if kind in slack else 0.0) for k, row in enumerate(group)]
    total = sum((cp.sum(s) for kind, group in slack.items() for s in group if kind != without), start=cp.Constant(0.0))
    found = solve(cp.Problem(cp.Minimize(total), [*posed.definitions, *rows]))
    return found.objective if isinstance(found, Solved) else None


def _stands(posed: Posed, slack: dict[str, list[cp.Variable]], kind: str, *, least: float) -> bool:
    """True if less would have to give without this limit."""
    without = _least(posed, slack, without=kind)
    return without is not None and without < least - NOTICEABLE


def _dollars(group: list[cp.Variable], posed: Posed) -> float:
    return float(sum(np.sum(np.maximum(s.value, 0.0)) for s in group)) * posed.decision.scale


def _where(snapshot: Snapshot, slack: dict[str, list[cp.Variable]], posed: Posed) -> dict[str, float]:
    """Accounts whose cash is short, and by how many dollars."""
    rows = slack.get("cash", [])
    if len(rows) != 1 or rows[0].shape != (len(snapshot.account),):
        return {}
    missing = np.maximum(rows[0].value, 0.0) * posed.decision.scale
    return {name: round(float(d), 2) for name, d in zip(snapshot.account, missing, strict=True) if d >= 0.005}


def _failure(
    program: Program, snapshot: Snapshot, *, gives: dict[str, float], against: list[str], where: dict[str, float]
) -> Failure:
    if not gives:
        return _elusive(program, snapshot)
    amounts = ", ".join(f"{kind} by ${amount:,.2f}" for kind, amount in gives.items())
    stands = f" while {', '.join(against)} stand{'s' if len(against) == 1 else ''}" if against else ""
    at = f" ({', '.join(f'{name} lacks ${amount:,.2f}' for name, amount in where.items())})" if where else ""
    evidence: dict[str, Any] = {
        "limits": {kind: round(amount, 2) for kind, amount in gives.items()},
        "against": against,
        "cash_missing": where,
    }
    return Failure(
        reason="infeasible",
        message=f"No trade list of {snapshot.household.household} keeps every limit of {program.name}: {amounts} would"
        f" have to give{stands}{at}. Relax one of them, or bring cash.",
        evidence=evidence,
    )


def _elusive(program: Program, snapshot: Snapshot) -> Failure:
    """No limit has to give, so there are trades that keep them all: the search ended before it met any."""
    return Failure(
        reason="not_found",
        message=f"{snapshot.household.household}: no trade list that keeps every limit of {program.name} was found in the"
        " time there was, though none of them has to give. Allow more time with --time-limit.",
        evidence={"limits": {}, "against": [], "cash_missing": {}},
    )


def _unexplained(program: Program, snapshot: Snapshot) -> Failure:
    return Failure(
        reason="unsolved",
        message=f"No solver answered for {snapshot.household.household} under {program.name}, with or without its"
        " limits. Try another solver.",
    )
