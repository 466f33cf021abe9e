"""Many accounts as one: the blocks are carried out once, and every share and cent goes back to an account."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lotwright.errors import PlanError
from lotwright.execution.in_blocks import in_blocks, shared_out
from lotwright.execution.sheet import OrderSheet
from lotwright.execution.stops import Reason
from tests.execution.world import D, World, sheet, trade


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


def test_what_makes_no_block_is_said():
    with pytest.raises(PlanError, match="whole shares"):
        in_blocks([replace(SHEETS[0], trades=(replace(SHEETS[0].trades[0], quantity=D("1.5")),))])
    with pytest.raises(PlanError, match="does not say its positions"):
        in_blocks([replace(SHEETS[0], positions=None)])
    with pytest.raises(PlanError, match="no blocks"):
        in_blocks([])
