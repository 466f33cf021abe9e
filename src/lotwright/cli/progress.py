"""How far a run is, on standard error: a bar on a terminal, a line now and then where there is none."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

FEW = 3
"""Up to this many households nobody needs to be told."""
EVERY = 10.0
"""Seconds between two lines where there is no terminal."""


@contextmanager
def progress(count: int) -> Iterator[Callable[[], None]]:
    """Hand out a function to call after each of ``count`` households."""
    if count <= FEW:
        yield lambda: None
    elif sys.stderr.isatty():
        with _bar(count) as advance:
            yield advance
    else:
        yield _lines(count)


@contextmanager
def _bar(count: int) -> Iterator[Callable[[], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("Planning"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(elapsed_when_finished=True),
    )
    started = time.perf_counter()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=count, rate="")
        done = 0

        def advance() -> None:
            nonlocal done
            done += 1
            bar.update(task, advance=1, rate=f"{_rate(done, started):.1f} a second")

        yield advance


def _lines(count: int) -> Callable[[], None]:
    started = last = time.perf_counter()
    done = 0

    def advance() -> None:
        nonlocal done, last
        done += 1
        now = time.perf_counter()
        if now - last >= EVERY and done < count:
            last = now
            rate = _rate(done, started)
            left = (count - done) / rate
            typer.echo(f"{done} of {count} households planned, {rate:.1f} a second, about {left:.0f} s left", err=True)

    return advance


def _rate(done: int, started: float) -> float:
    return done / max(time.perf_counter() - started, 1e-9)
