"""The seam between a batch and whatever runs it: tasks in, answers or evidence of their loss out.

An engine neither retries nor judges: a task it is given ends exactly once, as an answer or as lost. Everything else is
the supervision's, so that every engine gives the same answers.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, Protocol

from lotwright.errors import ProgramError

GROUP = "lotwright.engines"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What workers do: ``prepare(setup)`` once a process, then ``work(prepared, payload)`` for every task.

    Both must be functions of a module that workers can import.
    """

    prepare: Callable[[bytes], Any]
    work: Callable[[Any, bytes], bytes]
    setup: bytes = field(repr=False)

    @property
    def key(self) -> str:
        """Names the setup, so that a worker knows which one it holds."""
        return hashlib.sha256(self.setup).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A task and its answer."""

    task: int
    answer: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """A task without an answer: ``reason`` is ``"killed"``, ``"timeout"`` or ``"error"``; the evidence is JSON-ready."""

    task: int
    reason: str
    evidence: Mapping[str, Any]


Ended = Done | Lost


class Engine(Protocol):
    """Runs tasks in workers of their own, until it is stopped.

    It is there before its job is: what it needs is found or found wanting before anything else begins, and its workers
    can start meanwhile.
    """

    def begin(self, job: Job) -> None:
        """Take the job; called once, before the first task."""
        ...

    @property
    def slots(self) -> int:
        """How many tasks can run at the same time."""
        ...

    @property
    def is_exact(self) -> bool:
        """True when a task is lost only if its own worker was lost while at work on it."""
        ...

    def submit(self, task: int, payload: bytes) -> None:
        """Take a task; returns at once."""
        ...

    def next(self, seconds: float) -> Ended | None:
        """Return the end of some task, waiting so long for one at most; ``None`` when there is none by then."""
        ...

    def stop(self) -> None:
        """Stop every worker at once, whatever it is doing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineOptions:
    """What an engine may need to know.

    Parameters
    ----------
    workers : int
        How many processes to start, where the engine starts any.
    scratch : Path
        A folder on this machine for its use; it may be emptied when the engine has stopped.
    task_seconds : float
        A task that takes longer is lost and its worker replaced, where the engine can do that.
    scheduler : str, optional
        Address of a cluster that is there already.
    imports : str
        A module of the job's, for workers to import while they wait for the job; its function ``warm``, if it has one,
        is called too.
    """

    workers: int
    scratch: Path
    task_seconds: float
    scheduler: str | None = None
    imports: str = ""


def open_engine(name: str, options: EngineOptions) -> Engine:
    """Return an engine by name: ``local``, ``dask``, or one that a package offers under ``lotwright.engines``.

    Such an entry point is called with the options and returns an :class:`Engine`.

    Raises
    ------
    ProgramError
        There is none of that name, what it needs is not installed, or no scheduler answers.
    """
    if name == "local":
        from lotwright.plan.batch.local import LocalEngine  # noqa: PLC0415  pebble is for those who use it

        return LocalEngine(options)
    if name == "dask":
        from lotwright.plan.batch.cluster import dask_engine  # noqa: PLC0415  dask takes a second to import

        return dask_engine(options)
    offered = entry_points(group=GROUP)
    if name not in offered.names:
        others = ", ".join(sorted({"local", "dask", *offered.names}))
        raise ProgramError(f"There is no engine named '{name}'. There are: {others}.")
    engine: Engine = offered[name].load()(options)
    return engine
