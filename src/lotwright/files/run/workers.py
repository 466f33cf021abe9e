"""The workers of a run, started before its book is read: they import what they need meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lotwright.files.run.place import engine_folder
from lotwright.plan.batch.engine import Engine, EngineOptions, open_engine

HANG_FACTOR, HANG_LEAST = 3.0, 60.0
"""A household hangs that takes so many times its time limit, and at least so many seconds."""
MOST_UNITS = 25
"""Households of a chunk at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """How a run is carried out; nothing here changes an answer.

    Parameters
    ----------
    workers : int
    engine, scheduler
        See :func:`lotwright.plan.batch.engine.open_engine`.
    hang_seconds : float, optional
        When a household counts as hung.
    units : int
        Households of a chunk at most.
    """

    workers: int
    engine: str = "local"
    scheduler: str | None = None
    hang_seconds: float | None = None
    units: int = MOST_UNITS

    def hang(self, limit: float | None) -> float:
        """Seconds after which a household counts as hung whose search has a time limit."""
        return self.hang_seconds or max(HANG_LEAST, HANG_FACTOR * (limit or 0.0))


@contextmanager
def workers(running: Running, path: Path, *, limit: float | None) -> Iterator[Engine]:
    """Start the workers of a run, and stop them however it ends.

    Parameters
    ----------
    running : Running
    path : Path
        The run's folder.
    limit : float, optional
        Seconds of a household's search.

    Raises
    ------
    ProgramError
        There is no such engine, or it does not answer.
    """
    options = EngineOptions(
        workers=running.workers,
        scratch=engine_folder(path),
        task_seconds=running.hang(limit) * (running.units + 1) + HANG_LEAST,
        scheduler=running.scheduler,
        imports="lotwright.files.run.work",
    )
    engine = open_engine(running.engine, options)
    try:
        yield engine
    finally:
        engine.stop()
