"""Which way a program is solved for one household: with a certificate where it falls apart, through cvxpy otherwise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from lotwright.book.failure import Failure
from lotwright.plan.fewest import counting, fewest, price_of, ranked, unranked
from lotwright.plan.limits import Cash
from lotwright.plan.limits.step_up import into_twins, stepped_up, without_twins
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.recompute import NOTHING_TO_TRADE, has_nothing
from lotwright.plan.separable.certify import solve_separable
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Floats, Snapshot
from lotwright.plan.solution import Solution
from lotwright.version import __version__

ROUNDS = 4.0
"""Searches of the general path that a household's time is shared among; few need more than a moment."""
LONG = 3600.0
"""Seconds for a path that needs a number where no limit was asked."""


def solve(program: Program, snapshot: Snapshot, effort: Effort, *, clock: Callable[[], float]) -> Solution | Failure:
    """Trades of least cost and a bound, or why there are none.

    A program of the separable shape goes the separable path; any other, and one for which that path found nothing
    without proving that there is nothing, goes the general one. A breakdown in the arithmetic is a failure of this
    household.

    Raises
    ------
    ProgramError
        The program cannot be posed at all: a cost or limit is not convex.
    """
    if has_nothing(snapshot):
        return _still(program, snapshot)
    if program.first and _may_count(program, snapshot):
        counted = _short(program, snapshot) or _fewest(program, snapshot, effort, clock=clock)
        if isinstance(counted, Solution) or counted.reason != "not_found":
            return counted
    if program.first:
        price = price_of(snapshot)
        found = solve(ranked(program, price), snapshot, effort, clock=clock)
        return found if isinstance(found, Failure) else unranked(found, snapshot, price)
    short = _short(program, snapshot)
    if short is not None:
        return short
    if (snapshot.twin_of >= 0).any():
        return _with_twins(program, snapshot, effort, clock=clock)
    return _solve(program, snapshot, effort, clock=clock)


def _may_count(program: Program, snapshot: Snapshot) -> bool:
    """True where counting orders and planning within their number both fall apart."""
    with np.errstate(all="ignore"):  # a household worth nothing has no finite price of risk
        forms = (program.form(snapshot), counting(program, snapshot).form(snapshot))
    return None not in forms and not (snapshot.twin_of >= 0).any()


def _fewest(program: Program, snapshot: Snapshot, effort: Effort, *, clock: Callable[[], float]) -> Solution | Failure:
    def separable(part: Program, within: Effort, start: Trades | None) -> Solution | Failure:
        with np.errstate(all="ignore"):
            return solve_separable(part, snapshot, within, clock=clock, start=start)

    return fewest(program, snapshot, effort, solve=separable, clock=clock)


def _with_twins(
    program: Program, snapshot: Snapshot, effort: Effort, *, clock: Callable[[], float]
) -> Solution | Failure:
    """The better of two plans, each with as much sold and bought back as pays; the bound is the whole program's.

    Searches move one order at a time, but what is sold to be bought back takes two: so the household is also planned as
    if nothing could be bought back.
    """
    half = effort if effort.seconds is None else replace(effort, seconds=effort.seconds / 2)
    whole = _solve(program, snapshot, half, clock=clock)
    alone = _solve(program, without_twins(snapshot), half, clock=clock)
    if isinstance(whole, Failure):
        return whole
    starts = [whole.trades] if isinstance(alone, Failure) else [whole.trades, into_twins(snapshot, alone.trades)]

    def value(trades: Trades) -> float:
        return program.value(snapshot, trades)

    def is_allowed(trades: Trades) -> bool:
        return not program.violations(snapshot, trades)

    found = [stepped_up(snapshot, start, value=value, is_allowed=is_allowed) for start in starts if is_allowed(start)]
    best = min(found, key=value, default=whole.trades)
    if value(best) >= whole.posed:
        return whole
    return replace(whole, trades=best, posed=value(best))


def _solve(program: Program, snapshot: Snapshot, effort: Effort, *, clock: Callable[[], float]) -> Solution | Failure:
    started = clock()
    try:
        form = program.form(snapshot)
        if form is not None:
            with np.errstate(all="ignore"):  # kernels that are not compiled say so where compiled ones say infinity
                found = solve_separable(program, snapshot, effort, clock=clock, form=form)
            if isinstance(found, Solution) or found.reason != "not_found":
                return found
        return _general(program, snapshot, effort, spent=clock() - started)
    except (ArithmeticError, ValueError) as error:  # numpy's LinAlgError is a ValueError
        name, what = snapshot.household.household, f"{type(error).__name__}: {error}"
        return Failure(
            reason="solver_error",
            message=f"The solver broke down on {name} ({what}). Look for extreme prices, quantities or volatilities"
            " in its rows, or report this as a defect.",
            evidence={"error": what},
        )


def _general(program: Program, snapshot: Snapshot, effort: Effort, *, spent: float) -> Solution | Failure:
    from lotwright.plan.general import solve_program  # noqa: PLC0415  cvxpy takes seconds; most plans need none of it

    seconds = LONG if effort.seconds is None else max((effort.seconds - spent) / ROUNDS, 1.0)
    found = solve_program(program, snapshot, seconds=seconds)
    if isinstance(found, Failure):
        return found
    return Solution(
        trades=found.trades,
        posed=found.posed,
        bound=found.bound,
        certificate=found.certificate,
        solver=found.solver,
        solver_version=found.solver_version,
        nodes=found.nodes,
    )


def _raised(program: Program, snapshot: Snapshot) -> Floats:
    """Cash of each account if every position were closed, costs paid, shape (A,), dollars."""
    with np.errstate(all="ignore"):  # a household worth nothing has no finite price of risk
        form = program.form(snapshot)
    worth = snapshot.quantity * snapshot.price
    if form is not None:
        worth = worth * (1.0 - form.sell_cash) - form.share_cash * snapshot.quantity
        worth = worth - np.where(snapshot.quantity > 0, form.ticket_cash, 0.0)
    return snapshot.cash + np.bincount(snapshot.account_of, weights=worth, minlength=len(snapshot.account))


def _short(program: Program, snapshot: Snapshot) -> Failure | None:
    """The failure of a household with an account that could not keep its cash if it sold everything it holds.

    Cheap to see before searching; what restrictions and wash sales keep from being sold is for the search to find out.
    """
    floor = np.maximum(snapshot.cash_floor, 0.0)
    if (snapshot.cash >= floor).all() and snapshot.total_value > 0:
        return None  # trading nothing keeps the cash
    keeps_cash = any(isinstance(limit, Cash) for limit in program.limits)
    rows = zip(snapshot.account, floor.tolist(), _raised(program, snapshot).tolist(), strict=True)
    accounts = [
        {"account": name, "needed": needed, "most": most, "missing": needed - most}
        for name, needed, most in rows
        if (keeps_cash and most < needed - 0.004) or max(most, snapshot.total_value) <= 0
    ]
    if not accounts:
        return None
    said = "; ".join(
        f"{row['account']} must keep ${row['needed']:,.2f} but could raise ${row['most']:,.2f} by selling all it holds:"
        f" ${row['missing']:,.2f} short"
        for row in accounts
    )
    return Failure(
        reason="infeasible",
        message=f"{said}. Reduce the withdrawal or the minimum cash, or bring cash.",
        evidence={"limits": [Cash.kind], "accounts": accounts},
    )


def _still(program: Program, snapshot: Snapshot) -> Solution | Failure:
    """Doing nothing: the only plan of a household that has nothing, unless even that breaks a limit."""
    still = Trades(sell=np.zeros(0), buy=np.zeros(len(snapshot.symbol)))
    broken = program.violations(snapshot, still)
    if broken:
        return Failure(
            reason="infeasible",
            message=f"{snapshot.household.household} holds nothing that could be sold and has"
            f" ${snapshot.total_value:,.2f} in cash, which breaks {', '.join(broken)}. Bring cash.",
            evidence={"limits": broken},
        )
    posed = program.value(snapshot, still)
    return Solution(
        trades=still,
        posed=posed,
        bound=posed,
        certificate={"kind": NOTHING_TO_TRADE},
        solver="lotwright",
        solver_version=__version__,
    )
