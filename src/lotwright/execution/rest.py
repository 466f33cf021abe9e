"""A broker that speaks Alpaca's REST words over any line: reads are repeated, orders never.

Problem: see :mod:`lotwright.execution.broker`. Observations: a status below 500 with the broker's own JSON is its word; a
5xx, a rate limit, HTML, half a JSON body or silence says nothing about what happened. Therefore: reading repeats on those
with growing pauses and then raises; sending and cancelling ask once and hand the doubt to the caller.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import quote

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from lotwright.errors import AnswerError, BrokerError, KeysError, LineError
from lotwright.execution import alpaca_words as words
from lotwright.execution.broker import (
    Accepted,
    CancelAsked,
    CancelOutcome,
    CancelRefused,
    Doubt,
    OrderRequest,
    Outcome,
    Refusal,
    Rejected,
    Unknown,
)
from lotwright.execution.facts import AccountFacts, Activity, Asset, Clock, Fill, Order, Position, Quote, Session
from lotwright.execution.line import Hear, Heard, Line, Question, Silence, ToldLine
from lotwright.execution.order_rules import fault_of
from lotwright.execution.pace import Pace
from lotwright.execution.pages import all_activities, all_bars, all_orders, utc

ATTEMPTS = 6
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0
RATE_PAUSE = 13.0
"""Seconds after a rate limit that says nothing: five of them outlast its minute."""
MOST_SYMBOLS = 100
SESSIONS_OF_VOLUME = 20
DEFINITE = frozenset({400, 401, 403, 404, 422})


class _AgainError(LineError):
    """Worth asking again; ``wait`` is what the broker asked for."""

    wait: float | None = None


class RestBroker:
    """One account, over a line.

    Parameters
    ----------
    line : Line
        Carries each question once.
    name : str
        For people: ``alpaca paper``.
    is_live, is_simulated : bool
        Real money at stake; no market behind it.
    sleep : callable
        Waits so many seconds.
    local : callable, optional
        This machine's time, to measure the clocks' difference; without it no difference is told.
    attempts : int
        How often a read is tried.
    """

    relieves = "fifo"

    def __init__(
        self,
        line: Line,
        *,
        name: str,
        is_live: bool,
        is_simulated: bool,
        sleep: Callable[[float], None],
        local: Callable[[], datetime] | None = None,
        attempts: int = ATTEMPTS,
    ) -> None:
        self._bare = line
        self._line: Line = line
        self._name = name
        self._is_live = is_live
        self._is_simulated = is_simulated
        self._sleep = sleep
        self._local = local
        self._attempts = attempts
        self._pace = Pace(sleep)

    @property
    def name(self) -> str:
        """Broker and mode."""
        return self._name

    @property
    def is_live(self) -> bool:
        """True when real money is at stake."""
        return self._is_live

    @property
    def is_simulated(self) -> bool:
        """True when no market is behind it."""
        return self._is_simulated

    def listen(self, hear: Hear) -> None:
        """Have every request that may change something told to ``hear`` alone before it is sent, and its answer after."""
        self._line = ToldLine(self._bare, hear)

    def clock(self) -> Clock:
        """The broker's time and whether the market is open."""
        before = self._local() if self._local else None
        found = self._read("/v2/clock")
        after = self._local() if self._local else None
        middle = None if before is None or after is None else before + (after - before) / 2
        return words.read_clock(found, local=middle)

    def calendar(self, first: date, last: date) -> tuple[Session, ...]:
        """Sessions from ``first`` to ``last``, both included."""
        rows = self._rows("/v2/calendar", {"start": first.isoformat(), "end": last.isoformat()})
        found = {session.day: session for session in map(words.read_session, rows)}
        return tuple(found[day] for day in sorted(found) if first <= day <= last)

    def account(self) -> AccountFacts:
        """Money and flags."""
        return words.read_account(
            self._read("/v2/account"), self._read("/v2/account/configurations", may_lack=True) or {}
        )

    def positions(self) -> Mapping[str, Position]:
        """Everything held, by symbol; a symbol told twice with different shares raises ``AnswerError``."""
        found: dict[str, Position] = {}
        for position in map(words.read_position, self._rows("/v2/positions", {})):
            if found.setdefault(position.symbol, position) != position:
                raise AnswerError(f"{self._name} tells two positions in {position.symbol}. Nothing was concluded.")
        return {symbol: each for symbol, each in sorted(found.items()) if each.quantity}

    def open_orders(self) -> tuple[Order, ...]:
        """Every order that may still fill, oldest first, complete."""
        return self._orders({"status": "open"})

    def orders_since(self, moment: datetime) -> tuple[Order, ...]:
        """Every order submitted after ``moment``, oldest first, complete."""
        found = self._orders({"status": "all", "after": _second(moment)})
        return tuple(order for order in found if order.submitted is None or order.submitted > moment)

    def order(self, client_id: str) -> Order | None:
        """The order of that client id; None when the broker says it has none."""
        found = self._read("/v2/orders:by_client_order_id", {"client_order_id": client_id}, may_lack=True)
        if found is None:
            return None
        order = words.read_order(found)
        if order.client_id != client_id:
            raise AnswerError(f"{self._name} was asked for order {client_id} and told of {order.client_id}.")
        return order

    def submit(self, request: OrderRequest) -> Outcome:
        """Send one order, once."""
        fault = fault_of(request)
        if fault is not None:
            return Rejected(refusal=Refusal.LOCAL, message=fault)
        heard = self._once(Question(method="POST", path="/v2/orders", body=_body(request)))
        if isinstance(heard, Unknown):
            return heard
        if heard.status in {200, 201}:
            return self._accepted(request, heard)
        return self._refused(heard)

    def cancel(self, broker_id: str) -> CancelOutcome:
        """Ask for a cancel, once."""
        heard = self._once(Question(method="DELETE", path=f"/v2/orders/{quote(broker_id, safe='')}"), is_cancel=True)
        if isinstance(heard, Unknown):
            return heard
        if heard.status in {200, 204, 207}:
            return CancelAsked()
        found = self._refused(heard)
        if isinstance(found, Unknown):
            return found
        return CancelRefused(message=found.message, status=found.status)

    def fills(self, since: datetime) -> tuple[Fill, ...]:
        """Every execution after ``since``, each once, complete."""
        rows = self._activities("/v2/account/activities/FILL", {"after": _second(since)})
        found = {fill.fill: fill for fill in map(words.read_fill, rows) if fill.at > since}
        return tuple(sorted(found.values(), key=lambda fill: (fill.at, fill.fill)))

    def activities(self, since: date) -> tuple[Activity, ...]:
        """Everything but executions since that day, each once, complete."""
        midnight = datetime.combine(since - timedelta(days=1), datetime.min.time(), UTC)
        rows = self._activities("/v2/account/activities", {"after": _second(midnight)})
        other = (row for row in rows if not isinstance(row, Mapping) or row.get("activity_type") != "FILL")
        found = {each.activity: each for each in map(words.read_activity, other) if each.day >= since}
        return tuple(sorted(found.values(), key=lambda each: (each.day, each.activity)))

    def asset(self, symbol: str) -> Asset | None:
        """What the broker says about a security; None when it knows none of that name."""
        found = self._read(f"/v2/assets/{quote(symbol, safe='')}", may_lack=True)
        return None if found is None else words.read_asset(found)

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """Newest quotes; a symbol without one is absent."""
        found: dict[str, Quote] = {}
        for some in _chunks(sorted(set(symbols)), MOST_SYMBOLS):
            said = words.Row("Quotes", self._read("/v2/stocks/quotes/latest", {"symbols": ",".join(some)})).said
            told = words.Row("Quotes", said.get("quotes")).said
            made = (words.read_quote(symbol, told[symbol]) for symbol in some if told.get(symbol) is not None)
            found |= {quoted.symbol: quoted for quoted in made if quoted is not None}
        return found

    def daily_volume(self, symbols: Iterable[str]) -> Mapping[str, Decimal]:
        """Shares traded on an average day of the last twenty finished sessions; absent where unknown."""
        today = self.clock().now.astimezone(words.NEW_YORK).date()
        volume: dict[str, dict[date, Decimal]] = {}
        for some in _chunks(sorted(set(symbols)), MOST_SYMBOLS):
            query = {
                "symbols": ",".join(some),
                "timeframe": "1Day",
                "start": (today - timedelta(days=40)).isoformat(),
                "end": (today - timedelta(days=1)).isoformat(),
                "limit": "10000",
            }
            for symbol, bar in all_bars(partial(self._read, "/v2/stocks/bars", may_lack=True), query, name=self._name):
                day = bar.moment("t").astimezone(words.NEW_YORK).date()
                if day < today:
                    volume.setdefault(symbol, {})[day] = bar.number("v")
        return {symbol: _mean(days) for symbol, days in volume.items()}

    def _orders(self, query: Mapping[str, str]) -> tuple[Order, ...]:
        return all_orders(partial(self._rows, "/v2/orders"), query, name=self._name)

    def _activities(self, path: str, query: Mapping[str, str]) -> list[Any]:
        return all_activities(partial(self._rows, path), query, name=self._name)

    def _rows(self, path: str, query: Mapping[str, str]) -> list[Any]:
        found = self._read(path, query)
        if not isinstance(found, list):
            raise AnswerError(f"{self._name}, {path}: {str(found)[:80]!r} where a list was expected. Stop and look.")
        return found

    def _read(self, path: str, query: Mapping[str, str] | None = None, *, may_lack: bool = False) -> Any:
        question = Question(method="GET", path=path, query=query or {})
        retrying = Retrying(
            stop=stop_after_attempt(self._attempts),
            wait=_pause,
            sleep=self._sleep,
            retry=retry_if_exception_type(_AgainError),
            reraise=True,
        )
        return retrying(partial(self._read_once, question, may_lack=may_lack))

    def _read_once(self, question: Question, *, may_lack: bool) -> Any:
        self._pace.before(is_cancel=False)
        try:
            heard = self._line.ask(question)
            self._pace.after(heard.headers)
            if heard.status == 200:
                return heard.json()
        except Silence as silence:
            raise self._again(
                question, str(silence)
            ) from None  # the cause holds the answer as it came, secrets and all
        complaint = heard.complaint
        if heard.status == 401:
            raise KeysError(
                f"{self._name} does not know the keys ({question}: 401). Nothing is tried again; "
                "check the keys and the mode they belong to."
            )
        if complaint is not None and heard.status == 404 and may_lack:  # HTML from a wrong address is not
            return None
        if complaint is not None and 400 <= heard.status < 500 and heard.status not in {408, 425, 429}:
            raise BrokerError(self._line.hide(f"{self._name} refuses {question}: {heard.status} {complaint[1]}."))
        again = self._again(question, f"status {heard.status}")
        if heard.status in {429, 503}:
            again.wait = self._pace.asked(heard.headers)
        if heard.status == 429 and again.wait is None:
            again.wait = RATE_PAUSE
        raise again

    def _again(self, question: Question, why: str) -> _AgainError:
        return _AgainError(
            self._line.hide(
                f"{self._name}, {question}: {why}; asked {self._attempts} times. Nothing is concluded; "
                "run the same command again when the broker answers."
            )
        )

    def _once(self, question: Question, *, is_cancel: bool = False) -> Heard | Unknown:
        self._pace.before(is_cancel=is_cancel)
        try:
            heard = self._line.ask(question)
        except Silence as silence:
            return Unknown(doubt=silence.doubt, message=self._line.hide(str(silence)))
        self._pace.after(heard.headers)
        return heard

    def _accepted(self, request: OrderRequest, heard: Heard) -> Outcome:
        try:
            order = words.read_order(heard.json())
        except (Silence, AnswerError) as error:
            return Unknown(doubt=Doubt.UNREADABLE, message=self._line.hide(str(error)))
        if (order.client_id, order.symbol, order.side) != (request.client_id, request.symbol, request.side):
            return Unknown(
                doubt=Doubt.UNREADABLE, message=f"the answer to {request.client_id} speaks of {order.client_id}"
            )
        return Accepted(order=order)

    def _refused(self, heard: Heard) -> Rejected | Unknown:
        complaint = heard.complaint
        if heard.status == 429:
            wait = self._pace.asked(heard.headers)
            return Unknown(doubt=Doubt.RATE, message="status 429: rate limit", wait=wait)
        if heard.status == 401:
            return Rejected(refusal=Refusal.KEYS, message="the broker does not know the keys", status=401)
        if complaint is None or heard.status not in DEFINITE:
            doubt = Doubt.SERVER if heard.status >= 500 else Doubt.UNREADABLE
            said = heard.text[:80] if complaint is None else complaint[1]
            return Unknown(doubt=doubt, message=self._line.hide(f"status {heard.status}: {said}"))
        code, message, evidence = complaint
        return Rejected(
            refusal=words.refusal_of(heard.status, f"{message} {evidence.get('reject_reason', '')}"),
            message=self._line.hide(message),
            status=heard.status,
            code=code,
            evidence=evidence,
        )


def _body(request: OrderRequest) -> dict[str, str]:
    body = {
        "symbol": request.symbol,
        "side": str(request.side),
        "type": str(request.kind),
        "time_in_force": str(request.duration),
        "qty": _plain(request.quantity),
        "client_order_id": request.client_id,
    }
    if request.limit is not None:
        body["limit_price"] = _plain(request.limit)
    return body


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _second(moment: datetime) -> str:
    """A second or so earlier, in whole seconds: more is not documented, and what is too early is left out here."""
    return utc(moment.replace(microsecond=0) - timedelta(seconds=1))


def _mean(days: Mapping[date, Decimal]) -> Decimal:
    last = [days[day] for day in sorted(days)[-SESSIONS_OF_VOLUME:]]
    return sum(last, Decimal(0)) / len(last)


def _chunks(names: list[str], size: int) -> Iterable[list[str]]:
    return (names[place : place + size] for place in range(0, len(names), size))


def _pause(state: RetryCallState) -> float:
    failed = state.outcome.exception() if state.outcome is not None else None
    if isinstance(failed, _AgainError) and failed.wait is not None:
        return failed.wait
    # No jitter from chance: a plan runs alone on its keys, and the same run should wait the same.
    return min(FIRST_PAUSE * 2.0 ** (state.attempt_number - 1), LONGEST_PAUSE)
