"""What a plan locks is there for the next, however far it has come, until it is released or its window is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from lotwright.book.kinds import Side
from lotwright.errors import StoreError
from lotwright.store import Store
from lotwright.store.facts import Bars, LockRecord, LockState, Release
from tests.store.facts import AT, DAY, RUN, approval, document, fill, order, trade

D = Decimal


def told(store: Store, day: date = DAY, **query: object) -> dict[str, list[tuple[object, ...]]]:
    """Pending trades by household: symbol, side, day, quantity."""
    found = store.pending(day, **query)  # type: ignore[arg-type]
    return {name: [(t.symbol, str(t.side), t.date, t.quantity) for t in trades] for name, trades in found.items()}


def states(store: Store) -> list[tuple[str, str]]:
    return [(lock.symbol, str(lock.state)) for lock in store.locks()]


def test_a_sale_at_a_loss_bars_buying_and_a_purchase_bars_losses(store: Store):
    store.record_plans(None, [document()], at=AT)
    assert [(lock.symbol, lock.bars, lock.loss, lock.symbols) for lock in store.locks()] == [
        ("BND", Bars.LOSS, None, ("BND",)),
        ("VTI", Bars.BUY, D(200), ("ITOT", "VTI")),
    ]
    assert told(store) == {"H": [("BND", "buy", DAY, D("13.5")), ("VTI", "sell", DAY, 10)]}


def test_a_sale_at_a_gain_or_in_an_account_without_tax_locks_nothing(store: Store):
    gain = document(trades=[trade("sell", "VTI", gain=50)], wash_sales={"locks": [], "kept": []})
    ira = document("I", trades=[trade("sell", "VTI", gain=-50)], wash_sales={"locks": [], "kept": []})
    store.record_plans(None, [gain, ira], at=AT)
    assert store.locks() == ()


@pytest.mark.parametrize(("days", "runs"), [(0, True), (30, True), (31, False), (-30, True), (-31, False)])
def test_a_lock_runs_for_thirty_days_either_way(store: Store, days: int, runs: bool):
    store.record_plans(None, [document()], at=AT)
    assert bool(told(store, DAY + timedelta(days=days))) is runs
    assert bool(store.locks(DAY + timedelta(days=days))) is runs


def test_fills_take_the_place_of_what_was_intended(store: Store):
    (plan,) = store.record_plans(None, [document()], at=AT)
    assert states(store) == [("BND", "proposed"), ("VTI", "proposed")]
    store.record_approval(approval(plan))
    assert states(store) == [("BND", "approved"), ("VTI", "approved")]
    store.record_orders([order(plan)])
    store.record_fills([fill(plan), fill(plan, name="x2", quantity=D(6), day=date(2026, 11, 24))])
    assert states(store) == [("BND", "approved"), ("VTI", "executed"), ("VTI", "executed")]
    assert told(store)["H"][1:] == [("VTI", "sell", date(2026, 11, 23), 4), ("VTI", "sell", date(2026, 11, 24), 6)]
    (because,) = {t.because for t in store.pending(DAY)["H"] if t.date == date(2026, 11, 24)}
    assert because == f"Plan {plan[:12]} (executed) sold VTI in A at a loss on 2026-11-24."


def test_a_sale_that_turned_out_a_gain_locks_nothing_once_it_is_filled(store: Store):
    """The lot's basis is 120 a share: at 130 there is no loss."""
    (plan,) = store.record_plans(None, [document(trades=[trade("sell", "VTI", gain=-200)])], at=AT)
    store.record_orders([order(plan)])
    store.record_fills([fill(plan, price=D(130))])
    assert states(store) == [("VTI", "proposed")]  # six shares may still be sold
    store.record_fills([fill(plan, name="x2", price=D(130), quantity=D(6))])
    assert states(store) == []


def test_a_sale_meant_as_a_gain_locks_when_it_was_filled_at_a_loss(store: Store):
    gain = document(trades=[trade("sell", "VTI", gain=50)], wash_sales={"locks": [], "kept": []})
    (plan,) = store.record_plans(None, [gain], at=AT)
    store.record_orders([order(plan)])
    store.record_fills([fill(plan, price=D(90))])  # basis 95 a share: 5 dollars of loss on each of 4 shares
    (lock,) = store.locks()
    assert (lock.bars, lock.loss, lock.state) == (Bars.BUY, D(20), LockState.EXECUTED)


def test_a_released_plan_locks_nothing(store: Store):
    (plan,) = store.record_plans(None, [document()], at=AT)
    store.release(Release(plan=plan, by="Ann", at=AT, why="rejected", symbol="VTI"))
    assert told(store) == {"H": [("BND", "buy", DAY, D("13.5"))]}
    store.release(Release(plan=plan, by="Ann", at=AT, why="rejected"))
    assert told(store) == {}
    assert states(store) == [("BND", "released"), ("VTI", "released")]
    with pytest.raises(StoreError, match="never rewritten"):
        store.release(Release(plan=plan, by="Bob", at=AT, why="no"))


def test_a_run_does_not_see_its_own_locks_but_those_of_earlier_ones(store: Store):
    store.record_run(RUN)
    store.record_run(replace(RUN, run="r2"))
    store.record_plans("r1", [document("H1")], at=AT)
    store.record_plans("r2", [document("H1"), document("H2")], at=AT + timedelta(hours=1))
    assert set(told(store)) == {"H1", "H2"}
    assert set(told(store, except_run="r2")) == {"H1"}
    assert set(told(store, except_run="r1")) == {"H2"}
    assert set(told(store, before=AT + timedelta(minutes=1))) == {"H1"}
    assert set(told(store, household="H2")) == {"H2"}
    assert told(store, approved_only=True) == {}


def test_the_same_intention_of_two_plans_counts_once_two_facts_twice(store: Store):
    first, second = store.record_plans(None, [document(), document(value=1)], at=AT)
    assert len(told(store)["H"]) == 2
    for number, plan in enumerate((first, second)):
        store.record_orders([order(plan, order_id=f"o{number}")])
        store.record_fills([fill(plan, name=f"x{number}", order_id=f"o{number}")])
    assert len(told(store)["H"]) == 3


def test_locks_of_trades_done_elsewhere_can_be_told(store: Store):
    lock = LockRecord(
        plan="by hand 1",
        household="H",
        account="OUTSIDE",
        symbol="VTI",
        bars=Bars.BUY,
        day=DAY,
        quantity=D(3),
        source="letter",
    )
    assert store.record_locks([lock, lock], at=AT) == 1
    assert store.locks() == (replace(lock, state=LockState.EXECUTED),)
    assert store.pending(DAY)["H"][0].side is Side.SELL


# Approval


def clash(first: dict[str, object], second: dict[str, object], *, store: Store, read: object = None) -> None:
    one, two = document(value=1, **first), document(value=2, **second)
    (plan,) = store.record_plans(None, [one], at=AT)
    store.record_approval(approval(plan))
    (other,) = store.record_plans(None, [two], at=AT, read=read)  # type: ignore[arg-type]
    store.record_approval(approval(other))


@pytest.mark.parametrize("symbol", ["VTI", "ITOT"])
@pytest.mark.parametrize("order_of", [(0, 1), (1, 0)])
def test_two_plans_that_make_a_wash_sale_together_are_not_both_approved(
    store: Store, symbol: str, order_of: tuple[int, int]
):
    buys = {"trades": [trade("buy", symbol, account="B")], "wash_sales": {"locks": [], "kept": []}}
    sells = {"trades": [trade("sell", "VTI", gain=-50)]}
    pair = [sells, buys]
    with pytest.raises(StoreError, match=f"clashes with .*A sells VTI at a loss .* B buys {symbol} .*store release"):
        clash(pair[order_of[0]], pair[order_of[1]], store=store)


def test_plans_that_do_not_clash_are_both_approved(store: Store):
    clash({"trades": [trade("buy", "BND")]}, {"trades": [trade("sell", "VTI", gain=-50)]}, store=store)


def test_what_the_planner_had_read_is_the_planners_to_judge(store: Store):
    """A lot that another plan bought and the book shows may be sold at a loss: nothing else replaces it."""
    buys = {"trades": [trade("buy", "VTI")], "wash_sales": {"locks": [], "kept": []}}
    clash(buys, {"trades": [trade("sell", "VTI", gain=-50)]}, store=store, read=AT + timedelta(days=2))
