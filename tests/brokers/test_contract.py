"""What every broker does, whatever carries its words: the executor builds on this and nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from lotwright.book.kinds import Side
from lotwright.execution.broker import (
    Accepted,
    Broker,
    CancelAsked,
    CancelRefused,
    OrderRequest,
    Refusal,
    Rejected,
)
from lotwright.execution.facts import Duration, OrderKind, Status
from tests.brokers.standing import LONG_AGO, MONDAY, Scene, buy, sell

NEVER = [[0, "0"]]


def test_it_is_a_broker(at: Scene):
    broker: Broker = at.broker
    assert (broker.is_live, broker.is_simulated, broker.relieves) == (False, True, "fifo")


def test_the_clock_is_the_brokers(at: Scene):
    clock = at.broker.clock()
    assert clock.now == MONDAY
    assert clock.is_open
    assert clock.next_close == datetime(2026, 11, 23, 21, tzinfo=UTC)  # 16:00 in New York, winter time
    assert clock.skew is None


def test_the_calendar_has_sessions_early_closes_and_settlement(at: Scene):
    days = at.broker.calendar(date(2026, 11, 25), date(2026, 11, 30))
    # Thanksgiving is November 26, 2026; the day after closes at 13:00 (NYSE holidays and trading hours 2026)
    assert [day.day for day in days] == [date(2026, 11, 25), date(2026, 11, 27), date(2026, 11, 30)]
    assert days[1].closes == datetime(2026, 11, 27, 18, tzinfo=UTC)
    assert days[0].settles == date(2026, 11, 27)


def test_the_account_never_counts_a_loan_as_money(at: Scene):
    account = at.broker.account()
    assert account.cash == account.spendable == 10_000
    assert account.buying_power > account.cash
    assert account.blocks == ()


@pytest.mark.parametrize(
    ("terms", "block"),
    [
        ({"trading_blocked": True}, "trading_blocked"),
        ({"account_blocked": True}, "account_blocked"),
        ({"trade_suspended_by_user": True}, "trade_suspended_by_user"),
        ({"suspend_trade": True}, "suspend_trade"),
        ({"status": "ACCOUNT_CLOSED"}, "status ACCOUNT_CLOSED"),
    ],
)
def test_every_flag_that_forbids_trading_is_told_and_kept(at: Scene, terms: dict[str, object], block: str):
    at.command("terms", **terms)
    assert at.broker.account().blocks == (block,)
    assert rejected(at, buy("b", "AAA", "1", "51")).refusal is Refusal.BLOCKED


def test_positions_and_what_open_sells_hold(at: Scene):
    at.command("manner", symbol="AAA", parts=NEVER)
    at.broker.submit(sell("s", "AAA", "30", "49"))
    position = at.broker.positions()["AAA"]
    assert (position.quantity, position.available, position.average_price) == (100, 70, 42)
    assert set(at.broker.positions()) == {"AAA", "BBB"}


def test_a_sale_fills_and_brings_its_money(at: Scene):
    outcome = at.broker.submit(sell("s", "AAA", "70", "49.5"))
    assert isinstance(outcome, Accepted)
    assert outcome.order.status is Status.WAITING
    order = at.order("s")
    assert (order.status, order.filled, order.rest) == (Status.FILLED, 70, 0)
    assert order.average_price == Decimal("49.99")  # the bid
    assert at.broker.account().cash == 10_000 + 70 * Decimal("49.99")
    assert at.broker.positions()["AAA"].quantity == 30
    (fill,) = at.broker.fills(LONG_AGO)
    assert (fill.broker_id, fill.quantity, fill.price, fill.side) == (order.broker_id, 70, Decimal("49.99"), Side.SELL)


def test_the_ledger_relieves_first_in_first_out(at: Scene):
    at.broker.submit(sell("s", "AAA", "70", "49.5"))
    at.house.settle()
    (lot,) = at.house.exchange.ledger.lots["AAA"]
    assert (lot.quantity, lot.acquired) == (30, date(2026, 6, 1))


def test_a_position_sold_out_is_gone(at: Scene):
    at.broker.submit(sell("s", "BBB", "40", "190"))
    assert "BBB" not in at.broker.positions()


def test_a_limit_that_the_market_does_not_meet_rests_and_fills_when_it_does(at: Scene):
    at.broker.submit(buy("b", "AAA", "10", "49"))
    assert at.order("b").status is Status.WORKING
    assert [order.client_id for order in at.broker.open_orders()] == ["b"]
    at.command("quote", symbol="AAA", price="48")
    assert at.order("b").status is Status.FILLED
    assert at.order("b").average_price <= 49
    assert at.broker.open_orders() == ()


def test_an_order_fills_in_parts_and_each_part_is_told_once(at: Scene):
    at.command("manner", symbol="AAA", parts=[[0, "0.25"], [10, "0.25"], [20, "0.5"]])
    at.broker.submit(buy("b", "AAA", "10", "51"))
    seen = []
    for _ in range(3):
        seen.append(at.order("b").filled)
        at.advance(10)
    assert seen == [2, 5, 10]  # whole shares: a quarter of ten is two
    fills = at.broker.fills(LONG_AGO)
    assert [fill.quantity for fill in fills] == [2, 3, 5]
    assert [fill.cumulative for fill in fills] == [2, 5, 10]
    assert at.broker.fills(fills[1].at) == fills[2:]


def test_a_cancelled_order_keeps_what_it_filled(at: Scene):
    at.command("manner", symbol="AAA", parts=[[0, "0.4"]])
    at.broker.submit(buy("b", "AAA", "10", "51"))
    order = at.order("b")
    assert isinstance(at.broker.cancel(order.broker_id), CancelAsked)
    after = at.order("b")
    assert (after.status, after.filled, after.rest) == (Status.CANCELLED, 4, 0)
    assert isinstance(at.broker.cancel(order.broker_id), CancelRefused)
    assert isinstance(at.broker.cancel("no-such-order"), CancelRefused)


def test_a_cancel_may_lose_the_race(at: Scene):
    at.command("manner", symbol="AAA", parts=NEVER, cancel_loses=True)
    at.broker.submit(buy("b", "AAA", "10", "51"))
    assert isinstance(at.broker.cancel(at.order("b").broker_id), CancelAsked)
    assert at.order("b").filled == 10


def test_a_cancel_may_be_stuck_and_is_then_not_over(at: Scene):
    at.command("manner", symbol="AAA", parts=NEVER, cancel_after=None)
    at.broker.submit(buy("b", "AAA", "10", "51"))
    at.broker.cancel(at.order("b").broker_id)
    at.advance(3600)
    assert at.order("b").status is Status.CANCELLING
    assert not at.order("b").status.is_over


def test_an_accepted_order_may_be_rejected_later(at: Scene):
    at.command("manner", symbol="AAA", parts=NEVER, rejected_after=2)
    assert isinstance(at.broker.submit(buy("b", "AAA", "10", "51")), Accepted)
    at.advance(3)
    assert (at.order("b").status, at.order("b").filled) == (Status.REJECTED, 0)
    assert at.order("b") in at.broker.orders_since(LONG_AGO)


def test_a_halted_security_takes_orders_and_fills_none(at: Scene):
    at.command("security", symbol="AAA", halted=True)
    at.broker.submit(sell("s", "AAA", "10", "49"))
    at.advance(600)
    assert at.order("s").status is Status.WORKING
    at.command("security", symbol="AAA", halted=False)
    assert at.order("s").status is Status.FILLED


def test_a_day_order_after_hours_waits_for_the_next_session_and_ends_with_it(at: Scene):
    at.advance(6 * 3600)
    at.command("manner", symbol="AAA", parts=[[60, "1"]])
    at.broker.submit(sell("s", "AAA", "10", "49"))
    assert not at.broker.clock().is_open
    assert at.order("s").status is Status.WAITING
    at.command("advance", to="2026-11-24T09:32:00-05:00")
    assert at.order("s").status is Status.FILLED
    at.broker.submit(sell("t", "AAA", "10", "60"))
    at.command("advance", to="2026-11-24T16:00:01-05:00")
    assert at.order("t").status is Status.EXPIRED


def test_orders_at_the_open_and_the_close(at: Scene):
    close = replace(sell("c", "AAA", "10", "49"), duration=Duration.AT_CLOSE)
    assert isinstance(at.broker.submit(close), Accepted)
    at.advance(3600)
    assert at.order("c").filled == 0
    assert rejected(at, replace(close, client_id="o", duration=Duration.AT_OPEN)).refusal is Refusal.HOURS
    at.command("advance", to="2026-11-23T16:00:01-05:00")
    assert at.order("c").status is Status.FILLED
    at.command("advance", to="2026-11-23T19:30:00-05:00")
    at.broker.submit(replace(close, client_id="o", duration=Duration.AT_OPEN))
    at.command("advance", to="2026-11-24T09:30:01-05:00")
    assert at.order("o").status is Status.FILLED


def test_a_market_order_fills_at_the_far_side(at: Scene):
    at.broker.submit(replace(buy("b", "AAA", "1", "1"), kind=OrderKind.MARKET, limit=None))
    assert at.order("b").average_price == Decimal("50.01")


def test_fractions_of_a_share(at: Scene):
    at.broker.submit(buy("b", "AAA", "0.123456789", "51"))
    assert at.order("b").filled == Decimal("0.123456789")
    assert at.broker.positions()["AAA"].quantity == Decimal("100.123456789")


def rejected(at: Scene, request: OrderRequest) -> Rejected:
    before = len(at.house.exchange.orders)
    outcome = at.broker.submit(request)
    assert isinstance(outcome, Rejected)
    assert len(at.house.exchange.orders) == before
    return outcome


def test_a_client_id_is_used_once_even_after_a_cancel(at: Scene):
    at.command("manner", symbol="AAA", parts=NEVER)
    at.broker.submit(buy("b", "AAA", "1", "51"))
    at.broker.cancel(at.order("b").broker_id)
    assert rejected(at, buy("b", "AAA", "1", "51")).refusal is Refusal.DUPLICATE


def test_money_that_open_buys_hold_is_spent_once(at: Scene):
    at.command("terms", multiplier="1")
    at.command("manner", symbol="*", parts=NEVER)
    at.broker.submit(buy("b", "AAA", "150", "51"))
    assert at.broker.account().spendable == 10_000 - 150 * 51
    outcome = rejected(at, buy("c", "CCC", "200", "20"))
    assert (outcome.refusal, outcome.status, outcome.code) == (Refusal.MONEY, 403, 40310000)
    assert outcome.evidence["cost_basis"] == "4000.00"


def test_sells_bring_no_money_until_they_fill(at: Scene):
    at.command("terms", multiplier="1")
    at.command("manner", symbol="AAA", parts=[[30, "1"]])
    at.broker.submit(sell("s", "AAA", "100", "49"))
    assert rejected(at, buy("b", "CCC", "600", "20.5")).refusal is Refusal.MONEY
    at.advance(31)
    assert isinstance(at.broker.submit(buy("b", "CCC", "600", "20.5")), Accepted)


def test_an_account_that_spends_settled_cash_alone_waits_a_session(at: Scene):
    at.command("terms", settled_only=True)
    at.broker.submit(sell("s", "AAA", "100", "49"))
    assert at.broker.account().spendable == 10_000
    at.command("advance", to="2026-11-24T10:00:00-05:00")
    assert at.broker.account().spendable == 10_000 + 100 * Decimal("49.99")


def test_shares_are_sold_once(at: Scene):
    at.command("manner", symbol="AAA", parts=NEVER)
    at.broker.submit(sell("s", "AAA", "80", "49"))
    outcome = rejected(at, sell("t", "AAA", "30", "49"))
    assert outcome.refusal is Refusal.SHARES
    assert "requested: 30, available: 20" in outcome.message
    assert rejected(at, sell("u", "CCC", "1", "19")).refusal is Refusal.SHARES


def test_opposite_orders_are_refused_when_they_would_meet(at: Scene):
    at.command("manner", symbol="AAA", parts=NEVER)
    at.broker.submit(sell("s", "AAA", "10", "52"))
    assert isinstance(at.broker.submit(buy("far", "AAA", "1", "51")), Accepted)
    assert rejected(at, buy("b", "AAA", "1", "52")).refusal is Refusal.OPPOSITE


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"tradable": False}, Refusal.ASSET),
        ({"active": False}, Refusal.ASSET),
        ({"fractionable": False}, Refusal.FRACTION),
    ],
)
def test_what_an_asset_does_not_allow(at: Scene, change: dict[str, bool], refusal: Refusal):
    at.command("security", symbol="AAA", **change)
    asset = at.broker.asset("AAA")
    assert asset is not None
    assert (asset.is_tradable, asset.is_active, asset.is_fractionable) == tuple(
        change.get(key, True) for key in ("tradable", "active", "fractionable")
    )
    assert rejected(at, buy("b", "AAA", "0.5", "51")).refusal is refusal


def test_an_unknown_security(at: Scene):
    assert at.broker.asset("NONE") is None
    assert at.broker.quotes(["NONE", "AAA"]).keys() == {"AAA"}
    assert rejected(at, buy("b", "NONE", "1", "51")).refusal is Refusal.ASSET


GOOD = buy("b", "AAA", "1", "51")


@pytest.mark.parametrize(
    "bad",
    [
        replace(GOOD, quantity=Decimal(0)),
        replace(GOOD, quantity=Decimal(-1)),
        replace(GOOD, quantity=Decimal("NaN")),
        replace(GOOD, quantity=Decimal("Infinity")),
        replace(GOOD, quantity=Decimal("1e9")),
        replace(GOOD, quantity=Decimal("0.0000000001")),
        replace(GOOD, quantity=Decimal("0.5"), duration=Duration.AT_CLOSE),
        replace(GOOD, limit=None),
        replace(GOOD, limit=Decimal(0)),
        replace(GOOD, limit=Decimal("NaN")),
        replace(GOOD, limit=Decimal("51.001")),
        replace(GOOD, symbol="PENNY", limit=Decimal("0.50005")),
        replace(GOOD, kind=OrderKind.MARKET),
        replace(GOOD, symbol=""),
        replace(GOOD, symbol="AAA/../x?"),
        replace(GOOD, client_id=""),
        replace(GOOD, client_id="x" * 129),
        replace(GOOD, client_id="a b\n"),
    ],
    ids=repr,
)
def test_nonsense_is_refused_before_anything_is_sent(at: Scene, bad: OrderRequest):
    assert rejected(at, bad).refusal is Refusal.LOCAL
    assert at.sent() == []


def test_sub_dollar_prices_have_four_decimals(at: Scene):
    assert isinstance(at.broker.submit(buy("b", "PENNY", "10", "0.5051")), Accepted)


@pytest.mark.parametrize(
    ("quote", "sound"),
    [
        ({"bid": "49.99", "ask": "50.01"}, True),
        ({"bid": "0", "ask": "50.01"}, False),
        ({"bid": "49.99", "ask": "0"}, False),
        ({"bid": "50.02", "ask": "50.01"}, False),
    ],
)
def test_a_quote_is_passed_on_as_it_is_and_says_whether_it_is_sound(at: Scene, quote: dict[str, str], sound: bool):
    at.command("quote", symbol="AAA", **quote)
    assert at.broker.quotes(["AAA"])["AAA"].is_sound is sound


@pytest.mark.parametrize("minutes", [-30, 30])
def test_a_quotes_time_is_told(at: Scene, minutes: int):
    moment = MONDAY + timedelta(minutes=minutes)
    at.command("quote", symbol="AAA", price="50", at=moment.isoformat())
    assert at.broker.quotes(["AAA"])["AAA"].at == moment


def test_a_missing_quote_is_absent(at: Scene):
    at.command("security", symbol="AAA", has_quote=False)
    assert at.broker.quotes(["AAA"]) == {}


def test_daily_volume(at: Scene):
    assert at.broker.daily_volume(["AAA", "NONE"]) == {"AAA": 1_000_000}


def test_a_split_changes_shares_and_not_value(at: Scene):
    at.command("split", symbol="AAA", ratio="4")
    assert at.broker.positions()["AAA"].quantity == 400
    assert at.broker.quotes(["AAA"])["AAA"].bid == Decimal("12.50")  # 49.99 / 4 to the cent
    (split,) = at.broker.activities(MONDAY.date())
    assert (split.kind, split.symbol, split.quantity) == ("SPLIT", "AAA", 300)


def test_a_reverse_split_pays_fractions_out(at: Scene):
    at.command("split", symbol="AAA", ratio="0.03")
    assert at.broker.positions()["AAA"].quantity == 3
    (split,) = at.broker.activities(MONDAY.date())
    assert (split.quantity, split.amount) == (-97, 0)
    at.command("split", symbol="BBB", ratio="0.03")  # 40 shares become 1.2: a fifth is paid at 200 / 0.03
    assert at.broker.positions()["BBB"].quantity == 1
    assert at.broker.activities(MONDAY.date())[-1].amount == Decimal("1333.33")


def test_dividends_fees_transfers_and_new_names_are_activities(at: Scene):
    at.command("dividend", symbol="AAA", per_share="0.5")
    at.command("journal", kind="FEE", amount="-0.07")
    at.command("receive", symbol="CCC", quantity="5")
    at.command("rename", symbol="BBB", new="BB")
    assert [each.kind for each in at.broker.activities(MONDAY.date())] == ["DIV", "FEE", "ACATS", "NC"]
    assert at.broker.account().cash == Decimal("10049.93")
    assert {s: p.quantity for s, p in at.broker.positions().items()} == {"AAA": 100, "BB": 40, "CCC": 5}
    old = at.broker.asset("BBB")
    assert old is not None
    assert not old.is_active
    assert at.broker.activities(MONDAY.date() + timedelta(days=1)) == ()


def test_fills_that_are_told_late_are_told(at: Scene):
    at.command("terms", fills_late=30)
    at.broker.submit(buy("b", "AAA", "1", "51"))
    assert at.order("b").status is Status.FILLED
    assert at.broker.fills(LONG_AGO) == ()
    at.advance(31)
    assert len(at.broker.fills(LONG_AGO)) == 1


def test_an_order_may_be_invisible_for_a_while_and_its_id_is_still_used(at: Scene):
    at.command("terms", hides_new_orders=5)
    at.broker.submit(buy("b", "AAA", "1", "51"))
    assert at.broker.order("b") is None
    assert rejected(at, buy("b", "AAA", "1", "51")).refusal is Refusal.DUPLICATE
    at.advance(6)
    assert at.order("b").filled == 1
