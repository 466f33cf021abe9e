"""Daily factor returns from a book's table ``factors``: a column date, and one for each factor."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lotwright.book.history import FactorHistory
from lotwright.errors import BookError
from lotwright.files.wanted import table_file

_PERCENT = 0.05
"""Standard deviation of a day's return beyond which a factor is in percent: the market's is 0.01, in October 1987 0.05."""


def factor_data(book: Path) -> dict[str, bytes]:
    """The bytes of the table by its name; empty where a book has none."""
    file = table_file(book, "factors")
    return {} if file is None else {file.name: file.read_bytes()}


def read_factors(book: Path) -> FactorHistory | None:
    """The factor returns of a book, None where it has none.

    Raises
    ------
    BookError
        The table is there twice, has no date or no factor, holds what is no number or day, a day twice, or percents.
    """
    file = table_file(book, "factors")
    if file is None:
        return None
    import pandas as pd  # noqa: PLC0415  only where a book has factors

    try:
        frame = pd.read_parquet(file) if file.suffix == ".parquet" else pd.read_csv(file)
    except (ValueError, OSError) as error:
        raise BookError(f"{file.name} cannot be read as a table: {error}. Save it again as CSV or Parquet.") from error
    names = tuple(str(name) for name in frame.columns if name != "date")
    if "date" not in frame or not names:
        raise BookError(f"{file.name} needs a column date and at least one factor. Name the columns in its first row.")
    days = pd.to_datetime(frame["date"], errors="coerce", format="ISO8601").to_numpy().astype("datetime64[D]")
    value = frame[list(names)].apply(pd.to_numeric, errors="coerce").to_numpy(dtype=np.float64)
    bad = np.flatnonzero(np.isnat(days) | ~np.isfinite(value).all(axis=1))
    if len(bad):
        raise BookError(
            f"{file.name}, row {bad[0] + 2}: a cell is no day or no number. Correct it, or leave the day out."
        )
    order = np.argsort(days, kind="stable")
    days, value = days[order], value[order]
    twice = np.flatnonzero(days[1:] == days[:-1])
    if len(twice):
        raise BookError(f"{file.name} has two rows of {days[twice[0]]}. Keep one.")
    wide = [name for name, spread in zip(names, value.std(axis=0), strict=True) if spread > _PERCENT]
    if wide:
        raise BookError(
            f"{file.name}: {', '.join(wide)} moves by more than 5 % a day, as percents do. Write fractions: 0.01 for 1 %."
        )
    return FactorHistory(names=names, dates=days, value=value)
