"""What was about to be done, on the disk before it is done.

Problem: a process may die between any two instructions, and an order must still be sent once.
Observations: what was never written down cannot be known after a crash; a line that was being written when the power
went is torn and was never acted upon; a lock of the operating system ends with its process.
Therefore: one append-only file a state folder, one line a record with its number and checksum, ``fsync`` before anything
is acted upon; a torn last line is left behind a fresh line and ignored; anything else that does not read is damage.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import RLock
from types import TracebackType
from typing import Any, Self
from zlib import crc32

from filelock import FileLock, Timeout

from lotwright.errors import LockedError, LotwrightError, StateError

JOURNAL = "journal.jsonl"
LOCK = "execute.lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line: its number, when, what kind, and what it says."""

    number: int
    at: str
    kind: str
    says: Mapping[str, Any]


class Journal:
    """The records of one state folder, held by one process at a time; its threads take turns.

    Use as a context: entering takes the folder's lock and reads what is there, leaving gives it back.

    Parameters
    ----------
    folder : Path
        Made when it is not there, for its owner's eyes only.
    now : callable
        The time, for the records; nothing is decided by it.
    record : callable, optional
        Told of every record after it is durable: the audit chain. What it raises stops the caller, as a journal that
        cannot be written does.

    Raises
    ------
    LockedError
        On entering: another process holds the folder.
    StateError
        On entering: the folder cannot be written or the journal is damaged. On appending: the record could not be made
        durable, and what it announces must not be done.
    """

    def __init__(
        self,
        folder: Path,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        record: Callable[[str, Mapping[str, Any]], object] | None = None,
    ) -> None:
        self.path = folder / JOURNAL
        self._folder = folder
        self._now = now
        self._tell = record
        self._records: list[Record] = []
        self._lock = FileLock(folder / LOCK, timeout=0, mode=0o600)
        self._file = -1
        self._broken = ""
        self._turn = RLock()

    def __enter__(self) -> Self:
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock.acquire()
            self._open()
        except Timeout as error:
            raise LockedError(
                f"{self._folder} is locked: another execution is using this state folder. Wait until it has ended."
            ) from error
        except (OSError, NotImplementedError) as error:
            self._close()
            said = getattr(error, "strerror", None) or error
            raise StateError(
                f"{self._folder}: {said}. The state folder must be a writable folder on a local disk."
            ) from error
        except StateError:
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def __iter__(self) -> Iterator[Record]:
        with self._turn:
            return iter(tuple(self._records))

    def of(self, key: tuple[str, str]) -> tuple[Record, ...]:
        """The records of one plan and account, in order."""
        return tuple(record for record in self if (record.says.get("plan"), record.says.get("account")) == key)

    def append(self, kind: str, says: Mapping[str, Any]) -> Record:
        """Write a record and return when it is on the disk.

        Raises
        ------
        StateError
            It could not be made durable; the journal takes no more records until it is opened again.
        """
        with self._turn:
            return self._append(kind, says)

    def tell(self, kind: str, says: Mapping[str, Any]) -> None:
        """Hand a record to the audit chain alone: evidence that nothing is recovered from.

        Raises
        ------
        StateError
            The chain did not take it; what it announces must not be done.
        """
        with self._turn:
            if self._broken:
                raise StateError(self._broken)
            self._pass_on(kind, says)

    def _append(self, kind: str, says: Mapping[str, Any]) -> Record:
        if self._broken:
            raise StateError(self._broken)
        record = Record(number=len(self._records) + 1, at=self._now().isoformat(), kind=kind, says=dict(says))
        try:
            _write(self._file, line_of(record))
            os.fsync(self._file)
        except OSError as error:
            self._broken = (
                f"{self.path}: {error.strerror or error}. What is not written down is not done: free the disk, then run "
                "the same command again."
            )
            raise StateError(self._broken) from error
        self._records.append(record)
        self._pass_on(kind, says)
        return record

    def _pass_on(self, kind: str, says: Mapping[str, Any]) -> None:
        if self._tell is None:
            return
        try:
            self._tell(kind, says)
        except (LotwrightError, OSError) as error:
            self._broken = f"The audit chain took no record, so nothing more is done: {error}"
            raise StateError(self._broken) from error

    def _open(self) -> None:
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(os.dup(self._file), "rb") as stream:
            text = stream.read()
        self._records = list(records_of(text, self.path))
        if text and not text.endswith(b"\n"):
            _write(self._file, b"\n")  # the torn line stays, and the next record begins a line of its own
        os.fsync(self._file)
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
        self._file = -1
        self._lock.release()


def line_of(record: Record) -> bytes:
    """A record as its line: JSON with the checksum of everything before it."""
    body = json.dumps(
        {"n": record.number, "at": record.at, "kind": record.kind, "says": dict(record.says)},
        sort_keys=True,
        ensure_ascii=True,
        default=str,
    )
    return f"{crc32(body.encode()):08x} {body}\n".encode()


def records_of(text: bytes, path: Path) -> Iterator[Record]:
    """The records of a journal's bytes; torn lines are passed over, where a crash can have left one.

    Raises
    ------
    StateError
        A line is damaged, or one is missing.
    """
    torn, number = 0, 0
    for place, line in enumerate(text.split(b"\n"), start=1):
        if not line:
            continue
        record = _record_of(line)
        if record is None:
            torn = place
            continue
        number += 1
        if record.number != number:
            lost = f"line {torn} does not read" if torn else "lines are missing"
            raise StateError(
                f"{path} line {place}: record {record.number} stands where {number} belongs; {lost}. The journal was "
                "changed or damaged: restore it, or begin a new state folder (orders at the broker are found again)."
            )
        yield record


def _record_of(line: bytes) -> Record | None:
    checksum, _, body = line.partition(b" ")
    if checksum != f"{crc32(body):08x}".encode():
        return None
    found = json.loads(body)
    return Record(number=found["n"], at=found["at"], kind=found["kind"], says=found["says"])


def _write(descriptor: int, line: bytes) -> None:
    while line:
        line = line[os.write(descriptor, line) :]
