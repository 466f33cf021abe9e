"""A stand-in's memory: every command that changed it, in a file, so that another process goes on where one stopped.

The exchange is a pure function of its opening and the commands given to it, so the file holds those and nothing else. A
command is on disk before its answer is given; a last line that was torn is not part of history.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lotwright.errors import BrokerError


@dataclass(frozen=True, slots=True)
class Given:
    """One command: to which account, when, which, with what."""

    key: str
    at: datetime
    name: str
    arguments: Mapping[str, Any]


class Tape:
    """Commands in a file of JSON lines; the first line says of which opening they are."""

    def __init__(self, path: Path, *, opening: Mapping[str, Any]) -> None:
        self._path = path
        if not path.exists() or not path.read_bytes().strip():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._write({"opening": opening}, mode="w")
            self.opening = opening
            return
        first = next(self._lines(), None)
        if first is None or "opening" not in first:
            raise BrokerError(f"{path} is no stand-in's file: its first line names no opening. Name another file.")
        self.opening = first["opening"]

    def given(self) -> Iterator[Given]:
        """Commands so far, in order."""
        for line in self._lines():
            if "do" in line:
                yield Given(line["key"], datetime.fromisoformat(line["at"]), line["do"], line["with"])

    def add(self, given: Given) -> None:
        """Write a command, durably."""
        self._write({"key": given.key, "at": given.at.isoformat(), "do": given.name, "with": given.arguments}, mode="a")

    def _write(self, line: Mapping[str, Any], *, mode: str) -> None:
        with self._path.open(mode, encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _lines(self) -> Iterator[dict[str, Any]]:
        text = self._path.read_text(encoding="utf-8")
        whole, _, torn = text.rpartition("\n")
        if torn:  # a command whose answer nobody got: forgotten, and cut off so that the next line stands alone
            with self._path.open("r+", encoding="utf-8") as file:
                file.truncate(len(whole.encode()) + 1 if whole else 0)
        for number, line in enumerate(whole.splitlines(), start=1):
            try:
                yield json.loads(line)
            except json.JSONDecodeError as error:
                raise BrokerError(
                    f"{self._path}, line {number}: not JSON ({error.msg}). Remove the file to begin again."
                ) from error
