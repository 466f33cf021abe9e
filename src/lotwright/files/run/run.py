"""A run from its first row to its last table: begin or go on, plan what is not done, put together what came out.

Everything a run's answers depend on stands in its manifest. A run that goes on must find it all unchanged, or it would
mix plans of two books; it refuses, and says what differs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from lotwright.errors import ProgramError
from lotwright.files.run.blocks import content_hash
from lotwright.files.run.chunks import MOST_UNITS, chunks
from lotwright.files.run.durable import write_bytes_durably
from lotwright.files.run.folder import SCHEMA, RunFolder
from lotwright.files.run.parts import INDEX, PART, Parts
from lotwright.files.run.pending import PENDING, InHand, pending_from_bytes, pending_to_bytes
from lotwright.files.run.prepare import Asked, Prepared, book_files, prepare
from lotwright.files.run.work import NODE_HOLDINGS, prepare_worker, setup_bytes, work
from lotwright.plan.batch.engine import EngineOptions, Job, open_engine
from lotwright.plan.batch.supervise import Finished, supervise
from lotwright.version import __version__

HANG_FACTOR, HANG_LEAST = 3.0, 60.0
"""A household hangs that takes so many times its time limit, and at least so many seconds."""


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


class Run:
    """One run over a book, begun or resumed.

    Parameters
    ----------
    asked : Asked
    folder : RunFolder
        Held by nobody else.
    resume : bool
        Go on with what is there.
    pending : callable, optional
        Called once in the life of a run, with the day of the prices: returns by household the trades that earlier plans
        have in hand. A run that goes on honours those it began with.

    Raises
    ------
    BookError, ProgramError
        The book or the program is at fault, as in ``plan``.
    ProgramError
        The folder holds a run and ``resume`` is not set, or what was planned with has changed since.
    PlanError
        The manifest cannot be read.
    """

    def __init__(
        self, asked: Asked, folder: RunFolder, *, resume: bool, pending: Callable[[date], InHand] | None = None
    ) -> None:
        self.folder = folder
        manifest = folder.manifest
        if manifest is None:
            _must_be_empty(folder.path)
            folder.clean()
            self.prepared = prepare(asked, folder.scratch("parts"))
            in_hand = pending(self.prepared.setup.shared.market.as_of) if pending is not None else {}
            write_bytes_durably(folder.path / PENDING, pending_to_bytes(in_hand))
            self._know_pending()
            self.manifest = _manifest(asked, self.prepared, self._pending_hash)
            folder.begin(self.manifest)
        else:
            if not resume:
                raise ProgramError(
                    f"{folder.path} holds a run already. Give --resume to go on with it, or another folder with --out."
                )
            _must_be_same({"files": _file_hashes(asked)}, {"files": manifest["made_from"]["files"]}, folder.path)
            index = folder.work / "parts" / INDEX
            cut = Parts(index.parent) if index.is_file() else None
            self.prepared = prepare(asked, index.parent if cut else folder.scratch("parts"), cut=cut)
            self._know_pending()
            self.manifest = manifest
            _must_be_same(_made_from(asked, self.prepared, self._pending_hash), manifest["made_from"], folder.path)
            folder.begin(manifest)
        self.done = folder.find_done(self.prepared.parts)

    def _know_pending(self) -> None:
        """Take up the trades in hand that stand in the folder: those the run began with."""
        data = (self.folder.path / PENDING).read_bytes()
        self._pending_hash = hashlib.sha256(data).hexdigest()
        setup = replace(self.prepared.setup, pending=pending_from_bytes(data))
        self.prepared = replace(self.prepared, setup=setup)

    @property
    def left(self) -> int:
        """Units that are not done."""
        return self.prepared.parts.units - sum(len(units) for units in self.done.values())

    def work(self, running: Running, *, is_stopping: Callable[[], bool] = lambda: False) -> Iterator[Finished]:
        """Plan what is left and yield each chunk's answer once it is durable.

        Raises
        ------
        ProgramError
            There is no such engine, or it does not answer.
        """
        if not self.left:
            return
        setup = self.prepared.setup
        seconds = setup.effort.seconds
        hang = running.hang_seconds or max(HANG_LEAST, HANG_FACTOR * (seconds or 0.0))
        job = Job(prepare=prepare_worker, work=work, setup=setup_bytes(setup, hang_seconds=hang))
        most = max(1, min(running.units, -(-self.left // (4 * running.workers))))
        options = EngineOptions(
            workers=running.workers,
            scratch=self.folder.scratch("engine"),
            task_seconds=hang * (most + 1) + HANG_LEAST,
            scheduler=running.scheduler,
        )
        engine = open_engine(running.engine, job, options)
        try:
            source = chunks(self.prepared.parts, setup, done=self.done, most=most)
            for finished in supervise(engine, source, is_stopping=is_stopping):
                self.folder.keep(finished.covered, finished.answer, self.prepared.parts)
                yield finished
        finally:
            engine.stop()


def _must_be_empty(path: Path) -> None:
    """Raise where a folder holds anything that is not ours to overwrite."""
    others = sorted(each.name for each in path.iterdir() if each.name not in (".work", ".lock", PENDING))
    if others:
        raise ProgramError(
            f"{path} is no run and not empty (it holds {', '.join(others[:3])}). Give an empty folder with --out."
        )


def _manifest(asked: Asked, prepared: Prepared, pending_hash: str) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "book": str(asked.book.resolve()),
        "prices": None if asked.prices is None else str(asked.prices.resolve()),
        "program": asked.program,
        "households": prepared.households,
        "units": prepared.parts.units,
        "part": PART,
        "made_from": _made_from(asked, prepared, pending_hash),
    }


def _made_from(asked: Asked, prepared: Prepared, pending_hash: str) -> dict[str, Any]:
    """What the answers depend on: all that may not change while a run goes on."""
    setup, effort = prepared.setup, asked.effort
    model = hashlib.sha256(setup.risk.exposure.tobytes() + setup.risk.specific.tobytes()).hexdigest()
    return {
        "version": __version__,
        "as_of": setup.shared.market.as_of.isoformat(),
        "book_hash": setup.book_hash,
        "files": _file_hashes(asked),
        "programs": setup.programs.hashes,
        "pending": pending_hash,
        "risk": {"kind": setup.risk.kind, "hash": model},
        "effort": {
            "gap_bp": effort.gap_bp,
            "nodes": effort.nodes,
            "node_holdings": NODE_HOLDINGS,
            "seconds": effort.seconds,
        },
    }


def _file_hashes(asked: Asked) -> dict[str, str]:
    return {path.name: content_hash({path.name: path}, {}) for _, path in sorted(book_files(asked).items())}


def _must_be_same(now: Mapping[str, Any], then: Mapping[str, Any], path: Path) -> None:
    """Raise naming what a run was begun with and is no longer so."""
    differs = [
        f"{_NAMES[key]}: {_shown(then.get(key), now[key])}"
        for key in _NAMES
        if key in now and now[key] != then.get(key)
    ]
    if differs:
        raise ProgramError(
            f"The run in {path} cannot go on, because what it was begun with has changed. {'; '.join(differs)}."
            " Put it back as it was, or begin a new run in another folder."
        )


_NAMES = {
    "files": "tables of the book",
    "version": "version of Lotwright",
    "as_of": "day of the prices",
    "programs": "programs",
    "effort": "how long to search",
    "pending": "trades in hand",
    "risk": "risk model",
    "book_hash": "book",
}


def _shown(then: Any, now: Any) -> str:
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        names = sorted(key for key in {*then, *now} if then.get(key) != now.get(key))
        if all(len(str(value)) < 40 for key in names for value in (then.get(key, ""), now.get(key, ""))):
            return ", ".join(f"{key} was {then.get(key)} and is {now.get(key)}" for key in names)
        return ", ".join(names)
    return f"it was {then} and is {now}" if len(str(then)) < 40 else "its contents"
