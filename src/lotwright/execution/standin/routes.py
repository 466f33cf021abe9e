"""Alpaca's addresses: which question each answers. Reads an exchange; changes go through its commands."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from lotwright.execution.standin import forms
from lotwright.execution.standin.exchange import Exchange
from lotwright.execution.standin.ledger import Entry, Execution
from lotwright.execution.standin.orders import Placed
from lotwright.execution.standin.sessions import NEW_YORK
from lotwright.execution.standin.terms import Refused, invalid, not_found

Do = Callable[[str, Mapping[str, object]], object]
"""Carry a command out: its name and arguments."""
FEW, MANY, A_PAGE = 50, 500, 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """One request, read."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON body (empty: none)."""

    status: int
    body: bytes = b""


def answer(asking: Asking, exchange: Exchange, now: datetime, do: Do) -> Answer:
    """What the broker answers at ``now``."""
    for method, pattern, reply in ROUTES:
        if method != asking.method:
            continue
        match = re.fullmatch(pattern, asking.path)
        if match is None:
            continue
        try:
            found = reply(Call(asking, exchange, now, do), *match.groups())
        except ValueError as error:
            found = invalid(f"invalid request: {error}")
        if isinstance(found, Refused):
            return Answer(found.status, json.dumps(forms.refusal_form(found)).encode())
        if found is None:
            return Answer(204)
        return Answer(207 if method == "DELETE" else 200, json.dumps(found).encode())
    return Answer(404, json.dumps({"code": 40410000, "message": "endpoint not found."}).encode())


@dataclass(frozen=True, slots=True)
class Call:
    """A request with what is needed to answer it."""

    asking: Asking
    exchange: Exchange
    now: datetime
    do: Do

    def number(self, key: str, *, default: int, most: int) -> int:
        """An integer of the query, between one and ``most``."""
        value = int(self.asking.query.get(key, default))
        if not 1 <= value <= most:
            raise ValueError(f"{key} must be between 1 and {most}")
        return value

    def moment(self, key: str) -> datetime | None:
        """A time of the query: a date is its midnight in UTC."""
        text = self.asking.query.get(key)
        if not text:
            return None
        found = datetime.fromisoformat(text)
        return found if found.tzinfo is not None else found.replace(tzinfo=UTC)

    def json(self) -> dict[str, Any]:
        """The body."""
        found = json.loads(self.asking.body or b"{}")
        if not isinstance(found, dict):
            raise ValueError("the body must be a JSON object")  # noqa: TRY004  one refusal for every malformed request
        return found

    def visible(self) -> list[Placed]:
        """Orders that reads can see yet, oldest first."""
        return [order for order in self.exchange.orders.values() if order.visible <= self.now]


def _account(call: Call) -> object:
    return forms.account_form(call.exchange, call.now)


def _configurations(call: Call) -> object:
    return forms.configuration_form(call.exchange)


def _change_configurations(call: Call) -> object:
    given = {key: value for key, value in call.json().items() if key in {"suspend_trade", "fractional_trading"}}
    call.do("terms", given)
    return forms.configuration_form(call.exchange)


def _clock(call: Call) -> object:
    return forms.clock_form(call.exchange.sessions, call.now)


def _calendar(call: Call) -> object:
    today = call.now.astimezone(NEW_YORK).date()
    first, last = (call.asking.query.get(key, "")[:10] for key in ("start", "end"))
    begin = date.fromisoformat(first) if first else today
    end = date.fromisoformat(last) if last else begin + timedelta(days=366)
    sessions = call.exchange.sessions
    days = sessions.between(begin, min(end, begin + timedelta(days=3660)))
    return [forms.day_form(day, sessions.settles(day.date)) for day in days]


def _asset(call: Call, name: str) -> object:
    known = _security(call.exchange, name)
    return not_found(f"asset not found for {name}") if known is None else forms.asset_form(known)


def _assets(call: Call) -> object:
    wanted = call.asking.query.get("status")
    found = [forms.asset_form(each) for each in call.exchange.securities.values()]
    return [form for form in found if wanted in {None, "", form["status"]}]


def _positions(call: Call) -> object:
    return [forms.position_form(call.exchange, symbol) for symbol in call.exchange.ledger.symbols()]


def _position(call: Call, name: str) -> object:
    known = _security(call.exchange, name)
    if known is None:
        return not_found(f"symbol not found: {name}")
    if not call.exchange.ledger.held(known.symbol):
        return not_found("position does not exist")
    return forms.position_form(call.exchange, known.symbol)


def _orders(call: Call) -> object:
    query = call.asking.query
    status, direction = query.get("status", "open"), query.get("direction", "desc")
    symbols = {each for each in query.get("symbols", "").split(",") if each}
    found = [
        order
        for order in call.visible()
        if (status == "all" or order.is_over is (status == "closed"))
        and (not symbols or order.symbol in symbols)
        and query.get("side", str(order.side)) == order.side
    ]
    after, until = call.moment("after"), call.moment("until")
    if after is not None:
        found = [order for order in found if order.submitted > after]
    if until is not None:
        found = [order for order in found if order.submitted < until]
    for key, keep in (("after_order_id", 1), ("before_order_id", -1)):
        if query.get(key):
            mark = call.exchange.orders.get(query[key])
            if mark is None:
                return not_found(f"order not found for {query[key]}")
            found = [order for order in found if (order.number - mark.number) * keep > 0]
    if direction == "desc":
        found.reverse()
    return [forms.order_form(order, call.exchange) for order in found[: call.number("limit", default=FEW, most=MANY)]]


def _order(call: Call, order_id: str) -> object:
    order = call.exchange.orders.get(order_id)
    if order is None or order.visible > call.now:
        return not_found(f"order not found for {order_id}")
    return forms.order_form(order, call.exchange)


def _order_by_client_id(call: Call) -> object:
    wanted = call.asking.query.get("client_order_id", "")
    order = call.exchange.orders.get(call.exchange.used.get(wanted, ""))
    if order is None or order.visible > call.now:
        return not_found(f"order not found for {wanted}")
    return forms.order_form(order, call.exchange)


def _submit(call: Call) -> object:
    placed = call.do("submit", call.json())
    return forms.order_form(placed, call.exchange) if isinstance(placed, Placed) else placed


def _replace(call: Call, order_id: str) -> object:
    placed = call.do("replace", {"id": order_id, "body": call.json()})
    return forms.order_form(placed, call.exchange) if isinstance(placed, Placed) else placed


def _cancel(call: Call, order_id: str) -> object:
    return call.do("cancel", {"id": order_id})


def _cancel_all(call: Call) -> object:
    rows = []
    for order in call.exchange.open_orders():
        refused = call.do("cancel", {"id": order.id})
        rows.append({"id": order.id, "status": 200 if refused is None else 422})
    return rows


def _activities(call: Call, kind: str | None = None) -> object:
    ledger, query = call.exchange.ledger, call.asking.query
    kinds = {each for each in (kind or query.get("activity_types", "")).split(",") if each}
    late = call.now - timedelta(seconds=call.exchange.terms.fills_late)
    rows: list[Execution | Entry] = sorted(
        [
            *(done for done in ledger.executions if done.at <= late or not call.exchange.terms.fills_late),
            *ledger.entries,
        ],
        key=lambda row: (row.at, row.name),
    )
    after, until = call.moment("after"), call.moment("until")
    rows = [
        row
        for row in rows
        if (not kinds or ("FILL" if isinstance(row, Execution) else row.kind) in kinds)
        and (after is None or row.at > after)
        and (until is None or row.at < until)
        and (not query.get("order_id") or (isinstance(row, Execution) and row.order == query["order_id"]))
    ]
    if query.get("direction", "desc") == "desc":
        rows.reverse()
    token = query.get("page_token")
    if token:
        place = next((n for n, row in enumerate(rows) if forms.activity_id(row) == token), None)
        if place is None:
            return invalid(f"invalid page_token {token}")
        rows = rows[place + 1 :]
    page = rows[: call.number("page_size", default=A_PAGE, most=A_PAGE)]
    return [forms.fill_form(row) if isinstance(row, Execution) else forms.entry_form(row) for row in page]


def _latest(call: Call, what: str) -> object:
    wanted = [each for each in call.asking.query.get("symbols", "").split(",") if each]
    make = forms.quote_form if what == "quotes" else forms.trade_form
    known = call.exchange.securities
    return {what: {s: make(known[s], call.now) for s in wanted if s in known and known[s].has_quote}}


def _bars(call: Call) -> object:
    if call.asking.query.get("timeframe") not in {"1Day", "1D"}:
        raise ValueError("the stand-in has daily bars only")
    today = call.now.astimezone(NEW_YORK).date()
    begin, end = (call.moment(key) for key in ("start", "end"))
    first = begin.astimezone(NEW_YORK).date() if begin is not None else today
    last = min(end.astimezone(NEW_YORK).date(), today) if end is not None else today
    days = list(call.exchange.sessions.between(max(first, today - timedelta(days=3660)), last))
    known = call.exchange.securities
    wanted = sorted({each for each in call.asking.query.get("symbols", "").split(",") if each in known})
    rows = [(symbol, day) for symbol in wanted for day in days]
    start = int(call.asking.query.get("page_token") or 0)
    stop = start + call.number("limit", default=1000, most=10_000)
    bars: dict[str, list[forms.Json]] = {}
    for symbol, day in rows[start:stop]:
        bars.setdefault(symbol, []).append(forms.bar_form(known[symbol], day))
    return {"bars": bars, "next_page_token": str(stop) if stop < len(rows) else None}


def _security(exchange: Exchange, name: str) -> Any:
    return exchange.securities.get(name) or next((s for s in exchange.securities.values() if s.id == name), None)


ROUTES: tuple[tuple[str, str, Callable[..., object]], ...] = (
    ("GET", r"/v2/orders", _orders),
    ("POST", r"/v2/orders", _submit),
    ("DELETE", r"/v2/orders", _cancel_all),
    ("GET", r"/v2/orders:by_client_order_id", _order_by_client_id),
    ("GET", r"/v2/orders/([^/]+)", _order),
    ("PATCH", r"/v2/orders/([^/]+)", _replace),
    ("DELETE", r"/v2/orders/([^/]+)", _cancel),
    ("GET", r"/v2/account", _account),
    ("GET", r"/v2/account/configurations", _configurations),
    ("PATCH", r"/v2/account/configurations", _change_configurations),
    ("GET", r"/v2/account/activities", _activities),
    ("GET", r"/v2/account/activities/([A-Z,]+)", _activities),
    ("GET", r"/v2/positions", _positions),
    ("GET", r"/v2/positions/([^/]+)", _position),
    ("GET", r"/v2/assets", _assets),
    ("GET", r"/v2/assets/([^/]+)", _asset),
    ("GET", r"/v2/clock", _clock),
    ("GET", r"/v2/calendar", _calendar),
    ("GET", r"/v2/stocks/(quotes|trades)/latest", _latest),
    ("GET", r"/v2/stocks/bars", _bars),
)
