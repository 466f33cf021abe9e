"""What a run of a day has done so far: one file a step, there whole or not at all.

Problem: a run may end at any moment: the power, a kill, a bug.
Therefore: a step is done when its file is there, and the file is renamed into place after it is on the disk. Whoever starts
next looks at the files and does what is missing; every step may be done twice and is then the same as once.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

from lotwright.errors import StateError
from lotwright.files.run.durable import write_bytes_durably

ROOM = "unattended"
ENDED = "ended"


class Step(StrEnum):
    """The steps of a run, in their order."""

    BEGIN = "begin"
    FETCH = "fetch"
    DUE = "due"
    PLAN = "plan"
    WRITE = "write"
    APPROVE = "approve"
    EXECUTE = "execute"
    REPORT = "report"
    NOTIFY = "notify"
    END = "end"


@dataclass(frozen=True, slots=True)
class DayFolder:
    """The folder of one day's run."""

    path: Path

    @classmethod
    def of(cls, state: Path, name: str, day: date) -> DayFolder:
        """The folder of a day; made where it is missing, for its owner alone.

        Raises
        ------
        StateError
            It cannot be made.
        """
        path = state / ROOM / name / day.isoformat()
        try:
            state.parent.mkdir(parents=True, exist_ok=True)
            for folder in (
                state,
                state / ROOM,
                state / ROOM / name,
                path,
            ):  # with parents=True, only the last is private
                folder.mkdir(exist_ok=True, mode=0o700)
        except OSError as error:
            raise StateError(f"The state folder {path} cannot be made: {error.strerror}. Name another.") from error
        return cls(path)

    @property
    def day(self) -> date:
        """The day."""
        return date.fromisoformat(self.path.name)

    def has(self, name: str) -> bool:
        """True where a step's file is there."""
        return self._file(name).is_file()

    def read(self, name: str) -> dict[str, Any]:
        """What a step wrote.

        Raises
        ------
        StateError
            It is not there or damaged.
        """
        try:
            found: dict[str, Any] = json.loads(self._file(name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise StateError(
                f"{self._file(name)} cannot be read ({error}). Remove {self.path} to begin again."
            ) from error
        return found

    def write(self, name: str, said: Mapping[str, Any]) -> None:
        """Write what a step did: from now on it is done."""
        text = json.dumps(said, indent=1, ensure_ascii=False, allow_nan=False, default=str)
        try:
            write_bytes_durably(self._file(name), (text + "\n").encode())
        except OSError as error:
            raise StateError(f"{self._file(name)}: {error.strerror}. The state folder must be writable.") from error

    def drop(self, name: str) -> None:
        """Undo a step: it will be done again."""
        self._file(name).unlink(missing_ok=True)

    def _file(self, name: str) -> Path:
        return self.path / f"{name}.json"


def unfinished(state: Path, name: str, before: date) -> Iterator[DayFolder]:
    """Runs of earlier days that have not ended, the oldest first."""
    place = state / ROOM / name
    for path in sorted(place.iterdir()) if place.is_dir() else ():
        try:
            day = date.fromisoformat(path.name)
        except ValueError:
            continue
        folder = DayFolder(path)
        if day < before and folder.has(Step.BEGIN) and not folder.has(Step.END):
            yield folder
