"""The folder of a run: what was planned with what, what is done, and the tables that come of it.

A chunk's answer is done when a file of its own is on the disk under its name. When every household of a part is done,
the answers become one Parquet file in each table's folder, ``plans`` last: a part is finished when it stands there.
What is in ``.work`` serves a run that goes on, and is gone when it has ended.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lotwright.errors import PlanError
from lotwright.files.arrow import items, positions
from lotwright.files.run.blocks import plain_array
from lotwright.files.run.durable import remove_all, sync_folder, write_bytes_durably, write_durably
from lotwright.files.run.frames import unpack, unpack_first
from lotwright.files.run.parts import PART, Parts
from lotwright.files.run.place import MANIFEST, WORK
from lotwright.files.run.results import SCHEMAS

SCHEMA = "lotwright.run/1"
LAST = "plans"
"""The table whose file says that a part is finished."""


@dataclass(slots=True, eq=False)
class RunFolder:
    """A run's folder and what is known to be done in it.

    Parameters
    ----------
    path : Path
        The folder; made if it is not there.
    """

    path: Path
    _files: dict[int, list[Path]] = field(default_factory=dict)
    _done: dict[int, set[int]] = field(default_factory=dict)

    @property
    def work(self) -> Path:
        """Where a run keeps what nobody needs afterwards."""
        return self.path / WORK

    @property
    def manifest(self) -> dict[str, Any] | None:
        """What the run was begun with; None before that.

        Raises
        ------
        PlanError
            The manifest is of another kind of run, or unreadable.
        """
        file = self.path / MANIFEST
        if not file.is_file():
            return None
        try:
            read: dict[str, Any] = json.loads(file.read_bytes())
        except ValueError as error:
            raise PlanError(f"{file} is no JSON ({error}). Give another folder with --out.") from error
        if read.get("schema") != SCHEMA:
            raise PlanError(f"{file} has the schema {read.get('schema')!r}, and this version reads {SCHEMA!r}.")
        return read

    def begin(self, manifest: Mapping[str, Any]) -> None:
        """Write down what the run is begun with."""
        for name in SCHEMAS:
            (self.path / name).mkdir(exist_ok=True)
        (self.work / "done").mkdir(parents=True, exist_ok=True)
        for folder in (self.work, self.path, self.path.absolute().parent):
            sync_folder(folder)
        write_bytes_durably(self.path / MANIFEST, (json.dumps(manifest, indent=2) + "\n").encode())

    def clear(self) -> None:
        """Remove what a run left that was stopped before it began; what its engine has is of the one that begins."""
        for name in ("parts", "done"):
            shutil.rmtree(self.work / name, ignore_errors=True)

    def clean(self) -> None:
        """Remove what only a run that goes on would need."""
        shutil.rmtree(self.work, ignore_errors=True)

    def scratch(self, name: str) -> Path:
        """Return an empty folder for the time of a run."""
        folder = self.work / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def find_done(self, parts: Parts) -> dict[int, set[int]]:
        """Read what is done, by part; call it before :meth:`keep`."""
        self._done = {number: set(parts.units_of(number)) for number in range(len(parts)) if self.is_finished(number)}
        self._files = {}
        for file in sorted((self.work / "done").glob("*.lwf")):
            number = int(file.name.split("-")[0])
            if number in self._done and self.is_finished(number):
                file.unlink()  # the run was stopped between writing the part and removing this
                continue
            units, _ = unpack_first(file.read_bytes(), LAST)
            self._files.setdefault(number, []).append(file)
            self._done.setdefault(number, set()).update(units)
        for number in sorted(self._files):
            self._finish_if_whole(number, parts)
        return {number: set(units) for number, units in self._done.items()}

    def is_finished(self, part: int) -> bool:
        """True when the tables of a part are there."""
        return (self.path / LAST / _name(part)).is_file()

    def keep(self, units: Iterable[int], answer: bytes, parts: Parts) -> None:
        """Make an answer durable: from here on its households are done."""
        numbers = sorted(units)
        part = numbers[0] // PART
        file = self.work / "done" / f"{part:06d}-{numbers[0]:09d}-{len(numbers):03d}.lwf"
        write_bytes_durably(file, answer)
        self._files.setdefault(part, []).append(file)
        self._done.setdefault(part, set()).update(numbers)
        self._finish_if_whole(part, parts)

    def _finish_if_whole(self, part: int, parts: Parts) -> None:
        if len(self._done[part]) < len(parts.units_of(part)):
            return
        answers = [unpack(file.read_bytes())[0] for file in self._files[part]]
        for name, schema in sorted(SCHEMAS.items(), key=lambda item: item[0] == LAST):
            rows = pa.concat_tables([answer[name] for answer in answers])
            order = np.argsort(items(plain_array(rows.column("unit")), np.int64), kind="stable")
            whole = rows.take(positions(order)).select(schema.names).cast(schema)
            write_durably(self.path / name / _name(part), partial(_parquet, whole))
        remove_all(self._files.pop(part))

    def answers(self) -> Iterator[dict[str, Any]]:
        """Yield the tables of work that is done and not yet in a finished part."""
        for file in sorted((self.work / "done").glob("*.lwf")):
            if not self.is_finished(int(file.name.split("-")[0])):
                yield unpack(file.read_bytes())[0]

    def finished(self, table: str, columns: list[str] | None = None) -> Iterator[Any]:
        """Yield a table part by part, in the order of the book."""
        for file in sorted((self.path / table).glob("part-*.parquet")):
            with pq.ParquetFile(file) as read:  # read_table would import a good deal more
                yield read.read(columns, use_threads=False)


def _name(part: int) -> str:
    return f"part-{part:06d}.parquet"


def _parquet(table: Any, file: Any) -> None:
    pq.write_table(table, file, compression="zstd", compression_level=1)
