"""Can something else run the work: a queue of ours, a grid, one process for debugging?

python examples/32_your_own_engine.py

An engine takes tasks and gives back answers, or says that one was lost. This one has no processes at all: it works where
it is called, which is what a debugger wants. A package offers its engine under the entry point `lotwright.engines`, and
`lotwright batch --engine NAME` finds it.
"""

import tempfile
from collections import deque
from pathlib import Path

from lotwright.files.run.chunks import chunks
from lotwright.files.run.folder import RunFolder
from lotwright.files.run.prepare import Asked
from lotwright.files.run.run import Run
from lotwright.files.run.work import prepare_worker, setup_bytes, work
from lotwright.plan.batch.engine import Done, Ended, Job
from lotwright.plan.batch.supervise import supervise

BOOK = Path(__file__).parent / "books" / "first_steps"


class Here:
    """One task after the other, in this very process."""

    slots, is_exact = 1, True

    def __init__(self) -> None:
        self.waiting: deque[tuple[int, bytes]] = deque()

    def begin(self, job: Job) -> None:
        self.work, self.ready = job.work, job.prepare(job.setup)

    def submit(self, task: int, payload: bytes) -> None:
        self.waiting.append((task, payload))

    def next(self, seconds: float) -> Ended | None:
        task, payload = self.waiting.popleft()
        print(f"task {task}: {len(payload):,} bytes to work on")
        return Done(task=task, answer=self.work(self.ready, payload))

    def stop(self) -> None:
        self.waiting.clear()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as out:
        folder = RunFolder(Path(out))
        run = Run(Asked(book=BOOK), folder, resume=False)
        setup = run.prepared.setup
        engine = Here()
        engine.begin(Job(prepare=prepare_worker, work=work, setup=setup_bytes(setup, hang_seconds=600)))
        for finished in supervise(engine, chunks(run.prepared.parts, setup, done=run.done)):
            folder.keep(finished.covered, finished.answer, run.prepared.parts)
            print(f"answer: {len(finished.answer):,} bytes")
        for table in ("plans", "trades", "lots", "failures", "locks"):
            print(f"{table}: {sum(len(rows) for rows in folder.finished(table))} rows")
