"""Weights brought inside their bounds: what a cap takes goes to the others in proportion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_HALVINGS = 200
_NOTHING = 1e-9
"""Part of the largest weight below which a weight is none."""


def within(weight: Floats, lower: Floats, upper: Floats) -> Floats:
    """Weights ``clip(scale · weight, lower, upper)`` with the one scale at which they sum to one.

    Those inside their bounds keep their proportions, as index providers cap an index. Where everything with a positive
    weight is at its cap, the rest is spread evenly over what has room.

    Parameters
    ----------
    weight : float64 array, shape (n,), not negative, some positive
    lower, upper : float64 array, shape (n,), with sum(lower) <= 1 <= sum(upper)

    Examples
    --------
    >>> within(np.array([0.6, 0.3, 0.1]), np.zeros(3), np.array([0.4, 1.0, 1.0])).round(3).tolist()
    [0.4, 0.45, 0.15]
    """
    weight = np.where(weight > _NOTHING * weight.max(), weight, 0.0)
    reachable = np.where(weight > 0, upper, lower).sum()
    if reachable < 1:
        held = np.where(weight > 0, upper, lower)
        room = upper - held
        return np.asarray(held + room * (1 - held.sum()) / room.sum())
    low, high = 0.0, 1.0
    while np.clip(high * weight, lower, upper).sum() < 1 and high < 1e12:
        high *= 2
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if np.clip(middle * weight, lower, upper).sum() < 1:
            low = middle
        else:
            high = middle
    return np.clip(high * weight, lower, upper)
