"""Covariance estimators by name, on standardised returns.

Problem: shrinking covariances towards one average variance gives a T-bill fund the variance of a stock.
Therefore: returns are standardised first, so that what is shrunk is the correlation matrix.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lotwright.errors import ProgramError

Floats = NDArray[np.float64]

ESTIMATORS = (
    "ledoit_wolf",
    "ledoit_wolf_single_factor",
    "ledoit_wolf_constant_correlation",
    "oas",
    "sample",
    "exponential",
    "semicovariance",
    "adaptive",
    "principal_components",
    "fama_french",
)
_UNSHRUNK = frozenset({"sample", "exponential", "adaptive", "principal_components", "fama_french"})
_TARGETS = {
    "ledoit_wolf": "constant_variance",
    "ledoit_wolf_single_factor": "single_factor",
    "ledoit_wolf_constant_correlation": "constant_correlation",
}
LONG_HALF_LIFE, SHORT_HALF_LIFE = 252.0, 42.0
"""Days, of the adaptive model: its correlations remember a year, half of its variances two months."""
_STRESSED_DAYS = 0.2
_STRESS = 0.25
"""Of the adaptive model's correlations, the part that is of the fifth of days on which everything moved most."""
_SPAN = 180
"""Span in days of exponential weights, the default of ``pypfopt.risk_models.exp_cov``."""


def check_estimator(estimator: str) -> None:
    """Raise :class:`ProgramError` unless the name is one of :data:`ESTIMATORS`."""
    if estimator not in ESTIMATORS:
        raise ProgramError(f"There is no risk estimator {estimator!r}. Use one of: {', '.join(ESTIMATORS)}.")


def day_weight(days: int, estimator: str) -> Floats:
    """Weight of each day, shape (days,), summing to one: equal, or with exponential weights the recent days more."""
    if estimator == "adaptive":
        return half_life_weight(days, LONG_HALF_LIFE)
    if estimator != "exponential":
        return np.full(days, 1.0 / days)
    weight = (1.0 - 2.0 / (_SPAN + 1.0)) ** np.arange(days - 1, -1, -1, dtype=np.float64)
    return np.asarray(weight / weight.sum())


def half_life_weight(days: int, half_life: float) -> Floats:
    """Weight of each day, shape (days,), summing to one; a day ``half_life`` days older weighs half."""
    weight = 0.5 ** (np.arange(days - 1, -1, -1, dtype=np.float64) / half_life)
    return np.asarray(weight / weight.sum())


def sample_correlation(score: Floats, weight: Floats, estimator: str) -> Floats:
    """Correlation matrix of standardised returns before anything is shrunk, shape (n, n), positive semidefinite.

    ``semicovariance``: of the days below the mean alone (``pypfopt.risk_models.semicovariance``), scaled to correlations.
    ``adaptive``: three quarters of the weighted days, one quarter of the fifth of days on which everything moved most, for
    correlations rise when it matters (Longin and Solnik 2001). Others: of the weighted days.

    Parameters
    ----------
    score : float64 array, shape (T, n), weighted mean 0 and mean square 1
    weight : float64 array, shape (T,), summing to one
    estimator : str, one of :data:`ESTIMATORS`
    """
    rows = score * np.sqrt(weight)[:, None]
    plain = np.asarray(rows.T @ rows)
    if estimator == "semicovariance":
        import pandas as pd  # noqa: PLC0415
        from pypfopt.risk_models import semicovariance  # noqa: PLC0415

        falling = semicovariance(pd.DataFrame(score), returns_data=True, benchmark=0.0, frequency=1)
        return _as_correlation(np.asarray(falling, dtype=np.float64))
    if estimator == "adaptive":
        turmoil = (score**2).mean(axis=1)
        days = np.argsort(-turmoil, kind="stable")[: max(int(_STRESSED_DAYS * len(score)), 2)]
        hard = score[days] * np.sqrt(weight[days] / weight[days].sum())[:, None]
        return _as_correlation((1.0 - _STRESS) * plain + _STRESS * _as_correlation(hard.T @ hard))
    return plain


def recent_scale(score: Floats, estimator: str) -> Floats:
    """What each volatility is multiplied by, shape (n,): one, but for ``adaptive`` the last months against the year.

    Half of the variance has a half-life of 42 days, half one of 252.
    """
    if estimator != "adaptive":
        return np.ones(score.shape[1])
    recent = half_life_weight(len(score), SHORT_HALF_LIFE) @ score**2
    return np.sqrt(0.5 + 0.5 * recent)


def _as_correlation(covariance: Floats) -> Floats:
    size = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    return np.asarray(covariance / np.outer(size, size))


def shrunk_correlation(score: Floats, estimator: str) -> Floats:
    """Correlation matrix of standardised returns, shrunk as the estimator says.

    ``ledoit_wolf`` (Ledoit and Wolf 2004; targets: a multiple of the identity, one common factor, one correlation) and
    ``oas`` (Chen et al. 2010) come from ``pypfopt.risk_models.CovarianceShrinkage``; the others shrink nothing.

    Parameters
    ----------
    score : float64 array, shape (T, n), no NaN, columns of mean 0 and mean square 1
    estimator : str, one of :data:`ESTIMATORS`

    Returns
    -------
    float64 array, shape (n, n)
    """
    check_estimator(estimator)
    if estimator in _UNSHRUNK or estimator == "semicovariance" or score.shape[1] == 1:
        return np.asarray(score.T @ score / len(score))
    # Imported here because importing pypfopt costs seconds and a cached model must not pay them.
    import pandas as pd  # noqa: PLC0415
    from pypfopt.risk_models import CovarianceShrinkage  # noqa: PLC0415

    shrinkage = CovarianceShrinkage(pd.DataFrame(score), returns_data=True, frequency=1)
    shrunk = shrinkage.oracle_approximating() if estimator == "oas" else shrinkage.ledoit_wolf(_TARGETS[estimator])
    return np.asarray(shrunk, dtype=np.float64)
