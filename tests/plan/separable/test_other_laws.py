"""British and Canadian households against every trade list there is, and the rules on buying back one by one."""

from __future__ import annotations

import pytest

from lotwright.book.kinds import Regime
from lotwright.plan.household import plan_household
from lotwright.plan.result import Status
from lotwright.plan.separable.tree import Effort
from tests.plan.factory import risk_model
from tests.plan.separable.brute import judge
from tests.plan.separable.households import FACTORS
from tests.plan.separable.other_laws import LawCase, draw, judged_by_its_law
from tests.plan.separable.test_brute_force import GAP_BP, check_failure, check_plan


def planned(case: LawCase):  # type: ignore[no-untyped-def]
    return plan_household(
        case.book,
        name="H",
        market=case.snapshot.market,
        risk=risk_model(sorted(case.snapshot.market.prices), factors=FACTORS),
        program=case.program,
        effort=Effort(gap_bp=GAP_BP, nodes=400, seconds=None),
    )


def check(seed: int, regime: Regime) -> str:
    case = draw(seed, regime)
    with judged_by_its_law():
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
            raise AssertionError(f"{regime} {seed}: {error}") from None
    return str(plan.status)


@pytest.mark.parametrize("regime", [Regime.UK, Regime.CANADA])
def test_the_planner_agrees_with_enumeration_under_other_laws(regime: Regime) -> None:
    ended = [check(seed, regime) for seed in range(40)]
    assert ended.count("planned") >= 25


@pytest.mark.campaign
@pytest.mark.parametrize("regime", [Regime.UK, Regime.CANADA])
@pytest.mark.parametrize("first", range(1_000, 3_000, 200))
def test_the_planner_agrees_with_enumeration_under_other_laws_in_thousands(first: int, regime: Regime) -> None:
    for seed in range(first, first + 200):
        check(seed, regime)
