"""Secrets: from the environment, from files that nobody else may read, or from the keyring; and out of every text.

Problem: a notification's address holds a password, a library puts the address into an exception, and the exception into a
log. Therefore: what is secret is known as such from the start, and every line that leaves the run (log, error, message,
report) passes :meth:`Secrets.hide`.
"""

from __future__ import annotations

import base64
import re
import stat
from collections.abc import Iterable, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from lotwright.errors import KeysError

NOTIFY = "LOTWRIGHT_NOTIFY_URLS"
BROKER = ("APCA_API_KEY_ID", "APCA_API_SECRET_KEY")
KNOWN = (NOTIFY, "LOTWRIGHT_STORE", *BROKER)
"""Variables that hold secrets; each may be given as NAME_FILE, too, or lie in the keyring."""
KEYRING = "LOTWRIGHT_KEYRING"
"""Variable that names the keyring's service, where secrets lie under the variables' names."""
HIDDEN = "[hidden]"
SHORTEST = 5
"""Shorter texts are not hidden: they would be found in every word."""
_NAMES = re.compile(r"secret|token|passw|api_?key|credential|private", re.IGNORECASE)
_SPLIT = re.compile(r"[\s,]+(?=[A-Za-z][A-Za-z0-9+.-]*://)|\s+")


@dataclass(frozen=True, slots=True)
class Secrets:
    """Secret values by variable, and the texts that must not be seen anywhere."""

    _values: Mapping[str, str] = field(repr=False)
    _hidden: tuple[str, ...] = field(repr=False)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(sorted(self._values)) or 'none'})"

    def __reduce__(self) -> str:
        raise TypeError("secrets are not written anywhere")

    def reveal(self, name: str) -> str | None:
        """A secret, for the call that needs it and nothing else."""
        return self._values.get(name)

    @property
    def notify_urls(self) -> tuple[str, ...]:
        """Addresses of notifications: separated by blanks, line ends, or commas before the next address."""
        return tuple(url for url in _SPLIT.split((self._values.get(NOTIFY) or "").strip()) if url)

    def lend(self, environ: MutableMapping[str, str]) -> None:
        """Put the broker's keys where its adapter looks for them, should they have come from the keyring."""
        for name in BROKER:
            if name in self._values and not environ.get(f"{name}_FILE"):
                environ.setdefault(name, self._values[name])

    def hide(self, text: str) -> str:
        """The text without any secret in it."""
        for word in self._hidden:
            if word in text:
                text = text.replace(word, HIDDEN)
        return text

    def hide_all(self, value: Any) -> Any:
        """The same of a value of mappings and sequences: every text in it, keys too."""
        if isinstance(value, str):
            return self.hide(value)
        if isinstance(value, Mapping):
            return {self.hide(str(key)): self.hide_all(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.hide_all(item) for item in value]
        if value is None or isinstance(value, bool | int | float):
            return value
        return self.hide(str(value))


def find_secrets(environ: Mapping[str, str]) -> Secrets:
    """The secrets of an environment.

    Raises
    ------
    KeysError
        A file of a secret may be read by others or cannot be read, or the keyring does not answer. The message names the
        variable, never the value.
    """
    values = {name: value for name in KNOWN if (value := _find(name, environ))}
    others = [value for name, value in environ.items() if _NAMES.search(name) and not name.endswith("_FILE")]
    texts = {text for value in (*values.values(), *others) for text in _texts(value)}
    return Secrets(values, tuple(sorted((text for text in texts if len(text) >= SHORTEST), key=len, reverse=True)))


def _find(name: str, environ: Mapping[str, str]) -> str:
    if environ.get(name, "").strip():
        return environ[name].strip()
    file = environ.get(f"{name}_FILE", "").strip()
    if file:
        return _read(Path(file), f"{name}_FILE")
    service = environ.get(KEYRING, "").strip()
    return _from_keyring(service, name) if service else ""


def _read(path: Path, name: str) -> str:
    try:
        mode = path.stat().st_mode
        if mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeysError(
                f"{path} ({name}) may be read by others (mode {stat.S_IMODE(mode):04o}). Run: chmod 600 {path}"
            )
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise KeysError(f"{path} ({name}) cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise KeysError(f"{path} ({name}) is not UTF-8.") from None


def _from_keyring(service: str, name: str) -> str:
    try:
        import keyring
        from keyring.errors import KeyringError
    except ImportError:
        raise KeysError(f"{KEYRING} is set, and keyring is not installed. pip install 'lotwright[keyring]'.") from None
    try:
        return (keyring.get_password(service, name) or "").strip()
    except KeyringError as error:
        raise KeysError(f"The keyring does not answer for {name}: {type(error).__name__}. Unlock it.") from None


def _texts(value: str) -> Iterable[str]:
    """Every form in which a secret may turn up: itself, the parts of an address, as they are quoted and encoded."""
    for url in _SPLIT.split(value.strip()):
        if "://" not in url:
            yield from _forms(url)
            continue
        yield from _forms(url)
        yield from _forms(url.partition("://")[2])
        try:
            parts = urlsplit(url)
            names = [parts.username, parts.password]
        except ValueError:
            continue
        words = [word for word in names if word]
        words += [word for word in parts.path.split("/") if len(word) >= 8]
        words += [word for key, word in parse_qsl(parts.query) if len(word) >= 8 or _NAMES.search(key)]
        if parts.hostname and parts.scheme not in {"json", "jsons", "xml", "xmls", "form", "forms", "mailto", "mailtos",
                                                   "http", "https", "postgresql", "postgres", "sqlite"}:  # fmt: skip
            host = parts.netloc.rpartition("@")[2].partition(":")[0]
            words += [host] if len(host) >= 8 and "." not in host else []
        for word in words:
            yield from _forms(word)
        if parts.username and parts.password:
            pair = f"{unquote(parts.username)}:{unquote(parts.password)}"
            yield base64.b64encode(pair.encode()).decode()


def _forms(text: str) -> Iterable[str]:
    plain = unquote(text)
    yield from {text, plain, quote(plain, safe=""), quote(plain)}
