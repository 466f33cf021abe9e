"""Two laws of every limit that can be softened: dear enough it is the hard limit, at no price it is not there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from lotwright.book.kinds import AccountKind
from lotwright.plan.household import plan_household
from lotwright.plan.limits import (
    LIMITS,
    Bands,
    Cash,
    EmployerStock,
    Exclude,
    GainBudget,
    GroupBounds,
    HoldBack,
    KeepLots,
    MinimumPosition,
    MinimumTicket,
    NoBuys,
    NoSells,
    NoShortTermGains,
    NumberOfTickets,
    Participation,
    PositionBounds,
    Restrictions,
    SellFirst,
    Soft,
    TrackingError,
    Turnover,
)
from lotwright.plan.program import Program, load_program, program_schema
from lotwright.plan.result import HouseholdPlan, Status
from lotwright.plan.separable.tree import Effort

from .factory import account, lot, make_snapshot, money, risk_model, rule

DEAR = 1e4
GAP_BP = 1.0
SOFTENED = (
    Bands(of="security", absolute=0.05),
    Cash(),
    EmployerStock(symbols=("AAA",), most=0.2),
    Exclude(symbols=("CCC",)),
    GainBudget(net=100.0),
    GainBudget(short=0.0),
    GainBudget(tax=0.0),
    GroupBounds(symbols=("AAA", "CCC"), most=0.5, of="household"),
    HoldBack(days=200.0),
    KeepLots(lots=("a-loss", "c")),
    MinimumPosition(dollars=900.0),
    MinimumTicket(dollars=500.0),
    NoBuys(symbols=("BBB",)),
    NoSells(symbols=("AAA",)),
    NoShortTermGains(),
    NumberOfTickets(most=2.0),
    Participation(most=0.1),
    PositionBounds(symbols=("AAA",), most=0.3),
    Restrictions(),
    SellFirst(lots=("a-old", "c")),
    TrackingError(most=0.03),
    Turnover(most=0.03),
)
"""Each of these binds the household below, one way or another."""
SNAPSHOT = make_snapshot(
    [
        account(
            "A1",
            lots=[
                lot("AAA", 40, cost=40, name="a-old"),
                lot("AAA", 15, cost=92, days=200, name="a-new"),
                lot("AAA", 12, cost=131, days=600, name="a-loss"),
                lot("CCC", 30, cost=15, days=250, name="c"),
            ],
            cash=700,
            restrictions=(rule("no_buy", "CCC"), rule("maximum_weight", "AAA", weight="0.45")),
            minimum_cash=120,
        ),
        account("B1", kind=AccountKind.ROTH, lots=[lot("CCC", 60, cost=15, name="roth")], cash=400),
    ],
    prices={"AAA": 100, "BBB": 50, "CCC": 20},
    weights={"AAA": 0.5, "BBB": 0.4, "CCC": 0.1},
)
MARKET = replace(
    SNAPSHOT.market,
    prices={symbol: replace(price, adv_dollars=money(6000)) for symbol, price in SNAPSHOT.market.prices.items()},
)


QUICK = ("hold_back", "keep_lots", "minimum_ticket", "no_short_term_gains", "sell_first")
"""Kinds that are planned in a moment by kernels that are not compiled."""


def cases() -> list[tuple[Any, str]]:
    return list(zip(SOFTENED, names(SOFTENED), strict=True))


def quick(limit: Any) -> list[Any]:
    return [] if limit.kind in QUICK else [pytest.mark.campaign]


def names(limits: tuple[Any, ...]) -> list[str]:
    return [f"{limit.kind} {number}" for number, limit in enumerate(limits)]


def program(limit: Any, *, price: float | None = None, without: bool = False) -> Program:
    """``balanced`` with the limit in place of its own of that kind: hard, at a price, or not at all."""
    plain = load_program("balanced")
    limits = tuple(one for one in plain.limits if one.kind != limit.kind)
    if without:
        return replace(plain, limits=limits)
    if price is None:
        return replace(plain, limits=(*limits, limit))
    return replace(plain, limits=limits, costs=(*plain.costs, Soft(limit=limit, price=price)))


def planned(asked: Program) -> HouseholdPlan:
    plan = plan_household(
        SNAPSHOT.household,
        name="H",
        market=MARKET,
        risk=risk_model(sorted(MARKET.prices)),
        program=asked,
        effort=Effort(gap_bp=GAP_BP, nodes=40, seconds=None),
    )
    assert plan.failure is None, plan.failure
    assert all(check.ok for check in plan.checks), plan.checks
    return plan


def posed(plan: HouseholdPlan) -> float:
    assert plan.objective is not None
    return plan.objective.posed


def slack(*plans: HouseholdPlan) -> float:
    """Dollars by which the cheapest plans may miss each other: their gaps."""
    return sum(plan.objective.gap for plan in plans if plan.objective is not None) + 1e-5


@pytest.fixture(autouse=True)
def plain_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """This household is too small to wait for a compiler."""
    monkeypatch.setenv("LOTWRIGHT_KERNELS", "plain")


def test_every_limit_that_can_be_softened_is_held_to_the_laws() -> None:
    said = {
        one["properties"]["kind"]["const"]: one for one in program_schema()["properties"]["limit"]["items"]["oneOf"]
    }
    softened = {kind for kind, table in said.items() if "soft" in table["properties"]}
    assert softened == {limit.kind for limit in SOFTENED}
    assert LIMITS.keys() - softened == {"harvest", "holdings", "step_up", "wash_sale", "whole_shares"}
    for kind in softened:
        assert "Unit: $ per " in said[kind]["properties"]["soft"]["description"]


@pytest.mark.parametrize("limit", [pytest.param(one, id=name, marks=quick(one)) for one, name in cases()])
def test_a_limit_that_is_dear_enough_is_hard_and_one_at_no_price_is_not_there(limit: Any) -> None:
    free, none = planned(program(limit, price=0.0)), planned(program(limit, without=True))
    assert posed(free) == pytest.approx(posed(none), abs=slack(free, none))
    hard, dear = planned(program(limit)), planned(program(limit, price=DEAR))
    charged = sum(line.dollars for line in dear.costs if line.name.startswith("soft_"))
    assert charged == pytest.approx(0.0, abs=1e-6)
    assert posed(dear) == pytest.approx(posed(hard), abs=slack(dear, hard))
    assert posed(hard) > posed(none) - slack(hard, none)
    assert hard.status in (Status.PLANNED, Status.NOTHING_TO_DO)


@pytest.mark.campaign
@pytest.mark.parametrize("limit", SOFTENED, ids=names(SOFTENED))
def test_the_dearer_a_limit_the_less_it_is_broken(limit: Any) -> None:
    """Law: of two prices' optima, the one at the dearer price has no more in excess, up to what their gaps leave open."""
    cheap, dear = planned(program(limit, price=0.01)), planned(program(limit, price=0.05))
    excess = [
        sum(line.dollars for line in plan.costs if line.name.startswith("soft_")) / price
        for plan, price in ((cheap, 0.01), (dear, 0.05))
    ]
    assert excess[1] <= excess[0] + slack(cheap, dear) / 0.04
    assert posed(cheap) <= posed(dear) + slack(cheap, dear)
