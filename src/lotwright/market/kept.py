"""Daily histories kept in Parquet, so that a source is not asked twice for what it has answered.

Observation: an adjusted close changes backwards with every dividend and split, so that pieces of two answers do not fit
together. Therefore: what is kept is one whole answer a symbol, and it is used when it covers the days asked for and was
given after the last of them was over; otherwise the source is asked for all of it again.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from lotwright.book.failure import Failure
from lotwright.market.answers import Series
from lotwright.market.source import DailySource

_FORM = "1"
_OVER = timedelta(hours=30)
"""After midnight UTC of a day: its close is final everywhere, corrections of the evening included."""


class KeptSource:
    """A source of daily closes with a memory on disk.

    Parameters
    ----------
    source : DailySource
    folder : Path
        A file ``SOURCE-SYMBOL.parquet`` each; one that cannot be read is as good as none.
    """

    def __init__(self, source: DailySource, folder: Path) -> None:
        self._source = source
        self._folder = folder

    @property
    def name(self) -> str:
        """The name of the source behind it."""
        return self._source.name

    def histories(self, symbols: Sequence[str], *, start: date, end: date) -> Mapping[str, Series | Failure]:
        """What is kept, and the rest from the source."""
        kept = {symbol: self._read(symbol, start, end) for symbol in symbols}
        missing = [symbol for symbol in symbols if kept[symbol] is None]
        fresh = self._source.histories(missing, start=start, end=end) if missing else {}
        for answer in fresh.values():
            if isinstance(answer, Series):
                self._write(answer, start, end)
        return {symbol: kept[symbol] or fresh[symbol] for symbol in symbols}

    def _path(self, symbol: str) -> Path:
        mark = sha256(f"{self.name}\0{symbol}".encode()).hexdigest()[:12]
        said = "".join(letter if letter.isalnum() else "_" for letter in f"{self.name}-{symbol}")
        return self._folder / f"{said[:60]}-{mark}.parquet"

    def _read(self, symbol: str, start: date, end: date) -> Series | None:
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415

        try:
            table = pq.read_table(self._path(symbol))
            about = json.loads((table.schema.metadata or {})[b"lotwright"])
            asked = datetime.fromisoformat(about["asked"])
            first, last = date.fromisoformat(about["start"]), date.fromisoformat(about["end"])
            is_ours = (about["form"], about["source"], about["symbol"]) == (_FORM, self.name, symbol)
            is_final = asked.timestamp() >= _midnight(end) + _OVER.total_seconds()
            if not (is_ours and first <= start and end <= last and is_final):
                return None
            column = {name: np.array(table.column(name).to_pylist(), dtype=np.float64) for name in _NUMBERS}
            series = Series(
                symbol=symbol,
                dates=np.array(table.column("date").to_pylist(), dtype="datetime64[D]"),
                close=column["close"],
                adj_close=column["adj_close"],
                volume=column["volume"],
                source=about["answered_by"],
                asked=asked,
                currency=about["currency"],
                splits=tuple((date.fromisoformat(day), float(ratio)) for day, ratio in about["splits"]),
            )
        except (OSError, pa.ArrowException, KeyError, ValueError, TypeError):
            return None
        return series.between(min(start, series.dates[0].astype(object)), end) if len(series) else None

    def _write(self, series: Series, start: date, end: date) -> None:
        """Keep an answer, whole or not at all; a folder that cannot be written to is no error."""
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415

        about: dict[str, Any] = {
            "form": _FORM,
            "source": self.name,
            "answered_by": series.source,
            "symbol": series.symbol,
            "asked": series.asked.isoformat(),
            "start": start.isoformat(),
            "end": end.isoformat(),
            "currency": series.currency,
            "splits": [[day.isoformat(), ratio] for day, ratio in series.splits],
        }
        columns = {name: pa.array(getattr(series, name).tolist(), pa.float64()) for name in _NUMBERS}
        table = pa.table({"date": pa.array(series.dates.tolist(), pa.date32()), **columns})
        table = table.replace_schema_metadata({b"lotwright": json.dumps(about).encode()})
        path = self._path(series.symbol)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=path.parent, prefix=".kept-")
            os.close(handle)
            try:
                pq.write_table(table, name)
                Path(name).replace(path)
            except OSError:
                Path(name).unlink(missing_ok=True)
                raise
        except OSError:
            return


_NUMBERS = ("close", "adj_close", "volume")


def _midnight(day: date) -> float:
    return (np.datetime64(day, "s") - np.datetime64(0, "s")) / np.timedelta64(1, "s")
