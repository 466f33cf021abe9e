"""Mean and variance (Markowitz 1952), by ``pypfopt.EfficientFrontier``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from lotwright.errors import ProgramError
from lotwright.targets.estimates import covariance, expected_returns
from lotwright.targets.study import Study

SOLVER = "CLARABEL"
"""An interior-point method: its weights are exact to 1e-8, where OSQP's are to 1e-4."""

DUST = 1e-4
"""Weights an interior point leaves where zero is meant; pypfopt cleans up to the same."""


def frontier(study: Study, *, expected: Any, matrix: Any) -> Any:
    """A frontier with the study's bounds, single and by sector."""
    from pypfopt import EfficientFrontier  # noqa: PLC0415  seconds to import

    found = EfficientFrontier(expected, matrix, weight_bounds=study.bounds, solver=SOLVER)
    if study.groups:
        sector = {symbol: group.name for group in study.groups for symbol in group.symbols}
        found.add_sector_constraints(
            {symbol: sector.get(symbol, "") for symbol in study.symbols},
            {group.name: group.lower for group in study.groups},
            {group.name: group.upper for group in study.groups},
        )
    return found


def solved(call: Callable[[], Mapping[str, float]], *, what: str) -> Mapping[str, float]:
    """The weights of a call into pypfopt, its refusals told as ours.

    Raises
    ------
    ProgramError
        There are no such weights.
    """
    import warnings  # noqa: PLC0415

    from pypfopt.exceptions import OptimizationError  # noqa: PLC0415

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # cvxpy on pypfopt's own code
            found = call()
    except (OptimizationError, ValueError) as error:
        first = next((str(one) for one in reversed(error.args) if one), type(error).__name__)
        said = first.strip().rstrip(".")
        raise ProgramError(f"There are no weights of {what}: {said}. Change what is asked, or the bounds.") from error
    return {symbol: float(weight) for symbol, weight in found.items() if abs(weight) > DUST}


@dataclass(frozen=True, slots=True, kw_only=True)
class MinimumVolatility:
    """The weights of least variance.

    Parameters
    ----------
    risk : str
        Estimator of covariance, one of :data:`~lotwright.targets.estimates.COVARIANCES`.
    """

    keeps_groups: ClassVar[bool] = True

    risk: str = "ledoit_wolf"

    def weights(self, study: Study) -> Mapping[str, float]:
        """Minimise wᵀΣw."""
        found = frontier(study, expected=None, matrix=covariance(study, self.risk))
        return solved(found.min_volatility, what="least volatility")


@dataclass(frozen=True, slots=True, kw_only=True)
class MaximumSharpe:
    """The tangency portfolio: most expected return above the risk-free rate per unit of volatility.

    Parameters
    ----------
    risk, expected : str
        Estimators of covariance and of expected returns.
    risk_free_rate : float, a year
    """

    keeps_groups: ClassVar[bool] = True

    risk: str = "ledoit_wolf"
    expected: str = "capm"
    risk_free_rate: float = 0.0

    def weights(self, study: Study) -> Mapping[str, float]:
        """Maximise (μᵀw - r) / √(wᵀΣw)."""
        mu = expected_returns(study, self.expected, risk_free_rate=self.risk_free_rate)
        found = frontier(study, expected=mu, matrix=covariance(study, self.risk))
        return solved(lambda: found.max_sharpe(risk_free_rate=self.risk_free_rate), what="maximum Sharpe ratio")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRisk:
    """The most expected return at a volatility.

    Parameters
    ----------
    volatility : float, a year
    risk, expected : str
    """

    keeps_groups: ClassVar[bool] = True

    volatility: float
    risk: str = "ledoit_wolf"
    expected: str = "capm"

    def weights(self, study: Study) -> Mapping[str, float]:
        """Maximise μᵀw subject to √(wᵀΣw) ≤ volatility."""
        mu = expected_returns(study, self.expected, risk_free_rate=0.0)
        found = frontier(study, expected=mu, matrix=covariance(study, self.risk))
        return solved(lambda: found.efficient_risk(self.volatility), what=f"volatility {self.volatility:.1%}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetReturn:
    """The least volatility at an expected return.

    Parameters
    ----------
    annual_return : float, a year
    risk, expected : str
    """

    keeps_groups: ClassVar[bool] = True

    annual_return: float
    risk: str = "ledoit_wolf"
    expected: str = "capm"

    def weights(self, study: Study) -> Mapping[str, float]:
        """Minimise wᵀΣw subject to μᵀw ≥ annual_return."""
        mu = expected_returns(study, self.expected, risk_free_rate=0.0)
        found = frontier(study, expected=mu, matrix=covariance(study, self.risk))
        return solved(
            lambda: found.efficient_return(self.annual_return), what=f"expected return {self.annual_return:.1%}"
        )
