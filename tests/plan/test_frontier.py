"""The frontier: its ends, its order, what its points prove; and a transition in stages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import pairwise

import pytest

from lotwright.book.kinds import AccountKind, Rule, Side
from lotwright.errors import ProgramError
from lotwright.plan.costs import Ticket
from lotwright.plan.frontier import EVERYTHING, NOTHING, Frontier, at_risk_price, frontier
from lotwright.plan.household import plan_household
from lotwright.plan.next_year import year_later
from lotwright.plan.program import Program, load_program
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.transition import Transition, transition, with_budget

from .factory import FACTORS, account, deposit, lot, make_snapshot, risk_model, rule

EFFORT = Effort(gap_bp=1.0, seconds=20.0)


@pytest.fixture(scope="module")
def legacy() -> Snapshot:
    """300 shares of AAA in three old lots with gains of 10, 40 and 70 dollars a share; BBB is wanted and missing."""
    lots = [lot("AAA", 100, cost=cost, days=900 + cost, name=f"a{cost}") for cost in (30, 60, 90)]
    return make_snapshot(
        [account(lots=lots, cash=300)],
        prices={"AAA": 100, "BBB": 50},
        weights={"AAA": 0.5, "BBB": 0.5},
        factors=FACTORS,
    )


@pytest.fixture(scope="module")
def drawn(legacy: Snapshot) -> Frontier:
    found = frontier(
        legacy.household,
        market=legacy.market,
        risk=risk_model(["AAA", "BBB"], factors=FACTORS),
        program=load_program("balanced"),
        points=9,
        effort=EFFORT,
    )
    assert isinstance(found, Frontier), found
    return found


def test_the_ends_are_doing_nothing_and_selling_everything(drawn: Frontier) -> None:
    first, last = drawn.points[0], drawn.points[-1]
    assert (first.label, last.label) == (NOTHING, EVERYTHING)
    assert not first.plan.trades
    assert first.tax == 0
    assert last.tracking_error < 0.002
    value = Decimal(30_300)
    assert abs(sum(t.value for t in last.plan.trades if t.side is Side.BUY) - value / 2) < 100


def test_every_step_closer_costs_more_tax(drawn: Frontier) -> None:
    assert len(drawn.points) == 9
    kept = [point for point in drawn.points if not point.is_dominated]
    for one, other in pairwise(kept):
        assert one.tracking_error > other.tracking_error
        assert one.tax < other.tax


def test_each_point_carries_its_bound_and_its_checks(drawn: Frontier) -> None:
    for point in drawn.points:
        assert point.checks
        assert all(check.ok for check in point.checks)
        if point.label != NOTHING:
            objective = point.plan.objective
            assert objective is not None
            assert objective.bound <= objective.posed


def test_no_point_beats_what_the_lines_prove(drawn: Frontier) -> None:
    """Any plan's tracking error is at or above the proven least at its costs, also of plans the sweep never saw."""
    for point in drawn.points:
        assert 0 <= point.least_error <= point.tracking_error + 1e-12
    tight = [p.least_error / p.tracking_error for p in drawn.between]
    assert min(tight) > 0.9  # the lines are tangents: at the points themselves they leave little room


def test_the_least_error_holds_for_a_plan_under_a_budget(legacy: Snapshot, drawn: Frontier) -> None:
    """A hard budget of gains reaches points between the priced ones; none lies below a line through its neighbours."""
    risk = risk_model(["AAA", "BBB"], factors=FACTORS)
    program = with_budget(at_risk_price(load_program("balanced"), 200.0), 2_500.0)
    plan = plan_household(legacy.household, name="H", market=legacy.market, risk=risk, program=program, effort=EFFORT)
    assert plan.tax is not None
    assert plan.tracking is not None
    assert plan.tax.long_term_gain <= 2_500
    tax = float(plan.tax.tax - plan.tax.tax_without_plan)
    cheaper = [point for point in drawn.points if point.tax >= tax and not point.is_dominated]
    assert plan.tracking.after >= min(point.least_error for point in cheaper)


def test_too_few_points_or_nothing_to_sweep_is_an_error(legacy: Snapshot) -> None:
    given = {"market": legacy.market, "risk": risk_model(["AAA", "BBB"], factors=FACTORS)}
    with pytest.raises(ProgramError, match="has no middle"):
        frontier(legacy.household, program=load_program("balanced"), points=2, **given)  # type: ignore[arg-type]
    with pytest.raises(ProgramError, match="no cost of tracking"):
        frontier(legacy.household, program=Program(name="p", says="", costs=(Ticket(),), limits=()), **given)  # type: ignore[arg-type]


def test_doing_nothing_is_the_end_even_where_a_rule_forbids_it(legacy: Snapshot) -> None:
    """AAA is 99 % of the account and may be 90 %: the end is where the household stands, and names what it breaks."""
    capped = make_snapshot(
        [replace(legacy.household.accounts[0], restrictions=(rule(Rule.MAXIMUM_WEIGHT, "AAA", weight=0.9),))],
        prices={"AAA": 100, "BBB": 50},
        weights={"AAA": 0.5, "BBB": 0.5},
        factors=FACTORS,
    )
    found = frontier(
        capped.household,
        market=capped.market,
        risk=risk_model(["AAA", "BBB"], factors=FACTORS),
        program=load_program("balanced"),
        points=5,
        effort=EFFORT,
    )
    assert isinstance(found, Frontier), found
    first, *others = found.points
    assert first.label == NOTHING
    assert not first.plan.trades
    assert [check.name for check in first.broken] == ["restrictions"]
    assert not any(point.broken for point in others)
    assert all(point.tracking_error < first.tracking_error for point in others)


# Stages


@pytest.fixture(scope="module")
def staged(legacy: Snapshot) -> Transition:
    found = transition(
        legacy.household,
        market=legacy.market,
        risk=risk_model(["AAA", "BBB"], factors=FACTORS),
        program=load_program("transition"),
        years=3,
        budget=1_000,
        effort=EFFORT,
    )
    assert isinstance(found, Transition), found
    return found


def test_each_year_keeps_its_budget_and_comes_closer(staged: Transition) -> None:
    assert [stage.as_of.year for stage in staged.stages] == [2020, 2021, 2022]
    for stage in staged.stages:
        assert stage.gain <= 1_000
        assert all(check.ok for check in stage.plan.checks)
    errors = [stage.tracking_error for stage in staged.stages]
    assert errors == sorted(errors, reverse=True)
    assert staged.stages[0].largest == "AAA"


def test_at_once_has_no_budget(staged: Transition) -> None:
    assert staged.at_once.gain > 1_000
    assert staged.at_once.tracking_error < staged.stages[0].tracking_error


def test_the_gain_of_all_years_and_what_is_left_is_the_gain_there_was(staged: Transition) -> None:
    """Prices are held, so gains only move from unrealised to realised: 18,000 dollars in all (spreads apart)."""
    assert sum(stage.gain for stage in staged.stages) + staged.stages[-1].unrealised == pytest.approx(12_000, abs=0.05)


def test_a_year_later_lots_are_older_losses_come_in_and_nothing_waits() -> None:
    """Two accounts: the cash is what the plan left, the loss carried out stands once, the short-term lot is long-term."""
    lots = [lot("AAA", 100, cost=200, days=100, name="loss"), lot("BBB", 100, cost=20, days=100, name="young")]
    snapshot = make_snapshot(
        [account("A1", lots=lots, cash=100, realised_short=40, cashflows=(deposit(500),)),
         account("B2", lots=[lot("AAA", 5, cost=50)], kind=AccountKind.ROTH, cash=10)],
        prices={"AAA": 100, "BBB": 50}, weights={"BBB": 1.0}, factors=FACTORS)  # fmt: skip
    risk = risk_model(["AAA", "BBB"], factors=FACTORS)
    plan = plan_household(
        snapshot.household, name="H", market=snapshot.market, risk=risk, program=load_program("balanced"), effort=EFFORT
    )
    assert plan.tax is not None
    assert plan.tax.carryforward_short > 0
    after, market = year_later(snapshot.household, snapshot.market, plan)
    assert market.as_of == date(2021, 11, 30)
    assert {row.as_of for row in market.prices.values()} == {market.as_of}
    assert [a.cash for a in after.accounts] == [plan.cash["A1"].after, plan.cash["B2"].after]
    assert [a.carryforward_short for a in after.accounts] == [plan.tax.carryforward_short, 0]
    assert all(a.realised_short == 0 and not a.cashflows for a in after.accounts)
    bought = sum(t.quantity for t in plan.trades if t.side is Side.BUY)
    sold = sum(t.quantity for t in plan.trades if t.side is Side.SELL)
    assert sum(item.quantity for a in after.accounts for item in a.lots) == 205 + bought - sold


def test_a_leap_day_becomes_the_last_of_february(legacy: Snapshot, drawn: Frontier) -> None:
    leap = replace(legacy.market, as_of=date(2020, 2, 29))
    assert year_later(legacy.household, leap, drawn.points[0].plan)[1].as_of == date(2021, 2, 28)


def test_a_transition_over_no_years_is_an_error(legacy: Snapshot) -> None:
    with pytest.raises(ProgramError, match="makes no sense"):
        transition(
            legacy.household,
            market=legacy.market,
            risk=risk_model(["AAA", "BBB"], factors=FACTORS),
            program=load_program("transition"),
            years=0,
        )
