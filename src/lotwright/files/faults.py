"""Faults of the input as values: where, what was found, what is wrong, what cures it.

Problem: the person who reads the message has a spreadsheet open, and wants to mend everything in one go.
Therefore: reading never stops at the first fault. Faults of the shared part are listed together in one ``BookError``;
faults of an account's rows become its household's ``Failure``, with the same facts as evidence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches

from lotwright.book.failure import Failure
from lotwright.errors import BookError

SHOWN = 20
"""Faults listed in one message or in one household's evidence; the rest are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing wrong with the input.

    ``row`` counts as a spreadsheet does (the header is row 1) and is None where no row is to blame; ``found`` is None
    where nothing was found.
    """

    file: str
    row: int | None = None
    column: str | None = None
    found: str | None = None
    wrong: str
    cure: str

    @property
    def message(self) -> str:
        """What, where, found, cure, in one or two sentences."""
        place = self.file
        if self.row is not None:
            place += f", row {self.row}"
        if self.column is not None:
            place += f", column {self.column}"
        found = "" if self.found is None else f"found {repr(self.found) if self.found else 'an empty cell'}, but "
        return f"{place}: {found}{self.wrong}. {self.cure}"

    def as_evidence(self) -> dict[str, str | int | None]:
        """The fault as JSON-ready facts."""
        return {
            "file": self.file,
            "row": self.row,
            "column": self.column,
            "found": self.found,
            "cure": self.cure,
            "message": self.message,
        }


@dataclass(slots=True, kw_only=True)
class _Tally:
    """Faults in the order found: the first ones whole, the rest as a count."""

    first: list[Fault] = field(default_factory=list)
    count: int = 0

    @property
    def has_room(self) -> bool:
        return len(self.first) < SHOWN

    def add(self, fault: Fault) -> None:
        self.count += 1
        if self.has_room:
            self.first.append(fault)


@dataclass(slots=True, kw_only=True)
class Faults:
    """Everything wrong with a book, gathered while it is read."""

    shared: _Tally = field(default_factory=_Tally)
    households: dict[str, _Tally] = field(default_factory=dict)

    def add(self, fault: Fault, *, household: str | None = None) -> None:
        """Note a fault of one household, or of the shared part where no household is named."""
        self._tally(household).add(fault)

    def add_made(self, make: Callable[[], Fault], *, household: str | None = None) -> None:
        """Note a fault whose words are costly: they are made only while there is room to show them."""
        tally = self._tally(household)
        if tally.has_room:
            tally.add(make())
        else:
            tally.count += 1

    def _tally(self, household: str | None) -> _Tally:
        return self.shared if household is None else self.households.setdefault(household, _Tally())

    def stop_if_shared(self, book: str) -> None:
        """Raise what is wrong with the part that every household needs.

        Raises
        ------
        BookError
            There is any such fault; the message lists the first of them and counts the rest.
        """
        if not self.shared.count:
            return
        number = self.shared.count
        head = f"The book {book} cannot be read: {number} {'fault' if number == 1 else 'faults'}."
        lines = [f"  {fault.message}" for fault in self.shared.first]
        if number > SHOWN:
            lines.append(f"  ... and {number - SHOWN} more.")
        raise BookError("\n".join([head, *lines]))

    def failures(self) -> dict[str, Failure]:
        """Return the failure of every household whose rows are at fault."""
        return {household: _failure(household, tally) for household, tally in self.households.items()}


def _failure(household: str, tally: _Tally) -> Failure:
    more = tally.count - 1
    tail = "" if not more else f" ({more} more {'fault' if more == 1 else 'faults'} in its rows.)"
    return Failure(
        reason="input",
        message=f"{household} has no plan because its input is wrong. {tally.first[0].message}{tail}",
        evidence={"faults": [fault.as_evidence() for fault in tally.first], "count": tally.count},
    )


def nearest(found: str, known: Iterable[str]) -> str | None:
    """Return the known word nearest to the one found, the letters' case aside; None where none is near."""
    by_fold = {word.casefold(): word for word in sorted(known, reverse=True)}
    near = get_close_matches(found.casefold(), by_fold, n=1, cutoff=0.6)
    return by_fold[near[0]] if near else None


def did_you_mean(found: str, known: Iterable[str]) -> str:
    """Return ``Did you mean X? `` for the nearest known word, nothing where none is near."""
    near = nearest(found, known)
    return f"Did you mean {near}? " if near else ""
