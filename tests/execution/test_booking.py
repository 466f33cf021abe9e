"""Fills on the book: lots, cash, gains, tax; and where the broker's lots are not the plan's. Expected values by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from lotwright.book.holdings import Account, Household, Lot
from lotwright.book.kinds import AccountKind, Character, Regime, Relief, Side
from lotwright.book.market import Market
from lotwright.book.trades import LotSale, Trade
from lotwright.errors import BookError
from lotwright.execution.booking import book_fills, lot_differences, position_of, reconcile_account
from lotwright.execution.broker_lots import broker_lots
from lotwright.execution.executed import Executed, executed_of
from lotwright.execution.facts import Fill
from tests.execution.world import D

DAY = date(2026, 11, 23)
MARKET = Market(as_of=date(2026, 11, 20), prices={}, models={})


def lot(name: str, day: str, quantity: int, basis: int) -> Lot:
    acquired = date.fromisoformat(day)
    return Lot(
        account="T",
        symbol="X",
        lot=name,
        quantity=D(quantity),
        acquired=acquired,
        basis=D(basis),
        holding_start=acquired,
    )


HOUSEHOLD = Household(
    household="H",
    accounts=(
        Account(
            account="T",
            household="H",
            kind=AccountKind.TAXABLE,
            model="M",
            cash=D(100),
            short_term_rate=D("0.4"),
            long_term_rate=D("0.2"),
            lots=(lot("old", "2020-01-02", 10, 100), lot("new", "2026-06-01", 10, 450)),
        ),
    ),
)
SALE = Trade(
    account="T",
    symbol="X",
    side=Side.SELL,
    quantity=D(8),
    price=D(40),
    value=D(320),
    lots=(
        LotSale(
            lot="new",
            acquired=date(2026, 6, 1),
            quantity=D(8),
            basis=D(360),
            proceeds=D(320),
            gain=D(-40),
            character=Character.SHORT,
        ),
    ),
)


def sold(quantity: int, price: int, *, fill: str = "f1", day: date = DAY, fee: int = 0) -> Executed:
    return Executed(
        fill=fill,
        order="lw-1",
        account="T",
        symbol="X",
        side=Side.SELL,
        quantity=D(quantity),
        price=D(price),
        day=day,
        fee=D(fee),
    )


def bought(quantity: int, price: int, *, fee: int = 0) -> Executed:
    return replace(sold(quantity, price, fee=fee), side=Side.BUY, symbol="Y", order="lw-2-12345678")


def lots_of(household: Household) -> dict[str, tuple[object, object]]:
    return {held.lot: (held.quantity, held.basis) for held in household.accounts[0].lots}


def test_a_custodian_that_takes_lots_sells_those_the_plan_names():
    booked = book_fills(
        HOUSEHOLD, [sold(5, 40), sold(3, 41, fill="f2")], [SALE], relieves=Relief.SPECIFIC, market=MARKET
    )
    assert lots_of(booked.household) == {"old": (10, 100), "new": (2, 90)}
    assert booked.household.accounts[0].cash == 100 + 200 + 123
    assert (booked.realised.short, booked.realised.long) == (323 - 360, 0)
    assert booked.realised.tax == D("-14.8")  # a loss of 37 against income taxed at 40 %
    assert booked.planned.tax == -16
    assert booked.relief == ()


def test_a_broker_that_relieves_first_in_first_out_realises_another_gain_and_it_is_said():
    booked = book_fills(HOUSEHOLD, [sold(8, 40)], [SALE], relieves=Relief.FIFO, market=MARKET)
    assert lots_of(booked.household) == {"old": (2, 20), "new": (10, 450)}
    assert (booked.realised.short, booked.realised.long) == (0, 240)
    assert booked.realised.tax == 48
    (found,) = booked.relief
    assert (found.planned, found.relieved) == ((("new", D(8)),), (("old", D(8)),))
    assert (found.planned_gain, found.gain) == (-40, 240)
    assert "8 of new (gain -$40.00)" in str(found)


def test_a_part_that_filled_under_the_named_lots_is_no_difference():
    assert book_fills(HOUSEHOLD, [sold(3, 40)], [SALE], relieves=Relief.SPECIFIC, market=MARKET).relief == ()


def test_purchases_open_lots_with_their_fees_in_the_basis():
    booked = book_fills(HOUSEHOLD, [bought(2, 30, fee=1)], [], relieves=Relief.FIFO, market=MARKET)
    (made,) = (held for held in booked.household.accounts[0].lots if held.symbol == "Y")
    assert (made.quantity, made.basis, made.acquired, made.purchase) == (2, 61, DAY, "lw-2-12345678")
    assert booked.household.accounts[0].cash == 39


def test_more_sold_than_the_plan_named_is_not_booked():
    with pytest.raises(BookError, match="1 more than the lots"):
        book_fills(HOUSEHOLD, [sold(9, 40)], [SALE], relieves=Relief.SPECIFIC, market=MARKET)


@pytest.mark.parametrize("regime", [Regime.UK, Regime.CANADA])
@pytest.mark.parametrize("relieves", [Relief.FIFO, Relief.SPECIFIC])
def test_where_the_law_pools_a_sale_takes_the_average_and_no_lot(regime: Regime, relieves: Relief):
    """550 for 20 shares: 27.50 each (TCGA 1992 section 104; ITA section 47), whatever lots a broker thinks it relieves."""
    account = replace(HOUSEHOLD.accounts[0], regime=regime, taxable_income=D(60_000))
    household = replace(HOUSEHOLD, accounts=(account,))
    part = replace(SALE.lots[0], lot="pool", basis=D(220), gain=D(100), character=Character.LONG)
    plan = replace(SALE, lots=(part,))
    more = replace(bought(2, 30), symbol="Z")
    booked = book_fills(household, [sold(8, 41), more], [plan], relieves=relieves, market=MARKET)
    assert sorted((held.symbol, held.quantity, held.basis) for held in booked.household.accounts[0].lots) == [
        ("X", 12, 330),
        ("Z", 2, 60),
    ]
    assert (booked.realised.short, booked.realised.long) == (0, 328 - 220)
    assert booked.planned.long == 100
    assert booked.realised.tax == (0 if regime is Regime.UK else D("21.6"))  # within the exempt amount; 20 % of 108
    assert booked.relief == ()


def test_reconciling_names_every_position_and_cash():
    account = HOUSEHOLD.accounts[0]
    assert position_of(account) == {"X": 20}
    assert reconcile_account(account, positions={"X": D(20)}, cash=D("100.004")) == ()
    found = reconcile_account(account, positions={"X": D(19), "Z": D(1)}, cash=D(90))
    assert [str(each) for each in found] == [
        "shares of X: expected 20, found 19",
        "shares of Z: expected 0, found 1",
        "cash, dollars: expected 100.00, found 90.00",
    ]


def fill(side: str, quantity: int, day: int, symbol: str = "X") -> Fill:
    at = datetime(2026, 6, day, 15, tzinfo=UTC)
    return Fill(fill=f"{day}", broker_id="b", symbol=symbol, side=Side(side), quantity=D(quantity), price=D(1), at=at)


def test_the_brokers_lots_are_what_its_fills_leave_first_in_first_out():
    fills = [fill("buy", 10, 1), fill("buy", 5, 2), fill("sell", 12, 3), fill("buy", 1, 4, "Z")]
    lots, notes = broker_lots(fills, {"X": D(3), "Z": D(2)})
    assert lots == {"X": ((date(2026, 6, 2), D(3)),)}
    assert "Z" in notes[0]
    account = replace(HOUSEHOLD.accounts[0], lots=(lot("a", "2026-06-01", 3, 30),))
    assert [str(each) for each in lot_differences(account, lots)] == [
        "shares of X acquired 2026-06-01: expected 3, found 0",
        "shares of X acquired 2026-06-02: expected 0, found 3",
    ]


def test_the_trade_date_is_new_yorks():
    late = replace(fill("buy", 1, 3), at=datetime(2026, 11, 24, 2, tzinfo=UTC))
    assert [done.day for done in executed_of([late], account="T", client_ids={"b": "lw"})] == [DAY]
    assert executed_of([late], account="T", client_ids={}) == ()
