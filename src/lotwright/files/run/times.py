"""Where the time of the workers went, from the start of the command to its end; the parts sum to the whole.

Problem: clocks of different machines do not agree. Observations: an answer says how long its worker was at work on it,
and the coordinator sees when it arrives. Therefore: all instants are the coordinator's, all durations within a chunk
the worker's: what lies before a worker's first chunk is start-up, behind its last one idle, between two of them sending.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

AT_WORK = ("reading", "posing", "solving", "verifying", "writing")
"""What a worker does with a chunk: rows into objects, arrays, the search, what comes after it, tables."""


@dataclass(slots=True, eq=False)
class _Worker:
    """One worker as the coordinator saw it: seconds since the start of the command."""

    first: float
    last: float
    busy: float = 0.0


@dataclass(slots=True, eq=False)
class Times:
    """Adds up what answers say of their making.

    Parameters
    ----------
    workers : int
        How many there are meant to be.
    begun : float, optional
        When the command began, on ``clock``.
    clock : callable
        Seconds.
    """

    workers: int
    clock: Callable[[], float] = time.perf_counter
    begun: float | None = None
    _phases: dict[str, float] = field(default_factory=lambda: dict.fromkeys(AT_WORK, 0.0))
    _workers: dict[str, _Worker] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.begun is None:
            self.begun = self.clock()

    def take(self, about: Mapping[str, Any]) -> None:
        """Count an answer that has just arrived; one that no worker made says nothing."""
        if "worker" not in about:
            return
        now, busy = self.clock() - (self.begun or 0.0), sum(about["seconds"].values())
        worker = self._workers.setdefault(about["worker"], _Worker(first=max(now - busy, 0.0), last=now))
        worker.last = now
        worker.busy += busy
        for phase, seconds in about["seconds"].items():
            self._phases[phase] += seconds

    def to_json(self) -> dict[str, float]:
        """Seconds of all workers until now by what they went into; ``workers`` is their sum, ``wall`` the command's."""
        wall = self.clock() - (self.begun or 0.0)
        seen = list(self._workers.values())
        unseen = max(self.workers - len(seen), 0) * wall
        said = {
            **self._phases,
            "sending": sum(each.last - each.first - each.busy for each in seen),
            "start_up": sum(each.first for each in seen),
            "idle": sum(wall - each.last for each in seen) + unseen,
        }
        return {
            name: round(seconds, 3) for name, seconds in {**said, "workers": sum(said.values()), "wall": wall}.items()
        }
