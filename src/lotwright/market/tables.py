"""Prices and histories from a CSV or Parquet file, or from a book's own history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np

from lotwright.book.failure import Failure
from lotwright.errors import BookError
from lotwright.market.answers import Floats, Reason, Series, failed
from lotwright.market.judging import checked

_SYMBOL = ("symbol", "ticker")
_ADJUSTED = ("adj_close", "adjusted_close", "adj close")
_NEEDED = ("date", "close")


class TableSource:
    """Daily closes in one file: a row a symbol and day.

    Columns ``symbol`` (or ``ticker``), ``date``, ``close`` as traded, and, for histories, ``adj_close``; ``volume`` is
    taken where it is there. A file with ``close`` alone has no adjusted closes to give: its prices are good, its
    histories are failures.

    Parameters
    ----------
    path : Path
        ``.csv`` (also compressed) or ``.parquet``.
    asked : datetime, aware
        Now.

    Raises
    ------
    BookError
        The file is not there, is no table, or lacks a column.
    """

    def __init__(self, path: Path, *, asked: datetime) -> None:
        self.path = path
        self._asked = asked
        self._rows = _read(path)
        self._place = {str(symbol): rows for symbol, rows in self._rows.groupby("symbol", sort=True).indices.items()}

    @property
    def name(self) -> str:
        """The file's name."""
        return f"file {self.path.name}"

    def histories(self, symbols: Sequence[str], *, start: date, end: date) -> Mapping[str, Series | Failure]:
        """Each symbol's rows between the days."""
        return {symbol: self._one(symbol, start, end) for symbol in symbols}

    def _one(self, symbol: str, start: date, end: date) -> Series | Failure:
        if symbol not in self._place:
            return failed(
                Reason.NO_PRICE, symbol, source=self.name, what="has no row of this symbol",
                cure="Check the symbol, or add its rows.",
            )  # fmt: skip
        rows = self._rows.iloc[self._place[symbol]]
        dates = rows["date"].to_numpy().astype("datetime64[D]")
        before = dates < np.datetime64(start)
        keep = ((dates >= np.datetime64(start)) & (dates <= np.datetime64(end))) | (
            before & (dates == dates[before].max() if before.any() else before)
        )
        series = Series(
            symbol=symbol,
            dates=dates[keep],
            close=_floats(rows["close"])[keep],
            adj_close=_floats(rows["adj_close"])[keep],
            volume=_floats(rows["volume"])[keep],
            source=self.name,
            asked=self._asked,
        )
        return checked(series, last=end)


def _read(path: Path) -> Any:
    """The file as a data frame with the columns symbol, date, close, adj_close, volume."""
    import pandas as pd  # noqa: PLC0415  0.3 s: only where a file is really read

    if not path.is_file():
        raise BookError(f"There is no file of prices {path}. Give a .csv or .parquet file, a row a symbol and day.")
    try:
        frame = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype={"symbol": str})
    except (ValueError, OSError, UnicodeDecodeError) as error:
        raise BookError(f"{path} cannot be read as a table: {error}. Save it again as CSV or Parquet.") from error
    frame.columns = [str(column).strip().lower() for column in frame.columns]
    names = {"symbol": _first(frame, _SYMBOL), "adj_close": _first(frame, _ADJUSTED)}
    lacking = [name for name in _NEEDED if name not in frame] + ([] if names["symbol"] else ["symbol"])
    if lacking:
        raise BookError(
            f"{path} has no column {' and no column '.join(lacking)}. It needs symbol, date, close as traded, and adj_close"
            " for histories."
        )
    days = pd.to_datetime(frame["date"], errors="coerce", format="ISO8601")
    if days.isna().any():
        row = int(days.isna().to_numpy().argmax())
        raise BookError(f"{path}, row {row + 2}: {frame['date'].iloc[row]!r} is no day. Write it as YYYY-MM-DD.")
    out = pd.DataFrame({"symbol": frame[names["symbol"]].astype(str).str.strip(), "date": days})
    for column, name in (("close", "close"), ("adj_close", names["adj_close"]), ("volume", "volume")):
        out[column] = pd.to_numeric(frame[name], errors="coerce") if name in frame else np.nan
    return out


def _first(frame: Any, names: Sequence[str]) -> str | None:
    return next((name for name in names if name in frame), None)


def _floats(column: Any) -> Floats:
    return np.asarray(column, dtype=np.float64)
