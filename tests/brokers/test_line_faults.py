"""What the line and a broken server can do: an order is sent once, a doubt is told as one, and reads are never guesses.

Judged from the stand-in's own ledger and from the requests it counted.
"""

from __future__ import annotations

import json
import time
from decimal import Decimal

import pytest

from lotwright.errors import AnswerError, BrokerError, KeysError, LineError
from lotwright.execution.broker import Accepted, CancelAsked, Doubt, Refusal, Rejected, Unknown
from lotwright.execution.facts import Status
from lotwright.execution.line import Heard, Question
from lotwright.execution.rest import RestBroker
from lotwright.execution.standin.faults import Fault, Kind
from lotwright.execution.standin.forms import fill_form, order_form
from tests.brokers.standing import KEY, LONG_AGO, Scene, buy, house, scene, sell, void

HTML = "<html><body>504 Gateway Time-out</body></html>"
LONG = 12.0
"""Seconds a held answer is held: longer than the in-process patience; over HTTP the client gives up earlier."""


def held(at: Scene) -> float:
    return LONG if at.kind == "in_process" else 0.6


def strike(at: Scene, kind: Kind, *, method: str = "POST", times: int | None = 1, **more: object) -> None:
    at.house.faults.add(Fault(kind=kind, method=method, times=times, **more))  # type: ignore[arg-type]


LOST_AFTER = [
    (Kind.CLOSE_AFTER, {}, Doubt.NO_ANSWER),
    (Kind.RESET_AFTER, {}, Doubt.NO_ANSWER),
    (Kind.RESET_MID, {}, Doubt.NO_ANSWER),
    (Kind.HOLD_AFTER, {}, Doubt.NO_ANSWER),
    (Kind.DRIBBLE, {}, Doubt.NO_ANSWER),
    (Kind.FAIL_AFTER, {"status": 504, "body": HTML}, Doubt.SERVER),
    (Kind.FAIL_AFTER, {"status": 500}, Doubt.SERVER),
    (Kind.FAIL_AFTER, {"status": 502, "body": ""}, Doubt.SERVER),
    (Kind.HALF, {}, Doubt.UNREADABLE),
    (Kind.BODY, {"body": HTML}, Doubt.UNREADABLE),
    (Kind.BODY, {"body": ""}, Doubt.UNREADABLE),
    (Kind.BODY, {"body": "[]"}, Doubt.UNREADABLE),
    (Kind.BODY, {"body": '{"id": "x"}'}, Doubt.UNREADABLE),
    (Kind.FAIL_AFTER, {"status": 403, "body": HTML}, Doubt.UNREADABLE),
    (Kind.FAIL_AFTER, {"status": 302, "body": "", "headers": {"Location": "http://127.0.0.1:1/"}}, Doubt.UNREADABLE),
    (Kind.EDIT, {"edit": {"drop": ["status"]}}, Doubt.UNREADABLE),
    (Kind.EDIT, {"edit": {"set": {"client_order_id": "somebody's"}}}, Doubt.UNREADABLE),
]


@pytest.mark.parametrize(("kind", "more", "doubt"), LOST_AFTER)
def test_an_answer_lost_after_acceptance_is_a_doubt_and_one_order(
    at: Scene, kind: Kind, more: dict[str, object], doubt: Doubt
):
    strike(at, kind, seconds=held(at), **more)
    outcome = at.broker.submit(buy("b", "AAA", "5", "51"))
    assert isinstance(outcome, Unknown)
    assert outcome.doubt is doubt
    assert at.sent() == ["POST /v2/orders"]
    assert at.order("b").filled == 5
    assert at.house.exchange.ledger.held("AAA") == 105
    assert isinstance(again := at.broker.submit(buy("b", "AAA", "5", "51")), Rejected)
    assert again.refusal is Refusal.DUPLICATE
    assert at.house.exchange.ledger.held("AAA") == 105


@pytest.mark.parametrize(
    ("kind", "more", "doubt"),
    [
        (Kind.CLOSE_BEFORE, {}, Doubt.NO_ANSWER),
        (Kind.RESET_BEFORE, {}, Doubt.NO_ANSWER),
        (Kind.FAIL_BEFORE, {"status": 500}, Doubt.SERVER),
        (Kind.FAIL_BEFORE, {"status": 503, "body": HTML}, Doubt.SERVER),
        (Kind.FAIL_BEFORE, {"status": 504, "body": HTML}, Doubt.SERVER),
        (Kind.FAIL_BEFORE, {"status": 408, "body": ""}, Doubt.UNREADABLE),
        (Kind.FAIL_BEFORE, {"status": 429, "body": '{"code": 42910000, "message": "rate limit exceeded"}'}, Doubt.RATE),
        (Kind.FAIL_BEFORE, {"status": 429, "body": HTML}, Doubt.RATE),
    ],
)
def test_a_question_lost_before_acceptance_is_a_doubt_and_no_order(
    at: Scene, kind: Kind, more: dict[str, object], doubt: Doubt
):
    strike(at, kind, **more)
    outcome = at.broker.submit(buy("b", "AAA", "5", "51"))
    assert isinstance(outcome, Unknown)
    assert outcome.doubt is doubt
    assert at.sent() == ["POST /v2/orders"]  # alpaca-py would have sent it four times
    assert at.broker.order("b") is None
    assert isinstance(at.broker.submit(buy("b", "AAA", "5", "51")), Accepted)
    assert at.order("b").filled == 5


def test_an_order_held_on_its_way_appears_after_the_client_gave_up(at: Scene):
    strike(at, Kind.HOLD_BEFORE, seconds=held(at))
    assert isinstance(at.broker.submit(buy("b", "AAA", "5", "51")), Unknown)
    assert at.broker.order("b") is None
    if at.kind == "over_http":
        time.sleep(0.5)
    at.advance(LONG)
    assert at.order("b").filled == 5


def test_a_replayed_request_is_refused_and_executed_once(at: Scene):
    strike(at, Kind.REPLAY)
    outcome = at.broker.submit(buy("b", "AAA", "5", "51"))
    assert isinstance(outcome, Rejected)
    assert outcome.refusal is Refusal.DUPLICATE
    at.house.settle()
    assert at.house.exchange.ledger.held("AAA") == 105


def test_a_rate_limit_on_an_order_says_how_long_to_wait(at: Scene):
    body = '{"code": 42910000, "message": "rate limit exceeded"}'
    strike(at, Kind.FAIL_BEFORE, status=429, body=body, headers={"Retry-After": "7"})
    outcome = at.broker.submit(buy("b", "AAA", "5", "51"))
    assert isinstance(outcome, Unknown)
    assert outcome.wait == 7


def test_keys_that_are_revoked_stop_orders_and_reads_at_once(at: Scene):
    strike(at, Kind.FAIL_BEFORE, method="*", times=None, status=401, body=HTML)
    outcome = at.broker.submit(buy("b", "AAA", "5", "51"))
    assert isinstance(outcome, Rejected)
    assert outcome.refusal is Refusal.KEYS
    before = len(at.house.asked)
    with pytest.raises(KeysError, match="does not know the keys"):
        at.broker.positions()
    assert len(at.house.asked) == before + 1


@pytest.mark.parametrize("kind", [Kind.CLOSE_AFTER, Kind.RESET_BEFORE, Kind.HALF])
def test_a_cancel_in_doubt_is_told_as_one(at: Scene, kind: Kind):
    at.command("manner", symbol="AAA", parts=[[0, "0"]])
    at.broker.submit(buy("b", "AAA", "5", "51"))
    strike(at, kind, method="DELETE")
    outcome = at.broker.cancel(at.order("b").broker_id)
    expected = CancelAsked if kind is Kind.HALF else Unknown  # 204 has no body to halve
    assert isinstance(outcome, expected)


READ_FAULTS = [
    (Kind.CLOSE_BEFORE, {}),
    (Kind.RESET_MID, {}),
    (Kind.HALF, {}),
    (Kind.BODY, {"body": HTML}),
    (Kind.FAIL_BEFORE, {"status": 500}),
    (Kind.FAIL_BEFORE, {"status": 503, "body": HTML}),
    (Kind.FAIL_BEFORE, {"status": 429}),
    (Kind.FAIL_BEFORE, {"status": 404, "body": HTML}),
]


@pytest.mark.parametrize(("kind", "more"), READ_FAULTS)
def test_a_read_is_repeated_until_it_is_answered(at: Scene, kind: Kind, more: dict[str, object]):
    strike(at, kind, method="GET", times=3, **more)
    assert at.broker.positions()["AAA"].quantity == 100
    strike(at, kind, method="GET", times=3, **more)
    assert at.broker.order("none") is None


@pytest.mark.parametrize(("kind", "more"), READ_FAULTS)
def test_a_read_that_is_never_answered_raises_and_is_never_nothing(at: Scene, kind: Kind, more: dict[str, object]):
    strike(at, kind, method="GET", times=None, **more)
    for ask in (
        at.broker.positions,
        at.broker.open_orders,
        lambda: at.broker.order("b"),
        lambda: at.broker.asset("AAA"),
    ):
        before = len(at.house.asked)
        with pytest.raises(LineError, match="Nothing is concluded"):
            ask()
        assert len(at.house.asked) == before + 6


@pytest.mark.parametrize("chance", [0.4, 0.5])
@pytest.mark.parametrize("status", [429, 500])
def test_reads_come_through_a_line_that_fails_often(at: Scene, chance: float, status: int):
    strike(at, Kind.FAIL_BEFORE, method="GET", times=None, chance=chance, status=status)
    told = failed = 0
    for _ in range(20):
        try:
            assert at.broker.positions()["AAA"].quantity == 100
            told += 1
        except LineError:  # six failures in a row: one in 64 at most, and then it says so
            failed += 1
    assert told >= 17
    assert told + failed == 20


def test_a_refused_read_is_not_repeated(at: Scene):
    body = '{"message": "subscription does not permit querying recent SIP data"}'
    strike(at, Kind.FAIL_BEFORE, method="GET", status=403, body=body)
    with pytest.raises(BrokerError, match="subscription does not permit"):
        at.broker.quotes(["AAA"])
    assert len(at.house.asked) == 1


def test_a_cut_line_raises_and_goes_on_when_it_is_back(at: Scene):
    at.command("manner", symbol="AAA", parts=[[0, "0"]])
    at.broker.submit(buy("b", "AAA", "5", "51"))
    at.house.faults.add(Fault(kind=Kind.CLOSE_BEFORE, times=None))
    with pytest.raises(LineError):
        at.broker.open_orders()
    assert isinstance(at.broker.submit(buy("c", "AAA", "5", "51")), Unknown)
    assert isinstance(at.broker.cancel("x"), Unknown)
    at.house.faults.clear()
    assert [order.client_id for order in at.broker.open_orders()] == ["b"]


def test_a_server_that_is_gone_is_a_broken_line():
    with scene("over_http") as at:
        broker = at.broker
    with pytest.raises(LineError):
        broker.clock()
    assert isinstance(broker.submit(buy("b", "AAA", "1", "51")), Unknown)


def test_connections_cut_while_idle_send_nothing_twice(http: Scene):
    assert http.server is not None
    http.broker.clock()
    http.server.cut()
    outcome = http.broker.submit(buy("b", "AAA", "5", "51"))
    assert isinstance(outcome, Accepted | Unknown)  # the cut may be seen before the order leaves, or while it does
    assert len(http.sent()) <= 1
    assert (http.broker.order("b") is not None) is (len(http.sent()) == 1)


def test_our_own_polling_leaves_room_for_cancels(at: Scene):
    at.house.allowance.limit = 40
    at.command("manner", symbol="AAA", parts=[[0, "0"]])
    at.broker.submit(buy("b", "AAA", "5", "51"))
    order = at.order("b")
    started = at.house.time.now()
    for _ in range(60):
        at.broker.open_orders()
    assert {each.status for each in at.house.asked} == {200}  # never refused: it waited
    assert (at.house.time.now() - started).total_seconds() >= 30
    while at.house.allowance._used[KEY] < 36:  # until a tenth of the window is left, and the broker has said so
        at.broker.open_orders()
    before = at.house.time.now()
    assert isinstance(at.broker.cancel(order.broker_id), CancelAsked)
    assert at.house.time.now() == before


def test_a_rate_limit_used_up_by_others_is_waited_out():
    with scene("over_http", house(limit=10)) as at:
        for _ in range(10):
            at.house.allowance.spend(KEY, at.house.time.now())
        assert at.broker.positions()["AAA"].quantity == 100


def read_everything(at: Scene) -> list[object]:
    broker = at.broker
    found = [broker.account(), broker.positions(), broker.open_orders(), broker.orders_since(LONG_AGO)]
    return [*found, broker.fills(LONG_AGO), broker.asset("AAA"), broker.order("s"), broker.quotes(["AAA"])]


@pytest.mark.parametrize(
    "edit",
    [
        {"numbers": "float"},
        {"set": {"a_field_of_tomorrow": {"deep": [1, 2]}, "asset_class": "us_spaceship", "order_class": "spiral"}},
        {
            "drop": [
                "easy_to_borrow",
                "attributes",
                "exchange",
                "asset_marginable",
                "regt_buying_power",
                "order_type",
                "legs",
            ]
        },
        {
            "drop": [
                "sma",
                "last_equity",
                "crypto_status",
                "accrued_fees",
                "hwm",
                "cum_qty",
                "leaves_qty",
                "borrow_status",
            ]
        },
    ],
    ids=["numbers are floats", "new fields and words", "old fields gone", "more old fields gone"],
)
def test_answers_may_change_in_everything_that_is_not_needed(at: Scene, edit: dict[str, object]):
    at.broker.submit(sell("s", "AAA", "0.123456789", "49"))
    plain = read_everything(at)
    strike(at, Kind.EDIT, method="GET", times=None, edit=edit)
    edited = read_everything(at)
    assert [repr(each).count("Decimal") for each in plain[:3]] == [repr(each).count("Decimal") for each in edited[:3]]
    assert edited[1] == plain[1]
    assert at.order("s").filled == Decimal("0.123456789")


@pytest.mark.parametrize(
    ("field", "value"),
    [("qty", None), ("qty", "many"), ("qty", True), ("qty", "NaN"), ("qty", []), ("symbol", None), ("symbol", 7)],
)
def test_a_needed_field_that_is_missing_or_absurd_stops_the_read(at: Scene, field: str, value: object):
    edit = {"drop": [field]} if value is None else {"set": {field: value}}
    strike(at, Kind.EDIT, method="GET", times=None, path="/v2/positions", edit=edit)
    with pytest.raises(AnswerError, match=field):
        at.broker.positions()


def test_an_unknown_status_is_neither_open_nor_over(at: Scene):
    at.broker.submit(sell("s", "AAA", "1", "49"))
    strike(at, Kind.EDIT, method="GET", times=2, edit={"set": {"status": "pondering"}})
    order = at.order("s")
    assert (order.status, order.word, order.status.is_over) == (Status.OTHER, "pondering", False)


@pytest.mark.parametrize("rows", ["reverse", "double"])
def test_rows_told_twice_or_out_of_order_are_each_once_and_in_order(at: Scene, rows: str):
    for number in range(5):
        at.broker.submit(buy(f"b{number}", "AAA", "1", "51"))
    plain = at.broker.fills(LONG_AGO), at.broker.orders_since(LONG_AGO), at.broker.positions()
    strike(at, Kind.EDIT, method="GET", times=None, edit={"rows": rows})
    assert (at.broker.fills(LONG_AGO), at.broker.orders_since(LONG_AGO), at.broker.positions()) == plain


def test_long_lists_are_complete(at: Scene):
    for number in range(503):
        at.house.do(KEY, "submit", {"symbol": "AAA", "side": "buy", "type": "limit", "time_in_force": "day",
                                    "qty": "0.01", "limit_price": "51" if number % 2 else "40", "client_order_id": f"o{number}"})  # fmt: skip
    broker = at.patient()
    assert len(broker.orders_since(LONG_AGO)) == 503
    assert len(broker.open_orders()) == 252
    assert len(broker.fills(LONG_AGO)) == 251
    third = broker.orders_since(LONG_AGO)[2].submitted
    assert third is not None
    assert len(broker.orders_since(third)) == 500


def test_paging_that_never_advances_raises_instead_of_leaving_things_out(at: Scene):
    for number in range(501):
        at.house.do(KEY, "submit", {"symbol": "AAA", "side": "buy", "type": "market", "time_in_force": "day",
                                    "qty": "0.01", "client_order_id": f"o{number}"})  # fmt: skip
    strike(at, Kind.DEAF, method="GET", times=None, keys=["page_token", "after", "after_order_id"])
    with pytest.raises(LineError, match="again and again"):
        at.broker.fills(LONG_AGO)
    with pytest.raises(LineError, match="again and again"):
        at.broker.orders_since(LONG_AGO)


def test_a_server_without_cursors_of_ids_is_paged_by_time(at: Scene):
    for number in range(501):
        at.house.do(KEY, "submit", {"symbol": "AAA", "side": "buy", "type": "market", "time_in_force": "day",
                                    "qty": "0.01", "client_order_id": f"o{number}"})  # fmt: skip
    strike(at, Kind.DEAF, method="GET", times=None, keys=["after_order_id"])
    assert len(at.broker.orders_since(LONG_AGO)) == 501


class EverythingAtOnce:
    """A line to a server that pages nothing: 150 executions and 600 orders, whatever is asked."""

    def __init__(self, at: Scene) -> None:
        self._fill = fill_form(at.house.exchange.ledger.executions[0])
        self._order = order_form(next(iter(at.house.exchange.orders.values())), at.house.exchange)

    def ask(self, question: Question) -> Heard:
        if "activities" in question.path:
            rows = [{**self._fill, "id": f"20261123::{number}"} for number in range(150)]
        else:
            rows = [{**self._order, "id": str(number)} for number in range(600)]
        return Heard(status=200, text=json.dumps(rows))

    def hide(self, text: str) -> str:
        return text


def test_a_server_that_tells_everything_at_once_is_read():
    with scene("in_process") as at:
        at.broker.submit(buy("b", "AAA", "1", "51"))
        at.house.settle()
        line = EverythingAtOnce(at)
    broker = RestBroker(line, name="theirs", is_live=False, is_simulated=True, sleep=void)
    assert len(broker.fills(LONG_AGO)) == 150
    assert len(broker.orders_since(LONG_AGO)) == 600


@pytest.mark.parametrize("body", ['{"detail": "Not Found"}', '{"code": 40410000, "message": "endpoint not found."}'])
def test_an_account_without_configurations_or_bars_is_read_all_the_same(at: Scene, body: str):
    for path in ("configurations", "bars"):
        strike(at, Kind.FAIL_BEFORE, method="GET", path=path, times=None, status=404, body=body)
    assert at.broker.account().blocks == ()
    assert at.broker.daily_volume(["AAA"]) == {}


def test_an_answer_about_another_order_is_not_believed(at: Scene):
    at.broker.submit(sell("s", "AAA", "1", "49"))
    strike(at, Kind.EDIT, method="GET", edit={"set": {"client_order_id": "t"}})
    with pytest.raises(AnswerError, match="was asked for order s and told of t"):
        at.broker.order("s")


def test_positions_may_be_stale_and_fills_are_then_the_truth(at: Scene):
    at.broker.positions()
    at.broker.submit(sell("s", "AAA", "10", "49"))
    strike(at, Kind.STALE, method="GET", path="/v2/positions", times=1)
    assert at.broker.positions()["AAA"].quantity == 100
    assert at.broker.fills(LONG_AGO)[0].quantity == 10
    assert at.broker.positions()["AAA"].quantity == 90
