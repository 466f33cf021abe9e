from __future__ import annotations

import numpy as np
import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from lotwright.files.arrow import is_null, is_true, items, positions

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
