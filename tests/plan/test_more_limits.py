"""The programs' further limits: cvxpy, plain numbers and the verifier agree, and tables made by hand say what is right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotwright.book.kinds import AccountKind
from lotwright.book.market import Landing, ModelPortfolio, Sleeve, Target
from lotwright.errors import ProgramError
from lotwright.plan.costs import HalfSpread, MarketImpact, StillInvested
from lotwright.plan.costs.amounts import cash_after
from lotwright.plan.decision import decide
from lotwright.plan.limits import (
    Bands,
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
    WholeShares,
)
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Snapshot

from .factory import account, lot, make_snapshot, money, rule, snapshots, trades, verified, whole_trades

TINY = 1e-9
LIMITS = (
    GainBudget(net=100.0),
    GainBudget(short=20.0),
    GainBudget(tax=10.0),
    NoShortTermGains(),
    HoldBack(days=270.0),
    KeepLots(lots=("AAA0", "BBB/BBB1")),
    Turnover(most=0.2),
    TrackingError(most=0.05),
    NumberOfTickets(most=1.0),
    NoBuys(symbols=("AAA",)),
    NoSells(sectors=("Tech",)),
    Exclude(sectors=("Tech",)),
    PositionBounds(most=0.4),
    PositionBounds(symbols=("BBB",), least=0.1),
    GroupBounds(symbols=("AAA", "CCC"), least=0.2, most=0.6),
    GroupBounds(sectors=("Tech",), most=0.1, of="household"),
    EmployerStock(symbols=("AAA",), most=0.15),
    Bands(absolute=0.1),
    Bands(of="security", relative=0.25, land=0.0),
    Participation(most=0.1),
    MinimumPosition(dollars=300.0),
    SellFirst(lots=("AAA1", "BBB/BBB1")),
)


def names(limits: Sequence[Any]) -> list[str]:
    return [getattr(limit, "label", limit.kind) for limit in limits]


def excess(limit: Any, snapshot: Snapshot, chosen: Trades) -> float:
    """Largest excess at trades over the tax pieces' least, fractions of household value."""
    found = []
    for piece in range(3):
        decision = decide(snapshot, tax_piece=piece)
        decision.assign(snapshot, chosen, cash_after(snapshot, chosen, ()))
        rows = limit.excess(snapshot, decision)
        found.append(max((float(np.max(row.value, initial=0.0)) for row in rows), default=0.0))
    return min(found)


def thin(snapshot: Snapshot) -> Snapshot:
    """The same household where AAA trades $4,000 a day at 40 % a year, BBB $900."""
    prices = dict(snapshot.market.prices)
    prices["AAA"] = replace(prices["AAA"], adv_dollars=money(4000), volatility=money(0.4))
    prices["BBB"] = replace(prices["BBB"], adv_dollars=money(900), tags=("green",))
    return replace(snapshot, market=replace(snapshot.market, prices=prices))


@settings(max_examples=8)
@given(data=st.data())
@pytest.mark.parametrize("limit", LIMITS, ids=names(LIMITS))
def test_excess_agrees_with_violation(data: st.DataObject, limit: Any) -> None:
    """Law: at whole-share trades a limit's excess is positive exactly when plain numbers find it broken."""
    snapshot = thin(data.draw(snapshots()))
    chosen = data.draw(whole_trades(snapshot))
    broken = limit.violation(snapshot, chosen) > 1e-7
    if isinstance(limit, MinimumPosition | SellFirst):  # relaxed, it is an outer description, or a matter of the view
        assert broken or excess(limit, snapshot, chosen) <= TINY
        return
    assert (excess(limit, snapshot, chosen) > TINY) == broken


@settings(max_examples=8)
@given(data=st.data())
@pytest.mark.parametrize("limit", LIMITS, ids=names(LIMITS))
def test_violation_agrees_with_the_independent_verifier(data: st.DataObject, limit: Any) -> None:
    """Law: each limit is broken exactly when separate ``Decimal`` code says so (to the cent it may be missed by)."""
    snapshot = thin(data.draw(snapshots()))
    chosen = data.draw(whole_trades(snapshot))
    program = Program(name="one", says="", costs=(HalfSpread(),), limits=(limit,))
    found = verified(snapshot, chosen, terms=program.terms())
    check = {check.name: check for check in found.checks}[names([limit])[0]]
    broken = limit.violation(snapshot, chosen)
    if broken == 0 or broken > (1e-7 if isinstance(limit, TrackingError) else 0.011):
        assert check.ok == (broken == 0), (broken, check.text)
    assert check.text.endswith(".")
    assert limit.explain(snapshot, chosen).endswith(".")


SOFT = tuple(Soft(limit=limit, price=0.3) for limit in (*LIMITS, MinimumTicket(dollars=250.0)))


@settings(max_examples=6)
@given(data=st.data())
@pytest.mark.parametrize("soft", SOFT, ids=names([soft.limit for soft in SOFT]))
def test_a_soft_limit_costs_what_the_verifier_says_and_cvxpy_sees(data: st.DataObject, soft: Soft) -> None:
    snapshot = thin(data.draw(snapshots()))
    chosen = data.draw(whole_trades(snapshot))
    program = Program(name="one", says="", costs=(HalfSpread(), soft), limits=())
    value = soft.value(snapshot, chosen)
    costs = verified(snapshot, chosen, terms=program.terms()).costs
    assert float(costs[f"soft_{names([soft.limit])[0]}"]) == pytest.approx(value, abs=1e-6)
    seen = []
    for piece in range(3):
        decision = decide(snapshot, tax_piece=piece)
        cost = soft.expression(snapshot, decision)
        decision.assign(snapshot, chosen, cash_after(snapshot, chosen, ()))
        assert all(np.max(tie.violation()) <= TINY for tie in decision.ties)
        seen.append(float(cost.value))
    assert min(seen) == pytest.approx(value, rel=1e-6, abs=1e-6)


@settings(max_examples=20)
@given(data=st.data())
def test_market_impact_and_still_invested_agree_three_ways(data: st.DataObject) -> None:
    snapshot = thin(data.draw(snapshots()))
    chosen = data.draw(whole_trades(snapshot))
    costs = (MarketImpact(coefficient=1.2), StillInvested(price=0.5))
    program = Program(name="two", says="", costs=costs, limits=())
    decision = decide(snapshot)
    decision.assign(snapshot, chosen, cash_after(snapshot, chosen, ()))
    exact = verified(snapshot, chosen, terms=program.terms()).costs
    for cost in costs:
        value = cost.value(snapshot, chosen)
        assert float(cost.expression(snapshot, decision).value) == pytest.approx(value, rel=1e-7, abs=1e-7)
        assert float(exact[cost.kind]) == pytest.approx(value, rel=1e-9, abs=1e-9)


def test_market_impact_by_hand() -> None:
    """A fifth of a day's volume at 40 % a year: .4 / sqrt(252) * sqrt(.2) = 1.127 % of $800."""
    snapshot = thin(make_snapshot([account(cash=5000)], prices={"AAA": 100, "BBB": 20}))
    found = MarketImpact().value(snapshot, trades(snapshot, buy={"AAA": 8}))
    assert found == pytest.approx(800 * 0.4 / 252**0.5 * 0.2**0.5)


def one(**more: Any) -> Snapshot:
    """$3,000: 10 AAA at 100 (4 of them at a short-term gain of 30 each), 50 CCC at 20 (gain 5 each), $1,000."""
    lots = [
        lot("AAA", 6, cost=80, name="old"),
        lot("AAA", 4, cost=70, days=350, name="young"),
        lot("CCC", 50, cost=15, name="c"),
    ]
    return make_snapshot(
        [account(cash=1000, lots=lots, **more)], prices={"AAA": 100, "CCC": 20}, sectors={"CCC": "Tech"}
    )


@pytest.mark.parametrize(
    ("limit", "sold", "broken"),
    [
        (GainBudget(net=120), {"old": 6}, 0),  # 6 * 20
        (GainBudget(net=119), {"old": 6}, 1),
        (GainBudget(net=120), {"old": 6, "young": 1}, 30),
        (GainBudget(short=30), {"old": 6, "young": 1}, 0),
        (GainBudget(short=30), {"young": 2}, 30),
        (GainBudget(tax=24), {"old": 6}, 0),  # 120 at 20 %
        (GainBudget(tax=20), {"old": 6}, 4),
        (GainBudget(tax=20), {"young": 2}, 4),  # 60 at 40 %
        (NoShortTermGains(), {"young": 2}, 2),
        (NoShortTermGains(), {"old": 2}, 0),
        (HoldBack(days=16), {"young": 1}, 0),  # long-term on the 17th day from now: 367 days after the purchase
        (HoldBack(days=17), {"young": 1}, 1),
        (KeepLots(lots=("AAA/old",)), {"old": 1, "c": 3}, 1),
        (SellFirst(lots=("young",)), {"old": 2}, 2),
        (SellFirst(lots=("young",)), {"young": 4, "old": 2}, 0),
        (Turnover(most=0.1), {"old": 6}, 0),  # $600 / 2 of $3,000
        (Turnover(most=0.05), {"old": 6}, 150),
        (NoSells(sectors=("Tech",)), {"c": 3}, 60),
        (NoSells(sectors=("Tech",)), {"old": 3}, 0),
        (MinimumPosition(dollars=500), {"c": 30}, 100),  # 20 at 20 are left
        (MinimumPosition(dollars=500), {"c": 50}, 0),
        (GroupBounds(sectors=("Tech",), most=0.2), {"c": 10}, 200),
        (GroupBounds(symbols=("AAA",), least=0.2), {"old": 6}, 200),
        (EmployerStock(symbols=("AAA",), most=0.2), {"old": 4}, 0),
        (PositionBounds(most=0.3), {"old": 2}, 100),  # CCC stands at $1,000 of $900
        (NumberOfTickets(most=1), {"old": 1, "c": 1}, 1),
    ],
)
def test_by_hand(limit: Any, sold: dict[str, float], broken: float) -> None:
    snapshot = one()
    if isinstance(limit, SellFirst):
        snapshot = limit.view(snapshot)
    assert limit.violation(snapshot, trades(snapshot, sell=sold)) == pytest.approx(broken, abs=1e-9)


def test_what_the_year_has_realised_counts_and_asks_for_no_loss() -> None:
    used = one(realised_long=500.0)
    assert GainBudget(net=620).violation(used, trades(used, sell={"old": 6})) == 0
    assert GainBudget(net=600).violation(used, trades(used, sell={"old": 6})) == pytest.approx(20)
    assert GainBudget(net=100).violation(used, trades(used)) == 0, "no loss is asked for"


def test_holding_back_says_what_waiting_is_worth() -> None:
    """4 shares with a gain of 30 at 40 % now, 20 % from 18 days on: $24."""
    snapshot = one()
    assert HoldBack(days=30).worth(snapshot).sum() == pytest.approx(24)
    said = HoldBack(days=30).explain(snapshot, trades(snapshot))
    assert "$24.00" in said
    assert "17 December 2020" in said


def test_exclusion_gives_way_where_nothing_may_be_sold() -> None:
    snapshot = one(restrictions=(rule("no_sell", "CCC"),))
    assert Exclude(sectors=("Tech",)).violation(snapshot, trades(snapshot)) == 0
    assert Exclude(sectors=("Tech",)).violation(one(), trades(one())) == pytest.approx(1000)


def sleeved(**more: Any) -> Snapshot:
    """$10,000: stocks 62 AAA at 100 (its stand-in BBB: none), bonds 150 CCC at 20, $800; 50/50, band 20 %, half way."""
    lots = [lot("AAA", 62, cost=80, name="a"), lot("CCC", 150, cost=15, name="c")]
    snapshot = make_snapshot(
        [account(cash=800, lots=lots, **more)],
        prices={"AAA": 100, "BBB": 50, "CCC": 20},
        weights={"AAA": 0.5, "BBB": 0.0, "CCC": 0.5},
    )
    targets = (
        Target(symbol="AAA", weight=money("0.5"), sleeve="Stocks", rank=1),
        Target(symbol="BBB", weight=money(0), sleeve="Stocks", rank=2),
        Target(symbol="CCC", weight=money("0.5"), sleeve="Bonds", rank=1),
    )
    band = {"lower": money("0.4"), "upper": money("0.6"), "land": Landing.HALF}
    model = ModelPortfolio(
        name="model", targets=targets, sleeves=(Sleeve(name="Stocks", **band), Sleeve(name="Bonds", **band))
    )
    return replace(snapshot, market=replace(snapshot.market, models={"model": model}))


def test_bands_of_sleeves_by_hand() -> None:
    """Stocks stand at $6,200 of at most $6,000 and land at $5,500; bonds at $3,000 of at least $4,000 and land at $4,500."""
    snapshot = sleeved()
    bands = {band.name: (band.low, band.high, band.is_outside) for band in Bands().bands(snapshot)}
    assert bands["Stocks"] == (pytest.approx(4500), pytest.approx(5500), True)
    assert bands["Bonds"] == (pytest.approx(4500), pytest.approx(5500), True)
    good = trades(snapshot, sell={"a": 7}, buy={"CCC": 75})
    assert Bands().violation(snapshot, good) == pytest.approx(0)
    standing_in = trades(snapshot, sell={"a": 17}, buy={"BBB": 20, "CCC": 75})
    assert Bands().violation(snapshot, standing_in) == pytest.approx(0), "what stands in counts to the sleeve"
    assert Bands().violation(snapshot, trades(snapshot, sell={"a": 6}, buy={"CCC": 75})) == pytest.approx(100)


def test_where_the_model_has_no_band_the_narrower_width_counts_and_the_edge_is_kept_clear_of() -> None:
    """AAA: target $1,500 of $3,000. 25 % of it is $375, 5 % of value $150: $1,350 to $1,650; edges less a tenth."""
    snapshot = one()
    limit = Bands(of="security", absolute=0.05, relative=0.25, land=1.0, inside=0.1)
    band = limit.bands(snapshot)[0]
    assert (band.is_outside, band.low, band.high) == (True, pytest.approx(1365), pytest.approx(1635))


def test_a_calm_account_is_left_alone_unless_its_cash_is_short() -> None:
    snapshot = make_snapshot(
        [account(cash=0, lots=[lot("AAA", 10, cost=50, name="a"), lot("CCC", 48, cost=10, name="c")])],
        prices={"AAA": 100, "CCC": 20},
    )
    limit = Bands(of="security", absolute=0.05)
    assert limit.bounds(snapshot)[1].tolist() == [0, 0]
    assert limit.violation(snapshot, trades(snapshot, sell={"a": 1})) == pytest.approx(100)
    short = replace(snapshot, cash_floor=np.array([50.0]))
    assert limit.bounds(short)[0].min() < 0


def test_bands_do_not_ask_for_what_is_barred() -> None:
    snapshot = one(restrictions=(rule("no_buy", "AAA"),))
    limit = Bands(of="security", absolute=0.05)
    assert limit.violation(snapshot, trades(snapshot, buy={"CCC": 22})) == pytest.approx(0), "AAA may stay below"
    assert limit.violation(one(), trades(one(), buy={"CCC": 22})) == pytest.approx(425)


def test_minimum_notional_of_fractional_accounts() -> None:
    snapshot = make_snapshot([account(cash=50, fractional=True)], prices={"AAA": 100})
    assert WholeShares().violation(snapshot, trades(snapshot, buy={"AAA": 0.01})) == 0
    assert WholeShares().violation(snapshot, trades(snapshot, buy={"AAA": 0.0099})) == pytest.approx(0.0001)
    program = Program(name="one", says="", costs=(HalfSpread(),), limits=(WholeShares(),))
    text = {c.name: c for c in verified(snapshot, trades(snapshot, buy={"AAA": 0.005}), terms=program.terms()).checks}
    assert not text["whole_shares"].ok
    assert "$1.00" in text["whole_shares"].text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("kind = 'gain_budget'", "no budget is given"),
        ("kind = 'gain_budget'\nnet = -1", "at least 0"),
        ("kind = 'group_bounds'\nmost = 0.3", "nothing is named"),
        ("kind = 'group_bounds'\nsectors = ['Tech']", "there is no bound"),
        ("kind = 'group_bounds'\nsectors = ['Tech']\nleast = 0.5\nmost = 0.4", "is above most"),
        ("kind = 'group_bounds'\nsectors = 'Tech'\nmost = 0.3", "a list of sectors"),
        ("kind = 'group_bounds'\nsectors = ['Tech']\nmost = 0.3\nof = 'portfolio'", "one of account, household"),
        ("kind = 'bands'\nof = 'fund'", "one of security, sleeve"),
        ("kind = 'exclude'", "nothing is named"),
        ("kind = 'employer_stock'", "no security is named"),
        ("kind = 'position_bounds'\nleast = 0.1", "asks every security"),
        ("kind = 'keep_lots'\nlots = ['a', 'a']", "named once"),
        ("kind = 'wash_sale'\nsoft = 1.0", "cannot be softened"),
        ("kind = 'turnover'\n[[limit]]\nkind = 'turnover'", "limit turnover twice"),
    ],
)
def test_a_wrong_limit_is_told_what_would_do(text: str, told: str) -> None:
    with pytest.raises(ProgramError, match=told):
        Program.from_toml(f"[[cost]]\nkind = 'half_spread'\n[[limit]]\n{text}\n")


def test_a_program_may_bound_several_groups() -> None:
    text = "[[limit]]\nkind = 'group_bounds'\nsectors = ['{}']\nmost = 0.3\n"
    program = Program.from_toml("[[cost]]\nkind = 'half_spread'\n" + text.format("Tech") + text.format("Energy"))
    assert names(program.limits) == ["group_bounds of sector Tech", "group_bounds of sector Energy"]


def test_tags_and_kinds_name_securities() -> None:
    snapshot = thin(make_snapshot([account(cash=5000)], prices={"AAA": 100, "BBB": 20}))
    limit = NoBuys(tags=("green",))
    assert limit.violation(snapshot, trades(snapshot, buy={"BBB": 1})) == pytest.approx(20)
    assert limit.violation(snapshot, trades(snapshot, buy={"AAA": 1})) == 0


def test_employer_stock_counts_every_account() -> None:
    ira = account("B1", kind=AccountKind.IRA, lots=[lot("AAA", 5, cost=90)])
    snapshot = make_snapshot([account(cash=500), ira], prices={"AAA": 100})
    assert EmployerStock(symbols=("AAA",), most=0.4).violation(snapshot, trades(snapshot)) == pytest.approx(100)


def test_what_is_never_sold_no_restriction_demands() -> None:
    """AAA is at $600 of $1,000 where the client allows half: only bought no more, by the plan and by the verifier."""
    lots = [lot("AAA", 6, cost=50, name="a")]
    snapshot = make_snapshot(
        [account(lots=lots, cash=400, restrictions=(rule("maximum_weight", "AAA", weight=0.5),))],
        prices={"AAA": 100, "BBB": 20},
    )
    program = Program(name="one", says="", costs=(HalfSpread(),), limits=(Restrictions(), NoSells()))
    seen, still = program.view(snapshot), trades(snapshot)
    assert program.violations(seen, still) == {}
    assert Restrictions().violation(snapshot, still) == pytest.approx(1)
    assert Restrictions().violation(seen, trades(seen, buy={"AAA": 1})) == pytest.approx(1)
    for limits, ok in (((Restrictions(), NoSells()), True), ((Restrictions(),), False)):
        terms = replace(program, limits=limits).terms()
        checks = {check.name: check.ok for check in verified(snapshot, still, terms=terms).checks}
        assert checks["restrictions"] is ok


def test_bands_give_way_to_an_exclusion() -> None:
    """BBB must go though its band wants half of the account in it; in a calm account too, and the verifier agrees."""
    lots = [lot("AAA", 5, cost=50, name="a"), lot("BBB", 25, cost=10, name="b")]
    snapshot = make_snapshot(
        [account(lots=lots, restrictions=(rule("exclude", "BBB"),))], prices={"AAA": 100, "BBB": 20}
    )
    limit = Bands(absolute=0.1)
    program = Program(name="one", says="", costs=(HalfSpread(),), limits=(limit,))
    for sold, ok in (({"b": 25}, True), ({"b": 25, "a": 4}, False)):
        chosen = trades(snapshot, sell=sold)
        assert (limit.violation(snapshot, chosen) == 0) is ok
        checks = {check.name: check.ok for check in verified(snapshot, chosen, terms=program.terms()).checks}
        assert checks["bands"] is ok
