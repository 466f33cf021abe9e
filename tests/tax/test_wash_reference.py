"""The wash-sale engine against the share-by-share reference on random histories."""

from __future__ import annotations

from random import Random

import pytest
from histories import ALL_READINGS, differences, draw_history, run_both
from hypothesis import given, settings
from hypothesis import strategies as st
from reference import wash_by_share as ref

from lotwright.tax.readings import DEFAULT_READINGS, Readings


@settings(max_examples=150)
@given(st.randoms(use_true_random=False), st.integers(2, 40), st.sampled_from(ALL_READINGS))
def test_both_engines_say_the_same(random: Random, length: int, readings: Readings) -> None:
    found, shares = run_both(draw_history(random, length=length), readings)
    assert differences(found, shares) == []


@pytest.mark.parametrize("seed", range(20))
def test_both_engines_say_the_same_of_long_interleaved_histories(seed: int) -> None:
    found, shares = run_both(draw_history(Random(seed), length=60), ALL_READINGS[seed % len(ALL_READINGS)])
    assert differences(found, shares) == []


@pytest.mark.campaign
@pytest.mark.parametrize("block", range(20))
def test_ten_thousand_histories_of_five_interleaved_chains_and_more(block: int) -> None:
    """Blocks of 500 histories with at least 5 chains that interleave, under the default reading; every 10th under all readings."""
    seen, seed = 0, block * 1_000_000
    while seen < 500:
        seed += 1
        history = draw_history(Random(seed), length=60)
        found, shares = run_both(history, DEFAULT_READINGS)
        if ref.interleaved_chains(shares) < 5:
            continue
        seen += 1
        assert differences(found, shares) == [], seed
        for readings in ALL_READINGS[1:] if seen % 10 == 0 else ():
            assert differences(*run_both(history, readings)) == [], (seed, readings)
