"""One household from its facts to its plan: snapshot, solve, trade list, verify, report.

What a plan says is what the verifier computed. The optimiser contributes the trades and the bound, and even those are
held against the verifier's figures: an objective the two do not agree on is a failure, not a plan.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

import numpy as np

from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.book.market import Market
from lotwright.book.trades import Trade
from lotwright.plan.findings import not_a_plan, objective_checks
from lotwright.plan.kept import kept
from lotwright.plan.limits import Soft
from lotwright.plan.program import Program
from lotwright.plan.protocols import Cost, Trades
from lotwright.plan.reasons import with_reasons
from lotwright.plan.result import (
    CostLine,
    HouseholdPlan,
    Objective,
    Provenance,
    Status,
    Timing,
    WashSales,
)
from lotwright.plan.separable.certify import solve_separable
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.solution import Solution
from lotwright.plan.take_snapshot import take_snapshot
from lotwright.plan.terms import RiskNumbers, Terms
from lotwright.plan.trade_list import trade_list
from lotwright.plan.verify import Verification, verify
from lotwright.risk.model import RiskModel
from lotwright.tax.household import household_tax
from lotwright.version import __version__

MICRO = Decimal("0.000001")
"""Dollars a cost line is rounded to, so that the lines add up to what was posed, digit for digit."""
NOTHING_TO_TRADE = "nothing_to_trade/1"
"""Kind of certificate of a household without money or lots: its only plan is to do nothing."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Work:
    """What every step of one household reads."""

    household: Household
    market: Market
    risk: RiskModel
    program: Program
    terms: Terms
    effort: Effort
    book_hash: str
    clock: Callable[[], float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Found:
    """A solution, its trade list and what the verifier says of it."""

    solution: Solution
    trades: tuple[Trade, ...]
    verification: Verification


def plan_household(
    household: Household | Failure,
    *,
    name: str,
    market: Market,
    risk: RiskModel,
    program: Program,
    effort: Effort,
    book_hash: str = "",
    clock: Callable[[], float] = time.perf_counter,
) -> HouseholdPlan:
    """Plan one household; whatever its facts are, the answer is a plan: planned, nothing to do, or failed and why.

    Parameters
    ----------
    household : Household or Failure
        A failure of its input is passed on.
    name : str
        Of the household, which a failure does not know.
    market, risk, program
        ``risk`` must know every symbol with a price.
    effort : Effort
        When to stop searching.
    book_hash : str
        Names the input in the plan's provenance.
    clock : callable
        Seconds; read for ``timing`` and to keep ``effort.seconds``.

    Raises
    ------
    ProgramError
        The program cannot be posed at all (a cost that is not convex), or the risk model lacks a symbol.
    """
    started = clock()
    if isinstance(household, Failure):
        return _failed(name, market, program, household)
    work = _Work(
        household=household,
        market=market,
        risk=risk,
        program=program,
        terms=program.terms(),
        effort=effort,
        book_hash=book_hash,
        clock=clock,
    )
    snapshot = _no_model(work) or take_snapshot(household, market, risk)
    posed = clock()
    solution = snapshot if isinstance(snapshot, Failure) else _solve(work, snapshot)
    solved = clock()
    if isinstance(snapshot, Failure) or isinstance(solution, Failure):
        failure = snapshot if isinstance(snapshot, Failure) else solution
        assert isinstance(failure, Failure)
        timing = Timing(pose=posed - started, solve=solved - posed, total=solved - started)
        return replace(_failed(name, market, program, failure), timing=timing)
    found = _to_the_cent(work, snapshot, _found(work, snapshot, solution))
    plan = _plan(work, snapshot, found)
    done = clock()
    return replace(
        plan,
        timing=Timing(pose=posed - started, solve=solved - posed, verify=done - solved, total=done - started),
    )


def _failed(name: str, market: Market, program: Program, failure: Failure) -> HouseholdPlan:
    return HouseholdPlan(
        household=name, as_of=market.as_of, program=program.name, status=Status.FAILED, failure=failure
    )


def _no_model(work: _Work) -> Failure | None:
    missing = sorted({account.model for account in work.household.accounts} - work.market.models.keys())
    if not missing:
        return None
    known = ", ".join(sorted(work.market.models)) or "none"
    return Failure(
        reason="no_model",
        message=f"{work.household.household} asks for the model portfolio {', '.join(missing)}, which the book does not"
        f" have. Add it to targets, or name one there is: {known}.",
        evidence={"models": missing},
    )


def _solve(work: _Work, snapshot: Snapshot) -> Solution | Failure:
    """The separable path where the program fits it, else, or where it finds nothing, the general one."""
    if snapshot.total_value <= 0 and not len(snapshot.lot):
        return _nothing(work.program, snapshot)
    try:
        if work.program.is_separable:
            found = solve_separable(work.program, snapshot, work.effort, clock=work.clock)
            if isinstance(found, Solution) or found.reason != "not_found":
                return found
        # cvxpy takes seconds to import, and most plans need none of it
        from lotwright.plan.general import solve_program  # noqa: PLC0415

        seconds = 3600.0 if work.effort.seconds is None else work.effort.seconds
        return solve_program(work.program, snapshot, seconds=seconds)
    except (ArithmeticError, ValueError) as error:  # LinAlgError is a ValueError
        name = work.household.household
        return Failure(
            reason="solver_error",
            message=f"The solver broke down on {name}: {type(error).__name__}: {error}. Look for extreme prices,"
            " quantities or volatilities in its rows, or report this as a defect.",
            evidence={"error": f"{type(error).__name__}: {error}"},
        )


def _nothing(program: Program, snapshot: Snapshot) -> Solution | Failure:
    """The only plan of a household that holds nothing: no trades; infeasible where even that breaks a limit."""
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


def _found(work: _Work, snapshot: Snapshot, solution: Solution) -> _Found:
    trades = trade_list(solution.trades, snapshot, terms=work.terms)
    risk = RiskNumbers(symbols=work.risk.symbols, exposure=work.risk.exposure, specific=work.risk.specific)
    return _Found(
        solution=solution,
        trades=trades,
        verification=verify(trades, work.household, work.market, terms=work.terms, risk=risk),
    )


def _to_the_cent(work: _Work, snapshot: Snapshot, found: _Found) -> _Found:
    """The same, with cash that holds to the cent.

    Solvers keep the floor of cash in exact dollars; statements round every value, spread and commission to cents, which
    can add up to a few cents below the floor. Then the floor is raised by those cents and the trades are found again;
    the bound of the program as it was posed stays the bound.
    """
    first = found.solution
    for _ in range(3):
        if {check.name for check in found.verification.failed} != {"cash"}:
            return found
        after = np.array([float(found.verification.cash[name].after) for name in snapshot.account])
        floor = np.maximum(snapshot.cash_floor, 0.0)
        missing = np.maximum(floor - after, 0.0)
        if missing.max() > 0.02 * (len(found.trades) + 1):
            return found  # not a matter of cents
        snapshot = replace(snapshot, cash_floor=np.where(missing > 0, floor + missing + 0.01, snapshot.cash_floor))
        again = _solve(work, snapshot)
        if isinstance(again, Failure):
            return found
        again = replace(again, bound=first.bound, certificate=first.certificate)
        found = _found(work, snapshot, again)
    return found


def _plan(work: _Work, snapshot: Snapshot, found: _Found) -> HouseholdPlan:
    """The verified figures as a plan, or the failure that a failed check makes of it."""
    lines = _cost_lines(work.program, snapshot, found)
    objective = _objective(found, lines)
    checks = (*found.verification.checks, *objective_checks(found.solution, objective, found.verification.value))
    if not all(check.ok for check in checks):
        failed = _failed(work.household.household, work.market, work.program, not_a_plan(checks, found.trades))
        return replace(failed, checks=checks)
    locks = found.verification.locks
    return HouseholdPlan(
        household=work.household.household,
        as_of=work.market.as_of,
        program=work.program.name,
        status=Status.PLANNED if found.trades else Status.NOTHING_TO_DO,
        trades=with_reasons(found.trades, snapshot, found.verification),
        cash=dict(found.verification.cash),
        value=found.verification.value,
        costs=lines,
        objective=objective,
        tax=found.verification.tax,
        tracking=found.verification.tracking,
        drift=found.verification.drift,
        wash_sales=WashSales(locks=locks, kept=kept(found.trades, snapshot, found.verification)),
        checks=checks,
        notes=_notes(work, snapshot, found.solution),
        provenance=Provenance(
            version=__version__,
            book_hash=work.book_hash,
            program_hash=work.program.content_hash,
            solver=found.solution.solver,
            solver_version=found.solution.solver_version,
        ),
    )


def _cost_lines(program: Program, snapshot: Snapshot, found: _Found) -> tuple[CostLine, ...]:
    """A line for each cost: the verifier's dollars, or the program's own for costs the verifier has no word for."""
    own = program.unverified
    trades = found.solution.trades
    return tuple(
        CostLine(
            name=_name(cost),
            dollars=_micro(
                Decimal(cost.value(snapshot, trades)) if cost in own else found.verification.costs[cost.kind]
            ),
            text=cost.explain(snapshot, trades),
        )
        for cost in program.costs
    )


def _name(cost: Cost) -> str:
    return f"soft_{cost.limit.kind}" if isinstance(cost, Soft) else cost.kind


def _micro(dollars: Decimal) -> float:
    return float(dollars.quantize(MICRO, rounding=ROUND_HALF_EVEN)) + 0.0


def _objective(found: _Found, lines: tuple[CostLine, ...]) -> Objective:
    """Posed, bound and gap in millionths of a dollar, the bound rounded down and never above what was posed."""
    posed = sum((Decimal(repr(line.dollars)) for line in lines), Decimal(0))
    bound = posed
    if np.isfinite(found.solution.bound):
        bound = min(posed, Decimal(found.solution.bound).quantize(MICRO, rounding=ROUND_FLOOR))
    gap, value = posed - bound, found.verification.value
    if not np.isfinite(found.solution.bound):
        return Objective(
            posed=float(posed), bound=-np.inf, gap=np.inf, gap_bp=np.inf, multipliers=found.solution.certificate
        )
    return Objective(
        posed=float(posed),
        bound=float(bound),
        gap=float(gap),
        gap_bp=float(gap / value * 10_000) if value > 0 else 0.0,
        multipliers=found.solution.certificate,
    )


def _notes(work: _Work, snapshot: Snapshot, solution: Solution) -> tuple[str, ...]:
    """What was assumed or left open, in sentences a plan must repeat."""
    notes = [*work.household.notes, *household_tax(work.household, as_of=work.market.as_of).notes]
    if work.risk.kind == "drift":
        notes.append("There is no price history, so tracking risk is plain drift: every security moves on its own.")
    notes += [work.risk.notes[symbol] for symbol in sorted(set(snapshot.symbol)) if symbol in work.risk.notes]
    notes += [
        f"The verifier has no words for the cost {_name(cost)}; its dollars are the program's own."
        for cost in work.program.unverified
    ]
    if solution.stopped:
        notes.append(f"The search {solution.stopped}, before the gap that was asked; more time may find a better plan.")
    return tuple(notes)
