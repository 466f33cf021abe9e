"""How far a run is, on standard error: a bar on a terminal, a line now and then where there is none."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

import typer

FEW = 3
"""Up to this many households nobody needs to be told."""
EVERY = 10.0
"""Seconds between two lines where there is no terminal."""


class Advance(Protocol):
    """Told how many households are planned since it was last told."""

    def __call__(self, more: int = 1) -> None:
        """Count them."""


def _nothing(more: int = 1) -> None:
    """Nobody needs to be told."""


@contextmanager
def progress(count: int) -> Iterator[Advance]:
    """Hand out a function to call after each of ``count`` households, or after several with their number."""
    if count <= FEW:
        yield _nothing
    elif sys.stderr.isatty():
        with _bar(count) as advance:
            yield advance
    else:
        yield _lines(count)


@contextmanager
def _bar(count: int) -> Iterator[Advance]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("Planning"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=count, rate="")
        pace = _Pace()

        def advance(more: int = 1) -> None:
            rate = pace.count(more)
            bar.update(task, advance=more, rate=f"{rate:.1f} a second" if rate else "")

        yield advance


def _lines(count: int) -> Advance:
    pace, last = _Pace(), time.perf_counter()

    def advance(more: int = 1) -> None:
        nonlocal last
        rate, now = pace.count(more), time.perf_counter()
        if rate and now - last >= EVERY and pace.done < count:
            last = now
            left = (count - pace.done) / rate
            typer.echo(
                f"{pace.done} of {count} households planned, {rate:.1f} a second, about {left:.0f} s left", err=True
            )

    return advance


@dataclass(slots=True)
class _Pace:
    """Households a second since the first were done: what starting took says nothing of the rest."""

    done: int = 0
    _first: int = 0
    _since: float = 0.0

    def count(self, more: int) -> float:
        """Count some more and return the rate, 0 as long as there is none."""
        self.done += more
        now = time.perf_counter()
        if not self._first:
            self._first, self._since = self.done, now
            return 0.0
        return (self.done - self._first) / max(now - self._since, 1e-9)
