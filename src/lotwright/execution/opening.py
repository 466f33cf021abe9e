"""Before the first order: what the broker has of this plan already, and whether its world is the plan's.

Start and recovery are this one path: every id the plan can have is looked for at the broker, doubts the journal remembers
are looked up until they are settled, and positions must be what the plan was made from plus what it filled.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from lotwright.execution.broker import Broker
from lotwright.execution.desk import Desk
from lotwright.execution.facts import AccountFacts, Clock, Duration, Order, Session
from lotwright.execution.orders import MISSES, Journaled, Missed, Move, OrderState, Phase, next_move
from lotwright.execution.report import Difference, differences
from lotwright.execution.rules import over_cap
from lotwright.execution.sheet import client_id, moved
from lotwright.execution.stops import Reason, StopRun

NEW_YORK = ZoneInfo("America/New_York")
ZERO = Decimal(0)
LAG = 5
"""How often positions are read again before they are said to differ: they follow fills by moments."""

SessionOf = Callable[[date], Session | None]


def check_number(desk: Desk, numbers: frozenset[str] | None) -> None:
    """Stop where the broker's account is not among those that may be used."""
    if numbers is None:
        return
    number = desk.read(desk.broker.account).number
    if number not in numbers:
        named = ", ".join(sorted(numbers)) or "none"
        raise StopRun(Reason.ACCOUNT, f"It is {number}; those that may be used: {named}.")


def resume(desk: Desk, facts: AccountFacts) -> None:
    """Learn where every order of the plan stands, and what the positions were before it.

    Raises
    ------
    StopRun
        The account is not the one bound before, or its positions are not what they must be.
    """
    _check_account(desk, facts)
    _adopt(desk)
    _settle_doubts(desk)
    _check_base(desk)


def gate(desk: Desk, facts: AccountFacts, known_session: SessionOf | None = None) -> Clock:
    """Everything that must be so before an order may be sent.

    Raises
    ------
    StopRun
        One of them is not.
    """
    rules = desk.around.rules
    problem = over_cap(desk.sheet.trades, rules)
    if problem:
        raise StopRun(Reason.CAP, problem[0].upper() + problem[1:] + ".")
    if facts.blocks:
        raise StopRun(Reason.BLOCKED, f"It says: {', '.join(facts.blocks)}.")
    clock = desk.read(desk.broker.clock)
    _check_skew(desk, clock)
    check_session(desk, clock)
    _check_calendar(desk.broker, desk, clock, known_session)
    today = clock.now.astimezone(NEW_YORK).date()
    age = (today - desk.sheet.as_of).days
    if age < 0 or age > rules.plan_days:
        raise StopRun(
            Reason.EXPIRED,
            f"They are of {desk.sheet.as_of.isoformat()}; the broker's day is {today.isoformat()}, and a plan may be "
            f"{rules.plan_days} days old (plan_days).",
        )
    _check_open_orders(desk)
    return clock


def _check_skew(desk: Desk, clock: Clock) -> None:
    """Stop where this machine's clock is wrong: sessions are the broker's, but approvals end by ours."""
    most = desk.around.rules.clock_skew
    if clock.skew is not None and abs(clock.skew) > most:
        raise StopRun(
            Reason.CLOCK,
            f"This machine's clock is {abs(clock.skew):,.0f} seconds {'ahead of' if clock.skew > 0 else 'behind'} the "
            f"broker's, and {most:g} are allowed (clock_skew). Set it right.",
        )


def check_session(desk: Desk, clock: Clock) -> None:
    """Stop unless orders may be sent at this time of the broker's day."""
    rules = desk.around.rules
    if rules.duration is Duration.AT_OPEN:
        if clock.is_open:
            raise StopRun(Reason.MARKET_CLOSED, "Orders at the open are sent before it; it is open now.")
        return
    if not clock.is_open:
        raise StopRun(Reason.MARKET_CLOSED, f"It opens at {clock.next_open.isoformat()}.")
    if (clock.next_close - clock.now).total_seconds() < rules.before_close:
        raise StopRun(
            Reason.CLOSING,
            f"It closes at {clock.next_close.isoformat()}, and {rules.before_close:g} seconds must be left (before_close).",
        )


def position_differences(desk: Desk) -> tuple[Difference, ...]:
    """What differs between the positions at the broker and those expected, after giving them time to agree."""
    found: tuple[Difference, ...] = ()
    for turn in range(LAG):
        if turn:
            desk.around.waiting.sleep(1.0)
            _find_news(desk)
        held = desk.read(desk.broker.positions)
        actual = {symbol: position.quantity for symbol, position in held.items() if position.quantity}
        found = differences(desk.expected, actual, of="shares of {}")
        if not found:
            return ()
    return found


def _check_account(desk: Desk, facts: AccountFacts) -> None:
    bound = [
        record.says["number"]
        for record in desk.around.journal
        if record.kind == "account" and record.says.get("account") == desk.sheet.account
    ]
    if bound and bound[-1] != facts.number:
        raise StopRun(
            Reason.ACCOUNT,
            f"{desk.sheet.account} was carried out in the broker's account {bound[-1]} before, and this is {facts.number}.",
        )
    if not bound:
        desk.write("account", {"number": facts.number, "broker": desk.broker.name})


def _adopt(desk: Desk) -> None:
    """Take over every order of this plan that the broker or the journal knows."""
    listed = {order.client_id: order for order in desk.read(lambda: desk.broker.orders_since(desk.since))}
    intents = {
        str(record.says["client_id"]): int(record.says["attempt"])
        for record in desk.around.journal.of(desk.sheet.key)
        if record.kind == "intent"
    }
    for key in desk.states:
        while True:
            state = desk.states[key]
            wanted = desk.id_of(state)
            order = listed.get(wanted)
            if order is None and _was_intended(desk, state, intents):
                order = desk.read(lambda wanted=wanted: desk.broker.order(wanted))  # type: ignore[misc]
            if order is not None:
                if desk.show(key, order).phase is not Phase.READY:
                    break
                continue
            if wanted in intents:
                desk.tell(key, Journaled())
            break


def _find_news(desk: Desk) -> None:
    """Learn what happened to this plan's orders since they were looked up, those of another machine included."""
    listed = {order.client_id: order for order in desk.read(lambda: desk.broker.orders_since(desk.since))}
    for key, state in list(desk.states.items()):
        order = listed.get(desk.id_of(state))
        if order is not None:
            desk.show(key, order)


def _was_intended(desk: Desk, state: OrderState, intents: Mapping[str, int]) -> bool:
    """True when the journal knows an intent of this attempt, or of a later one."""
    later = (client_id(desk.sheet, state.trade, attempt) for attempt in range(state.attempt, state.attempt + 3))
    return any(wanted in intents for wanted in later)


def _settle_doubts(desk: Desk) -> None:
    """Look up what the journal meant to send, until it is found or silence has lasted long enough."""
    while True:
        doubtful = [
            key
            for key, state in desk.states.items()
            if state.phase is Phase.DOUBT
            and state.misses < MISSES
            and next_move(state, is_winding_down=False) is Move.LOOK
        ]
        if not doubtful:
            return
        desk.heed()
        for key in doubtful:
            order = desk.look(key)
            if order is None:
                desk.tell(key, Missed())
            else:
                desk.show(key, order)
        desk.around.waiting.sleep(0.5)


def _check_base(desk: Desk) -> None:
    if desk.sheet.positions is not None:
        desk.base = dict(desk.sheet.positions)
        found = position_differences(desk)
    else:
        found = _base_of_broker(desk)
    if found:
        raise StopRun(Reason.POSITIONS, "; ".join(str(each) for each in found) + ".")


def _base_of_broker(desk: Desk) -> tuple[Difference, ...]:
    """Positions before this plan, where the plan does not say: as written down at its first run, else as they are now."""
    written = [record for record in desk.around.journal.of(desk.sheet.key) if record.kind == "base"]
    if written:
        desk.base = {symbol: Decimal(quantity) for symbol, quantity in written[0].says["positions"].items()}
        return position_differences(desk)
    held = {symbol: position.quantity for symbol, position in desk.read(desk.broker.positions).items()}
    desk.base = moved(held, {symbol: -quantity for symbol, quantity in desk.executed.items()})
    desk.notes.append(
        "The plan does not say which positions it was made from, so those at the broker were taken for them, as far as "
        "they fit its sales and weights."
    )
    found = _misfits(desk)
    if not found:
        desk.write("base", {"positions": {symbol: f"{quantity:f}" for symbol, quantity in desk.base.items()}})
    return found


def _misfits(desk: Desk) -> tuple[Difference, ...]:
    """Where the broker's positions cannot be those of a plan that states only sales and weights."""
    found = [
        Difference(
            what=f"shares of {trade.symbol}, at least", expected=trade.quantity, found=desk.base.get(trade.symbol, ZERO)
        )
        for trade in desk.sheet.sells
        if desk.base.get(trade.symbol, ZERO) < trade.quantity
    ]
    for symbol, weight in sorted((desk.sheet.weights or {}).items()):
        held = desk.base.get(symbol, ZERO)
        if (weight > 0) != (held > 0):
            found.append(
                Difference(what=f"shares of {symbol} (weight {weight:.1%})", expected=Decimal(str(weight)), found=held)
            )
    return tuple(found)


def _check_calendar(broker: Broker, desk: Desk, clock: Clock, known_session: SessionOf | None) -> None:
    """The broker's clock, its calendar, and the calendar this machine knows must tell one story about today."""
    now = clock.now
    today = now.astimezone(NEW_YORK).date()
    sessions = [session for session in desk.read(lambda: broker.calendar(today, today)) if session.day == today]
    session = sessions[0] if sessions else None
    is_within = session is not None and session.opens <= now < session.closes
    if is_within != clock.is_open:
        told = "no session" if session is None else f"a session from {_at(session.opens)} to {_at(session.closes)}"
        raise StopRun(
            Reason.CALENDAR,
            f"At {_at(now)} on {today.isoformat()} the clock says {'open' if clock.is_open else 'closed'} and the "
            f"calendar has {told}.",
        )
    if known_session is None or session is None:
        return
    known = known_session(today)
    if known is None or known.closes != session.closes or known.opens != session.opens:
        told = "no session" if known is None else f"{_at(known.opens)} to {_at(known.closes)}"
        raise StopRun(
            Reason.CALENDAR,
            f"The broker's session of {today.isoformat()} is {_at(session.opens)} to {_at(session.closes)}; the exchange "
            f"calendar of this machine has {told}.",
        )


def _check_open_orders(desk: Desk) -> None:
    ours = {desk.id_of(state) for state in desk.states.values()}
    foreign = [order for order in desk.read(desk.broker.open_orders) if order.client_id not in ours]
    if foreign:
        raise StopRun(Reason.FOREIGN_ORDERS, "Open: " + "; ".join(_words(order) for order in foreign[:5]) + ".")


def _words(order: Order) -> str:
    amount = f"${order.notional}" if order.quantity is None else f"{order.quantity:f}"
    return f"{order.side} {amount} {order.symbol} ({order.word}, id {order.client_id})"


def _at(moment: datetime) -> str:
    return moment.astimezone(NEW_YORK).strftime("%H:%M:%S New York")
