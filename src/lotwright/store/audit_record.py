"""One record of the audit chain: its text, its hash, its signature."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from lotwright.canonical import canonical_json, time_text
from lotwright.errors import LotwrightError, StoreError

GENESIS = "0" * 64
"""What the first record has in place of the hash of the one before."""
CHAIN, TORN = "chain", "torn"
"""Kinds of record the chain writes itself: its first one, and one after a line that a crash cut off."""
_KEYS = {"at", "hash", "kind", "payload", "prev", "seq"}
_SIGNED = {"key", "signature"}


class Signs(Protocol):
    """What signs records: an Ed25519 key."""

    @property
    def public(self) -> str:
        """The public key, 32 bytes in base64."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """A link of the chain; ``hash`` is the SHA-256 of everything but itself and the signature, ``prev`` the link before's."""

    seq: int
    at: str
    kind: str
    payload: Mapping[str, Any]
    prev: str
    hash: str
    key: str | None = None
    signature: str | None = None

    @property
    def line(self) -> bytes:
        """The record as one line of the chain's file, without its end."""
        return canonical_json({**_content(self), "hash": self.hash, **self._signature()})

    def _signature(self) -> dict[str, str]:
        return {} if self.signature is None else {"signature": self.signature}


def make_record(
    *, seq: int, at: datetime, kind: str, payload: Mapping[str, Any], prev: str, signer: Signs | None
) -> AuditRecord:
    """The next link of a chain.

    Raises
    ------
    StoreError
        The payload has no canonical JSON.
    """
    try:
        plain = json.loads(canonical_json(payload))
    except LotwrightError as error:
        raise StoreError(f"The audit record {kind} cannot be written: {error}") from error
    key = None if signer is None else signer.public
    unsigned = AuditRecord(seq=seq, at=time_text(at), kind=kind, payload=plain, prev=prev, hash="", key=key)
    digest = hash_of(unsigned)
    signature = None if signer is None else base64.b64encode(signer.sign(bytes.fromhex(digest))).decode()
    return AuditRecord(
        seq=seq, at=unsigned.at, kind=kind, payload=plain, prev=prev, hash=digest, key=key, signature=signature
    )


def hash_of(record: AuditRecord) -> str:
    """What a record's ``hash`` must be."""
    return hashlib.sha256(canonical_json(_content(record))).hexdigest()


def read_record(line: bytes) -> AuditRecord:
    """The record of a line, which must be its one canonical text.

    Raises
    ------
    ValueError
        It is no record, or is written in another way than the chain writes; says how.
    """
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"it is not JSON ({error})") from None
    if not isinstance(found, dict) or found.keys() not in (_KEYS, _KEYS | _SIGNED):
        raise ValueError("it has not the keys of a record")
    texts = [found[name] for name in ("at", "hash", "kind", "prev", *sorted(_SIGNED & found.keys()))]
    are_texts = all(isinstance(text, str) for text in texts)
    if type(found["seq"]) is not int or not are_texts or not isinstance(found["payload"], dict):
        raise ValueError("it has not the kinds of value of a record")
    try:
        if canonical_json(found) != line:
            raise ValueError("its text is not the canonical one")
    except LotwrightError as error:
        raise ValueError(f"it has no canonical text ({error})") from None
    return AuditRecord(**found)


def _content(record: AuditRecord) -> dict[str, Any]:
    """What is hashed: everything but the hash and the signature."""
    content: dict[str, Any] = {
        "seq": record.seq,
        "at": record.at,
        "kind": record.kind,
        "payload": record.payload,
        "prev": record.prev,
    }
    return content if record.key is None else {**content, "key": record.key}
