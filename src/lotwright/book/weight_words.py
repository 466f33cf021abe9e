"""How weights are worded: one digit, and as many more as the small ones of a large index need to be told apart."""

from __future__ import annotations

from math import floor, log10

SMALL = 0.0005
"""A weight below it (0.05 %) would read as 0.0 % with one digit."""
SHARED = 0.01
"""Weights below it are given with as many digits as the smallest beside them; larger ones keep one."""
MOST_DIGITS = 5
"""Behind the point, of a percentage; what would read as zero with them is said as zero."""
LEAST = 0.5 * 10.0 ** -(MOST_DIGITS + 2)
"""A smaller weight is said as zero."""


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
    if not any(LEAST <= abs(part) < SMALL for part in parts):
        return [f"{part * 100:.1f} %" for part in parts]
    small = [abs(part) for part in parts if LEAST <= abs(part) < SHARED]
    digits = min(1 - floor(log10(min(small) * 100)), MOST_DIGITS)
    while digits < MOST_DIGITS and len({percent(one, digits) for one in small}) < len(set(small)):
        digits += 1
    return [percent(part, digits if LEAST <= abs(part) < SHARED else 1) for part in parts]
