"""A whole book through ``lotwright batch``: how fast, where the time goes, how much memory, and what resuming costs.

Every run is the command itself in a process of its own. Run it as

    python -m tests.bench.batch BOOK [BOOK ...] --keep FOLDER --households 5000 --slope 1000 5000 10000 --loop 40

on books of ``tools/make_book.py`` (one a date). A book with more households than asked is cut to the first of them. It
is measured in pieces; each is written to FOLDER when it is done, and no new one begins after ``--minutes``: the same
command goes on with the next, and prints what there is so far. On a machine that does nothing else.

Columns
-------
solving, posing, verifying, reading, writing %
    Of the time of all workers, from the start of the command to its end: the search, what comes before it, what after,
    rows into objects, plans into tables.
sending, start-up, idle %
    Between two chunks of a worker; before its first, the start of Python and the reading of the book included; after
    its last, the summary included. All eight sum to the whole.
coordinator, worker MB
    Peak resident memory; that of the largest worker.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from tests.bench.table import print_table

COLUMNS = (
    "book", "run", "households", "wall s", "a second", "a second, core", "<= 0.1 bp %", "<= 0.5 bp %", "worst bp", "failed",
    "solving %", "posing %", "verifying %", "reading %", "writing %", "sending %", "start-up %", "idle %",
    "coordinator MB", "worker MB",
)  # fmt: skip
SPENT = ("solving", "posing", "verifying", "reading", "writing", "sending", "start_up", "idle")
MILLION = 1_000_000
ACCOUNTS = ("lots", "transactions", "restrictions", "cashflows")


@dataclass(slots=True)
class Memory:
    """Peaks of resident memory of a process and of its children, in MB, looked at ten times a second."""

    coordinator: float = 0.0
    worker: float = 0.0
    done: threading.Event = field(default_factory=threading.Event)

    def watch(self, pid: int) -> None:
        """Look until told that it is done."""
        while not self.done.wait(0.1):
            self.coordinator = max(self.coordinator, resident(pid))
            self.worker = max([self.worker, *map(resident, descendants(pid))])


def resident(pid: int) -> float:
    """Resident memory of a process in MB, 0 when it is gone."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * resource.getpagesize() / 2**20


def descendants(pid: int) -> list[int]:
    """Children of a process and theirs."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError):
            continue
    found = [pid]
    for each in found:
        found += [child for child, parent in parents.items() if parent == each]
    return found[1:]


def first_households(book: Path, count: int, folder: Path) -> Path:
    """Return the book cut to its first households, or as it is where it has no more."""
    accounts = read(book, "accounts")
    names = pc.unique(accounts.column("household"))
    if len(names) <= count:
        return book
    folder.mkdir(parents=True)
    for file in book.iterdir():
        if file.suffix in (".csv", ".parquet") and file.stem not in (*ACCOUNTS, "accounts"):
            shutil.copy(file, folder)
    kept = accounts.filter(pc.is_in(accounts.column("household"), value_set=names.slice(0, count)))
    pq.write_table(kept, folder / "accounts.parquet")
    for name in ACCOUNTS:
        if (book / f"{name}.parquet").is_file() or (book / f"{name}.csv").is_file():
            rows = read(book, name)
            mine = rows.filter(pc.is_in(rows.column("account"), value_set=kept.column("account").combine_chunks()))
            pq.write_table(mine, folder / f"{name}.parquet")
    return folder


def read(book: Path, name: str) -> Any:
    """Return a table of a book."""
    file = book / f"{name}.parquet"
    return pq.read_table(file) if file.is_file() else pacsv.read_csv(book / f"{name}.csv")


def command(book: Path, out: Path, *more: str) -> list[str]:
    """The command as a user would type it."""
    return [sys.executable, "-m", "lotwright", "batch", str(book), "--out", str(out), "--json", os.devnull, *more]


def run(book: Path, out: Path, *more: str) -> tuple[float, Memory, dict[str, Any]]:
    """Run the command to its end; return wall seconds, memory and the summary it wrote."""
    memory = Memory()
    started = time.perf_counter()
    process = subprocess.Popen(command(book, out, *more), stdout=subprocess.DEVNULL)
    watcher = threading.Thread(target=memory.watch, args=(process.pid,))
    watcher.start()
    status = process.wait()
    seconds = time.perf_counter() - started
    memory.done.set()
    watcher.join()
    if status not in (0, 1):
        raise SystemExit(f"The run ended with status {status}.")
    return seconds, memory, json.loads((out / "summary.json").read_text())


def killed_halfway(book: Path, out: Path, households: int, *more: str) -> float:
    """Run until half of the households are done, then kill it; return the seconds that took."""
    started = time.perf_counter()
    process = subprocess.Popen(command(book, out, *more), stdout=subprocess.DEVNULL)
    while process.poll() is None and done(out) < households / 2:
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    return time.perf_counter() - started


def done(out: Path) -> int:
    """Units of a run that are done, by the names of its files."""
    finished = len(list((out / "plans").glob("part-*.parquet"))) * 256
    return finished + sum(int(file.stem.split("-")[-1]) for file in (out / ".work" / "done").glob("*.lwf"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """What is measured of one book, piece by piece, each kept in a file of its own.

    Parameters
    ----------
    book : Path
    folder : Path
        Of this book's figures, and of its runs.
    households, workers : int
    slope : tuple of int
        Households of the runs whose costs are compared.
    loop : int
        Households of the plain loop of cvxpy problems.
    """

    book: Path
    folder: Path
    households: int
    workers: int
    slope: Sequence[int]
    loop: int

    def names(self, *, with_one: bool, with_dask: bool) -> dict[str, Callable[[], dict[str, Any]]]:
        """Each piece by name."""
        several = ("--workers", str(self.workers))
        pieces: dict[str, Callable[[], dict[str, Any]]] = {
            "several": lambda: self.measured("several", self.households, *several)
        }
        if with_one and self.workers > 1:
            pieces["one"] = lambda: self.measured("one", self.households, "--workers", "1")
        if with_dask:
            pieces["dask"] = lambda: self.measured("dask", self.households, *several, "--engine", "dask")
        pieces["ended"] = lambda: self.measured("several", self.households, *several, "--resume")
        pieces["killed"] = self.killed
        for size in self.slope:
            pieces[f"of {size}"] = lambda size=size: self.measured(f"of-{size}", size, *several)  # type: ignore[misc]
        if self.loop:
            pieces["loop"] = lambda: {"text": plain_loop(self.part(self.households), self.loop)}
        return pieces

    def part(self, households: int) -> Path:
        """The book cut to its first households; cut once."""
        cut = self.folder / f"book-{households}"
        return cut if cut.is_dir() else first_households(self.book, households, cut)

    def measured(self, name: str, households: int, *more: str) -> dict[str, Any]:
        """One run of the command to its end."""
        out = self.folder / "runs" / name
        if "--resume" not in more:
            shutil.rmtree(out, ignore_errors=True)
        seconds, memory, said = run(self.part(households), out, *more)
        figures = {key: said[key] for key in ("households", "failed", "gap_bp")}
        figures["time"] = said["run"]["time"]
        return {"seconds": seconds, "coordinator": memory.coordinator, "worker": memory.worker, **figures}

    def killed(self) -> dict[str, Any]:
        """A run that is killed halfway, and goes on."""
        several = ("--workers", str(self.workers))
        out, part = self.folder / "runs" / "killed", self.part(self.households)
        shutil.rmtree(out, ignore_errors=True)
        before = killed_halfway(part, out, min(self.households, count(part)), *several)
        return {"before": before, **self.measured("killed", self.households, *several, "--resume")}


def count(book: Path) -> int:
    """Households of a book."""
    return len(pc.unique(read(book, "accounts").column("household")))


def row(book: str, name: str, figures: Mapping[str, Any], workers: int) -> list[str]:
    """One line of the table."""
    spent, gap, seconds = figures["time"], figures["gap_bp"], figures["seconds"]
    shares = [100 * spent[phase] / spent["workers"] for phase in SPENT]
    rate = figures["households"] / seconds
    good = [f"{100 * gap[name]:.1f}" if gap[name] is not None else "-" for name in ("within_0.1", "within_0.5")]
    return [
        book, name, f"{figures['households']:,}", f"{seconds:,.1f}", f"{rate:,.1f}", f"{rate / workers:,.1f}", *good,
        f"{gap['1']:.3f}", f"{figures['failed']:,}", *(f"{share:.1f}" for share in shares),
        f"{figures['coordinator']:,.0f}", f"{figures['worker']:,.0f}",
    ]  # fmt: skip


def rows_of(book: str, found: Mapping[str, Mapping[str, Any]], workers: int) -> list[list[str]]:
    """The lines of one book: every run that was not disturbed."""
    named = {"several": f"local, {workers} workers", "one": "local, 1 worker", "dask": f"dask, {workers} workers"}
    named |= {name: f"local, {workers} workers" for name in found if name.startswith("of ")}
    return [row(book, named[name], found[name], 1 if name == "one" else workers) for name in found if name in named]


def sentences(book: str, found: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What the runs of one book say when they are compared."""
    said: list[str] = []
    several = found.get("several")
    if several is not None:
        said += [
            f"{book}: {words.format(found[name]['seconds'] / several['seconds'], found[name]['seconds'])}"
            for name, words in (
                ("one", "the workers together are {0:.2f} times as fast as one"),
                ("dask", "Dask takes {0:.2f} times as long as local processes"),
                ("ended", "--resume of a run that has ended takes {1:.1f} s"),
            )
            if name in found
        ]
    if several is not None and "killed" in found:
        killed = found["killed"]
        more = (killed["before"] + killed["seconds"]) / several["seconds"] - 1
        said.append(
            f"{book}: killed after {killed['before']:.1f} s and resumed, together {100 * more:+.0f} % of the run"
        )
    return said + slope(book, [found[name] for name in found if name.startswith("of ")])


def slope(book: str, runs: Sequence[Mapping[str, Any]]) -> list[str]:
    """What each further household costs, and what a million accounts would: the start of the command left out."""
    said = []
    costs: list[float] = []
    for less, more in itertools.pairwise(runs):
        further = more["households"] - less["households"]
        costs.append((more["seconds"] - less["seconds"]) / further)
        said.append(
            f"{book}: from {less['households']:,} to {more['households']:,} households {1e3 * costs[-1]:.2f} ms for each"
            f" more; coordinator {less['coordinator']:.0f} and {more['coordinator']:.0f} MB, worker"
            f" {less['worker']:.0f} and {more['worker']:.0f} MB"
        )
    if costs:
        held = (runs[-1]["coordinator"] - runs[0]["coordinator"]) / (runs[-1]["households"] - runs[0]["households"])
        most = runs[-1]["coordinator"] + max(held, 0.0) * (MILLION - runs[-1]["households"])
        said.append(
            f"{book}: by these slopes a million households take {MILLION * costs[-1] / 3600:.1f} hours on this machine and"
            f" {most:,.0f} MB of the coordinator"
        )
    return said


def plain_loop(book: Path, households: int) -> str:
    """The comparison: one cvxpy problem after the other, rounded to whole shares, on a sample."""
    words = [sys.executable, "-m", "tests.bench.baselines", str(book), "--households", str(households)]
    ended = subprocess.run([*words, "--general", "0", "--genetic", "0"], capture_output=True, text=True, check=False)
    return f"A plain loop of cvxpy problems on {households} households of {book.name}:\n{ended.stdout}{ended.stderr}"


def main() -> None:
    """Measure what is not measured yet, and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.batch", description=__doc__.split("\n")[0])
    parser.add_argument("book", type=Path, nargs="+")
    parser.add_argument("--keep", type=Path, required=True, help="folder of the figures, to go on from")
    parser.add_argument("--minutes", type=float, default=8.0, help="no new piece after so many (default 8)")
    parser.add_argument("--households", type=int, default=5000, help="of each book at most (default 5000)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--no-one", action="store_true", help="leave out the run of one worker")
    parser.add_argument("--no-dask", action="store_true", help="leave out the run on Dask")
    parser.add_argument("--slope", type=int, nargs="*", default=(), help="households of runs to compare")
    parser.add_argument("--loop", type=int, default=0, help="households of the plain loop of cvxpy; 0: none")
    given = parser.parse_args()
    started, left = time.monotonic(), []
    rows: list[list[str]] = []
    said: list[str] = []
    loops: list[str] = []
    for book in given.book:
        pieces = Pieces(
            book=book,
            folder=given.keep / book.name,
            households=given.households,
            workers=given.workers,
            slope=sorted(given.slope),
            loop=given.loop,
        )
        found: dict[str, dict[str, Any]] = {}
        for name, piece in pieces.names(with_one=not given.no_one, with_dask=not given.no_dask).items():
            file = pieces.folder / f"{name.replace(' ', '-')}.json"
            if not file.is_file():
                if time.monotonic() - started > 60 * given.minutes:
                    left.append(f"{name} of {book.name}")
                    continue
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(json.dumps(piece()))
            found[name] = json.loads(file.read_text())
        rows += rows_of(book.name, found, given.workers)
        said += sentences(book.name, found)
        loops += [found["loop"]["text"]] if "loop" in found else []
    print_table("A whole book in a batch", said, COLUMNS, rows, used=f"{given.workers} are used")
    print("\n".join(loops))
    if left:
        print(f"Not measured yet: {', '.join(left)}. Give the same command again.")


if __name__ == "__main__":
    main()
