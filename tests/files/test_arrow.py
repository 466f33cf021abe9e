from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwright.files.arrow import array_of, is_null, is_true, items, positions

sizes = st.integers(0, 20)


@given(st.lists(st.none() | st.integers(-(2**63), 2**63 - 1)), sizes)
def test_items_and_nulls_agree_with_arrow_also_in_a_slice(cells, start):
    array = pa.array(cells, pa.int64()).slice(min(start, len(cells)))
    expected = array.to_pylist()
    assert is_null(array).tolist() == [cell is None for cell in expected]
    found = items(array, np.int64).tolist()
    assert [None if cell is None else item for item, cell in zip(found, expected, strict=True)] == expected


@given(st.lists(st.none() | st.booleans()), sizes)
def test_truths_agree_with_arrow_also_in_a_slice(cells, start):
    array = pa.array(cells, pa.bool_()).slice(min(start, len(cells)))
    assert is_true(array).tolist() == [cell is True for cell in array.to_pylist()]


def test_a_column_of_nulls_has_no_memory():
    assert is_null(pa.nulls(3)).all()
    assert is_null(pa.nulls(2, pa.float64())).tolist() == [True, True]


@given(st.lists(st.integers(0, 9)))
def test_positions_take_what_they_name(rows):
    letters = pa.array(list("abcdefghij"))
    assert letters.take(positions(np.array(rows, dtype=np.int64)[::1])).to_pylist() == ["abcdefghij"[i] for i in rows]


CELLS = {
    pa.string(): st.text(),
    pa.large_string(): st.text(),
    pa.int32(): st.integers(-(2**31), 2**31 - 1),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.float64(): st.floats(),
    pa.bool_(): st.booleans(),
    pa.date32(): st.dates(),
    pa.decimal128(38, 2): st.decimals(-(10**30), 10**30, places=2),
    pa.decimal128(38, 12): st.decimals(-(10**20), 10**20, places=12),
}


@pytest.mark.parametrize("kind", CELLS, ids=str)
@given(data=st.data())
def test_cells_become_the_array_that_arrow_makes_of_them(kind, data):
    cells = data.draw(st.lists(st.none() | CELLS[kind], max_size=12))
    found, expected = array_of(cells, kind), pa.array(cells, kind)
    assert found.type == kind
    assert found.null_count == expected.null_count
    assert list(map(repr, found.to_pylist())) == list(map(repr, expected.to_pylist()))


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        (Decimal("1.255"), pa.decimal128(38, 2)),
        (Decimal("1e37"), pa.decimal128(38, 2)),
        (Decimal("NaN"), pa.decimal128(38, 2)),
        (2**31, pa.int32()),
    ],
)
def test_a_cell_that_does_not_fit_is_refused(cell, kind):
    with pytest.raises((pa.ArrowInvalid, OverflowError)):
        array_of([cell], kind)


def test_a_day_before_the_epoch_is_one():
    assert array_of([date(1969, 12, 31), None], pa.date32()).to_pylist() == [date(1969, 12, 31), None]
