"""The household as one portfolio: risk of the sum, tax drag by kind of account, and what the verifier makes of both."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal

import cvxpy as cp
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotwright.book.kinds import AccountKind
from lotwright.plan.costs import AssetLocation, FutureTax, HouseholdTracking, IdleCash
from lotwright.plan.decision import decide
from lotwright.plan.household import plan_household
from lotwright.plan.paths import solve
from lotwright.plan.program import Program, load_program
from lotwright.plan.recompute import bound_again
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.solution import Solution

from .factory import FACTORS, account, lot, make_snapshot, risk_model, snapshots, verified, whole_trades
from .test_general import enumerated

PROGRAM = Program(
    name="whole", says="", costs=(HouseholdTracking(risk_price=30.0), AssetLocation(), FutureTax(rate=0.07)), limits=()
)


def couple(**columns: object) -> Snapshot:
    """A taxable account and an IRA of 10,000 each, both half AAA and half BBB; AAA pays out 6 % a year, BBB nothing."""
    lots = [lot("AAA", 50, cost=100), lot("BBB", 50, cost=100)]
    accounts = [account("A1", lots=lots), account("B2", lots=lots, kind=AccountKind.IRA)]
    snapshot = make_snapshot(accounts, prices={"AAA": 100, "BBB": 100}, factors=FACTORS)
    paid = {"AAA": Decimal("0.06"), "BBB": Decimal(0)}
    prices = {s: replace(row, distribution=paid[s], qualified=Decimal(0)) for s, row in snapshot.market.prices.items()}
    return replace(snapshot, market=replace(snapshot.market, prices=prices))


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_verifier_finds_the_same_costs(data: st.DataObject) -> None:
    snapshot = data.draw(snapshots())
    chosen = data.draw(whole_trades(snapshot))
    found = verified(snapshot, chosen, terms=PROGRAM.terms()).costs
    for cost in PROGRAM.costs:
        assert float(found[cost.kind]) == pytest.approx(cost.value(snapshot, chosen), rel=1e-9, abs=1e-7), cost.kind


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_expression_is_value(data: st.DataObject) -> None:
    snapshot = data.draw(snapshots())
    chosen = data.draw(whole_trades(snapshot))
    decision = decide(snapshot)
    decision.assign(snapshot, chosen, snapshot.cash)
    for cost in PROGRAM.costs:
        expression = cost.expression(snapshot, decision)
        assert isinstance(expression, cp.Expression)
        assert expression.is_convex()
        assert float(np.sum(expression.value)) == pytest.approx(cost.value(snapshot, chosen), rel=1e-7, abs=1e-6)


@given(data=st.data())
@settings(max_examples=30, deadline=None)
def test_the_household_exposures_are_the_covariance_of_the_sum(data: st.DataObject) -> None:
    """Against the risk model's own covariance, with active dollars added up security by security."""
    snapshot = data.draw(snapshots())
    draw = st.lists(st.floats(-1e4, 1e4), min_size=len(snapshot.symbol), max_size=len(snapshot.symbol))
    active = np.array(data.draw(draw))
    symbols = sorted(set(snapshot.symbol))
    summed = np.array([active[[s == symbol for s in snapshot.symbol]].sum() for symbol in symbols])
    model = risk_model(sorted(snapshot.market.prices), factors=FACTORS)
    expected = summed @ model.covariance(symbols) @ summed
    factor = snapshot.household_exposure.T @ active
    found = factor @ factor + snapshot.household_specific @ active**2
    assert found == pytest.approx(expected, rel=1e-9, abs=1e-6)


def test_an_account_may_be_off_its_target_where_the_other_makes_up_for_it() -> None:
    snapshot = couple()
    swapped = whole(snapshot, {"A1/AAA": -50, "A1/BBB": 50, "B2/AAA": 50, "B2/BBB": -50})
    assert HouseholdTracking().value(snapshot, swapped) == pytest.approx(0.0, abs=1e-9)
    tracking = next(cost for cost in load_program("balanced").costs if cost.kind == "tracking")
    assert tracking.value(snapshot, swapped) > 100


def whole(snapshot: Snapshot, net: dict[str, int]):
    from lotwright.plan.protocols import Trades

    sell, buy = np.zeros(len(snapshot.lot)), np.zeros(len(snapshot.symbol))
    for j, symbol in enumerate(snapshot.symbol):
        shares = net.get(f"{snapshot.account[snapshot.account_of[j]]}/{symbol}", 0)
        buy[j] = max(shares, 0)
        if shares < 0:
            sell[snapshot.offset[j]] = -shares
    return Trades(sell=sell, buy=buy)


def test_drag_by_hand() -> None:
    """5 years of 6 % at 40 % on 5,000 dollars of AAA in the taxable account: 600 dollars; nothing on the IRA's."""
    snapshot = couple()
    assert AssetLocation().value(snapshot, whole(snapshot, {})) == pytest.approx(600.0)
    assert AssetLocation().value(snapshot, whole(snapshot, {"A1/AAA": -50})) == pytest.approx(0.0)


def test_what_pays_out_most_moves_to_the_ira() -> None:
    """No gain stands in the way: all of AAA goes to the IRA, all of BBB to the taxable account, cash stays where it is."""
    snapshot = couple()
    plan = plan_household(
        snapshot.household,
        name="H",
        market=snapshot.market,
        risk=risk_model(["AAA", "BBB"], factors=FACTORS),
        program=load_program("household"),
        effort=Effort(gap_bp=2.0, seconds=20.0),
    )
    assert plan.failure is None, plan.failure
    after = {(row.account, row.symbol): row.after for row in plan.drift}
    assert after["A1", "AAA"] < 0.02
    assert after["B2", "AAA"] > 0.97
    assert plan.tracking is not None
    assert plan.tracking.after < 0.005
    assert all(check.ok for check in plan.checks)
    for cash in plan.cash.values():
        assert cash.after >= 0


def test_idle_cash_is_still_each_accounts_own() -> None:
    assert any(isinstance(cost, IdleCash) for cost in load_program("household").costs)


@pytest.mark.parametrize(
    "held",
    ["AAA BBB AAA", *(pytest.param(held, marks=pytest.mark.campaign) for held in ("BBB BBB AAA", "AAA AAA BBB"))],
)
def test_three_accounts_as_one_portfolio_agree_with_enumeration(held: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every whole-share trade list of three small accounts: the plan is the cheapest, its bound recomputed and not above it."""
    monkeypatch.setenv("LOTWRIGHT_KERNELS", "plain")
    kinds = (AccountKind.TAXABLE, AccountKind.IRA, AccountKind.ROTH)
    accounts = [
        account(
            f"A{k}", kind=kind, cash=100 + 40 * k, lots=[lot(symbol, 1, cost=300 + 130 * k, days=900 if k else 100)]
        )
        for k, (kind, symbol) in enumerate(zip(kinds, held.split(), strict=True))
    ]
    prices = {"AAA": 410, "BBB": 350}
    snapshot = make_snapshot(accounts, prices=prices, weights={"AAA": 0.65, "BBB": 0.35}, factors=FACTORS)
    program = load_program("household")
    best = enumerated(program, snapshot)
    found = solve(program, snapshot, Effort(gap_bp=0.05, nodes=400, seconds=60.0), clock=time.perf_counter)
    assert isinstance(found, Solution)
    assert found.certificate["kind"] == "separable/1"
    assert found.posed == pytest.approx(best, abs=0.05e-4 * snapshot.total_value)
    assert found.bound <= best + 1e-9
    assert found.bound <= bound_again(found.certificate, program, snapshot) + 1e-9
    assert found.posed - found.bound <= 0.051e-4 * snapshot.total_value
