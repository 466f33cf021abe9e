"""Weights brought inside their bounds: what a cap takes goes to the others in proportion."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

_NOTHING = 1e-9
"""Part of the largest weight below which a weight is none."""


def within(weight: Floats, lower: Floats, upper: Floats) -> Floats:
    """Weights ``clip(scale · weight, lower, upper)`` with the one scale at which they sum to one.

    Their sum is piecewise linear in the scale and bends where a weight meets a bound, so that the scale is found exactly.
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
        full = np.where(weight > 0, upper, lower)
        room = upper - full
        return np.asarray(full + room * (1 - full.sum()) / room.sum())
    held = weight > 0
    bend = np.concatenate([lower[held] / weight[held], upper[held] / weight[held]])
    order = np.argsort(bend, kind="stable")
    scale = bend[order]
    slope = np.cumsum(np.concatenate([weight[held], -weight[held]])[order])
    total = lower.sum() + np.concatenate([[0.0], np.cumsum(slope[:-1] * np.diff(scale))])
    at = int(np.argmax(total >= 1 - 1e-15)) if (total >= 1 - 1e-15).any() else len(total) - 1
    is_between = at > 0 and slope[at - 1] > 0
    scale_at = scale[at - 1] + (1 - total[at - 1]) / slope[at - 1] if is_between else scale[at]
    return np.asarray(np.where(held, np.clip(scale_at * weight, lower, upper), lower))
