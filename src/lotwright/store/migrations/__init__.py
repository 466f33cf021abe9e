"""The steps by which a store came to its schema, run by alembic."""
