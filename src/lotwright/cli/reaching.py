"""Who carries a sheet out: a broker that is spoken to, a simulated one, or files for a custodian."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path

from lotwright.book.holdings import Account
from lotwright.cli.call import Call
from lotwright.cli.connecting import connection_of, numbers_of, read_connections
from lotwright.errors import FillError
from lotwright.execution.broker import Broker
from lotwright.execution.by_file import carry_out_by_file
from lotwright.execution.carry_out import carry_out
from lotwright.execution.custodian_csv import read_fills
from lotwright.execution.desk import Surroundings
from lotwright.execution.facts import Session
from lotwright.execution.many import stopped
from lotwright.execution.report import RunReport
from lotwright.execution.sheet import OrderSheet

Connect = Callable[[OrderSheet, bool], tuple[Broker, frozenset[str] | None]]
"""From a sheet, and whether it is the only one, to its broker and the account numbers that may be used."""
Run = Callable[[OrderSheet, Surroundings, bool], RunReport]
"""From a sheet, what accounts share, and whether it is the only one, to what came of it."""


def at_broker(connect: Connect) -> Run:
    """Carry out at a broker that is spoken to."""

    def run(sheet: OrderSheet, around: Surroundings, is_only: bool) -> RunReport:
        broker, numbers = connect(sheet, is_only)
        return carry_out(sheet, broker, around, known_session=known_session, numbers=numbers)

    return run


def by_file(call: Call, texts: Mapping[str, str]) -> Run:
    """Carry out by files for a custodian."""

    def run(sheet: OrderSheet, around: Surroundings, _is_only: bool) -> RunReport:
        reason = around.wants_stop()
        if reason is not None:
            return stopped(sheet, reason, "", broker="csv")
        fills = [done for place, text in texts.items() for done in read_fills(text, place=place, sheet=sheet)]
        return carry_out_by_file(
            sheet, around.journal, around.rules, folder=call.state, fills=fills, is_sending=call.is_sending
        )

    return run


def read_fill_texts(paths: Sequence[Path]) -> Mapping[str, str]:
    """The texts of fills' files by path.

    Raises
    ------
    FillError
        One of them cannot be read.
    """
    try:
        return {str(path): path.read_text(encoding="utf-8") for path in paths}
    except (OSError, UnicodeDecodeError) as error:
        raise FillError(f"Fills cannot be read: {error}. Name a CSV file in UTF-8.") from error


def known_session(day: date) -> Session | None:
    """The session of a day by the exchange's own rules, which know nothing of the broker."""
    from lotwright.execution.standin.sessions import Sessions

    found = Sessions().on(day)
    return None if found is None else Session(day=found.date, opens=found.opens, closes=found.closes)


def connector(call: Call, accounts: Mapping[str, Account]) -> Connect:
    """How sheets reach their broker; ``accounts`` are the book's, where it was named.

    Raises
    ------
    StateError
        The connections of the state folder do not read.
    """
    connections = read_connections(call.state)

    def alpaca(sheet: OrderSheet, is_only: bool) -> tuple[Broker, frozenset[str] | None]:
        from lotwright.execution.alpaca import connect

        connection = connection_of(connections, sheet.account, is_only=is_only)
        numbers = numbers_of(connection, call.mode)
        environ = connection.environ(os.environ)
        return connect(environ=environ, is_live=call.is_live, url=call.url), numbers

    def simulated(sheet: OrderSheet, _is_only: bool) -> tuple[Broker, frozenset[str] | None]:
        from lotwright.cli.simulating import simulated_broker

        return simulated_broker(sheet, call.state, accounts.get(sheet.account), keeps=call.is_sending), None

    return simulated if call.broker == "simulated" and call.url is None else alpaca
