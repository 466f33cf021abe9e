"""What came of carrying plans out, for people: a table an account, why it ended, what remains, what it cost and taxed."""

from __future__ import annotations

from collections.abc import Sequence

import typer

from lotwright.execution.booking import Booked, Realised
from lotwright.execution.report import OrderLine, RunReport
from lotwright.execution.stops import Reason
from lotwright.plan.words import money


def print_reports(reports: Sequence[RunReport]) -> None:
    """A table for each account; of many accounts that are done, a line each."""
    for report in reports:
        if len(reports) > 5 and report.is_done:
            typer.echo(f"{report.account} of {report.household}: {len(report.lines)} orders, done.{_slippage(report)}")
            continue
        print_report(report)


def print_report(report: RunReport) -> None:
    """One account's table."""
    at = f" at {report.broker}" if report.broker else ""
    typer.echo(f"{report.account} of {report.household}{at}, plan {report.plan[:12]}")
    rows = [_proposed(line) if report.stop.reason is Reason.DRY_RUN else _carried(line) for line in report.lines]
    head = ("", "symbol", "shares", "limit", "plan's price", "")
    if report.stop.reason is not Reason.DRY_RUN:
        head = ("", "symbol", "planned", "filled", "slippage", "")
    _table(head, rows)
    typer.echo(f"  {report.stop.reason}: {report.stop}{_slippage(report)}")
    for difference in report.differences:
        typer.echo(f"  Differs: {difference}.")
    for note in report.notes:
        typer.echo(f"  Note: {note}")


def _slippage(report: RunReport) -> str:
    """What the fills cost beyond the plan's prices; empty where nothing filled or a price is not known."""
    if report.slippage is None:
        return ""
    beyond, value = report.slippage
    return f" Slippage {beyond:,.2f}, {beyond / value * 10_000:.1f} bp of the {value:,.2f} traded."


def print_booked(household: str, booked: Booked) -> None:
    """Realised gains and tax against the plan, and the lots that differ."""
    typer.echo(f"{household}: gains realised on taxable accounts")
    _table(
        ("", "short-term", "long-term", "tax of this year"),
        [("planned", *_gains(booked.planned)), ("realised", *_gains(booked.realised))],
    )
    for difference in booked.relief:
        typer.echo(f"  Other lots left: {difference}.")


def _proposed(line: OrderLine) -> tuple[str, ...]:
    proposal = line.proposal
    if proposal is None:
        return (str(line.side), line.symbol, f"{line.remaining:f}", "", f"{line.price:f}", line.why or str(line.phase))
    limit = "" if proposal.limit is None else f"{proposal.limit:f}"
    return (str(line.side), line.symbol, f"{proposal.quantity:f}", limit, f"{line.price:f}", proposal.problem)


def _carried(line: OrderLine) -> tuple[str, ...]:
    slippage = "" if line.slippage is None or not line.filled else f"{line.slippage:,.2f}"
    return (str(line.side), line.symbol, f"{line.planned:f}", f"{line.filled:f}", slippage, line.why or str(line.phase))


def _gains(realised: Realised) -> tuple[str, str, str]:
    return money(realised.short), money(realised.long), money(realised.tax)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    if not rows:
        return
    lines = [head, *rows]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    ends = {0, 1, len(head) - 1} if not head[-1] else {0}
    for line in lines:
        cells = [
            cell.ljust(width) if place in ends else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        typer.echo(("  " + "  ".join(cells)).rstrip())
