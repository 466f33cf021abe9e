"""Many objects of one frozen dataclass, made a column at a time.

Problem: a household comes with hundreds of lots, and the constructor of a frozen dataclass sets every field by a call of
its own: four times the time of everything else about a lot.
Observations: a class with slots has a descriptor for each field, which sets it whatever the class says of later changes.
Therefore: the objects are made bare, and each column is written down the list of them in one go.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Mapping
from dataclasses import MISSING, fields
from itertools import repeat
from typing import Any, TypeVar

Row = TypeVar("Row")


def from_columns(kind: type[Row], columns: Mapping[str, Collection[Any]], *, count: int) -> list[Row]:
    """Return what ``[kind(**row) for row in rows]`` would, from the columns of those rows.

    Parameters
    ----------
    kind : type
        A dataclass with slots whose constructor only sets fields.
    columns : mapping of field to cells
        Each ``count`` long; a field without a column has its default in every row.
    count : int

    Raises
    ------
    TypeError
        A field has neither a column nor a default, or a column no field.
    ValueError
        A column is not as long as it should be.
    """
    declared = {field.name: field.default for field in fields(kind)}  # type: ignore[arg-type]  # Row is a dataclass
    missing = [name for name, default in declared.items() if default is MISSING and name not in columns]
    if missing or columns.keys() - declared.keys():
        wrong = ", ".join(missing or sorted(columns.keys() - declared.keys()))
        raise TypeError(f"{kind.__name__} {'needs' if missing else 'has no'} {wrong}.")
    if any(len(cells) != count for cells in columns.values()):
        raise ValueError(f"Every column of {count} rows of {kind.__name__} needs {count} cells.")
    rows = list(map(object.__new__, repeat(kind, count)))
    for name, default in declared.items():
        deque(map(getattr(kind, name).__set__, rows, columns.get(name, repeat(default))), maxlen=0)
    return rows
