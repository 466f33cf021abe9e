"""Covariance estimators by name, on standardised returns.

Problem: shrinking covariances towards one average variance gives a T-bill fund the variance of a stock.
Therefore: returns are standardised first, so that what is shrunk is the correlation matrix.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lotwright.errors import ProgramError

Floats = NDArray[np.float64]

ESTIMATORS = ("ledoit_wolf", "oas", "sample", "exponential")
_SPAN = 180
"""Span in days of exponential weights, the default of ``pypfopt.risk_models.exp_cov``."""


def check_estimator(estimator: str) -> None:
    """Raise :class:`ProgramError` unless the name is one of :data:`ESTIMATORS`."""
    if estimator not in ESTIMATORS:
        raise ProgramError(f"There is no risk estimator {estimator!r}. Use one of: {', '.join(ESTIMATORS)}.")


def day_weight(days: int, estimator: str) -> Floats:
    """Weight of each day, shape (days,), summing to one: equal, or with exponential weights the recent days more."""
    if estimator != "exponential":
        return np.full(days, 1.0 / days)
    weight = (1.0 - 2.0 / (_SPAN + 1.0)) ** np.arange(days - 1, -1, -1, dtype=np.float64)
    return np.asarray(weight / weight.sum())


def shrunk_correlation(score: Floats, estimator: str) -> Floats:
    """Correlation matrix of standardised returns, shrunk as the estimator says.

    ``ledoit_wolf`` (Ledoit and Wolf 2004, target: a multiple of the identity) and ``oas`` (Chen et al. 2010) come from
    ``pypfopt.risk_models.CovarianceShrinkage``; ``sample`` and ``exponential`` shrink nothing.

    Parameters
    ----------
    score : float64 array, shape (T, n), no NaN, columns of mean 0 and mean square 1
    estimator : str, one of :data:`ESTIMATORS`

    Returns
    -------
    float64 array, shape (n, n)
    """
    check_estimator(estimator)
    if estimator in ("sample", "exponential") or score.shape[1] == 1:
        return np.asarray(score.T @ score / len(score))
    # Imported here because importing pypfopt costs seconds and a cached model must not pay them.
    import pandas as pd  # noqa: PLC0415
    from pypfopt.risk_models import CovarianceShrinkage  # noqa: PLC0415

    shrinkage = CovarianceShrinkage(pd.DataFrame(score), returns_data=True, frequency=1)
    shrunk = shrinkage.ledoit_wolf() if estimator == "ledoit_wolf" else shrinkage.oracle_approximating()
    return np.asarray(shrunk, dtype=np.float64)
