"""The exact split: by hand, as a law over random matrices, and where matrices are barely matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwright.errors import ProgramError
from lotwright.risk.split import exact_split


def scale_of(covariance: np.ndarray) -> np.ndarray:
    return np.sqrt(np.outer(np.diag(covariance), np.diag(covariance)))


def worst_error(covariance: np.ndarray) -> float:
    F, D = exact_split(covariance)
    return float((np.abs(F @ F.T + np.diag(D) - covariance) / scale_of(covariance)).max())


def test_two_securities_by_hand():
    # S⁻¹_ii = .04/.0007, so 1/(S⁻¹)_ii = .0175; S - c·.0175·I is singular when .04 - .0175c = .03: c = 4/7, D = .01.
    F, D = exact_split(np.array([[0.04, 0.03], [0.03, 0.04]]))
    np.testing.assert_allclose(D, [0.01, 0.01], rtol=1e-12)
    np.testing.assert_allclose(F, np.sqrt([[0.03], [0.03]]), rtol=1e-12)


def test_one_security_is_all_specific():
    F, D = exact_split(np.array([[0.09]]))
    assert F.shape == (1, 0)
    np.testing.assert_allclose(D, [0.09], rtol=1e-15)


def test_independent_securities_need_no_factor():
    F, D = exact_split(np.diag([0.01, 0.04, 0.09]))
    assert F.shape == (3, 0)
    np.testing.assert_allclose(D, [0.01, 0.04, 0.09], rtol=1e-15)


@given(n=st.integers(1, 12), seed=st.integers(0, 2**32 - 1), spread=st.floats(0.0, 3.0))
def test_the_split_is_exact_and_as_specific_as_can_be(n: int, seed: int, spread: float):
    random = np.random.default_rng(seed)
    root = random.normal(size=(n, n + 2)) * 10.0 ** random.uniform(-spread, 0.0, (n, 1))
    covariance = root @ root.T / 252
    F, D = exact_split(covariance)
    assert (D > 0).all()
    assert F.shape[1] <= max(n - 1, 0)
    assert (np.abs(F @ F.T + np.diag(D) - covariance) <= 1e-12 * scale_of(covariance)).all()
    # D is proportional to what no other security explains, and any more of it would be too much.
    share = D * np.diag(np.linalg.inv(covariance))
    np.testing.assert_allclose(share, share[0], rtol=1e-4)
    volatility = np.sqrt(np.diag(covariance))
    too_much = covariance - np.diag(D) * 1.001
    assert np.linalg.eigvalsh(too_much / np.outer(volatility, volatility))[0] < 0


@given(seed=st.integers(0, 2**32 - 1), exponent=st.floats(2.0, 16.0))
def test_nearly_identical_securities_split_as_well(seed: int, exponent: float):
    random = np.random.default_rng(seed)
    market = random.normal(size=(400, 1))
    twins = market + random.normal(size=(400, 2)) * 10.0**-exponent
    covariance = np.cov(np.hstack([twins, market + random.normal(size=(400, 1))]), rowvar=False)
    _, D = exact_split(covariance)
    assert worst_error(covariance) <= 1e-12
    assert (D > 0).all()
    # The third security is hardly explained by the twins; their likeness must not cost it its specific variance.
    assert D[2] > 0.1


def test_identical_securities_are_one_factor():
    covariance = np.full((4, 4), 0.04)
    F, D = exact_split(covariance)
    assert F.shape == (4, 1)
    assert worst_error(covariance) <= 1e-12
    assert (D > 0).all()


def test_units_change_nothing():
    covariance = np.array([[0.04, 0.01, 0.0], [0.01, 0.02, 0.005], [0.0, 0.005, 0.09]])
    unit = np.array([1.0, 100.0, 0.01])
    F, D = exact_split(covariance)
    F_scaled, D_scaled = exact_split(covariance * np.outer(unit, unit))
    np.testing.assert_allclose(F_scaled, F * unit[:, None], rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(D_scaled, D * unit**2, rtol=1e-9)


@pytest.mark.parametrize(
    ("covariance", "says"),
    [
        (np.array([[0.04, 0.05], [0.05, 0.04]]), "semidefinite"),
        (np.array([[0.04, 0.03], [0.02, 0.04]]), "symmetric"),
        (np.array([[0.04, np.nan], [np.nan, 0.04]]), "finite"),
        (np.array([[0.04, 0.0], [0.0, 0.0]]), "positive"),
        (np.ones((2, 3)), "square"),
        (np.zeros((0, 0)), "empty"),
    ],
)
def test_what_is_no_covariance_matrix_is_named(covariance: np.ndarray, says: str):
    with pytest.raises(ProgramError, match=says):
        exact_split(covariance)
