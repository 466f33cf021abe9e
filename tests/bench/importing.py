"""How long does a file of a million lots take to become a book, and how much memory?

``python -m tests.bench.importing [--rows 1000000]``. Each measurement runs in a process of its own, so that its peak of
memory is its own; the file is made here, with a fixed seed.
"""

from __future__ import annotations

import argparse
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from tests.bench.table import print_table

SYMBOLS = (
    "AAPL",
    "AMD",
    "BAC",
    "BBY",
    "CVX",
    "GE",
    "HD",
    "JNJ",
    "JPM",
    "KO",
    "LLY",
    "MRK",
    "MSFT",
    "PEP",
    "PFE",
    "PG",
    "RRC",
    "UNH",
    "WMT",
    "XOM",
)
LOTS_OF_ACCOUNT = 100
MAPPING = """schema = "lotwright.mapping/1"
[[table]]
kind = "lots"
files = "lots*"
accounts = "as_written"
columns = { account = "Account", symbol = "Ticker", quantity = "Shares", acquired = "Trade date", basis = "Cost" }
[[table]]
kind = "cash"
files = "cash*"
accounts = "as_written"
columns = { account = "Account", amount = "Cash" }
"""


def files(folder: Path, rows: int, *, is_dirty: bool) -> None:
    """Lots of 20 securities, 100 an account; ``is_dirty``: dollar signs, separators and American days in every row."""
    chance = random.Random(40)
    first = date(2010, 1, 4)
    accounts = max(rows // LOTS_OF_ACCOUNT, 1)
    with (folder / "lots.csv").open("w", encoding="utf-8") as out:
        out.write("Account,Ticker,Shares,Trade date,Cost\n")
        for row in range(rows):
            day = first + timedelta(days=chance.randrange(3900))
            shares, price = chance.randrange(1, 5000), chance.randrange(500, 30_000) / 100
            cost = f'"${shares * price:,.2f}"' if is_dirty else f"{shares * price:.2f}"
            count = f'"{shares:,}"' if is_dirty else shares
            told = f"{day:%m/%d/%Y}" if is_dirty else day.isoformat()
            out.write(f"HH{row % accounts:05d},{SYMBOLS[row // accounts % 20]},{count},{told},{cost}\n")
    with (folder / "cash.csv").open("w", encoding="utf-8") as out:
        out.write("Account,Cash\n" + "".join(f"HH{n:05d},1000.00\n" for n in range(accounts)))
    (folder / "mapping.toml").write_text(MAPPING, encoding="utf-8")


def one(folder: Path) -> None:
    """Import once, in this process, and say seconds and MiB."""
    from lotwright.book.kinds import AccountKind
    from lotwright.files.imports.mapped import Mapped
    from lotwright.files.imports.mapping import read_mapping
    from lotwright.files.imports.merge import NewAccounts
    from lotwright.files.imports.policy import Policy
    from lotwright.files.imports.run import Request, import_files

    as_of = date(2020, 12, 11)
    given = NewAccounts(kind=AccountKind.TAXABLE, model="M", household="H")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    started, cpu = time.perf_counter(), time.process_time()
    report = import_files(
        Mapped(mapping=read_mapping(folder / "mapping.toml")),
        [folder / "lots.csv", folder / "cash.csv"],
        Request(book=folder / "book", policy=Policy(as_of=as_of), given=given),
    )
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if not report.is_complete:
        raise SystemExit("\n".join(finding.fault.message for finding in report.findings[:5]))
    print(f"{seconds} {cpu} {before} {peak}")


def measured(folder: Path) -> list[float]:
    """Seconds, seconds of CPU, MiB before, MiB at the peak, of an import in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.importing", "--one", str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    return [float(word) for word in done.stdout.split()]


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--one", type=Path)
    asked = parser.parse_args()
    if asked.one is not None:
        one(asked.one)
        return
    table, rows = [], asked.rows
    for is_dirty in (False, True):
        with tempfile.TemporaryDirectory() as name:
            files(Path(name), rows, is_dirty=is_dirty)
            size = (Path(name) / "lots.csv").stat().st_size
            kind = "dollar signs, separators, American days" if is_dirty else "plain"
            for what in ("new book", "same file again"):
                seconds, cpu, before, peak = measured(Path(name))
                each = (peak - before) * 2**20 / rows
                numbers = [
                    f"{size / 1e6:,.1f}",
                    f"{seconds:,.1f}",
                    f"{cpu:,.1f}",
                    f"{rows / cpu:,.0f}",
                    f"{peak:,.0f}",
                    f"{each:,.0f}",
                ]
                table.append([f"{rows:,} lots, {kind}", what, *numbers])
    print_table(
        "Importing a file of lots",
        [
            f"{LOTS_OF_ACCOUNT} lots an account, 20 securities; from the file to a book that was read back, tables forced to disk"
        ],
        ["file", "what", "MB", "s", "CPU s", "lots a CPU s", "peak MiB", "bytes a lot"],
        table,
    )


if __name__ == "__main__":
    main()
