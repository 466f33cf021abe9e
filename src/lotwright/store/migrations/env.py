"""Alembic runs this for every command: the steps run in the transaction that the store has opened."""

from __future__ import annotations

from alembic import context

from lotwright.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
