"""The commands ``approve``, ``execute`` and ``reconcile``."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

PlanOrRun = Annotated[
    Path, typer.Argument(help="JSON file that --json wrote, or the folder of a batch.", metavar="PLAN|RUN")
]
State = Annotated[
    Path, typer.Option("--state", envvar="LOTWRIGHT_STATE", help="State folder: approvals, journal, reports.")
]
Households = Annotated[list[str] | None, typer.Option("--household", help="Only this household; may be repeated.")]
Accounts = Annotated[list[str] | None, typer.Option("--account", help="Only this account; may be repeated.")]
BookOption = Annotated[Path | None, typer.Option("--book", help="Folder of the book the plans were made from.")]
RulesOption = Annotated[
    Path | None,
    typer.Option("--rules", help="TOML file of caps, collars and times. Else rules.toml in the state folder."),
]
Url = Annotated[str | None, typer.Option("--url", help="Another address than Alpaca's: a stand-in on this machine.")]
Live = Annotated[
    bool, typer.Option("--live", help="Real money. Needs LOTWRIGHT_ALPACA_MODE=live and LOTWRIGHT_LIVE_ACCOUNTS too.")
]


class BrokerName(StrEnum):
    """Who carries orders out."""

    ALPACA = "alpaca"
    SIMULATED = "simulated"
    CSV = "csv"


def approve_command(
    plan: PlanOrRun,
    by: Annotated[str, typer.Option("--by", help="Who approves.")],
    state: State,
    household: Households = None,
    live: Annotated[bool, typer.Option("--live", help="Approve for real money, not for paper trading.")] = False,
    hours: Annotated[float, typer.Option("--hours", min=0.01, max=24 * 31, help="How long the approval holds.")] = 24.0,
) -> None:
    """Approve plans: write down who allowed which content, when, and until when. Changed afterwards, a plan is refused."""
    from lotwright.cli.approving import approve
    from lotwright.cli.sheets import read_documents
    from lotwright.execution.approval import Mode

    documents = read_documents(plan, households=household)
    refused = approve(documents, by=by, state=state, mode=Mode.LIVE if live else Mode.PAPER, hours=hours)
    raise typer.Exit(1 if refused else 0)


def execute_command(
    plan: PlanOrRun,
    state: State,
    broker: Annotated[BrokerName, typer.Option("--broker", help="Who carries the orders out.")],
    url: Url = None,
    execute: Annotated[bool, typer.Option("--execute", help="Send orders. Without it: a dry run.")] = False,
    live: Live = False,
    household: Households = None,
    account: Accounts = None,
    book: BookOption = None,
    book_out: Annotated[
        Path | None, typer.Option("--book-out", help="New folder for the book as it is after the fills; needs --book.")
    ] = None,
    rules: RulesOption = None,
    fills: Annotated[
        list[Path] | None, typer.Option("--fills", help="CSV file of a custodian's fills; may be repeated. With csv.")
    ] = None,
    blocks: Annotated[
        bool, typer.Option("--blocks", help="One order a security for all accounts, allocated to them afterwards.")
    ] = False,
    workers: Annotated[int, typer.Option("--workers", min=1, max=32, help="Accounts at a time.")] = 1,
    json_path: Annotated[
        str | None, typer.Option("--json", help="Write the reports as JSON to this file; - for standard output.")
    ] = None,
) -> None:
    """Carry approved plans out, once and only once: sells, then buys with the money that came in.

    Without --execute nothing is sent: the same checks against live data, and a table of what would be. Run again after
    any interruption, the same command goes on where it ended; when all is done it does nothing. Exit status 0: positions
    at the broker equal the plan (or a dry run found nothing in its way); 1: stopped safely, the reason is named; 2: the
    call or the plan is wrong.
    """
    from lotwright.cli.call import Call
    from lotwright.cli.executing import run_call

    call = Call(
        plan=plan,
        state=state,
        broker=broker.value,
        url=url,
        is_sending=execute,
        is_live=live,
        households=tuple(household or ()),
        accounts=frozenset(account or ()),
        book=book,
        book_out=book_out,
        rules=rules,
        fills=tuple(fills or ()),
        is_in_blocks=blocks,
        workers=workers,
        json_path=json_path,
    )
    raise typer.Exit(run_call(call))


def reconcile_command(
    what: Annotated[
        Path, typer.Argument(help="A book's folder, a plan, or the folder of a batch.", metavar="BOOK|PLAN|RUN")
    ],
    state: State,
    broker: Annotated[BrokerName, typer.Option("--broker", help="Who holds the accounts.")] = BrokerName.ALPACA,
    url: Url = None,
    live: Live = False,
    household: Households = None,
    account: Accounts = None,
    rules: RulesOption = None,
    blocks: Annotated[bool, typer.Option("--blocks", help="One account at the broker holds them all.")] = False,
    json_path: Annotated[
        str | None, typer.Option("--json", help="Write the differences as JSON to this file; - for standard output.")
    ] = None,
) -> None:
    """Hold positions, cash and lots at the broker against a book, or positions against a plan; name every difference."""
    from lotwright.cli.call import Call
    from lotwright.cli.reconciling import reconcile

    call = Call(
        plan=what,
        state=state,
        broker=broker.value,
        url=url,
        is_live=live,
        households=tuple(household or ()),
        accounts=frozenset(account or ()),
        rules=rules,
        is_in_blocks=blocks,
        json_path=json_path,
    )
    raise typer.Exit(reconcile(call))


def register(app: typer.Typer) -> None:
    """Add the three commands."""
    app.command("approve")(approve_command)
    app.command("execute")(execute_command)
    app.command("reconcile")(reconcile_command)
