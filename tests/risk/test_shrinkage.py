"""The estimators against their papers' formulas, written out again here, and against pypfopt used the plain way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lotwright.errors import ProgramError
from lotwright.risk.shrinkage import day_weight, shrunk_correlation


@pytest.fixture
def score() -> np.ndarray:
    random = np.random.default_rng(5)
    value = random.normal(size=(120, 8)) + random.normal(size=(120, 1))
    value -= value.mean(axis=0)
    return value / np.sqrt((value**2).mean(axis=0))


def test_sample_is_the_correlation_matrix(score: np.ndarray):
    np.testing.assert_allclose(shrunk_correlation(score, "sample"), np.corrcoef(score, rowvar=False), atol=1e-14)


def test_ledoit_wolf_is_the_formula_of_2004(score: np.ndarray):
    # Ledoit and Wolf (2004), section 3.3: target m·I, intensity b²/d².
    days, n = score.shape
    sample = score.T @ score / days
    m = np.trace(sample) / n
    d2 = ((sample - m * np.eye(n)) ** 2).sum()
    b2 = min(sum(((np.outer(row, row) - sample) ** 2).sum() for row in score) / days**2, d2)
    expected = b2 / d2 * m * np.eye(n) + (1 - b2 / d2) * sample
    np.testing.assert_allclose(shrunk_correlation(score, "ledoit_wolf"), expected, atol=1e-12)


def test_oas_is_the_formula_of_2010(score: np.ndarray):
    # Chen, Wiesel, Eldar and Hero (2010), equation 23, as sklearn documents it: the factor 1 - 2/p is left out.
    days, n = score.shape
    sample = score.T @ score / days
    m = np.trace(sample) / n
    alpha = (sample**2).mean()
    intensity = min(1.0, (alpha + m**2) / ((days + 1) * (alpha - m**2 / n)))
    expected = intensity * m * np.eye(n) + (1 - intensity) * sample
    np.testing.assert_allclose(shrunk_correlation(score, "oas"), expected, atol=1e-12)


def test_exponential_weights_are_those_of_pypfopt():
    from pypfopt.risk_models import exp_cov

    returns = pd.DataFrame(np.random.default_rng(6).normal(0.0, 0.01, (300, 3)), columns=list("ABC"))
    weight = day_weight(300, "exponential")
    centred = returns.to_numpy() - returns.to_numpy().mean(axis=0)
    ours = 252 * (centred * weight[:, None]).T @ centred
    np.testing.assert_allclose(ours, exp_cov(returns, returns_data=True, span=180).to_numpy(), rtol=1e-9)


def test_weights_sum_to_one():
    for estimator in ("sample", "exponential"):
        assert day_weight(77, estimator).sum() == pytest.approx(1.0)


def test_one_security_has_nothing_to_shrink():
    np.testing.assert_allclose(shrunk_correlation(np.array([[1.0], [-1.0]]), "ledoit_wolf"), [[1.0]])


def test_an_estimator_nobody_knows_is_refused(score: np.ndarray):
    with pytest.raises(ProgramError, match=r"no risk estimator 'magic'.*ledoit_wolf"):
        shrunk_correlation(score, "magic")
