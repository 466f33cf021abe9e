"""Four plans side by side, all judged alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lotwright.book.holdings import Account
from lotwright.book.kinds import Side
from lotwright.plan.compare import Alternative, Comparison, compare_household
from lotwright.plan.limits import GroupBounds
from lotwright.plan.program import Program, load_program
from lotwright.plan.separable.tree import Effort

from .factory import account, deposit, lot, make_snapshot, risk_model, rule

PRICES = {"AAA": 100, "BBB": 50, "CCC": 20}
WEIGHTS = {"AAA": 0.4, "BBB": 0.4, "CCC": 0.2}


@pytest.fixture(autouse=True)
def plain_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOTWRIGHT_KERNELS", "plain")


def compared(*accounts: Account, program: Program | None = None, **market: Any) -> Comparison:
    snapshot = make_snapshot(list(accounts), prices=PRICES, weights=WEIGHTS, **market)
    found = compare_household(
        snapshot.household,
        market=snapshot.market,
        risk=risk_model(sorted(PRICES)),
        program=program or load_program("balanced"),
        effort=Effort(gap_bp=0.5, nodes=20, seconds=None),
    )
    assert isinstance(found, Comparison)
    return found


AWAY = [lot("AAA", 60, cost=95, name="a"), lot("BBB", 50, cost=55, name="b"), lot("CCC", 30, cost=20, name="c")]


def test_full_is_the_cheapest_that_keeps_the_rules_and_nothing_beats_the_bound() -> None:
    four = compared(account(lots=AWAY, cashflows=(deposit(900),)))
    assert [plan.name for plan in four.plans] == list(Alternative)
    full = four["full"]
    for plan in four.plans:
        assert not plan.broken
        assert plan.above_bound_bp >= 0
        assert float(plan.posed) >= float(full.posed) - 0.5e-4 * float(four.value)
    assert four["do_nothing"].posed > four["cash_flow_only"].posed > full.posed


def test_doing_nothing_has_no_tickets_no_tax_and_no_cost_of_trading() -> None:
    still = compared(account(lots=AWAY, cashflows=(deposit(900),)))["do_nothing"]
    assert (still.tickets, still.tax, still.trading, still.turnover, still.cash) == (0, 0, 0, 0, 900)


def test_a_deposit_is_invested_without_selling() -> None:
    plan = compared(account(lots=AWAY, cashflows=(deposit(900),)))["cash_flow_only"]
    assert plan.trades
    assert all(trade.side is Side.BUY for trade in plan.trades)
    assert plan.turnover == 900 - plan.cash - plan.trading.quantize(plan.cash)


def test_a_withdrawal_is_raised_without_buying() -> None:
    four = compared(account(lots=AWAY, cash=100, cashflows=(deposit(-900),)))
    plan = four["cash_flow_only"]
    assert plan.trades
    assert all(trade.side is Side.SELL for trade in plan.trades)
    assert plan.cash >= 0
    assert [check.name for check in four["do_nothing"].broken] == ["cash"]


def test_what_is_inside_its_band_is_not_sold() -> None:
    """AAA is at 63 % of a target of 40 %, BBB at 26 % of 40 %, CCC at 11 % of 20 %: only AAA is above its band."""
    plan = compared(account(lots=[*AWAY[:1], lot("BBB", 50, cost=55), lot("CCC", 53, cost=20)], cash=5))["inside_bands"]
    sold = {trade.symbol for trade in plan.trades if trade.side is Side.SELL}
    assert sold <= {"AAA"}
    assert sold


def test_a_clients_rule_goes_before_a_band() -> None:
    """CCC is inside its band, and the client wants none of it."""
    lots = [lot("AAA", 40, cost=100), lot("BBB", 80, cost=50), lot("CCC", 100, cost=20)]
    four = compared(account(lots=lots, restrictions=(rule("exclude", "CCC"),)))
    assert [check.name for check in four["do_nothing"].broken] == ["restrictions"]
    assert not four["inside_bands"].broken


def test_inside_the_bands_keeps_the_limits_of_the_full_program() -> None:
    """AAA is at 40 % of a target of 40 %, well inside its band, but the program caps it at 38 %."""
    lots = [lot("AAA", 80, cost=100), lot("BBB", 140, cost=50), lot("CCC", 260, cost=20)]
    balanced = load_program("balanced")
    capped = replace(balanced, limits=(*balanced.limits, GroupBounds(symbols=("AAA",), most=0.38)))
    plan = compared(account(lots=lots), program=capped)["inside_bands"]
    assert plan.trades
    assert not plan.broken


def test_what_cannot_be_planned_says_why_and_the_rest_stands() -> None:
    """More is withdrawn than the account is worth: no list raises it, and doing nothing breaks the rule of cash."""
    four = compared(account(lots=AWAY, cashflows=(deposit(-50_000),)))
    assert four["full"].failure is not None
    assert four["full"].failure.reason == "infeasible"
    assert "cash" in [check.name for check in four["do_nothing"].broken]
