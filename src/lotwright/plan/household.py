"""One household from its facts to its plan: snapshot, solve, trade list, verify, report.

What a plan says is what the verifier computed. The optimiser contributes the trades and the bound, and even those are
held against the verifier's figures: an objective the two do not agree on is a failure, not a plan.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.book.market import Market
from lotwright.book.trades import Trade
from lotwright.plan.currency import worded
from lotwright.plan.figures import cost_lines, notes, objective
from lotwright.plan.findings import not_a_plan, objective_checks
from lotwright.plan.kept import kept
from lotwright.plan.limit_prices import limit_prices
from lotwright.plan.not_done import not_done
from lotwright.plan.paths import solve
from lotwright.plan.program import Program
from lotwright.plan.reasons import with_reasons
from lotwright.plan.relief_note import relief_note
from lotwright.plan.result import Explanation, HouseholdPlan, Kept, Provenance, Status, Timing, WashSales
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.solution import Solution
from lotwright.plan.strategy import Asked, Strategy
from lotwright.plan.take_snapshot import take_snapshot
from lotwright.plan.terms import RiskNumbers, Terms
from lotwright.plan.trade_list import as_arrays, trade_list
from lotwright.plan.verify import Verification, verify
from lotwright.risk.model import RiskModel
from lotwright.tax.window import pending_in_force
from lotwright.version import __version__


@dataclass(slots=True, eq=False)
class _Search:
    """Counts the seconds that searches for trades take, whichever step asks for one."""

    clock: Callable[[], float]
    seconds: float = 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Count what is done within."""
        started = self.clock()
        try:
            yield
        finally:
            self.seconds += self.clock() - started


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
    search: _Search
    explain: bool = False
    strategy: Strategy | None = None

    def solve(self, program: Program, snapshot: Snapshot) -> Solution | Failure:
        """Trades and a bound: ours, or a strategy's trades under our bound."""
        with self.search.timed():
            if self.strategy is None:
                return solve(program, snapshot, self.effort, clock=self.clock)
            return Asked(strategy=self.strategy, effort=self.effort, clock=self.clock).solve(program, snapshot)


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
    explain: bool = False,
    strategy: Strategy | None = None,
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
    explain : bool
        Also say why expected trades are not made, and price the limits that bind: a few further solves.
    strategy : Strategy, optional
        Whose trades to take instead of ours; verified like ours, and measured against our bound.

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
        search=_Search(clock),
        explain=explain,
        strategy=strategy,
    )
    return worded(replace(_planned(work, name, started), regime=household.regime))


def _planned(work: _Work, name: str, started: float) -> HouseholdPlan:
    """The plan in dollars, whatever its currency."""
    market, program, clock = work.market, work.program, work.clock
    taken = _no_model(work) or take_snapshot(work.household, market, work.risk)
    posed = clock()
    if isinstance(taken, Failure):
        return _failed(name, market, program, taken)
    snapshot = work.program.view(taken)
    solution = work.solve(program, snapshot)
    if isinstance(solution, Failure):
        plan = _failed(name, market, program, solution)
    else:
        plan = _plan(work, taken, snapshot, _to_the_cent(work, snapshot, _found(work, snapshot, solution)))
    done = clock()
    pose, solving = posed - started, work.search.seconds
    return replace(plan, timing=Timing(pose=pose, solve=solving, verify=done - posed - solving, total=done - started))


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


def _found(work: _Work, snapshot: Snapshot, solution: Solution) -> _Found:
    trades = trade_list(solution.trades, snapshot, terms=work.terms)
    verification = verify(trades, work.household, work.market, terms=work.terms, risk=_risk_numbers(work.risk))
    return _Found(solution=solution, trades=trades, verification=verification)


@lru_cache(maxsize=4)
def _risk_numbers(risk: RiskModel) -> RiskNumbers:
    """What the verifier reads of a risk model; made and checked once for all households planned with it."""
    return RiskNumbers(symbols=risk.symbols, exposure=risk.exposure, specific=risk.specific)


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
        again = work.solve(work.program, snapshot)
        if isinstance(again, Failure):
            return found
        again = replace(again, bound=first.bound, certificate={**first.certificate, **_counted(again, first)})
        found = _found(work, snapshot, again)
    return found


def _counted(again: Solution, first: Solution) -> dict[str, Any]:
    """What came first, of a certificate that counts orders, with the orders of the plan found again."""
    if "first" not in again.certificate or "first" not in first.certificate:
        return {}
    return {"first": {**first.certificate["first"], "tickets": again.certificate["first"]["tickets"]}}


def _plan(work: _Work, taken: Snapshot, snapshot: Snapshot, found: _Found) -> HouseholdPlan:
    """The verified figures as a plan, or the failure that a failed check makes of it.

    ``taken`` is the household as the book has it, ``snapshot`` as the program views it.
    """
    true, solution = found.verification, found.solution
    lines = cost_lines(work.program, snapshot, solution, verified=true.costs)
    reached = objective(lines, solution, value=true.value)
    checks = (*true.checks, *objective_checks(solution, reached, true.value))
    if not all(check.ok for check in checks):
        failed = _failed(work.household.household, work.market, work.program, not_a_plan(checks, found.trades))
        return replace(failed, checks=checks)
    rules = kept(found.trades, snapshot, true)
    return HouseholdPlan(
        household=work.household.household,
        as_of=work.market.as_of,
        program=work.program.name,
        status=Status.PLANNED if found.trades else Status.NOTHING_TO_DO,
        trades=with_reasons(found.trades, snapshot, true, program=work.program),
        cash=dict(true.cash),
        value=true.value,
        costs=lines,
        objective=reached,
        tax=true.tax,
        tracking=true.tracking,
        drift=true.drift,
        wash_sales=WashSales(locks=true.locks, kept=rules, honoured=pending_in_force(work.household, work.market)),
        checks=checks,
        notes=(*notes(work.program, snapshot, solution, risk=work.risk), *_relief(work, taken, found, reached.posed)),
        explanation=_explanation(work, snapshot, found, rules) if work.explain else None,
        provenance=Provenance(
            version=__version__,
            book_hash=work.book_hash,
            program_hash=work.program.content_hash,
            solver=solution.solver,
            solver_version=solution.solver_version,
        ),
        positions={name: dict(sorted(held.items())) for name, held in true.positions.items()},
    )


def _explanation(work: _Work, snapshot: Snapshot, found: _Found, rules: tuple[Kept, ...]) -> Explanation:
    """Why not, and what the limits cost, of a plan that passed its checks."""
    trades = as_arrays(found.trades, snapshot)
    with work.search.timed():
        return Explanation(
            not_done=not_done(work.program, snapshot, trades, kept=rules),
            limit_prices=limit_prices(
                work.program,
                snapshot,
                replace(found.solution, trades=trades),
                solve=lambda program, other: solve(program, other, work.effort, clock=work.clock),
            ),
        )


def _relief(work: _Work, taken: Snapshot, found: _Found, posed: float) -> tuple[str, ...]:
    """What choosing lots would have saved, where a standing relief order keeps from it."""
    with work.search.timed():
        said = relief_note(
            taken,
            found.trades,
            found.solution,
            posed=posed,
            program=work.program,
            clock=work.clock,
        )
    return () if said is None else (said,)
