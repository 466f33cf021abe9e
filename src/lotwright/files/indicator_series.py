"""Indicators from files: a CSV or Parquet table of days and values, or a symbol of the book's price history."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from pydantic import TypeAdapter, ValidationError

from lotwright.book.history import PriceHistory
from lotwright.errors import ProgramError
from lotwright.trigger.series import MAX_AGE, Series

MISSING = frozenset({"", ".", "na", "n/a", "nan", "null", "none"})
"""Cells that say there is no value of that day (FRED writes a dot)."""
DATES = ("date", "observation_date", "day", "time")
VALUES = ("close", "value", "price", "last")


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a series comes from: a ``file``, or a ``symbol`` of the book's history (adjusted closes)."""

    __pydantic_config__: ClassVar = {"extra": "forbid"}
    file: str | None = None
    symbol: str | None = None
    date: str | None = None
    value: str | None = None
    date_format: str | None = None
    max_age: int = MAX_AGE
    folder: str | None = None


def source_of(name: str, entry: object, *, where: str, folder: Path | None) -> Source:
    """One declared source; a relative file is beside the declaration.

    Raises
    ------
    ProgramError
        It does not read, or says neither or both of file and symbol.
    """
    what = f"{where}, series {name}"
    if not name.isidentifier() or not name.isascii():
        raise ProgramError(f"{what}: a series is named like a variable: letters, digits, underscores. Rename it.")
    if not isinstance(entry, dict) or "folder" in entry:
        raise ProgramError(f"{what} is not a table. Write [series.{name}] and file = ... or symbol = ... under it.")
    try:
        source: Source = _SOURCE.validate_json(
            json.dumps({**entry, "folder": None if folder is None else str(folder)}, default=str), strict=True
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise ProgramError(f"{what}, {'.'.join(map(str, first['loc']))}: {first['msg']}.") from None
    if (source.file is None) == (source.symbol is None):
        raise ProgramError(f"{what} must say either file or symbol.")
    if source.max_age < 0:
        raise ProgramError(f"{what}: max_age is {source.max_age}. Give trading days, 0 or more.")
    return source


_SOURCE: TypeAdapter[Source] = TypeAdapter(Source)


def read_series(names: Iterable[str], sources: Mapping[str, Source], history: PriceHistory | None) -> dict[str, Series]:
    """Every series that expressions name: declared, else a symbol of the history.

    Raises
    ------
    ProgramError
        A series is neither declared nor a symbol of the history, or its file cannot be read.
    """
    found = {}
    known = {} if history is None else {symbol: column for column, symbol in enumerate(history.symbols)}
    for name in sorted(names):
        source = sources.get(name, Source(symbol=name))
        if source.file is not None:
            found[name] = series_of_file(name, source)
            continue
        if source.symbol not in known or history is None:
            raise ProgramError(
                f"The series {name} is neither declared nor a symbol of the book's history. Declare it under"
                f" [series.{name}], or give --series {name}=FILE."
            )
        values = history.adj_close[:, known[source.symbol]]
        there = np.isfinite(values)
        found[name] = Series(name=name, dates=history.dates[there], values=values[there].copy(), max_age=source.max_age)
    return found


def series_of_file(name: str, source: Source) -> Series:
    """A series from a CSV or Parquet table: one column of days, one of numbers; cells that say so are left out.

    Raises
    ------
    ProgramError
        The file, a column, a day or a number cannot be read; the message names the row as a spreadsheet counts.
    """
    path = Path(source.file or "")
    if not path.is_absolute() and source.folder is not None:
        path = Path(source.folder) / path
    rows = _rows(path, name)
    if not rows:
        raise ProgramError(f"{path} (series {name}) has no rows. Give a table with a header and values.")
    day_column = source.date or _pick(rows[0], DATES, path, "date")
    value_column = source.value or _pick({key: "" for key in rows[0] if key != day_column}, VALUES, path, "value")
    for column in (day_column, value_column):
        if column not in rows[0]:
            raise ProgramError(f"{path} (series {name}) has no column {column}. It has {', '.join(rows[0])}.")
    found: dict[date, float] = {}
    for number, row in enumerate(rows, 2):
        value = _value(row[value_column], path, number, value_column)
        day = _day(row[day_column], source.date_format, path, number, day_column)
        if day in found:
            raise ProgramError(f"{path}, row {number}: {day.isoformat()} is there twice. Keep one of them.")
        if value is not None:
            found[day] = value
    days = sorted(found)
    return Series(
        name=name,
        dates=np.array(days, dtype="datetime64[D]"),
        values=np.array([found[day] for day in days], dtype=np.float64),
        max_age=source.max_age,
    )


def _rows(path: Path, name: str) -> list[dict[str, Any]]:
    try:
        if path.suffix == ".parquet":
            import pyarrow.parquet as pq  # noqa: PLC0415  most series are CSV

            table: list[dict[str, Any]] = pq.read_table(path).to_pylist()
            return table
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [{(key or "").strip(): cell for key, cell in row.items()} for row in csv.DictReader(file)]
    except (OSError, UnicodeDecodeError, csv.Error, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise ProgramError(f"{path} (series {name}) cannot be read: {said}. Give a CSV or Parquet file.") from error


def _pick(row: Mapping[str, Any], likely: tuple[str, ...], path: Path, what: str) -> str:
    by_fold = {key.casefold(): key for key in row}
    chosen = next((by_fold[word] for word in likely if word in by_fold), None)
    if chosen is not None:
        return chosen
    if len(row) == 1:
        return next(iter(row))
    raise ProgramError(f'{path}: which column is the {what}? It has {", ".join(row)}. Say {what} = "...".')


def _value(cell: Any, path: Path, number: int, column: str) -> float | None:
    if cell is None or (isinstance(cell, str) and cell.strip().casefold() in MISSING):
        return None
    try:
        value = float(cell)
    except (TypeError, ValueError):
        value = math.nan
    if isinstance(cell, float) and math.isnan(cell):
        return None
    if not math.isfinite(value):
        raise ProgramError(
            f"{path}, row {number}, column {column}: {cell!r} is no number. Correct it, or leave it empty."
        )
    return value


def _day(cell: Any, form: str | None, path: Path, number: int, column: str) -> date:
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    try:
        text = str(cell).strip()
        return datetime.strptime(text, form).date() if form else date.fromisoformat(text[:10])  # noqa: DTZ007  a day
    except ValueError:
        hint = "Write it as 2024-03-01, or say date_format." if form is None else f"It should look like {form}."
        raise ProgramError(f"{path}, row {number}, column {column}: {cell!r} is no day. {hint}") from None
