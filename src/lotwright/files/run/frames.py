"""Arrow tables as one run of bytes: what a worker is sent, what it sends back, what stands in a file of finished work."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from lotwright.errors import PlanError

_MAGIC = b"LWF1"


def pack(
    tables: Mapping[str, Any], *, about: Mapping[str, Any] | None = None, compression: str | None = "lz4"
) -> bytes:
    """Return tables as bytes: a JSON head with the length of each, then an Arrow IPC stream each."""
    options = pa.ipc.IpcWriteOptions(compression=compression, use_threads=False)
    streams: dict[str, bytes] = {}
    for name, table in tables.items():
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
            writer.write_table(table)
        streams[name] = sink.getvalue().to_pybytes()
    head = {"about": dict(about or {}), "tables": {name: len(stream) for name, stream in streams.items()}}
    text = json.dumps(head, separators=(",", ":")).encode()
    return b"".join([_MAGIC, len(text).to_bytes(8, "little"), text, *streams.values()])


def unpack(data: bytes) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the tables by name and what was said about them.

    Raises
    ------
    PlanError
        The bytes are not whole.
    """
    streams, about = _streams(data)
    return {name: _read(stream) for name, stream in streams.items()}, about


def unpack_first(data: bytes, table: str) -> tuple[list[Any], dict[str, Any]]:
    """Return the cells of a table's first column and what was said about the tables; nothing else is decompressed.

    Raises
    ------
    PlanError
        The bytes are not whole.
    """
    streams, about = _streams(data)
    return _read(streams[table], columns=[0]).column(0).to_pylist(), about


def _read(stream: memoryview, columns: list[int] | None = None) -> Any:
    # threads for a few kilobytes cost more than they bring
    options = pa.ipc.IpcReadOptions(use_threads=False, included_fields=columns)
    with pa.ipc.open_stream(pa.py_buffer(stream), options=options) as reader:
        return reader.read_all()


def _streams(data: bytes) -> tuple[dict[str, memoryview], dict[str, Any]]:
    view = memoryview(data)
    start = 12 + int.from_bytes(view[4:12], "little")
    if bytes(view[:4]) != _MAGIC or start > len(view):
        raise PlanError("A file of finished work is not whole. Remove it, and resume the run.")
    head = json.loads(bytes(view[12:start]))
    streams: dict[str, memoryview] = {}
    for name, length in head["tables"].items():
        if start + length > len(view):
            raise PlanError(f"A file of finished work ends within its table {name}. Remove it, and resume the run.")
        streams[name] = view[start : start + length]
        start += length
    return streams, head["about"]
