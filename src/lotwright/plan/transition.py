"""A transition in stages: this year's plan under a budget of gains, the book a year later, the next year's plan, and so on.

Problem: a portfolio with large gains cannot reach its model at once without a large tax bill, and one year's plan does not
say how long the way is or what waiting costs.
Observations: each stage is a plan like any other, with its own bound and checks; what ties them is the book, rolled
forward by the ledger (:mod:`lotwright.plan.next_year`). A budget of a year is lost when it is not used, and lots that are
short-term today are long-term next year.
Therefore: plan, roll, plan, with the same program; beside it the same program without its budget, all at once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date

from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.book.market import Market
from lotwright.errors import ProgramError
from lotwright.plan.household import plan_household
from lotwright.plan.limits import GainBudget
from lotwright.plan.next_year import year_later
from lotwright.plan.program import Program
from lotwright.plan.result import HouseholdPlan
from lotwright.plan.separable.tree import Effort
from lotwright.risk.model import RiskModel

MOST_YEARS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One year: the plan, and where the household stands after it.

    ``tax`` is what the plan adds to the year's tax in dollars, ``gain`` the net gain it realises; ``tracking_error`` annual
    volatility after it; ``largest`` the security that stands highest above its target and ``excess`` by how much of
    household value; ``unrealised`` the gain still in taxed lots.
    """

    as_of: date
    plan: HouseholdPlan
    tax: float
    gain: float
    tracking_error: float
    largest: str
    excess: float
    unrealised: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """The stages of a household, year by year, and the same program without a budget, all at once."""

    household: str
    program: str
    budget: float | None
    stages: tuple[Stage, ...]
    at_once: Stage

    @property
    def tax(self) -> float:
        """Dollars that all stages add to the taxes of their years."""
        return sum(stage.tax for stage in self.stages)


def transition(
    household: Household,
    *,
    market: Market,
    risk: RiskModel,
    program: Program,
    years: int = 3,
    budget: float | None = None,
    effort: Effort | None = None,
    progress: Callable[[int], None] | None = None,
) -> Transition | Failure:
    """Plan ``years`` tax years, each from the book the one before leaves, prices held.

    Parameters
    ----------
    household, market, risk : the facts
    program : Program
        Used for every year.
    years : int
        From 1 to 30.
    budget : float, optional
        Dollars of net gain a year, in place of the program's own ``gain_budget``.
    effort : Effort, optional
        Of each plan.
    progress : callable, optional
        Called with the number of plans made so far.

    Returns
    -------
    Transition, or the Failure of the first year that has no plan

    Raises
    ------
    ProgramError
        ``years`` or ``budget`` make no sense.
    """
    if not 1 <= years <= MOST_YEARS:
        raise ProgramError(f"A transition over {years} years makes no sense. Give 1 to {MOST_YEARS}.")
    if budget is not None:
        program = with_budget(program, budget)
    limit = next((limit for limit in program.limits if isinstance(limit, GainBudget)), None)
    effort = Effort() if effort is None else effort

    def staged(facts: Household, day: Market, own: Program) -> Stage | Failure:
        plan = plan_household(facts, name=facts.household, market=day, risk=risk, program=own, effort=effort)
        return _stage(facts, day, plan) if plan.failure is None else plan.failure

    at_once = staged(household, market, with_budget(program, None))
    if isinstance(at_once, Failure):
        return at_once
    stages: list[Stage] = []
    for year in range(years):
        stage = staged(household, market, program)
        if isinstance(stage, Failure):
            return replace(stage, message=f"Year {year + 1} ({market.as_of.isoformat()}): {stage.message}")
        stages.append(stage)
        household, market = year_later(household, market, stage.plan)
        if progress is not None:
            progress(len(stages) + 1)
    return Transition(
        household=household.household,
        program=program.name,
        budget=None if limit is None else limit.net,
        stages=tuple(stages),
        at_once=at_once,
    )


def with_budget(program: Program, dollars: float | None) -> Program:
    """The same program with another budget of net gain a year; ``None``: without any."""
    old = next((limit for limit in program.limits if isinstance(limit, GainBudget)), None)
    others = tuple(limit for limit in program.limits if limit is not old)
    if old is not None and (dollars is not None or old.short is not None or old.tax is not None):
        return replace(program, limits=(*others, replace(old, net=dollars)))
    return replace(program, limits=others if dollars is None else (*others, GainBudget(net=dollars)))


def _stage(household: Household, market: Market, plan: HouseholdPlan) -> Stage:
    tax, error = plan.tax, plan.tracking
    assert tax is not None
    assert error is not None
    after, later = year_later(household, market, plan)
    worth = {
        account.account: account.cash
        + sum((lot.quantity * later.prices[lot.symbol].price for lot in account.lots), start=account.cash * 0)
        for account in after.accounts
    }
    total = float(sum(worth.values()))
    above: dict[str, float] = {}
    for row in plan.drift:
        weight = float(worth[row.account]) / total if total > 0 else 0.0
        above[row.symbol] = above.get(row.symbol, 0.0) + (row.after - row.target) * weight
    largest = max(sorted(above), key=lambda symbol: above[symbol], default="")
    unrealised = sum(
        float(lot.quantity * later.prices[lot.symbol].price - lot.basis)
        for account in after.accounts
        if account.kind.is_taxable
        for lot in account.lots
    )
    return Stage(
        as_of=market.as_of,
        plan=plan,
        tax=float(tax.tax - tax.tax_without_plan),
        gain=float(tax.short_term_gain + tax.long_term_gain),
        tracking_error=error.after,
        largest=largest,
        excess=max(above.get(largest, 0.0), 0.0),
        unrealised=unrealised,
    )
