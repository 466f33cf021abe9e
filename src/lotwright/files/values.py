"""The cells of a column as typed arrays, read once and exactly.

Problem: money must be exact, and half a million rows must be checked in a blink.
Observations: a check needs no more than float64; only the rows that are handed out need ``Decimal``. Words, dates and
flags take few distinct values, so that each is read once and looked up for the rows.
Therefore: a column keeps two faces, a numpy array to check and the exact cells to hand out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from lotwright.files.arrow import Bools, Ints, is_null, is_true, items, positions
from lotwright.files.columns import Type

_NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?$"
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})([T ][0-9:.,+\-Z ]*)?")
_FLAG = {"true": 1, "yes": 1, "1": 1, "false": 0, "no": 0, "0": 0}
_FIRST, _LAST = date(1900, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True, slots=True, eq=False)
class Texts:
    """Words: ``word[code[i]]`` is the cell of row i, and a negative code an empty cell."""

    code: Ints
    word: tuple[str, ...]

    @property
    def is_missing(self) -> Bools:
        """True where a cell is empty."""
        return self.code < 0

    def at(self, rows: Ints) -> list[Any]:
        """Return ``str`` or None for each row."""
        codes = self.code[rows]
        if codes.min(initial=0) >= 0:
            return list(map(self.word.__getitem__, codes.tolist()))
        return [self.word[code] if code >= 0 else None for code in codes.tolist()]


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """Numbers: ``approx`` is float64, NaN where empty; ``exact`` holds text, integers or decimals (doubles: None)."""

    approx: NDArray[np.float64]
    exact: Any = None

    @property
    def is_missing(self) -> Bools:
        """True where a cell is empty."""
        return np.isnan(self.approx)

    def at(self, rows: Ints) -> list[Any]:
        """Return ``Decimal`` or None for each row: of text exactly, of a double its shortest decimal form."""
        if self.exact is None:
            approx = self.approx[rows]
            if not np.isnan(approx).any():
                return list(map(Decimal, map(repr, approx.tolist())))
            return [Decimal(repr(x)) if x == x else None for x in approx.tolist()]  # noqa: PLR0124
        cells = self.exact.take(positions(rows)).to_pylist()
        return [
            None if missing else Decimal(cell)
            for cell, missing in zip(cells, self.is_missing[rows].tolist(), strict=True)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Dates:
    """Days: ``day`` is datetime64[D], NaT where empty."""

    day: NDArray[np.datetime64]

    @property
    def is_missing(self) -> Bools:
        """True where a cell is empty."""
        return np.isnat(self.day)

    def at(self, rows: Ints) -> list[Any]:
        """Return ``date`` or None for each row."""
        return list(self.day[rows].tolist())


@dataclass(frozen=True, slots=True, eq=False)
class Flags:
    """True and false: ``state`` is 1, 0, or -1 where empty."""

    state: NDArray[np.int8]

    @property
    def is_missing(self) -> Bools:
        """True where a cell is empty."""
        return self.state < 0

    def at(self, rows: Ints) -> list[Any]:
        """Return ``bool`` or None for each row."""
        return [None if state < 0 else bool(state) for state in self.state[rows].tolist()]


Values = Texts | Numbers | Dates | Flags


def read_values(type_: Type, cells: Any) -> tuple[Values, Bools] | None:
    """Return the typed cells and where they are unreadable, or None where an Arrow type cannot hold this type at all.

    Parameters
    ----------
    type_ : Type
    cells : pyarrow.Array
        One column, whole; text cells without surrounding spaces.
    """
    readers = {Type.TEXT: _texts, Type.NUMBER: _numbers, Type.DATE: _dates, Type.FLAG: _flags}
    return readers[type_](cells)


def _encoded(cells: Any) -> Texts:
    """Words and codes of a text column; spaces around a word do not count, and an empty word is an empty cell."""
    encoded = cells if pa.types.is_dictionary(cells.type) else cells.dictionary_encode()
    indices = encoded.indices
    if pa.types.is_int32(indices.type):  # what Arrow encodes itself; a call of its cast costs more than small columns
        number = items(indices, np.int32).astype(np.int64)
    else:
        number = items(indices.cast(pa.int64()), np.int64)
    code = np.where(is_null(indices), -1, number) if indices.null_count else number
    found = encoded.dictionary.to_pylist()
    raw = [word.strip() if word is not None else "" for word in found]
    word = tuple(dict.fromkeys(w for w in raw if w))
    if len(word) == len(found) and raw == found:  # nothing to trim and nothing twice: the codes stay
        return Texts(code, word)
    place = {w: i for i, w in enumerate(word)}
    translate = np.array([place.get(w, -1) for w in raw] + [-1], dtype=np.int64)
    return Texts(translate[code], word)


def _is_text(cells: Any) -> bool:
    kind = cells.type.value_type if pa.types.is_dictionary(cells.type) else cells.type
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _texts(cells: Any) -> tuple[Values, Bools] | None:
    if pa.types.is_integer(cells.type):
        cells = cells.cast(pa.string())
    if pa.types.is_null(cells.type):
        cells = cells.cast(pa.string())
    if not _is_text(cells):
        return None
    return _encoded(cells), np.zeros(len(cells), dtype=bool)


def _numbers(cells: Any) -> tuple[Values, Bools] | None:
    """Numbers of any Arrow type that holds some; a text that is none (``1,000``, ``$5``, ``NaN``) is unreadable."""
    kind = cells.type
    if _is_text(cells):
        cells = _plain_text(cells)
        is_number = pc.match_substring_regex(cells, _NUMBER)
        is_empty = (items(pc.binary_length(cells), np.int32) == 0) | is_null(cells)
        approx = _floats(pc.if_else(is_number, cells, pa.nulls(len(cells), pa.string())))
        return _finite(approx, exact=cells, unreadable=~is_true(is_number) & ~is_empty)
    if pa.types.is_decimal(kind):
        return _finite(_floats(cells.cast(pa.string())), exact=cells)  # Arrow's own cast of decimals misses by an ulp
    if pa.types.is_float64(kind) or pa.types.is_null(kind):
        return _finite(_floats(cells), exact=None)
    if pa.types.is_floating(kind):
        return _finite(_floats(cells), exact=cells.cast(pa.string()))
    if pa.types.is_integer(kind):
        return _finite(_floats(cells), exact=cells)
    return None


def _plain_text(cells: Any) -> Any:
    if pa.types.is_dictionary(cells.type):
        cells = cells.dictionary_decode()
    return pc.utf8_trim_whitespace(cells.cast(pa.string()))


def _floats(cells: Any) -> NDArray[np.float64]:
    floats = cells if pa.types.is_float64(cells.type) else cells.cast(pa.float64(), safe=False)
    number: NDArray[np.float64] = items(floats, np.float64)
    return np.where(is_null(floats), np.nan, number) if floats.null_count else number


def _finite(approx: NDArray[np.float64], *, exact: Any, unreadable: Bools | None = None) -> tuple[Values, Bools]:
    """Return the numbers, an infinite one being unreadable."""
    is_infinite = np.isinf(approx)
    values = Numbers(np.where(is_infinite, np.nan, approx), exact)
    return values, is_infinite if unreadable is None else is_infinite | unreadable


def _dates(cells: Any) -> tuple[Values, Bools] | None:
    kind = cells.type
    if _is_text(cells):
        texts = _encoded(cells)
        day = np.array([_day(word) for word in texts.word] + [None], dtype="datetime64[D]")[texts.code]
        return Dates(day), np.isnat(day) & ~texts.is_missing
    if pa.types.is_timestamp(kind) and kind.tz is not None:
        cells = pc.local_timestamp(cells)
    if not (pa.types.is_timestamp(kind) or pa.types.is_date(kind) or pa.types.is_null(kind)):
        return None
    days = cells.cast(pa.date32(), safe=False)
    day = np.where(is_null(days), np.datetime64("NaT"), items(days, np.int32).astype("datetime64[D]"))
    is_strange = (day < np.datetime64(_FIRST)) | (day > np.datetime64(_LAST))
    return Dates(np.where(is_strange, np.datetime64("NaT"), day)), is_strange


def _day(word: str) -> date | None:
    """Return the day that a word such as ``2020-03-23`` or ``2020-03-23T09:30:00`` names, or None."""
    match = _DATE.fullmatch(word)
    if match is None:
        return None
    try:
        day = date.fromisoformat(match[1])
    except ValueError:
        return None
    return day if _FIRST <= day <= _LAST else None


def _flags(cells: Any) -> tuple[Values, Bools] | None:
    kind = cells.type
    if pa.types.is_boolean(kind) or pa.types.is_integer(kind) or pa.types.is_null(kind):
        cells = cells.cast(pa.int64()).cast(pa.string())
    if not _is_text(cells):
        return None
    texts = _encoded(cells)
    state = np.array([_FLAG.get(word.casefold(), -1) for word in texts.word] + [-1], dtype=np.int8)[texts.code]
    return Flags(state), (state < 0) & ~texts.is_missing
