"""Each condition on households made by hand, expected answers by arithmetic on paper."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from lotwright.book.failure import Failure
from lotwright.book.holdings import Cashflow
from lotwright.book.kinds import AccountKind
from lotwright.errors import ProgramError
from lotwright.plan.program import load_program
from lotwright.plan.terms import RiskNumbers
from lotwright.plan.verify import verify
from lotwright.trigger.acted import Acted
from lotwright.trigger.conditions.cash_flow import CashFlow
from lotwright.trigger.conditions.drift import Drift
from lotwright.trigger.conditions.elapsed import Elapsed
from lotwright.trigger.conditions.harvest import Harvest
from lotwright.trigger.conditions.long_term import LongTermSoon
from lotwright.trigger.conditions.saves import Saves
from lotwright.trigger.conditions.tracking import TrackingError
from lotwright.trigger.situation import Saving
from tests.plan.factory import TODAY, account, deposit, lot, money, purchase, risk_model, rule
from tests.trigger.situations import market_of, situation, target

HALVES = market_of({"AAA": 10, "BBB": 10}, [target("AAA", 0.5), target("BBB", 0.5)])
SIX_FOUR = account(lots=[lot("AAA", 60, cost=10), lot("BBB", 40, cost=10)])  # 60 % and 40 % of $1,000


@pytest.mark.parametrize(
    ("settings", "holds"),
    [
        ({"absolute": 0.10}, True),  # exactly ten points
        ({"absolute": 0.11}, False),
        ({"relative": 0.20}, True),  # exactly a fifth of a half
        ({"relative": 0.21}, False),
        ({"absolute": 0.11, "relative": 0.20}, True),
        ({"absolute": 0.11, "relative": 0.20, "need": "both"}, False),
        ({"absolute": 0.10, "at_least": 2}, True),
        ({"absolute": 0.10, "at_least": 3}, False),
        ({"relative": 0.20, "smallest_target": 0.6}, False),
    ],
)
def test_drift_at_its_threshold(settings: dict[str, object], holds: bool) -> None:
    assert Drift(**settings).judge(situation([SIX_FOUR], HALVES)).holds is holds


def test_a_security_without_a_target_drifts_absolutely_never_relatively() -> None:
    market = market_of({"AAA": 10, "BBB": 10}, [target("AAA", 1.0)])
    facts = situation([SIX_FOUR], market)
    assert Drift(absolute=0.4).judge(facts).holds is True
    assert [line.name for line in Drift(relative=0.41)._out(facts)] == []


def test_sleeves_net_their_securities_and_count_stand_ins() -> None:
    market = market_of(
        {"AAA": 10, "BBB": 10, "CCC": 10},
        [target("AAA", 0.5, sleeve="stocks"), target("BBB", 0.5, sleeve="stocks")],
        substitutes={"BBB": ("CCC",)},
    )
    facts = situation([account(lots=[lot("AAA", 90, cost=10), lot("CCC", 10, cost=10)])], market)
    assert Drift(absolute=0.05, of="security").judge(facts).holds is True
    assert Drift(absolute=0.05, of="sleeve").judge(facts).holds is False


def test_declared_bands_are_of_what_the_cash_target_leaves() -> None:
    market = market_of(
        {"AAA": 10, "BBB": 10}, [target("AAA", 0.5, lower=0.4, upper=0.6), target("BBB", 0.5, lower=0.4, upper=0.6)]
    )
    at_edge = situation([SIX_FOUR], market)
    assert Drift(bands=True).judge(at_edge).holds is False
    with_target = account(lots=[lot("AAA", 60, cost=10), lot("BBB", 40, cost=10)], cash_target=Decimal("0.1"))
    assert Drift(bands=True).judge(situation([with_target], market)).holds is True  # the upper edge is 54 %


@pytest.mark.parametrize(
    ("restriction", "holds"),
    [
        (rule("no_sell", "AAA"), True),  # BBB, too low, may be bought
        (rule("no_trade", "AAA"), True),
        (rule("exclude_sector", sector="Tech"), True),
    ],
)
def test_one_line_that_may_be_traded_is_enough(restriction: object, holds: bool) -> None:
    market = market_of({"AAA": 10, "BBB": 10}, [target("AAA", 0.5), target("BBB", 0.5)], sectors={"AAA": "Tech"})
    facts = situation([account(lots=SIX_FOUR.lots, restrictions=(restriction,))], market)
    assert Drift(absolute=0.1).judge(facts).holds is holds


@pytest.mark.parametrize(
    "restrictions",
    [
        (rule("no_trade", "AAA"), rule("no_trade", "BBB")),
        (rule("no_sell", "AAA"), rule("no_buy", "BBB")),
        (rule("no_sell", "AAA"), rule("exclude", "BBB")),
        (rule("no_sell", "AAA"), rule("maximum_weight", "BBB", weight=0.4)),
        (rule("no_sell", "AAA"), rule("exclude_sector", sector="Tech")),
    ],
)
def test_drift_the_clients_own_rules_keep_is_no_reason_to_act(restrictions: tuple[object, ...]) -> None:
    market = market_of({"AAA": 10, "BBB": 10}, [target("AAA", 0.5), target("BBB", 0.5)], sectors={"BBB": "Tech"})
    facts = situation([account(lots=SIX_FOUR.lots, restrictions=restrictions)], market)
    assert Drift(absolute=0.1).judge(facts).holds is False


def test_a_drift_without_threshold_is_refused() -> None:
    with pytest.raises(ProgramError, match="no threshold"):
        Drift()
    with pytest.raises(ProgramError, match="bands are declared for securities"):
        Drift(bands=True, of="sleeve")


def test_the_tracking_error_is_the_verifiers_own() -> None:
    """A second opinion: the independent verifier's tracking error of doing nothing, cash flows counted."""
    accounts = [
        account(lots=SIX_FOUR.lots, cash=100, cashflows=(deposit(300),), cash_target=Decimal("0.02")),
        account("A2", lots=[lot("AAA", 5, cost=10)], kind=AccountKind.ROTH, cash=20),
    ]
    facts = situation(accounts, HALVES)
    model = risk_model(["AAA", "BBB"])
    numbers = RiskNumbers(symbols=model.symbols, exposure=model.exposure, specific=model.specific)
    true = verify((), facts.household, HALVES, terms=load_program("balanced").terms(), risk=numbers)
    assert facts.tracking_error == pytest.approx(true.tracking.do_nothing, rel=1e-12)
    assert TrackingError(above=true.tracking.do_nothing * 1.001).judge(facts).holds is False
    assert TrackingError(above=true.tracking.do_nothing * 0.999).judge(facts).holds is True
    assert TrackingError(above=0.1).judge(situation(accounts, HALVES, risk=None)).holds is None


@pytest.mark.parametrize(
    ("flows", "settings", "holds"),
    [
        ((), {}, False),
        ((deposit(50),), {}, True),
        ((deposit(50),), {"dollars": 51}, False),
        ((deposit(50),), {"fraction": 0.05}, False),  # of 1,050
        ((deposit(60),), {"fraction": 0.05}, True),  # of 1,060
        (
            (Cashflow(account="A1", amount=money(-50), date=TODAY + timedelta(days=5)),),
            {"dollars": 51},
            True,
        ),  # not payable
        ((Cashflow(account="A1", amount=money(50), date=TODAY + timedelta(days=6)),), {}, False),
        ((Cashflow(account="A1", amount=money(50), date=TODAY + timedelta(days=6)),), {"within_days": 6}, True),
    ],
)
def test_cash_flows(flows: tuple[Cashflow, ...], settings: dict[str, float], holds: bool) -> None:
    facts = situation([account(lots=SIX_FOUR.lots, cashflows=flows)], HALVES)
    assert CashFlow(**settings).judge(facts).holds is holds


def test_idle_cash_is_what_is_beyond_the_target() -> None:
    rich = account(lots=SIX_FOUR.lots, cash=1000, cash_target=Decimal("0.4"))  # half of $2,000
    assert CashFlow(idle=0.1).judge(situation([rich], HALVES)).holds is True
    assert CashFlow(idle=0.11).judge(situation([rich], HALVES)).holds is False


def test_losses_are_counted_only_where_they_can_be_taken_clean() -> None:
    lots = [lot("AAA", 60, cost=20, days=400), lot("BBB", 40, cost=15, days=400)]  # losses of 600 and 200
    market = HALVES
    clean = Harvest(of_basis=0.1).judge(situation([account(lots=lots)], market))
    assert (clean.holds, clean.figures["harvestable"]) == (True, 800.0)
    bought = (purchase("AAA", days=10),)
    newer = [*lots, lot("AAA", 10, cost=11, days=10, name="new")]
    barred = Harvest(of_basis=0.1).judge(situation([account(lots=newer, transactions=bought)], market))
    assert (barred.figures["harvestable"], barred.figures["barred"]) == (200.0, 600.0)
    assert Harvest(dollars=801).judge(situation([account(lots=lots)], market)).holds is False
    assert Harvest().judge(situation([account(lots=lots, kind=AccountKind.IRA)], market)).holds is False
    assert Harvest().judge(situation([account(lots=lots, harvest=False)], market)).holds is False
    assert Harvest(of_basis=0.4).judge(situation([account(lots=lots)], market)).figures["harvestable"] == 600.0
    own = account(lots=lots, harvest_threshold=Decimal("0.6"))
    assert Harvest().judge(situation([own], market)).holds is False


def test_gains_about_to_turn_long_term() -> None:
    """Bought 360 days before 30 November 2020: on 6 December 2019, long-term from 7 December 2020, seven days on."""
    soon = [lot("AAA", 10, cost=4, days=360), lot("BBB", 10, cost=12, days=360), lot("BBB", 5, cost=4, days=100)]
    facts = situation([account(lots=soon)], HALVES)
    verdict = LongTermSoon(within_days=7).judge(facts)
    assert (verdict.holds, verdict.figures) == (True, {"gain": 60.0, "lots": 1})
    assert "2020-12-07" in verdict.why
    assert LongTermSoon(within_days=6).judge(facts).holds is False
    assert LongTermSoon(within_days=7, dollars=61).judge(facts).holds is False
    untaxed = situation([account(lots=soon, kind=AccountKind.ROTH)], HALVES)
    assert LongTermSoon(within_days=7).judge(untaxed).holds is False


def test_time_passed_is_counted_in_trading_days() -> None:
    """From Wednesday 25 November 2020 to Monday 30 November: Friday and Monday, for Thursday was Thanksgiving."""
    facts = situation([SIX_FOUR], HALVES, acted=Acted(planned=date(2020, 11, 25), traded=date(2020, 11, 2)))
    assert Elapsed(trading_days=2).judge(facts).holds is True
    verdict = Elapsed(trading_days=3).judge(facts)
    assert (verdict.holds, verdict.next) == (False, date(2020, 12, 1))
    assert Elapsed(trading_days=19, since="trades").judge(facts).holds is True
    assert Elapsed(trading_days=20, since="trades").judge(facts).holds is False
    assert Elapsed(trading_days=500).judge(situation([SIX_FOUR], HALVES)).holds is True


def saving(still: float, planned: float, *, paid: float = 10, trades: int = 3, broken: tuple[str, ...] = ()) -> Saving:
    return Saving(
        program="p", still=money(still), planned=money(planned), paid=money(paid), trades=trades, broken=broken
    )


@pytest.mark.parametrize(
    ("found", "settings", "holds"),
    [
        (saving(100, 60), {}, True),
        (saving(100, 60), {"dollars": 40}, False),  # more than, not as much as
        (saving(100, 60), {"dollars": 39.99}, True),
        (saving(100, 60), {"bp": 400}, False),  # 4 % of $1,000
        (saving(100, 60), {"times_paid": 4}, False),
        (saving(100, 60), {"times_paid": 3.9}, True),
        (saving(100, 100, trades=0), {}, False),
        (saving(100, 120, broken=("cash",)), {}, True),  # staying is not allowed
        (Failure(reason="infeasible", message="no plan"), {}, None),
    ],
)
def test_only_where_the_saving_is_beyond_what_is_asked(
    found: object, settings: dict[str, float], holds: bool | None
) -> None:
    facts = situation([SIX_FOUR], HALVES, saving=lambda _: found)
    assert Saves(**settings).judge(facts).holds is holds


def test_a_saving_is_asked_for_once_a_program_and_unknown_where_nobody_can_plan() -> None:
    asked = []
    facts = situation([SIX_FOUR], HALVES, saving=lambda program: asked.append(program) or saving(2, 1))
    for program in (None, "harvest", None):
        Saves(program=program).judge(facts)
    assert asked == [None, "harvest"]
    assert Saves().judge(situation([SIX_FOUR], HALVES)).holds is None
