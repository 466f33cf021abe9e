"""Facts recorded once: the same fact again does nothing, another fact under its key is an error."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from lotwright.errors import StoreError

Row = Mapping[str, Any]
T = TypeVar("T")
CHUNK = 500
"""Rows of one statement; well below what either database takes as parameters."""


def insert_once(
    connection: sa.Connection, table: sa.Table, rows: Iterable[Row], *, beside: Collection[str] = ()
) -> set[tuple[Any, ...]]:
    """Insert the rows that are not there yet, and return their keys.

    Rows go in by the order of their keys, so that two writers of the same rows wait for each other and never for ever.

    Parameters
    ----------
    connection : Connection
        Within a transaction that writes.
    table : Table
    rows : iterable of mapping of column to value
        Every column of the table.
    beside : collection of str
        Columns that say when or where a fact was recorded: not part of it, the first record's stay.

    Raises
    ------
    StoreError
        A row of the same key is there, or among ``rows``, and differs.
    """
    keys = [column.name for column in table.primary_key.columns]
    told = [column.name for column in table.columns if column.name not in {*keys, *beside}]
    new: set[tuple[Any, ...]] = set()
    for chunk in chunks(sorted(_distinct(table, rows, keys, told).items(), key=lambda item: item[0]), CHUNK):
        new |= _insert(connection, table, dict(chunk), keys=keys, told=told)
    return new


def chunks(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """The items in lists of at most ``size``."""
    source = iter(items)
    while chunk := list(islice(source, size)):
        yield chunk


def _distinct(
    table: sa.Table, rows: Iterable[Row], keys: Sequence[str], told: Sequence[str]
) -> dict[tuple[Any, ...], Row]:
    found: dict[tuple[Any, ...], Row] = {}
    for row in rows:
        key = tuple(row[name] for name in keys)
        _compare(table, key, found.setdefault(key, row), row, told)
    return found


def _insert(
    connection: sa.Connection,
    table: sa.Table,
    rows: Mapping[tuple[Any, ...], Row],
    *,
    keys: Sequence[str],
    told: Sequence[str],
) -> set[tuple[Any, ...]]:
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    key_columns = [table.c[name] for name in keys]
    insert = dialect.insert(table).on_conflict_do_nothing().returning(*key_columns)
    new = {tuple(row) for row in connection.execute(insert, [dict(row) for row in rows.values()])}
    there = [key for key in rows if key not in new]
    if there:
        same = sa.tuple_(*key_columns).in_(there) if len(keys) > 1 else key_columns[0].in_([key[0] for key in there])
        for row in connection.execute(sa.select(table).where(same)).mappings():
            key = tuple(row[name] for name in keys)
            _compare(table, key, dict(row), rows[key], told)
    return new


def _compare(table: sa.Table, key: tuple[Any, ...], there: Row, given: Row, told: Sequence[str]) -> None:
    for name in told:
        if there[name] != given[name]:
            what = ", ".join(map(str, key))
            raise StoreError(
                f"{table.name} {what} is recorded with {name} {_short(there[name])}, and now comes with"
                f" {_short(given[name])}. A fact is never rewritten: find out which of the two is true."
            )


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
