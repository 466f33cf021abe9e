"""Securities whose residuals move together, kept exactly: near-identical funds, share classes, close rivals.

Problem: a factor model takes what the factors leave for independent, so BND against AGG or GOOG against GOOGL looks
like a bet although it is none.
Therefore: all funds form one block, and stocks whose residuals correlate above one half form small ones; the residual
covariance R of a block is represented exactly as G Gᵀ + diag(D), with G appended as factors nobody else knows.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lotwright.risk.split import exact_split

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Ints = NDArray[np.int64]

_CORRELATED = 0.8
_LARGEST_STOCK_BLOCK = 8
_FEWEST_COMMON_DAYS = 20
_SMALLEST_EIGENVALUE = 1e-6
"""Of a block's residual correlations; with fewer days than funds, or twins, the sample's would be zero."""


def split_residual(residual: Floats, likeness: Floats, is_fund: Bools) -> tuple[Floats, Floats]:
    """Turn residual covariance into block factors and specific variances.

    Parameters
    ----------
    residual : float64 array, shape (n, n), annual, positive semidefinite, positive diagonal
    likeness : float64 array, shape (n, n), correlation of daily residuals, which says who belongs together
    is_fund : bool array, shape (n,)

    Returns
    -------
    G : float64 array, shape (n, B)
        ``G @ G.T + diag(D)`` equals the residual covariance inside every block.
    D : float64 array, shape (n,), positive
    """
    specific = np.diag(residual).copy()
    columns = []
    for block in blocks(likeness, is_fund):
        root, own = exact_split(_lifted(residual[np.ix_(block, block)]))
        specific[block] = own
        column = np.zeros((len(specific), root.shape[1]))
        column[block] = root
        columns.append(column)
    return np.hstack([np.zeros((len(specific), 0)), *columns]), specific


def blocks(likeness: Floats, is_fund: Bools) -> list[Ints]:
    """Members of each block of two or more, ascending, in order of first member (all funds first).

    Stocks are joined strongest correlation first, and never into a block of more than eight: where a group of rivals is
    larger than that, its weakest links are the ones that give.
    """
    found = [np.flatnonzero(is_fund)]
    correlation = np.triu(likeness, 1)
    correlation[is_fund] = correlation[:, is_fund] = 0.0
    first, second = np.nonzero(correlation > _CORRELATED)
    member = {int(row): [int(row)] for row in np.union1d(first, second)}
    for edge in np.argsort(-correlation[first, second], kind="stable"):
        left, right = member[int(first[edge])], member[int(second[edge])]
        if left is not right and len(left) + len(right) <= _LARGEST_STOCK_BLOCK:
            left.extend(right)
            for row in right:
                member[row] = left
    found += [np.array(rows) for rows in sorted({tuple(sorted(rows)) for rows in member.values()})]
    return [block for block in found if len(block) > 1]


def residual_likeness(residual_return: Floats) -> Floats:
    """Correlation of daily residuals, shape (n, n), over the days both symbols have; zero where those are too few.

    Parameters
    ----------
    residual_return : float64 array, shape (T, n), mean about zero, NaN where there is none
    """
    seen = np.isfinite(residual_return).astype(np.float64)
    value = np.where(seen > 0, residual_return, 0.0)
    square = value**2
    size = np.sqrt((square.T @ seen) * (seen.T @ square))
    enough = (seen.T @ seen >= _FEWEST_COMMON_DAYS) & (size > 0)
    return np.asarray(np.where(enough, value.T @ value / np.where(size > 0, size, 1.0), 0.0))


def _lifted(residual: Floats) -> Floats:
    """The block's residual covariance, its correlations weakened by just what makes it clearly positive definite."""
    variance = np.diag(residual)
    volatility = np.sqrt(variance)
    smallest = float(np.linalg.eigvalsh(residual / np.outer(volatility, volatility))[0])
    weakening = max(0.0, (_SMALLEST_EIGENVALUE - smallest) / (1.0 - smallest))
    return np.asarray((1.0 - weakening) * residual + weakening * np.diag(variance))
