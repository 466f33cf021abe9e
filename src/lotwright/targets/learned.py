"""Weights from a learner (scikit-learn) that walks forward: a plug-in, and an example of one.

Problem: whatever is trained on a history predicts that history well.
Observations: at day t the return of the next ``horizon`` days is not known, so that the last examples to learn from end at
``t - horizon``. How good a learner is can be seen only in forecasts it made before it knew.
Therefore: at every step the learner is trained on what was known by then and forecasts; the correlation of those forecasts
with what came, shrunk towards zero and never below it, says how far the last forecast is believed. A learner without
skill so ends at the weights of least variance.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from lotwright.errors import ProgramError
from lotwright.targets.estimates import covariance
from lotwright.targets.frontier import frontier, solved
from lotwright.targets.study import DAYS_A_YEAR, Floats, Study

WARM_UP = 252
"""Days that the oldest feature looks back."""
_FEWEST_STEPS = 6
_FEWEST_KNOWN = 3
_DOUBTED = 24.0
"""Forecast dates that weigh as much as the belief that there is no skill."""
_LEARNERS = ("ridge", "boosting")


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What the learner said on one day, standardised across securities, and what came (NaN where it is not known yet)."""

    day: np.datetime64
    said: Floats
    came: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """Expected returns learned from momentum, reversal, volatility and drawdown, walk-forward.

    Parameters
    ----------
    learner : str
        ``"ridge"`` (linear), or ``"boosting"`` (shallow trees).
    horizon : int
        Days ahead that are forecast, and days between two forecasts.
    risk : str
        Estimator of covariance.
    risk_aversion : float
        Per unit of variance, of the utility that is maximised.
    """

    keeps_groups: ClassVar[bool] = True

    learner: str = "ridge"
    horizon: int = 21
    risk: str = "ledoit_wolf"
    risk_aversion: float = 10.0

    def __post_init__(self) -> None:
        if self.learner not in _LEARNERS:
            raise ProgramError(f"learner is {self.learner!r}; it must be one of {', '.join(_LEARNERS)}.")
        if self.horizon < 1 or self.risk_aversion <= 0:
            raise ProgramError("horizon must be a day or more, and risk_aversion above zero.")

    def weights(self, study: Study) -> Mapping[str, float]:
        """Maximise αᵀw - λ/2 wᵀΣw with α = skill · volatility · forecast (Grinold 1989)."""
        made = self.forecasts(study)
        matrix = covariance(study, self.risk)
        alpha = skill(made) * np.sqrt(np.diag(matrix)) * np.sqrt(DAYS_A_YEAR / self.horizon) * made[-1].said
        import pandas as pd  # noqa: PLC0415

        found = frontier(study, expected=pd.Series(alpha, index=list(study.symbols)), matrix=matrix)
        aversion = self.risk_aversion
        return solved(lambda: found.max_quadratic_utility(risk_aversion=aversion), what="most utility")

    def forecasts(self, study: Study) -> list[Forecast]:
        """A forecast for every step and for the last day; each knows nothing of the days after it.

        Raises
        ------
        ProgramError
            The study is too short, or of fewer than three securities.
        """
        price, last = study.adj_close, len(study.dates) - 1
        steps = list(range(WARM_UP, last, self.horizon))
        if len(steps) < _FEWEST_STEPS or len(study.symbols) < 3:
            needed = WARM_UP + _FEWEST_STEPS * self.horizon
            raise ProgramError(
                f"Learning needs {needed} days and three securities; found {len(study.dates)} and {len(study.symbols)}."
                " Raise lookback_days, or fetch a longer history."
            )
        seen = {step: features(price[: step + 1]) for step in [*steps, last]}
        label = {
            step: _ranked(price[step + self.horizon] / price[step] - 1.0)
            for step in steps
            if step + self.horizon <= last
        }
        unknown, made = np.full(len(study.symbols), np.nan), []
        from threadpoolctl import threadpool_limits  # noqa: PLC0415

        with threadpool_limits(limits=1):  # sums in another order are other forecasts
            for step in [*steps, last]:
                known = [one for one in label if one + self.horizon <= step]
                if len(known) >= _FEWEST_KNOWN:
                    learner = _new(self.learner)
                    learner.fit(np.vstack([seen[one] for one in known]), np.concatenate([label[one] for one in known]))
                    said = _standardised(np.asarray(learner.predict(seen[step]), dtype=np.float64))
                    made.append(Forecast(day=study.dates[step], said=said, came=label.get(step, unknown)))
        return made


def features(price: Floats) -> Floats:
    """What is known of each security on the last of the days, ranked across securities; shape (n, 5).

    Momentum of a year without its last month (Jegadeesh and Titman 1993), of a quarter, of the last month, volatility of a
    quarter, and the distance from the year's high.

    Parameters
    ----------
    price : float64 array, shape (T, n), T > 252
    """
    now, daily = price[-1], price[-64:][1:] / price[-64:][:-1] - 1.0
    columns = [
        price[-22] / price[-WARM_UP - 1] - 1.0,
        now / price[-64] - 1.0,
        now / price[-22] - 1.0,
        daily.std(axis=0),
        now / price[-WARM_UP:].max(axis=0) - 1.0,
    ]
    return np.column_stack([_ranked(column) for column in columns])


def skill(made: list[Forecast]) -> float:
    """Mean correlation of forecasts with what came, shrunk towards zero by their number, and never negative."""
    judged = [_correlation(one.said, one.came) for one in made if np.isfinite(one.came).all()]
    if not judged:
        return 0.0
    return max(float(np.mean(judged)) * len(judged) / (len(judged) + _DOUBTED), 0.0)


def _new(learner: str) -> Any:
    if learner == "boosting":
        from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415  a second to import

        return HistGradientBoostingRegressor(max_depth=3, max_iter=60, learning_rate=0.05, random_state=0)
    from sklearn.linear_model import Ridge  # noqa: PLC0415  a second to import

    return Ridge(alpha=10.0)


def _ranked(values: Floats) -> Floats:
    """Ranks between -1/2 and 1/2; equal values share theirs."""
    distinct, place, count = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(count) - (count + 1) / 2
    ranks: NDArray[np.float64] = middle[place.reshape(values.shape)] / max(len(values) - 1, 1) - 0.5
    return ranks if len(distinct) > 1 else np.zeros(len(values))


def _standardised(values: Floats) -> Floats:
    spread = float(values.std())
    return (values - values.mean()) / spread if spread > 1e-12 else np.zeros(len(values))


def _correlation(one: Floats, other: Floats) -> float:
    a, b = one - one.mean(), other - other.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / size if size > 0 else 0.0
