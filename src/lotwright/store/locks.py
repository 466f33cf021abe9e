"""What plans of the store lock: how far each lock's trade has come, and what that leaves pending for the next plan.

Problem: what a plan sold at a loss, and what it bought, must keep the household's next plan from a wash sale though the
book does not show it yet; whoever made the plan, and wherever.
Observations: an intended trade may still happen until somebody says it will not; what was filled is known by day and
quantity; a plan made without reading the others' locks may clash with them.
Therefore: everything recorded counts until it is released or its window is over; fills take the place of what was
intended; an approval is refused where it clashes with what was approved since the plan had read the locks.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal

import sqlalchemy as sa

from lotwright.book.holdings import Pending
from lotwright.book.kinds import Side
from lotwright.errors import StoreError
from lotwright.store import tables
from lotwright.store.facts import ZERO, Bars, LockRecord, LockState, Release
from lotwright.tax.law import wash_days

SKEW = timedelta(minutes=5)
"""What two machines' clocks may differ by."""
_PROGRESS = list(LockState)


@dataclass(frozen=True, slots=True, kw_only=True)
class LockQuery:
    """Which locks: around a day, of a household, without those of a run, as they were recorded before a time."""

    as_of: date | None = None
    household: str | None = None
    except_run: str | None = None
    before: datetime | None = None


def find_locks(connection: sa.Connection, query: LockQuery) -> tuple[LockRecord, ...]:
    """The locks of the store with their state, sorted; fills in place of what they fulfilled."""
    wanted = _wanted(query)
    rows = connection.execute(sa.select(tables.locks).where(*wanted)).mappings().all()
    plans = sa.select(tables.locks.c.plan).where(*wanted)
    approved = set(
        connection.execute(sa.select(tables.approvals.c.plan).where(tables.approvals.c.plan.in_(plans))).scalars()
    )
    released = _releases(connection, plans)
    filled = _filled(connection, plans)
    facts = {(row["plan"], row["account"], row["symbol"], row["bars"]) for row in rows if row["source"] != "plan"}
    found = []
    for row in rows:
        key = (row["plan"], row["account"], row["symbol"], row["bars"])
        is_intent = row["source"] == "plan"
        if is_intent and (key in facts or filled.get(key, ZERO) >= row["quantity"]):
            continue
        state = LockState.APPROVED if row["plan"] in approved else LockState.PROPOSED
        state = LockState.RELEASED if _is_released(dict(row), released) else state if is_intent else LockState.EXECUTED
        found.append(
            LockRecord(
                plan=row["plan"],
                household=row["household"],
                account=row["account"],
                symbol=row["symbol"],
                bars=Bars(row["bars"]),
                day=row["day"],
                quantity=row["quantity"],
                loss=row["loss"],
                symbols=tuple(json.loads(row["symbols_json"])),
                source=row["source"],
                state=state,
            )
        )
    return tuple(sorted(found, key=_order))


def as_pending(locks: Iterable[LockRecord], *, approved_only: bool) -> dict[str, tuple[Pending, ...]]:
    """Locks that are not released as the trades the next plan reckons with, by household, sorted.

    Of several plans that intend the same trade on the same day, the one that has come furthest counts.
    """
    intents: dict[tuple[object, ...], LockRecord] = {}
    for lock in locks:
        if lock.state is LockState.RELEASED or (approved_only and lock.state is LockState.PROPOSED):
            continue
        key: tuple[object, ...] = (lock.household, lock.account, lock.symbol, lock.bars, lock.day)
        if lock.state is LockState.EXECUTED:
            key = (*key, lock.plan, lock.source)
        there = intents.get(key)
        if there is None or _weight(lock) > _weight(there):
            intents[key] = lock
    pending: dict[str, set[Pending]] = defaultdict(set)
    for lock in intents.values():
        pending[lock.household].add(_pending(lock))
    return {
        household: tuple(
            sorted(found, key=lambda t: (t.account, t.symbol, t.side, t.date, t.quantity, t.loss or ZERO, t.because))
        )
        for household, found in sorted(pending.items())
    }


def refuse_clash(connection: sa.Connection, plan: str) -> None:
    """Raise where a plan about to be approved would make a wash sale together with what others lock.

    Raises
    ------
    StoreError
        It buys what another approved plan sells at a loss, or sells at a loss what another one buys; and the planner had
        not read that when it planned.
    """
    own = connection.execute(sa.select(tables.plans).where(tables.plans.c.plan == plan)).mappings().one()
    locks = find_locks(connection, LockQuery(as_of=own["as_of"], household=own["household"]))
    mine = [lock for lock in locks if lock.plan == plan]
    unseen = _recorded_after(connection, own["read"], {lock.plan for lock in locks} - {plan})
    for other in locks:
        if other.plan not in unseen or other.state not in {LockState.APPROVED, LockState.EXECUTED}:
            continue
        for lock in mine:
            if lock.bars is not other.bars and set(lock.symbols) & set(other.symbols):
                buys, sells = (lock, other) if lock.bars is Bars.LOSS else (other, lock)
                raise StoreError(
                    f"The plan {plan[:12]} of {own['household']} clashes with {other.plan[:12]}, {other.state} before"
                    f" it: {sells.account} sells {sells.symbol} at a loss on {sells.day} and {buys.account} buys"
                    f" {buys.symbol} on {buys.day}, which would wash the loss. Plan the household again; or, if that"
                    f" plan will not be carried out, release it: lotwright store release {other.plan[:12]}."
                )


def explained(lock: LockRecord) -> str:
    """What stands behind a lock, in one sentence."""
    said = {LockState.PROPOSED: "proposed, not approved"}.get(lock.state, str(lock.state))
    verb = ("sold" if lock.state is LockState.EXECUTED else "sells") if lock.bars is Bars.BUY else "bought"
    if lock.bars is Bars.LOSS and lock.state is not LockState.EXECUTED:
        verb = "buys"
    how = " at a loss" if lock.bars is Bars.BUY else ""
    return f"Plan {lock.plan[:12]} ({said}) {verb} {lock.symbol} in {lock.account}{how} on {lock.day.isoformat()}."


def _wanted(query: LockQuery) -> list[sa.ColumnElement[bool]]:
    locks, plans = tables.locks.c, tables.plans.c
    wanted: list[sa.ColumnElement[bool]] = []
    if query.as_of is not None:
        days = timedelta(days=wash_days())
        wanted.append(locks.day.between(query.as_of - days, query.as_of + days))
    if query.household is not None:
        wanted.append(locks.household == query.household)
    if query.except_run is not None:
        wanted.append(locks.plan.not_in(sa.select(plans.plan).where(plans.first_run == query.except_run)))
    if query.before is not None:
        wanted.append(locks.recorded < query.before)
    return wanted


def _releases(connection: sa.Connection, plans: sa.Select[tuple[str]]) -> dict[str, list[Release]]:
    found: dict[str, list[Release]] = defaultdict(list)
    for row in connection.execute(sa.select(tables.releases).where(tables.releases.c.plan.in_(plans))).mappings():
        found[row["plan"]].append(Release(**row))
    return found


def _is_released(row: Mapping[str, str], released: Mapping[str, list[Release]]) -> bool:
    return any(
        release.account in {"", row["account"]} and release.symbol in {"", row["symbol"]}
        for release in released.get(row["plan"], ())
    )


def _filled(connection: sa.Connection, plans: sa.Select[tuple[str]]) -> dict[tuple[str, str, str, str], Decimal]:
    """Shares filled so far by plan, account, symbol and what that bars."""
    fills = tables.fills.c
    rows = connection.execute(
        sa.select(fills.plan, fills.account, fills.symbol, fills.side, fills.quantity).where(fills.plan.in_(plans))
    )
    found: dict[tuple[str, str, str, str], Decimal] = defaultdict(lambda: ZERO)
    for plan, account, symbol, side, quantity in rows:
        found[plan, account, symbol, Bars.BUY if side == Side.SELL else Bars.LOSS] += quantity
    return found


def _recorded_after(connection: sa.Connection, read: datetime | None, plans: Collection[str]) -> set[str]:
    """Plans, of those given, with a lock recorded or an approval given after the planner had read the store."""
    if read is None or not plans:
        return set(plans)
    locks = sa.select(tables.locks.c.plan).where(tables.locks.c.plan.in_(plans), tables.locks.c.recorded > read - SKEW)
    return set(connection.execute(locks).scalars())


def _weight(lock: LockRecord) -> tuple[int, Decimal, str]:
    return _PROGRESS.index(lock.state), lock.quantity, lock.plan


def _order(lock: LockRecord) -> tuple[object, ...]:
    return lock.household, lock.account, lock.symbol, lock.bars, lock.day, lock.plan, lock.source


def _pending(lock: LockRecord) -> Pending:
    return Pending(
        account=lock.account,
        symbol=lock.symbol,
        side=Side.SELL if lock.bars is Bars.BUY else Side.BUY,
        date=lock.day,
        quantity=lock.quantity,
        loss=lock.loss,
        because=explained(lock),
    )
