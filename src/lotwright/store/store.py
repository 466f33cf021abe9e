"""The store: facts go in once, whoever tells them and however often; what follows from them comes out."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import sqlalchemy as sa

from lotwright.book.holdings import Pending
from lotwright.canonical import canonical_json
from lotwright.errors import StoreError
from lotwright.store import tables
from lotwright.store.connection import Database
from lotwright.store.documents import Document, PlanRows, Recording, is_sale_at_a_loss, plan_rows, unzipped, zipped
from lotwright.store.facts import (
    ZERO,
    Approval,
    Bars,
    Checkpoint,
    Fill,
    LockRecord,
    Order,
    OrderState,
    PlanRecord,
    Release,
    Run,
    RunEnd,
    TradeRecord,
)
from lotwright.store.locks import LockQuery, as_pending, find_locks, refuse_clash
from lotwright.store.once import CHUNK, chunks, insert_once
from lotwright.store.schema import upgrade

Fact = TypeVar("Fact")
Found = TypeVar("Found")
FEWEST_LETTERS = 6
"""Letters of a hash that may stand for all of it."""


class Store:
    """Runs, plans, approvals, orders, fills and locks, in a state folder or on a PostgreSQL server.

    Every ``record_*`` is one transaction, durable when it returns. Telling the same fact again does nothing; telling
    another under the same key raises :class:`StoreError`. Several processes and machines may write at once.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    @classmethod
    def open(cls, place: str | Path) -> Store:
        """Open the store of a state folder, or at a URL; a new one is made, an older one brought up to date.

        Raises
        ------
        StoreError
            The place cannot be used, is a database of something else, or was written by a newer Lotwright.
        """
        database = Database(place)
        try:
            upgrade(database)
        except BaseException:
            database.close()
            raise
        return cls(database)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self.database.close()

    # Runs and plans

    def record_run(self, run: Run) -> None:
        """Remember that a run began, and with what."""
        with self.database.writing() as connection:
            insert_once(connection, tables.runs, [_row(run, settings="settings_json")])

    def finish_run(self, run: str, *, finished: datetime, summary: Mapping[str, Any]) -> None:
        """Remember how a run ended; that it ended again some time later with the same summary is no new fact."""
        end = RunEnd(run=run, finished=finished, summary=summary)
        with self.database.writing() as connection:
            insert_once(connection, tables.run_ends, [_row(end, summary="summary_json")], beside={"finished"})

    def runs(self) -> tuple[Run, ...]:
        """Every run, the latest first."""
        query = sa.select(tables.runs).order_by(tables.runs.c.started.desc(), tables.runs.c.run)
        return self._found(query, Run, settings="settings_json")

    def run_end(self, run: str) -> RunEnd | None:
        """How a run ended; None while it has not."""
        query = sa.select(tables.run_ends).where(tables.run_ends.c.run == run)
        return _first(self._found(query, RunEnd, summary="summary_json"))

    def record_plans(
        self,
        run: str | None,
        documents: Iterable[Document],
        *,
        at: datetime,
        read: datetime | None = None,
        keep_documents: bool = True,
    ) -> tuple[str, ...]:
        """Remember plans, their trades and what they lock; return their hashes in the order given.

        Parameters
        ----------
        run : str or None
            A recorded run, in which a household has one plan; None for a plan on its own.
        documents : iterable of mapping
            Plans as ``plan_to_json`` gives them, or as read from a file; failed ones too. Taken in parts, so that
            memory does not grow with their number; each part is a transaction.
        at : datetime
            Now.
        read : datetime, optional
            When the planner had read :meth:`pending`; not given: it had not.
        keep_documents : bool
            Keep the whole JSON as well, for :meth:`plan`.
        """
        recording = Recording(run=run, at=at, read=read)
        hashes: list[str] = []
        for chunk in chunks(documents, CHUNK):
            rows = [plan_rows(document, recording) for document in chunk]
            kept = [
                {"plan": row.plan["plan"], "zipped": zipped(document)}
                for row, document in zip(rows, chunk, strict=True)
                if keep_documents
            ]
            with self.database.writing() as connection:
                _insert_plans(connection, rows, kept, run)
            hashes += [row.plan["plan"] for row in rows]
        return tuple(hashes)

    def plan(self, plan: str) -> dict[str, Any] | None:
        """The JSON object of a plan, by its hash; None where the store does not keep it."""
        query = sa.select(tables.documents.c.zipped).where(tables.documents.c.plan == plan)
        with self.database.reading() as connection:
            found = connection.execute(query).scalar()
        return None if found is None else unzipped(found)

    def plan_record(self, plan: str) -> PlanRecord:
        """What is remembered of a plan, by its hash or the first letters of it.

        Raises
        ------
        StoreError
            The store has no such plan, or several whose hashes begin so.
        """
        column = tables.plans.c.plan
        is_whole = len(plan) < FEWEST_LETTERS or not plan.isalnum()
        query = sa.select(tables.plans).where(column == plan if is_whole else column.startswith(plan)).limit(2)
        found = self._found(query, PlanRecord)
        if len(found) != 1:
            what = "several plans whose hashes begin" if found else "no plan whose hash begins"
            raise StoreError(
                f"The store {self.database.name} has {what} with {plan}. Give the whole hash, or"
                f" {FEWEST_LETTERS} letters or more of it."
            )
        return found[0]

    def plans(self, run: str | None = None, *, household: str | None = None) -> tuple[PlanRecord, ...]:
        """What is remembered of plans: of a run, of a household, or of all; by household, then time."""
        query = sa.select(tables.plans)
        if run is not None:
            query = query.join(tables.run_plans, tables.run_plans.c.plan == tables.plans.c.plan).where(
                tables.run_plans.c.run == run
            )
        if household is not None:
            query = query.where(tables.plans.c.household == household)
        return self._found(
            query.order_by(tables.plans.c.household, tables.plans.c.recorded, tables.plans.c.plan), PlanRecord
        )

    def trades(self, plan: str) -> tuple[TradeRecord, ...]:
        """The trades of a plan, by account, symbol and side."""
        table = tables.trades
        query = sa.select(table).where(table.c.plan == plan).order_by(table.c.account, table.c.symbol, table.c.side)
        return self._found(query, TradeRecord, lots="lots_json")

    # Decisions

    def record_approval(self, approval: Approval) -> None:
        """Remember that a plan may be carried out.

        Raises
        ------
        StoreError
            Together with what other plans of the household lock since this one was made, it would make a wash sale; or
            the store does not know the plan.
        """
        with self.database.writing() as connection:
            known = sa.select(tables.plans.c.household).where(tables.plans.c.plan == approval.plan)
            household = connection.execute(known).scalar()
            if household is None:
                raise StoreError(f"The store has no plan {approval.plan[:12]}. Record the plan before its approval.")
            if not self.database.is_sqlite:  # one approval of a household at a time; SQLite has one writer anyway
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(household, 0))))
            refuse_clash(connection, approval.plan)
            insert_once(connection, tables.approvals, [asdict(approval)])

    def approvals(self, plan: str) -> tuple[Approval, ...]:
        """The approvals of a plan, the latest first."""
        query = sa.select(tables.approvals).where(tables.approvals.c.plan == plan)
        return self._found(query.order_by(tables.approvals.c.at.desc(), tables.approvals.c.by), Approval)

    def approval(self, plan: str) -> Approval | None:
        """The latest approval of a plan."""
        return _first(self.approvals(plan))

    def release(self, release: Release) -> None:
        """Remember that a plan will not be carried out (or what it locked is not so): it locks nothing any more."""
        with self.database.writing() as connection:
            insert_once(connection, tables.releases, [asdict(release)], beside={"at"})

    # Orders and fills

    def record_orders(self, orders: Iterable[Order]) -> int:
        """Remember orders, before or after they are sent; return how many were new."""
        with self.database.writing() as connection:
            return len(insert_once(connection, tables.orders, map(asdict, orders), beside={"at"}))

    def record_order_states(self, states: Iterable[OrderState]) -> int:
        """Remember states that orders were seen in; return how many were new."""
        with self.database.writing() as connection:
            return len(insert_once(connection, tables.order_states, map(asdict, states), beside={"at", "note"}))

    def record_fills(self, fills: Iterable[Fill]) -> int:
        """Remember fills, and what they lock as facts; return how many were new."""
        told = list(fills)
        with self.database.writing() as connection:
            new = insert_once(connection, tables.fills, map(asdict, told))
            locks = [row for fill in told if (row := _fill_lock(connection, fill)) is not None]
            insert_once(connection, tables.locks, locks, beside={"recorded"})
        return len(new)

    def orders(self, plan: str) -> tuple[Order, ...]:
        """The orders of a plan, by their id."""
        query = sa.select(tables.orders).where(tables.orders.c.plan == plan).order_by(tables.orders.c.order_id)
        return self._found(query, Order)

    def order_states(self, plan: str) -> tuple[OrderState, ...]:
        """The states the orders of a plan were seen in, by order and time."""
        states, orders = tables.order_states, tables.orders
        query = (
            sa.select(states)
            .join(orders, orders.c.order_id == states.c.order_id)
            .where(orders.c.plan == plan)
            .order_by(states.c.order_id, states.c.at, states.c.filled, states.c.state)
        )
        return self._found(query, OrderState)

    def fills(self, plan: str) -> tuple[Fill, ...]:
        """The fills of a plan, by time."""
        query = sa.select(tables.fills).where(tables.fills.c.plan == plan)
        return self._found(query.order_by(tables.fills.c.at, tables.fills.c.fill), Fill)

    # Locks

    def record_locks(self, locks: Iterable[LockRecord], *, at: datetime) -> int:
        """Remember locks that no plan of this store made, e.g. of trades done elsewhere; return how many were new."""
        rows = []
        for lock in locks:
            row = _row(lock, symbols="symbols_json")
            del row["state"]
            rows.append({**row, "bars": str(lock.bars), "recorded": at})
        with self.database.writing() as connection:
            return len(insert_once(connection, tables.locks, rows, beside={"recorded"}))

    def locks(self, as_of: date | None = None, *, household: str | None = None) -> tuple[LockRecord, ...]:
        """Locks and how far their trades have come, released ones too: running on a day, or all there ever were."""
        with self.database.reading() as connection:
            return find_locks(connection, LockQuery(as_of=as_of, household=household))

    def pending(
        self,
        as_of: date,
        *,
        household: str | None = None,
        except_run: str | None = None,
        before: datetime | None = None,
        approved_only: bool = False,
    ) -> dict[str, tuple[Pending, ...]]:
        """What the next plans must reckon with on a day, by household; give it to ``with_pending``.

        Parameters
        ----------
        as_of : date
            Day of the book: what lies more than 30 days from it is left out.
        household : str, optional
            Only this one.
        except_run : str, optional
            Leave out what this run recorded first: for a run that resumes.
        before : datetime, optional
            Leave out what was recorded at this time or later.
        approved_only : bool
            Leave out what is proposed and not approved.
        """
        query = LockQuery(as_of=as_of, household=household, except_run=except_run, before=before)
        with self.database.reading() as connection:
            return as_pending(find_locks(connection, query), approved_only=approved_only)

    # The audit chain's second copy

    def record_checkpoint(self, checkpoint: Checkpoint) -> None:
        """Remember the length and head of a chain."""
        with self.database.writing() as connection:
            insert_once(connection, tables.checkpoints, [asdict(checkpoint)], beside={"at"})

    def checkpoints(self, chain: str | None = None) -> tuple[Checkpoint, ...]:
        """The checkpoints of a chain, or of all, shortest first."""
        table = tables.checkpoints
        query = sa.select(table).order_by(table.c.chain, table.c.count)
        return self._found(query if chain is None else query.where(table.c.chain == chain), Checkpoint)

    def record_audit(self, chain: str, lines: Sequence[tuple[int, str, str]]) -> None:
        """Remember records of a chain: number, hash and the line itself."""
        rows = [{"chain": chain, "seq": seq, "hash": digest, "line": line} for seq, digest, line in lines]
        with self.database.writing() as connection:
            insert_once(connection, tables.audit, rows)

    def audit_lines(self, chain: str, *, after: int = 0) -> list[tuple[int, str, str]]:
        """Records of a chain from number ``after + 1`` on: number, hash, line."""
        table = tables.audit
        query = sa.select(table.c.seq, table.c.hash, table.c.line).where(table.c.chain == chain, table.c.seq > after)
        with self.database.reading() as connection:
            return [(seq, digest, line) for seq, digest, line in connection.execute(query.order_by(table.c.seq))]

    def audit_count(self, chain: str) -> int:
        """The highest number of a chain's records; 0 for none."""
        query = sa.select(sa.func.max(tables.audit.c.seq)).where(tables.audit.c.chain == chain)
        with self.database.reading() as connection:
            return connection.execute(query).scalar() or 0

    def _found(self, query: sa.Select[Any], kind: type[Found], **json_columns: str) -> tuple[Found, ...]:
        """The rows as values; ``json_columns`` maps a field to the column that holds it as JSON."""
        names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
        with self.database.reading() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(
            kind(
                **{
                    name: _thawed(json.loads(row[json_columns[name]])) if name in json_columns else row[name]
                    for name in names
                }
            )
            for row in rows
        )


def _row(fact: Any, **json_columns: str) -> dict[str, Any]:
    row: dict[str, Any] = {field.name: getattr(fact, field.name) for field in fields(fact)}
    for name, column in json_columns.items():
        row[column] = canonical_json(row.pop(name)).decode()
    return row


def _thawed(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _first(found: tuple[Fact, ...]) -> Fact | None:
    return found[0] if found else None


def _insert_plans(
    connection: sa.Connection, rows: Sequence[PlanRows], kept: Sequence[dict[str, Any]], run: str | None
) -> None:
    new = insert_once(connection, tables.plans, [row.plan for row in rows], beside={"first_run", "read", "recorded"})
    added = {row.plan["plan"]: row for row in rows if (row.plan["plan"],) in new}.values()
    # What a plan trades and locks follows from its hash and went in with it: only new plans bring new rows.
    insert_once(connection, tables.trades, [trade for row in added for trade in row.trades])
    insert_once(connection, tables.locks, [lock for row in added for lock in row.locks], beside={"recorded"})
    insert_once(connection, tables.documents, kept, beside={"zipped"})  # differs in how long planning took, no more
    if run is not None:
        insert_once(
            connection,
            tables.run_plans,
            [{"run": run, "household": row.plan["household"], "plan": row.plan["plan"]} for row in rows],
        )


def _fill_lock(connection: sa.Connection, fill: Fill) -> dict[str, Any] | None:
    """What a fill locks: a purchase always, a sale where a lot of the plan went below its basis; None for neither."""
    if fill.plan is None:
        return None
    plans, planned, locks = tables.plans.c, tables.trades.c, tables.locks.c
    household = connection.execute(sa.select(plans.household).where(plans.plan == fill.plan)).scalar()
    is_sale = fill.side == "sell"
    bars = str(Bars.BUY if is_sale else Bars.LOSS)
    place = (fill.plan, fill.account, fill.symbol)
    lots = json.loads(
        connection.execute(
            sa.select(planned.lots_json).where(
                sa.tuple_(planned.plan, planned.account, planned.symbol) == place, planned.side == fill.side
            )
        ).scalar()
        or "[]"
    )
    intended = connection.execute(
        sa.select(locks.symbols_json, locks.quantity, locks.loss).where(
            sa.tuple_(locks.plan, locks.account, locks.symbol) == place, locks.bars == bars, locks.source == "plan"
        )
    ).first()
    if is_sale and not is_sale_at_a_loss(lots, fill.price):
        return None
    return {
        "plan": fill.plan,
        "account": fill.account,
        "symbol": fill.symbol,
        "bars": bars,
        "source": fill.fill,
        "household": household,
        "day": fill.day,
        "quantity": fill.quantity,
        "loss": _loss(lots, fill) if is_sale else None,
        "symbols_json": canonical_json([fill.symbol]).decode() if intended is None else intended.symbols_json,
        "recorded": fill.at,
    }


def _loss(lots: Sequence[Mapping[str, str]], fill: Fill) -> Decimal:
    """The fill's part of the loss on the lots sold below their basis at its price."""
    whole = sum((Decimal(lot["quantity"]) for lot in lots), ZERO)
    below = [Decimal(lot["basis"]) - Decimal(lot["quantity"]) * fill.price for lot in lots]
    loss = sum((part for part in below if part > 0), ZERO)
    return (loss * fill.quantity / whole).quantize(Decimal("0.01")) if whole else loss
