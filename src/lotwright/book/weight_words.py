"""How weights are worded: one digit, and as many more as the small ones of a large index need to be told apart."""

from __future__ import annotations

from math import floor, log10
from operator import sub

SMALL = 0.0005
"""A weight below it (0.05 %) would read as 0.0 % with one digit."""
SHARED = 0.01
"""Weights below it are given with as many digits as the smallest beside them; larger ones keep one."""
MOST_DIGITS = 5
"""Behind the point, of a percentage; what would read as zero with them is said as zero."""
LEAST = 0.5 * 10.0 ** -(MOST_DIGITS + 2)
"""A smaller weight is said as zero."""
STEP = 1.001
"""Units of the last digit: weights that are further apart never read the same, whatever floats add."""


def percent(weight: float, digits: int = 1) -> str:
    """``8.2 %``."""
    return f"{weight * 100:.{digits}f} %"


def weights(*parts: float) -> list[str]:
    """Weights that stand beside each other in words: small ones with at least two digits that count, and told apart.

    Where none is below 0.05 %, each has one digit. Where one is, those below 1 % share as many as the smallest needs to
    show two of its own, and more while two different ones would read the same.

    Examples
    --------
    >>> weights(0.00012, 0.00041, 0.00047)
    ['0.012 %', '0.041 %', '0.047 %']
    >>> weights(0.0825, 0.0, 0.1)
    ['8.2 %', '0.0 %', '10.0 %']
    """
    small = [size for size in map(abs, parts) if LEAST <= size < SHARED]
    least = min(small, default=SHARED)
    if least >= SMALL:
        return [f"{part * 100:.1f} %" for part in parts]
    digits = min(1 - floor(log10(least * 100)), MOST_DIGITS)
    while digits < MOST_DIGITS and not _are_apart(small, digits):
        digits += 1
    return [percent(part, digits if LEAST <= abs(part) < SHARED else 1) for part in parts]


def _are_apart(small: list[float], digits: int) -> bool:
    """True where no two different weights read the same; two that are over a step apart never do."""
    sizes = sorted(set(small))
    nearest = min(map(sub, sizes[1:], sizes), default=1.0)
    return nearest * 10 ** (digits + 2) > STEP or len({percent(one, digits) for one in sizes}) == len(sizes)
