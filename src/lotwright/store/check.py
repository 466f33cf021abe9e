"""Is a store whole? The database's own checks, the schema, and facts that must agree with each other."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import sqlalchemy as sa

from lotwright.store import tables
from lotwright.store.connection import Database
from lotwright.store.schema import HEAD, differences, schema_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was checked."""

    name: str
    ok: bool
    text: str


def check(database: Database) -> tuple[Finding, ...]:
    """What was found, in a fixed order: the database, the schema, filled shares against ordered ones, counts."""
    findings = [_schema(database), _tables(database)]
    with database.reading() as connection:
        if database.is_sqlite:
            findings.insert(0, _file(connection))
        findings.append(_overfilled(connection))
        findings.append(_counts(connection))
    return tuple(findings)


def _file(connection: sa.Connection) -> Finding:
    said = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
    said = [] if said == ["ok"] else said
    said += [
        f"{row[0]} row {row[1]} refers to no {row[2]}" for row in connection.exec_driver_sql("PRAGMA foreign_key_check")
    ]
    return Finding(name="file", ok=not said, text="; ".join(said[:5]) or "the database is whole.")


def _schema(database: Database) -> Finding:
    found = schema_of(database)
    return Finding(name="schema", ok=found == HEAD, text=f"{found}; this Lotwright writes {HEAD}.")


def _tables(database: Database) -> Finding:
    found = differences(database)
    return Finding(name="tables", ok=not found, text="; ".join(found[:5]) or "every table is as it should be.")


def _overfilled(connection: sa.Connection) -> Finding:
    """Shares filled beyond what was ordered; added up here, where decimals are exact in both databases."""
    orders, fills = tables.orders.c, tables.fills.c
    filled: dict[str, Decimal] = {}
    for order, quantity in connection.execute(sa.select(fills.order_id, fills.quantity)):
        filled[order] = filled.get(order, Decimal(0)) + quantity
    rows = connection.execute(sa.select(orders.order_id, orders.quantity))
    over = sorted(order for order, ordered in rows if filled.get(order, Decimal(0)) > ordered)
    text = f"{len(filled)} orders filled, over their quantity: {', '.join(over) or 'none'}."
    return Finding(name="fills", ok=not over, text=text)


def _counts(connection: sa.Connection) -> Finding:
    counted = (
        f"{connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one():,} {table.name}"
        for table in (
            tables.runs,
            tables.plans,
            tables.approvals,
            tables.orders,
            tables.fills,
            tables.locks,
            tables.audit,
        )
    )
    return Finding(name="counts", ok=True, text=f"{', '.join(counted)}.")
