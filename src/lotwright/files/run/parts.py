"""A book cut into parts of some hundred households each, on disk, in one pass over its tables and in bounded memory.

Problem: the rows of one household stand anywhere in files that may be larger than memory.
Observations: planning a household takes a hundred times longer than moving its rows once more; what is cut once can be
read again by a run that resumes. Therefore: every table of accounts is streamed; rows are kept until some megabytes are
together, sorted by part and written as one Arrow batch a part. Reading a part gathers its batches. A sorted table comes
out as it went in, an unsorted one costs the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from lotwright.files.arrow import Ints, items, positions
from lotwright.files.parse import Parsed
from lotwright.files.run.blocks import plain_array
from lotwright.files.run.durable import sync_file, write_bytes_durably

PART = 256
"""Units of a part."""
HELD, SHUFFLED = 1 << 25, 1 << 27
"""Bytes of a table that are kept before they are written: while its rows come in order, and once they did not."""
ROW, UNIT = "_row", "_unit"
"""Columns beside those of a table: the row's number in its file, and the unit it belongs to."""
INDEX = "parts.json"


@dataclass(slots=True, eq=False)
class _Held:
    """Rows of one table that wait to be written."""

    tables: list[Any] = field(default_factory=list)
    size: int = 0
    files: int = 0
    last: int = 0
    in_order: bool = True


class Cutter:
    """Takes blocks of the tables of accounts and leaves parts in a folder.

    Parameters
    ----------
    folder : Path
        Must exist; gets an Arrow file for some megabytes of a table, and the index when all is in.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._held: dict[str, _Held] = {}
        self._places: dict[str, dict[int, list[tuple[str, int]]]] = {}
        self._rows = 0

    def add(self, table: str, parsed: Parsed, unit: NDArray[np.int32]) -> None:
        """Take the rows of a block whose unit is known, in the order of the file."""
        known = unit >= 0
        columns = {name: plain_array(column) for name, column in parsed.columns.items()}
        columns |= {ROW: _numbers(parsed.row, pa.int64()), UNIT: _numbers(unit, pa.int32())}
        rows = pa.table(columns)
        if not known.all():
            rows = rows.take(positions(np.flatnonzero(known)))
        held = self._held.setdefault(table, _Held())
        if held.tables and not rows.num_rows:
            return
        held.tables.append(rows)
        self._rows += rows.num_rows
        held.size += rows.nbytes
        steps = np.diff(unit[known], prepend=np.int32(held.last))
        held.in_order &= not (steps < 0).any()
        held.last += int(steps.sum())
        if held.size >= (HELD if held.in_order else SHUFFLED):
            self._write(table)

    def finish(self, *, units: int) -> Parts:
        """Write what is left, then the index: only then are the parts there."""
        for table in self._held:
            self._write(table)
        for file in self.folder.glob("*.arrow"):
            sync_file(file)  # a run that goes on after a power cut believes the index
        index = {"units": units, "rows": self._rows, "tables": self._places}
        write_bytes_durably(self.folder / INDEX, json.dumps(index, separators=(",", ":")).encode())
        return Parts(self.folder)

    def _write(self, table: str) -> None:
        held = self._held[table]
        if not held.tables:
            return
        rows = pa.concat_tables(held.tables).combine_chunks()
        held.tables, held.size = [], 0
        unit = unit_numbers(rows)
        if (np.diff(unit) < 0).any():
            order = np.argsort(unit, kind="stable").astype(np.int64)
            rows, unit = rows.take(positions(order)), unit[order]
        name = f"{table}-{held.files:05d}.arrow"
        held.files += 1
        part = unit // PART
        starts = np.flatnonzero(np.diff(part, prepend=-1)) if len(part) else np.zeros(0, dtype=np.int64)
        stops = np.append(starts[1:], len(part)) if len(part) else starts
        places = self._places.setdefault(table, {})
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        with (
            pa.OSFile(str(self.folder / name), "wb") as sink,
            pa.ipc.new_file(sink, rows.schema, options=options) as out,
        ):
            for batch, (start, stop) in enumerate(zip(starts.tolist(), stops.tolist(), strict=True)):
                out.write_table(rows.slice(start, stop - start).combine_chunks(), max_chunksize=stop - start)
                places.setdefault(int(part[start]), []).append((name, batch))


def _numbers(values: NDArray[Any], kind: Any) -> Any:
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(np.ascontiguousarray(values))])


def unit_numbers(rows: Any) -> Ints:
    """Return the units of rows that were cut, shape (rows,)."""
    return items(plain_array(rows.column(UNIT)), np.int32).astype(np.int64)


def row_numbers(rows: Any) -> Ints:
    """Return the numbers that rows have in their file, shape (rows,)."""
    return items(plain_array(rows.column(ROW)), np.int64)


class Parts:
    """The parts in a folder; each is read when asked for.

    Parameters
    ----------
    folder : Path
        Where a ``Cutter`` finished.
    """

    def __init__(self, folder: Path) -> None:
        index = json.loads((folder / INDEX).read_bytes())
        self.folder = folder
        self.units: int = index["units"]
        self.rows: int = index["rows"]
        self._places: Mapping[str, Mapping[str, Sequence[tuple[str, int]]]] = index["tables"]
        self._empty = {table: self._schema(table) for table in self._places}

    def __len__(self) -> int:
        return (self.units + PART - 1) // PART

    def __iter__(self) -> Iterator[Part]:
        return (self.read(number) for number in range(len(self)))

    def units_of(self, number: int) -> range:
        """Return the units of a part."""
        return range(number * PART, min((number + 1) * PART, self.units))

    def read(self, number: int) -> Part:
        """Return one part, its rows in the order of units, and of one unit in the order of the files."""
        tables: dict[str, Any] = {}
        for table, places in self._places.items():
            batches = []
            for name, batch in places.get(str(number), ()):
                with pa.OSFile(str(self.folder / name)) as source, pa.ipc.open_file(source) as reader:
                    batches.append(reader.get_batch(batch))
            rows = pa.Table.from_batches(batches, schema=self._empty[table]).combine_chunks()
            unit = unit_numbers(rows)
            if (np.diff(unit) < 0).any():
                rows = rows.take(positions(np.argsort(unit, kind="stable").astype(np.int64)))
            tables[table] = rows
        return Part(number=number, tables=tables, unit={name: unit_numbers(rows) for name, rows in tables.items()})

    def _schema(self, table: str) -> Any:
        with pa.OSFile(str(self.folder / f"{table}-00000.arrow")) as source, pa.ipc.open_file(source) as reader:
            return reader.schema


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Part:
    """The rows of some hundred households: tables sorted by unit, and the unit of each row."""

    number: int
    tables: Mapping[str, Any]
    unit: Mapping[str, Ints]

    def cut(self, first: int, stop: int) -> dict[str, Any]:
        """Return the rows of units ``first`` to ``stop``, which is left out."""
        out: dict[str, Any] = {}
        for name, rows in self.tables.items():
            start, end = np.searchsorted(self.unit[name], (first, stop)).tolist()
            out[name] = rows.slice(start, end - start)
        return out

    def rows_of(self, units: Sequence[int]) -> dict[str, Any]:
        """Return the rows of some units, which are sorted."""
        if units[-1] - units[0] == len(units) - 1:
            return self.cut(units[0], units[-1] + 1)
        out: dict[str, Any] = {}
        for name, rows in self.tables.items():
            start = np.searchsorted(self.unit[name], units)
            count = np.searchsorted(self.unit[name], units, side="right") - start
            before = np.cumsum(count) - count
            out[name] = rows.take(positions(np.arange(count.sum()) + np.repeat(start - before, count)))
        return out

    def weight(self, units: range) -> Ints:
        """Return the number of rows of each of some units, all tables together, shape (units,)."""
        edges = np.arange(units.start, units.stop + 1)
        total = np.zeros(len(units), dtype=np.int64)
        for unit in self.unit.values():
            total += np.diff(np.searchsorted(unit, edges))
        return total
