"""How a benchmark's table is printed: a heading that says on what it was measured, then Markdown rows."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table

from lotwright.version import __version__

MEASURED = ("numpy", "numba", "cvxpy", "osqp", "clarabel", "piqp", "highspy", "pyscipopt", "pyportfolioopt", "pymoo")


def print_table(
    title: str, said: Sequence[str], columns: Sequence[str], rows: Sequence[Sequence[str]], *, used: str = "one is used"
) -> None:
    """Print a heading, what was measured on what, and the rows; the first two columns are words, the rest numbers."""
    table = Table(box=box.MARKDOWN, show_edge=True, pad_edge=True)
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place < 2 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console = Console(width=400, highlight=False, markup=False, soft_wrap=True)
    console.print(f"## {title}\n")
    for line in (_machine(used), _versions(), *said):
        console.print(f"* {line}")
    console.print(table)


def _machine(used: str) -> str:
    cpu = platform.processor() or platform.machine()
    listing = Path("/proc/cpuinfo")
    if listing.exists():
        named = [line for line in listing.read_text(encoding="utf-8").splitlines() if line.startswith("model name")]
        cpu = named[0].partition(":")[2].strip() if named else cpu
    busy = f", load {os.getloadavg()[0]:.1f} at the end" if hasattr(os, "getloadavg") else ""
    return f"Machine: {cpu}, {os.cpu_count()} cores of which {used}{busy}, {platform.system()}"


def _versions() -> str:
    found = [f"Python {platform.python_version()}", f"lotwright {__version__}"]
    for package in MEASURED:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return f"Versions: {', '.join(found)}"


def quantile(values: Sequence[float], share: float) -> float:
    """The value that ``share`` of the values do not exceed; NaN where there are none."""
    return float(np.quantile(np.array(values), share)) if len(values) else float("nan")


def milliseconds(seconds: float) -> str:
    """Seconds as milliseconds with three digits."""
    return "-" if np.isnan(seconds) else f"{seconds * 1e3:,.1f}" if seconds < 0.1 else f"{seconds * 1e3:,.0f}"


def points(value: float) -> str:
    """Basis points."""
    return "-" if np.isnan(value) else f"{value:,.3f}" if abs(value) < 1 else f"{value:,.1f}"


def share(part: int, whole: int) -> str:
    """Percent of a count."""
    return f"{100 * part / whole:.1f} %" if whole else "-"


def ratio(value: float) -> str:
    """How many times."""
    return "-" if np.isnan(value) else f"{value:,.2f}" if value < 10 else f"{value:,.0f}"
