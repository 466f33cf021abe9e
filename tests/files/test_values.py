from __future__ import annotations

from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwright.files.columns import Type
from lotwright.files.values import read_values


def cells(type_: Type, array: pa.Array) -> tuple[list, list]:
    read = read_values(type_, array)
    assert read is not None
    values, unreadable = read
    return values.at(np.arange(len(array))), unreadable.tolist()


@given(st.lists(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**12), max_value=10**12)))
def test_numbers_written_out_are_read_exactly(numbers):
    found, unreadable = cells(Type.NUMBER, pa.array([str(number) for number in numbers], pa.string()))
    assert found == numbers
    assert not any(unreadable)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False)))
def test_doubles_are_read_as_the_shortest_decimal_that_is_the_double(numbers):
    found, unreadable = cells(Type.NUMBER, pa.array(numbers, pa.float64()))
    assert [float(number) for number in found] == numbers
    assert [str(number).lower().lstrip("-") for number in found] == [
        str(Decimal(repr(number))).lower().lstrip("-") for number in numbers
    ]
    assert not any(unreadable)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (pa.array([0.1], pa.float32()), "0.1"),
        (pa.array([7], pa.int64()), "7"),
        (pa.array([Decimal("12.50")], pa.decimal128(10, 2)), "12.5"),
        (pa.array([" +3. "]), "3"),
        (pa.array([".5"]), "0.5"),
        (pa.array(["1.5e-3"]), "0.0015"),
    ],
)
def test_every_way_to_store_a_number(array, expected):
    assert cells(Type.NUMBER, array) == ([Decimal(expected)], [False])


@pytest.mark.parametrize(
    "word", ["1,000", "$5", "5 %", "(5)", "NaN", "nan", "inf", "1e999", "0x10", "1_000", "12-3", "."]
)
def test_what_is_no_number_is_unreadable(word):
    assert cells(Type.NUMBER, pa.array([word, "1"])) == ([None, 1], [True, False])


def test_an_infinite_double_is_unreadable_and_nan_is_an_empty_cell():
    found, unreadable = cells(Type.NUMBER, pa.array([float("inf"), float("nan"), None]))
    assert unreadable == [True, False, False]
    assert found[1:] == [None, None]


@pytest.mark.parametrize(
    "array",
    [
        pa.array([date(2020, 2, 29)]),
        pa.array([np.datetime64("2020-02-29T23:59:59.999999999", "ns")]),
        pa.array([1583020800], pa.timestamp("s", "America/New_York")),  # 2020-03-01T00:00Z, still February in New York
        pa.array(["2020-02-29"]),
        pa.array([" 2020-02-29T09:30:00Z "]),
        pa.array(["2020-02-29 00:00:00"]),
    ],
)
def test_every_way_to_store_a_day(array):
    assert cells(Type.DATE, array) == ([date(2020, 2, 29)], [False])


@pytest.mark.parametrize(
    "word", ["2019-02-29", "02/29/2020", "29.2.2020", "20200229", "2020-2-9", "0001-01-01", "today"]
)
def test_what_is_no_day_is_unreadable(word):
    assert cells(Type.DATE, pa.array([word])) == ([None], [True])


def test_every_way_to_store_a_flag():
    assert cells(Type.FLAG, pa.array(["true", "FALSE", "Yes", "0", "", None, "maybe"])) == (
        [True, False, True, False, None, None, None],
        [False] * 6 + [True],
    )
    assert cells(Type.FLAG, pa.array([True, None, False]))[0] == [True, None, False]
    assert cells(Type.FLAG, pa.array([1, 0, 2])) == ([True, False, None], [False, False, True])


def test_a_word_keeps_its_zeros_and_loses_its_spaces():
    assert cells(Type.TEXT, pa.array(["007", " AAPL", "AAPL ", "", None]))[0] == ["007", "AAPL", "AAPL", None, None]
    assert cells(Type.TEXT, pa.array([7]))[0] == ["7"]


@pytest.mark.parametrize(
    ("type_", "array"),
    [
        (Type.TEXT, pa.array([1.5])),
        (Type.NUMBER, pa.array([True])),
        (Type.DATE, pa.array([20200229])),
        (Type.FLAG, pa.array([0.0])),
        (Type.NUMBER, pa.array([[1]])),
    ],
)
def test_a_column_of_the_wrong_kind_cannot_be_read(type_, array):
    assert read_values(type_, array) is None
