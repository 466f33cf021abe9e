"""Why there is no plan: which limits clash, and by how much."""

from __future__ import annotations

from typing import Any

import numpy as np

from lotwright.book.failure import Failure
from lotwright.plan.separable import jit
from lotwright.plan.separable.problem import Scaled
from lotwright.plan.separable.tree import Outcome, start_multipliers
from lotwright.plan.snapshot import Snapshot

DEAR = 1e9
"""A price of cash (bp per unit of household value) at which nothing but cash matters."""


def out_of_reach(problem: Scaled, snapshot: Snapshot) -> Failure | None:
    """The failure of a household whose limits clash before any cost matters: barred holdings, or cash out of reach."""
    barred = [snapshot.symbol[j] for j in np.flatnonzero(problem.lower > problem.upper + 1e-9)]
    if barred:
        return Failure(
            reason="infeasible",
            message=f"{snapshot.household.household}: the limits on {', '.join(barred)} contradict each other: at least one "
            "restriction demands a trade that another forbids. Lift one of them.",
            evidence={"limits": ["restrictions"], "symbols": barred},
        )
    short = _shortfalls(problem, snapshot)
    if not short:
        return None
    first = short[0]
    return Failure(
        reason="infeasible",
        message=f"{first['account']} needs ${first['needed']:,.2f} in cash but can raise at most ${first['most']:,.2f} by "
        f"selling everything that may be sold: ${first['missing']:,.2f} short. Reduce the withdrawal or the minimum cash, "
        "or lift a restriction.",
        evidence={"limits": ["cash", "restrictions", "wash_sale", "minimum_ticket"], "accounts": short},
    )


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
