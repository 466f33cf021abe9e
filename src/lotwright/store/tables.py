"""The tables: facts that are only ever added, each under the natural key that makes it one fact.

What changes is not rewritten but follows from facts: a plan is approved when there is an approval, a lock is executed
when there are fills. Texts called ``json`` are canonical JSON.
"""

from __future__ import annotations

import sqlalchemy as sa

from lotwright.store.columns import Exact, Utc, Words

metadata = sa.MetaData()


def _key(name: str) -> sa.Column[str]:
    return sa.Column(name, Words, primary_key=True)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, Words, nullable=False)


def _time(name: str) -> sa.Column[object]:
    return sa.Column(name, Utc, nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, Exact, nullable=nullable)


def _plan(*, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column("plan", Words, sa.ForeignKey("plans.plan"), primary_key=primary_key, nullable=False)


runs = sa.Table(
    "runs",
    metadata,
    _key("run"),
    _time("started"),
    sa.Column("as_of", sa.Date, nullable=False),
    _text("book_hash"),
    _text("program"),
    _text("program_hash"),
    _text("version"),
    _text("folder"),
    _text("settings_json"),
)

run_ends = sa.Table(
    "run_ends",
    metadata,
    sa.Column("run", Words, sa.ForeignKey("runs.run"), primary_key=True),
    _time("finished"),
    _text("summary_json"),
)

plans = sa.Table(
    "plans",
    metadata,
    _key("plan"),
    _text("household"),
    sa.Column("as_of", sa.Date, nullable=False),
    _text("program"),
    _text("status"),
    sa.Column("reason", Words),
    _number("value"),
    sa.Column("trades", sa.Integer, nullable=False),
    sa.Column("first_run", Words),
    sa.Column("read", Utc),
    _time("recorded"),
    sa.Index("plans_by_household", "household", "as_of"),
)

documents = sa.Table(
    "documents", metadata, _plan(primary_key=True), sa.Column("zipped", sa.LargeBinary, nullable=False)
)

run_plans = sa.Table(
    "run_plans",
    metadata,
    sa.Column("run", Words, sa.ForeignKey("runs.run"), primary_key=True),
    _key("household"),
    _plan(),
    sa.Index("run_plans_by_plan", "plan"),
)

trades = sa.Table(
    "trades",
    metadata,
    _plan(primary_key=True),
    _key("account"),
    _key("symbol"),
    _key("side"),
    _number("quantity"),
    _number("price"),
    _number("value"),
    _text("lots_json"),
)

locks = sa.Table(
    "locks",
    metadata,
    _key("plan"),
    _key("account"),
    _key("symbol"),
    _key("bars"),
    _key("source"),
    _text("household"),
    sa.Column("day", sa.Date, nullable=False),
    _number("quantity"),
    _number("loss", nullable=True),
    _text("symbols_json"),
    _time("recorded"),
    sa.Index("locks_by_day", "day"),
    sa.Index("locks_by_household", "household", "day"),
)

approvals = sa.Table(
    "approvals",
    metadata,
    _plan(primary_key=True),
    sa.Column("at", Utc, primary_key=True),
    _key("by"),
    _time("expires"),
    sa.Column("mode", Words),
    _text("note"),
    sa.Column("signature", Words),
)

releases = sa.Table(
    "releases",
    metadata,
    _key("plan"),
    _key("account"),
    _key("symbol"),
    _text("by"),
    _time("at"),
    _text("why"),
)

orders = sa.Table(
    "orders",
    metadata,
    _key("order_id"),
    sa.Column("plan", Words, sa.ForeignKey("plans.plan")),
    _text("account"),
    _text("symbol"),
    _text("side"),
    _number("quantity"),
    sa.Column("attempt", sa.Integer, nullable=False),
    _text("kind"),
    _number("limit_price", nullable=True),
    sa.Column("block", Words),
    _text("broker"),
    _time("at"),
    sa.Index("orders_by_plan", "plan"),
)

order_states = sa.Table(
    "order_states",
    metadata,
    sa.Column("order_id", Words, sa.ForeignKey("orders.order_id"), primary_key=True),
    _key("state"),
    sa.Column("filled", Exact, primary_key=True),
    _text("note"),
    _time("at"),
)

fills = sa.Table(
    "fills",
    metadata,
    _key("fill"),
    sa.Column("order_id", Words, sa.ForeignKey("orders.order_id"), nullable=False),
    sa.Column("plan", Words, sa.ForeignKey("plans.plan")),
    _text("account"),
    _text("symbol"),
    _text("side"),
    _number("quantity"),
    _number("price"),
    _number("fee"),
    sa.Column("day", sa.Date, nullable=False),
    _time("at"),
    sa.Index("fills_by_plan", "plan"),
    sa.Index("fills_by_order", "order_id"),
)

checkpoints = sa.Table(
    "checkpoints",
    metadata,
    _key("chain"),
    sa.Column("count", sa.Integer, primary_key=True, autoincrement=False),
    _text("head"),
    _time("at"),
)

audit = sa.Table(
    "audit",
    metadata,
    _key("chain"),
    sa.Column("seq", sa.Integer, primary_key=True, autoincrement=False),
    _text("hash"),
    _text("line"),
)
