"""Approve by a standing order, and carry out what is approved; through the same functions as ``approve`` and ``execute``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lotwright.cli.approving import approve as approve_documents
from lotwright.cli.executing import Call, approved_sheets, at_broker, by_file, connector, execute, rules_in
from lotwright.cli.recording import recorder, remember_run
from lotwright.cli.sheets import read_documents
from lotwright.cli.unattended.day_folder import Step
from lotwright.cli.unattended.settings import Settings
from lotwright.cli.unattended.steps import Today, heard
from lotwright.errors import LotwrightError
from lotwright.execution.approval import Mode, approved
from lotwright.execution.report import RunReport, report_to_json
from lotwright.execution.stops import Reason

_Plans = Sequence[Mapping[str, Any]]
FINE = {Reason.DONE, Reason.AWAITING_FILLS}
"""Endings after which nothing is left to be done by us."""


def mode_of(settings: Settings) -> Mode:
    """Whether money is at stake."""
    return Mode.LIVE if settings.execute.live else Mode.PAPER


def tradable(plans: _Plans) -> list[Mapping[str, Any]]:
    """The plans that have trades."""
    return [plan for plan in plans if plan["status"] == "planned" and plan["trades"]]


def why_unapproved(plan: Mapping[str, Any], today: Today) -> str:
    """Why a plan may not be carried out now; nothing where it may."""
    try:
        approved(
            today.settings.state,
            plan["plan"],
            household=plan["household"],
            mode=mode_of(today.settings),
            now=datetime.now(UTC),
        )
    except LotwrightError as error:
        return str(error)
    return ""


def approve(today: Today) -> dict[str, Any]:
    """Approve, in the name the settings give, every plan within their caps; what is beyond them waits for a person."""
    settings, said = today.settings, today.folder.read(Step.PLAN)
    left: list[dict[str, Any]] = []
    done: list[dict[str, Any]] = []
    for place in map(Path, said["places"]):
        names = {plan["household"]: plan for plan in tradable(said["plans"])}
        for document in read_documents(place):
            plan = names.get(document.plan.household)
            if plan is None or plan["plan"] != document.hash:
                continue
            why = _beyond(plan, settings)
            if not why and why_unapproved(plan, today):
                try:
                    with heard(today.log, Step.APPROVE):
                        approve_documents(
                            [document],
                            by=f"{settings.execute.approved_by} (standing order)",
                            state=settings.state,
                            mode=mode_of(settings),
                            hours=settings.execute.hours,
                        )
                except LotwrightError as error:
                    why = str(error)
            (left if why else done).append({"household": plan["household"], "plan": plan["plan"], "why": why})
            today.log.info("approval", household=plan["household"], plan=plan["plan"], waits=why)
    return {"approved": done, "left": left}


def _beyond(plan: Mapping[str, Any], settings: Settings) -> str:
    """Which cap of the standing order a plan is beyond."""
    caps = settings.execute
    value = float(plan["value"] or 0.0)
    if plan["trades"] > caps.most_trades:
        return f"It has {plan['trades']} trades; the standing order covers {caps.most_trades}."
    if value <= 0 or plan["dollars"] > caps.most_turnover * value:
        return (
            f"It trades {plan['dollars']:,.2f} of {value:,.2f}; the standing order covers {caps.most_turnover:.0%} of the"
            " value."
        )
    return ""


def carry_out(today: Today) -> dict[str, Any]:
    """Carry out every approved plan that is not done yet; once and only once, whatever happened before.

    Returns
    -------
    dict
        ``done``: hashes of plans whose accounts are all done; ``reports`` of this start; ``waiting`` for approval; ``left``.
    """
    said = today.folder.read(Step.PLAN)
    before = today.folder.read(Step.EXECUTE) if today.folder.has(Step.EXECUTE) else {"done": [], "reports": []}
    done: list[str] = list(before["done"])
    reports: list[dict[str, Any]] = [one for one in before["reports"] if one["plan"] in done]
    waiting, left = [], []
    ready: dict[str, Mapping[str, Any]] = {}
    for plan in tradable(said["plans"]):
        if plan["plan"] in done:
            continue
        why = why_unapproved(plan, today)
        if why:
            waiting.append({"household": plan["household"], "plan": plan["plan"], "why": why})
        else:
            ready[plan["household"]] = plan
    for place in map(Path, said["places"]) if ready else ():
        for report in _carried(place, ready, today):
            reports.append(report_to_json(report))
            today.log.info(
                "carried_out",
                household=report.household,
                account=report.account,
                plan=report.plan,
                reason=str(report.stop.reason),
            )
            if report.stop.reason not in FINE:
                left.append({"household": report.household, "plan": report.plan, "why": str(report.stop)})
    stopped = {one["plan"] for one in left}
    done += [plan["plan"] for plan in ready.values() if plan["plan"] not in stopped]
    return {"done": done, "reports": reports, "waiting": waiting, "left": left}


def _carried(place: Path, ready: Mapping[str, Mapping[str, Any]], today: Today) -> Sequence[RunReport]:
    settings = today.settings
    every = read_documents(place)
    documents = [one for one in every if one.hash == ready.get(one.plan.household, {}).get("plan")]
    if not documents:
        return ()
    call = Call(
        plan=place,
        state=settings.state,
        broker=settings.execute.broker,
        url=settings.execute.stand_in,
        is_sending=True,
        is_live=settings.execute.live,
        households=tuple(one.plan.household for one in documents),
        rules=settings.execute.rules,
        workers=settings.execute.workers,
    )
    with heard(today.log, Step.EXECUTE):
        sheets, _ = approved_sheets(documents, call)
        run = by_file(call, {}) if call.broker == "csv" else at_broker(connector(call, {}))
        reports = execute(sheets, call, run, rules=rules_in(call.state, call.rules), record=recorder(call.state))
        remember_run(call.state, documents, reports)
    return reports
