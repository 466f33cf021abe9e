"""Between Arrow and numpy over the same memory.

Problem: ``to_numpy``, ``pa.array`` of an array and ``pa.scalar`` import pandas, a third of a second that every command
would wait for.
Therefore: primitive arrays cross by their buffers, as the Arrow columnar format lays them out.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import DTypeLike, NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


def items(cells: Any, dtype: DTypeLike) -> NDArray[Any]:
    """Return the items of a primitive array as a numpy array of the same width; what stands at a null is anything."""
    buffer = cells.buffers()[1]
    if buffer is None:
        return np.zeros(len(cells), dtype=dtype)
    return np.frombuffer(buffer, dtype=dtype)[cells.offset : cells.offset + len(cells)]


def is_null(cells: Any) -> Bools:
    """Return where an array is null, shape (length,)."""
    if pa.types.is_null(cells.type):
        return np.ones(len(cells), dtype=bool)
    buffer = cells.buffers()[0]
    return np.zeros(len(cells), dtype=bool) if buffer is None else ~_bits(buffer, cells)


def is_true(cells: Any) -> Bools:
    """Return where a boolean array is true; a null is not."""
    buffer = cells.buffers()[1]
    if buffer is None:
        return np.zeros(len(cells), dtype=bool)
    return _bits(buffer, cells) & ~is_null(cells)


def _bits(buffer: Any, cells: Any) -> Bools:
    bits = np.unpackbits(np.frombuffer(buffer, dtype=np.uint8), bitorder="little")
    return bits[cells.offset : cells.offset + len(cells)].astype(bool)


def positions(rows: Ints) -> Any:
    """Return row positions for Arrow to take."""
    return pa.Array.from_buffers(
        pa.int64(), len(rows), [None, pa.py_buffer(np.ascontiguousarray(rows, dtype=np.int64))]
    )
