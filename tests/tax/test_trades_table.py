"""Trades from rows, and the findings as rows."""

from __future__ import annotations

from datetime import date

import pytest
from builders import dec

from lotwright.errors import BookError
from lotwright.tax.trades_table import read_trades
from lotwright.tax.wash import wash_sales
from lotwright.tax.wash_report import WashReport
from lotwright.tax.wash_rows import open_rows, wash_rows

HEADER = ("account", "date", "symbol", "action", "quantity", "price")


def table(*lines: str, header: tuple[str, ...] = HEADER) -> list[dict[str, str | None]]:
    return [dict(zip(header, (cell.strip() for cell in line.split(",")), strict=True)) for line in lines]


def wash(*lines: str, header: tuple[str, ...] = HEADER) -> WashReport:
    trades = read_trades(table(*lines, header=header), source="trades.csv")
    return wash_sales(trades.events, kinds=trades.kinds)


PUBLICATION_550 = ("T,2014-05-01,X,buy,100,10", "T,2014-07-01,X,sell,100,7.50", "T,2014-07-05,X,buy,100,8")


def test_publication_550_as_rows() -> None:
    (loss,) = wash_rows(wash(*PUBLICATION_550))
    assert (loss["disallowed"], loss["allowed"], loss["outcome"]) == (250, 0, "deferred")
    assert loss["replacement"] == {
        "account": "T",
        "symbol": "X",
        "lot": "2014-07-05",
        "acquired": date(2014, 7, 5),
        "quantity": 100,
        "basis": 1_050,
        "holding_start": date(2014, 5, 5),
    }
    (held,) = open_rows(wash(*PUBLICATION_550))
    assert (held["basis"], held["deferred"], held["holding_start"]) == (1_050, 250, date(2014, 5, 5))


def test_the_kind_of_account_decides_whether_the_loss_is_gone() -> None:
    header = (*HEADER, "kind")
    lines = ("T,2014-05-01,X,buy,100,10,taxable", "T,2014-07-01,X,sell,100,7.50,", "I,2014-07-05,X,reinvest,10,8,roth")
    first, second = wash_rows(wash(*lines, header=header))
    assert (first["outcome"], first["quantity"], first["replacement"]["basis"]) == ("permanent", 10, 80)
    assert (second["outcome"], second["disallowed"], second["replacement"]) == ("allowed", 0, None)


def test_gains_are_not_listed() -> None:
    assert wash_rows(wash("T,2014-05-01,X,buy,100,10", "T,2014-07-01,X,sell,100,11")) == []


def test_rows_in_any_order_say_the_same() -> None:
    assert wash(*PUBLICATION_550[::-1]) == wash(*PUBLICATION_550)
    twice = ("T,2014-05-01,X,buy,100,10", "T,2014-05-01,X,buy,50,11", "T,2014-07-01,X,sell,120,7.50")
    assert wash(*twice[::-1]) == wash(*twice)


def test_rows_of_one_day_and_price_are_one_sale_unless_told_apart() -> None:
    """TAX_RULES B1.11: brokers report one order lot by lot."""
    lines = (
        "T,2024-03-01,X,buy,4,20,a,",
        "T,2024-03-02,X,buy,2,20,b,",
        "T,2024-03-10,X,sell,4,15,a,{}",
        "T,2024-03-10,X,sell,2,15.0,b,{}",
    )
    header = (*HEADER, "lot", "sale")
    assert wash(*(line.format("") for line in lines), header=header).disallowed == 0
    apart = [line.format(number) for number, line in enumerate(lines)]
    assert wash(*apart, header=header).disallowed == 10


def test_purchase_and_fees_are_read() -> None:
    header = (*HEADER, "purchase", "fees")
    lines = ("T,2024-03-01,X,buy,4,20,o,2", "T,2024-03-01,X,buy,2,20,o,", "T,2024-03-10,X,sell,4,15,,1")
    found = wash(*lines, header=header)
    assert found.disallowed == 0
    assert sum(d.gain for d in found.disposals) in {dec(-23), dec(-22)}


def test_a_recorded_gain_stands_in_for_a_purchase_older_than_the_table() -> None:
    header = (*HEADER, "realised_gain", "character")
    lines = ("T,2024-03-01,X,sell,10,15,-50,LT", "T,2024-03-10,X,buy,4,15,,")
    trades = read_trades(table(*lines, header=header), source="trades.csv")
    found = wash_sales(trades.events, kinds=trades.kinds, opening=trades.opening)
    assert [(row["quantity"], row["disallowed"], row["character"]) for row in wash_rows(found)] == [
        (4, 20, "LT"),
        (6, 0, "LT"),
    ]
    assert "VARIOUS" in trades.notes[0]
    with pytest.raises(BookError, match="column realised_gain: found 'x', which is not a number"):
        read_trades(table("T,2024-03-01,X,sell,10,15,x,LT", header=header), source="trades.csv")


def test_headers_are_read_as_people_write_them() -> None:
    header = ("Account", " Date", "Symbol", "ACTION", "Quantity", "Price", "Kind of account")
    trades = read_trades(table("R,2024-03-01,X,Buy,1,2,Roth", header=header), source="trades.csv")
    assert dict(trades.kinds) == {"R": "roth"}


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("T,2024-13-01,X,buy,4,20", "trades.csv row 2, column date: found '2024-13-01', which is not a date"),
        ("T,2024-03-01,X,hold,4,20", "row 2, column action: found 'hold'; use one of buy, sell, reinvest"),
        ("T,2024-03-01,X,buy,four,20", "row 2, column quantity: found 'four', which is not a number above zero"),
        ("T,2024-03-01,X,buy,-4,20", "column quantity: found '-4'"),
        ("T,2024-03-01,X,buy,0,20", "column quantity: found '0'"),
        ("T,2024-03-01,X,buy,4,NaN", "column price: found 'NaN', which is not a number, zero or more"),
        (",2024-03-01,X,buy,4,20", "row 2, column account: found nothing"),
    ],
)
def test_a_bad_cell_is_named_with_its_cure(line: str, words: str) -> None:
    with pytest.raises(BookError, match=words):
        wash(line)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(BookError, match=r"trades\.csv has no column price\. Required columns: account, date"):
        wash("T,2024-03-01,X,buy,4", header=HEADER[:-1])


def test_contradictions_are_named() -> None:
    with pytest.raises(BookError, match="row 3, column kind: account T was taxable before"):
        wash("T,2024-03-01,X,buy,4,20,taxable", "T,2024-03-02,X,buy,4,20,ira", header=(*HEADER, "kind"))
    with pytest.raises(BookError, match="column lot: lot a was bought before"):
        wash("T,2024-03-01,X,buy,4,20,a", "T,2024-03-02,X,buy,4,20,a", header=(*HEADER, "lot"))
