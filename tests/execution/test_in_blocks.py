"""Many accounts as one: the blocks are carried out once, and every share and cent goes back to an account."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwright.book.kinds import Side
from lotwright.errors import PlanError
from lotwright.execution.executed import Executed
from lotwright.execution.in_blocks import Booked, InBlocks, given_out, in_blocks, shared_out
from lotwright.execution.orders import OrderState
from lotwright.execution.report import RunReport, order_line
from lotwright.execution.sheet import OrderSheet
from lotwright.execution.stops import Reason, Stop
from tests.execution.world import MONDAY, D, World, sheet, trade


def of(account: str, *trades: tuple[str, str, int], **held: int) -> OrderSheet:
    return replace(
        sheet(),
        account=account,
        household=account,
        plan=account.lower() * 32,
        trades=tuple(replace(trade(side, symbol, quantity), account=account) for side, symbol, quantity in trades),
        positions={symbol: D(quantity) for symbol, quantity in held.items()},
        cash_before=D(100),
    )


SHEETS = (
    of("AA", ("sell", "AAA", 10), ("buy", "CCC", 40), AAA=10),
    of("BB", ("sell", "AAA", 5), ("buy", "CCC", 20), AAA=15, BBB=40),
    of("CC", ("sell", "CCC", 100), ("buy", "AAA", 7), CCC=100, AAA=5),
)


def test_blocks_trade_once_for_all_and_give_back_every_share_and_cent(tmp_path: Path):
    """CC buys what the others sell: sales are over before purchases begin, so the market sees no wash trade."""
    world = World(tmp_path, cash=D(300))
    made = in_blocks(SHEETS)
    report = world.run(made.sheet)
    assert report.is_done
    assert world.executed() == {("sell", "AAA"): 15, ("sell", "CCC"): 100, ("buy", "CCC"): 60, ("buy", "AAA"): 7}
    parts = shared_out(report, made)
    assert [part.stop.reason for part in parts] == [Reason.DONE] * 3
    assert {(p.account, f.symbol, str(f.side)): f.quantity for p in parts for f in p.fills} == {
        (s.account, t.symbol, str(t.side)): t.quantity for s in SHEETS for t in s.trades
    }
    paid = sum(line.paid or 0 for part in parts for line in part.lines)
    assert paid == sum(abs(done.amount) for done in world.exchange.ledger.executions)
    sent = len(world.modifying)
    assert world.run(in_blocks(SHEETS[::-1]).sheet).is_done
    assert len(world.modifying) == sent


def test_a_part_of_a_block_is_shared_and_completed_by_the_next_run(tmp_path: Path):
    world = World(tmp_path, cash=D(300))
    world.do("manner", symbol="AAA", parts=[[0, 0.4]])
    made = in_blocks(SHEETS)
    report = world.run(made.sheet)
    parts = shared_out(report, made)
    assert [line.filled for part in parts for line in part.lines if str(line.side) == "sell"] == [4, 2, 100]
    assert world.executed_buys() == 0
    world.exchange.manner.clear()
    assert world.run(made.sheet).is_done


def test_a_part_that_fills_on_another_day_has_that_days_date_and_price(tmp_path: Path):
    """Four tenths of 15 shares on Monday, the rest on Tuesday a dollar higher; each day is shared out by itself."""
    world = World(tmp_path, cash=D(300))
    world.do("manner", symbol="AAA", parts=[[0, 0.4]])
    made = in_blocks(SHEETS)
    first = shared_out(world.run(made.sheet), made)
    world.exchange.manner.clear()
    world.house.time.set(MONDAY + timedelta(days=1))
    world.do("quote", symbol="AAA", bid="100.99", ask="101.01")
    whole = world.run(made.sheet)
    assert whole.is_done
    parts = shared_out(whole, made, booked=given_out(first, made))
    sales = {p.account: [(f.day.day, f.quantity) for f in p.fills if str(f.side) == "sell"] for p in parts}
    assert sales == {"AA": [(23, 4), (24, 6)], "BB": [(23, 2), (24, 3)], "CC": [(23, 100)]}
    prices = {f.day.day: f.price for f in parts[0].fills if f.symbol == "AAA"}
    assert prices == {23: D("99.99"), 24: D("100.99")}  # the bids
    kept = [part.fills[0] for part in first]
    assert [part.fills[0] for part in parts] == kept


def test_where_the_fills_are_not_told_nothing_is_shared_out(tmp_path: Path):
    world = World(tmp_path, cash=D(300))
    made = in_blocks(SHEETS)
    whole = world.run(made.sheet)
    for part in shared_out(replace(whole, fills=whole.fills[1:]), made):
        assert (part.fills, part.lines) == ((), ())
        assert "Nothing is shared out" in part.notes[0]


AT = st.lists(st.tuples(st.integers(1, 5), st.integers(0, 2), st.integers(9_900, 10_100)), min_size=1, max_size=12)


@given(
    wants=st.lists(st.integers(1, 40), min_size=2, max_size=6),
    told=AT,
    cuts=st.lists(st.integers(0, 12), max_size=3),
)
def test_however_often_a_block_is_shared_out_nobody_loses_and_all_is_given(
    wants: list[int], told: list[tuple[int, int, int]], cuts: list[int]
):
    sheets = [of(f"A{n}", ("sell", "AAA", want), AAA=want) for n, want in enumerate(wants)]
    made = in_blocks(sheets)
    room, fills = sum(wants), []
    for number, (quantity, day, cents) in enumerate(sorted(told, key=lambda each: each[1])):
        if quantity <= room:
            room -= quantity
            price, when = D(cents) / 100, date(2026, 11, 23 + day)
            fills.append(
                Executed(
                    fill=f"f{number}",
                    order="lw",
                    account="omnibus",
                    symbol="AAA",
                    side=Side.SELL,
                    quantity=D(quantity),
                    price=price,
                    day=when,
                )
            )
    before: Booked = {}
    for cut in [*sorted(cuts), len(fills)]:
        parts = shared_out(report_of(made, fills[:cut]), made, booked=before)
        shared = given_out(parts, made)
        for block, shares in before.items():
            assert all(shared[block][account] >= quantity for account, quantity in shares.items())
        before = shared
    held = {p.account: sum((f.quantity for f in p.fills), D(0)) for p in parts}
    assert sum(held.values()) == sum(f.quantity for f in fills)
    assert all(held[s.account] <= s.trades[0].quantity for s in sheets)
    for day in {f.day for f in fills}:
        whole = round(sum((f.quantity * f.price for f in fills if f.day == day), D(0)), 2)
        received = sum((round(f.quantity * f.price, 2) for p in parts for f in p.fills if f.day == day), D(0))
        assert received == whole


def report_of(made: InBlocks, fills: list[Executed]) -> RunReport:
    """A block's report with these fills."""
    filled = sum((f.quantity for f in fills), D(0))
    (wanted,) = made.sheet.trades
    state = OrderState(trade=wanted, filled=filled)
    return RunReport(
        household="",
        account="omnibus",
        plan=made.sheet.plan,
        broker="",
        stop=Stop(reason=Reason.UNFILLED),
        lines=(order_line(state, paid=None),),
        fills=tuple(fills),
    )


def test_what_makes_no_block_is_said():
    with pytest.raises(PlanError, match="whole shares"):
        in_blocks([replace(SHEETS[0], trades=(replace(SHEETS[0].trades[0], quantity=D("1.5")),))])
    with pytest.raises(PlanError, match="does not say its positions"):
        in_blocks([replace(SHEETS[0], positions=None)])
    with pytest.raises(PlanError, match="no blocks"):
        in_blocks([])
