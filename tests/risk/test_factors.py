"""The two ways to common factors, against numpy, pandas and scikit-learn used directly."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.covariance import ledoit_wolf

from lotwright.risk.factors import principal_split, supplied_split
from lotwright.risk.returns import Returns, daily_returns
from tests.risk.histories import RealHistory, closes, history_of


def returns_of(frame: pd.DataFrame) -> Returns:
    return daily_returns(history_of(frame), tuple(frame.columns))


def test_principal_components_of_the_shrunk_correlation(simulated: RealHistory):
    split = principal_split(returns_of(simulated.close), estimator="ledoit_wolf", factors=2)
    # Second opinion: the shrunk correlation's two leading eigenpairs, scaled by annual volatility.
    daily = simulated.returns
    shrunk, _ = ledoit_wolf(((daily - daily.mean()) / daily.std(ddof=0)).to_numpy())
    value, vector = np.linalg.eigh(shrunk)
    loading = vector[:, -2:] * np.sqrt(value[-2:])
    volatility = daily.std().to_numpy() * np.sqrt(252)
    exposure = split.beta @ split.root
    np.testing.assert_allclose(exposure @ exposure.T, loading @ loading.T * np.outer(volatility, volatility), rtol=1e-8)


@pytest.mark.parametrize("estimator", ["ledoit_wolf", "oas", "sample"])
def test_factors_and_residuals_together_are_the_sample(simulated: RealHistory, estimator: str):
    split = principal_split(returns_of(simulated.close), estimator=estimator, factors=15)
    exposure = split.beta @ split.root
    sample = simulated.returns.cov().to_numpy() * 252
    np.testing.assert_allclose(exposure @ exposure.T + split.residual, sample, atol=1e-10)
    assert np.linalg.eigvalsh(split.residual)[0] > -1e-12


def test_noise_is_no_factor(simulated: RealHistory):
    # Two factors were simulated and two pairs share their residuals; 32 other components are noise.
    split = principal_split(returns_of(simulated.close), estimator="ledoit_wolf", factors=15)
    assert 2 <= split.beta.shape[1] <= 4
    noise = np.random.default_rng(1).normal(0.0, 0.01, (2000, 10))
    lonely = principal_split(returns_of(closes(noise, list("ABCDEFGHIJ"))), estimator="sample", factors=15)
    assert lonely.beta.shape[1] <= 1


def test_exponential_weights_prefer_recent_days():
    random = np.random.default_rng(2)
    calm_then_wild = np.vstack([random.normal(0.0, 0.005, (400, 4)), random.normal(0.0, 0.02, (200, 4))])
    returns = returns_of(closes(calm_then_wild, list("ABCD")))
    equal = np.diag(principal_split(returns, estimator="sample", factors=1).residual)
    recent = np.diag(principal_split(returns, estimator="exponential", factors=1).residual)
    # By weight: .9 of an exponential span of 180 lies in 200 days, against a third of all days.
    assert (recent > 1.5 * equal).all()


def test_missing_days_are_not_days_of_calm():
    random = np.random.default_rng(3)
    market = random.normal(0.0, 0.01, (1000, 1))
    frame = closes(market + random.normal(0.0, 0.005, (1000, 25)), [f"S{row:02d}" for row in range(25)])
    holed = frame.copy()
    for start in range(50, 1000, 160):
        holed.iloc[start : start + 6, 0] = np.nan
    whole, gaps = (principal_split(returns_of(each), estimator="sample", factors=1) for each in (frame, holed))
    assert len(gaps.beta) == len(whole.beta) == 25
    # Zeros on 42 of 1,000 days would take four per cent of beta and of variance away.
    np.testing.assert_allclose(gaps.beta[0], whole.beta[0], rtol=0.02)
    np.testing.assert_allclose(gaps.residual[0, 0], whole.residual[0, 0], rtol=0.03)


def test_supplied_exposures_recover_what_was_simulated():
    random = np.random.default_rng(4)
    n, days = 40, 3000
    beta = np.column_stack([np.ones(n), random.normal(size=n)])
    truth = np.array([[1.0e-4, 2.0e-5], [2.0e-5, 4.0e-5]])
    own = random.uniform(0.005, 0.02, n)
    factor = random.multivariate_normal([0.0, 0.0], truth, days)
    returns = returns_of(
        closes(factor @ beta.T + random.normal(size=(days, n)) * own, [f"S{row:02d}" for row in range(n)])
    )
    split = supplied_split(returns, beta, estimator="sample")
    np.testing.assert_allclose(split.root @ split.root.T / 252, truth, rtol=0.12)
    np.testing.assert_allclose(np.diag(split.residual), own**2 * 252, rtol=0.2)
    np.testing.assert_array_equal(split.beta, beta)
