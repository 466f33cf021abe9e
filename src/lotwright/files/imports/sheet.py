"""A table inside a custodian's file: where its header is, which column is which, one record a row.

Custodians rename columns (``Qty (Quantity)``), move them and add some; so a column is found by any of its known names,
letters' case, spaces and marks aside.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lotwright.files.imports import cells
from lotwright.files.imports.cells import DATE_FORMS

Names = Mapping[str, tuple[str, ...]]


def plain(header: str) -> str:
    """Return a column's name without case, spaces and marks.

    >>> plain("Price ($)"), plain("Gain/Loss $")
    ('price$', 'gain/loss$')
    """
    return re.sub(r"[\s()*\"':.#\ufeff]+", "", header).casefold()


class BadCellError(Exception):
    """A cell is not what its column needs: where, found, wrong, cure."""

    def __init__(self, column: str, found: str, wrong: str, cure: str) -> None:
        super().__init__(wrong)
        self.column, self.found, self.wrong, self.cure = column, found, wrong, cure


@dataclass(frozen=True, slots=True)
class Header:
    """The columns of a table: ``at`` is where each known one stands, ``called`` what the file calls it."""

    row: int
    at: Mapping[str, int]
    called: Mapping[str, str]

    def has(self, *names: str) -> bool:
        """Return whether all these columns are there."""
        return all(name in self.at for name in names)


def header_of(row: int, cells_: Sequence[str], names: Names) -> Header:
    """Return which of the known columns a row of headings holds, and where."""
    found = {plain(cell): place for place, cell in reversed(list(enumerate(cells_))) if cell.strip()}
    at = {
        name: next(found[plain(alias)] for alias in aliases if plain(alias) in found)
        for name, aliases in names.items()
        if any(plain(alias) in found for alias in aliases)
    }
    return Header(row, at, {name: cells_[place].strip() for name, place in at.items()})


@dataclass(frozen=True, slots=True)
class Record:
    """One row under a header."""

    header: Header
    row: int
    cells: Sequence[str]
    decimal: str = "."
    forms: tuple[str, ...] = DATE_FORMS

    def text(self, name: str) -> str:
        """Return a cell as text, empty where the column or the cell is missing."""
        place = self.header.at.get(name)
        return self.cells[place].strip() if place is not None and place < len(self.cells) else ""

    def is_missing(self, name: str) -> bool:
        """Return whether the file says nothing here."""
        return cells.is_missing(self.text(name))

    def number(self, name: str) -> Decimal | None:
        """Return a number, None where nothing is said.

        Raises
        ------
        BadCellError
            Something else stands there.
        """
        text = self.text(name)
        if text.casefold() in cells.MISSING:
            return None
        found = cells.number(text, decimal=self.decimal)
        if found is None:
            raise BadCellError(
                self.called(name),
                text,
                "this is not a number",
                "Correct the file, or export it again; nothing was guessed.",
            )
        return found

    def need(self, name: str) -> Decimal:
        """Return a number that must be there."""
        found = self.number(name)
        if found is None:
            raise BadCellError(
                self.called(name),
                self.text(name),
                "a number is needed here",
                "Export the file again with this column filled.",
            )
        return found

    def day(self, name: str) -> date | None:
        """Return a day, None where nothing or ``Various`` is said."""
        text = self.text(name)
        if text.casefold() in cells.MISSING or text.casefold() in cells.VARIOUS:
            return None
        found = cells.day(text, self.forms)
        if found is None:
            raise BadCellError(
                self.called(name),
                text,
                "this is not a day that can be read",
                "Write it as YYYY-MM-DD, or declare its form in a mapping.",
            )
        return found

    def need_day(self, name: str) -> date:
        """Return a day that must be there."""
        found = self.day(name)
        if found is None:
            raise BadCellError(
                self.called(name), self.text(name), "a day is needed here", "Write the day as YYYY-MM-DD."
            )
        return found

    def called(self, name: str) -> str:
        """Return what the file calls a column."""
        return self.header.called.get(name, name)


def under(header: Header, rows: Iterable[tuple[int, list[str]]]) -> Iterator[Record]:
    """Yield the records under a header."""
    for row, cells_ in rows:
        yield Record(header, row, cells_)
