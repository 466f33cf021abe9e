"""What an import could not understand, what it left out on purpose, and what it did that a person should know.

Problem: a row that is skipped without a word is a holding that is lost. Therefore every row of every file ends in
exactly one of four places: the book, an *error* (its account is left as it was), *not understood* (the account is
imported without it), or a count of rows *left out* because a book has no use for them (interest, deposits). Notes say
what was concluded.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

from lotwright.files.faults import Fault
from lotwright.files.imports.masking import masked, printable


class Level(StrEnum):
    """What a finding means for its account."""

    ERROR = "error"
    """The account is left as it was."""
    NOT_UNDERSTOOD = "not_understood"
    """The account is imported without this row."""
    NOTE = "note"
    """Nothing is missing; this was concluded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fault with its level; ``account`` is the end of the account's number or its name in the book, empty: unknown."""

    level: Level
    fault: Fault
    account: str = ""


@dataclass(slots=True, kw_only=True)
class Findings:
    """Gathered while files are read; nothing found is ever dropped."""

    all: list[Finding] = field(default_factory=list)
    left_out: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(  # noqa: PLR0917  a fault is six words
        self,
        level: Level,
        file: str,
        row: int | None,
        column: str | None,
        found: str | None,
        wrong: str,
        cure: str,
        *,
        account: str = "",
    ) -> None:
        """Note a finding; account numbers in what was found are masked."""
        shown = None if found is None else masked(found if len(found) <= 80 else found[:77] + "...")
        where = None if column is None else printable(column)
        fault = Fault(
            file=file, row=row, column=where, found=shown, wrong=masked(printable(wrong)), cure=masked(printable(cure))
        )
        self.all.append(Finding(level=level, fault=fault, account=account))

    def leave_out(self, file: str, what: str) -> None:
        """Count a row that was understood and that a book has no use for."""
        self.left_out[file, masked(printable(what))[:100]] += 1

    def of(self, level: Level) -> list[Finding]:
        """Return the findings of one level, in the order found."""
        return [finding for finding in self.all if finding.level is level]

    def errors_of(self, account: str) -> list[Finding]:
        """Return the errors that bar one account."""
        return [f for f in self.all if f.level is Level.ERROR and f.account == account]
