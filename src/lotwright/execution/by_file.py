"""Carry out by files: order files for a custodian, and the fills it sends back.

The custodian's own system is the executor then; ours writes the same files for the same plan, sales and purchases apart
(purchases are to be sent when the sales have filled), takes each fill once, and says what remains.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

from lotwright.book.kinds import Side
from lotwright.errors import FillError, StateError
from lotwright.execution.custodian_csv import orders_csv
from lotwright.execution.executed import Executed
from lotwright.execution.journal import Journal, Record
from lotwright.execution.orders import OrderState, Phase
from lotwright.execution.report import OrderLine, Proposal, RunReport, differences, order_line
from lotwright.execution.rules import Rules, over_cap
from lotwright.execution.sheet import OrderSheet, client_id, file_name, moved, signed
from lotwright.execution.stops import Reason, Stop

ORDERS = "orders"
NAME = "csv"
ZERO = Decimal(0)


def order_files(sheet: OrderSheet, rules: Rules) -> dict[str, str]:
    """The files of a sheet, by name: sales first, purchases second; the same sheet gives the same bytes."""
    stem = f"{sheet.plan[:12]}-{file_name(sheet.account)}"
    wanted = (("1-sells", Side.SELL, sheet.sells), ("2-buys", Side.BUY, sheet.buys))
    return {f"{stem}-{word}.csv": orders_csv(sheet, side, rules) for word, side, trades in wanted if trades}


def carry_out_by_file(
    sheet: OrderSheet, journal: Journal, rules: Rules, *, folder: Path, fills: Sequence[Executed], is_sending: bool
) -> RunReport:
    """Write the order files (once), take in fills (each once), and report where the sheet stands.

    Parameters
    ----------
    folder : Path
        The state folder; files go into ``orders`` there.
    fills : sequence of Executed
        As :func:`~lotwright.execution.custodian_csv.read_fills` read them: with those of earlier files they are all.
    is_sending : bool
        False: nothing is written.

    Raises
    ------
    FillError
        With those taken in before, more is filled than was ordered.
    StateError
        A file cannot be written, or stands there with other bytes.
    """
    problem = over_cap(sheet.trades, rules)
    known = {done.fill: done for done in map(_executed, journal.of(sheet.key)) if done is not None}
    fresh = [done for done in fills if done.fill not in known]
    every = (*known.values(), *fresh)
    states = {trade.symbol: _state(OrderState(trade=trade), every) for trade in sheet.trades}
    if is_sending and not problem:
        _write(order_files(sheet, rules), folder, journal, sheet)
        for done in fresh:
            journal.append("fill", _record(done, sheet))
    stop = Stop(reason=Reason.CAP, text=problem) if problem else _stop(states, every, is_sending=is_sending)
    held = None if sheet.positions is None else _held(sheet, states)
    return RunReport(
        household=sheet.household,
        account=sheet.account,
        plan=sheet.plan,
        broker=NAME,
        stop=stop,
        lines=tuple(_line(sheet, states[trade.symbol], every) for trade in (*sheet.sells, *sheet.buys)),
        differences=() if held is None or every == () else differences(sheet.after() or {}, held, of="shares of {}"),
        fills=tuple(sorted(every, key=lambda done: (done.day, done.side is Side.BUY, done.symbol, done.fill))),
        positions=held,
        relieves="specific",
    )


def _stop(states: dict[str, OrderState], every: Sequence[Executed], *, is_sending: bool) -> Stop:
    if all(state.phase is Phase.DONE for state in states.values()):
        return Stop(reason=Reason.DONE)
    if not is_sending:
        return Stop(reason=Reason.DRY_RUN)
    if not every:
        return Stop(reason=Reason.AWAITING_FILLS)
    short = [state for state in states.values() if state.phase is not Phase.DONE]
    words = "; ".join(f"{s.trade.side} {s.trade.symbol}: {s.filled:f} of {s.trade.quantity:f}" for s in short)
    return Stop(reason=Reason.FILLS_SHORT, text=words)


def _state(state: OrderState, every: Sequence[Executed]) -> OrderState:
    trade = state.trade
    filled = sum((done.quantity for done in every if (done.symbol, done.side) == (trade.symbol, trade.side)), ZERO)
    if filled > trade.quantity:
        raise FillError(
            f"{trade.account}: {filled:f} shares of {trade.symbol} are filled, and {trade.quantity:f} were ordered. The same "
            "fills may stand in two files under different names: correct the file, or ask the custodian."
        )
    phase = Phase.DONE if filled == trade.quantity else Phase.OPEN
    return replace(state, filled=filled, phase=phase)


def _line(sheet: OrderSheet, state: OrderState, every: Sequence[Executed]) -> OrderLine:
    trade = state.trade
    mine = [done for done in every if (done.symbol, done.side) == (trade.symbol, trade.side)]
    paid = sum((done.quantity * done.price for done in mine), ZERO)
    proposal = Proposal(client_id=client_id(sheet, trade, 0), quantity=state.remaining) if state.remaining else None
    return order_line(state, paid=paid, proposal=proposal)


def _held(sheet: OrderSheet, states: dict[str, OrderState]) -> dict[str, Decimal]:
    by = {symbol: signed(state.trade.side, state.filled) for symbol, state in states.items()}
    return moved(sheet.positions or {}, by)


def _write(files: dict[str, str], folder: Path, journal: Journal, sheet: OrderSheet) -> None:
    place = folder / ORDERS
    place.mkdir(exist_ok=True, mode=0o700)
    for name, text in files.items():
        path = place / name
        if path.exists():
            if path.read_bytes() != text.encode():
                raise StateError(
                    f"{path} was changed since it was written, or the rules were. Remove it to have it written again, if "
                    "it was not sent."
                )
            continue
        journal.append("export", {"plan": sheet.plan, "account": sheet.account, "file": name})
        draft = path.with_suffix(".draft")
        draft.write_bytes(text.encode())
        with draft.open("rb") as stream:
            os.fsync(stream.fileno())
        draft.replace(path)


def _record(done: Executed, sheet: OrderSheet) -> dict[str, str]:
    return {
        "plan": sheet.plan,
        "account": sheet.account,
        "fill": done.fill,
        "order": done.order,
        "symbol": done.symbol,
        "side": str(done.side),
        "quantity": f"{done.quantity:f}",
        "price": f"{done.price:f}",
        "day": done.day.isoformat(),
        "fee": f"{done.fee:f}",
    }


def _executed(record: Record) -> Executed | None:
    if record.kind != "fill":
        return None
    says = record.says
    return Executed(
        fill=says["fill"],
        order=says["order"],
        account=says["account"],
        symbol=says["symbol"],
        side=Side(says["side"]),
        quantity=Decimal(says["quantity"]),
        price=Decimal(says["price"]),
        day=date.fromisoformat(says["day"]),
        fee=Decimal(says["fee"]),
    )
