"""Least expected loss of the worst days (Rockafellar and Uryasev 2000), by ``pypfopt.EfficientCVaR``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from lotwright.targets.frontier import SOLVER, solved
from lotwright.targets.study import DAYS_A_YEAR, Study


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionalValueAtRisk:
    """The weights whose worst days, on average, lose least.

    Parameters
    ----------
    beta : float
        Part of the days that are not counted: 0.95 leaves the worst twentieth.
    minimum_return : float, a year, optional
        Arithmetic mean return of history that is kept at least.
    """

    keeps_groups: ClassVar[bool] = False

    beta: float = 0.95
    minimum_return: float | None = None

    def weights(self, study: Study) -> Mapping[str, float]:
        """Minimise the mean of daily losses beyond their beta-quantile."""
        import pandas as pd  # noqa: PLC0415
        from pypfopt import EfficientCVaR  # noqa: PLC0415  seconds to import

        returns = pd.DataFrame(study.returns, columns=list(study.symbols))
        mean = returns.mean() * DAYS_A_YEAR
        found = EfficientCVaR(mean, returns, beta=self.beta, weight_bounds=study.bounds, solver=SOLVER)
        if self.minimum_return is None:
            return solved(found.min_cvar, what="least expected loss")
        least = self.minimum_return
        return solved(lambda: found.efficient_return(least), what=f"expected return {least:.1%}")
