"""Real processes that are really killed: whatever happens to a worker, every unit ends exactly once."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from lotwright.errors import ProgramError
from lotwright.plan.batch.engine import EngineOptions, Job, open_engine
from lotwright.plan.batch.supervise import supervise
from tests.plan.batch import jobs
from tests.plan.batch.jobs import Numbers

POISON = {
    jobs.KILLS: "worker_died",
    jobs.CRASHES: "worker_died",
    jobs.HANGS: "hung",
    jobs.RAISES: "failed",
    jobs.EATS: "failed",
}


def chunks(count: int, size: int) -> list[Numbers]:
    return [Numbers(range(first, min(first + size, count))) for first in range(0, count, size)]


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


def job(notes: Path) -> Job:
    return Job(prepare=jobs.prepare, work=jobs.work, setup=str(notes).encode())


def options(folder: Path, *, workers: int = 2, seconds: float = 30.0) -> EngineOptions:
    scratch = folder / "scratch"
    scratch.mkdir()
    return EngineOptions(workers=workers, scratch=scratch, task_seconds=seconds)


def outcomes(engine_name: str, notes: Path, given: EngineOptions, work: list[Numbers]) -> dict[int, str]:
    """Everything that came out, each unit once."""
    engine = open_engine(engine_name, given)
    engine.begin(job(notes))
    ends: dict[int, str] = {}
    try:
        for finished in supervise(engine, work):
            for number, word in json.loads(finished.answer):
                assert number in finished.covered
                assert number not in ends, f"{number} ended twice"
                ends[number] = word
    finally:
        engine.stop()
    return ends


@pytest.mark.parametrize("engine", ["local", "dask"])
def test_poison_fails_alone_and_everything_else_is_done(engine: str, notes: Path, tmp_path: Path) -> None:
    count = 60 if engine == "local" else 15  # Dask takes seconds to start a worker anew
    ends = outcomes(engine, notes, options(tmp_path), chunks(count, 5))
    assert sorted(ends) == list(range(count))
    assert {number for number, word in ends.items() if word == "done"} == set(range(count)) - POISON.keys()
    for number, word in [(number, word) for number, word in POISON.items() if number < count]:
        assert ends[number].startswith(word), (number, ends[number])


def test_the_evidence_says_what_ended_a_worker(notes: Path, tmp_path: Path) -> None:
    ends = outcomes("local", notes, options(tmp_path, workers=1), [Numbers((jobs.KILLS, 1)), Numbers((jobs.HANGS,))])
    killed = json.loads(ends[jobs.KILLS].removeprefix("worker_died "))
    assert killed["alone"]["signal"] == killed["together"]["signal"] == "SIGKILL"
    hung = json.loads(ends[jobs.HANGS].removeprefix("hung "))
    assert "_do" in hung["alone"]["traceback"]


def test_a_task_past_its_time_is_lost_even_where_nobody_watches(notes: Path, tmp_path: Path) -> None:
    """The pool's own limit, for a worker that hangs outside of any household."""
    engine = open_engine("local", options(tmp_path, seconds=0.5))
    engine.begin(Job(prepare=jobs.prepare, work=sleep, setup=str(notes).encode()))
    try:
        engine.submit(0, b"")
        ended = None
        while ended is None:
            ended = engine.next(5.0)
    finally:
        engine.stop()
    assert (ended.task, ended.reason) == (0, "timeout")  # type: ignore[union-attr]


def sleep(_ready: object, _payload: bytes) -> bytes:
    """Hang."""
    import time

    time.sleep(60)
    return b""


def test_workers_killed_while_idle_are_replaced(notes: Path, tmp_path: Path) -> None:
    engine = open_engine("local", options(tmp_path))
    engine.begin(job(notes))
    try:
        first = [finished.answer for finished in supervise(engine, chunks(4, 2))]
        for note in notes.glob("prepared-*"):
            os.kill(int(note.name.split("-")[1]), signal.SIGKILL)
        second = [finished.answer for finished in supervise(engine, chunks(6, 2))]
    finally:
        engine.stop()
    assert len(first) == 2
    assert sum(len(json.loads(answer)) for answer in second) == 6


def test_each_process_prepares_once(notes: Path, tmp_path: Path) -> None:
    ends = outcomes("local", notes, options(tmp_path), chunks(6, 1))
    assert len(ends) == 6
    assert len(list(notes.glob("prepared-*"))) <= 2


def test_no_more_is_read_than_the_window_holds(notes: Path, tmp_path: Path) -> None:
    engine = open_engine("local", options(tmp_path, workers=1))
    engine.begin(job(notes))
    read = 0

    def source() -> Iterator[Numbers]:
        nonlocal read
        for number in range(40):
            read += 1
            yield Numbers((1000 + number,))

    try:
        for ended, _ in enumerate(supervise(engine, source())):
            assert read <= ended + 4
    finally:
        engine.stop()
    assert read == 40


def test_an_engine_nobody_offers_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match=r"no engine named 'loca'\. There are: dask, local"):
        open_engine("loca", options(tmp_path))


def test_a_scheduler_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lotwright.plan.batch.cluster.CONNECT", 0.5)
    given = EngineOptions(workers=1, scratch=tmp_path, task_seconds=1.0, scheduler="tcp://127.0.0.1:9")
    with pytest.raises(ProgramError, match=r"No Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        open_engine("dask", given)


def test_a_cluster_whose_workers_share_a_process_is_refused(tmp_path: Path) -> None:
    """A hung household could not be ended without its neighbours."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=1, threads_per_worker=2, processes=False, dashboard_address=None, protocol="tcp", silence_logs=50
    ) as cluster:
        given = EngineOptions(workers=1, scratch=tmp_path, task_seconds=1.0, scheduler=cluster.scheduler_address)
        with pytest.raises(ProgramError, match=r"runs 2 threads.*--nthreads 1"):
            open_engine("dask", given)
