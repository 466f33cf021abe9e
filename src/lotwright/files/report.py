"""From "these rows of this column are wrong" to faults, each laid at the right door."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lotwright.files.arrow import Bools
from lotwright.files.faults import Fault, Faults
from lotwright.files.tables import Table
from lotwright.files.values import Texts

Words = str | Callable[[int], str]
"""A sentence, or how to make it for one row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Turns wrong rows of one table into faults: of the household that owns the row, or of the shared part.

    ``owner`` names the household of a row by its position, None where nobody can be named.
    """

    table: Table
    faults: Faults
    owner: Callable[[int], str | None]

    def __call__(self, rows: Bools, *, column: str, wrong: Words, cure: Words, found: Words | None = None) -> None:
        """Add one fault for each true entry of ``rows`` (shape: rows of the table)."""
        for position in np.flatnonzero(rows).tolist():
            self.faults.add_made(
                lambda at=position: self._fault(at, column=column, wrong=wrong, cure=cure, found=found),  # type: ignore[misc]
                household=self.owner(position),
            )

    def _fault(self, at: int, *, column: str, wrong: Words, cure: Words, found: Words | None) -> Fault:
        cell = self.table.found(column, at) if found is None else _said(found, at)
        return Fault(
            file=self.table.file,
            row=int(self.table.row[at]),
            column=column,
            found=cell,
            wrong=_said(wrong, at),
            cure=_said(cure, at),
        )


def _said(words: Words, at: int) -> str:
    return words if isinstance(words, str) else words(at)


def shared_report(table: Table, faults: Faults) -> Report:
    """Return a report whose faults concern every household."""
    return Report(table=table, faults=faults, owner=lambda _: None)


def account_report(table: Table, faults: Faults, *, household_of: Mapping[str, str]) -> Report:
    """Return a report whose faults concern the household of each row's account.

    Parameters
    ----------
    table : Table
        With a column ``account``; the accounts themselves are told apart by their column ``household``.
    faults : Faults
    household_of : mapping of account to household
    """
    column = "household" if table.form.name == "accounts" else "account"
    texts = table.values.get(column)
    if not isinstance(texts, Texts):
        return shared_report(table, faults)
    names = [word if column == "household" else household_of.get(word) for word in texts.word]

    def owner(at: int) -> str | None:
        code = int(texts.code[at])
        return names[code] if code >= 0 else None

    return Report(table=table, faults=faults, owner=owner)
