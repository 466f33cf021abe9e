"""What runs inside a worker process, the same for every engine.

A worker uses one thread for linear algebra, since sums in another order would be other plans. It prepares once. It
watches the clock itself while it plans one household: a solver that hangs in compiled code answers to nobody, but the
system's alarm rings all the same; ``faulthandler`` writes where it hung, and the process ends.
"""

from __future__ import annotations

import faulthandler
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection, parent_process
from pathlib import Path
from typing import IO, Any

from threadpoolctl import threadpool_limits

from lotwright.plan.batch.engine import Job

THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")

_prepared: dict[str, Any] = {}
_trace: dict[str, Path] = {}
_files: dict[str, IO[str]] = {}


def one_thread_each() -> None:
    """Tell numpy's linear algebra in processes that are yet to start to use one thread, unless somebody said how many."""
    for name in THREADS:
        os.environ.setdefault(name, "1")


def run(job_key: str, load: Callable[[], Job], payload: bytes) -> bytes:
    """Do one task, preparing this process before its first; ``load`` is only called then."""
    if job_key not in _prepared:
        job = load()
        threadpool_limits(limits=1)  # also where the environment said otherwise, or said nothing
        _prepared.clear()
        _prepared[job_key] = (job.work, job.prepare(job.setup))
    work, ready = _prepared[job_key]
    answer: bytes = work(ready, payload)
    return answer


def warm_up(module: str) -> None:
    """Import a module and call its ``warm``, so that the first task need not wait for it.

    What goes wrong here is left for that task to meet, whose end is looked at.
    """
    if not module:
        return
    with suppress(Exception):
        getattr(importlib.import_module(module), "warm", bool)()


def end_with_parent() -> None:
    """End this process when the one that started it is gone, however that ended."""
    parent = parent_process()
    if parent is None:
        return
    sentinel = parent.sentinel

    def wait() -> None:
        connection.wait([sentinel])
        os._exit(1)

    threading.Thread(target=wait, daemon=True, name="lotwright-parent").start()


def trace_file(folder: Path, pid: int) -> Path:
    """Where the watchdog of a process says where it hung."""
    return folder / f"hung-{pid}.txt"


def keep_traces_in(folder: Path) -> None:
    """Say where this process's watchdog writes."""
    _trace["file"] = trace_file(folder, os.getpid())


@contextmanager
def watched(seconds: float) -> Iterator[None]:
    """End this process if what is done within takes longer than so many seconds; nothing less stops a hung solver.

    The alarm is the system's: it rings also where Python does not get a word in. What it finds is written down before
    the process ends of it.
    """
    if not hasattr(signal, "setitimer"):  # Windows: a thread beside, which costs more
        faulthandler.dump_traceback_later(seconds, exit=True, file=_open_trace())
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()
        return
    if "alarm" not in _files:
        faulthandler.register(signal.SIGALRM, file=_open_trace(), all_threads=True, chain=True)
        _files["alarm"] = _open_trace()
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)


def _open_trace() -> IO[str]:
    """Where this process's watchdog writes, for as long as the process lives: its file, else its log."""
    if "open" not in _files:
        _files["open"] = _trace["file"].open("w") if "file" in _trace else sys.__stderr__ or sys.stderr
    return _files["open"]
