"""One order from planned to done: a pure machine of states and events, with no clock and no network.

Problem: after a lost answer nobody knows whether an order exists, and guessing either way costs money.
Observations: the broker keeps one order an id for ever; an order it shows is a fact, an order it does not show is not
yet one (reads lag behind); only an order that is over, with its fills, leaves a known rest; what fills is what counts.
Therefore: an id is sent again only while nothing but silence speaks against it, and only the very same order; the next
attempt exists once the broker has shown the last one to be over; and a refusal that follows a doubt proves nothing.

::

    READY ──Journaled──> DOUBT ──Answered(Accepted)/Seen──> OPEN ──CancelAnswered──> CANCELLING
      ^                    │  └─ not found, often enough ──> may send the same id again, at most SENDS times
      │                    ├─ Answered(Rejected), never in doubt before ──> SHORT (refused)
      └── attempt over ────┴────────── Seen(over) ──> DONE (all filled), SHORT (a rest, in this run) or READY (start-up)

STUCK is where nothing more may be concluded or done: somebody replaced the order, or its id is somebody else's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import TypeAlias

from lotwright.book.trades import Trade
from lotwright.execution.broker import (
    Accepted,
    CancelAsked,
    CancelOutcome,
    Doubt,
    Outcome,
    Refusal,
    Unknown,
)
from lotwright.execution.facts import Order, Status

ZERO = Decimal(0)
SENDS = 6
"""How often one id is sent at most, while lookups find nothing."""
MISSES = 5
"""Lookups in a row that must find nothing before an id whose fate is unknown is sent again."""
CANCELS = 5
"""How often one cancel is asked for at most."""


class Phase(StrEnum):
    """Where a planned order stands."""

    READY = "ready"
    DOUBT = "doubt"
    OPEN = "open"
    CANCELLING = "cancelling"
    DONE = "done"
    SHORT = "short"
    STUCK = "stuck"

    @property
    def is_settled(self) -> bool:
        """True when nothing of it can fill any more, as far as the broker has shown."""
        return self in {Phase.READY, Phase.DONE, Phase.SHORT}


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """A trade on its way.

    Parameters
    ----------
    trade : Trade
        What was planned.
    attempt : int
        Number of the attempt that is next or under way.
    filled : Decimal
        Shares of attempts that are over.
    order : Order or None
        The attempt under way, as the broker last showed it.
    misses, sends, cancels : int
        Lookups in a row that found nothing; how often this attempt's id was sent; how often its cancel was asked for.
    is_looked_up : bool
        The broker was asked for this attempt's id and has none: it may be sent.
    is_barred : bool
        The broker refused after a doubt: look, but do not send again.
    is_throttled : bool
        Every answer to this attempt was "too many requests", which says that it was not accepted.
    why : str
        What happened, for people.
    """

    trade: Trade
    phase: Phase = Phase.READY
    attempt: int = 0
    filled: Decimal = ZERO
    order: Order | None = None
    misses: int = 0
    sends: int = 0
    cancels: int = 0
    is_looked_up: bool = False
    is_barred: bool = False
    is_throttled: bool = False
    refusal: Refusal | None = None
    why: str = ""

    @property
    def rest(self) -> Decimal:
        """Shares not yet filled by attempts that are over: what the next attempt asks for."""
        return self.trade.quantity - self.filled

    @property
    def executed(self) -> Decimal:
        """Shares filled, the attempt under way included, as far as the broker has shown."""
        return self.filled + (ZERO if self.order is None else self.order.filled)

    @property
    def remaining(self) -> Decimal:
        """Shares planned and not filled."""
        return self.trade.quantity - self.executed


@dataclass(frozen=True, slots=True, kw_only=True)
class Journaled:
    """The intent to send this attempt is on the disk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came back for a sent order."""

    outcome: Outcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The broker showed the order of this attempt's id."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """The broker was asked for this attempt's id and says it has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAnswered:
    """What came back for a cancel."""

    outcome: CancelOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Withheld:
    """It was decided here not to send this trade."""

    why: str


Event: TypeAlias = Journaled | Answered | Seen | Missed | CancelAnswered | Withheld


class Move(StrEnum):
    """What to do next about one order."""

    SEND = "send"
    LOOK = "look"
    CANCEL = "cancel"
    WAIT = "wait"
    NOTHING = "nothing"


def next_move(state: OrderState, *, is_winding_down: bool) -> Move:
    """What to do next. ``is_winding_down``: nothing new is sent, what is open is cancelled."""
    if state.phase is Phase.READY:
        if is_winding_down:
            return Move.NOTHING
        return Move.SEND if state.is_looked_up else Move.LOOK
    if state.phase is Phase.DOUBT:
        is_silent = state.misses >= (1 if state.is_throttled else MISSES)
        may_send = is_silent and state.sends < SENDS and not state.is_barred and not is_winding_down
        return Move.SEND if may_send else Move.LOOK
    if state.phase in {Phase.OPEN, Phase.CANCELLING}:
        wants_cancel = is_winding_down and state.phase is Phase.OPEN and state.cancels < CANCELS
        return Move.CANCEL if wants_cancel else Move.WAIT
    return Move.NOTHING


def step(state: OrderState, event: Event) -> OrderState:
    """The state after an event; an event that tells nothing new leaves the state as it is."""
    match event:
        case Journaled():
            return replace(state, phase=Phase.DOUBT, sends=state.sends + 1, misses=0, is_looked_up=False)
        case Answered(outcome=outcome):
            return _answered(state, outcome)
        case Seen(order=order):
            return _seen(state, order)
        case Missed():
            return _missed(state)
        case CancelAnswered(outcome=outcome):
            return _cancel_answered(state, outcome)
        case Withheld(why=why):
            return replace(state, phase=Phase.SHORT, why=why) if state.phase is Phase.READY else state


def _answered(state: OrderState, outcome: Outcome) -> OrderState:
    if state.phase is not Phase.DOUBT:
        return state
    if isinstance(outcome, Accepted):
        return _seen(state, outcome.order)
    if isinstance(outcome, Unknown):
        is_throttled = outcome.doubt is Doubt.RATE and (state.sends == 1 or state.is_throttled)
        return replace(state, is_throttled=is_throttled, why=outcome.message)
    was_in_doubt = state.sends > 1 and not state.is_throttled
    if outcome.refusal is Refusal.DUPLICATE or was_in_doubt:
        return replace(state, is_barred=True, refusal=outcome.refusal, why=outcome.message)
    return replace(state, phase=Phase.SHORT, refusal=outcome.refusal, why=outcome.message)


def _seen(state: OrderState, order: Order) -> OrderState:
    if state.phase in {Phase.DONE, Phase.STUCK}:
        return state
    problem = _clash(state, order)
    if problem:
        return replace(state, phase=Phase.STUCK, order=order, why=problem)
    order = _with_every_fill(state.order, order)
    if not order.status.is_over:
        phase = Phase.CANCELLING if order.status is Status.CANCELLING else Phase.OPEN
        if state.phase is Phase.CANCELLING:
            phase = Phase.CANCELLING
        return replace(state, phase=phase, order=order, misses=0, is_looked_up=False)
    if order.status is Status.REPLACED:
        return replace(state, phase=Phase.STUCK, order=order, why="somebody replaced the order at the broker")
    return _settled(state, order)


def _settled(state: OrderState, order: Order) -> OrderState:
    """The attempt is over: its fills count, and its number is used up.

    What was over before this run touched it leaves a rest to send; what this run sent or waited for is not sent again
    in the same run: a person, or the next run, decides.
    """
    filled = state.filled + order.filled
    fresh = OrderState(trade=state.trade, attempt=state.attempt + 1, filled=filled)
    if filled == state.trade.quantity:
        return replace(fresh, phase=Phase.DONE)
    if state.phase is Phase.READY:
        return fresh
    why = f"{order.word} with {order.filled} of {order.quantity} filled"
    return replace(fresh, phase=Phase.SHORT, why=f"{why}: {order.reason}" if order.reason else why)


def _missed(state: OrderState) -> OrderState:
    if state.phase is Phase.READY:
        return replace(state, is_looked_up=True)
    if state.phase is Phase.DOUBT:
        return replace(state, misses=state.misses + 1)
    return state


def _cancel_answered(state: OrderState, outcome: CancelOutcome) -> OrderState:
    if state.phase is not Phase.OPEN:
        return state
    phase = Phase.CANCELLING if isinstance(outcome, CancelAsked) else Phase.OPEN
    return replace(state, phase=phase, cancels=state.cancels + 1)


def _clash(state: OrderState, order: Order) -> str:
    """Why the order under our id is not the one we would have sent; empty when it is."""
    trade = state.trade
    if (order.symbol, order.side) != (trade.symbol, trade.side):
        return f"the broker has {order.side} {order.symbol} under the id of {trade.side} {trade.symbol}"
    if order.quantity is None or order.quantity > state.rest:
        return f"the broker has an order over {order.quantity} under an id meant for {state.rest} shares"
    if order.filled > order.quantity:
        return f"the broker says {order.filled} filled of an order over {order.quantity}"
    return ""


def _with_every_fill(before: Order | None, order: Order) -> Order:
    """The order, with no fewer fills than were seen before: reads may arrive out of order."""
    if before is None or before.broker_id != order.broker_id or before.filled <= order.filled:
        return order
    return replace(order, filled=before.filled)
