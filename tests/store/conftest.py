"""Stores to test on: SQLite in a folder, and a real PostgreSQL server that is started once."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from lotwright.store import Store
from lotwright.store.connection import STORE_FILE, make_private_folder
from tests.postgres import NO_SERVER, postgres_server, server_binaries

_NUMBER = itertools.count(1)


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """URL of a PostgreSQL server of our own, ``DATABASE`` in place of a name; skips where there are no binaries."""
    if server_binaries() is None:
        pytest.skip(NO_SERVER)
    with postgres_server() as url:
        yield url


@pytest.fixture(scope="session")
def make_database(server: str) -> Callable[[str], str]:
    """Make a database like another one and return its URL."""

    def make(template: str) -> str:
        name = f"store{next(_NUMBER)}"
        with psycopg.connect(server.replace("DATABASE", "template1"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
        return server.replace("DATABASE", name)

    return make


@pytest.fixture(scope="session")
def upgraded_database(make_database: Callable[[str], str]) -> str:
    """The name of a database with a store in it, to make others from."""
    url = make_database("template0")
    Store.open(url).close()
    return url.split("/")[3].split("?")[0]


@pytest.fixture(scope="session")
def upgraded_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of a store in a folder, to copy."""
    folder = tmp_path_factory.mktemp("upgraded")
    Store.open(folder).close()
    return folder / STORE_FILE


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a store may be: a folder that is not there yet, an empty database."""
    if request.param == "sqlite":
        return str(tmp_path / "state")
    make: Callable[[str], str] = request.getfixturevalue("make_database")
    return make("template0")


@pytest.fixture(params=["sqlite", "postgresql"])
def store_place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where an empty store is."""
    if request.param == "sqlite":
        make_private_folder(tmp_path / "state")
        shutil.copy(request.getfixturevalue("upgraded_file"), tmp_path / "state" / STORE_FILE)
        return str(tmp_path / "state")
    make: Callable[[str], str] = request.getfixturevalue("make_database")
    return make(request.getfixturevalue("upgraded_database"))


@pytest.fixture
def store(store_place: str) -> Iterator[Store]:
    with Store.open(store_place) as opened:
        yield opened
