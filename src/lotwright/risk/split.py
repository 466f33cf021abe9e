"""The exact split of a small covariance matrix into factors and specific variances.

Problem: solvers want covariance = F Fᵀ + diag(D) with D as large as possible (curvature of its own for every security),
and for a few funds no approximation is called for.
Observation: 1/(S⁻¹)_ii is the variance of security i that no other security explains, the largest specific variance it
could have alone.
Therefore: D = c·diag(1/(S⁻¹)_ii) with the largest c that keeps S - D positive semidefinite, and F a root of S - D.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from lotwright.errors import ProgramError

Floats = NDArray[np.float64]

_SMALLEST_SPECIFIC = 1e-13
"""Fraction of its variance a security keeps as specific variance even when others explain it entirely: D stays positive
and F Fᵀ + diag(D) still equals a singular S to that precision."""
_NULL = 1e-14
_NEGATIVE = 1e-9


def exact_split(covariance: Floats) -> tuple[Floats, Floats]:
    """Split a covariance matrix exactly into factor exposures and specific variances.

    ``F @ F.T + diag(D)`` equals the covariance to 1e-12 of its scale; F has as few columns as the rank of what is left
    after D needs (none for one security, at most n - 1 otherwise, up to rounding).

    Parameters
    ----------
    covariance : float64 array, shape (n, n), variance (any period), symmetric and positive semidefinite

    Returns
    -------
    F : float64 array, shape (n, K)
    D : float64 array, shape (n,), positive

    Raises
    ------
    ProgramError
        If the matrix is not square, symmetric, finite, positive semidefinite, or has a variance that is not positive.

    Examples
    --------
    >>> F, D = exact_split(np.array([[0.04, 0.03], [0.03, 0.04]]))
    >>> (F @ F.T + np.diag(D)).round(12).tolist(), F.shape
    ([[0.04, 0.03], [0.03, 0.04]], (2, 1))
    """
    volatility = _checked_volatility(covariance)
    correlation = covariance / np.outer(volatility, volatility)
    correlation = (correlation + correlation.T) / 2
    specific = np.maximum(_largest_specific(correlation), _SMALLEST_SPECIFIC)
    value, vector = np.linalg.eigh(correlation - np.diag(specific))
    kept = value > _NULL * len(value)
    exposure = signed_columns((vector[:, kept] * np.sqrt(value[kept]))[:, ::-1])
    return exposure * volatility[:, None], specific * volatility**2


def signed_columns(columns: Floats) -> Floats:
    """The same columns with the entry of largest size positive: eigenvectors have no sign of their own."""
    if columns.size == 0:
        return columns
    largest = columns[np.argmax(np.abs(columns), axis=0), np.arange(columns.shape[1])]
    return columns * np.where(largest < 0, -1.0, 1.0)


def _largest_specific(correlation: Floats) -> Floats:
    """The largest multiple c of 1/(C⁻¹)_ii, shape (n,), that keeps C - diag positive semidefinite.

    With A = diag(1/(C⁻¹)_ii), C - cA ⪰ 0 means 1/c ≥ the largest eigenvalue of A^½ C⁻¹ A^½, a matrix of ones on the
    diagonal: unlike the smallest eigenvalue of A^-½ C A^-½ it can be computed when C is nearly singular.
    """
    value, vector = np.linalg.eigh(correlation)
    if value[0] < -_NEGATIVE * len(value):
        raise ProgramError(
            "The covariance matrix is not positive semidefinite: in correlations its smallest eigenvalue is "
            f"{value[0]:.3g}. Estimate it from returns over the same days for all securities."
        )
    root_inverse = vector / np.sqrt(np.maximum(value, _SMALLEST_SPECIFIC))
    size = np.sqrt((root_inverse**2).sum(axis=1))
    largest = float(np.linalg.norm(root_inverse / size[:, None], 2)) ** 2
    return np.asarray(1.0 / (largest * size**2))


def _checked_volatility(covariance: Floats) -> Floats:
    """Square roots of the diagonal, once the matrix is known to be a finite symmetric one."""
    if covariance.ndim != 2 or covariance.shape[0] != covariance.shape[1] or covariance.shape[0] == 0:
        raise ProgramError(f"A covariance matrix must be square and not empty; found shape {covariance.shape}.")
    if not np.isfinite(covariance).all():
        raise ProgramError("A covariance matrix must be finite; found NaN or infinity. Check the price history.")
    variance = np.diag(covariance)
    if not (variance > 0).all():
        worst = int(np.argmin(variance))
        raise ProgramError(f"Variances must be positive; found {variance[worst]:.3g} in row {worst}.")
    volatility = np.sqrt(variance)
    skew = float(np.abs((covariance - covariance.T) / np.outer(volatility, volatility)).max())
    if skew > _NEGATIVE:
        raise ProgramError(f"A covariance matrix must be symmetric; entries differ by {skew:.3g} of their scale.")
    return np.asarray(volatility)
