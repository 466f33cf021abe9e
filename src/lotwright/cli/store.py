"""``lotwright store upgrade|check|locks|release``: look after what is remembered."""

from __future__ import annotations

import getpass
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lotwright.cli.state import StateFolder, StoreUrl, now, open_store
from lotwright.cli.writing import write_json
from lotwright.errors import StoreError

if TYPE_CHECKING:
    from lotwright.store.facts import LockRecord

app = typer.Typer(
    no_args_is_help=True, help="Look after what is remembered: runs, plans, approvals, orders, fills, locks."
)

JsonPath = Annotated[str | None, typer.Option("--json", help="Write JSON to this file; - for standard output.")]


@app.command("upgrade")
def upgrade_command(state: StateFolder = None, url: StoreUrl = None) -> None:
    """Make a store, or bring one of an older Lotwright up to date; a newer one's is refused."""
    from lotwright.store.connection import Database
    from lotwright.store.schema import HEAD, upgrade

    if url is None and state is None:
        raise StoreError("Which store? Give --state DIR, or --store URL.")
    database = Database(url if url is not None else str(state))
    changed = upgrade(database)
    typer.echo(f"{database.name}: schema {HEAD}, {'now up to date' if changed else 'nothing to do'}.")
    database.close()


@app.command("check")
def check_command(state: StateFolder = None, url: StoreUrl = None) -> None:
    """Check a store: that the database is whole, its schema the expected one, its facts consistent; exit 1 names faults."""
    from lotwright.store.check import check

    with open_store(state, url, must_be_there=True) as store:
        findings = check(store.database)
    for finding in findings:
        typer.echo(f"{'ok     ' if finding.ok else 'FAULT  '}{finding.name}: {finding.text}")
    raise typer.Exit(0 if all(finding.ok for finding in findings) else 1)


@app.command("locks")
def locks_command(
    state: StateFolder = None,
    url: StoreUrl = None,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="Locks that run on this day; else all.")
    ] = None,
    household: Annotated[str | None, typer.Option("--household", help="Only this household.")] = None,
    json_path: JsonPath = None,
) -> None:
    """List what plans lock, for whom, since when, and how far they have come."""
    with open_store(state, url, must_be_there=True) as store:
        locks = store.locks(None if as_of is None else as_of.date(), household=household)
    rows = [_lock_row(lock) for lock in locks]
    if json_path is not None:
        write_json(json_path, rows)
    if json_path == "-":
        return
    _print_rows(rows)


@app.command("release")
def release_command(
    plan: Annotated[str, typer.Argument(help="Hash of the plan, or its first letters.")],
    why: Annotated[str, typer.Option("--why", help="Why it locks nothing: not carried out, sold at a gain, ...")],
    state: StateFolder = None,
    url: StoreUrl = None,
    account: Annotated[str, typer.Option("--account", help="Only trades of this account.")] = "",
    symbol: Annotated[str, typer.Option("--symbol", help="Only trades of this security.")] = "",
    by: Annotated[str | None, typer.Option("--by", help="Who says so; if not given, the name of the login.")] = None,
) -> None:
    """Say that a plan will not be carried out, or did not lock what it seemed to: its locks end."""
    from lotwright.store.facts import LockState, Release

    with open_store(state, url, must_be_there=True) as store:
        record = store.plan_record(plan)
        who = getpass.getuser() if by is None else by
        store.release(Release(plan=record.plan, by=who, at=now(), why=why, account=account, symbol=symbol))
        locks = [lock for lock in store.locks(household=record.household) if lock.plan == record.plan]
    ended = sum(lock.state is LockState.RELEASED for lock in locks)
    typer.echo(f"{record.household}, plan {record.plan[:12]}: {ended} of {len(locks)} locks are released.")


def _lock_row(lock: LockRecord) -> dict[str, Any]:
    from datetime import timedelta

    from lotwright.tax.law import wash_days

    until: date = lock.day + timedelta(days=wash_days())
    return {
        "household": lock.household,
        "account": lock.account,
        "symbol": lock.symbol,
        "bars": str(lock.bars),
        "day": lock.day.isoformat(),
        "until": until.isoformat(),
        "quantity": format(lock.quantity, "f"),
        "loss": None if lock.loss is None else format(lock.loss, "f"),
        "state": str(lock.state),
        "plan": lock.plan,
    }


def _print_rows(rows: list[dict[str, Any]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    if not rows:
        typer.echo("Nothing is locked.")
        return
    table = Table(box=box.SIMPLE_HEAD)
    for name in rows[0]:
        table.add_column(name, justify="right" if name in {"quantity", "loss"} else "left", no_wrap=True)
    for row in rows:
        shown = {**row, "plan": row["plan"][:12], "loss": row["loss"] or ""}
        table.add_row(*(str(value) for value in shown.values()))
    Console(width=200, highlight=False, markup=False).print(table)
