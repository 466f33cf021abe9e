"""The fault list of BROKER_FACTS section 6, one test a fault, judged from the stand-in's own ledger.

Always: executed <= planned, no position and no cash below nothing, no order twice. Once the fault clears, the same command
completes the plan exactly. (59 is proved where the command is, tests/cli; which test proves which fault: tests/brokers/faults.toml.)
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from lotwright.errors import LockedError, PlanError, StateError
from lotwright.execution.approval import Approval, Mode, approved, write_approval
from lotwright.execution.broker import Refusal, Rejected
from lotwright.execution.facts import Duration, OrderKind
from lotwright.execution.journal import JOURNAL, Journal
from lotwright.execution.many import carry_out_each
from lotwright.execution.orders import Phase
from lotwright.execution.report import RunReport
from lotwright.execution.sheet import client_id
from lotwright.execution.stops import Reason
from tests.execution.world import HELD, MONDAY, NEW_YORK, PRICES, TRADES, D, World, reached, sheet, trade

ORDERS = "^/v2/orders$"
LIMITS = [D("99.49"), D("49.74"), D("7.55"), D("251.29")]
"""By hand: bids 99.99 and 49.99 × 0.995 rounded down, asks 7.51 and 250.03 × 1.005 rounded up, in the order of sending."""


@pytest.fixture(autouse=True, params=["in_process", pytest.param("over_http", marks=pytest.mark.campaign)])
def line(request: pytest.FixtureRequest) -> Iterator[None]:
    """Every scenario in process; as a campaign, every scenario again over HTTP through alpaca-py."""
    with reached(request.param):
        yield


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "state")


def completes(world: World, report: RunReport) -> None:
    assert report.stop.reason is Reason.DONE, report.stop
    world.is_exact()


def stops(world: World, report: RunReport, *reasons: Reason) -> None:
    assert report.stop.reason in reasons, report.stop
    world.never_more_than()


def nothing_sent(world: World, report: RunReport, *reasons: Reason) -> None:
    stops(world, report, *reasons)
    assert world.modifying == []
    assert world.executed() == {}


def then_completes(world: World) -> None:
    """The fault is gone: the same command completes the plan exactly."""
    world.house.faults.clear()
    world.exchange.manner.clear()
    completes(world, world.run())


# Answers lost, late, broken ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("number", "kind", "given"),
    [
        (1, "close_after", {}),
        (3, "reset_after", {}),
        (4, "close_before", {}),
        (5, "hold_after", {"seconds": 30.0}),
        (6, "fail_after", {"status": 504, "body": "<html>gateway</html>"}),
        (7, "fail_before", {"status": 500, "body": "<html>oops</html>"}),
        (7, "fail_before", {"status": 503}),
        (8, "fail_before", {"status": 429, "body": '{"code": 42910000, "message": "rate limit exceeded"}'}),
        (10, "half", {}),
        (11, "body", {"body": "<html>ok</html>"}),
        (13, "replay", {}),
    ],
)
@pytest.mark.parametrize("skip", [0, 2])
def test_faults_1_to_13_one_answer_goes_wrong(world: World, number: int, kind: str, given: dict, skip: int):
    world.fault(kind, method="POST", path=ORDERS, skip=skip, **given)
    completes(world, world.run())


def test_fault_2_every_answer_to_every_order_is_lost(world: World):
    world.fault("close_after", method="POST", path=ORDERS, times=None)
    completes(world, world.run())


def test_fault_9_half_of_all_calls_are_refused_for_haste(world: World):
    body = '{"code": 42910000, "message": "rate limit exceeded"}'
    world.fault("fail_before", times=None, chance=0.5, status=429, body=body)
    world.rules = replace(world.rules, fill_wait=600.0, patience=600.0)
    report = world.run()
    world.never_more_than()
    if report.stop.reason is not Reason.DONE:
        then_completes(world)


@pytest.mark.parametrize("hidden", [3.0, 9.0])
def test_fault_12_an_order_invisible_after_a_lost_answer(world: World, hidden: float):
    world.do("terms", hides_new_orders=hidden)
    world.fault("close_after", method="POST", path=ORDERS, times=None)
    completes(world, world.run())
    assert len(world.exchange.orders) == len(TRADES)


def test_fault_14_reads_fail_four_times_in_ten(world: World):
    world.fault("fail_before", method="GET", times=None, chance=0.4)
    completes(world, world.run())


# Twice ---------------------------------------------------------------------------------------------------------------


def test_fault_17_the_same_plan_twice(world: World):
    completes(world, world.run())
    sent = len(world.modifying)
    completes(world, world.run())
    assert len(world.modifying) == sent


def test_fault_17_a_second_run_after_hours_does_nothing_and_is_done(world: World):
    completes(world, world.run())
    world.house.time.advance(8 * 3600)
    completes(world, world.run())


def test_fault_18_two_machines_with_a_state_folder_each(world: World, tmp_path: Path):
    reports = []

    def other_machine(seconds: float) -> None:
        if not reports:
            reports.append(None)
            reports[0] = world.run(folder=tmp_path / "other")

    world.do("manner", symbol="*", parts=[[2, 0.5], [4, 0.5]])
    completes(world, world.run(then=other_machine))
    assert reports[0].stop.reason is Reason.DONE
    assert len(world.exchange.orders) == len(TRADES)


def test_fault_19_two_processes_one_state_folder(world: World, tmp_path: Path):
    with Journal(world.folder), pytest.raises(LockedError, match="another execution"):
        world.run()
    assert world.modifying == []


# Fills ---------------------------------------------------------------------------------------------------------------


def test_fault_20_a_part_now_the_rest_later(world: World):
    world.do("manner", symbol="*", parts=[[1, 0.3], [20, 0.7]])
    completes(world, world.run())


@pytest.mark.parametrize("symbol", ["AAA", "DDD"])
def test_fault_21_a_part_now_the_rest_never(world: World, symbol: str):
    world.do("manner", symbol=symbol, parts=[[0, 0.4]])
    report = world.run()
    stops(world, report, Reason.SELLS_SHORT if symbol == "AAA" else Reason.UNFILLED)
    assert not world.exchange.open_orders()
    if symbol == "AAA":
        assert world.executed_buys() == 0
    then_completes(world)


def test_fault_22_the_order_fills_when_it_is_cancelled(world: World):
    world.do("manner", symbol="AAA", parts=[[0, 0.4]], cancel_loses=True)
    report = world.run()
    world.never_more_than()
    assert world.executed()["sell", "AAA"] == 10
    assert report.stop.reason in {Reason.DONE, Reason.SELLS_SHORT}
    then_completes(world)


def test_fault_23_stuck_in_pending_cancel(world: World):
    world.do("manner", symbol="AAA", parts=[], cancel_after=None)
    report = world.run()
    stops(world, report, Reason.STILL_OPEN)
    assert len([o for o in world.exchange.orders.values() if o.symbol == "AAA"]) == 1
    assert world.executed_buys() == 0
    stops(world, world.run(), Reason.STILL_OPEN)
    assert len([o for o in world.exchange.orders.values() if o.symbol == "AAA"]) == 1
    world.do("manner", symbol="AAA", parts=[], cancel_after=0)
    world.do("cancel", id=next(o.id for o in world.exchange.open_orders()))
    then_completes(world)


@pytest.mark.parametrize("symbol", ["AAA", "DDD"])
def test_fault_24_accepted_then_rejected(world: World, symbol: str):
    world.do("manner", symbol=symbol, routed_after=5, rejected_after=2)
    stops(world, world.run(), Reason.SELLS_SHORT, Reason.UNFILLED)
    assert len([o for o in world.exchange.orders.values() if o.symbol == symbol]) == 1
    if symbol == "AAA":
        assert world.executed_buys() == 0
    then_completes(world)


def test_fault_25_one_symbol_is_refused_and_the_others_go_on(world: World):
    body = '{"code": 40310000, "message": "asset \\"DDD\\" is not tradable"}'
    world.fault("fail_before", method="POST", path=ORDERS, skip=2, status=403, body=body)
    report = world.run()
    stops(world, report, Reason.REFUSED)
    assert world.executed()["buy", "DDD" if ("buy", "DDD") in world.executed() else "EEE"]
    assert len(report.remaining) == 1
    then_completes(world)


@pytest.mark.parametrize(("symbol", "reason"), [("AAA", Reason.SELLS_SHORT), ("EEE", Reason.UNFILLED)])
def test_faults_26_and_27_halted(world: World, symbol: str, reason: Reason):
    world.do("security", symbol=symbol, halted=True)
    stops(world, world.run(), reason)
    assert not world.exchange.open_orders()
    if reason is Reason.SELLS_SHORT:
        assert world.executed_buys() == 0
    world.do("security", symbol=symbol, halted=False)
    then_completes(world)


# Prices --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("price", ["90", "110"])
def test_fault_28_the_price_left_the_collar_since_planning(world: World, price: str):
    world.do("quote", symbol="AAA", price=price)
    stops(world, world.run(), Reason.SELLS_SHORT)
    assert ("sell", "AAA") not in world.executed()
    assert world.executed_buys() == 0
    world.do("quote", symbol="AAA", price="100")
    then_completes(world)


def test_fault_29_the_price_gaps_between_quote_and_order(world: World):
    world.do("manner", symbol="DDD", routed_after=5)

    def gap(seconds: float) -> None:
        if any(order.symbol == "DDD" for order in world.exchange.open_orders()):
            world.do("quote", symbol="DDD", price="9")

    report = world.run(then=gap)
    stops(world, report, Reason.UNFILLED)
    assert ("buy", "DDD") not in world.executed()
    assert not world.exchange.open_orders()
    world.do("quote", symbol="DDD", price="7.5")
    then_completes(world)


def test_fault_30_quotes_half_an_hour_old(world: World):
    for symbol in PRICES:
        old = (MONDAY - timedelta(minutes=30)).isoformat()
        price = PRICES[symbol]
        world.do("quote", symbol=symbol, bid=str(price), ask=str(price), at=old)
    nothing_sent(world, world.run(), Reason.SELLS_SHORT)


@pytest.mark.parametrize(
    "quote", [{"bid": "0", "ask": "100"}, {"bid": "101", "ask": "100"}, {"bid": "90", "ask": "110"}, None]
)
def test_fault_31_no_quote_to_trade_on(world: World, quote: dict | None):
    if quote is None:
        world.do("security", symbol="AAA", has_quote=False)
    else:
        world.do("quote", symbol="AAA", **quote)
    stops(world, world.run(), Reason.SELLS_SHORT)
    assert ("sell", "AAA") not in world.executed()
    assert world.executed_buys() == 0


def test_fault_32_quotes_of_a_time_that_has_not_come(world: World):
    ahead = (MONDAY + timedelta(minutes=2)).isoformat()
    world.do("quote", symbol="AAA", bid="99.99", ask="100.01", at=ahead)
    nothing_sent(world, world.run(), Reason.CLOCK)


# Hours ---------------------------------------------------------------------------------------------------------------


def at(day: int, hour: int, minute: int = 0, month: int = 11) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=NEW_YORK)


@pytest.mark.parametrize(
    ("number", "now", "reason"),
    [
        (34, at(23, 8), Reason.MARKET_CLOSED),
        (34, at(22, 11), Reason.MARKET_CLOSED),
        (35, at(26, 11), Reason.MARKET_CLOSED),
        (35, at(27, 13, 30), Reason.MARKET_CLOSED),
        (36, at(23, 15, 50), Reason.CLOSING),
        (36, at(27, 12, 50), Reason.CLOSING),
    ],
)
def test_faults_33_to_36_only_in_the_brokers_session(tmp_path: Path, number: int, now: datetime, reason: Reason):
    """33: this machine's clock is never asked; these worlds are years away from it."""
    world = World(tmp_path, now=now)
    nothing_sent(world, world.run(sheet(as_of=now.date() - timedelta(days=2))), reason)


def test_fault_36_the_close_comes_while_orders_wait(tmp_path: Path):
    world = World(tmp_path, now=at(23, 15, 40))
    world.rules = replace(world.rules, fill_wait=3600.0)
    world.do("manner", symbol="AAA", parts=[[400, 1]])
    stops(world, world.run(), Reason.CLOSING)
    assert world.executed_buys() == 0


def test_fault_37_clock_and_calendar_disagree(world: World):
    world.fault("edit", path="^/v2/clock$", times=None, edit={"set": {"is_open": True}})
    world.house.time.set(MONDAY.replace(hour=17))
    nothing_sent(world, world.run(), Reason.CALENDAR, Reason.CLOSING)


def test_fault_37_the_brokers_calendar_and_this_machines_disagree(world: World):
    from lotwright.cli.reaching import known_session

    world.do("calendar", early=["2026-11-23"])
    nothing_sent(world, world.run(known_session=known_session), Reason.CALENDAR)
    world.do("calendar")
    completes(world, world.run(known_session=known_session))


# The account ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "terms",
    [
        {"trading_blocked": True},
        {"account_blocked": True},
        {"status": "ACCOUNT_CLOSED"},
        {"trade_suspended_by_user": True},
        {"suspend_trade": True},
    ],
)
def test_faults_38_and_39_the_account_may_not_trade(world: World, terms: dict):
    world.do("terms", **terms)
    nothing_sent(world, world.run(), Reason.BLOCKED)


def test_fault_40_the_keys_are_revoked(world: World):
    world.fault("fail_before", times=None, status=401, body='{"message": "unauthorized."}')
    nothing_sent(world, world.run(), Reason.KEYS)
    assert len(world.house.asked) < 5


def test_fault_40_the_keys_are_revoked_in_the_middle(world: World):
    world.fault("fail_before", method="POST", times=None, skip=1, status=401, body='{"message": "unauthorized."}')
    stops(world, world.run(), Reason.KEYS)
    assert world.executed_buys() == 0
    then_completes(world)


def test_faults_41_and_42_the_positions_are_others(tmp_path: Path):
    for place, held in enumerate(({**HELD, "AAA": D(29)}, {**HELD, "EEE": D(1)}, {"AAA": D(30), "BBB": D(40)})):
        world = World(tmp_path / str(place), held=held)
        nothing_sent(world, world.run(), Reason.POSITIONS)
    world = World(tmp_path / "split")
    world.do("split", symbol="AAA", ratio=2)
    nothing_sent(world, world.run(), Reason.POSITIONS)


@pytest.mark.parametrize("change", [{"active": False}, {"tradable": False}])
def test_faults_43_and_44_the_security_is_gone_or_not_tradable(world: World, change: dict):
    world.do("security", symbol="AAA", **change)
    stops(world, world.run(), Reason.SELLS_SHORT)
    assert world.executed_buys() == 0
    assert not [o for o in world.exchange.orders.values() if o.symbol == "AAA"]


def test_fault_45_a_fraction_of_what_is_traded_whole(world: World):
    world.do("security", symbol="DDD", fractionable=False)
    wanted = sheet(TRADES[0], TRADES[1], trade("buy", "DDD", "100.5"))
    report = world.run(wanted)
    assert report.stop.reason is Reason.NOT_SENT
    assert "whole shares" in str(report.stop)
    assert world.executed_buys() == 0


def test_fractions_are_carried_out_to_the_last_decimal(world: World):
    wanted = sheet(trade("sell", "AAA", "10.123456789"), trade("buy", "DDD", "100.000000001"))
    assert world.run(wanted).stop.reason is Reason.DONE
    world.is_exact(wanted)


def test_fault_46_too_little_money(tmp_path: Path):
    world = World(tmp_path, cash=D(-1500))  # a margin hold, a fee, another plan: the sales' 2,000 is all there is
    report = world.run()
    assert report.stop.reason is Reason.NOT_SENT
    assert world.executed_buys() == 0


def test_fault_46_never_on_margin(tmp_path: Path):
    """Buying power is twice the cash; what is bought stays within the cash."""
    world = World(tmp_path, cash=D(100))
    report = world.run()
    assert report.stop.reason is Reason.NOT_SENT
    assert world.exchange.ledger.cash >= 0


def test_the_last_purchase_takes_a_lower_limit_where_cash_is_tight(tmp_path: Path):
    world = World(tmp_path, cash=D("252.50"))  # 2,000 less a cent a share, and 2,250 to buy
    world.rules = replace(world.rules, reach=D("0.01"))
    completes(world, world.run())
    assert 0 <= world.exchange.ledger.cash < 3


@pytest.mark.parametrize("side", ["sell", "buy"])
def test_faults_47_and_48_somebody_elses_order_is_open(world: World, side: str):
    body = {"symbol": "AAA", "side": side, "type": "limit", "time_in_force": "day", "qty": "1"}
    world.do("submit", **body, limit_price="200" if side == "sell" else "1")
    nothing_sent(world, world.run(), Reason.FOREIGN_ORDERS)
    assert len(world.exchange.open_orders()) == 1


def test_fault_49_somebody_trades_during_the_run(world: World):
    world.do("manner", symbol="*", parts=[[3, 1]])
    done = []

    def meddle(seconds: float) -> None:
        if not done:
            done.append(world.do("submit", symbol="CCC", side="sell", type="market", time_in_force="day", qty="5"))

    report = world.run(then=meddle)
    assert report.stop.reason is Reason.RECONCILIATION
    assert [str(each) for each in report.differences] == ["shares of CCC: expected 100, found 95"]


def test_fault_50_sales_never_fill(world: World):
    world.do("manner", symbol="*", parts=[])
    stops(world, world.run(), Reason.SELLS_SHORT)
    assert world.executed() == {}
    assert not world.exchange.open_orders()
    then_completes(world)


# Stopping ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", [Reason.KILL_FILE, Reason.SIGNAL])
@pytest.mark.parametrize("heeded", [0, 3, 6])
def test_faults_51_and_52_a_stop_in_the_middle(world: World, reason: Reason, heeded: int):
    world.do("manner", symbol="*", parts=[[2, 0.5], [30, 0.5]])
    asked = []

    def wants_stop() -> Reason | None:
        asked.append(1)
        return reason if len(asked) > heeded else None

    stops(world, world.run(wants_stop=wants_stop), reason)
    assert not world.exchange.open_orders()
    assert world.executed_buys() == 0
    then_completes(world)


@pytest.mark.parametrize(
    "changed",
    [{"quantity": D("NaN")}, {"quantity": D(-1)}, {"quantity": D(0)}, {"quantity": D(10**9)}, {"price": D("Infinity")}],
)
def test_fault_53_an_order_that_is_none(changed: dict):
    with pytest.raises(PlanError):
        sheet(replace(TRADES[0], **changed))


@pytest.mark.parametrize("cap", [{"order_dollars": D(900)}, {"run_dollars": D(3000)}])
def test_fault_53_over_a_cap(world: World, cap: dict):
    world.rules = replace(world.rules, **cap)
    nothing_sent(world, world.run(), Reason.CAP)


def test_no_order_is_a_larger_part_of_the_market_than_allowed(world: World):
    world.exchange.securities["AAA"].volume = D(150)
    stops(world, world.run(), Reason.SELLS_SHORT)
    assert ("sell", "AAA") not in world.executed()


def test_fault_54_a_plan_nobody_approved_so(tmp_path: Path):
    now = MONDAY
    given = Approval(plan="a" * 64, household="SMITH", by="Ann", at=now, expires=now + timedelta(hours=1))
    write_approval(tmp_path, given)
    assert approved(tmp_path, "a" * 64, household="SMITH", mode=Mode.PAPER, now=now) == given
    for change in (
        {"plan": "b" * 64},
        {"household": "JONES"},
        {"mode": Mode.LIVE},
        {"now": now + timedelta(hours=2)},
        {"now": now - timedelta(hours=2)},
    ):
        asked = {"plan": "a" * 64, "household": "SMITH", "mode": Mode.PAPER, "now": now, **change}
        with pytest.raises(PlanError):
            approved(tmp_path, **asked)


@pytest.mark.parametrize("as_of", [date(2026, 11, 1), date(2026, 11, 24)])
def test_fault_54_a_plan_too_old_or_of_tomorrow(world: World, as_of: date):
    nothing_sent(world, world.run(sheet(as_of=as_of)), Reason.EXPIRED)


def test_fault_54_another_account(world: World, tmp_path: Path):
    completes(world, world.run())
    other = World(world.folder, terms={"number": "PA2"})
    nothing_sent(other, other.run(), Reason.ACCOUNT)


# The disk ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fails_at", range(1, 12))
@pytest.mark.parametrize("call", ["write", "fsync"])
def test_fault_55_the_disk_is_full(world: World, monkeypatch: pytest.MonkeyPatch, fails_at: int, call: str):
    true, count = getattr(os, call), []

    def full(*given):
        count.append(1)
        if len(count) >= fails_at + 2:  # opening the journal syncs twice
            raise OSError(28, "No space left on device")
        return true(*given)

    with monkeypatch.context() as patch:
        patch.setattr(f"lotwright.execution.journal.os.{call}", full)
        report = world.run()
    world.never_more_than()
    assert report.stop.reason is Reason.STATE
    intents = (world.folder / JOURNAL).read_text().count('"kind": "intent"')
    assert len(world.exchange.orders) <= intents
    then_completes(world)


def test_fault_56_the_state_folder_cannot_be_used(world: World):
    world.folder.parent.mkdir(parents=True, exist_ok=True)
    world.folder.write_text("a file where a folder belongs")
    with pytest.raises(StateError):
        world.run()
    assert world.house.asked == []


def test_fault_56_a_damaged_journal(world: World):
    completes(world, world.run())
    path = world.folder / JOURNAL
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], lines[2].replace(b'"', b"'", 1), *lines[3:]]))
    with pytest.raises(StateError, match="record 4 stands where 3 belongs"):
        world.run()


@pytest.mark.parametrize("cut", [1, 20, 60])
def test_fault_57_a_torn_last_line(world: World, cut: int):
    world.do("manner", symbol="*", parts=[])
    world.run()
    path = world.folder / JOURNAL
    path.write_bytes(path.read_bytes()[:-cut])
    then_completes(world)
    completes(world, world.run())


def test_fault_58_the_state_folder_is_lost(world: World, tmp_path: Path):
    world.do("manner", symbol="EEE", parts=[[0, 0.34]])
    world.run()
    world.exchange.manner.clear()
    sent = len(world.exchange.orders)
    completes(world, world.run(folder=tmp_path / "new"))
    assert len(world.exchange.orders) == sent + 1  # the rest of one order, and nothing again
    completes(world, world.run(folder=tmp_path / "newer"))


# The rest ------------------------------------------------------------------------------------------------------------


def test_fault_61_more_orders_than_a_page(world: World):
    for number in range(620):
        body = {"symbol": "CCC", "side": "buy", "type": "limit", "time_in_force": "ioc", "qty": "1"}
        world.do("submit", **body, limit_price="0.01", client_order_id=f"other {number}")
    completes(world, world.run())
    sent = len(world.exchange.orders)
    completes(world, world.run())
    assert len(world.exchange.orders) == sent


@pytest.mark.parametrize(
    "edit", [{"numbers": "float"}, {"set": {"novelty": [1, {"a": None}]}}, {"drop": ["expires_at"]}]
)
def test_fault_62_answers_change_their_form(world: World, edit: dict):
    world.fault("edit", times=None, edit=edit)
    completes(world, world.run())


def test_fault_62_a_needed_field_is_missing(world: World):
    world.fault("edit", path="^/v2/account$", times=None, edit={"drop": ["cash"]})
    nothing_sent(world, world.run(), Reason.ANSWER)


def test_fault_64_the_rate_limit_is_kept(tmp_path: Path):
    world = World(tmp_path, limit=60)
    completes(world, world.run())
    assert 429 not in [asked.status for asked in world.house.asked]


@pytest.mark.parametrize("dead_after", [0.0, 1.0, 3.0])
def test_fault_65_the_line_dies_in_the_middle(world: World, dead_after: float):
    world.do("manner", symbol="*", parts=[[2, 1]])

    def cut(seconds: float) -> None:
        if seconds >= dead_after:
            world.cut()

    report = world.run(then=cut)
    stops(world, report, Reason.LINE)
    world.mend()
    then_completes(world)


def test_fault_66_a_dry_run_modifies_nothing(world: World):
    report = world.run(is_sending=False)
    assert report.stop.reason is Reason.DRY_RUN
    assert world.modifying == []
    assert [line.proposal.limit for line in report.lines if line.proposal] == LIMITS
    assert all(line.proposal is not None and not line.proposal.problem for line in report.lines)
    assert not (world.folder / JOURNAL).read_bytes()
    completes(world, world.run())


def test_a_dry_run_says_what_stands_in_the_way(world: World):
    world.do("quote", symbol="DDD", price="9")
    problems = {line.symbol: line.proposal.problem for line in world.run(is_sending=False).lines if line.proposal}
    assert "more than 3.00%" in problems["DDD"]
    assert not problems["AAA"]


def test_one_accounts_trouble_touches_no_other(tmp_path: Path):
    worlds = {name: World(tmp_path / name) for name in ("A", "B", "C")}

    def run(wanted):
        if wanted.household == "B":
            raise RuntimeError("a defect")
        return worlds[wanted.household].run(wanted)

    reports = carry_out_each([sheet(household=name) for name in worlds], run, workers=2)
    assert [report.stop.reason for report in reports] == [Reason.DONE, Reason.DEFECT, Reason.DONE]


def test_somebody_replaces_our_order_and_we_touch_it_no_more(world: World):
    world.do("manner", symbol="AAA", parts=[])
    done = []

    def replace_it(seconds: float) -> None:
        if not done:
            (order,) = (o for o in world.exchange.open_orders() if o.symbol == "AAA")
            done.append(world.do("replace", id=order.id, body={"limit_price": "150"}))

    stops(world, world.run(then=replace_it), Reason.STILL_OPEN)
    stops(world, world.run(), Reason.FOREIGN_ORDERS)
    assert world.executed_buys() == 0


def test_the_journal_alone_explains_every_order(world: World):
    world.fault("close_after", method="POST", path=ORDERS, times=2)
    completes(world, world.run())
    lines = [json.loads(line.partition(" ")[2]) for line in (world.folder / JOURNAL).read_text().splitlines()]
    intents = {line["says"]["client_id"] for line in lines if line["kind"] == "intent"}
    assert intents == {order.client_id for order in world.exchange.orders.values()}
    for trade_ in TRADES:
        assert client_id(sheet(), trade_, 0) in intents


def test_a_refused_order_leaves_its_rest_for_the_next_run_under_the_same_id(world: World):
    world.do("terms", refused_uses_id=False)
    world.do("security", symbol="DDD", tradable=True)
    body = '{"code": 40310000, "message": "asset is not tradable"}'
    world.fault("fail_before", method="POST", path=ORDERS, status=403, body=body)
    report = world.run()
    assert next(line.phase for line in report.lines) is Phase.SHORT
    then_completes(world)
    assert {order.client_id for order in world.exchange.orders.values()} == {client_id(sheet(), t, 0) for t in TRADES}


@pytest.mark.parametrize("moment", [0.5, 1.0, 1.5, 2.0])
def test_fault_18_the_other_machine_is_a_step_ahead(world: World, tmp_path: Path, moment: float):
    """It comes in while this one waits; its purchases hold the cash that this one's were to take."""
    reports = []

    def other_machine(seconds: float) -> None:
        if seconds >= moment and not reports:
            reports.append(None)
            reports[0] = world.run(folder=tmp_path / "other", then=lambda _: None)

    world.do("manner", symbol="*", parts=[[0.4, 0.5], [0.8, 0.5]])
    completes(world, world.run(then=other_machine))
    assert len(world.exchange.orders) == len(TRADES)


def test_fault_18_a_refusal_that_our_own_order_from_another_machine_caused(world: World):
    """The broker names the shares held before it notices the id: the order is found under it all the same."""
    twin = client_id(sheet(), TRADES[0], 0)

    class Broker:
        """Sends the other machine's order just before ours."""

        def __getattr__(self, name: str):
            return getattr(world.broker, name)

        def submit(self, request):
            if request.client_id == twin:
                world.broker.submit(request)
                return Rejected(refusal=Refusal.SHARES, message="insufficient qty available for order")
            return world.broker.submit(request)

    completes(world, world.run(broker=Broker()))


def test_fault_18_the_other_machine_buys_between_our_look_and_our_sending(world: World, tmp_path: Path):
    """Its purchases are found under our ids one after the other; none of them is sent again, nor an order over nothing."""
    reports: list[RunReport] = []

    class Broker:
        """Lets the other machine run when the cash for purchases is read."""

        def __getattr__(self, name: str):
            return getattr(world.broker, name)

        def account(self):
            if not reports and len(world.exchange.ledger.executions) == 2:
                reports.append(world.run(folder=tmp_path / "other"))
            return world.broker.account()

    sent = []
    completes(world, world.run(broker=Broker(), record=lambda kind, says: sent.append((kind, says))))
    assert reports[0].is_done
    assert len(world.exchange.orders) == len(TRADES)
    mine = [says["symbol"] for kind, says in sent if kind == "intent"]
    assert mine == ["AAA", "BBB"]


@pytest.mark.parametrize("turn", [1, 2, 3])
def test_fault_18_the_other_machine_trades_between_our_look_and_the_positions(world: World, tmp_path: Path, turn: int):
    """Positions that moved by its orders are no others' trades: its orders are ours."""
    reports: list[RunReport] = []
    turns = []

    class Broker:
        """Lets the other machine run when positions are read."""

        def __getattr__(self, name: str):
            return getattr(world.broker, name)

        def positions(self):
            turns.append(1)
            if len(turns) == turn:
                reports.append(world.run(folder=tmp_path / "other"))
            return world.broker.positions()

    world.do("manner", symbol="AAA", parts=[[0, 0.4]])
    world.run(folder=tmp_path / "earlier")
    world.exchange.manner.clear()
    completes(world, world.run(broker=Broker()))
    completes(world, world.run(folder=tmp_path / "other"))
    assert len(world.exchange.orders) == len(TRADES) + 1


# What the broker's own lists do ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", ["double", "reverse"])
def test_fault_60_fills_told_twice_and_in_any_order_count_once(world: World, rows: str):
    """There is no stream; what it could do, the list of executions does here."""
    world.do("manner", symbol="*", parts=[[0, 0.3], [1, 0.3], [2, 0.4]])
    world.fault("edit", path="^/v2/account/activities", times=None, edit={"rows": rows})
    report = world.run()
    completes(world, report)
    told = {(str(line.side), line.symbol): (line.filled, line.paid) for line in report.lines}
    ledger = world.exchange.ledger.executions
    for (side, symbol), (filled, paid) in told.items():
        mine = [done for done in ledger if (str(done.side), done.symbol) == (side, symbol)]
        assert (filled, paid) == (sum(d.quantity for d in mine), sum(abs(d.amount) for d in mine))


def test_fault_61_more_fills_than_a_page(world: World):
    world.do("manner", symbol="DDD", parts=[[n / 10, 0.005] for n in range(200)])
    report = world.run()
    completes(world, report)
    assert len([fill for fill in report.fills if fill.symbol == "DDD"]) == 200
    assert all(line.paid is not None for line in report.lines)


def test_fault_63_nothing_but_the_broker_is_spoken_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Whoever is notified is told by others, afterwards: no notification can delay an order or change how a run ends."""
    spoken_to = set()
    true = socket.socket.connect

    def heard(this: socket.socket, address: tuple[str, int]) -> None:
        spoken_to.add(address)
        true(this, address)

    monkeypatch.setattr(socket.socket, "connect", heard)
    with reached("over_http"):
        world = World(tmp_path)
        completes(world, world.run())
        assert world.server is not None
        assert spoken_to == {("127.0.0.1", world.server.server_address[1])}


@pytest.mark.parametrize("hours", [3, -3])
def test_fault_33_this_machines_clock_is_wrong(tmp_path: Path, hours: int):
    with reached("over_http"):
        world = World(tmp_path)
        wrong = world.connected(local=lambda: world.house.time.now() + timedelta(hours=hours))
        nothing_sent(world, world.run(broker=wrong), Reason.CLOCK)
        right = world.connected(local=lambda: world.house.time.now() + timedelta(seconds=3))
        completes(world, world.run(broker=right))


def test_fault_43_the_security_has_another_name_now(world: World):
    world.do("rename", symbol="AAA", new="AAB")
    nothing_sent(world, world.run(), Reason.POSITIONS)


# Kinds of orders -----------------------------------------------------------------------------------------------------


def test_market_orders_where_the_rules_say_so(world: World):
    world.rules = replace(world.rules, kind=OrderKind.MARKET)
    completes(world, world.run())
    assert {order.type for order in world.exchange.orders.values()} == {"market"}


@pytest.mark.parametrize(
    ("duration", "first", "later"),
    [(Duration.AT_CLOSE, MONDAY, MONDAY.replace(hour=17)), (Duration.AT_OPEN, MONDAY.replace(hour=8), MONDAY)],
)
def test_orders_at_the_open_and_the_close_take_a_day_a_side(
    tmp_path: Path, duration: Duration, first: datetime, later: datetime
):
    """Purchases wait for the money of sales, and the next auction is tomorrow's."""
    world = World(tmp_path, now=first)
    world.rules = replace(world.rules, duration=duration, quote_age=1e6)
    stops(world, world.run(), Reason.STILL_OPEN)
    assert len(world.exchange.open_orders()) == 2
    stops(world, world.run(), Reason.STILL_OPEN)
    assert len(world.exchange.orders) == 2
    world.house.time.set(later)
    stops(world, world.run(), Reason.MARKET_CLOSED)
    assert world.executed() == {("sell", "AAA"): 10, ("sell", "BBB"): 20}
    world.house.time.set(first + timedelta(days=1))
    stops(world, world.run(), Reason.STILL_OPEN)
    world.house.time.set(later + timedelta(days=1))
    completes(world, world.run())
    assert {order.duration for order in world.exchange.orders.values()} == {str(duration)}
    assert len(world.exchange.orders) == len(TRADES)


def test_what_is_priced_below_a_dollar_has_four_decimals(tmp_path: Path):
    world = World(tmp_path)
    world.do("quote", symbol="DDD", bid="0.4999", ask="0.5001")
    wanted = sheet(trade("buy", "DDD", 200, D("0.5")))
    assert world.run(wanted).is_done
    (order,) = world.exchange.orders.values()
    assert order.limit == D("0.5027")  # 0.5001 × 1.005 = 0.5026005, rounded outwards
