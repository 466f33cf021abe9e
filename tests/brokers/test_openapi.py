"""What the stand-in answers, and what we send, is what Alpaca's own OpenAPI says (shared folder; absent: skipped)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import requests

from lotwright.execution.facts import Duration, OrderKind
from lotwright.execution.rest import _body
from tests.brokers.standing import KEY, SECRET, Scene, buy, scene, sell

HEADERS = {"APCA-API-KEY-ID": KEY, "APCA-API-SECRET-KEY": SECRET}


class Api:
    """One of Alpaca's documents."""

    def __init__(self, path: Path) -> None:
        self.said = json.loads(path.read_text(encoding="utf-8"))

    def check(self, schema: dict[str, Any], found: object) -> None:
        whole = {**schema, "components": self.said["components"]}
        checker = jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())
        assert [f"{list(error.path)}: {error.message}" for error in checker.iter_errors(found)] == []

    def check_answer(self, method: str, path: str, status: int, found: object) -> None:
        answers = self.said["paths"][path][method]["responses"]
        assert str(status) in answers, f"{method} {path} never answers {status}"
        content = answers[str(status)].get("content")
        if content is not None:
            schema = content["application/json"]["schema"]
            # Alpaca's "one of" two kinds of activity whose fields are all optional: every row is of both kinds.
            self.check(json.loads(json.dumps(schema).replace('"oneOf"', '"anyOf"')), found)


@pytest.fixture(scope="module")
def openapi(shared: Path) -> tuple[Api, Api]:
    folder = shared / "alpaca-openapi"
    return Api(folder / "trading-api.json"), Api(folder / "market-data-api.json")


@pytest.fixture(scope="module")
def busy() -> Iterator[Scene]:
    """An account with an order in every state, fills in parts, dividends, a split, a fee."""
    with scene("over_http") as at:
        broker = at.broker
        broker.submit(sell("filled", "AAA", "10", "49"))
        broker.submit(buy("fractional", "AAA", "0.5", "51"))
        at.command("manner", symbol="AAA", parts=[[0, "0.4"]], rejected_after=None)
        broker.submit(buy("partial", "AAA", "10", "51"))
        broker.submit(buy("cancelled", "AAA", "10", "51"))
        broker.cancel(at.order("cancelled").broker_id)
        at.command("manner", symbol="CCC", parts=[[0, "0"]], rejected_after=1)
        broker.submit(buy("rejected", "CCC", "10", "20"))
        at.command("manner", symbol="BBB", parts=[[0, "0"]], cancel_after=None)
        broker.submit(buy("stuck", "BBB", "1", "190"))
        broker.cancel(at.order("stuck").broker_id)
        at.command("submit", symbol="CCC", side="buy", type="market", time_in_force="day", notional="100.50")
        at.command("submit", symbol="PENNY", side="buy", type="limit", time_in_force="gtc", qty="3", limit_price="0.4")
        at.command("dividend", symbol="AAA", per_share="0.24")
        at.command("split", symbol="BBB", ratio="2")
        at.command("journal", kind="FEE", amount="-0.02")
        at.advance(5)
        yield at


def ask(at: Scene, method: str, path: str, **more: Any) -> requests.Response:
    assert at.server is not None
    return requests.request(method, at.server.url + path, headers=HEADERS, timeout=5, **more)


QUESTIONS = [
    ("/v2/account", "/v2/account", 0),
    ("/v2/account/configurations", "/v2/account/configurations", 0),
    ("/v2/account/activities", "/v2/account/activities", 0),
    ("/v2/account/activities/DIV", "/v2/account/activities/{activity_type}", 0),
    ("/v2/account/activities/FILL?page_size=2&direction=asc", "/v2/account/activities/{activity_type}", 0),
    ("/v2/positions", "/v2/positions", 0),
    ("/v2/positions/AAA", "/v2/positions/{symbol_or_asset_id}", 0),
    ("/v2/orders", "/v2/orders", 0),
    ("/v2/orders?status=all&limit=500", "/v2/orders", 0),
    ("/v2/orders?status=closed&symbols=AAA&direction=asc", "/v2/orders", 0),
    ("/v2/orders:by_client_order_id?client_order_id=partial", "/v2/orders:by_client_order_id", 0),
    ("/v2/assets", "/v2/assets", 0),
    ("/v2/assets/AAA", "/v2/assets/{symbol_or_asset_id}", 0),
    ("/v2/clock", "/v2/clock", 0),
    ("/v2/calendar?start=2026-11-20&end=2026-12-31", "/v2/calendar", 0),
    ("/v2/stocks/quotes/latest?symbols=AAA,BBB,NONE", "/v2/stocks/quotes/latest", 1),
    ("/v2/stocks/trades/latest?symbols=AAA", "/v2/stocks/trades/latest", 1),
    ("/v2/stocks/bars?symbols=AAA&timeframe=1Day&start=2026-11-01&end=2026-11-20", "/v2/stocks/bars", 1),
]


@pytest.mark.parametrize(("question", "path", "which"), QUESTIONS)
def test_every_answer_is_as_alpaca_says(openapi: tuple[Api, Api], busy: Scene, question: str, path: str, which: int):
    heard = ask(busy, "GET", question)
    assert heard.status_code == 200
    assert heard.json()
    openapi[which].check_answer("get", path, 200, heard.json())


@pytest.mark.parametrize(
    ("question", "schema"),
    [
        ("/v2/account", "Account"),
        ("/v2/account/configurations", "AccountConfigurations"),
        ("/v2/orders?status=all", "Order"),
        ("/v2/positions", "Position"),
        ("/v2/assets", "Assets"),
        ("/v2/account/activities/FILL", "TradingActivities"),
        ("/v2/account/activities/DIV,SPLIT,FEE", "NonTradeActivities"),
        ("/v2/clock", "legacy_clock"),
        ("/v2/calendar?start=2026-11-20&end=2026-12-31", "legacy_calendar_day"),
    ],
)
def test_no_answer_has_a_field_alpaca_does_not_have(openapi: tuple[Api, Api], busy: Scene, question: str, schema: str):
    heard = ask(busy, "GET", question).json()
    rows = heard if isinstance(heard, list) else [heard]
    known = set(openapi[0].said["components"]["schemas"][schema]["properties"])
    assert rows
    assert set().union(*rows) <= known


def test_the_account_has_an_order_in_every_state_that_matters(busy: Scene):
    states = {row["status"] for row in ask(busy, "GET", "/v2/orders?status=all").json()}
    assert states == {"filled", "partially_filled", "canceled", "rejected", "pending_cancel", "new"}


def test_changing_answers_are_as_alpaca_says(openapi: tuple[Api, Api]):
    trading = openapi[0]
    with scene("over_http") as at:
        order = {
            "symbol": "AAA",
            "side": "buy",
            "type": "limit",
            "time_in_force": "day",
            "qty": "3",
            "limit_price": "40",
        }
        heard = ask(at, "POST", "/v2/orders", json={**order, "client_order_id": "b"})
        trading.check_answer("post", "/v2/orders", heard.status_code, heard.json())
        first = heard.json()["id"]
        heard = ask(at, "PATCH", f"/v2/orders/{first}", json={"limit_price": "41"})
        trading.check_answer("patch", "/v2/orders/{order_id}", heard.status_code, heard.json())
        assert heard.json()["replaces"] == first
        assert ask(at, "GET", f"/v2/orders/{first}").json()["status"] == "replaced"
        second = heard.json()["id"]
        assert ask(at, "DELETE", f"/v2/orders/{second}").status_code == 204
        for again in (ask(at, "DELETE", f"/v2/orders/{second}"), ask(at, "PATCH", f"/v2/orders/{second}", json={})):
            assert again.status_code == 422
        heard = ask(at, "DELETE", "/v2/orders")
        trading.check_answer("delete", "/v2/orders", heard.status_code, heard.json())
        heard = ask(at, "PATCH", "/v2/account/configurations", json={"suspend_trade": True})
        trading.check_answer("patch", "/v2/account/configurations", heard.status_code, heard.json())
        heard = ask(at, "POST", "/v2/orders", json=order)
        trading.check_answer("post", "/v2/orders", heard.status_code, heard.json())
        assert (heard.status_code, heard.json()["code"]) == (403, 40310000)


ORDER = {"symbol": "AAA", "side": "buy", "type": "limit", "time_in_force": "day", "qty": "1", "limit_price": "51"}


@pytest.mark.parametrize(
    ("change", "status", "code", "words"),
    [
        # Alpaca's users recorded these answers: BROKER FACTS 1.5
        ({"qty": None}, 422, 40010001, "qty or notional is required"),
        ({"qty": "1", "notional": "5"}, 422, 40010001, "only one of qty or notional"),
        ({"type": "market"}, 422, 40010001, "market orders require no stop or limit price"),
        ({"limit_price": None}, 422, 40010001, "limit orders require a limit price"),
        ({"client_order_id": "x" * 129}, 422, 40010001, "client_order_id must be no more than 128 characters"),
        ({"limit_price": "51.123"}, 422, 42210000, "sub-penny increment does not fulfill minimum pricing criteria"),
        ({"qty": "0.5", "time_in_force": "gtc"}, 422, 42210000, "fractional orders must be DAY orders"),
        ({"qty": "0.1234567891"}, 422, 42210000, "at most 9 decimal places"),
        ({"extended_hours": True, "time_in_force": "cls"}, 422, 42210000, "extended hours order must be DAY or GTC"),
        ({"symbol": "NONE"}, 422, 42210000, 'asset "NONE" not found'),
        ({"qty": "-1"}, 422, 40010001, "qty must be > 0"),
        ({"qty": "NaN"}, 422, 40010001, "qty must be > 0"),
        ({"qty": "many"}, 422, 40010001, "invalid qty"),
        ({"side": "hold"}, 422, 40010001, "invalid side"),
        ({"type": "stop"}, 422, 40010001, "invalid type"),
        ({"qty": "10000"}, 403, 40310000, "insufficient buying power"),
        (
            {"side": "sell", "qty": "101"},
            403,
            40310000,
            "insufficient qty available for order (requested: 101, available: 100)",
        ),
        ({"side": "sell", "symbol": "CCC"}, 403, 40310000, "account is not allowed to short"),
        (
            {"type": "market", "limit_price": None, "qty": None, "notional": "0.50"},
            422,
            42210000,
            "minimal amount of order 1",
        ),
        ({"time_in_force": "opg"}, 403, 40310000, "opg orders must be submitted after 7:00pm and before 9:28am"),
    ],
)
def test_refusals_have_the_recorded_words(change: dict[str, object], status: int, code: int, words: str):
    with scene("over_http") as at:
        heard = ask(at, "POST", "/v2/orders", json={**ORDER, **change})
        assert (heard.status_code, heard.json()["code"]) == (status, code)
        assert words in heard.json()["message"]
        assert at.house.exchange.orders == {}


def test_what_is_malformed_is_refused_and_breaks_nothing(busy: Scene):
    for path in ("/v2/orders?limit=501", "/v2/orders?limit=x", "/v2/orders?after=yesterday", "/v2/calendar?start=x",
                 "/v2/account/activities/FILL?page_token=none", "/v2/account/activities?page_size=101",
                 "/v2/stocks/bars?symbols=AAA&timeframe=1Min"):  # fmt: skip
        assert ask(busy, "GET", path).status_code == 422, path
    for body in (b"{", b"[]", b"\xff\xfe"):
        assert ask(busy, "POST", "/v2/orders", data=body).status_code == 422
    for path in ("/v2/nothing", "/", "/v2/orders/none", "/v2/positions/CCC2", "/v2/assets/NONE"):
        assert ask(busy, "GET", path).status_code == 404
    assert ask(busy, "GET", "/v2/account").status_code == 200


@pytest.mark.parametrize(
    "request_",
    [
        buy("b", "AAA", "0.3", "51.5"),
        replace(buy("b", "AAA", "3", "1"), kind=OrderKind.MARKET, limit=None),
        replace(sell("s", "AAA", "3", "1E+1"), duration=Duration.AT_CLOSE),
        replace(sell("s", "AAA", "3", "0.0001"), quantity=Decimal("1E-9")),
    ],
    ids=["fraction", "market", "close", "tiny"],
)
def test_what_we_send_is_as_alpaca_says(openapi: tuple[Api, Api], request_: Any):
    body = _body(request_)
    openapi[0].check({"$ref": "#/components/schemas/CreateOrderRequest"}, body)
    assert "E" not in body["qty"] + body.get("limit_price", "")


def test_the_real_client_with_its_strict_models_reads_the_stand_in(busy: Scene):
    from alpaca.trading.client import TradingClient

    assert busy.server is not None
    client = TradingClient(KEY, SECRET, url_override=busy.server.url)
    assert client.get_account().account_number == busy.house.exchange.terms.number
    assert {position.symbol for position in client.get_all_positions()} >= {"AAA", "BBB"}
    assert {order.status.value for order in client.get_orders()} <= {"new", "partially_filled", "pending_cancel"}
    assert client.get_clock().is_open
