"""``lotwright broker simulate``: a broker on this machine, to try everything without an account."""

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lotwright.errors import BrokerError

if TYPE_CHECKING:
    from lotwright.execution.standin.exchange import Exchange
    from lotwright.execution.standin.house import House

app = typer.Typer(no_args_is_help=True, help="A broker on this machine, to try everything without an account.")


@app.callback()
def root() -> None:
    """Keep ``simulate`` a command of its own, whatever else joins it."""


@app.command()
def simulate(
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="Port on 127.0.0.1; 0: any free one.")] = 8760,
    book: Annotated[
        Path | None, typer.Option("--book", help="Folder of a book: its accounts, lots, cash and prices.")
    ] = None,
    account: Annotated[
        list[str] | None, typer.Option("--account", help="Only this account of the book; may be repeated.")
    ] = None,
    faults: Annotated[
        str | None, typer.Option("--faults", help="JSON list of faults of the line, or a file of it.")
    ] = None,
    state: Annotated[
        Path | None, typer.Option("--state", help="File that remembers the account; absent: nothing is remembered.")
    ] = None,
    at: Annotated[
        str | None,
        typer.Option("--at", help="Time to show first, e.g. 2026-11-23T10:30-05:00. Else now, or the next session."),
    ] = None,
    speed: Annotated[
        float, typer.Option("--speed", min=0.0, help="Its seconds for each of ours; 0: time stands until moved.")
    ] = 1.0,
    limit: Annotated[int, typer.Option("--limit", min=0, help="Requests a minute; 0: no limit.")] = 200,
    seed: Annotated[int, typer.Option("--seed", help="Seed of the chances of faults.")] = 0,
) -> None:
    """Serve a stand-in for Alpaca on 127.0.0.1 until Ctrl-C: orders fill, positions and cash follow, nothing is real."""
    from lotwright.execution.standin.house import SECRET, House
    from lotwright.execution.standin.server import Server
    from lotwright.execution.standin.sessions import Sessions
    from lotwright.execution.standin.tape import Tape
    from lotwright.execution.standin.timing import StandInTime

    exchanges = _exchanges(book, account)
    start = _start(at, Sessions())
    opening = {"book": "" if book is None else str(book), "accounts": list(exchanges)}
    tape = None if state is None else Tape(state, opening=opening)
    if tape is not None and tape.opening != opening:
        raise BrokerError(
            f"{state} remembers {dict(tape.opening)}, not {opening}. Name another file, or the same book."
        )
    clock = StandInTime(start, speed=speed)
    house = House(exchanges, time=clock, limit=limit or None, seed=seed, tape=tape)
    for fault in _faults(faults):
        house.faults.add(fault)
    with Server(house, port=port) as server:
        typer.echo(
            f"Stand-in broker at {server.url}, showing {clock.now().isoformat(timespec='seconds')}. Nothing is real."
        )
        for key, exchange in exchanges.items():
            typer.echo(f"  account {exchange.terms.number}: APCA_API_KEY_ID={key} APCA_API_SECRET_KEY={SECRET}")
        typer.echo(f"  see and change it: {server.url}/standin/ledger, POST quote, manner, fault, advance ... there")
        typer.echo("Ctrl-C ends it.", err=True)
        _until_stopped()
    _say_end(house)


def _until_stopped() -> None:
    stopped = Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: stopped.set())
    while not stopped.wait(0.5):
        pass


def _say_end(house: House) -> None:
    asked = house.asked
    modifying = sum(each.is_modifying for each in asked)
    executions = sum(len(exchange.ledger.executions) for exchange in house.exchanges.values())
    typer.echo(f"{len(asked)} requests, {modifying} of them modifying; {executions} executions.", err=True)


def _exchanges(book: Path | None, accounts: list[str] | None) -> dict[str, Exchange]:
    from lotwright.execution.standin.house import KEY
    from lotwright.execution.standin.opening import demonstration, open_account
    from lotwright.execution.standin.terms import Terms

    if book is None:
        if accounts:
            raise BrokerError("--account names an account of a book, and no --book is given. Name the book too.")
        return {KEY: demonstration()}
    from lotwright.book.failure import Failure
    from lotwright.files.books import read_book

    found = read_book(book)
    households = [each for each in found.households.values() if not isinstance(each, Failure)]
    owned = {each.account: each for household in households for each in household.accounts}
    missing = sorted(set(accounts or ()) - set(owned))
    if missing:
        raise BrokerError(f"{book} has no account {', '.join(missing)}. It has {', '.join(sorted(owned))}.")
    wanted = accounts or sorted(owned)
    if not wanted:
        raise BrokerError(f"{book} has no account that can be read. Run lotwright plan {book} to see why.")
    keys = [KEY] + [f"{KEY}{number}" for number in range(2, len(wanted) + 1)]
    return {
        key: open_account(owned[name], found.market.prices, terms=Terms(number=name))
        for key, name in zip(keys, wanted, strict=True)
    }


def _start(at: str | None, sessions: Any) -> datetime:
    if at is not None:
        try:
            given = datetime.fromisoformat(at)
        except ValueError as error:
            raise BrokerError(f"--at {at!r} is no time. Write it like 2026-11-23T10:30-05:00.") from error
        if given.tzinfo is None:
            raise BrokerError(f"--at {at} has no time zone. Write it like 2026-11-23T10:30-05:00.")
        return given
    now = datetime.now(UTC)
    if sessions.at(now) is not None:
        return now
    opens: datetime = sessions.next_open(now)
    typer.echo(
        "The market is closed now: the stand-in shows the next session, half an hour after its opening.", err=True
    )
    return opens + timedelta(minutes=30)


def _faults(given: str | None) -> list[Any]:
    import json

    from lotwright.execution.standin.faults import read_fault

    if given is None:
        return []
    text = given if given.lstrip().startswith(("[", "{")) else Path(given).read_text(encoding="utf-8")
    try:
        found = json.loads(text)
    except json.JSONDecodeError as error:
        raise BrokerError(f"--faults is not JSON: {error}. Write a list of objects, each with a kind.") from error
    rows = found if isinstance(found, list) else [found]
    if not all(isinstance(row, dict) for row in rows):
        raise BrokerError("--faults is no list of objects. Write a list of objects, each with a kind.")
    return [read_fault(row) for row in rows]
