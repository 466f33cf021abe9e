"""The state folder at work: its lock, journal and rules, signals and the kill file, and the reports left in it."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import typer

from lotwright.cli.call import Call
from lotwright.cli.reaching import Run
from lotwright.cli.recording import Record
from lotwright.errors import LockedError
from lotwright.execution.desk import Surroundings
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


def rules_in(state: Path, given: Path | None) -> Rules:
    """The rules of the file named, else of ``rules.toml`` in the state folder, else as they stand."""
    path = given if given is not None else state / RULES
    if given is None and not path.exists():
        return Rules()
    return read_rules(path)


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
                save(report, call.state)
            return reports
    except LockedError as error:
        return tuple(stopped(sheet, Reason.LOCKED, str(error)) for sheet in sheets)


def save(report: RunReport, state: Path) -> None:
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
