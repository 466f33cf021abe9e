"""The desk one account's plan is carried out at: its orders' states, the journal beside them, and patience with the line.

Everything that happens to an order passes :meth:`Desk.tell`, which moves the pure machine of
:mod:`lotwright.execution.orders` and writes down what changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal
from typing import Any, TypeVar

from lotwright.errors import AnswerError, BrokerError, KeysError, LineError, StateError
from lotwright.execution.broker import Broker, OrderRequest
from lotwright.execution.facts import Order
from lotwright.execution.journal import Journal
from lotwright.execution.orders import Event, OrderState, Phase, Seen, step
from lotwright.execution.rules import Rules
from lotwright.execution.sheet import OrderSheet, client_id, key_of, moved, signed, summed
from lotwright.execution.stops import Reason, StopRun
from lotwright.execution.waiting import Waiting

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What every account of a run shares.

    ``wants_stop`` says why nothing more may be sent (a kill file, a signal), None while all is well. ``is_sending``
    False is a dry run: nothing is sent and nothing written.
    """

    journal: Journal
    rules: Rules
    waiting: Waiting
    is_sending: bool
    wants_stop: Callable[[], Reason | None] = lambda: None


@dataclass(slots=True, kw_only=True, eq=False)
class Desk:
    """One account's sheet, its broker, and where each order stands. Mutable: it lives as long as one run."""

    sheet: OrderSheet
    broker: Broker
    around: Surroundings
    states: dict[str, OrderState] = field(default_factory=dict)
    base: dict[str, Decimal] = field(default_factory=dict)
    requests: dict[str, OrderRequest] = field(default_factory=dict)
    client_ids: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    is_journal_lost: bool = False
    is_winding_down: bool = False

    def __post_init__(self) -> None:
        self.states = {key_of(trade): OrderState(trade=trade) for trade in (*self.sheet.sells, *self.sheet.buys)}

    @property
    def since(self) -> datetime:
        """A moment before which no order of this plan can have been sent: the day before its prices."""
        return datetime.combine(self.sheet.as_of, time(), UTC) - timedelta(days=1)

    @property
    def executed(self) -> dict[str, Decimal]:
        """Shares in (out: negative) by every fill the broker has shown of this plan."""
        return summed((s.trade.symbol, signed(s.trade.side, s.executed)) for s in self.states.values())

    @property
    def expected(self) -> dict[str, Decimal]:
        """What must be held now, if nobody else traded."""
        return moved(self.base, self.executed)

    def id_of(self, state: OrderState) -> str:
        """The client id of the attempt that is next or under way."""
        return client_id(self.sheet, state.trade, state.attempt)

    def tell(self, key: str, event: Event) -> OrderState:
        """Move one order's machine, and write down what changed.

        Raises
        ------
        StopRun
            The change could not be written down.
        """
        before = self.states[key]
        after = step(before, event)
        self.states[key] = after
        if isinstance(event, Seen):
            self.client_ids[event.order.broker_id] = event.order.client_id
        seen = (before.phase, before.executed, before.attempt)
        if seen != (after.phase, after.executed, after.attempt):
            self.write("state", _state_record(after))
        return after

    def show(self, key: str, order: Order) -> OrderState:
        """Tell an order's machine what the broker shows."""
        return self.tell(key, Seen(order=order))

    def write(self, kind: str, says: Mapping[str, Any]) -> None:
        """Write a record of this account, durably, before what it announces; a dry run writes nothing.

        Raises
        ------
        StopRun
            It could not be made durable (the first time: afterwards only what is safe without a journal is done, and
            that is what winding down does: it cancels and looks).
        """
        if not self.around.is_sending or self.is_journal_lost:
            return
        plan, account = self.sheet.key
        try:
            self.around.journal.append(kind, {"plan": plan, "account": account, **says})
        except StateError as error:
            self.is_journal_lost = True
            if self.is_winding_down:
                self.notes.append(str(error))
                return
            raise StopRun(Reason.STATE, str(error)) from error

    def tell_chain(self, kind: str, says: Mapping[str, Any]) -> None:
        """Hand a request or an answer, as it goes over the line, to the audit chain; same error as the journal's ``tell``."""
        plan, account = self.sheet.key
        self.around.journal.tell(kind, {"plan": plan, "account": account, **says})

    def heed(self) -> None:
        """Leave when somebody wants a stop.

        Raises
        ------
        StopRun
            A kill file stands in the state folder, or the process was asked to end.
        """
        reason = self.around.wants_stop()
        if reason is not None:
            raise StopRun(reason)

    def read(self, ask: Callable[[], T], *, patience: float | None = None) -> T:
        """Ask the broker what changes nothing, again and again while it does not answer.

        Raises
        ------
        StopRun
            It did not answer for as long as the rules are patient, does not accept the keys, or talks nonsense.
        """
        waiting = self.around.waiting
        until = waiting.seconds() + (self.around.rules.patience if patience is None else patience)
        while True:
            try:
                return ask()
            except KeysError as error:
                raise StopRun(Reason.KEYS, str(error)) from error
            except AnswerError as error:
                raise StopRun(Reason.ANSWER, str(error)) from error
            except LineError as error:
                if waiting.seconds() >= until:
                    raise StopRun(Reason.LINE, str(error)) from error
                if not self.is_winding_down:
                    self.heed()
                waiting.sleep(1.0)
            except BrokerError as error:
                raise StopRun(Reason.ANSWER, str(error)) from error

    def look(self, key: str) -> Order | None:
        """The order of the attempt under way, as the broker has it now."""
        wanted = self.id_of(self.states[key])
        return self.read(lambda: self.broker.order(wanted))

    def refresh(self, *, patience: float | None = None) -> None:
        """Tell every open order's machine what the broker shows now.

        A few are looked up each by its id, many by one listing; an order missing from a listing tells nothing.
        """
        open_now = [key for key, state in self.states.items() if state.phase in {Phase.OPEN, Phase.CANCELLING}]
        if len(open_now) <= 3:
            for key in open_now:
                wanted = self.id_of(self.states[key])
                order = self.read(lambda wanted=wanted: self.broker.order(wanted), patience=patience)  # type: ignore[misc]
                if order is not None:
                    self.show(key, order)
            return
        listed = {o.client_id: o for o in self.read(lambda: self.broker.orders_since(self.since), patience=patience)}
        for key in open_now:
            order = listed.get(self.id_of(self.states[key]))
            if order is not None:
                self.show(key, order)


def _state_record(state: OrderState) -> dict[str, Any]:
    return {
        "symbol": state.trade.symbol,
        "side": str(state.trade.side),
        "phase": str(state.phase),
        "attempt": state.attempt,
        "executed": f"{state.executed:f}",
        "why": state.why,
    }
