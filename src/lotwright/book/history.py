"""Daily adjusted closes, the raw material of a risk model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PriceHistory:
    """Adjusted closes of ``n`` symbols over ``T`` days.

    Parameters
    ----------
    symbols : tuple of str, length n, sorted
    dates : datetime64[D] array, shape (T,), ascending
    adj_close : float64 array, shape (T, n), dollars; NaN where a symbol did not trade
    """

    symbols: tuple[str, ...]
    dates: NDArray[np.datetime64]
    adj_close: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FactorHistory:
    """Daily returns of ``K`` factors (market, size, value, ...) over ``T`` days.

    Parameters
    ----------
    names : tuple of str, length K
    dates : datetime64[D] array, shape (T,), ascending
    value : float64 array, shape (T, K), fractions a day; no NaN
    """

    names: tuple[str, ...]
    dates: NDArray[np.datetime64]
    value: NDArray[np.float64]
