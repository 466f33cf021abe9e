"""What an import did, for a person: accounts, tables, and every kind of finding."""

from __future__ import annotations

from decimal import Decimal

from rich.console import Console
from rich.table import Table

from lotwright.files.imports.findings import Finding, Level
from lotwright.files.imports.report import ImportReport

SHOWN = 20
HEADS = ((Level.ERROR, "Errors"), (Level.NOT_UNDERSTOOD, "Not understood"), (Level.NOTE, "Notes"))
NUMBERS = frozenset({"cash", "positions", "lots", "trades"})


def print_import(report: ImportReport) -> None:
    """Print a report; of many findings the first, and where to find the rest."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    change = "would be changed" if report.is_dry_run else "is changed"
    console.print(
        f"{report.format}, as of {report.as_of}: the book {report.book} {change if report.changes_something else 'is as it was'}."
    )
    _print_accounts(console, report)
    changed = [
        f"{table.file} ({table.before:,} to {table.after:,} rows)" for table in report.tables if table.is_changed
    ]
    if changed:
        console.print(f"{'To be written' if report.is_dry_run else 'Written'}: {', '.join(changed)}")
    for level, head in HEADS:
        _print_findings(console, head, report.of(level))
    if report.left_out:
        console.print("Left out, since a book has no use for them")
        for file, what, rows in report.left_out[:SHOWN]:
            console.print(f"  {file}: {rows:,} {'row' if rows == 1 else 'rows'}, {what}")
        _say_more(console, len(report.left_out))
    if report.unready and not report.is_all_refused:
        console.print("The book cannot be planned yet")
        for why in report.unready:
            console.print(f"  {why}")


def _print_accounts(console: Console, report: ImportReport) -> None:
    if not report.accounts:
        return
    table = Table(box=None, pad_edge=False, header_style="", padding=(0, 2, 0, 0))
    for name in ("account", "from", "status", "cash", "positions", "lots", "trades"):
        table.add_column(name, justify="right" if name in NUMBERS else "left", no_wrap=True)
    for each in report.accounts[:SHOWN]:
        cash = "-" if each.cash is None else f"{Decimal(each.cash):,.2f}"
        lots = "-" if each.lots is None else f"{each.lots:,}"
        table.add_row(each.account, each.origin, each.status, cash, f"{each.positions:,}", lots, f"{each.trades:,}")
    console.print(table)
    _say_more(console, len(report.accounts))


def _print_findings(console: Console, head: str, found: list[Finding]) -> None:
    if not found:
        return
    console.print(f"{head} ({len(found):,})")
    for finding in found[:SHOWN]:
        account = f"{finding.account}: " if finding.account else ""
        console.print(f"  {account}{finding.fault.message.removeprefix(': ')}")
    _say_more(console, len(found))


def _say_more(console: Console, count: int) -> None:
    if count > SHOWN:
        console.print(f"  ... and {count - SHOWN:,} more; --json PATH lists them all.")
