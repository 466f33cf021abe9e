"""Where a command finds the store: the options ``--state`` and ``--store``, the same for every command."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lotwright.errors import StoreError

if TYPE_CHECKING:
    from lotwright.store import Store

StateFolder = Annotated[
    Path | None,
    typer.Option(
        "--state",
        envvar="LOTWRIGHT_STATE",
        help="State folder: what is remembered, as SQLite, and the audit chain.",
        metavar="DIR",
    ),
]
StoreUrl = Annotated[
    str | None,
    typer.Option(
        "--store",
        envvar="LOTWRIGHT_STORE",
        help="URL of a PostgreSQL database that remembers instead of the folder's SQLite file.",
        metavar="URL",
    ),
]


def open_store(state: Path | None, url: str | None, *, must_be_there: bool = False) -> Store:
    """Open the store that a command was given; the URL wins over the folder.

    Raises
    ------
    StoreError
        Neither was given, or it cannot be opened; or the folder has no store and one ``must_be_there``.
    """
    from lotwright.store import Store
    from lotwright.store.connection import STORE_FILE

    if url is None and state is None:
        raise StoreError("Which store? Give --state DIR, or --store URL.")
    if url is None and state is not None and must_be_there and not (state / STORE_FILE).exists():
        raise StoreError(f"There is no store in {state}. Check the folder; a run with --state {state} makes one.")
    return Store.open(url if url is not None else str(state))


def now() -> datetime:
    """The time, in UTC: read here, at the edge, and handed on."""
    return datetime.now(UTC)
