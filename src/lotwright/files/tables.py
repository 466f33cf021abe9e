"""The tables of a book from disk: which files there are, their bytes, their columns as typed arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lotwright.errors import BookError
from lotwright.files.arrow import Bools, Ints
from lotwright.files.columns import Column, Form, Type
from lotwright.files.faults import Fault, Faults, nearest
from lotwright.files.forms import FORMS
from lotwright.files.parse import Parsed, parse_csv, parse_parquet
from lotwright.files.values import Values, read_values

ENDINGS = (".csv", ".parquet")
INTERRUPTED = Path(".import", "ready")
"""What stands in a book while an import exchanges its tables (:mod:`lotwright.files.imports.writing`)."""
_NAMES = {form.name for form in FORMS}

_CURE = {
    Type.TEXT: "Store the column as text.",
    Type.NUMBER: "Write a plain number with a decimal point: no thousands separator, currency sign or NaN.",
    Type.DATE: "Write an existing day as YYYY-MM-DD, such as 2020-03-23.",
    Type.FLAG: "Write true or false.",
}
_WORDS = {Type.TEXT: "text", Type.NUMBER: "a number", Type.DATE: "a date", Type.FLAG: "true or false"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """One table, read but not yet judged.

    ``row`` is each row's number as a person counts; ``cells`` are the raw columns, ``values`` the typed ones, and
    ``unreadable`` marks the cells that are not of their type. Columns that the file lacks are absent.
    """

    form: Form
    file: str
    row: Ints
    cells: Mapping[str, Any]
    values: Mapping[str, Values]
    unreadable: Mapping[str, Bools]

    def __len__(self) -> int:
        return len(self.row)

    def found(self, column: str, row: int) -> str:
        """Return a cell as the file has it; a missing column reads as empty."""
        cell = self.cells[column][row].as_py() if column in self.cells else None
        return "" if cell is None else str(cell)

    def at(self, column: str, rows: Ints) -> list[Any]:
        """Return cells as ``str``, ``Decimal``, ``date`` or ``bool``; None where empty or where there is no column."""
        values = self.values.get(column)
        return [None] * len(rows) if values is None else values.at(rows)


def find_tables(book: Path, *, prices: Path | None, faults: Faults) -> dict[str, Path]:
    """Return the file of each table of a book; ``prices`` stands in for the book's own prices.

    Raises
    ------
    BookError
        There is no such folder, or no such file of prices.
    """
    if not book.is_dir():
        what = "a file" if book.is_file() else "not there"
        raise BookError(f"A book is a folder of tables, but {book} is {what}. Give the folder that holds accounts.csv.")
    if (book / INTERRUPTED).exists():
        raise BookError(
            f"An import into {book} was interrupted while its tables were exchanged. "
            "Run lotwright import again: it finishes that first."
        )
    if prices is not None and not (prices.is_file() and prices.suffix in ENDINGS):
        what = "is neither a .csv nor a .parquet file" if prices.is_file() else "is not there"
        raise BookError(
            f"The file of prices {prices} {what}. Give a file of prices with the columns symbol, price, as_of."
        )
    found: dict[str, Path] = {}
    for form in FORMS:
        paths = [path for path in (book / f"{form.name}{ending}" for ending in ENDINGS) if path.is_file()]
        if form.name == "prices" and prices is not None:
            paths = [prices]
        if len(paths) > 1:
            faults.add(
                Fault(
                    file=paths[0].name,
                    wrong=f"{paths[1].name} stands beside it, and only one of them can be the table {form.name}",
                    cure="Remove the one that is out of date.",
                )
            )
        if paths:
            found[form.name] = paths[0]
        elif form.required:
            faults.add(_missing(form, book))
    return found


def _missing(form: Form, book: Path) -> Fault:
    others = {path.stem: path.name for path in book.iterdir() if path.suffix in ENDINGS and path.stem not in _NAMES}
    near = nearest(form.name, others)
    hint = f"Did you mean {others[near]}? " if near else ""
    required = ", ".join(column.name for column in form.columns if column.required)
    return Fault(
        file=f"{form.name}.csv",
        wrong="the table is missing, as .csv and as .parquet",
        cure=f"{hint}A book needs it, with the columns {required}.",
    )


def read_table(form: Form, *, file: str, data: bytes, faults: Faults) -> Table | None:
    """Return a table from its bytes, or None where nothing of it can be read; says in ``faults`` what is wrong.

    Parameters
    ----------
    form : Form
    file : str
        Name for messages; its ending says how to parse.
    data : bytes
    faults : Faults
    """
    parse = parse_parquet if file.endswith(".parquet") else parse_csv
    parsed = parse(file, data, wanted=wanted_columns(form), faults=faults)
    return None if parsed is None else typed_table(form, file=file, parsed=parsed, faults=faults)


def wanted_columns(form: Form) -> frozenset[str]:
    """Return the names of the columns of a table that anything here reads."""
    return frozenset(column.name for column in form.columns if column.is_read)


def typed_table(form: Form, *, file: str, parsed: Parsed, faults: Faults) -> Table:
    """Return parsed columns with their types; missing columns and columns of another type are faults."""
    _check_header(form, file, parsed, faults)
    values: dict[str, Values] = {}
    unreadable: dict[str, Bools] = {}
    for column in form.columns:
        if column.name in parsed.columns:
            read = read_values(column.type, parsed.columns[column.name])
            if read is None:
                faults.add(_wrong_type(file, column, parsed.columns[column.name].type))
            else:
                values[column.name], unreadable[column.name] = read
    return Table(form=form, file=file, row=parsed.row, cells=parsed.columns, values=values, unreadable=unreadable)


def _check_header(form: Form, file: str, parsed: Parsed, faults: Faults) -> None:
    missing = [(column.name, column.says) for column in form.columns if column.required]
    missing = [(name, says) for name, says in missing if name not in parsed.names]
    if form.name == "lots" and not {"basis", "basis_per_share"} & set(parsed.names):
        missing.append(("basis", "total dollars of basis, or basis_per_share in its place"))
    declared = {column.name for column in form.columns}
    for name, says in missing:
        near = nearest(name, set(parsed.names) - declared)
        hint = f"Is it the one named {near}? " if near else ""
        faults.add(
            Fault(
                file=file,
                row=1,
                column=name,
                wrong="the column is missing",
                cure=f"{hint}Add the column {name}: {says}.",
            )
        )


def _wrong_type(file: str, column: Column, kind: object) -> Fault:
    return Fault(
        file=file,
        row=1,
        column=column.name,
        found=f"Parquet type {kind}",
        wrong=f"the column must hold {_WORDS[column.type]}",
        cure=_CURE[column.type],
    )


def unreadable_words(type_: Type) -> tuple[str, str]:
    """Return what is wrong with a cell that is not of its column's type, and the cure."""
    return f"this is not {_WORDS[type_]}", _CURE[type_]


def every_row(table: Table) -> Ints:
    """Return the positions of all rows."""
    return np.arange(len(table), dtype=np.int64)
