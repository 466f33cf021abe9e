"""Carry out approved plans: approvals, brokers, journal and signals put together, account by account."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import typer

from lotwright.book.holdings import Account
from lotwright.cli.connecting import connection_of, numbers_of, read_connections
from lotwright.cli.sheets import Document, sheets_of
from lotwright.errors import LockedError, PlanError
from lotwright.execution.approval import Mode, approved
from lotwright.execution.broker import Broker
from lotwright.execution.carry_out import carry_out
from lotwright.execution.desk import Surroundings
from lotwright.execution.facts import Session
from lotwright.execution.journal import Journal
from lotwright.execution.many import carry_out_each, stopped
from lotwright.execution.report import RunReport, report_to_json
from lotwright.execution.rules import Rules, read_rules
from lotwright.execution.sheet import OrderSheet, file_name
from lotwright.execution.stops import Reason
from lotwright.execution.waiting import RealWaiting

KILL = "KILL"
RULES = "rules.toml"
REPORTS = "reports"
Record = Callable[[str, Mapping[str, Any]], object]
Connect = Callable[[OrderSheet, bool], tuple[Broker, frozenset[str] | None]]
"""From a sheet, and whether it is the only one, to its broker and the account numbers that may be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the command line asked for."""

    state: Path
    mode: Mode
    is_sending: bool
    accounts: frozenset[str] = frozenset()
    workers: int = 1


def rules_in(state: Path, given: Path | None) -> Rules:
    """The rules of the file named, else of ``rules.toml`` in the state folder, else as they stand."""
    path = given if given is not None else state / RULES
    if given is None and not path.exists():
        return Rules()
    return read_rules(path)


def approved_sheets(documents: Sequence[Document], wanted: Wanted) -> tuple[tuple[OrderSheet, ...], tuple[str, ...]]:
    """The sheets of every approved plan, and what is wrong with the other plans.

    Raises
    ------
    PlanError
        No plan at all is approved, or an account wanted is in none.
    """
    sheets: list[OrderSheet] = []
    problems: list[str] = []
    for document in documents:
        try:
            approved(
                wanted.state,
                document.hash,
                household=document.plan.household,
                mode=wanted.mode,
                now=datetime.now(UTC),
            )
            sheets.extend(sheets_of(document))
        except PlanError as error:
            problems.append(str(error))
    if len(problems) == len(documents):
        raise PlanError(problems[0] if len(problems) == 1 else f"None of {len(problems)} plans: {problems[0]}")
    chosen = [sheet for sheet in sheets if not wanted.accounts or sheet.account in wanted.accounts]
    unknown = wanted.accounts - {sheet.account for sheet in sheets}
    if unknown:
        raise PlanError(
            f"No approved plan trades in {', '.join(sorted(unknown))}. Accounts with trades: "
            f"{', '.join(sheet.account for sheet in sheets) or 'none'}."
        )
    return tuple(chosen), tuple(problems)


def execute(
    sheets: Sequence[OrderSheet], wanted: Wanted, rules: Rules, connect: Connect, *, record: Record | None = None
) -> tuple[RunReport, ...]:
    """Carry the sheets out under the state folder's lock; every ending is a report."""
    try:
        with Journal(wanted.state, record=record) as journal, _signals() as signalled:
            return _each(sheets, wanted, rules, connect, journal=journal, signalled=signalled)
    except LockedError as error:
        return tuple(stopped(sheet, Reason.LOCKED, str(error)) for sheet in sheets)


def _each(
    sheets: Sequence[OrderSheet],
    wanted: Wanted,
    rules: Rules,
    connect: Connect,
    *,
    journal: Journal,
    signalled: Callable[[], bool],
) -> tuple[RunReport, ...]:
    kill = wanted.state / KILL

    def wants_stop() -> Reason | None:
        if signalled():
            return Reason.SIGNAL
        return Reason.KILL_FILE if os.path.lexists(kill) else None

    around = Surroundings(
        journal=journal,
        rules=rules,
        waiting=RealWaiting(signalled),
        is_sending=wanted.is_sending,
        wants_stop=wants_stop,
    )

    def run(sheet: OrderSheet) -> RunReport:
        broker, numbers = connect(sheet, len(sheets) == 1)
        report = carry_out(sheet, broker, around, known_session=known_session, numbers=numbers)
        if wanted.is_sending:
            _save(report, wanted.state)
        return report

    return carry_out_each(sheets, run, workers=wanted.workers)


def known_session(day: date) -> Session | None:
    """The session of a day by the exchange's own rules, which know nothing of the broker."""
    from lotwright.execution.standin.sessions import Sessions

    found = Sessions().on(day)
    return None if found is None else Session(day=found.date, opens=found.opens, closes=found.closes)


def connector(broker: str, *, url: str | None, wanted: Wanted, accounts: Mapping[str, Account]) -> Connect:
    """How sheets reach their broker; ``accounts`` are the book's, where it was named.

    Raises
    ------
    StateError
        The connections of the state folder do not read.
    """
    connections = read_connections(wanted.state)

    def alpaca(sheet: OrderSheet, is_only: bool) -> tuple[Broker, frozenset[str] | None]:
        from lotwright.execution.alpaca import connect

        connection = connection_of(connections, sheet.account, is_only=is_only)
        numbers = numbers_of(connection, wanted.mode)
        environ = connection.environ(os.environ)
        return connect(environ=environ, is_live=wanted.mode is Mode.LIVE, url=url), numbers

    def simulated(sheet: OrderSheet, _is_only: bool) -> tuple[Broker, frozenset[str] | None]:
        from lotwright.cli.simulating import simulated_broker

        return simulated_broker(sheet, wanted.state, accounts.get(sheet.account), keeps=wanted.is_sending), None

    return simulated if broker == "simulated" and url is None else alpaca


def exit_status(reports: Sequence[RunReport], problems: Sequence[str]) -> int:
    """0 when everything is done (or a dry run found nothing in its way), else 1."""
    if problems:
        return 1
    return 0 if all(report.is_done or _is_clean_dry_run(report) for report in reports) else 1


def _is_clean_dry_run(report: RunReport) -> bool:
    proposals = [line.proposal for line in report.lines if line.proposal is not None]
    return report.stop.reason is Reason.DRY_RUN and not any(proposal.problem for proposal in proposals)


def _save(report: RunReport, state: Path) -> None:
    """Write the report beside the journal; that it cannot be written changes nothing that was done."""
    place = state / REPORTS
    try:
        place.mkdir(exist_ok=True, mode=0o700)
        (place / f"{report.plan[:12]}-{file_name(report.account)}.json").write_text(
            json.dumps(report_to_json(report), indent=2) + "\n", encoding="utf-8"
        )
    except OSError as error:
        typer.echo(f"The report of {report.account} could not be written: {error.strerror}.", err=True)


@contextmanager
def _signals() -> Iterator[Callable[[], bool]]:
    """Hear SIGTERM and SIGINT without dying of them; a second one is heard the same way."""
    heard: list[int] = []

    def hear(number: int, _frame: object) -> None:
        heard.append(number)

    before = {number: signal.signal(number, hear) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield lambda: bool(heard)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
