"""Laws of the pure order machine, driven by hypothesis against a broker that answers, lies late and loses as it likes.

The model broker keeps one order an id for ever and refuses the second; it may lose the question or the answer, hide new
orders from reads, refuse, reject, fill in parts, cancel late. Crashes forget everything but the journal of intents.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from lotwright.book.kinds import Side
from lotwright.execution.broker import Accepted, CancelAsked, CancelRefused, Doubt, Refusal, Rejected, Unknown
from lotwright.execution.facts import Order, Status
from lotwright.execution.orders import (
    MISSES,
    Answered,
    CancelAnswered,
    Journaled,
    Missed,
    Move,
    OrderState,
    Phase,
    Seen,
    Withheld,
    next_move,
    step,
)
from tests.execution.world import D, trade

PLANNED, ZERO = D(10), D(0)
TRADE = trade("sell", "AAA", PLANNED)

fates = st.sampled_from(["ok", "ok", "lost before", "lost after", "too fast", "refused"])


@dataclass
class Kept:
    quantity: Decimal
    status: Status = Status.WORKING
    filled: Decimal = ZERO
    hidden: int = 0


@dataclass
class ModelBroker:
    """What really happened: one order an id."""

    orders: dict[int, Kept] = field(default_factory=dict)

    @property
    def executed(self) -> Decimal:
        return sum((kept.filled for kept in self.orders.values()), D(0))

    def shown(self, attempt: int) -> Order | None:
        kept = self.orders.get(attempt)
        if kept is None:
            return None
        if kept.hidden > 0:
            kept.hidden -= 1
            return None
        return Order(
            broker_id=f"b{attempt}",
            client_id=str(attempt),
            symbol="AAA",
            side=Side.SELL,
            kind="limit",
            duration="day",
            status=kept.status,
            word=str(kept.status),
            filled=kept.filled,
            quantity=kept.quantity,
        )

    def submit(self, attempt: int, quantity: Decimal, fate: str, hidden: int) -> object:
        lost = Unknown(doubt=Doubt.NO_ANSWER, message="lost")
        if fate == "lost before":
            return lost
        if fate == "too fast":
            return Unknown(doubt=Doubt.RATE, message="too fast")
        if attempt in self.orders:
            return lost if fate == "lost after" else Rejected(refusal=Refusal.DUPLICATE, message="duplicate")
        if fate == "refused":
            return Rejected(refusal=Refusal.SHARES, message="refused")
        self.orders[attempt] = Kept(quantity=quantity, hidden=hidden)
        if fate == "lost after":
            return lost
        order = ModelBroker.shown(ModelBroker(orders={attempt: Kept(quantity=quantity)}), attempt)
        assert order is not None
        return Accepted(order=order)

    def fill(self, attempt: int, shares: int) -> None:
        kept = self.orders[attempt]
        if kept.status.is_over:
            return
        kept.filled = min(kept.filled + shares, kept.quantity)
        if kept.filled == kept.quantity:
            kept.status = Status.FILLED

    def end(self, attempt: int, status: Status) -> None:
        kept = self.orders[attempt]
        if not kept.status.is_over:
            kept.status = status


def restarted(model: ModelBroker, intents: set[int]) -> OrderState:
    """What start-up makes of the broker's list and the journal's intents (as opening.py does)."""
    state = OrderState(trade=TRADE)
    while state.phase is Phase.READY:
        order = model.shown(state.attempt)
        if order is None:
            return step(state, Journaled()) if state.attempt in intents else state
        state = step(state, Seen(order=order))
    return state


def act(state: OrderState, model: ModelBroker, intents: set[int], data: st.DataObject, *, winding: bool) -> OrderState:
    """One move of the executor; the fate of what it sends is drawn."""
    move = next_move(state, is_winding_down=winding)
    if move is Move.LOOK or move is Move.WAIT:
        order = model.shown(state.attempt)
        return step(state, Missed() if order is None else Seen(order=order))
    if move is Move.SEND:
        intents.add(state.attempt)
        attempt, quantity = state.attempt, state.rest
        state = step(state, Journaled())
        if data.draw(st.integers(0, 9), label="crash before sending") == 0:
            return restarted(model, intents)
        outcome = model.submit(attempt, quantity, data.draw(fates, label="fate"), data.draw(st.integers(0, 3)))
        if data.draw(st.integers(0, 9), label="crash before hearing") == 0:
            return restarted(model, intents)
        return step(state, Answered(outcome=outcome))
    if move is Move.CANCEL:
        if data.draw(st.booleans(), label="cancel heard"):
            model.end(state.attempt, Status.CANCELLED)
        answers = [CancelAsked(), CancelRefused(message="no"), Unknown(doubt=Doubt.NO_ANSWER, message="lost")]
        return step(state, CancelAnswered(outcome=data.draw(st.sampled_from(answers))))
    return state


@settings(max_examples=150)
@given(st.data())
def test_never_more_than_planned_and_never_one_id_twice(data: st.DataObject):
    model, intents, state = ModelBroker(), set[int](), OrderState(trade=TRADE)
    for _ in range(data.draw(st.integers(1, 40), label="moves")):
        state = act(state, model, intents, data, winding=data.draw(st.integers(0, 4)) == 0)
        for attempt in model.orders:
            kind = data.draw(st.integers(0, 5))
            if kind <= 1:
                model.fill(attempt, data.draw(st.integers(1, 6)))
            elif kind == 2:
                model.end(attempt, data.draw(st.sampled_from([Status.CANCELLED, Status.EXPIRED, Status.REJECTED])))
        if data.draw(st.integers(0, 14), label="restart") == 0:
            state = restarted(model, intents)
        assert model.executed <= PLANNED
        assert state.executed <= model.executed
        assert sum(not kept.status.is_over for kept in model.orders.values()) <= 1
        assert set(model.orders) <= intents
    # the fault clears: restarts and moves complete the plan exactly
    for kept in model.orders.values():
        kept.hidden = 0
    for turn in range(60):
        if state.phase is Phase.DONE:
            break
        if state.phase is Phase.SHORT or turn % 15 == 14:
            state = restarted(model, intents)
        move = next_move(state, is_winding_down=False)
        if move is Move.SEND:
            intents.add(state.attempt)
            attempt, quantity = state.attempt, state.rest
            state = step(state, Journaled())
            state = step(state, Answered(outcome=model.submit(attempt, quantity, "ok", 0)))
        else:
            order = model.shown(state.attempt)
            state = step(state, Missed() if order is None else Seen(order=order))
        for attempt in model.orders:
            model.fill(attempt, 10)
    assert state.phase is Phase.DONE
    assert model.executed == PLANNED


def seen(status: Status = Status.WORKING, **given: object) -> Seen:
    order = ModelBroker(orders={0: Kept(quantity=PLANNED, status=status)}).shown(0)
    assert order is not None
    fields = {name: getattr(order, name) for name in Order.__dataclass_fields__}
    return Seen(order=Order(**{**fields, **given}))


def test_an_order_is_looked_up_before_it_is_sent():
    state = OrderState(trade=TRADE)
    assert next_move(state, is_winding_down=False) is Move.LOOK
    assert next_move(step(state, Missed()), is_winding_down=False) is Move.SEND


def test_silence_is_broken_only_after_enough_of_it():
    state = step(step(OrderState(trade=TRADE), Missed()), Journaled())
    assert MISSES >= 3  # reads lag: "lookup 404 (several times) -> same id once more"
    for _ in range(MISSES):
        assert next_move(state, is_winding_down=False) is Move.LOOK
        state = step(state, Missed())
    assert next_move(state, is_winding_down=False) is Move.SEND
    assert next_move(state, is_winding_down=True) is Move.LOOK


def test_a_refusal_after_a_doubt_proves_nothing():
    """The first may have been taken and hold the shares: the second's refusal says nothing about it."""
    state = step(step(OrderState(trade=TRADE), Missed()), Journaled())
    state = step(state, Answered(outcome=Unknown(doubt=Doubt.NO_ANSWER, message="lost")))
    for _ in range(MISSES):
        state = step(state, Missed())
    state = step(step(state, Journaled()), Answered(outcome=Rejected(refusal=Refusal.SHARES, message="held")))
    assert state.phase is Phase.DOUBT
    for _ in range(3 * MISSES):
        assert next_move(state, is_winding_down=False) is Move.LOOK
        state = step(state, Missed())
    assert step(state, seen(Status.FILLED, filled=PLANNED)).phase is Phase.DONE


def test_fills_seen_are_not_taken_back_by_a_late_read():
    state = step(OrderState(trade=TRADE), seen(filled=D(6)))
    assert step(state, seen(filled=D(4))).executed == 6


def test_an_order_in_flight_is_not_lost_because_a_read_misses_it():
    state = step(OrderState(trade=TRADE), seen())
    assert step(state, Missed()) == state


def test_what_is_under_our_id_and_not_ours_is_never_built_upon():
    for wrong in ({"symbol": "BBB"}, {"side": Side.BUY}, {"quantity": D(11)}, {"quantity": None}):
        state = step(OrderState(trade=TRADE), seen(**wrong))
        assert state.phase is Phase.STUCK
        assert next_move(state, is_winding_down=False) is Move.NOTHING


def test_what_was_withheld_is_not_sent():
    state = step(step(OrderState(trade=TRADE), Missed()), Withheld(why="no quote"))
    assert (state.phase, state.why) == (Phase.SHORT, "no quote")
    assert next_move(state, is_winding_down=False) is Move.NOTHING
