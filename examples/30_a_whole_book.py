"""How do I plan every client at once, and read any plan back?

python examples/30_a_whole_book.py

The same as `lotwright batch BOOK --out RUN` and `lotwright show RUN`, from Python.
"""

import tempfile
from decimal import Decimal
from pathlib import Path

import pyarrow.parquet as pq

from lotwright.files.run.folder import RunFolder
from lotwright.files.run.prepare import Asked
from lotwright.files.run.reading import read_plans
from lotwright.files.run.run import Run
from lotwright.files.run.summary import summarise
from lotwright.files.run.workers import Running, workers

BOOK = Path(__file__).parent / "books" / "first_steps"

if __name__ == "__main__":  # the workers import this file too, and must not start a run of their own
    with tempfile.TemporaryDirectory() as out:
        folder = RunFolder(Path(out))
        run = Run(Asked(book=BOOK), folder, resume=False)
        running = Running(workers=1)
        with workers(running, folder.path, limit=None) as engine:
            for finished in run.work(engine, running):
                print(f"{len(finished.covered)} household done, and safe on the disk")
        said = summarise(folder).to_json()
        print(f"{said['planned']} planned, {said['failed']} failed, widest gap {said['gap_bp']['1']:.3f} bp")

        trades = pq.read_table(Path(out) / "trades").to_pylist()
        for trade in trades:
            print(f"{trade['household']}: {trade['side']:<4} {trade['quantity'].normalize():f} {trade['symbol']}")
        (plan,) = read_plans(folder, ["LEE"])
        assert sum((trade.value for trade in plan.trades), Decimal(0)) == sum(trade["value"] for trade in trades)
        print(f"read back: {plan.household} has {len(plan.trades)} trades and {len(plan.checks)} checks")
