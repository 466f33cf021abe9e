"""Stores to test on: SQLite in a folder, and a real PostgreSQL server that is started once."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from lotwright.store import Store
from tests.postgres import NO_SERVER, postgres_server, server_binaries

_NUMBER = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """URL of a PostgreSQL server of our own, ``DATABASE`` in place of a name; skips where there are no binaries."""
    if server_binaries() is None:
        pytest.skip(NO_SERVER)
    with postgres_server() as url:
        yield url


@pytest.fixture
def new_database(server: str) -> Callable[[], str]:
    """Make an empty database and return its URL."""

    def make() -> str:
        name = f"store{next(_NUMBER)}"
        with psycopg.connect(server.replace("DATABASE", "postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return server.replace("DATABASE", name)

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store may be: a folder that is not there yet, an empty database."""
    if request.param == "sqlite":
        return str(tmp_path / "state")
    make: Callable[[], str] = request.getfixturevalue("new_database")
    return make()


@pytest.fixture
def store(place: str) -> Iterator[Store]:
    with Store.open(place) as opened:
        yield opened
