"""One start of the unattended run: do what is missing of today's, once, alone; say what came of it.

A start looks at the day's folder and does the steps whose files are missing. So a second start does nothing, a start after
a crash finishes, and a start after an approval carries out what was approved. What cannot end today (an approval nobody
gave, an order that did not fill) is taken up by the next start, and the next day's first start ends what is left of earlier
days.
"""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import structlog

from lotwright.cli.unattended import carrying_out, steps
from lotwright.cli.unattended.day_folder import ROOM, DayFolder, Step, unfinished
from lotwright.cli.unattended.logs import logging_to
from lotwright.cli.unattended.notifying import Event, Message, tell
from lotwright.cli.unattended.secret_values import NOTIFY, Secrets, find_secrets
from lotwright.cli.unattended.settings import Settings, read_settings
from lotwright.cli.unattended.steps import Today
from lotwright.cli.words import counted
from lotwright.errors import LotwrightError, StateError

SCHEMA = "lotwright.run/1"
Boundary = Callable[[str], None]
"""Called at the boundaries of steps with ``before:``, ``did:`` (its work is done, its file not written) or ``after:`` and
the step's name."""
TOLD = "told"
SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a start: a word, a sentence, the exit status, the report."""

    status: str
    says: str
    exit: int
    report: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """``lotwright.run/1``."""
        return {"schema": SCHEMA, "status": self.status, "says": self.says, "exit": self.exit, **self.report}


class RunFailedError(Exception):
    """A step failed for a reason that is not the input's: a defect of ours. The message holds no secret."""


def run_once(config: Path, *, as_of: date | None = None, boundary: Boundary = lambda _: None) -> Outcome:
    """Do what is missing of a day's run.

    Parameters
    ----------
    config : Path
        TOML file of settings.
    as_of : date, optional
        The day; if not given, today where the settings' time zone is.
    boundary : callable, optional
        Told of every boundary between steps.

    Raises
    ------
    LotwrightError
        Settings, book, a file or another input is wrong; told to whoever is notified of failures, and without secrets.
    RunFailedError
        Something else went wrong.
    """
    secrets = find_secrets(os.environ)
    try:
        settings = read_settings(config)
        secrets.lend(os.environ)
        with logging_to(settings.log.file, settings.log.level, secrets) as log:
            return _alone(settings, secrets, log, as_of or _today(settings), boundary)
    except LotwrightError as error:
        raise type(error)(secrets.hide(str(error))) from None


def _today(settings: Settings) -> date:
    return datetime.now(ZoneInfo(settings.time_zone)).date()


def _alone(settings: Settings, secrets: Secrets, log: Any, day: date, boundary: Boundary) -> Outcome:
    """The run under its lock; who comes second leaves."""
    from filelock import FileLock, Timeout

    name = f"{day.isoformat()}-{settings.name}"
    structlog.contextvars.bind_contextvars(run=name)
    today = Today(
        settings=settings, secrets=secrets, folder=DayFolder.of(settings.state, settings.name, day), log=log, run=name
    )
    lock = FileLock(settings.state / ROOM / f"{settings.name}.lock", mode=0o600)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        says = f"Another start of {settings.name} is at work. This one does nothing."
        log.info("busy")
        return Outcome(status="busy", says=says, exit=0, report={"run": name, "day": day.isoformat()})
    except OSError as error:
        raise StateError(f"The lock {lock.lock_file} cannot be taken: {error.strerror}.") from error
    try:
        return _told(today, boundary)
    finally:
        lock.release()


def _told(today: Today, boundary: Boundary) -> Outcome:
    """Today's run; what fails is logged and told before it is raised."""
    try:
        for folder in unfinished(today.settings.state, today.settings.name, today.day):
            _end_earlier(today, folder)
        return _run(today, boundary)
    except LotwrightError as error:
        today.log.error("failed", error=type(error).__name__, message=str(error))  # noqa: TRY400  it says where itself
        _notify(today, _failure(today, str(error)))
        raise
    except OSError as error:
        what = f"{error.filename or 'A file'}: {error.strerror or error}. Check the path and its permissions."
        today.log.error("failed", error=type(error).__name__, message=what)  # noqa: TRY400  it says where itself
        _notify(today, _failure(today, what))
        raise StateError(today.secrets.hide(what)) from None
    except Exception as error:  # noqa: BLE001  whatever it is, it is told to somebody, and raised without secrets
        where = "".join(traceback.format_exception(error))
        today.log.error("failed", error=type(error).__name__, traceback=where)  # noqa: TRY400  secrets hidden by the log
        says = f"{type(error).__name__}: {error}"
        _notify(today, _failure(today, says))
        raise RunFailedError(today.secrets.hide(f"The run {today.run} failed: {says}. The log says where.")) from None


def _run(today: Today, boundary: Boundary) -> Outcome:
    """The steps whose files are missing, in their order."""
    folder, settings = today.folder, today.settings
    if folder.has(Step.END):
        ended = folder.read(Step.END)
        says = f"The run of {today.day.isoformat()} ended at {ended['at']}: {ended['says']} There is nothing to do."
        today.log.info("already_done")
        return Outcome(status="already_done", says=says, exit=0, report=_head(today))
    if not folder.has(Step.PLAN) and not any(folder.path.glob("batch-*")):
        for step in (Step.DUE, Step.FETCH):  # nothing was planned from them: look at the day as it is now
            folder.drop(step)
    acts: list[tuple[Step, steps.Act]] = [
        (Step.BEGIN, steps.begin),
        (Step.FETCH, steps.fetch),
        (Step.DUE, steps.due),
        (Step.PLAN, steps.plan),
        (Step.WRITE, steps.write),
    ]
    if settings.act == "automatic":
        acts.append((Step.APPROVE, carrying_out.approve))
    for step, act in acts:
        _do(today, step, act, boundary)
    if settings.act != "propose" and carrying_out.tradable(folder.read(Step.PLAN)["plans"]):
        _do(today, Step.EXECUTE, carrying_out.carry_out, boundary, again=True)
    _do(today, Step.REPORT, _report, boundary, again=True)
    report = folder.read(Step.REPORT)
    boundary(f"before:{Step.NOTIFY}")
    _notify(today, _message(today, report))
    boundary(f"after:{Step.NOTIFY}")
    if report["is_over"]:
        _do(today, Step.END, lambda _: _end(report), boundary)
    return Outcome(
        status=report["status"],
        says=report["says"],
        exit=report["exit"],
        report={**_head(today), **_tail(today, report)},
    )


def _do(today: Today, step: Step, act: steps.Act, boundary: Boundary, *, again: bool = False) -> None:
    """Do a step unless its file is there; then write its file."""
    if today.folder.has(step) and not again:
        return
    boundary(f"before:{step}")
    today.log.debug("step_begins", step=str(step))
    said = act(today)
    boundary(f"did:{step}")
    today.folder.write(step, today.secrets.hide_all(said))
    today.log.info("step_done", step=str(step))
    boundary(f"after:{step}")


def _head(today: Today) -> dict[str, Any]:
    return {"run": today.run, "day": today.day.isoformat(), "folder": str(today.folder.path)}


def _tail(today: Today, report: Mapping[str, Any]) -> dict[str, Any]:
    told = today.folder.read(TOLD)["told"] if today.folder.has(TOLD) else []
    return {**{key: value for key, value in report.items() if key not in ("status", "says", "exit")}, "notified": told}


def _end(report: Mapping[str, Any]) -> dict[str, Any]:
    return {"at": datetime.now(UTC).isoformat(timespec="seconds"), "status": report["status"], "says": report["says"]}


def _report(today: Today) -> dict[str, Any]:
    """What came of the steps, from their files."""
    folder = today.folder
    due, planned, written = (folder.read(step) for step in (Step.DUE, Step.PLAN, Step.WRITE))
    carried = folder.read(Step.EXECUTE) if folder.has(Step.EXECUTE) else {}
    failed = [plan for plan in planned["plans"] if plan["status"] == "failed"]
    trading = carrying_out.tradable(planned["plans"])
    status, says, is_over = _status(today, trading, carried)
    lacking = due["not_judged_in_all"]
    if failed or lacking:
        says += f" Without a plan, or not to be judged: {counted(len(failed) + lacking, 'household')}."
    is_bad = bool(failed or lacking or carried.get("left"))
    return {
        "status": status,
        "says": says,
        "exit": 1 if is_bad else 0,
        "is_over": is_over,
        "trigger": due["trigger"],
        "counts": due["counts"],
        "not_judged": due["not_judged"],
        "plans": planned["plans"],
        "places": planned["places"],
        "files": written["files"],
        "waiting": carried.get("waiting", []),
        "left": carried.get("left", []),
        "reports": carried.get("reports", []),
    }


def _status(today: Today, trading: list[Any], carried: Mapping[str, Any]) -> tuple[str, str, bool]:
    """A word, a sentence, and whether nothing is left to do."""
    if not trading:
        counts = today.folder.read(Step.DUE)["counts"]
        total = sum(counts.values())
        if not counts.get("due"):
            return "nothing_due", f"Of {counted(total, 'household')}, none is due.", True
        return "nothing_to_do", f"Of {counted(total, 'household')}, {counts['due']} due; no trade is to be made.", True
    plans = f"{counted(len(trading), 'plan')} with trades"
    if today.settings.act == "propose":
        return "proposed", f"{plans} to be approved.", True
    waiting, left = carried.get("waiting", []), carried.get("left", [])
    done = len(carried.get("done", []))
    if not waiting and not left:
        return "executed", f"{plans}: all carried out.", True
    parts = [f"{done} carried out"] if done else []
    parts += [f"{len(waiting)} to be approved"] if waiting else []
    parts += [f"stopped safely in {counted(len(left), 'account')} ({left[0]['why']})"] if left else []
    return ("stopped" if left else "waiting"), f"{plans}: {', '.join(parts)}. Start again to go on.", False


def _end_earlier(today: Today, folder: DayFolder) -> None:
    """Carry out what is approved of an earlier day's run, and end it: the new day plans anew."""
    earlier = Today(
        settings=today.settings,
        secrets=today.secrets,
        folder=folder,
        log=today.log,
        run=f"{folder.day.isoformat()}-{today.settings.name}",
    )
    with structlog.contextvars.bound_contextvars(run=earlier.run):
        carried: dict[str, Any] = {}
        trouble = ""
        try:
            if folder.has(Step.PLAN) and today.settings.act != "propose":
                carried = carrying_out.carry_out(earlier)
                folder.write(Step.EXECUTE, today.secrets.hide_all(carried))
        except (
            LotwrightError,
            OSError,
        ) as error:  # an old day that cannot be read must not keep new ones from their run
            trouble = today.secrets.hide(f" It could not be taken up: {error}")
        left = len(carried.get("waiting", [])) + len(carried.get("left", []))
        says = f"It was ended by the run of {today.day.isoformat()}; {left} plans were not carried out.{trouble}"
        today.log.warning("ended_late", says=says)
        folder.write(
            Step.END, {"at": datetime.now(UTC).isoformat(timespec="seconds"), "status": "ended_late", "says": says}
        )


def _failure(today: Today, message: str) -> Message:
    return Message(
        event=Event.FAILURE,
        title=f"Lotwright: the run {today.run} failed",
        text=today.secrets.hide(message),
    )


def _message(today: Today, report: Mapping[str, Any]) -> Message:
    """What is told of a run that came to its end, or waits."""
    status, says = report["status"], today.secrets.hide(report["says"])
    if report["exit"]:
        return Message(event=Event.FAILURE, title=f"Lotwright: {today.run} needs a look", text=says)
    if status in ("proposed", "waiting"):
        state = today.settings.state
        places = "\n".join(f"lotwright approve {place} --by NAME --state {state}" for place in report["places"])
        text = f"{says}\nLook at them ({', '.join(report['files']) or today.folder.path}), then:\n{places}"
        return Message(
            event=Event.APPROVAL, title=f"Lotwright: {today.run} asks for approval", text=today.secrets.hide(text)
        )
    event = Event.QUIET if status in ("nothing_due", "nothing_to_do") else Event.DONE
    return Message(event=event, title=f"Lotwright: {today.run} is done", text=says)


def _notify(today: Today, message: Message) -> None:
    """Tell once a day what is to be told; whatever becomes of it is noted, and stops nothing."""
    wanted: tuple[str, ...] = today.settings.notify.on
    if str(message.event) not in wanted or today.secrets.reveal(NOTIFY) is None:
        return
    folder = today.folder
    try:
        told = folder.read(TOLD)["told"] if folder.has(TOLD) else []
        if any(one["title"] == message.title and one["text"] == message.text and one["taken"] for one in told):
            return
        deliveries = tell(message, today.secrets, seconds=today.settings.notify.seconds)
        for one in deliveries:
            today.log.log(20 if one.taken else 30, "notified", told=str(message.event), **one.to_json())
        said = {
            "event": str(message.event),
            "title": message.title,
            "text": message.text,
            "taken": any(one.taken for one in deliveries),
            "deliveries": [one.to_json() for one in deliveries],
        }
        folder.write(TOLD, today.secrets.hide_all({"told": [*told, said]}))
    except (LotwrightError, OSError) as error:
        today.log.warning("not_notified", message=str(error))
