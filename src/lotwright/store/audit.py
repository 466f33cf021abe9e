"""The audit chain: what was read, planned, approved, asked, answered, in a file that shows when it was touched.

Problem: afterwards it must be provable what happened, in which order, and that nothing was changed or left out; a power
cut may end a line in the middle, and several processes write.
Observations: a hash over each record and the one before shows every change, removal and reordering, but not that the
end is missing or that everything was written anew: that takes a copy of the head elsewhere.
Therefore: one line of canonical JSON a record, synced before anything is done upon it, by one writer at a time; a second
copy in the store; checkpoints (length and head) in the store and in notifications; signatures for who wants them. What a
crash cut off is never removed: the next record says what stands there.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO, Any, Protocol
from uuid import uuid4

from filelock import FileLock, Timeout

from lotwright.errors import StoreError
from lotwright.store.audit_record import CHAIN, GENESIS, TORN, AuditRecord, Signs, make_record, read_record
from lotwright.store.connection import make_private_folder
from lotwright.store.facts import Checkpoint

AUDIT_FILE = "audit.jsonl"
LOCK_FILE = "audit.lock"
WAIT = 30.0
"""Seconds to wait for another writer."""
_BLOCK = 1 << 16


class SecondCopy(Protocol):
    """Where a second copy of the chain is kept: the store."""

    def record_audit(self, chain: str, lines: list[tuple[int, str, str]]) -> None:
        """Keep records: number, hash, line."""
        ...

    def audit_count(self, chain: str) -> int:
        """How many records are kept."""
        ...

    def record_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint."""
        ...


class AuditChain:
    """A chain that is written to. Threads and processes may share one: each record takes its turn.

    Parameters
    ----------
    folder : Path
        The state folder; the chain is its file ``audit.jsonl``.
    clock : callable
        Gives the time, with its zone, for each record.
    store : SecondCopy, optional
    signer : Signs, optional
    name : str, optional
        Of a new chain; a random one if not given.
    """

    def __init__(
        self,
        folder: Path,
        *,
        clock: Callable[[], datetime],
        store: SecondCopy | None = None,
        signer: Signs | None = None,
        name: str | None = None,
    ) -> None:
        make_private_folder(folder)
        self.file = folder / AUDIT_FILE
        self.clock = clock
        self.store = store
        self.signer = signer
        self._new_name = name
        self._turn = threading.Lock()
        self._lock = FileLock(folder / LOCK_FILE, timeout=WAIT, thread_local=False)

    def record(self, kind: str, payload: Mapping[str, Any]) -> AuditRecord:
        """Append a record; when this returns, it is on the disk and in the store.

        Raises
        ------
        StoreError
            It could not be made durable, or the chain has been cut off or changed at its end: do not act upon it.
        """
        with self._writing() as out:
            last = self._last(out)
            return self._append(out, kind, payload, last)

    def checkpoint(self) -> Checkpoint:
        """The length and head of the chain now, recorded in the store; publish its ``text`` elsewhere."""
        with self._writing() as out:
            last = self._last(out)
        found = Checkpoint(chain=self.name, count=last.seq, head=last.hash, at=self.clock())
        if self.store is not None:
            self.store.record_checkpoint(found)
        return found

    @property
    def name(self) -> str:
        """The chain's name, from its first record."""
        with self._told("read"), self.file.open("rb") as source:
            return chain_name(source.readline())

    @contextmanager
    def _writing(self) -> Iterator[IO[bytes]]:
        """The file, open to append, while nobody else writes."""
        try:
            with self._turn, self._lock, self._told("written"), self._opened() as out:
                yield out
        except Timeout as error:
            raise StoreError(
                f"The audit chain {self.file} has been held by another program for {WAIT:.0f} s. Wait for it to end."
            ) from error

    def _opened(self) -> IO[bytes]:
        return os.fdopen(os.open(self.file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), "r+b", 0)

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"The audit chain {self.file} cannot be {what}: {error.strerror or error}. Nothing may be done that is"
                " not recorded."
            ) from error

    def _last(self, out: IO[bytes]) -> AuditRecord:
        """The last record, after what a crash left is dealt with and the second copy has caught up."""
        if out.seek(0, os.SEEK_END) == 0:
            return self._begin(out)
        last, torn = self._end(out)
        if torn and not torn.endswith(b"\n"):
            last, torn = self._whole_after_all(out, last, torn)
        if self.store is not None:
            self._catch_up(out, last)
        if torn:
            end = b"" if torn.endswith(b"\n") else b"\n"
            said = {"bytes": len(torn + end), "sha256": hashlib.sha256(torn + end).hexdigest()}
            return self._append(out, TORN, said, last, begin=end)
        return last

    def _begin(self, out: IO[bytes]) -> AuditRecord:
        name = self._new_name or uuid4().hex
        if self.store is not None and self.store.audit_count(name):
            raise StoreError(
                f"The chain {name} is in the store, and {self.file} is empty. Restore the file from a backup."
            )
        first = self._made(1, CHAIN, {"chain": name}, GENESIS)
        self._write(out, first.line + b"\n")
        _sync_folder(self.file.parent)
        self._copy(name, first)
        return first

    def _end(self, out: IO[bytes]) -> tuple[AuditRecord, bytes]:
        """The last whole record, and what a crash left behind it."""
        start = size = out.seek(0, os.SEEK_END)
        data = b""
        while start > 0:
            back = max(0, start - _BLOCK)
            out.seek(back)
            data = _read_exactly(out, start - back) + data
            start = back
            torn = b""
            lines = data.split(b"\n")
            lines, torn = [line + b"\n" for line in lines[:-1]], lines[-1]
            for number in range(len(lines) - 1, -1 if start == 0 else 0, -1):  # a part of a line may stand first
                try:
                    return read_record(lines[number][:-1]), torn
                except ValueError:
                    torn = lines[number] + torn
        raise StoreError(
            f"The audit chain {self.file} has {size} bytes and no record among them. Restore it from a backup; if it never"
            " had a record, move it away to begin anew."
        )

    def _whole_after_all(self, out: IO[bytes], last: AuditRecord, torn: bytes) -> tuple[AuditRecord, bytes]:
        """A record that lacked nothing but the end of its line."""
        try:
            found = read_record(torn)
        except ValueError:
            return last, torn
        if found.prev != last.hash:
            return last, torn
        self._write(out, b"\n")
        return found, b""

    def _append(
        self, out: IO[bytes], kind: str, payload: Mapping[str, Any], last: AuditRecord, *, begin: bytes = b""
    ) -> AuditRecord:
        made = self._made(last.seq + 1, kind, payload, last.hash)
        self._write(out, begin + made.line + b"\n")
        self._copy(self.name, made)
        return made

    def _made(self, seq: int, kind: str, payload: Mapping[str, Any], prev: str) -> AuditRecord:
        return make_record(seq=seq, at=self.clock(), kind=kind, payload=payload, prev=prev, signer=self.signer)

    def _write(self, out: IO[bytes], line: bytes) -> None:
        written = 0
        while written < len(line):
            written += out.write(line[written:])
        os.fsync(out.fileno())

    def _copy(self, name: str, record: AuditRecord) -> None:
        if self.store is not None:
            self.store.record_audit(name, [(record.seq, record.hash, record.line.decode())])

    def _catch_up(self, out: IO[bytes], last: AuditRecord) -> None:
        """Tell the store what a crash kept from it; refuse to go on where it knows more than the file."""
        assert self.store is not None
        name = self.name
        count = self.store.audit_count(name)
        if last.seq == count:
            return
        if last.seq < count:
            raise StoreError(
                f"The audit chain {self.file} ends with record {last.seq}, but the store has {count}: its end was cut off."
                " Restore the file from a backup; see lotwright audit verify."
            )
        out.seek(0)
        missing = []
        for line in _read_exactly(out, self.file.stat().st_size).split(b"\n"):
            try:
                record = read_record(line)
            except ValueError:
                continue  # a line that a crash cut off
            if record.seq > count:
                missing.append((record.seq, record.hash, line.decode()))
        self.store.record_audit(name, missing)


def chain_name(first: bytes) -> str:
    """The name that the first line of a chain gives it.

    Raises
    ------
    StoreError
        It is no first line of a chain.
    """
    try:
        return str(read_record(first.removesuffix(b"\n")).payload["chain"])
    except (ValueError, KeyError) as error:
        raise StoreError("The first line is not the beginning of an audit chain. Restore the file.") from error


def _read_exactly(out: IO[bytes], count: int) -> bytes:
    parts = []
    while count > 0 and (part := out.read(count)):
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def _sync_folder(folder: Path) -> None:
    """Make the new file's name durable, too."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
