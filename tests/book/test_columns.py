"""Objects made a column at a time are the objects their constructor makes."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwright.book.columns import from_columns
from lotwright.book.holdings import Lot
from lotwright.book.kinds import Relief
from lotwright.book.relief import leaving_order, relief_order

_LOT = st.fixed_dictionaries(
    {
        "account": st.sampled_from(["A", "B"]),
        "symbol": st.sampled_from(["KO", "PEP", "MSFT"]),
        "lot": st.integers(0, 30).map(str),
        "quantity": st.integers(1, 50).map(Decimal),
        "acquired": st.dates(date(2018, 1, 1), date(2018, 1, 9)),
        "basis": st.decimals(1, 900, places=2),
        "holding_start": st.dates(date(2018, 1, 1), date(2018, 1, 9)),
    },
)


@given(st.lists(_LOT, max_size=12))
def test_rows_of_columns_equal_constructed_ones(rows: list[dict[str, Any]]) -> None:
    """Fields without a column have their default."""
    names = ("account", "symbol", "lot", "quantity", "acquired", "basis", "holding_start")
    columns = {name: [row[name] for row in rows] for name in names}
    assert from_columns(Lot, columns, count=len(rows)) == [Lot(**row) for row in rows]


def test_a_missing_an_unknown_and_a_short_column_are_refused() -> None:
    """A constructor would refuse them too."""
    one: dict[str, list[Any]] = {
        "account": ["A"], "symbol": ["KO"], "lot": ["1"], "quantity": [Decimal(1)], "acquired": [date(2018, 1, 2)],
        "basis": [Decimal(5)], "holding_start": [date(2018, 1, 2)],
    }  # fmt: skip
    with pytest.raises(TypeError, match="needs basis"):
        from_columns(Lot, {name: cells for name, cells in one.items() if name != "basis"}, count=1)
    with pytest.raises(TypeError, match="has no colour"):
        from_columns(Lot, {**one, "colour": ["red"]}, count=1)
    with pytest.raises(ValueError, match="2 cells"):
        from_columns(Lot, one, count=2)


@given(st.lists(_LOT, max_size=12), st.sampled_from(Relief))
def test_lots_leave_security_by_security_in_the_order_of_the_relief(rows: list[dict[str, Any]], relief: Relief) -> None:
    """One pass over an account's lots gives what ordering each security's would."""
    lots = [Lot(**row) for row in rows]
    expected = {
        symbol: relief_order([lot for lot in lots if lot.symbol == symbol], relief)
        for symbol in sorted({lot.symbol for lot in lots})
    }
    found = leaving_order(lots, relief)
    assert list(found) == list(expected)
    for symbol, order in expected.items():
        assert [(lot.acquired, lot.lot) for lot in found[symbol]] == [(lot.acquired, lot.lot) for lot in order]
