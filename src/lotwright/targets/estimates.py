"""Covariance and expected returns by name, through pypfopt."""

from __future__ import annotations

import warnings
from typing import Any

from lotwright.errors import ProgramError
from lotwright.targets.study import DAYS_A_YEAR, Study

COVARIANCES = {
    "sample": "sample_cov",
    "semicovariance": "semicovariance",
    "exponential": "exp_cov",
    "ledoit_wolf": "ledoit_wolf_constant_variance",
    "ledoit_wolf_single_factor": "ledoit_wolf_single_factor",
    "ledoit_wolf_constant_correlation": "ledoit_wolf_constant_correlation",
    "oas": "oracle_approximating",
}
"""Our names and ``pypfopt.risk_models.risk_matrix``'s."""
EXPECTED = {"mean": "mean_historical_return", "exponential": "ema_historical_return", "capm": "capm_return"}


def covariance(study: Study, name: str) -> Any:
    """Annual covariance as a data frame, symbols by symbols, positive semidefinite.

    Raises
    ------
    ProgramError
        There is no such estimator.
    """
    from pypfopt.risk_models import fix_nonpositive_semidefinite, risk_matrix  # noqa: PLC0415  seconds to import

    _known("risk estimator", name, COVARIANCES)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pypfopt warns of what the line below mends
        found = risk_matrix(study.frame, method=COVARIANCES[name], frequency=DAYS_A_YEAR)
        return fix_nonpositive_semidefinite(found, fix_method="spectral")


def expected_returns(study: Study, name: str, *, risk_free_rate: float) -> Any:
    """Annual expected returns as a series by symbol: historical mean, exponentially weighted, or by the CAPM.

    Raises
    ------
    ProgramError
        There is no such estimate.
    """
    from pypfopt.expected_returns import capm_return, ema_historical_return, mean_historical_return  # noqa: PLC0415

    _known("estimate of expected returns", name, EXPECTED)
    if name == "capm":
        return capm_return(study.frame, risk_free_rate=risk_free_rate, frequency=DAYS_A_YEAR)
    estimate = mean_historical_return if name == "mean" else ema_historical_return
    return estimate(study.frame, frequency=DAYS_A_YEAR)


def _known(what: str, name: str, names: dict[str, str]) -> None:
    if name not in names:
        raise ProgramError(f"There is no {what} {name!r}. There are: {', '.join(names)}.")
