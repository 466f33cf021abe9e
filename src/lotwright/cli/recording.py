"""What approving and executing leave behind in the store and the audit chain of a state folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from lotwright.cli.state import now
from lotwright.errors import LotwrightError, PlanError
from lotwright.version import __version__

if TYPE_CHECKING:
    from lotwright.cli.sheets import Document
    from lotwright.execution.approval import Approval
    from lotwright.execution.report import RunReport

Record = Callable[[str, Mapping[str, Any]], object]


def remember_approval(state: Path, document: Document, approval: Approval) -> None:
    """Put the plan and its approval into the store, which then locks what the plan locks, and into the chain.

    Raises
    ------
    StoreError
        With what other approved plans lock, the plan would make a wash sale; or the store cannot be used.
    """
    from lotwright.store import Store
    from lotwright.store.audit import AuditChain
    from lotwright.store.audit_keys import signer_of
    from lotwright.store.facts import Approval as Remembered

    with Store.open(state) as store:
        store.record_plans(None, [document.raw], at=approval.at)
        store.record_approval(
            Remembered(
                plan=approval.plan, by=approval.by, at=approval.at, expires=approval.expires, mode=str(approval.mode)
            )
        )
        says = {
            "plan": approval.plan,
            "household": approval.household,
            "by": approval.by,
            "expires": approval.expires,
            "mode": str(approval.mode),
        }
        chain = AuditChain(state, clock=now, store=store, signer=signer_of(os.environ))
        chain.record("plan", plan_record(document))
        chain.record("approval", says)


def recorded_approvals(state: Path) -> Mapping[str, Mapping[str, Any]]:
    """What the chain says of each plan's newest approval, by the plan's hash; nothing where there is no chain.

    Raises
    ------
    StoreError
        The chain cannot be read.
    """
    from lotwright.store.audit import AUDIT_FILE
    from lotwright.store.audit_verify import records

    if not (state / AUDIT_FILE).exists():
        return {}
    return {str(record.payload.get("plan")): record.payload for record in records(state) if record.kind == "approval"}


def check_recorded(approval: Approval, recorded: Mapping[str, Mapping[str, Any]], state: Path) -> None:
    """Refuse an approval that the chain does not know as it stands: ``lotwright approve`` writes both.

    Raises
    ------
    PlanError
        The file was written or changed by hand.
    """
    said = recorded.get(approval.plan, {})
    expires = datetime.fromisoformat(str(said.get("expires", "0001-01-01T00:00:00+00:00")))
    same = (said.get("household"), said.get("by"), said.get("mode")) == (
        approval.household,
        approval.by,
        str(approval.mode),
    )
    if not same or expires != approval.expires:
        raise PlanError(
            f"The approval of {approval.household}'s plan ({approval.plan[:12]}) is not in the audit chain of {state} as it "
            "stands in its file: somebody wrote or changed the file by hand. Approve the plan again."
        )


def plan_record(document: Document) -> dict[str, Any]:
    """What the chain says of a plan: its hash, the hashes of what it was made from, and every trade."""
    plan, made = document.plan, document.plan.provenance
    inputs = None if made is None else {"book": made.book_hash, "program": made.program_hash, "version": made.version}
    return {
        "plan": document.hash,
        "household": plan.household,
        "as_of": plan.as_of.isoformat(),
        "inputs": inputs,
        "trades": [
            {
                "account": trade.account,
                "symbol": trade.symbol,
                "side": str(trade.side),
                "quantity": f"{trade.quantity:f}",
                "price": f"{trade.price:f}",
                "lots": {lot.lot: f"{lot.quantity:f}" for lot in trade.lots},
            }
            for trade in plan.trades
        ],
    }


def _attempt(order: str) -> int:
    """The attempt an order's name ends with; a part of a block has none of its own."""
    last = order.rpartition("-")[2]
    return int(last) if last.isdecimal() else 0


def recorder(state: Path) -> Record:
    """The audit chain's ``record``, for the journal; the store gets its copy when the run ends."""
    from lotwright.store.audit import AuditChain
    from lotwright.store.audit_keys import signer_of

    return AuditChain(state, clock=now, signer=signer_of(os.environ)).record


def remember_start(record: Record, documents: Sequence[Document], call: Mapping[str, Any]) -> None:
    """Put into the chain what is being carried out, by which version, as called.

    Raises
    ------
    StoreError
        The chain takes no record; nothing may be done.
    """
    record("run_begun", {"version": __version__, "plans": [document.hash for document in documents], **call})


def remember_run(state: Path, documents: Sequence[Document], reports: Sequence[RunReport]) -> None:
    """Put orders' fills into the store, where they become locks, and a checkpoint of the chain.

    The run is over: what fails here is said, and changes nothing that was done.
    """
    from lotwright.store import Store
    from lotwright.store.audit import AuditChain
    from lotwright.store.audit_keys import signer_of
    from lotwright.store.facts import Fill, Order

    try:
        with Store.open(state) as store:
            store.record_plans(None, [document.raw for document in documents], at=now())
            orders = {done.order: (report, done) for report in reports for done in report.fills}
            store.record_orders(
                Order(
                    order_id=order,
                    plan=report.plan,
                    account=done.account,
                    symbol=done.symbol,
                    side=str(done.side),
                    quantity=next(line.planned for line in report.lines if line.symbol == done.symbol),
                    attempt=_attempt(order),
                    kind="limit",
                    broker=report.broker,
                    at=now(),
                )
                for order, (report, done) in orders.items()
            )
            store.record_fills(
                Fill(
                    fill=done.fill,
                    order_id=done.order,
                    plan=report.plan,
                    account=done.account,
                    symbol=done.symbol,
                    side=str(done.side),
                    quantity=done.quantity,
                    price=done.price,
                    day=done.day,
                    at=datetime.combine(done.day, time(), UTC),
                    fee=done.fee,
                )
                for report in reports
                for done in report.fills
            )
            chain = AuditChain(state, clock=now, store=store, signer=signer_of(os.environ))
            chain.record("run_ended", {"accounts": {report.account: str(report.stop.reason) for report in reports}})
            typer.echo(f"Audit checkpoint: {chain.checkpoint().text}", err=True)
    except LotwrightError as error:
        typer.echo(f"The store was not brought up to date: {error}", err=True)
