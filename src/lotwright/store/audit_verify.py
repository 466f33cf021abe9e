"""Is the audit chain what was written? Every line is checked, and the first that is not says why.

What the chain alone cannot show, the end cut off or everything written anew, shows against the store's copy and against
checkpoints that were kept elsewhere.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

from lotwright.errors import StoreError
from lotwright.store.audit import AUDIT_FILE
from lotwright.store.audit_keys import is_signed
from lotwright.store.audit_record import CHAIN, GENESIS, TORN, AuditRecord, hash_of, read_record
from lotwright.store.facts import Checkpoint

LAG = 1
"""Records by which the file may be ahead of the store: the one a crash came between."""


class KeptCopy(Protocol):
    """The store, as far as it remembers chains."""

    def audit_lines(self, chain: str, *, after: int = 0) -> list[tuple[int, str, str]]:
        """Records: number, hash, line."""
        ...

    def checkpoints(self, chain: str | None = None) -> tuple[Checkpoint, ...]:
        """Checkpoints of a chain."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditReport:
    """What was found; where ``ok`` is false, ``line`` (counted from 1) is the first bad one and ``reason`` says why."""

    ok: bool
    chain: str
    count: int
    head: str
    line: int | None = None
    reason: str = ""
    notes: tuple[str, ...] = ()


@dataclass(slots=True)
class _Reading:
    """How far the chain holds."""

    head: str = GENESIS
    count: int = 0
    chain: str = ""
    hashes: list[str] = field(default_factory=list)
    marks: list[bytes] = field(default_factory=list)
    signed_by: str | None = None
    is_last_signed: bool = False
    notes: list[str] = field(default_factory=list)


class _BadError(Exception):
    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


def verify_chain(
    folder: Path,
    *,
    store: KeptCopy | None = None,
    checkpoints: Sequence[Checkpoint] = (),
    public_key: str | None = None,
) -> AuditReport:
    """Check every record of the chain in a state folder, against the store and checkpoints where they are given.

    Parameters
    ----------
    folder : Path
    store : KeptCopy, optional
        Its copy must hold the same records; the file may be ahead by the one a crash came between.
    checkpoints : sequence of Checkpoint
        Kept elsewhere; the store's own are looked up.
    public_key : str, optional
        32 bytes in base64: whose signature the records must have, from the first signed one to the last.

    Raises
    ------
    StoreError
        There is no chain in the folder, or it cannot be read.
    """
    reading = _Reading()
    try:
        _read(folder / AUDIT_FILE, reading, public_key)
        if store is not None:
            _hold_against_store(store, reading)
            checkpoints = [*checkpoints, *store.checkpoints(reading.chain)]
        _hold_against_checkpoints(checkpoints, reading)
    except _BadError as bad:
        return _report(reading, ok=False, line=bad.line, reason=bad.reason)
    return _report(reading, ok=True)


def read_checkpoints(text: str) -> tuple[Checkpoint, ...]:
    """The checkpoints that a text has among its words, e.g. a notification that was kept.

    Raises
    ------
    StoreError
        It has none.
    """
    found = re.findall(r"audit (\S+) (\d+) ([0-9a-f]{64}) (\S+)", text)
    try:
        checkpoints = tuple(
            Checkpoint(chain=chain, count=int(count), head=head, at=datetime.fromisoformat(at))
            for chain, count, head, at in found
        )
    except ValueError as error:
        raise StoreError(f"A checkpoint's time cannot be read: {error}.") from error
    if not checkpoints:
        raise StoreError(f"There is no checkpoint in {text[:80]!r}. It reads: audit NAME COUNT HEAD TIME.")
    return checkpoints


def records(folder: Path) -> Iterator[AuditRecord]:
    """The records of a chain that can be read, in the file's order; nothing is verified."""
    for line in _lines(folder / AUDIT_FILE):
        try:
            yield read_record(line.removesuffix(b"\n"))
        except ValueError:
            continue


def _report(reading: _Reading, *, ok: bool, line: int | None = None, reason: str = "") -> AuditReport:
    return AuditReport(
        ok=ok,
        chain=reading.chain,
        count=reading.count,
        head=reading.head,
        line=line,
        reason=reason,
        notes=tuple(reading.notes),
    )


def _lines(file: Path) -> Iterator[bytes]:
    """Lines with their ends; only a newline ends one."""
    try:
        with file.open("rb") as source:
            yield from source
    except OSError as error:
        raise StoreError(
            f"There is no audit chain to read at {file}: {error.strerror}. Name its state folder."
        ) from error


def _read(file: Path, reading: _Reading, public_key: str | None) -> None:
    """Follow the chain through the file."""
    torn: list[bytes] = []
    first_torn: tuple[int, str] = (0, "")
    number = 0
    for number, line in enumerate(_lines(file), start=1):
        try:
            if not line.endswith(b"\n"):
                raise ValueError("it is cut off: a crash while it was written, or a hand")
            record = read_record(line[:-1])
        except ValueError as error:
            first_torn = first_torn if torn else (number, f"Record {reading.count + 1}: {error}.")
            torn.append(line)
            continue
        if torn:
            _accept_torn(torn, first_torn, record)
            reading.notes.append(f"Line {first_torn[0]} was cut off by a crash; record {record.seq} says so.")
            torn = []
        _follow(record, number, reading, public_key)
    if torn:
        raise _BadError(*first_torn)
    if number == 0:
        raise _BadError(1, "The file is empty.")
    if public_key is not None and not reading.is_last_signed:
        raise _BadError(number, f"Record {reading.count} is not signed, and must be by {public_key}.")


def _accept_torn(torn: Sequence[bytes], first: tuple[int, str], record: AuditRecord) -> None:
    """Lines that are no records are accepted only where the next record tells of exactly these bytes."""
    data = b"".join(torn)
    said: Mapping[str, object] = record.payload
    if record.kind != TORN or said.get("sha256") != hashlib.sha256(data).hexdigest() or said.get("bytes") != len(data):
        raise _BadError(*first)


def _follow(record: AuditRecord, number: int, reading: _Reading, public_key: str | None) -> None:
    """One more link."""
    what = f"Record {reading.count + 1}"
    if record.seq != reading.count + 1:
        raise _BadError(number, f"{what}: it calls itself {record.seq}; one was removed, added or moved.")
    if record.prev != reading.head:
        raise _BadError(number, f"{what}: it does not follow the record before it; one of the two was changed.")
    if record.hash != hash_of(record):
        raise _BadError(number, f"{what}: its hash is not that of its content; it was changed.")
    if record.seq == 1:
        if record.kind != CHAIN or not isinstance(record.payload.get("chain"), str):
            raise _BadError(number, f"{what}: a chain begins with its name, this is a {record.kind}.")
        reading.chain = str(record.payload["chain"])
    _check_signature(record, number, reading, public_key)
    reading.head, reading.count = record.hash, record.seq
    reading.hashes.append(record.hash)
    reading.marks.append(hashlib.sha256(record.line).digest())


def _check_signature(record: AuditRecord, number: int, reading: _Reading, public_key: str | None) -> None:
    reading.is_last_signed = record.key is not None
    if record.key is None or record.signature is None:
        if record.key is not None:
            raise _BadError(number, f"Record {record.seq}: it names a key and has no signature.")
        return
    if public_key is not None and record.key != public_key:
        raise _BadError(number, f"Record {record.seq}: it is signed by {record.key}, not by {public_key}.")
    if not is_signed(record.key, record.signature, bytes.fromhex(record.hash)):
        raise _BadError(number, f"Record {record.seq}: its signature is not that of its key.")
    if reading.signed_by not in {None, record.key}:
        reading.notes.append(f"From record {record.seq} on the key is {record.key}.")
    reading.signed_by = record.key


def _hold_against_store(store: KeptCopy, reading: _Reading) -> None:
    kept = store.audit_lines(reading.chain)
    for place, (seq, digest, line) in enumerate(kept, start=1):
        if seq != place:
            raise _BadError(place, f"Record {place}: the store's copy of it is gone.")
        if place > reading.count:
            raise _BadError(
                place,
                f"Record {place}: the store has it and {len(kept) - reading.count} records in all that the file has"
                " not; its end was cut off.",
            )
        is_same = hashlib.sha256(line.encode()).digest() == reading.marks[place - 1]
        if digest != reading.hashes[place - 1] or not is_same:
            raise _BadError(place, f"Record {place}: the store's copy differs; one of the two was changed.")
    ahead = reading.count - len(kept)
    if ahead > LAG:
        raise _BadError(
            len(kept) + 1,
            f"Record {len(kept) + 1}: it and {ahead - 1} more are in the file and not in the store; records were added"
            " to the one or removed from the other.",
        )
    if ahead:
        reading.notes.append("The last record is not in the store yet: a crash came between.")


def _hold_against_checkpoints(checkpoints: Iterable[Checkpoint], reading: _Reading) -> None:
    for point in sorted(checkpoints, key=lambda point: point.count):
        if point.chain != reading.chain:
            raise _BadError(
                1, f"The checkpoint is of chain {point.chain}, and this is {reading.chain}; it was replaced."
            )
        if point.count > reading.count:
            raise _BadError(
                reading.count + 1,
                f"Record {reading.count + 1}: the checkpoint of {point.at.isoformat()} counted {point.count} records, and"
                f" {reading.count} are left; the end was cut off.",
            )
        if point.count and reading.hashes[point.count - 1] != point.head:
            raise _BadError(
                point.count,
                f"Record {point.count}: the checkpoint of {point.at.isoformat()} has another hash for it; everything up"
                " to it was written anew.",
            )
