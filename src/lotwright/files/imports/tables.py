"""The tables of the book that is updated: read as they are, changed for the imported accounts alone, every column kept.

Rows are text while they are changed, whatever the file's kind; a Parquet table keeps its types. The rows of an account
stay where they were in their table, so that importing the same files again makes the same bytes.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from lotwright.errors import BookError
from lotwright.files.faults import Faults
from lotwright.files.forms import FORMS
from lotwright.files.parse import parse_csv
from lotwright.files.tables import ENDINGS

Rows = Mapping[str, Sequence[str]]
_FORM = {form.name: form for form in FORMS}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stored:
    """One table of a book; ``table`` has a column of text for each of the file's (Parquet: of its own type)."""

    name: str
    ending: str
    table: pa.Table
    is_new: bool = False

    @property
    def file(self) -> str:
        """Name of the file."""
        return f"{self.name}{self.ending}"

    def texts(self, column: str) -> list[str]:
        """Return a column as text, empty where nothing stands; all empty where there is no such column."""
        if column not in self.table.column_names:
            return [""] * len(self.table)
        return ["" if cell is None else str(cell) for cell in self.table.column(column).to_pylist()]


def stored(book: Path, name: str) -> Stored:
    """Return a table of a book, empty where the book lacks it.

    Raises
    ------
    BookError
        The table stands there twice, or cannot be read whole: it would be damaged by writing it again.
    """
    paths = [path for path in (book / f"{name}{ending}" for ending in ENDINGS) if path.is_file()]
    if len(paths) > 1:
        raise BookError(
            f"{paths[0]} and {paths[1].name} stand side by side, and only one can be the table. Remove the older one."
        )
    if not paths:
        names = [column.name for column in _FORM[name].columns if column.required]
        names += ["basis"] if name == "lots" else []  # a table of no lots needs the column too
        return Stored(name=name, ending=".csv", table=_texts({each: [] for each in names}), is_new=True)
    path = paths[0]
    if path.suffix == ".parquet":
        return Stored(name=name, ending=".parquet", table=pq.read_table(path))
    return Stored(name=name, ending=".csv", table=_read_csv(path))


def _read_csv(path: Path) -> pa.Table:
    data, faults = path.read_bytes(), Faults()
    try:
        header = next(csv.reader(io.StringIO(data.split(b"\n", 1)[0].decode("utf-8-sig"))), [])
    except UnicodeDecodeError:
        header = []
    parsed = parse_csv(path.name, data, wanted=frozenset(name.strip() for name in header), faults=faults)
    if parsed is None or faults.shared.count:
        why = "\n".join(f"  {fault.message}" for fault in faults.shared.first)
        raise BookError(f"{path} cannot be updated, since it cannot be read whole:\n{why}")
    return pa.table({name: parsed.columns[name] for name in parsed.names})


def _texts(columns: Rows) -> pa.Table:
    return pa.table({name: pa.array(list(cells), pa.string()) for name, cells in columns.items()})


def with_rows(old: Stored, rows: Rows, *, key: str, of: Collection[str]) -> Stored:
    """Return the table with the rows whose ``key`` is one of ``of`` replaced by ``rows``, in their old place.

    ``rows`` are columns of text; columns that the table lacks are added where any cell of them is filled.
    """
    table = old.table
    keep = np.array([cell not in of for cell in old.texts(key)], dtype=bool)
    new = _fitted(rows, table, old.name)
    first: dict[str, int] = {}
    for place, name in enumerate(old.texts(key)):
        if not keep[place]:
            first.setdefault(name, place)
    for name in new.column_names:
        if name not in table.column_names:
            table = table.append_column(
                name,
                pa.array([""] * len(table), pa.string())
                if old.ending == ".csv"
                else pa.nulls(len(table), new.schema.field(name).type),
            )
    new = new.select(table.column_names)
    joined = pa.concat_tables([table.filter(pa.array(keep)), new], promote_options="default")
    place_of = np.concatenate(
        [np.flatnonzero(keep), np.array([first.get(name, len(keep)) for name in rows[key]], dtype=np.int64)]
    )
    order = np.argsort(place_of, kind="stable")
    if not np.array_equal(order, np.arange(len(order))):
        joined = joined.take(pa.array(order))
    return Stored(name=old.name, ending=old.ending, table=joined.combine_chunks(), is_new=old.is_new)


def _fitted(rows: Rows, table: pa.Table, name: str) -> pa.Table:
    """The rows as a table of the columns and types that the old one has, and of those it lacks."""
    size = len(next(iter(rows.values()), []))
    declared = [column.name for column in _FORM[name].columns]
    extra = [
        c
        for c in [*declared, *(c for c in rows if c not in declared)]
        if c in rows and c not in table.column_names and any(rows[c])
    ]
    columns: dict[str, Any] = {}
    for column in [*table.column_names, *extra]:
        cells = pa.array(list(rows[column]) if column in rows else [""] * size, pa.string())
        columns[column] = _cast(cells, table.schema.field(column).type) if column in table.column_names else cells
    return pa.table(columns)


def _cast(cells: Any, type_: Any) -> Any:
    if pa.types.is_string(type_) or pa.types.is_large_string(type_):
        return cells.cast(type_)
    filled = pc.if_else(pc.equal(cells, ""), pa.scalar(None, pa.string()), cells)
    if pa.types.is_dictionary(type_):
        return filled.dictionary_encode().cast(type_)
    return filled.cast(type_)


def same(old: Stored, new: Stored) -> bool:
    """Return whether nothing changed; a table that is new and empty counts as unchanged."""
    if old.is_new and not len(new.table) and old.name != "lots":
        return True
    return not old.is_new and old.table.combine_chunks().equals(new.table)


def write(stored_: Stored, path: Path) -> None:
    """Write a table to a file, CSV as a person would: quotation marks only where they are needed."""
    if stored_.ending == ".parquet":
        pq.write_table(stored_.table, path)
        return
    table = stored_.table
    needs_quotes = any(
        pc.any(pc.match_substring_regex(column, '[",\r\n]')).as_py()
        for column in table.columns
        if pa.types.is_string(column.type)
    )
    with path.open("wb") as out:
        header = io.StringIO()
        csv.writer(header, lineterminator="\n").writerow(table.column_names)
        out.write(header.getvalue().encode())
        if not len(table):
            return
        if needs_quotes:
            text = io.TextIOWrapper(out, encoding="utf-8", newline="")
            writer = csv.writer(text, lineterminator="\n")
            for batch in table.to_batches(max_chunksize=65_536):
                writer.writerows(
                    zip(
                        *(["" if c is None else c for c in column.to_pylist()] for column in batch.columns), strict=True
                    )
                )
            text.flush()
            text.detach()
        else:
            pacsv.write_csv(table, out, pacsv.WriteOptions(include_header=False, quoting_style="none"))
