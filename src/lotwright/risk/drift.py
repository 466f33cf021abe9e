"""Plain drift as a risk model: what is at hand when a book has no price history."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from lotwright.risk.model import RiskModel

ASSUMED_VOLATILITY = 0.20
"""Annual volatility where neither history nor the table prices gives one: about that of a broad stock index."""


def drift_model(symbols: Iterable[str], volatility: Mapping[str, float | None]) -> RiskModel:
    """A risk model without history: every security moves on its own, so variance counts squared drift only.

    Parameters
    ----------
    symbols : iterable of str
    volatility : mapping from symbol to annual volatility as a fraction, or None
        Where missing, None or not positive, 0.20 is assumed and noted.

    Returns
    -------
    RiskModel
        No factors; specific variance is the volatility squared.
    """
    ordered = tuple(sorted(set(symbols)))
    found = {symbol: volatility.get(symbol) for symbol in ordered}
    known = {symbol: value for symbol, value in found.items() if value is not None and np.isfinite(value) and value > 0}
    level = np.array([known.get(symbol, ASSUMED_VOLATILITY) for symbol in ordered], dtype=np.float64)
    notes = {
        symbol: f"{symbol} has neither price history nor a volatility: an annual volatility of "
        f"{ASSUMED_VOLATILITY:.0%} of its own is assumed."
        for symbol in ordered
        if symbol not in known
    }
    return RiskModel(
        symbols=ordered, exposure=np.zeros((len(ordered), 0)), specific=level**2, kind="drift", notes=notes
    )
