"""Let a plan be carried out: look at its checks, write down who allowed what until when."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import typer

from lotwright.cli.recording import remember_approval
from lotwright.cli.sheets import Document, problem_of
from lotwright.errors import PlanError, StoreError
from lotwright.execution.approval import Approval, Mode, write_approval
from lotwright.execution.rules import Rules


def approve(
    documents: Sequence[Document], *, by: str, state: Path, mode: Mode, hours: float, now: datetime | None = None
) -> int:
    """Approve every plan that nothing speaks against; returns how many were refused.

    Raises
    ------
    PlanError
        There is one plan, and it cannot be approved; or nobody is named.
    StoreError
        There is one plan, and with what other approved plans lock it would make a wash sale; or the store does not work.
    """
    if not by.strip():
        raise PlanError("--by is empty. Name the person who approves.")
    moment = datetime.now(UTC) if now is None else now
    refused = 0
    for document in documents:
        problem = problem_of(document)
        if problem:
            refused += 1
            message = f"The plan of {document.plan.household} cannot be approved: {problem}"
            if len(documents) == 1:
                raise PlanError(message)
            typer.echo(message, err=True)
            continue
        approval = Approval(
            plan=document.hash,
            household=document.plan.household,
            by=by.strip(),
            at=moment,
            expires=moment + timedelta(hours=hours),
            mode=mode,
        )
        try:
            remember_approval(state, document, approval)
        except StoreError as error:
            refused += 1
            if len(documents) == 1:
                raise
            typer.echo(f"The plan of {document.plan.household} cannot be approved: {error}", err=True)
            continue
        write_approval(state, approval)
        _say(document, approval)
    return refused


def _say(document: Document, approval: Approval) -> None:
    trades = document.plan.trades
    sales = sum(1 for trade in trades if trade.lots)
    typer.echo(
        f"{approval.household}  approved by {approval.by} for {approval.mode} trading until "
        f"{approval.expires.isoformat(timespec='minutes')}: {sales} sales, {len(trades) - sales} buys, plan {approval.plan}"
    )
    age = (approval.at.date() - document.plan.as_of).days
    if age > Rules().plan_days:
        typer.echo(
            f"{approval.household}: the plan's prices are of {document.plan.as_of.isoformat()}, {age} days ago. It is "
            f"refused when the broker's day is more than {Rules().plan_days} days later (rule plan_days).",
            err=True,
        )
