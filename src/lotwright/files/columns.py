"""What a column of a book is: its name, type, whether it must be there, and what a value must be.

The tables themselves are declared in :mod:`lotwright.files.forms`; validation, the JSON Schema of ``lotwright schema
book`` and the documentation all read the same declarations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, StrEnum, auto

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Vocabulary = type[StrEnum]


class Type(Enum):
    """How the cells of a column are read."""

    TEXT = auto()
    NUMBER = auto()
    DATE = auto()
    FLAG = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Range:
    """What a number must be: a test on float64 values, the words for a failure, the same as JSON Schema keywords."""

    holds: Callable[[Floats], Bools]
    words: str
    cure: str
    schema: tuple[tuple[str, float], ...]


def _is_positive(x: Floats) -> Bools:
    return np.greater(x, 0.0)


def _is_not_negative(x: Floats) -> Bools:
    return np.greater_equal(x, 0.0)


def _is_fraction(x: Floats) -> Bools:
    return (x >= 0) & (x <= 1)


def _is_rank(x: Floats) -> Bools:
    is_rank: Bools = (x >= 1) & (x == np.floor(x))
    return is_rank


POSITIVE = Range(
    holds=_is_positive,
    words="must be more than 0",
    cure="Write a number above 0, without a minus sign.",
    schema=(("exclusiveMinimum", 0),),
)
NOT_NEGATIVE = Range(
    holds=_is_not_negative,
    words="must not be negative",
    cure="Write 0 or more, without a minus sign.",
    schema=(("minimum", 0),),
)
FRACTION = Range(
    holds=_is_fraction,
    words="must lie between 0 and 1",
    cure="Write a fraction: 0.25 for 25 %.",
    schema=(("minimum", 0), ("maximum", 1)),
)
RANK = Range(
    holds=_is_rank,
    words="must be a whole number from 1 on",
    cure="Write 1 for the preferred one, 2 for the next.",
    schema=(("minimum", 1), ("multipleOf", 1)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
        Header, as FORMATS writes it.
    type : Type
    says : str
        What it means, in one phrase with its unit.
    required : bool
        The column must be there and no cell may be empty.
    choices : enum, optional
        The words a cell may hold.
    range : Range, optional
        What a number must be.
    default : str
        What an empty cell means, in words; empty where that goes without saying.
    is_read : bool
        False for a column that FORMATS names and nothing here needs.
    """

    name: str
    type: Type
    says: str
    required: bool = False
    choices: Vocabulary | None = None
    range: Range | None = None
    default: str = ""
    is_read: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One table of a book: its columns, the columns that name a row, and whether a book must have it.

    ``is_shared`` tables concern every household, so that a fault in one stops the reading; in the others each row
    belongs to one account, and a fault fails that account's household alone.
    """

    name: str
    says: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    required: bool = False
    is_shared: bool = True


def text(
    name: str, says: str, *, required: bool = False, choices: Vocabulary | None = None, default: str = ""
) -> Column:
    """Return a column of words."""
    return Column(name=name, type=Type.TEXT, says=says, required=required, choices=choices, default=default)


def number(name: str, says: str, *, required: bool = False, range: Range | None = None, default: str = "") -> Column:  # noqa: A002
    """Return a column of decimal numbers."""
    return Column(name=name, type=Type.NUMBER, says=says, required=required, range=range, default=default)


def day(name: str, says: str, *, required: bool = False, default: str = "") -> Column:
    """Return a column of dates, none later than the day of the prices."""
    return Column(name=name, type=Type.DATE, says=says, required=required, default=default)


def flag(name: str, says: str, *, default: str = "") -> Column:
    """Return an optional column of true and false."""
    return Column(name=name, type=Type.FLAG, says=says, default=default)
