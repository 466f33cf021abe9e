"""Carry out approved plans: approvals, brokers, journal and signals put together, account by account."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import typer

from lotwright.book.book import Book
from lotwright.book.holdings import Account
from lotwright.cli.after_fills import accounts_of, book_reports, booked_json, check_book, print_after, write_after
from lotwright.cli.call import Call
from lotwright.cli.carried_report import print_reports
from lotwright.cli.reaching import Run, at_broker, by_file, connector, read_fill_texts
from lotwright.cli.recording import (
    Record,
    check_recorded,
    recorded_approvals,
    recorder,
    remember_run,
    remember_start,
)
from lotwright.cli.sheets import Document, read_documents, sheets_of
from lotwright.cli.under_lock import execute, rules_in, save
from lotwright.cli.writing import write_json
from lotwright.errors import LotwrightError, PlanError
from lotwright.execution.approval import approved
from lotwright.execution.booking import Booked
from lotwright.execution.desk import Surroundings
from lotwright.execution.in_blocks import in_blocks, share
from lotwright.execution.report import RunReport, report_to_json
from lotwright.execution.rules import Rules
from lotwright.execution.sheet import OrderSheet
from lotwright.execution.stops import Reason

__all__ = [
    "Call",
    "approved_sheets",
    "at_broker",
    "by_file",
    "connector",
    "execute",
    "exit_status",
    "rules_in",
    "run_call",
]


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
    run = _run(call, accounts, sheets)
    record = recorder(call.state) if call.is_sending else None
    if record is not None:
        remember_start(record, documents, _called(call, book))
    carry = _as_blocks if call.is_in_blocks else execute
    reports = carry(sheets, call, run, rules=rules, record=record)
    if call.is_sending:
        told = [report for report in reports if not call.is_in_blocks or (report.is_done and report is not reports[0])]
        remember_run(call.state, documents, told)
    booked, more = _booked(call, book, documents, reports)
    _say(call, reports, (*problems, *more), booked)
    return exit_status(reports, (*problems, *more))


def _booked(
    call: Call, book: Book | None, documents: Sequence[Document], reports: Sequence[RunReport]
) -> tuple[Mapping[str, Booked], tuple[str, ...]]:
    """What fills make of the book, and what is wrong with that: orders are carried out by now, whatever it is."""
    if book is None or call.book is None:
        return {}, ()
    try:
        booked = book_reports(book, documents, reports)
        if call.book_out is not None:
            write_after(call.book, call.book_out, book, booked)
    except (LotwrightError, OSError) as error:
        return {}, (f"The fills were not booked: {error}",)
    is_later = any(done.day > book.market.as_of for report in reports for done in report.fills)
    if call.book_out is not None and is_later:
        day = book.market.as_of.isoformat()
        typer.echo(f"The prices in {call.book_out} are still those of {day}: plan with newer ones.", err=True)
    return booked, ()


def _run(call: Call, accounts: Mapping[str, Account], sheets: Sequence[OrderSheet]) -> Run:
    """Who carries sheets out. What is wrong with reaching the only account is the call's fault, not the account's."""
    if call.broker == "csv":
        return by_file(call, read_fill_texts(call.fills))
    connect = connector(call, accounts)
    if len(sheets) == 1 and call.broker == "alpaca":
        connect(sheets[0], True)  # sends nothing
    return at_broker(connect)


def _as_blocks(
    sheets: Sequence[OrderSheet], call: Call, run: Run, *, rules: Rules, record: Record | None = None
) -> tuple[RunReport, ...]:
    """Carry the sheets out as blocks: the report of the account that holds all, and of each account its part."""
    made = in_blocks(sheets)
    parts: list[RunReport] = []

    def run_whole(sheet: OrderSheet, around: Surroundings, is_only: bool) -> RunReport:
        whole = run(sheet, around, is_only)
        if call.is_sending:
            parts.extend(share(whole, made, around.journal))
        return whole

    (whole,) = execute([made.sheet], call, run_whole, rules=rules, record=record)
    for part in parts:
        save(part, call.state)
    return whole, *parts


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
    if call.book_out is not None and call.book_out.exists() and any(call.book_out.iterdir()):
        raise PlanError(f"{call.book_out} is not empty. Name a new folder for the book after the fills.")
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


def _say(call: Call, reports: Sequence[RunReport], problems: Sequence[str], booked: Mapping[str, Booked]) -> None:
    if call.json_path is not None:
        after = {name: booked_json(each) for name, each in booked.items()}
        write_json(call.json_path, [report_to_json(each) | {"booked": after.get(each.household)} for each in reports])
    if call.json_path != "-":
        print_reports(reports)
        print_after(booked)
    for problem in problems:
        typer.echo(problem, err=True)
    if not reports:
        typer.echo("No account has anything to trade.", err=True)
    left = [report for report in reports if not report.is_done and not _is_clean_dry_run(report)]
    if left and len(reports) > 1:
        typer.echo(f"{len(left)} of {len(reports)} accounts are not done.", err=True)


def approved_sheets(documents: Sequence[Document], call: Call) -> tuple[tuple[OrderSheet, ...], tuple[str, ...]]:
    """The sheets of every approved plan, and what is wrong with the other plans.

    Raises
    ------
    PlanError
        No plan at all is approved, or an account wanted is in none.
    """
    sheets: list[OrderSheet] = []
    problems: list[str] = []
    recorded = recorded_approvals(call.state)
    for document in documents:
        try:
            found = approved(
                call.state,
                document.hash,
                household=document.plan.household,
                mode=call.mode,
                now=datetime.now(UTC),
            )
            check_recorded(found, recorded, call.state)
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


def exit_status(reports: Sequence[RunReport], problems: Sequence[str]) -> int:
    """0 when everything is done (or written for a custodian, or a dry run found nothing in its way), else 1."""
    if problems:
        return 1
    fine = {Reason.DONE, Reason.AWAITING_FILLS}
    return 0 if all(report.stop.reason in fine or _is_clean_dry_run(report) for report in reports) else 1


def _is_clean_dry_run(report: RunReport) -> bool:
    proposals = [line.proposal for line in report.lines if line.proposal is not None]
    return report.stop.reason is Reason.DRY_RUN and not any(proposal.problem for proposal in proposals)
