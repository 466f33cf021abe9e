"""Blocks of look-alikes: who belongs together, and that what they share is kept exactly."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lotwright.risk.blocks import blocks, residual_likeness, split_residual

NO_FUNDS = np.zeros(4, dtype=bool)


def likeness(n: int, **pairs: float) -> np.ndarray:
    """Correlations with ones on the diagonal and, by name ``c0_1``, the pairs given."""
    matrix = np.eye(n)
    for name, value in pairs.items():
        i, j = (int(part) for part in name[1:].split("_"))
        matrix[i, j] = matrix[j, i] = value
    return matrix


def members(found: list[np.ndarray]) -> list[list[int]]:
    return [block.tolist() for block in found]


def test_stocks_above_four_fifths_are_joined_and_their_friends_with_them():
    assert members(blocks(likeness(4, c0_2=0.9, c2_3=0.81, c0_1=0.8), NO_FUNDS)) == [[0, 2, 3]]


def test_all_funds_are_one_block_and_no_stock_is_in_it():
    is_fund = np.array([False, True, True, False])
    assert members(blocks(likeness(4, c0_1=0.9, c0_3=0.9), is_fund)) == [[1, 2], [0, 3]]


def test_nobody_alike_no_block():
    assert blocks(likeness(4), NO_FUNDS) == []
    assert blocks(likeness(4), np.array([True, False, False, False])) == []


def test_a_large_group_gives_way_at_its_weakest_link():
    # Nine in a chain, the link between 3 and 4 the weakest: it is the one that gives.
    chain = {f"c{row}_{row + 1}": 0.92 - 0.01 * row for row in range(8)} | {"c3_4": 0.81}
    assert members(blocks(likeness(9, **chain), np.zeros(9, dtype=bool))) == [[0, 1, 2, 3], [4, 5, 6, 7, 8]]


def test_no_stock_block_is_larger_than_eight():
    everyone = np.full((30, 30), 0.9) + 0.1 * np.eye(30)
    found = blocks(everyone, np.zeros(30, dtype=bool))
    assert max(len(block) for block in found) <= 8
    joined = np.concatenate(found)
    assert len(joined) == len(np.unique(joined))


def test_inside_a_block_residual_covariance_is_exact_and_outside_zero():
    random = np.random.default_rng(0)
    root = random.normal(size=(6, 9))
    residual = root @ root.T / 100
    is_fund = np.array([True, False, True, False, True, False])
    G, D = split_residual(residual, np.eye(6), is_fund)
    model = G @ G.T + np.diag(D)
    funds = np.flatnonzero(is_fund)
    np.testing.assert_allclose(model[np.ix_(funds, funds)], residual[np.ix_(funds, funds)], rtol=1e-12)
    stocks = np.flatnonzero(~is_fund)
    np.testing.assert_allclose(model[stocks], np.diag(np.diag(residual))[stocks], rtol=1e-15)
    assert (D > 0).all()


def test_fewer_days_than_funds_still_leave_everyone_a_variance():
    value = np.random.default_rng(1).normal(0.0, 0.01, (5, 8))
    residual = value.T @ value
    G, D = split_residual(residual, np.eye(8), np.ones(8, dtype=bool))
    assert (D > 0).all()
    np.testing.assert_allclose(G @ G.T + np.diag(D), residual, atol=1e-5 * np.diag(residual).max())
    np.testing.assert_allclose(np.diag(G @ G.T) + D, np.diag(residual), rtol=1e-12)


def test_likeness_is_correlation_over_common_days():
    random = np.random.default_rng(2)
    value = random.normal(size=(200, 3))
    value -= value.mean(axis=0)
    np.testing.assert_allclose(residual_likeness(value), np.corrcoef(value, rowvar=False), atol=1e-12)
    value[:100, 1] = np.nan
    value[30:, 2] = np.nan
    found = residual_likeness(value)
    both = pd.DataFrame(value).dropna(subset=[0, 1])
    by_hand = (both[0] * both[1]).sum() / np.sqrt((both[0] ** 2).sum() * (both[1] ** 2).sum())
    assert abs(found[0, 1] - by_hand) < 1e-12
    assert found[1, 2] == 0.0  # not a day in common
