"""``lotwright batch``: plan a whole book into a folder, and be able to go on after anything."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, Annotated, Any

import typer

from lotwright.cli.run_memory import RunMemory, memory
from lotwright.cli.state import StateFolder, StoreUrl
from lotwright.errors import ProgramError

if TYPE_CHECKING:
    from lotwright.files.run.run import Run
    from lotwright.files.run.summary import Summary
    from lotwright.files.run.times import Times
    from lotwright.files.run.workers import Running
    from lotwright.plan.batch.engine import Engine

FEW_ROWS = 3_000
"""Rows of a book up to which waiting for the solver to be compiled takes longer than planning without."""


def batch_command(
    book: Annotated[Path, typer.Argument(help="Folder of the book's tables.", metavar="BOOK")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the results.", metavar="RUN")],
    program: Annotated[
        str | None,
        typer.Option("--program", help="Name or TOML file of a program. If not given: the one the accounts name."),
    ] = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Processes that plan; by default one for each processor.")
    ] = None,
    engine: Annotated[
        str, typer.Option("--engine", help="What runs the work: local, dask, or one that a package offers.")
    ] = "local",
    scheduler: Annotated[
        str | None, typer.Option("--scheduler", help="Address of a Dask scheduler, such as tcp://10.0.0.5:8786.")
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the run that RUN holds.")] = False,
    prices: Annotated[
        Path | None, typer.Option("--prices", help="CSV or Parquet file that takes the place of the table prices.")
    ] = None,
    gap_bp: Annotated[
        float, typer.Option("--gap-bp", min=0.0, help="Basis points of household value at which to stop searching.")
    ] = 0.1,
    time_limit: Annotated[
        float,
        typer.Option(
            "--time-limit",
            min=0.001,
            help="Seconds a household after which to stop searching. A search usually ends before, by a count that is"
            " the same on every machine; one that the clock stops says so.",
        ),
    ] = 60.0,
    hang_limit: Annotated[
        float | None,
        typer.Option("--hang-limit", min=0.1, help="Seconds after which a household's worker is killed as hung."),
    ] = None,
    json_path: Annotated[
        str | None,
        typer.Option("--json", help="Write the plans to this file, one JSON object a line; - for standard output."),
    ] = None,
    state: StateFolder = None,
    store: StoreUrl = None,
    approved_only: Annotated[
        bool, typer.Option("--approved-only", help="Of what the store has in hand, honour what was approved alone.")
    ] = False,
) -> None:
    """Plan every household of a book, in chunks, on many processes, so that no stop loses what is done.

    RUN gets the tables plans, trades, lots, failures and locks as Parquet, manifest.json, summary.json and summary.html.
    Stopped at any moment, the same command with --resume plans what is left.
    """
    from lotwright.files.run.times import Times
    from lotwright.files.run.workers import Running

    if scheduler is not None and engine == "local":
        raise typer.BadParameter("--scheduler is for --engine dask.")
    running = Running(
        workers=workers or os.cpu_count() or 1, engine=engine, scheduler=scheduler, hang_seconds=hang_limit
    )
    work = _Work(out=out, running=running, times=Times(workers=running.workers), resume=resume, json_path=json_path)
    asked = {"book": book, "program": program, "prices": prices, "gap_bp": gap_bp, "seconds": time_limit}
    with memory(state, store, approved_only=approved_only) as remembered:
        status = _batch(work, asked, remembered)
    raise typer.Exit(status)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """A run as it was called for."""

    out: Path
    running: Running
    times: Times
    resume: bool
    json_path: str | None


def _batch(work: _Work, asked: Mapping[str, Any], memory: RunMemory) -> int:
    """Plan and put together; return the exit status. The workers start before this process reads the book."""
    from lotwright.files.run.place import check_place, has_ended
    from lotwright.files.run.workers import workers

    was_there = work.out.is_dir()
    work.out.mkdir(parents=True, exist_ok=True)
    with _alone(work.out, was_there=was_there), _interrupts() as stop, ExitStack() as until_done:
        check_place(work.out, resume=work.resume)
        engine = None
        if not has_ended(work.out):
            engine = until_done.enter_context(workers(work.running, work.out, limit=asked["seconds"]))
        run = _begun(work, asked, memory)
        with _json_lines(work.json_path) as lines:
            _carry_out(run, work, engine, stop, lines, memory)
        if stop.asked:
            return _stopped(run, work.out)
        until_done.close()
        summary = _ended(run, work)
        memory.end(summary.to_json())
        return _status(summary)


def _begun(work: _Work, asked: Mapping[str, Any], memory: RunMemory) -> Run:
    """The run, its book read and its folder begun."""
    from lotwright.files.run.folder import RunFolder
    from lotwright.files.run.prepare import Asked
    from lotwright.files.run.run import Run
    from lotwright.plan.separable.tree import Effort

    effort = Effort(gap_bp=asked["gap_bp"], seconds=asked["seconds"])
    wanted = Asked(book=asked["book"], program=asked["program"], prices=asked["prices"], effort=effort)
    run = Run(wanted, RunFolder(work.out), resume=work.resume, pending=memory.pending)
    memory.begin(run)
    ready_kernels(run.prepared.parts.rows if run.left else 0)
    return run


def _carry_out(
    run: Run, work: _Work, engine: Engine | None, stop: _Stop, lines: IO[str] | None, memory: RunMemory
) -> None:
    from lotwright.cli.progress import progress
    from lotwright.files.run.frames import unpack
    from lotwright.files.run.reading import plan_texts

    if lines is not None:
        lines.writelines(f"{text}\n" for _, text in plan_texts(run.folder))
    if engine is None:
        return
    with progress(run.left) as advance:
        for finished in run.work(engine, work.running, times=work.times, is_stopping=lambda: stop.asked):
            if lines is not None or memory.store is not None:
                texts = unpack(finished.answer)[0]["plans"].column("plan").to_pylist()
                memory.keep(iter(texts))
                if lines is not None:
                    lines.writelines(f"{text}\n" for text in texts)
                    lines.flush()
            advance(len(finished.covered))


def _ended(run: Run, work: _Work) -> Summary:
    """Write and print the summary, and clean up."""
    from lotwright.cli.run_page import run_page
    from lotwright.cli.run_report import print_summary
    from lotwright.cli.writing import json_text
    from lotwright.files.run.durable import write_bytes_durably
    from lotwright.files.run.summary import summarise

    summary = summarise(run.folder)
    spent = work.times.to_json()
    about = {
        "as_of": run.manifest["made_from"]["as_of"],
        "seconds": spent["wall"],
        "workers": work.running.workers,
        "engine": work.running.engine,
        "time": spent,
    }
    path = run.folder.path
    write_bytes_durably(path / "summary.json", (json_text({**summary.to_json(), "run": about}) + "\n").encode())
    write_bytes_durably(path / "summary.html", run_page(summary, about).encode())
    run.folder.clean()
    if work.json_path != "-":
        print_summary(summary, about, path)
    return summary


def _status(summary: Summary) -> int:
    from lotwright.cli.planning import INPUT

    failed = summary.status["failed"]
    if not failed:
        return 0
    return 2 if failed == summary.households and set(summary.reasons) <= INPUT else 1


def _stopped(run: Run, out: Path) -> int:
    done = sum(len(units) for units in run.folder.find_done(run.prepared.parts).values())
    typer.echo(
        f"Stopped. {done:,} of {run.prepared.parts.units:,} households are done and safe in {out}. "
        "The same command with --resume plans the others.",
        err=True,
    )
    return 1


@dataclass(slots=True)
class _Stop:
    """Whether somebody asked the run to stop."""

    asked: bool = False
    before: dict[int, Any] = field(default_factory=dict)

    def ask(self, number: int, _frame: object) -> None:
        """Stop after what is at hand; a second time, at once."""
        self.asked = True
        signal.signal(number, self.before[number])


@contextmanager
def _interrupts() -> Iterator[_Stop]:
    """Turn the first interrupt (Ctrl-C, or a polite kill) into a request to stop."""
    stop = _Stop()
    numbers = (signal.SIGINT, signal.SIGTERM)
    stop.before = {number: signal.signal(number, stop.ask) for number in numbers}
    try:
        yield stop
    finally:
        for number, before in stop.before.items():
            signal.signal(number, before)


@contextmanager
def _alone(out: Path, *, was_there: bool) -> Iterator[None]:
    """Keep a second run out of the folder; the lock goes with the process, however that ends.

    A run that never began leaves nothing behind, nor the folder unless it was there before.
    """
    from filelock import FileLock, Timeout

    from lotwright.files.run.place import clear_away

    lock = FileLock(out / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise ProgramError(f"Another run is at work in {out}. Wait for it, or give another folder.") from error
    try:
        yield
    finally:
        clear_away(out, was_there=was_there)
        lock.release()


@contextmanager
def _json_lines(path: str | None) -> Iterator[IO[str] | None]:
    if path is None or path == "-":
        yield None if path is None else sys.stdout
        return
    with Path(path).open("w", encoding="utf-8") as file:
        yield file


def ready_kernels(rows: int) -> None:
    """See to it that all workers search alike: with the compiled solver, or for a few rows without."""
    from lotwright.files.run.kernels import choose_kernels, wished_kernels
    from lotwright.plan.separable import jit

    if not rows or wished_kernels() == "plain":
        return
    if not jit.is_warm():
        if rows <= FEW_ROWS and wished_kernels() == "auto":
            jit.refresh()
            choose_kernels("plain")
            return
        typer.echo("Compiling the solver, once on a machine: two minutes or so.", err=True)
    choose_kernels("compiled")
