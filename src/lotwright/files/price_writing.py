"""Prices and histories into a book, table by table, each whole or not at all.

Observation: a book whose prices are newer than its history is sound, one whose history is newer than its prices is not.
Therefore: prices are replaced first, so that a run that is stopped between the two leaves a book that reads.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lotwright.errors import BookError
from lotwright.files.wanted import table_file

_FIRST = (
    "symbol",
    "price",
    "as_of",
    "half_spread",
    "adv_dollars",
    "volatility",
    "sector",
    "kind",
    "source",
    "at",
    "asked",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Closes:
    """Daily closes of one security for the table history: dates (T,), and as traded, adjusted and volume beside them."""

    dates: NDArray[np.datetime64]
    close: NDArray[np.float64]
    adj_close: NDArray[np.float64]
    volume: NDArray[np.float64]


def write_prices(book: Path, rows: Mapping[str, Mapping[str, object]], *, into: Path | None = None) -> Path:
    """Replace a book's table of prices: a row for each symbol answered, and none for any other.

    What the old table knows besides (sector, kind, columns of one's own) is kept where the new row does not say it.

    Parameters
    ----------
    book : Path
    rows : mapping from symbol to its cells; at least ``price`` and ``as_of``
    into : Path, optional
        Write there instead of into the book: ``.csv`` or ``.parquet``.

    Raises
    ------
    BookError
        The old table cannot be read.
    """
    old = table_file(book, "prices")
    known = {} if old is None else _rows(old)
    said = [{**known.get(symbol, {}), **rows[symbol], "symbol": symbol} for symbol in sorted(rows)]
    columns = list(dict.fromkeys([*(name for name in _FIRST if any(name in row for row in said)), *_names(said)]))
    path = into or old or book / "prices.csv"
    replace_table(path, frame_of({name: [_text(row.get(name)) for row in said] for name in columns}))
    return path


def write_history(book: Path, closes: Mapping[str, Closes], *, last: date) -> Path:
    """Replace the history of the symbols answered; the rows of others stay, up to ``last``.

    Days without a close as traded or without an adjusted one are left out: the table needs both.
    """
    import pandas as pd  # noqa: PLC0415

    old = table_file(book, "history")
    parts = [] if old is None else [_old_history(old, closes.keys(), last)]
    for symbol in sorted(closes):
        one = closes[symbol]
        kept = np.isfinite(one.close) & np.isfinite(one.adj_close) & (one.dates <= np.datetime64(last))
        columns = {"date": one.dates[kept].astype(str), "close": one.close[kept].round(6)}
        columns |= {"adj_close": one.adj_close[kept].round(6), "volume": one.volume[kept].round(0)}
        parts.append(pd.DataFrame({"symbol": symbol, **columns}))
    frame = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    path = old or book / "history.parquet"
    replace_table(path, frame.sort_values(["symbol", "date"], kind="stable", ignore_index=True))
    return path


def _old_history(path: Path, answered: Any, last: date) -> Any:
    frame = read_frame(path)
    day = frame["date"].astype(str).str.slice(0, 10)
    frame["date"] = day
    return frame[~frame["symbol"].astype(str).isin(list(answered)) & (day <= last.isoformat())]


def _rows(path: Path) -> dict[str, dict[str, object]]:
    frame = read_frame(path, as_text=path.suffix == ".csv")
    records = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return {str(row["symbol"]).strip(): {str(key): cell for key, cell in row.items()} for row in records}


def read_frame(path: Path, *, as_text: bool = False, key: str = "symbol") -> Any:
    """A table of a book as a data frame, its cells as text where asked.

    Raises
    ------
    BookError
        It cannot be read, or has no such column.
    """
    import pandas as pd  # noqa: PLC0415

    try:
        if path.suffix == ".parquet":
            frame = pd.read_parquet(path)
        else:
            frame = pd.read_csv(path, dtype=str if as_text else {"symbol": str}, keep_default_na=False, na_values=[""])
    except (ValueError, OSError) as error:
        raise BookError(f"{path} cannot be read as a table: {error}. Save it again as CSV or Parquet.") from error
    if key not in frame:
        raise BookError(f"{path} has no column {key}. Add it, or remove the table.")
    return frame


def _names(rows: Sequence[Mapping[str, object]]) -> list[str]:
    return [name for row in rows for name in row]


def _text(cell: object) -> str | None:
    """A cell as FORMATS writes it."""
    if cell is None or cell == "":
        return None
    return f"{cell:f}" if isinstance(cell, Decimal) else str(cell)


def frame_of(columns: Mapping[str, list[str | None]]) -> Any:
    """Cells of text as a data frame."""
    import pandas as pd  # noqa: PLC0415

    return pd.DataFrame(columns, dtype="str")


def replace_table(path: Path, frame: Any) -> None:
    """Write beside and rename: who reads meanwhile sees the old table or the new one."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-", suffix=path.suffix)
    try:
        if path.suffix == ".parquet":
            os.close(handle)
            frame.to_parquet(name, index=False)
            handle = os.open(name, os.O_RDONLY)
            os.fsync(handle)
        else:
            with os.fdopen(os.dup(handle), "w", encoding="utf-8", newline="") as file:
                frame.to_csv(file, index=False, lineterminator="\n")
                file.flush()
                os.fsync(file.fileno())
        os.close(handle)
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
