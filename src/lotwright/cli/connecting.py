"""From an account of the book to a broker: which keys, which address, which numbers may be used."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from lotwright.errors import StateError
from lotwright.execution.approval import Mode
from lotwright.execution.keys import KEYRING

CONNECTIONS = "connections.toml"
LIVE_ACCOUNTS = "LOTWRIGHT_LIVE_ACCOUNTS"
MODE = "LOTWRIGHT_ALPACA_MODE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """How one account is reached: names of the environment's variables for its keys (or of files of them), or the service of
    the keyring that has them; and its number at the broker."""

    key_id: str = "APCA_API_KEY_ID"
    secret_key: str = "APCA_API_SECRET_KEY"  # noqa: S105  the name of a variable
    key_id_file: str = "APCA_API_KEY_ID_FILE"
    secret_key_file: str = "APCA_API_SECRET_KEY_FILE"  # noqa: S105
    keyring: str = ""
    number: str | None = None

    def environ(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The environment with this account's keys under the names every Alpaca program knows."""
        named = {
            "APCA_API_KEY_ID": self.key_id,
            "APCA_API_SECRET_KEY": self.secret_key,
            "APCA_API_KEY_ID_FILE": self.key_id_file,
            "APCA_API_SECRET_KEY_FILE": self.secret_key_file,
        }
        if self.keyring:
            return {name: environ[name] for name in (MODE,) if name in environ} | {KEYRING: self.keyring}
        found = {name: environ[source] for name, source in named.items() if source in environ}
        return {name: value for name, value in environ.items() if name in {MODE, KEYRING}} | found


def read_connections(state: Path) -> Mapping[str, Connection]:
    """The connections of ``connections.toml`` in the state folder, by account; none when it is not there.

    Raises
    ------
    StateError
        The file does not read, or names something a connection does not have.
    """
    path = state / CONNECTIONS
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StateError(f"{path} does not read: {error}. Correct the file.") from error
    return {account: _connection(account, given, path) for account, given in found.items()}


def connection_of(connections: Mapping[str, Connection], account: str, *, is_only: bool) -> Connection:
    """How an account is reached: as the file says, or by the usual variables where it is the only account.

    Raises
    ------
    StateError
        Several accounts are to be reached, and the file does not name this one.
    """
    if account in connections:
        return connections[account]
    if is_only and not connections:
        return Connection()
    raise StateError(
        f"Nothing says how the account {account} is reached. Name the variables of its keys in {CONNECTIONS} of the state "
        f'folder: [{account}] key_id = "NAME_OF_VARIABLE", secret_key = "NAME_OF_VARIABLE" (or keyring = "SERVICE"); or '
        "choose one with --account."
    )


def numbers_of(connection: Connection, mode: Mode) -> frozenset[str] | None:
    """The broker's account numbers that may be used; None for any. Live trading always names them.

    Raises
    ------
    StateError
        Live trading is asked for and its second switch is off.
    """
    if mode is Mode.PAPER:
        return None if connection.number is None else frozenset({connection.number})
    named = frozenset(word.strip() for word in os.environ.get(LIVE_ACCOUNTS, "").split(",") if word.strip())
    if not named:
        raise StateError(
            f"Live trading has two switches: --live, and {LIVE_ACCOUNTS} with the numbers of the accounts that may be "
            "traded. The second is not set."
        )
    return named if connection.number is None else named & {connection.number}


def _connection(account: str, given: Any, path: Path) -> Connection:
    known = {field.name for field in fields(Connection)}
    if not isinstance(given, dict) or not given.keys() <= known or not all(isinstance(v, str) for v in given.values()):
        raise StateError(
            f"{path} [{account}]: a connection has the texts {', '.join(sorted(known))}. Correct the file."
        )
    return Connection(**given)
