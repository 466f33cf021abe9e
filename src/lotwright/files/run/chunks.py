"""Chunks: some households of a part, as the supervision hands them out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from lotwright.book.failure import Failure
from lotwright.files.parse import Parsed
from lotwright.files.run.blocks import plain_array
from lotwright.files.run.frames import pack, unpack
from lotwright.files.run.parts import Part, Parts, row_numbers
from lotwright.files.run.prepare import Setup
from lotwright.files.run.results import tables_of
from lotwright.files.run.units import texts_of
from lotwright.files.run.work import failed

MOST_UNITS, MOST_ROWS = 25, 12_000
"""Where a chunk ends: after so many households, or so many rows of all tables."""

_WORDS = {
    "worker_died": "killed the process that planned it, twice: with others, and alone",
    "hung": "did not come to an end in the time a household is given, twice: with others, and alone",
    "planning_error": "raised an error, twice: with others, and alone",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HouseholdChunk:
    """Consecutive units of a part, those that are done already left out."""

    part: Part
    units: Sequence[int]
    setup: Setup

    def payload(self, *, alone: bool) -> bytes:
        """Return the rows of these units in every table of accounts."""
        return pack(self._rows(), about={"alone": alone})

    def only(self, unit: int) -> HouseholdChunk:
        """Return the chunk of one unit."""
        return HouseholdChunk(part=self.part, units=(unit,), setup=self.setup)

    def covered(self, answer: bytes) -> set[int]:
        """Return the units an answer has plans of."""
        return set(unpack(answer)[0]["plans"].column("unit").to_pylist())

    def failed(self, reason: str, evidence: Mapping[str, Any]) -> bytes:
        """Return the answer that every household of these units failed."""
        accounts = self._rows()["accounts"]
        parsed = Parsed(
            names=("household",),
            columns={"household": plain_array(accounts.column("household"))},
            row=row_numbers(accounts),
        )
        names = sorted(texts_of(parsed, "household").word)
        unit = self.units[0]
        return pack(tables_of((unit, failed(self.setup, name, _failure(name, reason, evidence))) for name in names))

    def _rows(self) -> dict[str, Any]:
        first, stop = self.units[0], self.units[-1] + 1
        rows = self.part.cut(first, stop)
        if len(self.units) == stop - first:
            return rows
        wanted = pc.SetLookupOptions(value_set=_int32(self.units))
        return {name: table.filter(pc.is_in(table.column("_unit"), options=wanted)) for name, table in rows.items()}


def _int32(values: Sequence[int]) -> Any:
    return pa.array(values, pa.int32())


def _failure(household: str, reason: str, evidence: Mapping[str, Any]) -> Failure:
    return Failure(
        reason=reason,
        message=f"{household} {_WORDS[reason]}. The other households are not affected. Look for extreme figures in its"
        " rows, plan it by itself with more time, or report this as a defect.",
        evidence=evidence,
    )


def chunks(
    parts: Parts, setup: Setup, *, done: Mapping[int, AbstractSet[int]], most: int = MOST_UNITS
) -> Iterator[HouseholdChunk]:
    """Yield the chunks of what is left to do, reading one part at a time.

    Parameters
    ----------
    parts : Parts
    setup : Setup
    done : mapping of part to units
        What is done already; a part whose units are all there is not read.
    most : int
        Units of a chunk at most.
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
        for unit in left:
            if units and (len(units) >= most or rows + weight[unit] > MOST_ROWS):
                yield HouseholdChunk(part=part, units=tuple(units), setup=setup)
                units, rows = [], 0
            units.append(unit)
            rows += weight[unit]
        yield HouseholdChunk(part=part, units=tuple(units), setup=setup)
