"""What any cell and any key must be, whatever the table: checked a column at a time."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from lotwright.files.arrow import Bools, Ints
from lotwright.files.columns import Column
from lotwright.files.faults import did_you_mean
from lotwright.files.report import Report
from lotwright.files.tables import Table, unreadable_words
from lotwright.files.values import Dates, Numbers, Texts

_FITS_IN_INT64 = 2**62


def check_table(report: Report, *, as_of: np.datetime64 | None) -> None:
    """Report every cell that is empty, unreadable, out of range or unknown, and every key that stands twice.

    Parameters
    ----------
    report : Report
        Of the table to check.
    as_of : datetime64[D], optional
        The day of the prices; None where it is not known, so that no date can be called too late.
    """
    for column in report.table.form.columns:
        if column.name in report.table.values:
            _check_column(report, column)
            if as_of is not None:
                _check_day(report, column, as_of)
    if report.table.form.key:
        _check_key(report)


def _check_column(report: Report, column: Column) -> None:
    values = report.table.values[column.name]
    unreadable = report.table.unreadable[column.name]
    wrong, cure = unreadable_words(column.type)
    report(unreadable, column=column.name, wrong=wrong, cure=cure)
    if column.required:
        report(
            values.is_missing & ~unreadable,
            column=column.name,
            wrong="every row needs one",
            cure=f"Write the {column.says}.",
        )
    if column.choices is not None and isinstance(values, Texts):
        _check_choice(report, column.name, values, [str(word) for word in column.choices])
    if column.range is not None and isinstance(values, Numbers):
        outside = ~(column.range.holds(values.approx) | np.isnan(values.approx)) & ~unreadable
        report(outside, column=column.name, wrong=f"{column.name} {column.range.words}", cure=column.range.cure)


def _check_choice(report: Report, column: str, values: Texts, choices: list[str]) -> None:
    is_unknown = np.array([word not in choices for word in values.word] + [False], dtype=bool)
    report(
        is_unknown[values.code],
        column=column,
        wrong=f"no {column} has this name",
        cure=lambda at: f"{did_you_mean(report.table.found(column, at), choices)}Write one of {', '.join(choices)}.",
    )


def _check_day(report: Report, column: Column, as_of: np.datetime64) -> None:
    values = report.table.values[column.name]
    if isinstance(values, Dates) and report.table.form.name != "prices":
        report(
            values.day > as_of,
            column=column.name,
            wrong=f"this is later than {as_of}, the day of the prices",
            cure="Correct the date, leave the row out, or give prices of that day or later.",
        )


def _check_key(report: Report) -> None:
    """Report rows whose key stands in an earlier row; the earlier one too where it belongs to another household."""
    table, key = report.table, report.table.form.key
    if any(name not in table.values for name in key):
        return
    earlier = earlier_row(table, key)
    is_again = earlier >= 0
    if not is_again.any():
        return
    what = f"this {', '.join(key[:-1])} and {key[-1]}" if len(key) > 1 else f"this {key[0]}"

    def cells(at: int) -> str:
        return ", ".join(table.found(name, at) for name in key)

    report(
        is_again,
        column=key[-1],
        found=cells,
        wrong=lambda at: f"row {table.row[earlier[at]]} has {what} already",
        cure="Keep one of the two rows, or give them different names.",
    )
    later = {int(earlier[at]): at for at in np.flatnonzero(is_again).tolist()}
    other = np.zeros(len(table), dtype=bool)
    other[[first for first, at in later.items() if report.owner(first) != report.owner(at)]] = True
    report(
        other,
        column=key[-1],
        found=cells,
        wrong=lambda at: f"row {table.row[later[at]]} has {what} again, for another household",
        cure="Keep one of the two rows, or give them different names.",
    )


def earlier_row(table: Table, key: Collection[str]) -> Ints:
    """Return for each row the position of the first row with the same key, or -1 for first rows and incomplete keys."""
    codes = [_codes(table.values[name]) for name in key]
    complete = np.logical_and.reduce([code >= 0 for code in codes])
    rows = np.flatnonzero(complete)
    one = _joined([code[rows] for code in codes])
    order = np.argsort(one, kind="stable")
    ordered = one[order]
    starts = (
        np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(rows) else np.zeros(0, dtype=int)
    )
    first = np.repeat(order[starts], np.diff(np.append(starts, len(rows))))
    out = np.full(len(table), -1, dtype=np.int64)
    later = first != order
    out[rows[order[later]]] = rows[first[later]]
    return out


def _codes(values: Any) -> Ints:
    """Return a number for each cell, the same for the same cell, negative where empty."""
    if isinstance(values, Texts):
        return values.code
    days: Ints = values.day.astype(np.int64) + np.int64(1_000_000)
    return np.where(values.is_missing, -1, days)


def _joined(codes: list[Ints]) -> Ints:
    """Return one number for each row from several, equal exactly where all of them are equal."""
    joined = codes[0]
    for code in codes[1:]:
        width = int(code.max(initial=0)) + 1
        if (int(joined.max(initial=0)) + 1) * width > _FITS_IN_INT64:
            joined = np.unique(joined, return_inverse=True)[1]
        joined = joined * width + code
    return joined


def word_flags(values: Texts, is_true: Collection[str]) -> Bools:
    """Return for each row whether its word is in ``is_true``; False where empty."""
    return np.array([word in is_true for word in values.word] + [False], dtype=bool)[values.code]
