"""The planner against every trade list there is: tiny households in which nothing is left to chance.

The judge (:mod:`.brute`) shares no code with the solver: it lists every whole-share trade of every holding, with every
choice of lots, and scores their product. Sales of parts of shares of a lot are listed in the case's unit.
"""

from __future__ import annotations

import numpy as np
import pytest

from lotwright.plan.household import plan_household
from lotwright.plan.result import HouseholdPlan, Status
from lotwright.plan.separable.tree import Effort
from tests.plan.factory import risk_model
from tests.plan.separable import brute
from tests.plan.separable.brute import Judged, holdings, judge, option_of, score
from tests.plan.separable.households import FACTORS, Case, draw

GAP_BP = 0.1
MICRO = 2e-6
"""Dollars by which figures a plan states to the millionth may differ."""


def planned(case: Case, *, nodes: int = 400) -> HouseholdPlan:
    return plan_household(
        case.snapshot.household,
        name="H",
        market=case.snapshot.market,
        risk=risk_model(sorted(case.snapshot.market.prices), factors=FACTORS),
        program=case.program,
        effort=Effort(gap_bp=GAP_BP, nodes=nodes, seconds=None),
    )


def check_failure(case: Case, plan: HouseholdPlan, truth: Judged) -> None:
    """No plan is right only where there is none, and then the shortfall is the true one."""
    assert plan.failure is not None
    assert plan.failure.reason == "infeasible", plan.failure.message
    assert truth.optimum_to_the_cent == np.inf, f"there is a plan: {plan.failure.message}"
    assert "accounts" in plan.failure.evidence, plan.failure.message
    if len(case.snapshot.account) > 1:
        return  # accounts may then be short together only
    (short,) = plan.failure.evidence["accounts"]
    floor = max(float(case.snapshot.cash_floor[0]), 0.0)
    assert short["needed"] == pytest.approx(floor, abs=0.005)
    if truth.most_cash:
        assert short["most"] == pytest.approx(truth.most_cash[short["account"]], abs=0.015 + tickets(case))
        assert short["missing"] == pytest.approx(floor - truth.most_cash[short["account"]], abs=0.015 + tickets(case))


def tickets(case: Case) -> float:
    """Dollars that rounding each order's value and costs to the cent can add up to."""
    return 0.015 * len(case.snapshot.symbol)


def check_plan(case: Case, plan: HouseholdPlan, truth: Judged) -> None:
    """Posed is the true cost, the bound is below the optimum, and the optimum is reached within the gap."""
    objective, value = plan.objective, float(case.snapshot.total_value)
    assert objective is not None
    assert all(check.ok for check in plan.checks)
    orders = {(trade.account, trade.symbol): trade for trade in plan.trades}
    listing = holdings(case)
    chosen = [[option_of(case, account, symbol, orders.get((account.account, symbol)))] for account, symbol in listing]
    cost, _, cents = score(case, chosen)
    assert cost.item() == pytest.approx(objective.posed, abs=MICRO)
    assert brute.washless(case, chosen).all()
    for account in case.snapshot.household.accounts:
        assert cents[account.account].item() >= max(float(account.minimum_cash), 0.0) - 1e-6
    assert objective.bound <= truth.optimum + MICRO + 1e-9 * value
    assert objective.posed >= truth.optimum - MICRO
    assert (objective.posed - truth.optimum) / value * 1e4 <= GAP_BP
    assert objective.gap_bp <= GAP_BP, plan.notes


def check(seed: int) -> str:
    """Judge one household; says how it ended, or that there was too much to enumerate."""
    case = draw(seed)
    truth = judge(case)
    if truth is None:
        return "too many"
    plan = planned(case)
    try:
        if plan.status is Status.FAILED:
            check_failure(case, plan, truth)
        else:
            check_plan(case, plan, truth)
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {error}") from None
    return str(plan.status)


@pytest.mark.parametrize("first", range(0, 120, 20))
def test_the_planner_agrees_with_enumeration(first: int) -> None:
    ended = [check(seed) for seed in range(first, first + 20)]
    assert ended.count("planned") >= 10  # the law is not met for want of plans


@pytest.mark.campaign
@pytest.mark.parametrize("first", range(10_000, 14_000, 200))
def test_the_planner_agrees_with_enumeration_in_thousands_of_households(first: int) -> None:
    for seed in range(first, first + 200):
        check(seed)
