"""How long does it take to remember ten thousand plans? SQLite in a folder against PostgreSQL, both durable.

``python -m tests.bench.store [--plans 10000]``
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg

from lotwright.canonical import plan_hash
from lotwright.store import Store
from lotwright.store.audit import AuditChain
from lotwright.store.facts import Fill, Order, Run
from tests.bench.table import milliseconds, print_table
from tests.postgres import NO_SERVER, postgres_server, server_binaries
from tests.store.facts import document, trade

AT = datetime(2026, 11, 20, 15, 30, tzinfo=UTC)
TRADES = 24
RECORDS = 500


def plans(count: int) -> list[dict[str, Any]]:
    """Plans of 24 trades, half of them sales at a loss: what the second example book gives."""
    sides = [trade("sell" if n % 2 else "buy", f"S{n}", gain=-100 if n % 2 else None) for n in range(TRADES)]
    lock = {"group": "G", "symbols": [f"S{n}" for n in range(TRADES)], "no_buy_until": "2026-12-20", "because": ""}
    return [document(f"H{n:06}", trades=sides, wash_sales={"locks": [lock], "kept": []}) for n in range(count)]


def measured(place: str, documents: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds of each thing done on a new store."""
    times: dict[str, float] = {}

    def timed(name: str, act: Callable[[], object]) -> Any:
        started = time.perf_counter()
        found = act()
        times[name] = time.perf_counter() - started
        return found

    day = date(2026, 11, 20)
    run = Run(run="r", started=AT, as_of=day, book_hash="", program="", program_hash="", version="")
    store = timed("open a new one", lambda: Store.open(place))
    with store:
        store.record_run(run)
        hashes = timed("plans", lambda: store.record_plans("r", documents, at=AT))
        timed("the same plans again", lambda: store.record_plans("r", documents, at=AT))
        timed("pending of all households", lambda: store.pending(day))
        timed("pending of one household", lambda: store.pending(day, household="H000000"))
        orders = [
            Order(order_id=f"o{n}", plan=hashes[n % len(hashes)], account="A", symbol="S1", side="sell", quantity=Decimal(9),
                  attempt=1, kind="limit", broker="x", at=AT)
            for n in range(RECORDS)
        ]  # fmt: skip
        timed(f"{RECORDS} orders, one by one", lambda: [store.record_orders([one]) for one in orders])
        fills = [
            Fill(fill=f"x{n}", order_id=f"o{n}", plan=one.plan, account="A", symbol="S1", side="sell", quantity=Decimal(9),
                 price=Decimal("99.5"), day=day, at=AT)
            for n, one in enumerate(orders)
        ]  # fmt: skip
        timed(f"{RECORDS} fills, one by one", lambda: [store.record_fills([one]) for one in fills])
        with tempfile.TemporaryDirectory() as folder:
            chain = AuditChain(Path(folder), clock=lambda: AT, store=store)
            timed(f"{RECORDS} audit records", lambda: [chain.record("step", {"n": n}) for n in range(RECORDS)])
    return times


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--plans", type=int, default=10_000)
    count = parser.parse_args().plans
    documents = plans(count)
    started = time.perf_counter()
    for one in documents[:500]:
        plan_hash(one)
    hashing = (time.perf_counter() - started) / min(500, count)
    with tempfile.TemporaryDirectory() as folder:
        sqlite = measured(folder, documents)
        size = (Path(folder) / "store.sqlite").stat().st_size
    postgres: dict[str, float] = {}
    if server_binaries() is not None:
        with postgres_server(durable=True) as url:
            with psycopg.connect(url.replace("DATABASE", "postgres"), autocommit=True) as connection:
                connection.execute("CREATE DATABASE bench")
            postgres = measured(url.replace("DATABASE", "bench"), documents)
    rows = [[name, "s", f"{sqlite[name]:,.3f}", f"{postgres[name]:,.3f}" if postgres else "-"] for name in sqlite]
    rows.append(
        ["plans a second", "1/s", *(f"{count / times['plans']:,.0f}" if times else "-" for times in (sqlite, postgres))]
    )
    said = [
        f"Input: {count:,} plans of {TRADES} trades and {TRADES} locks, whole documents kept; hashing a plan takes"
        f" {milliseconds(hashing)} ms of it",
        f"SQLite: WAL, synchronous FULL, {size / count / 1024:.1f} KiB a plan; PostgreSQL: fsync on, through a socket",
    ]
    print_table(
        "What remembering costs",
        said if postgres else [*said, NO_SERVER],
        ["what", "unit", "SQLite", "PostgreSQL"],
        rows,
    )


if __name__ == "__main__":
    main()
