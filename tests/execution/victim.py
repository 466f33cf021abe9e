"""A process that carries the small world's plan out over HTTP through alpaca-py, and dies where it is told to.

It dies of SIGKILL, which nothing can catch: before a record is written, in the middle of writing it, after it is durable,
just before an order is sent, or just after the broker took it.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lotwright.execution import journal as journals
from lotwright.execution.alpaca import connect
from lotwright.execution.carry_out import carry_out
from lotwright.execution.desk import Surroundings
from lotwright.execution.journal import Journal
from lotwright.execution.rest import RestBroker
from lotwright.execution.rules import Rules
from lotwright.execution.standin.house import KEY, SECRET
from lotwright.execution.waiting import RealWaiting
from tests.execution.world import sheet

PLACES = ("before", "torn", "after", "send", "sent")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def main(url: str, folder: str, place: str = "", number: int = 0) -> None:
    """Carry out; die at the ``number``-th time that ``place`` is reached. Exit 0 only when done."""
    if place:
        _set_trap(place, number)
    broker = connect(environ={"APCA_API_KEY_ID": KEY, "APCA_API_SECRET_KEY": SECRET}, url=url)
    rules = Rules(fill_wait=30.0, patience=20.0)
    with Journal(Path(folder)) as journal:
        around = Surroundings(journal=journal, rules=rules, waiting=RealWaiting(), is_sending=True)
        report = carry_out(sheet(), broker, around)
    if not report.is_done:
        print(report.stop, file=sys.stderr)
    sys.exit(0 if report.is_done else 1)


def _set_trap(place: str, number: int) -> None:
    counted = [0]

    def is_due() -> bool:
        counted[0] += 1
        return counted[0] == number

    if place in {"send", "sent"}:
        submit: Callable[..., Any] = RestBroker.submit

        def trapped(self: RestBroker, request: Any) -> Any:
            due = is_due()
            if due and place == "send":
                die()
            outcome = submit(self, request)
            if due:
                die()
            return outcome

        RestBroker.submit = trapped  # type: ignore[method-assign]
        return
    write, sync = journals._write, os.fsync

    def writing(descriptor: int, line: bytes) -> None:
        due = place in {"before", "torn"} and line != b"\n" and is_due()
        if due and place == "before":
            die()
        if due:
            os.write(descriptor, line[: len(line) // 2])
            die()
        write(descriptor, line)

    def syncing(descriptor: int) -> None:
        sync(descriptor)
        if place == "after" and is_due():
            die()

    journals._write = writing
    journals.os.fsync = syncing  # type: ignore[attr-defined]
