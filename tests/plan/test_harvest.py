"""Harvest: which losses take a position below its target, in which accounts, and what may stand in."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotwright.errors import ProgramError
from lotwright.plan.household import plan_household
from lotwright.plan.limits import Harvest
from lotwright.plan.program import Program, load_program
from lotwright.plan.result import HouseholdPlan
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Snapshot

from .factory import (
    FACTORS,
    account,
    lot,
    make_snapshot,
    risk_model,
    rule,
    sale,
    snapshots,
    trades,
    verified,
    whole_trades,
)

HALF = {"AAA": 0.5, "BBB": 0.5}


def planned(snapshot: Snapshot, program: Program | None = None, *, gap_bp: float = 0.5) -> HouseholdPlan:
    plan = plan_household(
        snapshot.household,
        name="H",
        market=snapshot.market,
        risk=risk_model(sorted(snapshot.market.prices), factors=FACTORS),
        program=load_program("harvest") if program is None else program,
        effort=Effort(gap_bp=gap_bp, seconds=20.0),
    )
    assert plan.failure is None, plan.failure
    return plan


def at_target(loss: float, **fields: object) -> Snapshot:
    """100 shares of AAA and BBB at their targets; AAA cost ``loss`` dollars more than it is worth. CCC stands in for AAA."""
    lots = [lot("AAA", 100, cost=100 + loss / 100, name="a"), lot("BBB", 100, cost=80, name="b")]
    return make_snapshot(
        [account(lots=lots, realised_short=5_000, **fields)],  # type: ignore[arg-type]
        prices={"AAA": 100, "BBB": 100, "CCC": 50},
        weights=HALF,
        substitutes={"AAA": ["CCC"]},
        factors=FACTORS,
    )


def sold(plan: HouseholdPlan) -> set[str]:
    return {trade.symbol for trade in plan.trades if trade.side == "sell"}


def test_a_loss_that_passes_is_harvested_against_the_substitute() -> None:
    plan = planned(at_target(3_000))
    assert sold(plan) == {"AAA"}
    assert [trade.symbol for trade in plan.trades if trade.side == "buy"][-1] == "CCC"
    assert plan.tax is not None
    assert plan.tax.tax < plan.tax.tax_without_plan


@pytest.mark.parametrize(
    ("loss", "fields", "passes"),
    [
        (99, {"harvest_threshold": Decimal(0)}, False),  # under 100 dollars
        (100, {"harvest_threshold": Decimal(0)}, True),
        (150, {}, False),  # over 100 dollars, but under 2 % of its basis of 10,150
        (150, {"harvest_threshold": Decimal("0.01")}, True),  # the account's own threshold takes the place of 2 %
        (3_000, {"harvest_threshold": Decimal("0.25")}, False),  # 3,000 of 13,000 is 23 %
        (3_000, {}, True),
        (3_000, {"harvest": True}, True),
        (3_000, {"harvest": False}, False),
    ],
)
def test_a_loss_passes_by_dollars_by_fraction_and_where_it_is_wanted(
    loss: float, fields: dict[str, object], passes: bool
) -> None:
    snapshot = at_target(loss, **fields)
    limit = Harvest(dollars=100, fraction=0.02)
    assert limit.passing(snapshot).tolist() == [passes, False]
    assert limit.most(snapshot).tolist() == [100.0 if passes else 0.0, 100.0, 0.0]


@pytest.mark.parametrize("fields", [{"harvest": False}, {"harvest_threshold": Decimal("0.25")}])
def test_no_other_loss_takes_a_position_below_its_target(fields: dict[str, object]) -> None:
    """The same household harvests at once where the limit does not keep it from it."""
    snapshot = at_target(3_000, **fields)
    assert "AAA" not in sold(planned(snapshot))
    free = load_program("harvest")
    free = replace(free, limits=tuple(limit for limit in free.limits if not isinstance(limit, Harvest)))
    assert "AAA" in sold(planned(snapshot, free))


def test_what_stands_above_its_target_may_go_whatever_the_lot() -> None:
    """Rebalancing is no harvest: 60 shares above the target, rounded up to a whole share, and not one more."""
    lots = [lot("AAA", 101, cost=100.10, name="a"), lot("BBB", 20, cost=80, name="b")]
    snapshot = make_snapshot(
        [account(lots=lots, cash=50, harvest=False)], prices={"AAA": 100, "BBB": 100}, weights=HALF, factors=FACTORS
    )
    assert Harvest().most(snapshot).tolist() == [41.0, 20.0]  # of 12,150 dollars half is 6,075: 60.75 shares stay
    assert Harvest().violation(snapshot, trades(snapshot, sell={"a": 41})) == 0
    assert Harvest().violation(snapshot, trades(snapshot, sell={"a": 42})) == 1


def test_a_sale_that_a_restriction_demands_is_no_harvest() -> None:
    snapshot = at_target(3_000, harvest=False, restrictions=(rule("exclude", "AAA"),))
    plan = planned(snapshot)
    assert sold(plan) == {"AAA"}
    assert plan.trades[0].quantity == 100


def test_a_withdrawal_is_paid_by_every_position_alike() -> None:
    """Where the minimum cash is more than the model leaves, targets shrink and sales down to them are allowed."""
    snapshot = at_target(3_000, harvest=False, minimum_cash=Decimal(4_000))
    plan = planned(snapshot)
    assert plan.cash["A1"].after >= 4_000


def test_no_stand_in_of_the_identical_group_is_bought() -> None:
    snapshot = make_snapshot(
        [account(lots=[lot("AAA", 100, cost=130), lot("BBB", 100, cost=80)], realised_short=5_000)],
        prices={"AAA": 100, "BBB": 100, "CCC": 50, "DDD": 40},
        weights=HALF,
        identical={"AAA": "g", "CCC": "g"},
        substitutes={"AAA": ["CCC", "DDD"]},
        factors=FACTORS,
    )
    bought = {trade.symbol for trade in planned(snapshot).trades if trade.side == "buy"}
    assert "DDD" in bought
    assert "CCC" not in bought


def test_the_preferred_of_two_equal_stand_ins_is_bought() -> None:
    """Two stand-ins that the risk model cannot tell apart: rank decides, and the verifier charges rank the same."""
    snapshot = at_target(3_000)
    market = replace(
        snapshot.market,
        prices={**snapshot.market.prices, "DDD": replace(snapshot.market.prices["CCC"], symbol="DDD")},
        substitutes={"AAA": ("DDD", "CCC")},
    )
    model = risk_model(["AAA", "BBB", "CCC"], factors=FACTORS)
    alike = replace(
        model,
        symbols=("AAA", "BBB", "CCC", "DDD"),
        exposure=np.vstack([model.exposure, model.exposure[2]]),
        specific=np.append(model.specific, model.specific[2]),
    )
    program = load_program("harvest")
    costs = tuple(replace(c, per_rank=0.01) if c.kind == "substitution" else c for c in program.costs)  # type: ignore[call-arg]
    plan = plan_household(
        snapshot.household,
        name="H",
        market=market,
        risk=alike,
        program=replace(program, costs=costs),
        effort=Effort(gap_bp=0.5, seconds=20.0),
    )
    assert plan.failure is None, plan.failure
    bought = {trade.symbol: trade.value for trade in plan.trades if trade.side == "buy"}
    assert bought["DDD"] > bought.get("CCC", Decimal(0))


def standing_in(days: int) -> Snapshot:
    """CCC stands where AAA was sold at a loss ``days`` ago, and has gained a little since."""
    lots = [lot("CCC", 200, cost=49.9, days=days), lot("BBB", 100, cost=80)]
    return make_snapshot(
        [account(lots=lots, realised_long=-3_000, transactions=(sale("AAA", days=days, gain=-3_000, quantity=100),))],
        prices={"AAA": 100, "BBB": 100, "CCC": 50},
        weights=HALF,
        substitutes={"AAA": ["CCC"]},
        factors=FACTORS,
    )


def test_the_way_back_waits_for_the_window() -> None:
    """30 days after the sale the window is open still; on day 31 it is over (IRC section 1091(a)), and AAA comes back."""
    assert not {t.symbol for t in planned(standing_in(30)).trades if t.side == "buy"} & {"AAA"}
    assert "AAA" in {t.symbol for t in planned(standing_in(31)).trades if t.side == "buy"}


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_verifier_judges_sales_as_the_limit_does(data: st.DataObject) -> None:
    """Drawn households and trades: the check fails exactly where the limit is broken."""
    snapshot = data.draw(snapshots())
    dollars, fraction = data.draw(st.sampled_from([(0.0, 0.0), (50.0, 0.0), (0.0, 0.15), (1e6, 0.0)]))
    accounts = tuple(
        replace(a, harvest=data.draw(st.sampled_from([None, True, False]))) for a in snapshot.household.accounts
    )
    snapshot = replace(snapshot, household=replace(snapshot.household, accounts=accounts))
    limit = Harvest(dollars=dollars, fraction=fraction)
    chosen = data.draw(whole_trades(snapshot))
    program = load_program("balanced")
    terms = replace(program, limits=(*program.limits, limit)).terms()
    found = next(check for check in verified(snapshot, chosen, terms=terms).checks if check.name == "harvest")
    is_restricted = any(a.restrictions for a in accounts)
    if limit.violation(snapshot, chosen) == 0:
        assert found.ok, found.text
    elif not is_restricted:
        assert not found.ok


def test_the_least_loss_is_a_figure() -> None:
    with pytest.raises(ProgramError, match="harvest: dollars is -1"):
        Harvest(dollars=-1)
