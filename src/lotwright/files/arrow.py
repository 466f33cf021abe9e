"""Between Arrow and numpy over the same memory.

Problem: ``to_numpy``, ``pa.array`` of anything and ``pa.scalar`` import pandas, half a second that every command and every
worker would wait for.
Therefore: primitive arrays cross by their buffers, as the Arrow columnar format lays them out; decimals and flags cross as
text, which Arrow reads as their type.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
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


_AS_NUMBERS = {pa.int32(): np.int32, pa.int64(): np.int64, pa.float64(): np.float64, pa.date32(): np.int32}
_EPOCH = date(1970, 1, 1).toordinal()


def array_of(cells: Sequence[object], type_: Any) -> Any:
    """Return cells as an Arrow array: text, numbers, ``Decimal``, days and flags as such, None where empty.

    Raises
    ------
    pyarrow.ArrowInvalid, OverflowError
        A cell does not fit the type: too large a number, or one of more places than a decimal has.
    """
    is_there = [cell is not None for cell in cells]
    present = None if all(is_there) else pa.py_buffer(np.packbits(is_there, bitorder="little"))
    if type_ in _AS_NUMBERS:
        numbers: Any = [0 if cell is None else cell for cell in cells]
        if pa.types.is_date(type_):
            numbers = [day.toordinal() - _EPOCH if day else 0 for day in numbers]
        values = np.array(numbers, dtype=_AS_NUMBERS[type_])
        return pa.Array.from_buffers(type_, len(values), [present, pa.py_buffer(values)])
    texts = [b"" if cell is None else str(cell).encode() for cell in cells]
    offset = np.zeros(len(texts) + 1, dtype=np.int64)
    np.cumsum(list(map(len, texts)), out=offset[1:])
    buffers = [present, pa.py_buffer(offset), pa.py_buffer(b"".join(texts))]
    return pa.Array.from_buffers(pa.large_string(), len(texts), buffers).cast(type_)
