"""Equilibrium tilted by views (Black and Litterman 1992), by ``pypfopt.BlackLittermanModel``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from lotwright.errors import ProgramError
from lotwright.targets.estimates import covariance
from lotwright.targets.frontier import frontier, solved
from lotwright.targets.study import Study

_VIEW_KEYS = ("says", "of", "annual_return", "confidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlackLitterman:
    """Market weights imply returns; views move them, each as far as its confidence goes; the result is optimised.

    Parameters
    ----------
    view : list of tables
        Each with ``of``: a symbol, or a table of symbols and signed weights (``{ JPM = 1, BAC = -1 }`` for one against the
        other), ``annual_return``, and ``confidence`` between 0 and 1 (Idzorek 2005).
    market : mapping from symbol to weight
        The equilibrium; equal weights if not given.
    risk_aversion : float
        The market's, per unit of variance: He and Litterman's 2.5.
    tau : float
        Uncertainty of the equilibrium, a fraction of covariance.
    risk : str
        Estimator of covariance.
    risk_free_rate : float, a year
        Of the Sharpe ratio that is maximised.
    """

    keeps_groups: ClassVar[bool] = True

    view: tuple[Mapping[str, Any], ...] = ()
    market: Mapping[str, float] = field(default_factory=dict)
    risk_aversion: float = 2.5
    tau: float = 0.05
    risk: str = "ledoit_wolf"
    risk_free_rate: float = 0.0

    def weights(self, study: Study) -> Mapping[str, float]:
        """Maximise the Sharpe ratio of the posterior."""
        matrix = covariance(study, self.risk)
        mu, sigma = self.posterior(study, matrix)
        found = frontier(study, expected=mu, matrix=sigma)
        return solved(
            lambda: found.max_sharpe(risk_free_rate=self.risk_free_rate), what="maximum Sharpe ratio after views"
        )

    def posterior(self, study: Study, matrix: Any) -> tuple[Any, Any]:
        """Expected returns (n,) and covariance (n, n) after the views, as pandas objects."""
        import pandas as pd  # noqa: PLC0415
        from pypfopt import BlackLittermanModel  # noqa: PLC0415

        prior = pd.Series(self.risk_aversion * matrix.to_numpy() @ self._market(study), index=list(study.symbols))
        if not self.view:
            return prior, matrix
        picks, returns, confidence = self._views(study)
        model = BlackLittermanModel(
            matrix, pi=prior, P=picks, Q=returns, omega="idzorek", view_confidences=confidence, tau=self.tau
        )
        return model.bl_returns(), model.bl_cov()

    def _market(self, study: Study) -> Any:
        if not self.market:
            return np.full(len(study.symbols), 1.0 / len(study.symbols))
        cap = np.array([max(float(self.market.get(symbol, 0.0)), 0.0) for symbol in study.symbols])
        if not cap.sum():
            raise ProgramError("None of the market's weights is of a security in the universe. Correct market.")
        return cap / cap.sum()

    def _views(self, study: Study) -> tuple[Any, Any, list[float]]:
        """Which securities each view is of (k, n), its return (k, 1) and its confidence."""
        picks = np.zeros((len(self.view), len(study.symbols)))
        returns, confidences = np.zeros((len(self.view), 1)), []
        place = {symbol: column for column, symbol in enumerate(study.symbols)}
        for row, view in enumerate(self.view):
            unknown = sorted(set(view) - set(_VIEW_KEYS))
            lacking = [key for key in _VIEW_KEYS[1:] if key not in view]
            if unknown or lacking:
                what = f"lacks {' and '.join(lacking)}" if lacking else f"has no key {unknown[0]}"
                raise ProgramError(f"View {row + 1} {what}. A view has of, annual_return and confidence.")
            legs = {view["of"]: 1.0} if isinstance(view["of"], str) else dict(view["of"])
            for symbol, weight in legs.items():
                if symbol not in place:
                    raise ProgramError(
                        f"View {row + 1} is of {symbol}, which is not in the universe or has no history."
                    )
                picks[row, place[symbol]] = float(weight)
            confidence = float(view["confidence"])
            if not 0 < confidence <= 1:
                raise ProgramError(f"View {row + 1} has confidence {confidence:g}; it must be above 0 and at most 1.")
            returns[row, 0] = float(view["annual_return"])
            confidences.append(confidence)
        return picks, returns, confidences
