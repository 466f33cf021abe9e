"""What counts as a daily return, on little tables worked out by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lotwright.book.history import PriceHistory
from lotwright.errors import BookError
from lotwright.risk.returns import daily_returns

NAN = float("nan")


def history(**closes: list[float]) -> PriceHistory:
    frame = pd.DataFrame(closes)
    return PriceHistory(
        symbols=tuple(frame.columns),
        dates=np.datetime64("2020-01-01") + np.arange(len(frame)),
        adj_close=frame.to_numpy(dtype=np.float64),
    )


def test_returns_are_simple_and_daily():
    returns = daily_returns(history(A=[100.0, 110.0, 99.0]), ("A",))
    np.testing.assert_allclose(returns.value[:, 0], [0.1, -0.1])


def test_a_short_gap_puts_the_move_on_the_day_trading_resumed():
    returns = daily_returns(history(A=[100.0, NAN, NAN, NAN, 110.0, 121.0]), ("A",))
    np.testing.assert_allclose(returns.value[:, 0], [0.0, 0.0, 0.0, 0.1, 0.1])


def test_across_a_longer_gap_there_is_no_return():
    closes = [100.0, 101.0, NAN, NAN, NAN, NAN, 110.0, 121.0]
    returns = daily_returns(history(A=closes, B=[50.0] * 7 + [51.0]), ("A", "B"))
    np.testing.assert_allclose(returns.value[:, 0], [0.01, NAN, NAN, NAN, NAN, NAN, 0.1])


def test_nothing_is_filled_in_before_the_first_price_or_after_the_last():
    returns = daily_returns(history(A=[NAN, NAN, 100.0, 110.0, NAN], B=[1.0, 2.0, 4.0, 8.0, 16.0]), ("A", "B"))
    np.testing.assert_allclose(returns.value[:, 0], [NAN, NAN, 0.1, NAN])


def test_a_crash_is_not_clipped():
    returns = daily_returns(history(A=[100.0, 8.0, 80.0]), ("A",))
    np.testing.assert_allclose(returns.value[:, 0], [-0.92, 9.0])


def moving(days: int, seed: int = 0) -> list[float]:
    return (100.0 * np.cumprod(1.0 + np.random.default_rng(seed).normal(0.0, 0.01, days))).tolist()


def test_a_price_repeated_before_the_first_move_is_no_history():
    others = {symbol: moving(100, seed) for seed, symbol in enumerate("BCDE", start=1)}
    returns = daily_returns(history(A=[100.0] * 30 + moving(70), **others), tuple("ABCDE"))
    # 29 returns of zero come first; the return into the first moving price is the first that counts.
    assert np.isnan(returns.value[:29, 0]).all()
    assert np.isfinite(returns.value[29:, 0]).all()


def test_a_price_that_never_moves_is_still_and_not_missing():
    returns = daily_returns(history(A=[1.0] * 100, B=moving(100)), ("A", "B"))
    assert returns.is_still.tolist() == [True, False]
    assert returns.is_full.tolist() == [False, True]
    assert (returns.value[:, 0] == 0).all()


def test_nearly_full_history_carries_the_estimate():
    whole = {f"A{seed:02d}": moving(101, seed) for seed in range(30)}
    almost = [NAN] * 4 + moving(97, 31)
    short = [NAN] * 30 + moving(71, 32)
    closes = history(**whole, B=almost, C=short)
    returns = daily_returns(closes, closes.symbols)
    assert len(returns.value) == 100
    assert returns.is_full.tolist() == [True] * 31 + [False]


def test_the_window_is_the_one_with_the_most_complete_data():
    # One symbol with 300 days against three with 200: 1 x 300 < 4 x 200.
    young = {symbol: [NAN] * 100 + moving(201, seed) for seed, symbol in enumerate("BCD", start=1)}
    returns = daily_returns(history(A=moving(301), **young), tuple("ABCD"))
    assert returns.value.shape == (200, 4)
    assert returns.is_full.all()


def test_a_symbol_the_history_does_not_know_has_no_returns():
    returns = daily_returns(history(A=moving(80)), ("A", "Z"))
    assert np.isnan(returns.value[:, 1]).all()
    assert returns.is_full.tolist() == [True, False]


def test_fewer_than_sixty_days_carry_nothing():
    assert not daily_returns(history(A=moving(60)), ("A",)).is_full.any()
    assert daily_returns(history(A=moving(61)), ("A",)).is_full.all()


@pytest.mark.parametrize("bad", [0.0, -5.0, float("inf")])
def test_a_price_that_cannot_be_is_named_with_its_day(bad: float):
    with pytest.raises(BookError, match=r"A on 2020-01-02 has adj_close .*positive"):
        daily_returns(history(A=[100.0, bad, 101.0]), ("A",))


def test_no_history_at_all():
    returns = daily_returns(history(A=[]), ("A",))
    assert returns.value.shape == (0, 1)
    assert not returns.is_full.any()
