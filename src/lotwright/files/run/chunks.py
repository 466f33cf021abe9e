"""Chunks: some households of a part, as the supervision hands them out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any

from lotwright.book.failure import Failure
from lotwright.files.parse import Parsed
from lotwright.files.run.blocks import plain_array
from lotwright.files.run.frames import pack, unpack_first
from lotwright.files.run.parts import Part, Parts, row_numbers
from lotwright.files.run.pending import InHand, pending_rows
from lotwright.files.run.prepare import Setup
from lotwright.files.run.results import tables_of
from lotwright.files.run.units import texts_of
from lotwright.files.run.work import failed
from lotwright.files.run.workers import MOST_UNITS

MOST_ROWS = 8_000
"""Rows of all tables at which a chunk ends, if not after so many households: large ones go some five at a time."""

_WORDS = {
    "worker_died": "killed the process that planned it, twice: with others, and alone",
    "hung": "did not come to an end in the time a household is given, twice: with others, and alone",
    "planning_error": "raised an error, twice: with others, and alone",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HouseholdChunk:
    """Some units of a part, ``in_hand`` the trades that earlier plans have in hand, by household."""

    part: Part
    units: Sequence[int]
    setup: Setup
    in_hand: InHand

    def payload(self, *, alone: bool) -> bytes:
        """Return the rows of these units in every table of accounts."""
        rows = self._rows()
        in_hand = (
            {name: self.in_hand[name] for name in _names(rows["accounts"]) if name in self.in_hand}
            if self.in_hand
            else {}
        )
        return pack(rows, about={"alone": alone, "pending": pending_rows(in_hand)}, compression=None)

    def only(self, unit: int) -> HouseholdChunk:
        """Return the chunk of one unit."""
        return replace(self, units=(unit,))

    def covered(self, answer: bytes) -> tuple[set[int], Mapping[str, Any]]:
        """Return the units an answer has plans of, and what its worker says of its making."""
        units, about = unpack_first(answer, "plans")
        return set(units), about

    def failed(self, reason: str, evidence: Mapping[str, Any]) -> bytes:
        """Return the answer that every household of these units failed."""
        names = _names(self._rows()["accounts"])
        unit = self.units[0]
        return pack(tables_of((unit, failed(self.setup, name, _failure(name, reason, evidence))) for name in names))

    def _rows(self) -> dict[str, Any]:
        return self.part.rows_of(self.units)


def _names(accounts: Any) -> list[str]:
    """Households of rows of the table accounts, sorted."""
    column = {"household": plain_array(accounts.column("household"))}
    parsed = Parsed(names=("household",), columns=column, row=row_numbers(accounts))
    return sorted(texts_of(parsed, "household").word)


def _failure(household: str, reason: str, evidence: Mapping[str, Any]) -> Failure:
    return Failure(
        reason=reason,
        message=f"{household} {_WORDS[reason]}. The other households are not affected. Look for extreme figures in its"
        " rows, plan it by itself with more time, or report this as a defect.",
        evidence=evidence,
    )


def chunks(
    parts: Parts,
    setup: Setup,
    *,
    done: Mapping[int, AbstractSet[int]],
    most: int = MOST_UNITS,
    in_hand: InHand | None = None,
) -> Iterator[HouseholdChunk]:
    """Yield the chunks of what is left to do, reading one part at a time, in each part the largest households first.

    So what is under way at the end of a run is small, and no worker waits long for another. Plans do not depend on it.

    Parameters
    ----------
    parts : Parts
    setup : Setup
    done : mapping of part to units
        What is done already; a part whose units are all there is not read.
    most : int
        Units of a chunk at most.
    in_hand : mapping of household to trades, optional
        What earlier plans have in hand.
    """
    for number in range(len(parts)):
        there = done.get(number, frozenset())
        left = [unit for unit in parts.units_of(number) if unit not in there]
        if not left:
            continue
        part = parts.read(number)
        weight = dict(zip(parts.units_of(number), part.weight(parts.units_of(number)).tolist(), strict=True))
        units: list[int] = []
        rows = 0
        for unit in sorted(left, key=lambda unit: (-weight[unit], unit)):
            if units and (len(units) >= most or rows + weight[unit] > MOST_ROWS):
                yield HouseholdChunk(part=part, units=tuple(sorted(units)), setup=setup, in_hand=in_hand or {})
                units, rows = [], 0
            units.append(unit)
            rows += weight[unit]
        yield HouseholdChunk(part=part, units=tuple(sorted(units)), setup=setup, in_hand=in_hand or {})
