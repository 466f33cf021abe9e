"""British and Canadian households against every trade list there is, and the rules on buying back one by one."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from lotwright.book.events import Buy, Sell
from lotwright.book.kinds import Action, Regime, Side
from lotwright.plan.household import plan_household
from lotwright.plan.result import HouseholdPlan, Status
from lotwright.plan.separable.tree import Effort
from lotwright.tax.regimes.canada import Canada
from lotwright.tax.regimes.united_kingdom import UnitedKingdom
from tests.plan.factory import risk_model
from tests.plan.separable.brute import judge
from tests.plan.separable.households import FACTORS
from tests.plan.separable.other_laws import LawCase, draw, judged_by_its_law
from tests.plan.separable.test_brute_force import GAP_BP, check_failure, check_plan


def planned(case: LawCase) -> HouseholdPlan:
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
    ended = [check(seed, regime) for seed in range(25)]
    assert ended.count("planned") >= 15


@pytest.mark.campaign
@pytest.mark.parametrize("regime", [Regime.UK, Regime.CANADA])
@pytest.mark.parametrize("first", range(1_000, 3_000, 200))
def test_the_planner_agrees_with_enumeration_under_other_laws_in_thousands(first: int, regime: Regime) -> None:
    for seed in range(first, first + 200):
        check(seed, regime)


def events(case: LawCase, plan: HouseholdPlan) -> list[Buy | Sell]:
    """The household's lots as purchases and the plan's trades, in one history; what Canada buys comes after what it sells."""
    later = timedelta(days=case.regime is Regime.CANADA)
    bought = [
        Buy(account=a.account, date=item.acquired, symbol=item.symbol, lot=item.lot, quantity=item.quantity, price=item.basis / item.quantity)
        for a in case.book.accounts
        for item in a.lots
    ]  # fmt: skip
    for trade in plan.trades:
        told = {"account": trade.account, "symbol": trade.symbol, "quantity": trade.quantity, "price": trade.price}
        if trade.side is Side.SELL:
            bought.append(Sell(**told, date=plan.as_of))
        else:
            bought.append(Buy(**told, date=plan.as_of + later, lot="new"))
    return bought


@pytest.mark.parametrize(("regime", "law"), [(Regime.UK, UnitedKingdom()), (Regime.CANADA, Canada())])
def test_the_law_told_of_the_plan_as_a_history_finds_the_same_gain_and_nothing_matched_or_denied(
    regime: Regime, law: UnitedKingdom | Canada
) -> None:
    """The regimes of :mod:`lotwright.tax.regimes`, tested on published examples, against the planner's pools and rules."""
    sold = 0
    for seed in range(40):
        case = draw(seed, regime)
        if any(t.action is Action.SELL for a in case.book.accounts for t in a.transactions):
            continue  # its lots alone do not tell its history
        plan = planned(case)
        if plan.tax is None:
            continue
        found = law.realise(
            events(case, plan),
            kinds={a.account: a.kind for a in case.book.accounts},
            group_of=case.snapshot.market.group_of,
        )
        today = [d for d in found.disposals if d.sold == plan.as_of]
        sold += len(today)
        assert {match.rule for d in today for match in d.matches} <= {"pool", "average"}, seed
        assert all(d.denied == 0 for d in today), seed
        gain = sum((d.recognised for d in today), Decimal(0))
        assert float(gain) == pytest.approx(float(plan.tax.long_term_gain), abs=0.02 * (1 + len(plan.trades))), seed
    assert sold >= 5
