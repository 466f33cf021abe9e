"""Orders a second through the Alpaca adapter, the real client and a socket: ``python -m tests.bench.broker [ORDERS]``.

Every row does the same thing on a fresh stand-in that fills at once; ``ratio`` is to the first row, in one run. The
stand-in and the adapter share one process and so one interpreter lock: what is measured is both.

Columns
-------
what, over
    The call, and what carries it.
calls
    How many.
median, 90 %, worst
    Milliseconds a call.
a second
    Calls a second over the whole row.
ratio
    Median by that of submitting over HTTP.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from datetime import UTC, datetime

from lotwright.book.kinds import Side
from lotwright.execution.broker import Accepted
from lotwright.execution.rest import RestBroker
from lotwright.execution.standin.server import Server
from tests.bench.table import milliseconds, print_table, quantile, ratio
from tests.brokers.standing import KINDS, buy, house, scene


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("orders", nargs="?", type=int, default=500, help="orders in each row")
    count = parser.parse_args().orders
    times = {("start and stop", "HTTP"): _starts(20)}
    for kind in KINDS:
        over = "HTTP" if kind == "over_http" else "process"
        with scene(kind) as at:
            broker = at.broker
            times["submit", over] = _each(count, lambda n, broker=broker: _submit(broker, n))
            times["look up by id", over] = _each(count, lambda n, broker=broker: broker.order(f"o{n}"))
            times["read the clock", over] = _each(count, lambda _, broker=broker: broker.clock())
            times["every order so far", over] = _each(
                5, lambda _, broker=broker: broker.orders_since(datetime(2020, 1, 1, tzinfo=UTC))
            )
            held = at.house.exchange.ledger.executed(Side.BUY, "AAA")
        if held != count:
            raise SystemExit(f"{kind}: {count} shares were ordered and {held} executed")
    first = quantile(times["submit", "HTTP"], 0.5)
    rows = [
        [
            *name,
            f"{len(taken):,}",
            milliseconds(quantile(taken, 0.5)),
            milliseconds(quantile(taken, 0.9)),
            milliseconds(max(taken)),
            f"{len(taken) / sum(taken):,.0f}",
            ratio(quantile(taken, 0.5) / first),
        ]
        for name, taken in times.items()
    ]
    columns = ["what", "over", "calls", "median ms", "90 % ms", "worst ms", "a second", "ratio"]
    print_table("Broker: adapter and stand-in", [f"{count:,} orders a row, each filled at once"], columns, rows)


def _submit(broker: RestBroker, number: int) -> None:
    outcome = broker.submit(buy(f"o{number}", "AAA", "1", "51"))
    if not isinstance(outcome, Accepted):
        raise SystemExit(f"order {number}: {outcome}")


def _each(count: int, call: Callable[[int], object]) -> list[float]:
    taken = []
    for number in range(count):
        started = time.perf_counter()
        call(number)
        taken.append(time.perf_counter() - started)
    return taken


def _starts(count: int) -> list[float]:
    def start(_: int) -> None:
        with Server(house()):
            pass

    return _each(count, start)


if __name__ == "__main__":
    main()
