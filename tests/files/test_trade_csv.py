from __future__ import annotations

import csv
from dataclasses import replace
from decimal import Decimal
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwright.files.plan_json import plans_to_csv
from tests.files.plans import BUY, FAILED, PLAN, plans

D = Decimal


def test_a_row_for_each_lot_of_a_sale_and_one_for_each_buy():
    assert plans_to_csv([PLAN, FAILED]).splitlines() == [
        "household,account,symbol,side,quantity,price,value,lot,acquired,lot_quantity,basis,proceeds,gain,character,reason",
        "Rivera,A1,AAPL,sell,12.5,56.09,701.13,AAPL-1,2019-05-06,10,1500.25,560.90,-939.35,ST,Harvests a loss of $939.35.",
        "Rivera,A1,AAPL,sell,12.5,56.09,701.13,AAPL-2,2018-01-05,2.5,107.75,140.23,32.48,LT,Harvests a loss of $939.35.",
        "Rivera,A2,BND,buy,3,82.5,247.50,,,,,,,,Below target.",
    ]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "  ="])
def test_a_text_never_runs_as_a_formula(start):
    evil = f'{start}HYPERLINK("x","y")'
    plan = replace(PLAN, household=evil, trades=(replace(BUY, account=evil, symbol=evil, reason=evil),))
    _, row = csv.reader(StringIO(plans_to_csv([plan]), newline=""))
    assert [row[0], row[1], row[2], row[-1]] == ["'" + evil.replace("\r", "\n")] * 4


@given(st.lists(plans, max_size=2))
def test_every_row_has_every_cell_and_the_numbers_of_the_plan(drawn):
    rows = list(csv.DictReader(StringIO(plans_to_csv(drawn), newline=""), strict=True))
    trades = [trade for plan in drawn for trade in plan.trades]
    lots = [lot for trade in trades for lot in trade.lots]
    assert len(rows) == sum(max(len(trade.lots), 1) for trade in trades)
    assert [D(row["lot_quantity"]) for row in rows if row["lot_quantity"]] == [lot.quantity for lot in lots]
    assert [D(row["gain"]) for row in rows if row["gain"]] == [lot.gain for lot in lots]
    assert not any("E" in row["quantity"] for row in rows)
