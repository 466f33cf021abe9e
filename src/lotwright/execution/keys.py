"""Keys of a broker's account: from the environment, a file or the keyring; never shown, refused where they do not belong."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path

from lotwright.errors import KeysError

KEY_ID, SECRET_KEY = "APCA_API_KEY_ID", "APCA_API_SECRET_KEY"
"""Alpaca's own names."""
KEYRING = "LOTWRIGHT_KEYRING"
"""Names the service of the system's keyring in which keys lie under the variables' names."""
PAPER, LIVE = "PK", "AK"
HIDDEN = "[hidden]"


class Keys:
    """A key id and its secret. Neither is ever part of a message, a ``repr`` or a pickle."""

    __slots__ = ("_id", "_secret")

    def __init__(self, key_id: str, secret: str) -> None:
        self._id = key_id
        self._secret = secret

    def __repr__(self) -> str:
        return f"Keys({self._id[:2]}…)"

    def __reduce__(self) -> str:
        raise TypeError("keys are not written anywhere")

    def reveal(self) -> tuple[str, str]:
        """Key id and secret, for the request that needs them and nothing else."""
        return self._id, self._secret

    def hide(self, text: str) -> str:
        """The text without the keys, should somebody have put them in."""
        for word in (self._secret, self._id):
            if len(word) > 5:
                text = text.replace(word, HIDDEN)
        return text

    def check_mode(self, *, is_live: bool, is_simulated: bool = False) -> None:
        """Raise ``KeysError`` where the kind of key and the mode disagree; nothing has been sent by then.

        Keys of no known kind are for a stand-in alone.
        """
        prefix, wanted = self._id[:2].upper(), LIVE if is_live else PAPER
        if prefix == wanted or (is_simulated and prefix not in {PAPER, LIVE}):
            return
        mode = "live" if is_live else "paper"
        kind = {PAPER: "paper keys", LIVE: "live keys"}.get(prefix, "of an unknown kind")
        raise KeysError(
            f"Mode is {mode}, but the keys are {kind} (they begin with {prefix or 'nothing'}, {mode} keys with "
            f"{wanted}). Nothing was sent. Set {KEY_ID} and {SECRET_KEY} to {mode} keys, or change the mode."
        )


def keys_from(environ: Mapping[str, str]) -> Keys:
    """Keys from ``APCA_API_KEY_ID`` and ``APCA_API_SECRET_KEY``; from files that these names with ``_FILE`` name; or from the
    keyring, where ``LOTWRIGHT_KEYRING`` names its service.

    Files are for secrets that a service is handed (systemd's ``LoadCredential=``, ``/run/secrets``).

    Raises
    ------
    KeysError
        One is missing or malformed, a file may be read by others, or the keyring does not answer.
    """
    found = {name: _found(name, environ) for name in (KEY_ID, SECRET_KEY)}
    missing = [name for name, value in found.items() if not value]
    if missing:
        raise KeysError(
            f"{' and '.join(missing)} not set in the environment. Set both, or {' and '.join(f'{n}_FILE' for n in missing)} "
            f"to files that hold them, or {KEYRING} to the keyring's service that does."
        )
    for name, value in found.items():
        if not value.isascii() or not value.isprintable() or " " in value:
            raise KeysError(
                f"{name} has characters that no key has (blanks, line ends, letters beyond ASCII). Copy it again."
            )
    return Keys(found[KEY_ID], found[SECRET_KEY])


def _found(name: str, environ: Mapping[str, str]) -> str:
    said = environ.get(name, "").strip()
    file = environ.get(f"{name}_FILE", "").strip()
    service = environ.get(KEYRING, "").strip()
    if not said and file:
        said = _read(Path(file), f"{name}_FILE")
    if not said and service:
        said = _in_keyring(service, name)
    return said


def _read(path: Path, name: str) -> str:
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeysError(f"{path} may be read by others (mode {stat.S_IMODE(mode):04o}). Run: chmod 600 {path}")
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise KeysError(f"{path} ({name}) cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError:
        raise KeysError(f"{path} ({name}) is not UTF-8. Copy the key again.") from None  # the cause holds the bytes


def _in_keyring(service: str, name: str) -> str:
    try:
        import keyring  # noqa: PLC0415  an extra: asked for only where it is used
        from keyring.errors import KeyringError  # noqa: PLC0415
    except ImportError:
        raise KeysError(f"{KEYRING} is set, and keyring is not installed. pip install 'lotwright[keyring]'.") from None
    try:
        return (keyring.get_password(service, name) or "").strip()
    except KeyringError as error:
        raise KeysError(f"The keyring does not answer for {name} ({type(error).__name__}). Unlock it.") from None
