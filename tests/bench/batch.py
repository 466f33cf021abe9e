"""A whole book through ``lotwright batch``: how fast, where the time goes, how much memory, and what resuming costs.

Every run is the command itself in a process of its own. Run it as

    python -m tests.bench.batch BOOK [BOOK ...] --households 5000

on books of ``tools/make_book.py`` (one a date). A book with more households than asked is cut to the first of them.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from tests.bench.table import print_table

COLUMNS = (
    "book", "run", "households", "wall s", "a second", "a second, core", "<= 0.1 bp %", "<= 0.5 bp %", "worst bp", "failed",
    "solving %", "reading %", "posing %", "verifying %", "rest %", "coordinator MB", "worker MB",
)  # fmt: skip
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
    ranges = (file.stem.split("-")[1:] for file in (out / ".work" / "done").glob("*.lwf"))
    return finished + sum(int(last) - int(first) + 1 for first, last in ranges)


def row(book: Path, name: str, measured: tuple[float, Memory, dict[str, Any]], workers: int) -> list[str]:
    """One line of the table."""
    seconds, memory, said = measured
    spent, gap = said["worker_seconds"], said["gap_bp"]
    whole = seconds * workers
    shares = [100 * spent[phase] / whole for phase in ("solve", "read", "pose", "verify")]
    rate = said["households"] / seconds
    good = [f"{100 * gap[name]:.1f}" if gap[name] is not None else "-" for name in ("within_0.1", "within_0.5")]
    figures = [*shares, 100 - sum(shares)]
    return [
        book.name, name, f"{said['households']:,}", f"{seconds:,.1f}", f"{rate:,.1f}", f"{rate / workers:,.1f}", *good,
        f"{gap['1']:.3f}", f"{said['failed']:,}", *(f"{figure:.0f}" for figure in figures),
        f"{memory.coordinator:,.0f}", f"{memory.worker:,.0f}",
    ]  # fmt: skip


def measure(
    book: Path, workers: int, scratch: Path, *, with_one: bool, with_dask: bool
) -> tuple[list[list[str]], list[str]]:
    """Rows and sentences of one book."""
    two = run(book, scratch / "two", "--workers", str(workers))
    rows = [row(book, f"local, {workers} workers", two, workers)]
    households, said = two[2]["households"], []
    if with_one and workers > 1:
        one = run(book, scratch / "one", "--workers", "1")
        rows.append(row(book, "local, 1 worker", one, 1))
        said.append(f"{book.name}: {workers} workers are {one[0] / two[0]:.2f} times as fast as 1")
    if with_dask:
        dask = run(book, scratch / "dask", "--workers", str(workers), "--engine", "dask")
        rows.append(row(book, f"dask, {workers} workers", dask, workers))
        said.append(f"{book.name}: Dask takes {dask[0] / two[0]:.2f} times as long as local processes")
    before = killed_halfway(book, scratch / "killed", households, "--workers", str(workers))
    after = run(book, scratch / "killed", "--workers", str(workers), "--resume")
    said.append(
        f"{book.name}: killed after {before:.1f} s and resumed, together {100 * ((before + after[0]) / two[0] - 1):+.0f} %"
        " of an undisturbed run"
    )
    nothing = run(book, scratch / "two", "--workers", str(workers), "--resume")
    said.append(f"{book.name}: --resume of a run that has ended takes {nothing[0]:.1f} s")
    return rows, said


def slope(book: Path, households: int, workers: int, scratch: Path) -> str:
    """What a household costs in a tenth of the book and in all of it, reading the command's start left out."""
    sizes = (max(households // 10, 10), max(households // 2, 20), households)
    seconds, memory = [], []
    for size in sizes:
        part = first_households(book, size, scratch / f"book-{size}")
        taken, peak, _ = run(part, scratch / f"run-{size}", "--workers", str(workers))
        seconds.append(taken)
        memory.append(peak.coordinator)
    each = [(seconds[k + 1] - seconds[k]) / (sizes[k + 1] - sizes[k]) * 1e3 for k in (0, 1)]
    return (
        f"{book.name}: {sizes[0]:,}, {sizes[1]:,} and {sizes[2]:,} households in {seconds[0]:.1f}, {seconds[1]:.1f} and"
        f" {seconds[2]:.1f} s: {each[0]:.2f} and {each[1]:.2f} ms for each more; coordinator"
        f" {memory[0]:.0f}, {memory[1]:.0f} and {memory[2]:.0f} MB"
    )


def plain_loop(book: Path, count: int, seconds: float) -> str:
    """The comparison: one cvxpy problem after the other, rounded to whole shares, on a sample."""
    words = [sys.executable, "-m", "tests.bench.baselines", str(book), "--households", str(count)]
    ended = subprocess.run(words, capture_output=True, text=True, check=False)
    return f"A plain loop of cvxpy problems on {count} of {book.name} (batch: {seconds:.1f} s for all):\n{ended.stdout}"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.batch", description=__doc__.split("\n")[0])
    parser.add_argument("book", type=Path, nargs="+")
    parser.add_argument("--households", type=int, default=5000, help="of each book at most (default 5000)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--no-one", action="store_true", help="leave out the run of one worker")
    parser.add_argument("--no-dask", action="store_true", help="leave out the run on Dask")
    parser.add_argument("--slope", type=int, default=0, help="households of the largest run for the slope; 0: none")
    parser.add_argument("--loop", type=int, default=0, help="households of the plain loop of cvxpy; 0: none")
    given = parser.parse_args()
    rows: list[list[str]] = []
    said: list[str] = []
    loops: list[str] = []
    for book in given.book:
        with tempfile.TemporaryDirectory() as folder:
            scratch = Path(folder)
            part = first_households(book, given.households, scratch / book.name)
            more, words = measure(part, given.workers, scratch, with_one=not given.no_one, with_dask=not given.no_dask)
            rows += more
            said += words
            if given.slope:
                said.append(slope(book, given.slope, given.workers, scratch))
            if given.loop:
                loops.append(plain_loop(part, given.loop, float(more[0][3].replace(",", ""))))
    print_table("A whole book in a batch", said, COLUMNS, rows)
    print("\n".join(loops))


if __name__ == "__main__":
    main()
