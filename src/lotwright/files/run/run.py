"""A run from its first row to its last table: begin or go on, plan what is not done, put together what came out.

Everything a run's answers depend on stands in its manifest. A run that goes on must find it all unchanged, or it would
mix plans of two books; it refuses, and says what differs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from lotwright.errors import ProgramError
from lotwright.files.run.blocks import content_hash
from lotwright.files.run.chunks import chunks
from lotwright.files.run.durable import write_bytes_durably
from lotwright.files.run.folder import SCHEMA, RunFolder
from lotwright.files.run.parts import INDEX, PART, Parts
from lotwright.files.run.pending import InHand, pending_from_bytes, pending_to_bytes
from lotwright.files.run.place import PENDING, check_place
from lotwright.files.run.prepare import Asked, Prepared, book_files, prepare
from lotwright.files.run.times import Times
from lotwright.files.run.work import NODE_HOLDINGS, prepare_worker, setup_bytes, work
from lotwright.files.run.workers import Running
from lotwright.plan.batch.engine import Engine, Job
from lotwright.plan.batch.supervise import Finished, supervise
from lotwright.version import __version__


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
        check_place(folder.path, resume=resume)
        manifest = folder.manifest
        if manifest is None:
            folder.clear()
            self.prepared = prepare(asked, folder.scratch("parts"))
            in_hand = pending(self.prepared.setup.shared.market.as_of) if pending is not None else {}
            write_bytes_durably(folder.path / PENDING, pending_to_bytes(in_hand))
            self._know_pending()
            self.manifest = _manifest(asked, self.prepared, self._pending_hash)
            folder.begin(self.manifest)
        else:
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
        self.in_hand = pending_from_bytes(data)

    @property
    def left(self) -> int:
        """Units that are not done."""
        return self.prepared.parts.units - sum(len(units) for units in self.done.values())

    def work(
        self,
        engine: Engine,
        running: Running,
        *,
        times: Times | None = None,
        is_stopping: Callable[[], bool] = lambda: False,
    ) -> Iterator[Finished]:
        """Plan what is left and yield each chunk's answer once it is durable.

        Parameters
        ----------
        engine : Engine
            Stopped by who started it.
        running : Running
        times : Times, optional
            Counts what answers say of their making.
        is_stopping : callable
            Asked now and then whether to end early.
        """
        if not self.left:
            return
        setup = self.prepared.setup
        hang = running.hang(setup.effort.seconds)
        engine.begin(Job(prepare=prepare_worker, work=work, setup=setup_bytes(setup, hang_seconds=hang)))
        most = max(1, min(running.units, -(-self.left // (4 * running.workers))))
        source = chunks(self.prepared.parts, setup, done=self.done, most=most, in_hand=self.in_hand)
        for finished in supervise(engine, source, is_stopping=is_stopping):
            if times is not None:
                times.take(finished.about)
            self.folder.keep(finished.covered, finished.answer, self.prepared.parts)
            yield finished


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
