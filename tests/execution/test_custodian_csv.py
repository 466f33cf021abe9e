"""Order files for custodians, and the fills they send back."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date
from io import StringIO
from pathlib import Path

import pytest

from lotwright.book.kinds import Character, Side
from lotwright.book.trades import LotSale
from lotwright.errors import FillError, StateError
from lotwright.execution.by_file import carry_out_by_file, order_files
from lotwright.execution.custodian_csv import orders_csv, read_fills
from lotwright.execution.journal import Journal
from lotwright.execution.report import RunReport
from lotwright.execution.rules import Rules
from lotwright.execution.sheet import client_id
from lotwright.execution.stops import Reason
from tests.execution.world import TRADES, D, sheet, trade

LOTS = tuple(
    LotSale(lot=name, acquired=day, quantity=D(q), basis=D(0), proceeds=D(0), gain=D(0), character=Character.LONG)
    for name, day, q in (("=HYPERLINK(1)", date(2019, 5, 6), 7), ("L2", date(2020, 1, 3), 3))
)
SHEET = sheet(replace(trade("sell", "AAA", 10), lots=LOTS), *TRADES[1:])
FILLS = """account,symbol,action,quantity,price,date
TRUST,AAA,SELL,6,99.5,2026-11-23
TRUST,AAA,SELL,4,99.4,2026-11-23
OTHER,AAA,SELL,400,99.4,2026-11-23
TRUST,BBB,SELL,10,50,2026-11-23
TRUST,BBB,SELL,10,50,2026-11-23
"""
REST = """Account,Symbol,Action,Quantity,Price,Date,Fee
TRUST,DDD,BUY,200,7.5,2026-11-23,0.25
TRUST,EEE,BUY,3,250,2026-11-23,
"""


def carried(folder: Path, *texts: str, is_sending: bool = True) -> RunReport:
    with Journal(folder) as journal:
        fills = [done for text in texts for done in read_fills(text, place="fills.csv", sheet=SHEET)]
        return carry_out_by_file(SHEET, journal, Rules(), folder=folder, fills=fills, is_sending=is_sending)


def test_a_sale_is_written_lot_by_lot_under_one_order():
    rows = list(csv.DictReader(StringIO(orders_csv(SHEET, Side.SELL, Rules()))))
    assert [(r["symbol"], r["action"], r["quantity"], r["lot_id"], r["lot_date"], r["lot_method"]) for r in rows] == [
        ("AAA", "SELL", "7", "'=HYPERLINK(1)", "2019-05-06", "SPECIFIC"),
        ("AAA", "SELL", "3", "L2", "2020-01-03", "SPECIFIC"),
        ("BBB", "SELL", "20", "BBB-1", "2020-01-03", "SPECIFIC"),
    ]
    assert {r["order_id"] for r in rows[:2]} == {client_id(SHEET, SHEET.trades[0], 0)}
    assert {r["plan"] for r in rows} == {SHEET.plan}
    assert [r["limit_price"] for r in rows] == ["97", "97", "48.5"]  # 3 % below 100 and 50: the collar


def test_where_the_law_pools_no_lot_is_named():
    pooled = replace(LOTS[0], lot="pool", quantity=D(10))
    wanted = sheet(replace(trade("sell", "AAA", 10), lots=(pooled,)))
    (row,) = csv.DictReader(StringIO(orders_csv(wanted, Side.SELL, Rules())))
    assert (row["quantity"], row["lot_id"], row["lot_date"], row["lot_method"]) == ("10", "", "", "AVERAGE")


def test_purchases_have_limits_above_and_no_lots():
    rows = list(csv.DictReader(StringIO(orders_csv(SHEET, Side.BUY, Rules()))))
    assert [(r["symbol"], r["limit_price"], r["lot_id"], r["tif"]) for r in rows] == [
        ("DDD", "7.73", "", "DAY"),  # 7.5 × 1.03 = 7.725, rounded outwards
        ("EEE", "257.5", "", "DAY"),
    ]


def test_the_same_plan_gives_the_same_bytes_in_whatever_order_it_lists_its_trades(tmp_path: Path):
    other = replace(SHEET, trades=SHEET.trades[::-1])
    assert order_files(SHEET, Rules()) == order_files(other, Rules())
    carried(tmp_path)
    first = {path.name: path.read_bytes() for path in (tmp_path / "orders").iterdir()}
    carried(tmp_path)
    assert {path.name: path.read_bytes() for path in (tmp_path / "orders").iterdir()} == first
    assert [name.rpartition("TRUST-")[2] for name in sorted(first)] == ["1-sells.csv", "2-buys.csv"]


def test_no_cell_of_an_order_file_is_a_formula():
    hostile = replace(SHEET, account="@SUM(A1)", trades=tuple(replace(t, account="@SUM(A1)") for t in SHEET.trades))
    for row in csv.reader(StringIO(orders_csv(hostile, Side.SELL, Rules()))):
        assert not [cell for cell in row if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def test_fills_are_taken_in_once_however_often_they_are_read(tmp_path: Path):
    assert carried(tmp_path).stop.reason is Reason.AWAITING_FILLS
    half = carried(tmp_path, FILLS)
    assert half.stop.reason is Reason.FILLS_SHORT
    assert [(line.symbol, line.filled) for line in half.lines] == [("AAA", 10), ("BBB", 20), ("DDD", 0), ("EEE", 0)]
    assert carried(tmp_path, FILLS) == half
    done = carried(tmp_path, FILLS, REST)
    assert done.is_done
    assert carried(tmp_path, REST).is_done
    assert [line.slippage for line in done.lines] == [D("5.4"), D(0), D(0), D(0)]  # 1,000 planned, 994.60 received
    assert [fill.fee for fill in done.fills if fill.symbol == "DDD"] == [D("0.25")]


def test_a_dry_run_writes_nothing(tmp_path: Path):
    assert carried(tmp_path, is_sending=False).stop.reason is Reason.DRY_RUN
    assert not (tmp_path / "orders").exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("account,symbol\n", "no column action"),
        (FILLS + "TRUST,AAA,SELL,1,99,2026-11-23\n", "11 shares of AAA are filled"),
        (FILLS + "TRUST,ZZZ,BUY,1,99,2026-11-23\n", "buy ZZZ of TRUST is not in the plan"),
        (FILLS + "TRUST,AAA,BUY,1,99,2026-11-23\n", "buy AAA of TRUST is not in the plan"),
        (FILLS + "TRUST,DDD,BUY,one,99,2026-11-23\n", "row 7: quantity, price and fee are decimal numbers"),
        (FILLS + "TRUST,DDD,BUY,NaN,99,2026-11-23\n", "is no fill"),
        (FILLS + "TRUST,DDD,BUY,-1,99,2026-11-23\n", "is no fill"),
        (FILLS + "TRUST,DDD,BUY,1,99,23.11.2026\n", "row 7"),
    ],
)
def test_a_file_of_fills_that_is_none(text: str, words: str):
    with pytest.raises(FillError, match=words):
        read_fills(text, place="fills.csv", sheet=SHEET)


def test_the_same_fills_under_other_names_are_too_many(tmp_path: Path):
    carried(tmp_path, FILLS)
    renamed = "account,symbol,action,quantity,price,date,fill_id\nTRUST,AAA,SELL,6,99.5,2026-11-23,X1\n"
    with pytest.raises(FillError, match="two files"):
        carried(tmp_path, renamed)


def test_an_order_file_changed_by_hand_is_not_written_over(tmp_path: Path):
    carried(tmp_path)
    path = min((tmp_path / "orders").iterdir())
    path.write_text(path.read_text().replace("97", "1"))
    with pytest.raises(StateError, match="was changed"):
        carried(tmp_path)
