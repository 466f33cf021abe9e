"""What is told comes back exactly, once, on both databases; two facts under one key are an error."""

from __future__ import annotations

import sqlite3
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lotwright.canonical import plan_hash
from lotwright.errors import LotwrightError, StoreError
from lotwright.store import Store, tables
from lotwright.store.check import check
from lotwright.store.connection import Database, address
from lotwright.store.facts import Checkpoint, OrderState
from lotwright.store.schema import HEAD, differences, known_migrations, schema_of, upgrade
from tests.store.facts import AT, DAY, RUN, approval, document, fill, order

D = Decimal
ONCE = settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])


def test_a_run_and_its_plans_come_back(store: Store):
    store.record_run(RUN)
    documents = [
        document("H1"),
        document("H2", status="failed", failure={"reason": "input", "message": "", "evidence": {}}, trades=[]),
    ]
    hashes = store.record_plans("r1", documents, at=AT)
    assert hashes == tuple(map(plan_hash, documents))
    assert store.runs() == (RUN,)
    assert store.plan(hashes[0]) == documents[0]
    assert [(one.household, one.status, one.reason, one.value, one.trades) for one in store.plans("r1")] == [
        ("H1", "planned", None, D("12345.67"), 2),
        ("H2", "failed", "input", D("12345.67"), 0),
    ]
    assert store.plan_record(hashes[0][:8]).plan == hashes[0]
    buy, sell = store.trades(hashes[0])
    assert (buy.quantity, buy.price, buy.value) == (D("13.5"), D("74.07"), D("999.95"))
    assert sell.lots[0]["gain"] == "-200"


def test_telling_everything_twice_changes_nothing(store: Store):
    for _ in range(2):
        store.record_run(RUN)
        (plan,) = store.record_plans("r1", [document()], at=AT)
        store.record_plans(None, [document(timing={"total": 9.9})], at=AT + timedelta(hours=1))
        store.finish_run("r1", finished=AT, summary={"planned": 1})
        store.record_approval(approval(plan))
        store.record_orders([order(plan)])
        store.record_order_states([OrderState(order_id="o1", state="filled", filled=D(4), at=AT)])
        store.record_fills([fill(plan)])
        store.record_checkpoint(Checkpoint(chain="c", count=1, head="h", at=AT))
        store.record_audit("c", [(1, "h", "line")])
    with store.database.reading() as connection:
        for table in tables.metadata.sorted_tables:
            expected = {"locks": 3, "trades": 2, "releases": 0}.get(table.name, 1)
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == expected, table.name
    assert store.fills(plan) == (fill(plan),)
    assert store.orders(plan) == (order(plan),)
    assert store.approval(plan) == approval(plan)
    end = store.run_end("r1")
    assert end is not None
    assert end.summary == {"planned": 1}


@pytest.mark.parametrize(
    "wrong", [{"quantity": D(5)}, {"price": D("100.01250001")}, {"day": DAY}, {"at": AT + timedelta(microseconds=1)}]
)
def test_another_fact_under_the_same_key_is_an_error_and_records_nothing(store: Store, wrong: dict[str, object]):
    (plan,) = store.record_plans(None, [document()], at=AT)
    store.record_orders([order(plan)])
    store.record_fills([fill(plan)])
    with pytest.raises(StoreError, match=r"fills x1 is recorded with .* A fact is never rewritten"):
        store.record_fills([fill(plan, name="x0"), replace(fill(plan), **wrong)])
    assert store.fills(plan) == (fill(plan),)


def test_a_household_has_one_plan_in_a_run(store: Store):
    store.record_run(RUN)
    store.record_plans("r1", [document()], at=AT)
    with pytest.raises(StoreError, match="run_plans r1, H is recorded"):
        store.record_plans("r1", [document(value=1)], at=AT)


def test_a_fact_about_something_unknown_is_refused(store: Store):
    with pytest.raises(StoreError, match="Record the run, plan or order it belongs to first"):
        store.record_fills([fill(None)])
    with pytest.raises(StoreError, match="no plan 77777"):
        store.record_approval(approval("7" * 64))
    with pytest.raises(StoreError, match="no plan whose hash begins"):
        store.plan_record("777777")


@ONCE
@given(
    quantity=st.decimals(allow_nan=False, allow_infinity=False).filter(lambda d: abs(d.adjusted()) < 400),
    price=st.decimals(D("-1e15"), D("1e15"), places=12),
)
def test_decimals_come_back_as_they_were(store: Store, quantity: Decimal, price: Decimal):
    name = f"{quantity}/{price}"
    store.record_orders([order(None, order_id=name, quantity=quantity, limit_price=price)])
    text = format(quantity, "f")
    same = D(text + ("0" if "." in text else ".0")) if quantity else D("-0E+5")
    assert store.record_orders([order(None, order_id=name, quantity=same, limit_price=price)]) == 0
    with store.database.reading() as connection:
        row = connection.execute(sa.select(tables.orders).where(tables.orders.c.order_id == name)).mappings().one()
    assert (row["quantity"], row["limit_price"]) == (quantity, price)
    assert isinstance(row["quantity"], Decimal)


def test_no_decimal_is_kept_as_a_float(tmp_path: Path):
    """What SQLite itself says of its columns: text, and a number of 30 digits is there in full."""
    with Store.open(tmp_path) as store:
        store.record_orders([order(None, quantity=D("123456789012345678.123456789012"))])
    with sqlite3.connect(tmp_path / "store.sqlite") as connection:
        found = connection.execute("SELECT typeof(quantity), quantity, typeof(limit_price) FROM orders").fetchone()
    connection.close()
    assert found == ("text", "123456789012345678.123456789012", "text")


@pytest.mark.parametrize("wrong", [1.5, D("NaN"), D("Infinity"), "3", True, D("1e2000")])
def test_what_is_no_exact_number_is_refused(store: Store, wrong: object):
    with pytest.raises(StoreError):
        store.record_orders([order(None, quantity=wrong)])


def test_times_are_utc_and_need_a_zone(store: Store):
    eastern = AT.astimezone(timezone(timedelta(hours=-5)))
    (plan,) = store.record_plans(None, [document()], at=eastern)
    assert store.plan_record(plan).recorded == AT
    assert store.plan_record(plan).recorded.tzinfo is UTC
    with pytest.raises(LotwrightError, match="no time zone"):
        store.record_plans(None, [document("Z")], at=datetime(2026, 1, 1))  # noqa: DTZ001  what is refused


@pytest.mark.parametrize("text", ["a\0b", "half \ud800"])
def test_text_that_one_database_could_not_keep_is_refused_by_both(store: Store, text: str):
    with pytest.raises(StoreError, match="Give plain Unicode"):
        store.record_orders([order(None, account=text)])


@pytest.mark.parametrize("text", ["'; DROP TABLE runs; --", "%(x)s :name ?", "Zoë 日本 🂡", ""])
def test_any_other_text_is_only_text(store: Store, text: str):
    store.record_orders([order(None, order_id=text, account=text)])
    with store.database.reading() as connection:
        assert connection.execute(sa.select(tables.orders.c.account)).scalars().all() == [text]


@pytest.mark.parametrize("broken", [{}, {"as_of": "soon"}, {"trades": [{"side": "buy"}]}, {"value": "many"}])
def test_what_is_no_plan_is_refused(store: Store, broken: dict[str, object]):
    with pytest.raises(StoreError, match="cannot be recorded"):
        store.record_plans(None, [{**document(), **broken} if broken else {}], at=AT)
    assert store.plans() == ()


# Schema and places


def test_a_new_store_has_every_table_and_no_more(store: Store):
    assert differences(store.database) == []
    assert schema_of(store.database) == HEAD == known_migrations()[-1]
    assert upgrade(store.database) is False
    assert all(finding.ok for finding in check(store.database))


def test_a_newer_store_is_refused_and_left_alone(place: str):
    with Store.open(place) as store, store.database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"schema 9999; .* knows them up to .* update this one"):
        Store.open(place)
    database = Database(place)
    assert schema_of(database) == "9999"
    database.close()


def test_a_database_of_something_else_is_refused(place: str):
    database = Database(place)
    with database.writing() as connection:
        connection.execute(sa.text("CREATE TABLE orders (id INTEGER)"))
    database.close()
    with pytest.raises(StoreError, match="has tables orders that no store"):
        Store.open(place)


def test_check_finds_what_does_not_agree(store: Store):
    (plan,) = store.record_plans(None, [document()], at=AT)
    store.record_orders([order(plan, quantity=D(5))])
    store.record_fills([fill(plan), fill(plan, name="x2", quantity=D("1.5"))])
    with store.database.writing() as connection:
        connection.execute(sa.text("ALTER TABLE orders ADD COLUMN mine INTEGER"))
    assert {finding.name for finding in check(store.database) if not finding.ok} == {"fills", "tables"}


def test_nobody_else_may_read_a_state_folder(tmp_path: Path):
    with Store.open(tmp_path / "state") as store:
        store.record_run(RUN)
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "state").iterdir()}
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert set(modes.values()) == {0o600}


def test_sqlite_syncs_at_every_commit(tmp_path: Path):
    with Store.open(tmp_path) as store, store.database.reading() as connection:
        said = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert said == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://x/y", "this URL says mysql"),
        ("sqlite://", "forgotten at once"),
        ("postgresql://user:secret@127.0.0.1:1/none", "refuses"),
        ("postgresql://user:secret@host:port/none", "cannot be read"),
    ],
)
def test_a_place_that_cannot_be_a_store_is_refused_without_its_password(url: str, said: str):
    with pytest.raises(StoreError, match=said) as refused:
        Store.open(url)
    assert "secret" not in str(refused.value)


def test_urls_name_their_driver():
    assert address("postgres://u@h/d").drivername == "postgresql+psycopg"
    assert address("postgresql://u@h/d").drivername == "postgresql+psycopg"
    assert address("sqlite:////tmp/x.sqlite").database == "/tmp/x.sqlite"


def test_a_damaged_file_is_named(tmp_path: Path):
    (tmp_path / "store.sqlite").write_bytes(b"no database" * 1000)
    with pytest.raises(StoreError, match="restore it from a backup"):
        Store.open(tmp_path)
