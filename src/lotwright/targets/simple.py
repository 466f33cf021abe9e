"""Weights without an optimiser: equal, and inverse to volatility."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from lotwright.targets.capping import within
from lotwright.targets.study import Study

_STILL = 1e-8
"""Daily volatility below which a price does not move."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Equal:
    """The same weight for every security (DeMiguel, Garlappi and Uppal 2009: hard to beat out of sample)."""

    keeps_groups: ClassVar[bool] = False

    def weights(self, study: Study) -> Mapping[str, float]:
        """One over n, inside the bounds."""
        found = within(np.ones(len(study.symbols)), study.lower, study.upper)
        return dict(zip(study.symbols, found.tolist(), strict=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class InverseVolatility:
    """Weights in proportion to one over volatility: the calmer, the more."""

    keeps_groups: ClassVar[bool] = False

    def weights(self, study: Study) -> Mapping[str, float]:
        """One over the standard deviation of daily returns, inside the bounds."""
        volatility = np.maximum(study.returns.std(axis=0, ddof=1), _STILL)
        found = within(1.0 / volatility, study.lower, study.upper)
        return dict(zip(study.symbols, found.tolist(), strict=True))
