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

import typer

from lotwright.book.book import Book
from lotwright.book.holdings import Account
from lotwright.cli.after_fills import accounts_of, book_reports, check_book, write_after
from lotwright.cli.carried_report import print_reports
from lotwright.cli.connecting import connection_of, numbers_of, read_connections
from lotwright.cli.recording import Record, recorder, remember_run, remember_start
from lotwright.cli.sheets import Document, read_documents, sheets_of
from lotwright.cli.writing import write_json
from lotwright.errors import FillError, LockedError, PlanError
from lotwright.execution.approval import Mode, approved
from lotwright.execution.broker import Broker
from lotwright.execution.by_file import carry_out_by_file
from lotwright.execution.carry_out import carry_out
from lotwright.execution.custodian_csv import read_fills
from lotwright.execution.desk import Surroundings
from lotwright.execution.facts import Session
from lotwright.execution.in_blocks import in_blocks, shared_out
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
Connect = Callable[[OrderSheet, bool], tuple[Broker, frozenset[str] | None]]
"""From a sheet, and whether it is the only one, to its broker and the account numbers that may be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What the command line asked for."""

    plan: Path
    state: Path
    broker: str
    url: str | None = None
    is_sending: bool = False
    is_live: bool = False
    households: tuple[str, ...] = ()
    accounts: frozenset[str] = frozenset()
    book: Path | None = None
    book_out: Path | None = None
    rules: Path | None = None
    fills: tuple[Path, ...] = ()
    is_in_blocks: bool = False
    workers: int = 1
    json_path: str | None = None

    @property
    def mode(self) -> Mode:
        """Paper, unless live was chosen."""
        return Mode.LIVE if self.is_live else Mode.PAPER


def run_call(call: Call) -> int:
    """Carry a call out, print what came of it, and return the exit status.

    Raises
    ------
    LotwrightError
        The call, the plan or a file is wrong; nothing was sent.
    """
    _check(call)
    rules = rules_in(call.state, call.rules)
    documents = read_documents(call.plan, households=call.households or None)
    sheets, problems = approved_sheets(documents, call)
    book = _book(call, documents)
    accounts = {} if book is None else accounts_of(book)
    is_by_file = call.broker == "csv"
    run = by_file(call, read_fill_texts(call.fills)) if is_by_file else at_broker(connector(call, accounts))
    record = recorder(call.state) if call.is_sending else None
    if record is not None:
        remember_start(record, documents, _called(call, book))
    if call.is_in_blocks:
        made = in_blocks(sheets)
        (whole,) = execute([made.sheet], call, run, rules=rules, record=record)
        reports = (whole, *shared_out(whole, made)) if call.is_sending else (whole,)
    else:
        reports = execute(sheets, call, run, rules=rules, record=record)
    if call.is_sending:
        told = [report for report in reports if not call.is_in_blocks or (report.is_done and report is not reports[0])]
        remember_run(call.state, documents, told)
    _say(call, reports, problems)
    if book is not None and call.book is not None:
        booked = book_reports(book, documents, reports, is_quiet=call.json_path == "-")
        if call.book_out is not None:
            write_after(call.book, call.book_out, book, booked)
    return exit_status(reports, problems)


def _called(call: Call, book: Book | None) -> dict[str, object]:
    """The call, for the audit chain."""
    return {
        "broker": call.broker,
        "mode": str(call.mode),
        "url": call.url,
        "accounts": sorted(call.accounts),
        "blocks": call.is_in_blocks,
        "book": None if book is None else book.content_hash,
    }


def _check(call: Call) -> None:
    if call.book_out is not None and call.book is None:
        raise PlanError("--book-out needs --book: name the book the plans were made from.")
    if call.fills and call.broker != "csv":
        raise PlanError("--fills are a custodian's: they go with --broker csv.")
    if call.url is not None and call.broker == "csv":
        raise PlanError("--url goes with a broker that is spoken to, not with csv.")
    if call.is_in_blocks and call.broker == "csv":
        raise PlanError("--blocks goes with a broker that is spoken to; a custodian's files name each account's lots.")
    if call.is_live and call.broker == "simulated":
        raise PlanError("--live and --broker simulated contradict each other.")


def _book(call: Call, documents: Sequence[Document]) -> Book | None:
    if call.book is None:
        return None
    from lotwright.files.books import read_book

    book = read_book(call.book)
    check_book(book, documents)
    return book


def _say(call: Call, reports: Sequence[RunReport], problems: Sequence[str]) -> None:
    if call.json_path is not None:
        write_json(call.json_path, [report_to_json(report) for report in reports])
    if call.json_path != "-":
        print_reports(reports)
    for problem in problems:
        typer.echo(problem, err=True)
    left = [report for report in reports if not report.is_done]
    if left and len(reports) > 1:
        typer.echo(f"{len(left)} of {len(reports)} accounts are not done.", err=True)


def rules_in(state: Path, given: Path | None) -> Rules:
    """The rules of the file named, else of ``rules.toml`` in the state folder, else as they stand."""
    path = given if given is not None else state / RULES
    if given is None and not path.exists():
        return Rules()
    return read_rules(path)


def approved_sheets(documents: Sequence[Document], call: Call) -> tuple[tuple[OrderSheet, ...], tuple[str, ...]]:
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
                call.state,
                document.hash,
                household=document.plan.household,
                mode=call.mode,
                now=datetime.now(UTC),
            )
            sheets.extend(sheets_of(document))
        except PlanError as error:
            problems.append(str(error))
    if len(problems) == len(documents):
        raise PlanError(problems[0] if len(problems) == 1 else f"None of {len(problems)} plans: {problems[0]}")
    chosen = [sheet for sheet in sheets if not call.accounts or sheet.account in call.accounts]
    unknown = call.accounts - {sheet.account for sheet in sheets}
    if unknown:
        raise PlanError(
            f"No approved plan trades in {', '.join(sorted(unknown))}. Accounts with trades: "
            f"{', '.join(sheet.account for sheet in sheets) or 'none'}."
        )
    return tuple(chosen), tuple(problems)


Run = Callable[[OrderSheet, Surroundings, bool], RunReport]
"""From a sheet, what accounts share, and whether it is the only one, to what came of it."""


def execute(
    sheets: Sequence[OrderSheet], call: Call, run: Run, *, rules: Rules, record: Record | None = None
) -> tuple[RunReport, ...]:
    """Carry the sheets out under the state folder's lock; every ending is a report."""
    kill = call.state / KILL
    try:
        with Journal(call.state, record=record) as journal, _signals() as signalled:
            around = Surroundings(
                journal=journal,
                rules=rules,
                waiting=RealWaiting(signalled),
                is_sending=call.is_sending,
                wants_stop=lambda: (
                    Reason.SIGNAL if signalled() else Reason.KILL_FILE if os.path.lexists(kill) else None
                ),
            )
            reports = carry_out_each(sheets, lambda sheet: run(sheet, around, len(sheets) == 1), workers=call.workers)
            for report in reports if call.is_sending else ():
                _save(report, call.state)
            return reports
    except LockedError as error:
        return tuple(stopped(sheet, Reason.LOCKED, str(error)) for sheet in sheets)


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


def exit_status(reports: Sequence[RunReport], problems: Sequence[str]) -> int:
    """0 when everything is done (or written for a custodian, or a dry run found nothing in its way), else 1."""
    if problems:
        return 1
    fine = {Reason.DONE, Reason.AWAITING_FILLS}
    return 0 if all(report.stop.reason in fine or _is_clean_dry_run(report) for report in reports) else 1


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
