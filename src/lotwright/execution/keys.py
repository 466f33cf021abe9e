"""Keys of a broker's account: taken from the environment or a file, never shown, refused where they belong elsewhere."""

from __future__ import annotations

import stat
from collections.abc import Mapping
from pathlib import Path

from lotwright.errors import KeysError

KEY_ID, SECRET_KEY = "APCA_API_KEY_ID", "APCA_API_SECRET_KEY"
"""Alpaca's own names."""
SECRET_FILE = "APCA_API_SECRET_KEY_FILE"  # noqa: S105  the name of a variable
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
    """Keys from ``APCA_API_KEY_ID`` and ``APCA_API_SECRET_KEY``, or from the file ``APCA_API_SECRET_KEY_FILE`` names.

    The file is for secrets that a service is handed (systemd's ``LoadCredential=``, ``/run/secrets``).

    Raises
    ------
    KeysError
        One is missing or malformed, or the file may be read by others.
    """
    key_id = environ.get(KEY_ID, "").strip()
    secret = environ.get(SECRET_KEY, "").strip()
    if not secret and environ.get(SECRET_FILE):
        secret = _read_secret(Path(environ[SECRET_FILE]))
    missing = [name for name, value in ((KEY_ID, key_id), (SECRET_KEY, secret)) if not value]
    if missing:
        raise KeysError(
            f"{' and '.join(missing)} not set in the environment. Set both, or {SECRET_FILE} for the secret."
        )
    for name, value in ((KEY_ID, key_id), (SECRET_KEY, secret)):
        if not value.isascii() or not value.isprintable() or " " in value:
            raise KeysError(
                f"{name} has characters that no key has (blanks, line ends, letters beyond ASCII). Copy it again."
            )
    return Keys(key_id, secret)


def _read_secret(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeysError(f"{path} may be read by others (mode {stat.S_IMODE(mode):04o}). Run: chmod 600 {path}")
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise KeysError(f"{path} ({SECRET_FILE}) cannot be read: {error.strerror}.") from error
