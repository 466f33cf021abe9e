"""One table of a book in blocks of bounded size, whatever the size of its file.

A block has the columns that are read and the number of each row as a person counts it, exactly as the whole table
would have them, so that a fault found in a block names the same row.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from lotwright.files.columns import Form
from lotwright.files.faults import Fault, Faults
from lotwright.files.parse import Parsed, csv_header, not_utf8_fault, parse_csv_rows
from lotwright.files.tables import wanted_columns

ROWS = 1 << 17
"""Rows of a block of Parquet."""
BYTES = 1 << 24
"""Bytes of a block of CSV, about."""
LONGEST = 1 << 28
"""Bytes after which a block without an end of a row is a quotation mark that nothing closes."""


def content_hash(files: Mapping[str, Path], contents: Mapping[str, bytes]) -> str:
    """SHA-256 over names, lengths and bytes, in the order of the names: the ``content_hash`` of ``read_book``.

    Parameters
    ----------
    files : mapping of name to file
        Read in pieces.
    contents : mapping of name to bytes
    """
    digest = hashlib.sha256()
    for name in sorted({*files, *contents}):
        if name in contents:
            digest.update(f"{name}\0{len(contents[name])}\0".encode())
            digest.update(contents[name])
            continue
        digest.update(f"{name}\0{files[name].stat().st_size}\0".encode())
        with files[name].open("rb") as file:
            while piece := file.read(BYTES):
                digest.update(piece)
    return digest.hexdigest()


def blocks(form: Form, path: Path, faults: Faults) -> Iterator[Parsed]:
    """Yield a table's rows in order, block by block; at least one block, which may be empty, or none with a fault."""
    return _parquet(form, path, faults) if path.suffix == ".parquet" else _csv(form, path, faults)


def _parquet(form: Form, path: Path, faults: Faults) -> Iterator[Parsed]:
    wanted = wanted_columns(form)
    before = 0
    try:
        with pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False) as source:
            names = tuple(source.schema_arrow.names)
            columns = [name for name in names if name in wanted]
            kinds = source.schema_arrow
            yield _parsed(names, pa.table({name: pa.nulls(0, kinds.field(name).type) for name in columns}), before)
            for batch in source.iter_batches(batch_size=ROWS, columns=columns, use_threads=False):
                yield _parsed(names, pa.Table.from_batches([batch]), before)
                before += batch.num_rows
    except (pa.ArrowException, OSError) as error:
        first = str(error).splitlines()[0]
        faults.add(Fault(file=path.name, wrong=f"it cannot be read as Parquet: {first}", cure="Write the file again."))


def _parsed(names: tuple[str, ...], table: Any, before: int) -> Parsed:
    end = table.num_rows + before + 2
    return Parsed(
        names=names,
        columns={name: plain_array(table.column(name)) for name in table.column_names},
        row=np.arange(before + 2, end, dtype=np.int64),
        next_row=end,
    )


def plain_array(column: Any) -> Any:
    """Return a chunked column as one array, its dictionary looked up: what an IPC file of many batches can hold."""
    whole = column
    if isinstance(column, pa.ChunkedArray) and not column.num_chunks:
        whole = pa.nulls(0, column.type)  # putting none together would import pandas
    elif isinstance(column, pa.ChunkedArray):  # of a single chunk, putting them together would copy it
        whole = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks)
    return whole.dictionary_decode() if pa.types.is_dictionary(whole.type) else whole


def _csv(form: Form, path: Path, faults: Faults) -> Iterator[Parsed]:
    wanted, file = wanted_columns(form), path.name
    with path.open("rb") as source:
        header = source.readline()
        names = csv_header(file, header, faults)
        if names is None:
            return
        header = header.rstrip(b"\r\n") + b"\n"
        lines = 1  # of the file, for a byte that is not UTF-8; rows are counted by the parser
        before = 0
        for piece in _pieces(source):
            fault = not_utf8_fault(file, piece, before=lines)
            if fault is not None:
                faults.add(fault)
                return
            parsed = parse_csv_rows(file, header + piece, names=names, wanted=wanted, faults=faults, before=before)
            if parsed is None:
                return
            yield parsed
            lines += piece.count(b"\n")
            before = parsed.next_row - 2


def _pieces(source: Any) -> Iterator[bytes]:
    """Cut a file behind ends of lines that stand outside quotation marks; at least one piece."""
    held = b""
    yielded = False
    while block := source.read(BYTES):
        held += block
        end = _safe_end(held) if len(held) < LONGEST else len(held)
        if end:
            yield held[:end]
            yielded = True
            held = held[end:]
    if held or not yielded:
        yield held


def _safe_end(data: bytes) -> int:
    """Return how much of the data ends with a whole row, 0 where no end of one is in sight."""
    end = data.rfind(b"\n") + 1
    tries = 0
    while end and data.count(b'"', 0, end) % 2:
        end = data.rfind(b"\n", 0, end - 1) + 1
        tries += 1
        if tries > 1000:  # a quotation mark is open: wait for what closes it
            return 0
    return end
