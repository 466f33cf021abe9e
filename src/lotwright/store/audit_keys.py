"""Ed25519 keys for the audit chain: made, read from the environment or a private file, used. Needs the extra ``sign``."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lotwright.errors import StoreError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

KEY_VARIABLE = "LOTWRIGHT_AUDIT_KEY"
"""The private key itself, 32 bytes in base64."""
KEY_FILE_VARIABLE = "LOTWRIGHT_AUDIT_KEY_FILE"
"""A file that holds it and that only its owner may read."""
BYTES = 32


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key that signs; it never prints itself."""

    key: Ed25519PrivateKey = field(repr=False)

    @property
    def public(self) -> str:
        """The public key, 32 bytes in base64."""
        return base64.b64encode(self.key.public_key().public_bytes_raw()).decode()

    def sign(self, message: bytes) -> bytes:
        """The signature, 64 bytes (RFC 8032)."""
        return self.key.sign(message)


def signer_of(environment: Mapping[str, str]) -> Signer | None:
    """The signer that the environment names by key or by file; None where it names none.

    Raises
    ------
    StoreError
        The key is none, its file is readable by others, or the package cryptography is missing.
    """
    if environment.get(KEY_VARIABLE):
        return Signer(_private(environment[KEY_VARIABLE], f"the variable {KEY_VARIABLE}"))
    if environment.get(KEY_FILE_VARIABLE):
        return read_signer(Path(environment[KEY_FILE_VARIABLE]))
    return None


def read_signer(file: Path) -> Signer:
    """The signer whose private key a file holds; ``StoreError`` where others may read it or it holds none."""
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="ascii").strip()
    except (OSError, UnicodeError) as error:
        raise StoreError(f"The key file {file} cannot be read: {error}. Make one: lotwright audit key FILE.") from error
    if mode & 0o077:
        raise StoreError(f"The key file {file} may be read by others. Take that away: chmod 600 {file}.")
    return Signer(_private(text, f"the file {file}"))


def make_key(file: Path) -> str:
    """Write a new private key to a file that only its owner may read, and return the public key.

    Raises
    ------
    StoreError
        The file is there already, or cannot be made.
    """
    key = _ed25519().Ed25519PrivateKey.generate()
    try:
        handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError as error:
        raise StoreError(f"{file} is there already, and a key is never overwritten. Name another file.") from error
    except OSError as error:
        raise StoreError(f"The key file {file} cannot be made: {error.strerror}.") from error
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(base64.b64encode(key.private_bytes_raw()).decode() + "\n")
    return Signer(key).public


def is_signed(public: str, signature: str, message: bytes) -> bool:
    """True when the signature of the message is the public key's."""
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  an extra

    try:
        key = _ed25519().Ed25519PublicKey.from_public_bytes(base64.b64decode(public, validate=True))
        key.verify(base64.b64decode(signature, validate=True), message)
    except (InvalidSignature, ValueError):
        return False
    # Base64 has several texts for the same bytes; only the one that we write is ours.
    return base64.b64encode(base64.b64decode(signature)).decode() == signature


def _private(text: str, where: str) -> Ed25519PrivateKey:
    try:
        raw = base64.b64decode(text.strip(), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if len(raw) != BYTES:
        raise StoreError(
            f"There is no Ed25519 key in {where}: it is {BYTES} bytes in base64. Make one: lotwright audit key."
        )
    found: Ed25519PrivateKey = _ed25519().Ed25519PrivateKey.from_private_bytes(raw)
    return found


def _ed25519() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415  an extra
    except ImportError as error:
        raise StoreError("Signatures need the package cryptography: pip install 'lotwright[sign]'.") from error
    return ed25519
