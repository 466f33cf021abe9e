"""Floats in, exact decimals out: orders are multiples of their step, lots sum to their order, whatever the dust."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwright.book.holdings import Lot
from lotwright.book.kinds import AccountKind, Character, Relief, Side
from lotwright.book.relief import relief_order
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.terms import Terms
from lotwright.plan.trade_list import trade_list

from .factory import account, lot, make_snapshot, money, trades

STEP = Decimal("0.0001")


def one(snapshot: Snapshot, chosen: Trades, terms: Terms | None = None):
    (found,) = trade_list(chosen, snapshot, terms=terms)
    return found


def test_a_buy_is_whole_shares_at_the_books_price() -> None:
    snapshot = make_snapshot([account(cash=5000)], prices={"AAA": "33.335"})
    found = one(snapshot, trades(snapshot, buy={"AAA": 12.000000001}))
    assert (found.side, found.quantity, found.price, found.lots) == (Side.BUY, 12, Decimal("33.335"), ())
    assert found.value == Decimal("400.02")  # 12 x 33.335


@pytest.mark.parametrize("shares", [2.9999999999, 3.0000000001])
def test_an_integer_that_floats_missed_is_that_integer(shares: float) -> None:
    """``int(2.9999999999)`` is 2: a share lost."""
    snapshot = make_snapshot([account(lots=[lot("AAA", 10, cost=80)])], prices={"AAA": 100})
    found = one(snapshot, trades(snapshot, sell={"AAA-1000-80": shares}))
    assert found.quantity == found.lots[0].quantity == 3


def test_proceeds_basis_and_gain_are_rounded_half_up_slice_by_slice() -> None:
    """3 of 7 shares at 10.005: 30.015 -> 30.02 received; basis 100 x 3/7 = 42.857... -> 42.86; loss 12.84."""
    odd = lot("AAA", 7, cost=0, name="odd")
    odd = Lot(**{name: getattr(odd, name) for name in Lot.__dataclass_fields__} | {"basis": Decimal(100)})
    snapshot = make_snapshot([account(lots=[odd])], prices={"AAA": "10.005"})
    (sale,) = one(snapshot, trades(snapshot, sell={"odd": 3})).lots
    assert (sale.proceeds, sale.basis, sale.gain) == (Decimal("30.02"), Decimal("42.86"), Decimal("-12.84"))


@pytest.mark.parametrize(("days", "character"), [(366, Character.SHORT), (367, Character.LONG)])
def test_character_follows_the_holding_period(days: int, character: Character) -> None:
    """30 November 2020 less 366 days is 30 November 2019: held exactly a year, which is short-term."""
    snapshot = make_snapshot([account(lots=[lot("AAA", 5, cost=80, days=days, name="x")])], prices={"AAA": 100})
    assert one(snapshot, trades(snapshot, sell={"x": 5})).lots[0].character is character


def test_a_whole_position_leaves_with_its_odd_remainder() -> None:
    snapshot = make_snapshot(
        [account(lots=[lot("AAA", "10.3871", cost=80, name="a"), lot("AAA", "0.333333333", cost=80, name="b")])],
        prices={"AAA": 100},
    )
    found = one(snapshot, trades(snapshot, sell={"a": 10.3871, "b": 0.333333333}))
    assert found.quantity == Decimal("10.720433333")
    assert {sale.lot: sale.quantity for sale in found.lots} == {"a": Decimal("10.3871"), "b": Decimal("0.333333333")}


def test_a_lot_taken_whole_stays_whole_when_another_is_nearly_so() -> None:
    """A recent purchase must leave wholly for a loss beside it to stand: what rounding costs is another lot's."""
    snapshot = make_snapshot(
        [
            account(
                fractional=True,
                lots=[lot("T", "41.731408", cost=30, name="old"), lot("T", "31.449975", cost=30, days=13, name="new")],
            )
        ],
        prices={"T": "28.75"},
    )
    found = one(snapshot, trades(snapshot, sell={"old": 41.731325, "new": 31.449975}))
    assert found.quantity == Decimal("73.1813")
    assert {sale.lot: sale.quantity for sale in found.lots} == {
        "old": Decimal("41.731325"),
        "new": Decimal("31.449975"),
    }


def test_lots_under_standing_relief_leave_in_its_order_whatever_the_floats_say() -> None:
    lots = [lot("AAA", 5, cost=80, days=900, name="old"), lot("AAA", 5, cost=90, days=100, name="new")]
    snapshot = make_snapshot([account(relief=Relief.FIFO, lots=lots)], prices={"AAA": 100})
    found = one(snapshot, trades(snapshot, sell={"new": 5, "old": 1}))
    assert [(sale.lot, sale.quantity) for sale in found.lots] == [("old", 5), ("new", 1)]


def test_orders_are_listed_by_account_sales_first() -> None:
    accounts = [account(name, lots=[lot("BBB", 5, cost=80, name="b")]) for name in ("A2", "A1")]
    snapshot = make_snapshot(accounts, prices={"AAA": 100, "BBB": 100})
    chosen = Trades(sell=np.array([2.0, 3.0]), buy=np.array([1.0, 0.0, 0.0, 0.0]))
    found = trade_list(chosen, snapshot)
    assert [(t.account, str(t.side), t.symbol) for t in found] == [
        ("A1", "sell", "BBB"),
        ("A1", "buy", "AAA"),
        ("A2", "sell", "BBB"),
    ]


def test_nothing_chosen_is_no_trade() -> None:
    snapshot = make_snapshot([account(lots=[lot("AAA", 5, cost=80, name="a")])], prices={"AAA": 100})
    assert trade_list(trades(snapshot, sell={"a": 1e-9}, buy={"AAA": 1e-9}), snapshot) == ()


def test_a_program_without_whole_shares_trades_millionths() -> None:
    snapshot = make_snapshot([account(cash=500)], prices={"AAA": 100})
    found = one(snapshot, trades(snapshot, buy={"AAA": 1.23456789}), Terms(whole_shares=False))
    assert found.quantity == Decimal("1.234568")


@st.composite
def positions(draw: st.DrawFn) -> tuple[Snapshot, Trades, Decimal]:
    """A position of lots with odd quantities, and an order in whole steps taken from any of them, with float dust."""
    fractional = draw(st.booleans())
    quantities = draw(st.lists(st.decimals("0.001", "500", places=6), min_size=1, max_size=6))
    relief = draw(st.sampled_from(list(Relief)))
    lots = [lot("AAA", str(q), cost=80 + k, days=1000 - k, name=f"L{k}") for k, q in enumerate(quantities)]
    snapshot = make_snapshot(
        [account(fractional=fractional, relief=relief, kind=AccountKind.TAXABLE, lots=lots)], prices={"AAA": 100}
    )
    total, step = sum(quantities), STEP if fractional else Decimal(1)
    steps = draw(st.integers(0, int(total / step)))
    order = total if draw(st.booleans()) else steps * step
    sell, left = np.zeros(len(lots)), order
    for k in draw(st.permutations(range(len(lots)))):
        part = min(left, snapshot.lot[k].quantity)
        left -= part
        sell[k] = float(part) * (1 + draw(st.sampled_from([0.0, 1e-15, -1e-15]))) if part else 0.0
    return snapshot, Trades(sell=sell, buy=np.zeros(1)), order


@given(positions())
def test_lots_sum_to_an_order_that_is_steps_or_everything(given: tuple[Snapshot, Trades, Decimal]) -> None:
    """The order is the one meant; its lots sum to it, none gives more than it holds, none is off by more than dust."""
    snapshot, chosen, order = given
    found = trade_list(chosen, snapshot)
    if order == 0:
        assert found == ()
        return
    (trade,) = found
    held = {item.lot: item.quantity for item in snapshot.lot}
    assert trade.quantity == order
    assert sum(sale.quantity for sale in trade.lots) == order
    assert all(0 < sale.quantity <= held[sale.lot] for sale in trade.lots)
    taken = {sale.lot: sale.quantity for sale in trade.lots}
    if not snapshot.is_ordered[0]:
        for item, wanted in zip(snapshot.lot, chosen.sell, strict=True):
            assert abs(taken.get(item.lot, Decimal(0)) - money(wanted)) < Decimal("0.00001")
        return
    left = order
    for item in relief_order(snapshot.lot, snapshot.household.accounts[0].relief):
        assert taken.get(item.lot, Decimal(0)) == min(left, item.quantity)
        left -= min(left, item.quantity)
