"""What a run came to, in a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from lotwright.cli.report import plain_when_piped
from lotwright.cli.words import counted
from lotwright.files.run.summary import Summary
from lotwright.plan.words import money, percent


def print_summary(summary: Summary, about: Mapping[str, Any], path: Path) -> None:
    """Print the figures of a run, its extremes, and who has no plan and why."""
    with plain_when_piped() as console:
        for line in sentences(summary, about):
            console.print(line)
        if len(summary.gap_bp):
            console.print()
            console.print(_spread(summary))
        if summary.reasons:
            _failures(console, summary)
        console.print()
        console.print(f"Tables, summary.json and summary.html: {path}.")
        console.print("One plan in full: lotwright show RUN --household NAME.")


def sentences(summary: Summary, about: Mapping[str, Any]) -> list[str]:
    """What is said of a run in words; the page says the same."""
    if not summary.households:
        return ["The run has no finished household yet."]
    status = summary.status
    head = (
        f"{counted(summary.households, 'household')} as of {about['as_of']}: {status['planned']:,} planned,"
        f" {status['nothing_to_do']:,} with nothing to do, {status['failed']:,} without a plan."
    )
    lines = [head]
    saved = summary.tax_saved
    tax = f"{money(saved)} less" if saved >= 0 else f"{money(-saved)} more"
    error = ""
    if any(summary.tracking):
        before, after = (percent(value, 2) for value in summary.tracking)
        error = f" Tracking error {before} a year before, {after} after (by value)."
    lines.append(f"{money(summary.value)} in all, {counted(summary.trades, 'trade')}, {tax} tax this year.{error}")
    if len(summary.gap_bp):
        close = float((summary.gap_bp <= 0.1).mean())
        lines.append(f"Proven gap at most 0.1 bp of household value for {100 * close:.1f} % of the plans.")
    if summary.stopped:
        what = "searches" if summary.stopped > 1 else "search"
        lines.append(f"{summary.stopped:,} {what} stopped before the gap that was asked; the plans say why.")
    if "time" in about:
        rate = summary.households / max(float(about["seconds"]), 1e-9)
        lines.append(
            f"{about['seconds']:,.1f} s with {counted(about['workers'], 'worker')} ({about['engine']}):"
            f" {rate:,.1f} households a second; {_shares(about['time'])}."
        )
    return lines


def _shares(spent: Mapping[str, float]) -> str:
    """Where the workers' time went; the parts sum to the whole."""
    total = spent["workers"] or 1.0
    parts = [(name, seconds) for name, seconds in spent.items() if name not in ("workers", "wall")]
    return "of the workers' time " + ", ".join(
        f"{name.replace('_', '-')} {100 * seconds / total:.0f} %" for name, seconds in parts
    )


def _spread(summary: Summary) -> Table:
    """Quantiles of the gap and of the time to solve."""
    said = summary.to_json()
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("of the households")
    columns = ("0.5", "0.9", "0.99", "0.999", "1")
    for name in ("half", "90 %", "99 %", "99.9 %", "all"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_row("gap at most, bp", *_figures(said["gap_bp"], columns, "{:.3f}"))
    table.add_row("solved within, s", *_figures(said["solve_seconds"], columns, "{:.3f}"))
    return table


def _figures(quantiles: Mapping[str, Any], columns: Sequence[str], form: str) -> list[str]:
    return ["-" if quantiles[name] is None else form.format(quantiles[name]) for name in columns]


def _failures(console: Console, summary: Summary) -> None:
    console.print()
    console.print("Households without a plan, by reason:")
    for reason, count in sorted(summary.reasons.items(), key=lambda item: (-item[1], item[0])):
        console.print(f"  {count:>7,}  {reason}, for example {summary.example[reason]}")
