"""Step-up: gains realised in a 0 % bracket, by selling and buying back the same day."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from lotwright.book.kinds import FilingStatus, Relief, Side
from lotwright.plan.household import plan_household
from lotwright.plan.limits import StepUp
from lotwright.plan.limits.step_up import into_twins, without_twins
from lotwright.plan.program import load_program
from lotwright.plan.result import HouseholdPlan
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.terms import RiskNumbers
from lotwright.plan.verify import verify

from .factory import FACTORS, account, lot, make_snapshot, risk_model, rule, trades

RETIRED = {
    "short_term_rate": None,
    "long_term_rate": None,
    "filing_status": FilingStatus.SINGLE,
    "taxable_income": Decimal(30_000),
}
"""In 2020 the 0 % bracket of a single filer ends at 40,000 dollars: 10,000 of room."""


def retired(**fields: object) -> Snapshot:
    """At target; AAA and BBB carry long-term gains of 12,000 and 6,000."""
    lots = [lot("AAA", 200, cost=40, name="a"), lot("BBB", 200, cost=70, name="b")]
    return make_snapshot(
        [account(lots=lots, cash=200, **{**RETIRED, **fields})],
        prices={"AAA": 100, "BBB": 100},
        factors=FACTORS,
    )


def planned(snapshot: Snapshot) -> HouseholdPlan:
    plan = plan_household(
        snapshot.household,
        name="H",
        market=snapshot.market,
        risk=risk_model(sorted(snapshot.market.prices), factors=FACTORS),
        program=load_program("harvest_gains"),
        effort=Effort(gap_bp=1.0, seconds=6.0),
    )
    assert plan.failure is None, plan.failure
    return plan


def both_ways(plan: HouseholdPlan) -> set[str]:
    bought = {trade.symbol for trade in plan.trades if trade.side is Side.BUY}
    return bought & {trade.symbol for trade in plan.trades if trade.side is Side.SELL}


def test_gains_are_realised_up_to_the_top_of_the_bracket_and_bought_back() -> None:
    """A share of AAA carries 60 dollars of gain: no more than one share's gain of the room is left or exceeded."""
    plan = planned(retired())
    assert plan.tax is not None
    assert plan.objective is not None
    assert abs(plan.tax.long_term_gain - 10_000) <= 60
    assert plan.tax.tax <= Decimal("0.15") * 60
    assert both_ways(plan)
    assert plan.objective.gap_bp < 3.0
    saved = next(line for line in plan.costs if line.name == "future_tax")
    assert saved.dollars == pytest.approx(-0.05 * float(plan.tax.long_term_gain), abs=0.01)
    assert any("buys" in trade.reason and "back the same day" in trade.reason for trade in plan.trades)


def test_nothing_is_bought_back_where_gains_are_taxed() -> None:
    plan = planned(retired(short_term_rate=0.4, long_term_rate=0.2, taxable_income=None))
    assert not both_ways(plan)


def test_lots_under_a_standing_order_are_stepped_up_in_that_order() -> None:
    plan = planned(retired(relief=Relief.FIFO))
    assert plan.tax is not None
    assert plan.tax.long_term_gain > 9_000


def test_a_restricted_security_gets_no_twin() -> None:
    snapshot = StepUp().view(retired(restrictions=(rule("maximum_weight", "AAA", weight=0.6),)))
    assert snapshot.symbol == ("AAA", "BBB", "BBB")


def test_twins_move_as_one_security() -> None:
    """Selling and buying back leaves the risk where it was; the variance of any trades is that of the net trades."""
    plain = retired()
    snapshot = StepUp().view(plain)
    program = load_program("balanced")
    tracking = next(cost for cost in program.costs if cost.kind == "tracking")
    back = trades(snapshot, sell={"a": 50})
    buy = back.buy.copy()
    buy[snapshot.twin_of == 0] = 50
    still, net = trades(plain), trades(plain, sell={"a": 50})
    assert tracking.value(snapshot, replace(back, buy=buy)) == pytest.approx(tracking.value(plain, still))
    assert tracking.value(snapshot, back) == pytest.approx(tracking.value(plain, net))


def test_the_household_without_its_twins_is_the_household() -> None:
    plain = retired()
    again = without_twins(StepUp().view(plain))
    for name in ("price", "quantity", "target", "exposure", "specific", "household_exposure", "household_specific"):
        np.testing.assert_allclose(getattr(again, name), getattr(plain, name), atol=1e-15)
    assert again.symbol == plain.symbol
    moved = into_twins(StepUp().view(plain), trades(plain, buy={"AAA": 3}))
    assert moved.buy.tolist() == [0.0, 0.0, 3.0, 0.0]


def test_only_a_program_that_steps_up_may_buy_what_it_sells() -> None:
    """The same trade list passes the program's own verification and fails that of every other program."""
    snapshot = retired()
    plan = planned(snapshot)
    model = risk_model(["AAA", "BBB"], factors=FACTORS)
    risk = RiskNumbers(symbols=model.symbols, exposure=model.exposure, specific=model.specific)

    def faults(program: str) -> list[str]:
        terms = load_program(program).terms()
        found = verify(plan.trades, snapshot.household, snapshot.market, terms=terms, risk=risk)
        return [check.text for check in found.failed]

    assert faults("harvest_gains") == []
    assert any("is both bought and sold" in text for text in faults("balanced"))


def test_what_is_sold_at_a_loss_is_never_bought_back() -> None:
    lots = [lot("AAA", 10, cost=50, name="g"), lot("AAA", 10, cost=150, name="l")]
    snapshot = StepUp().view(make_snapshot([account(lots=lots, **RETIRED)], prices={"AAA": 100}, factors=FACTORS))
    chosen = trades(snapshot, sell={"l": 10})
    buy = chosen.buy.copy()
    buy[snapshot.twin_of == 0] = 10
    wrong = replace(chosen, buy=buy)
    assert StepUp().violation(snapshot, wrong) == 10
    assert "wash_sale" in load_program("harvest_gains").violations(snapshot, wrong)
