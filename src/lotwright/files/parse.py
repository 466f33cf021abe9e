"""Bytes of a CSV or Parquet file to named columns, with the number each row has in a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from lotwright.files.arrow import Bools, Ints, is_true, items, positions
from lotwright.files.faults import Fault, Faults


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parsed:
    """Columns as the file has them: ``names`` of all, the wanted ``columns``, and ``row`` numbers (header = 1).

    ``next_row`` is the number that the row after the last one would have, blank rows counted.
    """

    names: tuple[str, ...]
    columns: Mapping[str, Any]
    row: Ints
    next_row: int = 0


def parse_csv(file: str, data: bytes, *, wanted: Collection[str], faults: Faults) -> Parsed | None:
    """Return the columns of a CSV file as text, or None with a fault where it cannot be read.

    Blank rows are passed over, and counted; a row with too few or too many cells is a fault.
    """
    names = csv_header(file, data, faults)
    if names is None:
        return None
    return parse_csv_rows(file, data, names=names, wanted=wanted, faults=faults)


def parse_csv_rows(
    file: str, data: bytes, *, names: tuple[str, ...], wanted: Collection[str], faults: Faults, before: int = 0
) -> Parsed | None:
    """Return rows of a CSV file from its header line and some of its rows, ``before`` of which came earlier."""
    ragged: list[tuple[int, str, int]] = []

    def note(row: Any) -> str:
        ragged.append((row.number, row.text, row.actual_columns))
        return "skip"

    label = [str(i) for i in range(len(names))]
    try:
        table = pacsv.read_csv(
            pa.BufferReader(data),
            read_options=pacsv.ReadOptions(use_threads=False, column_names=label, skip_rows=1),
            parse_options=pacsv.ParseOptions(
                newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=note
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(label, pa.string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid as error:
        wrong = f"it cannot be read as CSV: {error}"
        faults.add(Fault(file=file, wrong=wrong, cure="Save the table again as CSV (UTF-8)."))
        return None
    columns = [_whole(column) for column in table.columns]
    if data.count(b'"') % 2:
        faults.add(_open_quote(file, columns, ragged, before))
        return None
    for number, found, cells in ragged:
        faults.add(_ragged(file, number + before, found, cells, len(names)))
    keep, row = _numbered(columns, table.num_rows, {number for number, _, _ in ragged})
    if not keep.all():
        columns = [column.take(positions(np.flatnonzero(keep))) for column in columns]
    return Parsed(
        names=names,
        columns={name: column for name, column in zip(names, columns, strict=True) if name in wanted},
        row=row[keep] + before,
        next_row=table.num_rows + len(ragged) + 2 + before,
    )


def _whole(column: Any) -> Any:
    """Return a chunked column as one array."""
    chunks = column.combine_chunks()
    return chunks if isinstance(chunks, pa.Array) else pa.concat_arrays(chunks.chunks)


def _numbered(columns: list[Any], size: int, ragged: set[int]) -> tuple[Bools, Ints]:
    """Which rows are not blank, and the spreadsheet number of every row that was parsed."""
    row = np.setdiff1d(np.arange(2, size + len(ragged) + 2), np.array(sorted(ragged), dtype=np.int64))
    is_blank = np.ones(size, dtype=bool)
    for column in columns:
        if not is_blank.any():
            break
        is_blank &= items(pc.binary_length(pc.utf8_trim_whitespace(column)), np.int32) == 0
    return ~is_blank, row.astype(np.int64)


def csv_header(file: str, data: bytes, faults: Faults) -> tuple[str, ...] | None:
    """Column names of a CSV file, or None with a fault."""
    not_utf8 = not_utf8_fault(file, data)
    if not_utf8 is not None:
        faults.add(not_utf8)
        return None
    line = data.split(b"\n", 1)[0].decode("utf-8-sig")
    names = tuple(name.strip() for name in next(csv.reader([line.rstrip("\r")]), []))
    if not any(names):
        faults.add(
            Fault(file=file, row=1, wrong="the file has no header", cure="Write the column names in the first row.")
        )
        return None
    twice = sorted({name for name in names if name and names.count(name) > 1})
    for name in twice:
        faults.add(
            Fault(
                file=file, row=1, column=name, wrong="two columns have this name", cure="Rename or remove one of them."
            )
        )
    separator = next((mark for mark in (";", "\t") if len(names) == 1 and mark in names[0]), None)
    if separator is not None:
        name = "semicolons" if separator == ";" else "tabs"
        faults.add(Fault(file=file, row=1, wrong=f"the columns are separated by {name}", cure="Save it with commas."))
    return None if twice or separator else names


def _ragged(file: str, row: int, found: str, cells: int, header: int) -> Fault:
    return Fault(
        file=file,
        row=row,
        found=found if len(found) <= 60 else found[:57] + "...",
        wrong=f"this row has {cells} {'cell' if cells == 1 else 'cells'} and the header has {header}",
        cure="Put quotation marks around cells that hold a comma, and give every row as many cells as the header.",
    )


def _open_quote(file: str, columns: list[Any], ragged: list[tuple[int, str, int]], before: int) -> Fault:
    """Say where the quotation mark may be that nothing closes: the first cell that runs over the end of its line."""
    rows = [number for number, found, _ in ragged if "\n" in found]
    for column in columns:
        runs_on = np.flatnonzero(is_true(pc.match_substring(column, "\n")))
        rows += [int(at) + 2 for at in runs_on[:1]]
    return Fault(
        file=file,
        row=min(rows) + before if rows else None,
        wrong="a quotation mark is opened and never closed, so that the rows after it run together",
        cure="Close it, or write it twice where it is meant as a character.",
    )


def not_utf8_fault(file: str, data: bytes, *, before: int = 0) -> Fault | None:
    """Return a fault that names the first row which is not UTF-8, None where all are."""
    if data.isascii():
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return Fault(
            file=file,
            row=data.count(b"\n", 0, error.start) + 1 + before,
            wrong="the text is not UTF-8",
            cure="Save it again as 'CSV UTF-8 (comma delimited)'.",
        )
    return None


def parse_parquet(file: str, data: bytes, *, wanted: Collection[str], faults: Faults) -> Parsed | None:
    """Return the wanted columns of a Parquet file, or None with a fault where it cannot be read."""
    try:
        source = pq.ParquetFile(pa.BufferReader(data))
        names = tuple(source.schema_arrow.names)
        table = source.read(columns=[name for name in names if name in wanted])
    except (pa.ArrowException, OSError) as error:
        first = str(error).splitlines()[0]
        faults.add(Fault(file=file, wrong=f"it cannot be read as Parquet: {first}", cure="Write the file again."))
        return None
    return Parsed(
        names=names,
        columns={name: _whole(table.column(name)) for name in table.column_names},
        row=np.arange(2, table.num_rows + 2, dtype=np.int64),
        next_row=table.num_rows + 2,
    )
