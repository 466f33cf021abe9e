"""The first tables: runs, plans, trades, locks, approvals, releases, orders, fills, checkpoints, audit.

Written out on its own: what a store was made with must not change when :mod:`lotwright.store.tables` does.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table and index."""
    _make_plans()
    _make_decisions()
    _make_executions()
    _make_audit()


def downgrade() -> None:
    """Refuse: going back would forget facts."""
    raise NotImplementedError("A store is never downgraded: restore a backup instead.")


def _exact(name: str, *, nullable: bool = False, primary_key: bool = False) -> sa.Column[object]:
    kind = sa.Text().with_variant(postgresql.NUMERIC(), "postgresql")
    return sa.Column(name, kind, nullable=nullable, primary_key=primary_key)


def _time(name: str, *, nullable: bool = False, primary_key: bool = False) -> sa.Column[object]:
    kind = sa.Text().with_variant(postgresql.TIMESTAMP(timezone=True), "postgresql")
    return sa.Column(name, kind, nullable=nullable, primary_key=primary_key)


def _day(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Date(), nullable=False)


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _keys(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), primary_key=True) for name in names]


def _maybe(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=True)


def _refers(name: str, column: str, *, nullable: bool = False, primary_key: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), sa.ForeignKey(column), nullable=nullable, primary_key=primary_key)


def _whole(name: str, *, primary_key: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, primary_key=primary_key, autoincrement=False)


def _make_plans() -> None:
    op.create_table(
        "runs",
        *_keys("run"),
        _time("started"),
        _day("as_of"),
        *_texts("book_hash", "program", "program_hash", "version", "folder", "settings_json"),
    )
    op.create_table(
        "run_ends", _refers("run", "runs.run", primary_key=True), _time("finished"), *_texts("summary_json")
    )
    op.create_table(
        "plans",
        *_keys("plan"),
        *_texts("household"),
        _day("as_of"),
        *_texts("program", "status"),
        _maybe("reason"),
        _exact("value"),
        _whole("trades"),
        _maybe("first_run"),
        _time("read", nullable=True),
        _time("recorded"),
    )
    op.create_index("plans_by_household", "plans", ["household", "as_of"])
    op.create_table(
        "documents",
        _refers("plan", "plans.plan", primary_key=True),
        sa.Column("zipped", sa.LargeBinary(), nullable=False),
    )
    op.create_table(
        "run_plans",
        _refers("run", "runs.run", primary_key=True),
        *_keys("household"),
        _refers("plan", "plans.plan"),
    )
    op.create_index("run_plans_by_plan", "run_plans", ["plan"])
    op.create_table(
        "trades",
        _refers("plan", "plans.plan", primary_key=True),
        *_keys("account", "symbol", "side"),
        _exact("quantity"),
        _exact("price"),
        _exact("value"),
        *_texts("lots_json"),
    )


def _make_decisions() -> None:
    op.create_table(
        "locks",
        *_keys("plan", "account", "symbol", "bars", "source"),
        *_texts("household"),
        _day("day"),
        _exact("quantity"),
        _exact("loss", nullable=True),
        *_texts("symbols_json"),
        _time("recorded"),
    )
    op.create_index("locks_by_day", "locks", ["day"])
    op.create_index("locks_by_household", "locks", ["household", "day"])
    op.create_table(
        "approvals",
        _refers("plan", "plans.plan", primary_key=True),
        _time("at", primary_key=True),
        *_keys("by"),
        _time("expires"),
        _maybe("mode"),
        *_texts("note"),
        _maybe("signature"),
    )
    op.create_table("releases", *_keys("plan", "account", "symbol"), *_texts("by"), _time("at"), *_texts("why"))


def _make_executions() -> None:
    op.create_table(
        "orders",
        *_keys("order_id"),
        _refers("plan", "plans.plan", nullable=True),
        *_texts("account", "symbol", "side"),
        _exact("quantity"),
        _whole("attempt"),
        *_texts("kind"),
        _exact("limit_price", nullable=True),
        _maybe("block"),
        *_texts("broker"),
        _time("at"),
    )
    op.create_index("orders_by_plan", "orders", ["plan"])
    op.create_table(
        "order_states",
        _refers("order_id", "orders.order_id", primary_key=True),
        *_keys("state"),
        _exact("filled", primary_key=True),
        *_texts("note"),
        _time("at"),
    )
    op.create_table(
        "fills",
        *_keys("fill"),
        _refers("order_id", "orders.order_id"),
        _refers("plan", "plans.plan", nullable=True),
        *_texts("account", "symbol", "side"),
        _exact("quantity"),
        _exact("price"),
        _exact("fee"),
        _day("day"),
        _time("at"),
    )
    op.create_index("fills_by_plan", "fills", ["plan"])
    op.create_index("fills_by_order", "fills", ["order_id"])


def _make_audit() -> None:
    op.create_table("checkpoints", *_keys("chain"), _whole("count", primary_key=True), *_texts("head"), _time("at"))
    op.create_table("audit", *_keys("chain"), _whole("seq", primary_key=True), *_texts("hash", "line"))
