"""A database behind one address: a state folder (SQLite) or the URL of a PostgreSQL server.

Problem: several processes write at once; what is acknowledged must survive a power cut; SQLite's driver opens
transactions by rules of its own and waits for nobody.
Therefore: every write is one transaction that takes the write lock at its start (``BEGIN IMMEDIATE``) and waits for it;
the journal is a write-ahead log that is synced at every commit; foreign keys are on. Connections stay open while the
store does, since SQLite clears its log away at every last close; a forked child begins with none.
"""

from __future__ import annotations

import os
import sqlite3
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.pool import ConnectionPoolEntry

from lotwright.errors import StoreError

STORE_FILE = "store.sqlite"
WAIT = 60
"""Seconds a write waits for another's to end."""
_WRITES = "lotwright_writes"


class Database:
    """One database; transactions to read and to write in, whose errors are :class:`StoreError`."""

    def __init__(self, place: str | Path) -> None:
        self.url = address(place)
        self.name = self.url.render_as_string(hide_password=True) if _is_url(place) else str(place)
        self.engine = _engine(self.url, self.name)

    @property
    def is_sqlite(self) -> bool:
        """True where the database is a file."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that sees one state of the database."""
        with self._told(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that is durable when it ends well, and did nothing when it does not."""
        with self._told(), self.engine.connect().execution_options(**{_WRITES: True}) as connection, connection.begin():
            yield connection

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.StatementError as error:  # DBAPIError among them; the statement's own values may raise, too
            if isinstance(error.orig, StoreError):
                raise error.orig from None
            first = str(error.orig).strip().splitlines()[0] if error.orig is not None else str(error)
            raise StoreError(f"The store {self.name} refuses: {first}. {_cure(first)}") from error
        except sa.exc.SQLAlchemyError as error:
            raise StoreError(f"The store {self.name} cannot be used: {error}.") from error


def address(place: str | Path) -> sa.URL:
    """The database's URL: of the file in a state folder, or the one given, its driver filled in.

    Raises
    ------
    StoreError
        The text looks like a URL and is none, or of another database than SQLite and PostgreSQL.
    """
    if not _is_url(place):
        return sa.URL.create("sqlite", database=str(Path(place) / STORE_FILE))
    try:
        url = sa.make_url(str(place))
    except (sa.exc.ArgumentError, ValueError) as error:
        raise StoreError("The store's URL cannot be read. Write postgresql://user@host/database.") from error
    kind = url.get_backend_name()
    if kind == "postgres":
        kind = "postgresql"
    if kind not in {"postgresql", "sqlite"}:
        raise StoreError(f"A store is a folder, or a database of PostgreSQL or SQLite; this URL says {kind}.")
    if kind == "sqlite" and not url.database:
        raise StoreError("A store in memory is forgotten at once. Give a folder, or sqlite:///path/to/file.")
    return url.set(drivername="postgresql+psycopg" if kind == "postgresql" else "sqlite")


def make_private_folder(folder: Path) -> None:
    """Make a state folder that nobody else may enter; one that is there stays as it is.

    Raises
    ------
    StoreError
        It cannot be made, or a file stands in its place.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"The state folder {folder} cannot be made: {error.strerror}. Name another.") from error


def _is_url(place: str | Path) -> bool:
    return isinstance(place, str) and "://" in place


def _engine(url: sa.URL, name: str) -> sa.Engine:
    if url.get_backend_name() == "sqlite":
        file = Path(str(url.database))
        make_private_folder(file.parent)
        if not file.exists():
            _touch(file)
        engine = sa.create_engine(url, connect_args={"timeout": WAIT})
        sa.event.listen(engine, "connect", _set_up)
        sa.event.listen(engine, "begin", _begin)
        forget = weakref.WeakMethod(engine.dispose)
        os.register_at_fork(after_in_child=lambda: (there := forget()) is None or there(close=False))
        return engine
    try:
        return sa.create_engine(url, pool_pre_ping=True, pool_size=2, connect_args={"connect_timeout": 10})
    except ImportError as error:
        raise StoreError(
            f"The store {name} needs the PostgreSQL driver psycopg. Install it: pip install 'lotwright[postgres]'."
        ) from error


def _touch(file: Path) -> None:
    """Make the file before SQLite does, so that nobody else may read it."""
    try:
        os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(f"The store {file} cannot be made: {error.strerror}. Name another folder.") from error


def _set_up(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # transactions begin where we say so
    for pragma in (f"busy_timeout = {WAIT * 1000}", "synchronous = FULL", "foreign_keys = ON"):
        connection.execute(f"PRAGMA {pragma}").close()
    _log_ahead(connection)


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log: where several processes do so at once, SQLite refuses instead of waiting."""
    switch = "PRAGMA journal_mode = WAL"
    try:
        connection.execute(switch).close()
    except sqlite3.OperationalError:
        from tenacity import Retrying, retry_if_exception_message, stop_after_delay, wait_random  # noqa: PLC0415 - seldom

        again = Retrying(
            retry=retry_if_exception_message(match="database is locked"),
            wait=wait_random(0.01, 0.1),
            stop=stop_after_delay(WAIT),
            reraise=True,
        )
        again(connection.execute, switch).close()


def _begin(connection: sa.Connection) -> None:
    writes: Any = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _cure(message: str) -> str:
    if "locked" in message or "timeout" in message.lower():
        return "Another program holds it: wait for it to end, and try again."
    if "malformed" in message or "not a database" in message:
        return "The file is damaged: restore it from a backup."
    if "full" in message:
        return "Make room on the disk, and try again."
    if "FOREIGN KEY" in message or "foreign key" in message:
        return "Record the run, plan or order it belongs to first."
    return "Nothing was recorded."
