"""The schema of a store: made, upgraded, checked; a newer one is refused.

The migrations ship with the package (``store/migrations``), and the store itself says which it has seen.
"""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from lotwright.errors import StoreError
from lotwright.store.connection import Database
from lotwright.store.tables import metadata
from lotwright.version import __version__

HEAD = "0001"
"""The newest migration; a test holds it against the scripts."""
MIGRATIONS = Path(__file__).parent / "migrations"
_LOCK = 0x6C6F7477  # "lotw": one upgrade at a time on a server


def schema_of(database: Database) -> str | None:
    """The migration a store stands at; None for one without tables.

    Raises
    ------
    StoreError
        It is a database of something else.
    """
    with database.reading() as connection:
        return _current(connection, database)


def upgrade(database: Database) -> bool:
    """Bring a store up to :data:`HEAD`; True when there was something to do.

    Raises
    ------
    StoreError
        The store was written by a newer Lotwright, or is a database of something else.
    """
    current = schema_of(database)
    if current == HEAD:
        return False
    _refuse_newer(current, database)
    with database.writing() as connection:
        if not database.is_sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        current = _current(connection, database)
        if current == HEAD:
            return False  # another process was quicker
        _refuse_newer(current, database)
        _run_migrations(connection)
    return True


def differences(database: Database) -> list[str]:
    """What is in the database and not in :mod:`~lotwright.store.tables`, or the other way round; empty when they agree."""
    from alembic.autogenerate import compare_metadata  # noqa: PLC0415  half a second that only a check needs
    from alembic.migration import MigrationContext  # noqa: PLC0415

    with database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return [str(difference) for difference in compare_metadata(context, metadata)]


def known_migrations() -> list[str]:
    """The migrations that came with this copy of Lotwright, oldest first."""
    return sorted(file.name.split("_")[0] for file in (MIGRATIONS / "versions").glob("[0-9]*.py"))


def _current(connection: sa.Connection, database: Database) -> str | None:
    names = set(sa.inspect(connection).get_table_names())
    if "alembic_version" not in names:
        taken = sorted(names & set(metadata.tables))
        if taken:
            raise StoreError(
                f"{database.name} has tables {', '.join(taken)} that no store of Lotwright made. Give it a folder or a"
                " database of its own."
            )
        return None
    found = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalars().all()
    return found[0] if len(found) == 1 else None


def _refuse_newer(current: str | None, database: Database) -> None:
    if current is not None and current not in known_migrations():
        raise StoreError(
            f"The store {database.name} has schema {current}; Lotwright {__version__} knows them up to {HEAD}. A newer"
            " Lotwright wrote it: update this one. Nothing was changed."
        )


def _run_migrations(connection: sa.Connection) -> None:
    from alembic import command  # noqa: PLC0415  a fifth of a second that only a new store needs
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
