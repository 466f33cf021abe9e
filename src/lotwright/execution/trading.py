"""Sending, watching and cancelling the orders of one side.

Every order: look it up, check the market again, write the intent down, send once; then believe only what the broker
shows. Purchases go out only as far as cash that is there covers them at their limits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal

from lotwright.book.kinds import Side
from lotwright.execution.broker import Accepted, OrderRequest, Refusal, Rejected, Unknown
from lotwright.execution.desk import Desk
from lotwright.execution.facts import AccountFacts, Clock, Duration, OrderKind, Quote
from lotwright.execution.opening import check_session
from lotwright.execution.orders import (
    Answered,
    CancelAnswered,
    Journaled,
    Missed,
    Move,
    OrderState,
    Phase,
    Withheld,
    next_move,
)
from lotwright.execution.purchases import cash_for_purchases, within_cash
from lotwright.execution.records import answer_record, intent_record
from lotwright.execution.report import Proposal
from lotwright.execution.rules import asset_problem, is_ahead, limit_price, quote_problem, to_tick, volume_problem
from lotwright.execution.sheet import key_of
from lotwright.execution.stops import Reason, StopRun

GLANCE, LOOK_AGAIN = 0.25, 1.0
"""Seconds between looks at open orders, and between looks for an order whose fate is unknown."""
CLOCK_LASTS = 20.0
"""Seconds for which a reading of the broker's clock is carried on by our own."""
_STOPS_ALL = {
    Refusal.KEYS: Reason.KEYS,
    Refusal.BLOCKED: Reason.BLOCKED,
    Refusal.HOURS: Reason.MARKET_CLOSED,
}


@dataclass(slots=True, eq=False)
class Floor:
    """The market as last looked at, and when each order is looked at next."""

    desk: Desk
    clock: Clock | None = None
    clock_read: float = 0.0
    quotes: Mapping[str, Quote] = field(default_factory=dict)
    due: dict[str, float] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)

    def now(self) -> datetime:
        """The broker's time, read again when the last reading is old."""
        waiting = self.desk.around.waiting
        if self.clock is None or waiting.seconds() - self.clock_read > CLOCK_LASTS:
            self.clock = self.desk.read(self.desk.broker.clock)
            self.clock_read = waiting.seconds()
            check_session(self.desk, self.clock)
        return self.clock.now + timedelta(seconds=waiting.seconds() - self.clock_read)

    def look_at_assets(self, facts: AccountFacts) -> None:
        """Find what the broker cannot trade as planned, and what is too large for the market."""
        desk, rules = self.desk, self.desk.around.rules
        ready = [key for key, state in desk.states.items() if state.phase is Phase.READY]
        wanted = sorted({desk.states[key].trade.symbol for key in ready})
        volumes = self._volumes(wanted)
        assets = {s: desk.read(lambda s=s: desk.broker.asset(s)) for s in wanted}  # type: ignore[misc]
        for key in ready:
            trade = desk.states[key].trade
            problem = asset_problem(trade, assets[trade.symbol], facts, rules)
            problem = problem or volume_problem(trade, volumes.get(trade.symbol), rules)
            if problem:
                self.problems[key] = problem
        unknown = sorted(set(wanted) - volumes.keys())
        if unknown:
            desk.notes.append(f"Average volume unknown, so not capped by it: {', '.join(unknown)}.")

    def _volumes(self, wanted: list[str]) -> Mapping[str, Decimal]:
        """Average volumes; a broker that does not tell them stops nothing."""
        try:
            return self.desk.read(lambda: self.desk.broker.daily_volume(wanted), patience=0.0) if wanted else {}
        except StopRun as stopped:
            if stopped.stop.reason is Reason.KEYS:
                raise
            return {}

    def look_at_quotes(self, keys: list[str]) -> None:
        """Read the newest quotes of these orders' securities.

        Raises
        ------
        StopRun
            One is of a time that has not come.
        """
        symbols = sorted({self.desk.states[key].trade.symbol for key in keys})
        self.quotes = {**self.quotes, **self.desk.read(lambda: self.desk.broker.quotes(symbols))}
        now = self.now()
        for symbol in symbols:
            quote = self.quotes.get(symbol)
            if quote is not None and is_ahead(quote, now, self.desk.around.rules):
                raise StopRun(
                    Reason.CLOCK,
                    f"{symbol} is quoted at {quote.at.isoformat()}, a time that has not come; the broker's clock says "
                    f"{now.isoformat()}.",
                )

    def problem(self, state: OrderState) -> str:
        """Why this order cannot be sent now; empty when it can."""
        known = self.problems.get(key_of(state.trade))
        return known or quote_problem(
            state.trade, self.quotes.get(state.trade.symbol), self.now(), self.desk.around.rules
        )

    def proposals(self) -> dict[str, Proposal]:
        """What would be sent now: the table of a dry run."""
        ready = [key for key, state in self.desk.states.items() if state.phase is Phase.READY]
        if ready:
            self.look_at_quotes(ready)
        found = {}
        for key in ready:
            state = self.desk.states[key]
            problem = self.problem(state)
            limit = None if problem or not self._has_limit else self._limit(state)
            found[key] = Proposal(client_id=self.desk.id_of(state), quantity=state.rest, limit=limit, problem=problem)
        return found

    def work(self, side: Side) -> None:
        """Send and watch the orders of one side until all are settled, or time is up and the rest is cancelled."""
        waiting, rules = self.desk.around.waiting, self.desk.around.rules
        until = waiting.seconds() + rules.fill_wait
        while True:
            self.desk.heed()
            if not self._turn(side):
                return
            if waiting.seconds() >= until:
                break
            waiting.sleep(GLANCE)
        self.wind_down()

    def wind_down(self) -> None:
        """Cancel what is open, look for what is doubtful, and wait until the broker has confirmed it.

        Nothing is sent. Ends when all is settled or ``cancel_wait`` is over; what is not settled then is in the states.
        """
        desk, waiting, rules = self.desk, self.desk.around.waiting, self.desk.around.rules
        desk.is_winding_down = True
        until = waiting.seconds() + rules.cancel_wait
        while any(not state.phase.is_settled and state.phase is not Phase.STUCK for state in desk.states.values()):
            for key in list(desk.states):
                self._wind_down(key)
            left = until - waiting.seconds()
            if left <= 0 or self._is_left_open():
                return
            desk.refresh(patience=min(left, rules.patience))
            waiting.sleep(min(GLANCE * 2, left))

    def _is_left_open(self) -> bool:
        """True when everything unsettled is to be left working."""
        unsettled = [s for s in self.desk.states.values() if not s.phase.is_settled and s.phase is not Phase.STUCK]
        return self._leaves_open and all(state.phase is not Phase.DOUBT for state in unsettled)

    @property
    def _leaves_open(self) -> bool:
        rules = self.desk.around.rules
        return rules.leaves_open or rules.duration in {Duration.AT_OPEN, Duration.AT_CLOSE}

    @property
    def _has_limit(self) -> bool:
        return self.desk.around.rules.kind is OrderKind.LIMIT

    def _wind_down(self, key: str) -> None:
        state = self.desk.states[key]
        move = next_move(state, is_winding_down=True)
        if move is Move.LOOK and self._is_due(key):
            self._look(key)
        if move is Move.CANCEL and state.order is not None and not self._leaves_open and self._is_due(key):
            self.desk.write("cancel", {"order": key, "client_id": self.desk.id_of(state)})
            self._later(key, LOOK_AGAIN)
            outcome = self.desk.broker.cancel(state.order.broker_id)
            self.desk.tell(key, CancelAnswered(outcome=outcome))
            self.desk.write("answer", {"order": key, "client_id": self.desk.id_of(state), **answer_record(outcome)})

    def _turn(self, side: Side) -> bool:
        """One look at every order of a side; False when all of them are settled."""
        mine = [key for key, state in self.desk.states.items() if state.trade.side is side]
        if any(self.desk.states[key].phase in {Phase.OPEN, Phase.CANCELLING} for key in mine):
            self.desk.refresh()
        moves = {key: next_move(self.desk.states[key], is_winding_down=False) for key in mine}
        to_look = [key for key, move in moves.items() if move is Move.LOOK and self._is_due(key)]
        for key in to_look:
            self._look(key)
        self._send_what_may_go(side, mine)
        return any(
            state.phase is not Phase.DONE and state.phase is not Phase.SHORT and state.phase is not Phase.STUCK
            for state in (self.desk.states[key] for key in mine)
        )

    def _send_what_may_go(self, side: Side, mine: list[str]) -> None:
        sendable = [s for s in mine if next_move(self.desk.states[s], is_winding_down=False) is Move.SEND]
        if not sendable:
            return
        self.look_at_quotes(sendable)
        budget = cash_for_purchases(self.desk) if side is Side.BUY else None
        for key in sendable:
            state = self.desk.states[key]
            if next_move(state, is_winding_down=False) is not Move.SEND:
                continue  # another machine's order was found while those before it were weighed
            problem = self.problem(state)
            if problem and state.phase is Phase.READY:
                self.desk.tell(key, Withheld(why=problem))
                continue
            request = self._request(state)
            if budget is not None and state.phase is Phase.READY:
                fitted = within_cash(self.desk, request, self.quotes[request.symbol], budget)
                if fitted is None:
                    continue
                request = fitted
                budget -= request.quantity * (
                    request.limit or limit_price(side, self.quotes[request.symbol], self.desk.around.rules)
                )
            self._send(key, request)

    def _request(self, state: OrderState) -> OrderRequest:
        """The order to send: the very same again where this attempt was sent before."""
        name = self.desk.id_of(state)
        again = self.desk.requests.get(name)
        if again is not None:
            return again
        rules = self.desk.around.rules
        return OrderRequest(
            client_id=name,
            symbol=state.trade.symbol,
            side=state.trade.side,
            quantity=state.rest,
            kind=rules.kind,
            limit=self._limit(state) if self._has_limit else None,
            duration=rules.duration,
        )

    def _limit(self, state: OrderState) -> Decimal:
        """The limit of an order: beyond the quote, but never beyond the plan's collar."""
        trade, rules = state.trade, self.desk.around.rules
        reaching = limit_price(trade.side, self.quotes[trade.symbol], rules)
        if trade.side is Side.BUY:
            return min(reaching, to_tick(trade.price * (1 + rules.collar), is_up=True))
        return max(reaching, to_tick(trade.price * (1 - rules.collar), is_up=False))

    def _send(self, key: str, request: OrderRequest) -> None:
        """Write the intent down, then send, once.

        Raises
        ------
        StopRun
            A stop is wanted, the intent cannot be made durable, or the answer concerns more than this order.
        """
        desk = self.desk
        desk.heed()
        self.now()
        desk.write("intent", intent_record(request, desk.states[key].attempt, self.quotes.get(request.symbol)))
        desk.requests[request.client_id] = request
        desk.tell(key, Journaled())
        outcome = desk.broker.submit(request)
        wait = outcome.wait if isinstance(outcome, Unknown) and outcome.wait is not None else LOOK_AGAIN / 2
        self._later(key, min(max(wait, 0.0), desk.around.rules.patience))
        if isinstance(outcome, Accepted):
            desk.client_ids[outcome.order.broker_id] = outcome.order.client_id
        state = desk.tell(key, Answered(outcome=outcome))
        desk.write("answer", {"order": key, "client_id": request.client_id, **answer_record(outcome)})
        if isinstance(outcome, Rejected) and outcome.refusal in _STOPS_ALL:
            raise StopRun(_STOPS_ALL[outcome.refusal], outcome.message)
        if isinstance(outcome, Rejected) and state.phase is Phase.SHORT:
            self._look(key)  # what holds the shares or the money may be this very order, sent from another machine
            state = desk.states[key]
        if isinstance(outcome, Rejected) and outcome.refusal is Refusal.MONEY and state.phase is Phase.SHORT:
            raise StopRun(Reason.CASH, outcome.message)

    def _look(self, key: str) -> None:
        self._later(key, LOOK_AGAIN)
        order = self.desk.look(key)
        if order is None:
            self.desk.tell(key, Missed())
        else:
            self.desk.show(key, order)

    def _is_due(self, key: str) -> bool:
        return self.desk.around.waiting.seconds() >= self.due.get(key, 0.0)

    def _later(self, key: str, seconds: float) -> None:
        self.due[key] = self.desk.around.waiting.seconds() + seconds
