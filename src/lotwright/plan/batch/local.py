"""The engine of one machine: a pool of processes that outlives any of them.

Problem: a worker may be killed at any instant, also while it talks to the pool, and half a message in a pipe that all
workers share would garble every later one. Observations: a message of a few hundred bytes goes through a pipe whole.
Therefore: payloads and answers travel as files; the pipe carries their names. The pool is pebble's, each process started
anew (spawn); when it breaks down as a whole, which it does if a worker dies while none is at work, another takes over.
"""

from __future__ import annotations

import multiprocessing
import queue
import signal
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FutureTimeout
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pebble

from lotwright.plan.batch.engine import Done, Ended, EngineOptions, Job, Lost
from lotwright.plan.batch.worker import end_with_parent, keep_traces_in, one_thread_each, run, trace_file, warm_up

MOST_POOLS = 3
"""Breakdowns of the whole pool that a task may live through before it counts as the cause."""


@dataclass(slots=True, eq=False)
class _Task:
    """A task in flight."""

    payload: Path
    answer: Path
    pools: int = 0


class LocalEngine:
    """Processes on this machine.

    Parameters
    ----------
    options : EngineOptions
    """

    is_exact = True

    def __init__(self, options: EngineOptions) -> None:
        one_thread_each()
        self.slots = options.workers
        self._seconds = options.task_seconds
        self._folder = options.scratch
        self._imports = options.imports
        self._key = ""
        self._setup = options.scratch / "setup"
        self._functions: tuple[Callable[[bytes], Any], Callable[[Any, bytes], bytes]] | None = None
        self._tasks: dict[int, _Task] = {}
        self._ended: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()
        self._pool = self._new_pool()
        self._pool.schedule(wake)  # the pool starts its processes with its first task

    def begin(self, job: Job) -> None:
        """Take the job; its setup waits in a file."""
        self._key, self._functions = job.key, (job.prepare, job.work)
        self._setup.write_bytes(job.setup)

    def _new_pool(self) -> Any:
        context = multiprocessing.get_context("spawn")
        return pebble.ProcessPool(
            max_workers=self.slots,
            context=context,
            initializer=start_worker,
            initargs=(str(self._folder), self._imports),
        )

    def submit(self, task: int, payload: bytes) -> None:
        """Take a task; its payload waits in a file."""
        files = _Task(payload=self._folder / f"task-{task}", answer=self._folder / f"answer-{task}")
        files.payload.write_bytes(payload)
        self._tasks[task] = files
        self._schedule(task)

    def _schedule(self, task: int) -> None:
        files = self._tasks[task]
        names = {"setup": str(self._setup), "payload": str(files.payload), "answer": str(files.answer)}
        arguments = (self._key, *(self._functions or ()), names)
        try:
            future = self._pool.schedule(run_files, args=arguments, timeout=self._seconds)
        except RuntimeError:  # the pool broke down meanwhile: those in it will say so, and are many or none
            self._replace_pool()
            future = self._pool.schedule(run_files, args=arguments, timeout=self._seconds)
        pool = self._pool
        future.add_done_callback(lambda future: self._ended.put((task, (pool, future))))

    def _replace_pool(self) -> None:
        self._pool.stop()
        self._pool = self._new_pool()

    def next(self, seconds: float) -> Ended | None:
        """Return the end of some task; a task that went down with the pool, before it began, is started again."""
        try:
            task, (pool, future) = self._ended.get(timeout=seconds)
        except queue.Empty:
            return None
        files = self._tasks.get(task)
        if files is None:
            return None
        error = CancelledError() if future.cancelled() else future.exception()
        if isinstance(error, BrokenProcessPool | CancelledError) and files.pools < MOST_POOLS:
            files.pools += 1
            if pool is self._pool:
                self._replace_pool()
            self._schedule(task)
            return None
        return self._end(task, error)

    def _end(self, task: int, error: BaseException | None) -> Ended:
        files = self._tasks.pop(task)
        answer = files.answer.read_bytes() if error is None else b""
        files.payload.unlink(missing_ok=True)
        files.answer.unlink(missing_ok=True)
        return Done(task=task, answer=answer) if error is None else _lost(task, error, self._folder, self._seconds)

    def stop(self) -> None:
        """Stop every worker at once."""
        self._pool.stop()
        self._pool.join()


def _lost(task: int, error: BaseException, folder: Path, seconds: float) -> Lost:
    """What is known about a task without an answer."""
    if isinstance(error, pebble.ProcessExpired):
        hung = trace_file(folder, error.pid or 0)
        trace = hung.read_text(errors="replace") if hung.is_file() else ""
        hung.unlink(missing_ok=True)
        if trace:
            return Lost(task=task, reason="timeout", evidence={"traceback": trace[-4000:]})
        return Lost(task=task, reason="killed", evidence={"exit": error.exitcode, "signal": _signal(error.exitcode)})
    if isinstance(error, FutureTimeout):
        return Lost(task=task, reason="timeout", evidence={"seconds": seconds})
    said = f"{type(error).__name__}: {error}"
    return Lost(
        task=task, reason="error", evidence={"error": said, "traceback": str(getattr(error, "traceback", ""))[-4000:]}
    )


def _signal(code: int | None) -> str | None:
    """Name of the signal that ended a process, if one did."""
    if code is None or code >= 0:
        return None
    try:
        return signal.Signals(-code).name
    except ValueError:
        return str(-code)


def start_worker(folder: str, imports: str) -> None:
    """Set up a worker: interrupts are the coordinator's to handle, and a worker without one has no work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    keep_traces_in(Path(folder))
    end_with_parent()
    warm_up(imports)


def wake() -> None:
    """Do nothing, in a worker."""


def run_files(
    key: str, prepare: Callable[[bytes], Any], work: Callable[[Any, bytes], bytes], files: Mapping[str, str]
) -> None:
    """Do the task of a file and leave its answer in another, whole or not at all."""
    setup, payload, answer = (Path(files[name]) for name in ("setup", "payload", "answer"))
    done = run(key, lambda: Job(prepare=prepare, work=work, setup=setup.read_bytes()), payload.read_bytes())
    part = answer.with_name(f".{answer.name}")
    part.write_bytes(done)
    part.replace(answer)
