"""Small weights are said with the digits that tell them apart; all others with one, as they always were."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lotwright.book.weight_words import percent, weights

LEAST = 0.0000005
"""0.00005 %, half of the last digit that is shown."""


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ((0.6, 0.5, 0.5), ["60.0 %", "50.0 %", "50.0 %"]),
        ((0.00012, 0.00041, 0.00047), ["0.012 %", "0.041 %", "0.047 %"]),
        ((0.0004, 0.0, 0.0), ["0.040 %", "0.0 %", "0.0 %"]),
        ((0.0312, 0.00012, 0.0006), ["3.1 %", "0.012 %", "0.060 %"]),
        ((0.00031211, 0.00031244), ["0.03121 %", "0.03124 %"]),
        ((0.0005, 0.0), ["0.1 %", "0.0 %"]),
        ((-0.00012, 0.1), ["-0.012 %", "10.0 %"]),
        ((1e-9, 0.1), ["0.0 %", "10.0 %"]),
    ],
)
def test_small_weights_have_two_digits_that_count(parts: tuple[float, ...], said: list[str]) -> None:
    assert weights(*parts) == said


@given(st.lists(st.floats(0.0005, 1.5) | st.just(0.0), min_size=1, max_size=4))
def test_without_a_small_weight_each_has_one_digit(parts: list[float]) -> None:
    assert weights(*parts) == [percent(part) for part in parts]


@given(st.lists(st.integers(0, 9999).map(lambda k: k / 10_000_000), min_size=2, max_size=4))
def test_different_weights_below_a_tenth_of_a_percent_read_differently(parts: list[float]) -> None:
    """Multiples of 0.00001 %; those that count have digits to show for it where one reads below 0.05 %."""
    said = weights(*parts)
    if min((part for part in parts if part >= LEAST), default=1.0) >= 0.0005:
        return
    for i, one in enumerate(parts):
        assert float(said[i].removesuffix(" %")) / 100 == pytest.approx(one, abs=0.51 * 10.0 ** -_digits(said[i]) / 100)
        assert one < LEAST or float(said[i].removesuffix(" %")) > 0
        for k, other in enumerate(parts[:i]):
            if max(one, other) >= LEAST and abs(one - other) >= 2e-7:
                assert said[i] != said[k]


@given(st.lists(st.integers(1, 99_999).map(lambda k: k / 10_000_000), min_size=2, max_size=4))
def test_digits_are_added_one_by_one_until_different_weights_read_differently(parts: list[float]) -> None:
    """By writing them out with two digits that count of the smallest, three, and so on."""
    least = min(parts)
    assume(least < 0.0005 and least not in (0.0001, 0.00001, 0.000001))  # there the logarithm falls to either side
    first = next(digits for digits in range(2, 6) if least * 100 >= 10.0 ** (1 - digits) or digits == 5)
    several = len(set(parts))
    digits = next((n for n in range(first, 6) if len({percent(part, n) for part in parts}) == several), 5)
    assert weights(*parts) == [percent(part, digits) for part in parts]


def _digits(said: str) -> int:
    """Digits behind the point."""
    found = re.search(r"\.(\d+)", said)
    assert found is not None
    return len(found[1])
