"""Which orders: the cheapest plan of no more than so many orders, set of orders by set of orders.

Problem: at a price on orders the bound is blind to *which* orders are made: it makes half of one and half of another, and
no price closes that gap (23 bp on an account of 100 names).
Observations: where bands came first, most orders are forced: a holding whose bounds exclude doing nothing is traded. What is
left is a choice of a few holdings more, and of those few bring the cash that the forced purchases need.
Therefore: every plan of at most ``most`` orders trades the forced holdings and a part of one of the *sets* of so many others
as are left over. Sets that could not bring the cash even if nothing cost anything are no plans. Where the rest are few, each
is a program of its own without a count, and the least of their bounds is the bound; the cheapest bound is searched on first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from itertools import combinations, islice
from math import comb
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from lotwright.book.failure import Failure
from lotwright.errors import PlanError
from lotwright.plan.costs.amounts import sold_shares
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.separable.certify import check_bound
from lotwright.plan.separable.form import SeparableForm
from lotwright.plan.separable.layout import scaled
from lotwright.plan.separable.tree import Effort
from lotwright.plan.separable.verdict import out_of_reach
from lotwright.plan.snapshot import Bools, Snapshot
from lotwright.plan.solution import Solution

if TYPE_CHECKING:
    from collections.abc import Sequence

    import cvxpy as cp

    from lotwright.plan.decision import Decision

SETS = "sets/1"
"""Kind of certificate: one of kind ``separable/1`` for each set of orders."""
MOST_SETS, MOST_TRIED = 48, 50_000
"""Sets that are searched at most, and combinations looked through for them."""
FORCED = 1e-9
"""Shares a bound must exclude from doing nothing."""
FIRST_NODES, MORE = 8, 8
"""Nodes a set is searched first, and times as many whenever its bound is the least."""

Solve = Callable[[Program, Effort, Trades | None], Solution | Failure]
"""Solves a separable program that has nothing that comes first, beginning with a plan where one is at hand."""
Orders = tuple[int, ...]
"""Holdings that may be traded beside the forced ones."""


def sets_of_orders(program: Program, snapshot: Snapshot, *, most: int) -> tuple[Orders, ...] | None:
    """The sets of holdings of which every plan of at most ``most`` orders trades one or a part, beside what is forced.

    ``None`` where there are too many of them, or more orders are forced than ``most``.
    """
    form = replace(program, first="").form(snapshot)
    if form is None:
        return None
    problem = scaled(form)
    lower, upper = problem.lower, problem.upper
    forced = _forced(lower, upper)
    free = np.flatnonzero(~forced & ((lower < -FORCED) | (upper > FORCED)))
    left = min(most - int(forced.sum()), len(free))
    if left < 0 or comb(len(free), left) > MOST_TRIED:
        return None
    brings = np.maximum(-lower, 0.0) * snapshot.price
    least = np.where(forced, -lower * snapshot.price, 0.0)
    accounts = len(snapshot.account)
    short = np.where(np.isfinite(form.cash_floor), form.cash_floor, -np.inf) - snapshot.cash
    short = short - np.bincount(snapshot.account_of, weights=least, minlength=accounts) - FORCED * snapshot.total_value
    found = (
        tuple(int(j) for j in chosen)
        for chosen in combinations(free, left)
        if all(sum(brings[j] for j in chosen if snapshot.account_of[j] == a) >= short[a] for a in range(accounts))
    )
    sets = tuple(islice(found, MOST_SETS + 1))
    return sets if len(sets) <= MOST_SETS else None


def by_sets(
    program: Program,
    snapshot: Snapshot,
    sets: tuple[Orders, ...],
    effort: Effort,
    *,
    solve: Solve,
    clock: Callable[[], float],
) -> Solution | None:
    """The cheapest plan of one of the sets and a bound on all of them; ``None`` where some set shows neither in time."""
    started, goal = clock(), effort.gap_bp * 1e-4 * max(snapshot.total_value, 0.0)
    found: dict[Orders, Solution | None] = {}
    nodes = dict.fromkeys(sets, FIRST_NODES)

    def search(chosen: Orders) -> bool:
        """Search one set; False where nothing came of it."""
        left = None if effort.seconds is None else effort.seconds - (clock() - started)
        if left is not None and left <= 0.0:
            return False
        within = replace(effort, nodes=min(nodes[chosen], effort.nodes), seconds=left)
        answer = solve(of_set(program, snapshot, chosen), within, None)
        if isinstance(answer, Failure):
            found[chosen] = None
            return answer.reason == "infeasible"
        before = found.get(chosen)
        found[chosen] = answer if before is None else _better(before, answer)
        return True

    if not all(search(chosen) for chosen in sets):
        return None
    plans = {chosen: plan for chosen, plan in found.items() if plan is not None}
    while plans:
        worst = min(plans, key=lambda chosen: plans[chosen].bound)
        best = min(plans.values(), key=lambda plan: plan.posed)
        if best.posed - plans[worst].bound <= goal or nodes[worst] >= effort.nodes:
            break
        nodes[worst] *= MORE
        if not search(worst):
            break
        plans[worst] = found[worst] or plans[worst]
    return _together(found, goal) if plans else None


def check_sets(claim: Mapping[str, Any], program: Program, snapshot: Snapshot, *, most: int) -> float:
    """The bound of a certificate of sets again, dollars; nothing is solved.

    Raises
    ------
    PlanError
        A set is missing, or one that is said to be out of reach is not.
    """
    sets = sets_of_orders(program, snapshot, most=most)
    told = {tuple(entry["orders"]): entry for entry in claim["sets"]}
    if sets is None or set(sets) - told.keys():
        raise PlanError("The certificate does not cover every set of orders that a plan might make. Plan again.")
    return min(
        (_bound_of(told[chosen], of_set(program, snapshot, chosen), snapshot) for chosen in sets), default=np.inf
    )


def of_set(program: Program, snapshot: Snapshot, chosen: Orders) -> Program:
    """The program in which nothing but the forced holdings and those chosen is traded."""
    form = replace(program, first="").form(snapshot)
    if form is None:
        raise PlanError(f"Program {program.name} is not separable. Plan it through the general path.")
    problem = scaled(form)
    traded = _forced(problem.lower, problem.upper)
    traded[list(chosen)] = True
    return replace(program, first="", limits=(*program.limits, Only(traded=traded)))


def _bound_of(entry: Mapping[str, Any], program: Program, snapshot: Snapshot) -> float:
    if "certificate" in entry:
        return check_bound(entry["certificate"], program, snapshot)
    form = program.form(snapshot)
    if form is None or out_of_reach(scaled(form), snapshot, form.rows) is None:
        raise PlanError(f"The orders {entry['orders']} are said to be out of reach, and are not. Plan again.")
    return np.inf


def _forced(lower: np.ndarray, upper: np.ndarray) -> Bools:
    """Holdings that every plan trades, shape (n,)."""
    found: Bools = (lower > FORCED) | (upper < -FORCED)
    return found


def _better(before: Solution, after: Solution) -> Solution:
    """The cheaper plan of two with the higher bound of the two."""
    plan = min(before, after, key=lambda one: one.posed)
    proof = max(before, after, key=lambda one: one.bound)
    return replace(plan, bound=proof.bound, certificate=proof.certificate, nodes=before.nodes + after.nodes)


def _together(found: Mapping[Orders, Solution | None], goal: float) -> Solution:
    """The cheapest plan of all sets, the least of their bounds, and every set's certificate."""
    plans = [plan for plan in found.values() if plan is not None]
    best, bound = min(plans, key=lambda plan: plan.posed), min(plan.bound for plan in plans)
    entries = [
        {"orders": list(chosen), **({} if plan is None else {"certificate": dict(plan.certificate)})}
        for chosen, plan in found.items()
    ]
    short = best.posed - bound > goal
    return replace(
        best,
        bound=min(bound, best.posed),
        certificate={"kind": SETS, "sets": entries},
        nodes=sum(plan.nodes for plan in plans),
        stopped="stopped with sets of orders left to search" if short else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Only:
    """Nothing but these holdings is traded: what makes other plans of the same orders."""

    kind: ClassVar[str] = "only"

    traded: Bools
    """Shape (n,)."""

    @classmethod
    def those(cls, snapshot: Snapshot, trades: Trades) -> Only:
        """The holdings that ``trades`` trade."""
        return cls(traded=(trades.buy > 0) | (sold_shares(snapshot, trades) > 0))

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:  # noqa: ARG002
        """What is traded of the others."""
        others = np.flatnonzero(~self.traded)
        return [decision.buy[others] + decision.sold[others]] if len(others) else []

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Shares traded of the others."""
        return float((trades.buy + sold_shares(snapshot, trades))[~self.traded].sum())

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:  # noqa: ARG002
        """How many may be traded."""
        return f"{int(self.traded.sum())} holdings may be traded."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:  # noqa: ARG002
        """Close the others."""
        form.lower[~self.traded] = np.maximum(form.lower[~self.traded], 0.0)
        form.upper[~self.traded] = np.minimum(form.upper[~self.traded], 0.0)
