"""Work for real workers: chunks of numbers, some of which are poison; the answer lists the numbers that were done."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lotwright.plan.batch.worker import watched

KILLS, CRASHES, HANGS, RAISES, RAISES_ONCE, KILLS_ONCE, EATS = 7, 17, 27, 37, 47, 57, 58
HANG_SECONDS = 0.7


def prepare(setup: bytes) -> Path:
    """Note that a process was prepared; return the folder of notes."""
    folder = Path(setup.decode())
    (folder / f"prepared-{os.getpid()}").touch()
    return folder


def work(folder: Path, payload: bytes) -> bytes:
    """Do each number; what is poison does what its name says."""
    asked = json.loads(payload)
    done = []
    for number in asked["units"]:
        with watched(HANG_SECONDS):
            try:
                _do(folder, number)
            except (ValueError, MemoryError) as error:
                if asked["alone"]:
                    done.append([number, f"failed: {error}"])
                continue
        done.append([number, "done"])
    return json.dumps(done).encode()


def _do(folder: Path, number: int) -> None:
    if number == KILLS or (number == KILLS_ONCE and _first(folder, "kills")):
        os.kill(os.getpid(), signal.SIGKILL)
    if number == CRASHES:
        ctypes.string_at(0)  # a segmentation fault
    if number == HANGS:
        time.sleep(60)
    if number == EATS:
        limit = resource.getrlimit(resource.RLIMIT_AS)
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, limit[1]))
        try:
            bytearray(64 << 30)  # more than it may have
        finally:
            resource.setrlimit(resource.RLIMIT_AS, limit)
    if number == RAISES or (number == RAISES_ONCE and _first(folder, "raises")):
        raise ValueError(f"{number} is poison")


def _first(folder: Path, name: str) -> bool:
    try:
        (folder / name).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True


@dataclass(frozen=True)
class Numbers:
    """A chunk of numbers."""

    units: Sequence[int]

    def payload(self, *, alone: bool) -> bytes:
        return json.dumps({"units": list(self.units), "alone": alone}).encode()

    def only(self, unit: int) -> Numbers:
        return Numbers((unit,))

    def covered(self, answer: bytes) -> tuple[set[int], Mapping[str, Any]]:
        return {number for number, _ in json.loads(answer)}, {}

    def failed(self, reason: str, evidence: Mapping[str, Any]) -> bytes:
        return json.dumps([[number, f"{reason} {json.dumps(evidence)}"] for number in self.units]).encode()
