"""Carry out one account's plan: sells, then buys with the money that came in, then hold the result against the plan.

Whatever happens, the answer is a report: why it ended, what filled, what remains, what differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from decimal import Decimal

from lotwright.book.kinds import Side
from lotwright.errors import BrokerError, StateError
from lotwright.execution.broker import Broker
from lotwright.execution.desk import Desk, Surroundings
from lotwright.execution.executed import Executed, executed_of
from lotwright.execution.facts import AccountFacts
from lotwright.execution.opening import SessionOf, check_number, gate, position_differences, resume
from lotwright.execution.orders import OrderState, Phase, Withheld
from lotwright.execution.report import Proposal, RunReport, differences, order_line
from lotwright.execution.sheet import OrderSheet, key_of
from lotwright.execution.stops import Reason, Stop, StopRun
from lotwright.execution.trading import Floor

ZERO = Decimal(0)


def carry_out(
    sheet: OrderSheet,
    broker: Broker,
    around: Surroundings,
    *,
    known_session: SessionOf | None = None,
    numbers: frozenset[str] | None = None,
) -> RunReport:
    """Carry out one account's plan, or as much of it as is safe now; run again, it goes on where this ended.

    Parameters
    ----------
    sheet : OrderSheet
        What is to be done. That it was approved is the caller's to check.
    broker : Broker
        The account's.
    around : Surroundings
        Journal, rules, waiting, and whether to send at all.
    known_session : callable, optional
        The session of a day as this machine's exchange calendar has it; None for no session.
    numbers : frozenset of str, optional
        The broker's account numbers that may be used; any when not given.

    Returns
    -------
    RunReport
        With reason ``done`` only if the positions at the broker equal the plan.
    """
    desk = Desk(sheet=sheet, broker=broker, around=around)
    floor = Floor(desk)
    proposals: dict[str, Proposal] = {}
    if around.is_sending:
        broker.listen(desk.tell_chain)
    try:
        check_number(desk, numbers)
        stop = _run(desk, floor, proposals, known_session)
    except StopRun as stopped:
        stop = _wound_down(desk, floor, stopped.stop)
    except StateError as error:
        stop = _wound_down(desk, floor, Stop(reason=Reason.STATE, text=str(error)))
    except BrokerError as error:
        stop = _wound_down(desk, floor, Stop(reason=Reason.LINE, text=str(error)))
    if stop.reason is not Reason.DRY_RUN:
        desk.is_winding_down = True
        desk.write("ended", {"reason": str(stop.reason), "text": stop.text})
    return _report(desk, stop, proposals)


def look(
    sheet: OrderSheet, broker: Broker, around: Surroundings, *, numbers: frozenset[str] | None = None
) -> RunReport:
    """Where a plan stands at the broker, and every position that differs from it; nothing is sent."""
    desk = Desk(sheet=sheet, broker=broker, around=replace(around, is_sending=False))
    try:
        check_number(desk, numbers)
        resume(desk, desk.read(broker.account))
        stop = _verdict(desk)
    except StopRun as stopped:
        stop = stopped.stop
    return _report(desk, stop, {})


def _run(desk: Desk, floor: Floor, proposals: dict[str, Proposal], known_session: SessionOf | None) -> Stop:
    desk.heed()
    facts = desk.read(desk.broker.account)
    resume(desk, facts)
    if _is_complete(desk):
        return _verdict(desk)
    gate(desk, facts, known_session)
    floor.look_at_assets(facts)
    if not desk.around.is_sending:
        proposals.update(floor.proposals())
        return Stop(reason=Reason.DRY_RUN)
    desk.write("begun", _begun(desk, facts))
    floor.work(Side.SELL)
    if all(desk.states[key_of(trade)].phase is Phase.DONE for trade in desk.sheet.sells):
        floor.work(Side.BUY)
    else:
        for trade in desk.sheet.buys:
            desk.tell(key_of(trade), Withheld(why="not bought, because sales are short"))
    return _verdict(desk)


def _begun(desk: Desk, facts: AccountFacts) -> dict[str, object]:
    """What the orders that follow rest on: the account, its money and its positions as they were."""
    return {
        "broker": desk.broker.name,
        "account_number": facts.number,
        "cash": f"{facts.cash:f}",
        "spendable": f"{facts.spendable:f}",
        "base": {symbol: f"{quantity:f}" for symbol, quantity in desk.base.items()},
        "rules": {name: str(value) for name, value in asdict(desk.around.rules).items()},
    }


def _is_complete(desk: Desk) -> bool:
    return all(state.phase is Phase.DONE for state in desk.states.values())


def _wound_down(desk: Desk, floor: Floor, stop: Stop) -> Stop:
    """Cancel and confirm what is open before leaving; why it was left is what it was before."""
    if not desk.around.is_sending:
        return stop
    try:
        floor.wind_down()
    except StopRun as again:
        desk.notes.append(f"While stopping: {again.stop}")
    if stop.reason in {Reason.LINE, Reason.SIGNAL, Reason.KILL_FILE} and _is_complete(desk):
        desk.notes.append("Every order had filled by then.")
    return stop


def _verdict(desk: Desk) -> Stop:
    """Why the run ended, from where the orders stand and what the broker holds."""
    states = list(desk.states.values())
    if all(state.phase is Phase.DONE for state in states):
        found = position_differences(desk)
        if not found:
            return Stop(reason=Reason.DONE)
        return Stop(reason=Reason.RECONCILIATION, text="; ".join(str(each) for each in found) + ".")
    for reason, some in (
        (Reason.STILL_OPEN, [s for s in states if s.phase in {Phase.OPEN, Phase.CANCELLING, Phase.STUCK}]),
        (Reason.UNKNOWN_OUTCOME, [s for s in states if s.phase is Phase.DOUBT]),
        (Reason.SELLS_SHORT, _short_sells(desk)),
        (Reason.REFUSED, [s for s in states if s.refusal is not None]),
        (Reason.UNFILLED, [s for s in states if s.phase is Phase.SHORT and s.attempt]),
    ):
        if some:
            return Stop(reason=reason, text=_words(some))
    return Stop(reason=Reason.NOT_SENT, text=_words([s for s in states if s.phase is not Phase.DONE]))


def _short_sells(desk: Desk) -> list[OrderState]:
    """Sales that are short, where there was something to buy with their money."""
    short = [s for s in desk.states.values() if s.trade.side is Side.SELL and s.phase is not Phase.DONE]
    return short if desk.sheet.buys else []


def _words(states: list[OrderState]) -> str:
    return "; ".join(
        f"{state.trade.side} {state.trade.symbol}: {state.executed:f} of {state.trade.quantity:f}"
        + (f" ({state.why})" if state.why else "")
        for state in states
    )


def _report(desk: Desk, stop: Stop, proposals: Mapping[str, Proposal]) -> RunReport:
    fills: tuple[Executed, ...] = ()
    positions: dict[str, Decimal] | None = None
    cash: Decimal | None = None
    try:
        desk.is_winding_down = True
        held = desk.read(desk.broker.positions, patience=0.0)
        positions = {symbol: position.quantity for symbol, position in held.items()}
        cash = desk.read(desk.broker.account, patience=0.0).cash
        fills = _fills(desk)
    except StopRun as stopped:
        desk.notes.append(f"The report is incomplete: {stopped.stop}")
    paid = _paid(desk, fills)
    return RunReport(
        household=desk.sheet.household,
        account=desk.sheet.account,
        plan=desk.sheet.plan,
        broker=desk.broker.name,
        stop=stop,
        lines=tuple(
            order_line(state, paid=paid.get(key), proposal=proposals.get(key)) for key, state in desk.states.items()
        ),
        differences=()
        if positions is None or not desk.base
        else differences(desk.expected, positions, of="shares of {}"),
        fills=fills,
        positions=positions,
        cash=cash,
        notes=tuple(desk.notes),
        relieves=desk.broker.relieves,
    )


def _fills(desk: Desk) -> tuple[Executed, ...]:
    """The executions of this plan's orders, each once."""
    if not any(state.executed for state in desk.states.values()):
        return ()
    found = desk.read(lambda: desk.broker.fills(desk.since), patience=5.0)
    return executed_of(found, account=desk.sheet.account, client_ids=desk.client_ids)


def _paid(desk: Desk, fills: tuple[Executed, ...]) -> dict[str, Decimal | None]:
    """Dollars of each order's fills; None where the fills told do not add up to what filled."""
    found: dict[str, Decimal | None] = {}
    for key, state in desk.states.items():
        mine = [fill for fill in fills if f"{fill.side} {fill.symbol}" == key]
        whole = sum((fill.quantity for fill in mine), ZERO)
        found[key] = sum((fill.quantity * fill.price for fill in mine), ZERO) if whole == state.executed else None
    return found
