"""The engine of many machines: Dask distributed, with the very same code in its workers as on one machine.

Each worker gets the setup once, as a plugin, also a worker that joins later. A task that goes down with its worker is
tried again by Dask itself as often as its scheduler allows, and then comes back as lost. Workers should run one thread
each: planning is the work of a processor, and the watchdog can only end a whole process.
"""

from __future__ import annotations

import queue
import time
from contextlib import ExitStack
from typing import Any

import dask
from distributed import Client, LocalCluster, WorkerPlugin, get_worker
from distributed.scheduler import KilledWorker

from lotwright.errors import ProgramError
from lotwright.plan.batch.engine import Done, Ended, EngineOptions, Job, Lost
from lotwright.plan.batch.worker import one_thread_each, run
from lotwright.version import __version__

CONNECT = 30.0
"""Seconds a scheduler may take to answer."""
AGAIN = 0.05
"""Seconds between two looks at a task that is done again."""
SETTINGS = {
    "distributed.scheduler.allowed-failures": 0,  # the supervision splits and retries
    "distributed.scheduler.work-stealing": False,
    "distributed.worker.daemon": True,
    "distributed.deploy.lost-worker-timeout": "1 hour",  # a busy machine takes its time to start one anew
}
"""Of a cluster that is started here."""


class Setup(WorkerPlugin):
    """Holds the job in a worker, under its key.

    Parameters
    ----------
    job : Job
    """

    idempotent = False

    def __init__(self, job: Job) -> None:
        self.job = job
        self.name = f"lotwright-{job.key}"


def run_task(key: str, payload: bytes) -> bytes:
    """Do one task in the worker this is called in."""

    def load() -> Job:
        plugin: Any = get_worker().plugins[f"lotwright-{key}"]
        job: Job = plugin.job
        return job

    return run(key, load, payload)


class DaskEngine:
    """Workers of a Dask cluster.

    Parameters
    ----------
    client : Client
        Connected; closed when the engine stops.
    cluster : LocalCluster, optional
        Closed with it.
    settings : ExitStack, optional
        Dask's settings for the cluster, taken back when it is closed.
    """

    is_exact = False
    """Dask blames a worker's death on every task it was given, also on those that waited there."""

    def __init__(self, client: Any, cluster: Any = None, settings: ExitStack | None = None) -> None:
        self._client = client
        self._settings = settings or ExitStack()
        self._cluster = cluster
        self._key = ""
        self._futures: dict[int, Any] = {}
        self._ended: queue.SimpleQueue[tuple[int, Any]] = queue.SimpleQueue()

    def begin(self, job: Job) -> None:
        """Give the job to every worker there is, and to those that join later."""
        self._key = job.key
        self._client.register_plugin(Setup(job))

    @property
    def slots(self) -> int:
        """Threads of all workers there are now."""
        threads: dict[str, int] = self._client.nthreads()
        return max(1, sum(threads.values()))

    def submit(self, task: int, payload: bytes) -> None:
        """Send a task to the scheduler."""
        future = self._client.submit(run_task, self._key, payload, key=f"lotwright-{self._key[:12]}-{task}", pure=False)
        self._futures[task] = future
        future.add_done_callback(lambda future: self._ended.put((task, future)))

    def next(self, seconds: float) -> Ended | None:
        """Return the end of some task."""
        try:
            task, future = self._ended.get(timeout=seconds)
        except queue.Empty:
            return None
        if future.status == "pending":  # its worker died with the answer: Dask does it again
            time.sleep(min(seconds, AGAIN))
            self._ended.put((task, future))
            return None
        try:
            answer: bytes = future.result(timeout=seconds)
        except TimeoutError:
            self._ended.put((task, future))
            return None
        except Exception as error:  # noqa: BLE001  whatever a cluster brings up is evidence
            return self._end(task, future, _lost(task, error))
        return self._end(task, future, Done(task=task, answer=answer))

    def _end(self, task: int, future: Any, ended: Ended) -> Ended:
        self._futures.pop(task, None)
        future.release()
        return ended

    def stop(self) -> None:
        """Give up what is running, and leave the cluster; one that was started here ends."""
        self._client.cancel(list(self._futures.values()), force=True)
        self._client.close()
        if self._cluster is not None:
            self._cluster.close()
        self._settings.close()


def _lost(task: int, error: Exception) -> Lost:
    """What is known about a task without an answer."""
    if isinstance(error, KilledWorker):
        worker = error.last_worker.address
        return Lost(task=task, reason="killed", evidence={"worker": worker, "tries": error.allowed_failures + 1})
    return Lost(task=task, reason="error", evidence={"error": f"{type(error).__name__}: {error}"})


def version_here() -> str:
    """Return the version of Lotwright in the process this is called in."""
    return __version__


def _must_be_ready(client: Any, address: str) -> None:
    """Raise where a cluster has no workers, or some that would answer otherwise than this machine."""
    cure = f"Start each with `dask worker {address} --nthreads 1`, from the image in examples/cluster"
    try:
        client.wait_for_workers(1, timeout=CONNECT)
    except TimeoutError as error:
        raise ProgramError(f"The Dask scheduler at {address} has no workers. {cure}.") from error
    many = {worker: threads for worker, threads in client.nthreads().items() if threads > 1}
    if many:
        worker, threads = min(many.items())
        raise ProgramError(
            f"The Dask worker {worker} runs {threads} threads, and a plan needs its process alone. {cure}."
        )
    try:
        versions: dict[str, str] = client.run(version_here)
    except Exception as error:  # a worker without Lotwright raises what it likes
        raise ProgramError(f"A Dask worker at {address} cannot run Lotwright ({error}). {cure}.") from error
    others = {worker: version for worker, version in versions.items() if version != __version__}
    if others:
        worker, version = min(others.items())
        raise ProgramError(f"The Dask worker {worker} has Lotwright {version}, and this is {__version__}. {cure}.")


def dask_engine(options: EngineOptions) -> DaskEngine:
    """Connect to the cluster at ``options.scheduler``, or start one on this machine.

    Raises
    ------
    ProgramError
        No scheduler answers at that address, or its workers cannot do this work.
    """
    one_thread_each()
    if options.scheduler is not None:
        try:
            client = Client(options.scheduler, timeout=CONNECT, set_as_default=False)
        except (OSError, TimeoutError, ValueError) as error:
            raise ProgramError(
                f"No Dask scheduler answers at {options.scheduler} ({error}). Give the address that `dask scheduler`"
                " prints, such as tcp://10.0.0.5:8786."
            ) from error
        try:
            _must_be_ready(client, options.scheduler)
        except ProgramError:
            client.close()
            raise
        return DaskEngine(client)
    settings = ExitStack()
    settings.enter_context(dask.config.set(SETTINGS))
    cluster = LocalCluster(
        n_workers=options.workers,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        scheduler_kwargs={
            "dashboard_address": ":0"
        },  # its server runs all the same: another batch may have the usual port
        memory_limit=0,
        local_directory=str(options.scratch),
        silence_logs=50,
    )
    return DaskEngine(Client(cluster, set_as_default=False), cluster, settings)
