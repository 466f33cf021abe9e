"""How long does it take to ask ten thousand households whether they are due? Triggers that plan nothing, and the one that does.

``python -m tests.bench.due [--households 10000] [--book FOLDER] [--planned 10] [--triggers NAME ...]``

The book is ``make_book.py``'s where one is named (``../shared/tools/make_book.py --n 10000 --out FOLDER``), else
households of twenty lots made of the example book's. Each trigger is asked of a quarter of the households and of all of
them: the time a household must be the same (linear), and memory must not grow with their number once the book is read
(bounded). What reading takes is told apart; the dynamic trigger plans, so that only some households are asked.
"""

from __future__ import annotations

import argparse
import csv
import gc
import resource
import sys
import tempfile
import time
import tracemalloc
from functools import cache
from itertools import islice
from pathlib import Path

from lotwright.book.book import Book
from lotwright.cli.judging_due import Asked, judging
from lotwright.files.books import read_book
from lotwright.files.risk_store import risk_model
from lotwright.files.triggers import load_trigger, parse_trigger
from tests.bench.table import print_table

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "books" / "two_accounts"
TRIGGERS = ("quarterly", "bands_5_25", "daily_look", "harvest_losses", "sensible")
TRACKING = '[[when]]\nkind = "tracking_error"\nabove = 0.01\n'
INDICATOR = '[[when]]\nkind = "indicator"\nwhen = "drawdown({0}, 63) > 0.1 and volatility({0}, 21) > 0.2"\n'
SAVES = '[[when]]\nkind = "saves"\nbp = 2\n'
LOTS = 20


def many(out: Path, households: int) -> Path:
    """A book of the example's market and of households with the taxable account's first lots, moved a little."""
    for path in EXAMPLE.glob("*.csv"):
        if path.stem in ("prices", "targets", "substitutes", "history"):
            (out / path.name).write_bytes(path.read_bytes())
    with (EXAMPLE / "accounts.csv").open(encoding="utf-8", newline="") as file:
        account = next(csv.DictReader(file))
    with (EXAMPLE / "lots.csv").open(encoding="utf-8", newline="") as file:
        lots = [row for row in csv.DictReader(file) if row["account"] == account["account"]][:LOTS]
    with (
        (out / "accounts.csv").open("w", encoding="utf-8", newline="") as a,
        (out / "lots.csv").open("w", encoding="utf-8", newline="") as b,
    ):
        accounts, rows = csv.DictWriter(a, account), csv.DictWriter(b, lots[0])
        accounts.writeheader()
        rows.writeheader()
        for n in range(households):
            accounts.writerow({**account, "account": f"A{n:06}", "household": f"H{n:06}"})
            for k, lot in enumerate(lots):
                shares = int(float(lot["quantity"])) + (n * 7 + k * 3) % 11
                rows.writerow({**lot, "account": f"A{n:06}", "quantity": shares})
    return out


def asked(book: Book, trigger: str) -> Asked:
    declared = load_trigger(trigger) if trigger in TRIGGERS else parse_trigger(trigger)
    return Asked(book=book, declared=declared, risk=cache(lambda: risk_model(book)))


def measured(asking: Asked, households: int) -> tuple[float, int, int]:
    """Seconds of processor time (the machine may be shared), how many were due, and the largest growth of Python's memory in bytes while they were asked."""
    shared = judging(asking)
    if asking.declared.trigger.when[0].condition.kind != "saves":
        next(shared.answers())  # the risk model and every import
    gc.collect()
    started = time.process_time()
    due = sum(answer.is_due for answer in islice(shared.answers(), households))
    seconds = time.process_time() - started
    tracemalloc.start()
    for _ in islice(shared.answers(), min(households, 500)):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return seconds, due, peak


def row(name: str, book: Book, trigger: str) -> list[str]:
    total = len(book.households)
    quarter, _, _ = measured(asked(book, trigger), total // 4)
    whole, due, peak = measured(asked(book, trigger), total)
    ratio = (whole / total) / (quarter / (total // 4))
    return [
        name,
        f"{due:,} due",
        f"{total / whole:,.0f}",
        f"{1000 * whole / total:.2f}",
        f"{ratio:.2f}",
        f"{peak / 2**20:.1f}",
    ]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--households", type=int, default=10_000)
    options.add_argument("--book", type=Path)
    options.add_argument("--planned", type=int, default=10)
    options.add_argument("--triggers", nargs="*", default=[*TRIGGERS, "tracking error", "indicator"])
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = given.book or many(Path(folder), given.households)
        started = time.perf_counter()
        book = read_book(path)
        reading = time.perf_counter() - started
        total = len(book.households)
        symbol = (book.history.symbols if book.history is not None else ("",))[0]
        rows = [row(name, book, name) for name in TRIGGERS if name in given.triggers]
        if "tracking error" in given.triggers:
            rows.append(row("tracking error", book, TRACKING))
        if "indicator" in given.triggers and symbol.isidentifier():
            rows.append(row(f"indicator on {symbol}", book, INDICATOR.format(symbol)))
        few = min(given.planned, total)
        if few:
            seconds, due, _ = measured(asked(book, SAVES), few)
            rows.append(
                [
                    f"dynamic, {few} planned",
                    f"{due} due",
                    f"{few / seconds:,.2f}",
                    f"{1000 * seconds / few:,.0f}",
                    "",
                    "",
                ]
            )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
        print_table(
            "lotwright due",
            [
                f"{total:,} households ({'made by make_book' if given.book else f'{LOTS} lots each'}), read in {reading:.1f} s",
                f"largest memory of the process {peak:,.0f} MB, the tables of the book included",
                "times are the process's own, on one processor; ratio: time a household when all are asked, of that when a quarter is asked",
            ],
            ["trigger", "answer", "households/s", "ms each", "ratio", "peak MB of 500"],
            rows,
        )


if __name__ == "__main__":
    main()
