"""The risk model of many securities from their price history."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from lotwright.book.history import FactorHistory, PriceHistory
from lotwright.errors import ProgramError
from lotwright.risk.blocks import residual_likeness, split_residual
from lotwright.risk.drift import drift_model
from lotwright.risk.factors import DAYS_A_YEAR, principal_split, regressed_split, supplied_split
from lotwright.risk.model import RiskModel
from lotwright.risk.returns import MINIMUM_DAYS, Returns, daily_returns
from lotwright.risk.short import place_all
from lotwright.risk.shrinkage import check_estimator

Floats = NDArray[np.float64]

FUND_KINDS = frozenset({"etf", "fund"})
DEFAULT_ESTIMATOR = "ledoit_wolf"
DEFAULT_FACTORS = 10
FLOOR = 1e-6
"""Part of its variance that is at least a security's own."""
_FEWEST_RETURNS = 20


def estimate(
    history: PriceHistory,
    *,
    symbols: Sequence[str],
    sector: Mapping[str, str | None],
    kind: Mapping[str, str | None],
    estimator: str = DEFAULT_ESTIMATOR,
    factors: int = DEFAULT_FACTORS,
    exposures: Floats | None = None,
    factor_history: FactorHistory | None = None,
) -> RiskModel:
    """Estimate how securities move together: a few common factors, exact blocks for look-alikes, and a rest of its own.

    Daily simple returns of the adjusted closes are annualised by 252. Symbols with nearly full history give the factors
    (:func:`~lotwright.risk.factors.principal_split`) and the residual blocks (:mod:`lotwright.risk.blocks`); the others
    are placed beside them (:mod:`lotwright.risk.short`).

    Parameters
    ----------
    history : PriceHistory
    symbols : sequence of str
        What the model must cover; every one will be in it, with a note where little is known.
    sector, kind : mapping from symbol to its sector and kind (``"etf"``, ``"fund"``, ``"stock"``, …), or None
    estimator : str
        One of :data:`~lotwright.risk.shrinkage.ESTIMATORS`.
    factors : int
        Largest number of common factors; fewer where the data cannot tell more from noise.
    exposures : float64 array, shape (len(symbols), K), optional
        Exposures to use instead of principal components, rows as in ``symbols``; a row of NaN is filled in from peers.
    factor_history : FactorHistory, optional
        Factor returns, for ``fama_french``.

    Notes
    -----
    The model is well-conditioned by construction: every specific variance is at least :data:`FLOOR` = 1e-6 of the
    security's variance, so that with F Fᵀ positive semidefinite no eigenvalue of the correlation matrix is below 1e-6, and
    its condition number at most n·10⁶.

    Raises
    ------
    ProgramError
        If the estimator is unknown, ``factors`` is not positive, ``exposures`` has the wrong shape, or ``fama_french`` has no
        factor returns on the days of the history.
    BookError
        If an adjusted close is not positive.
    """
    check_estimator(estimator)
    if factors < 1:
        raise ProgramError(f"A risk model needs at least one factor; found factors = {factors}.")
    ordered = tuple(sorted(set(symbols)))
    returns = daily_returns(history, ordered)
    if estimator == "fama_french" and exposures is None:
        returns, factor_return = _beside(returns, factor_history)
    if not returns.is_full.any():
        return drift_model(ordered, {symbol: _volatility(returns, row) for row, symbol in enumerate(ordered)})
    is_fund = np.array([(kind.get(symbol) or "").lower() in FUND_KINDS for symbol in ordered])
    group = [(kind.get(symbol) or "", sector.get(symbol) or "") for symbol in ordered]
    supplied: dict[int, Floats] = {}
    if exposures is None and estimator == "fama_french":
        split = regressed_split(returns, factor_return)
    elif exposures is None:
        split = principal_split(returns, estimator=estimator, factors=factors)
    else:
        beta = _aligned(exposures, symbols, ordered)
        full = np.flatnonzero(returns.is_full)
        split = supplied_split(returns, _completed(beta[full]), estimator=estimator)
        supplied = {row: beta[row] for row in range(len(ordered)) if np.isfinite(beta[row]).all()}
    placement = place_all(returns, split, group=group, is_fund=is_fund, supplied=supplied)
    likeness = residual_likeness(placement.residual_return)
    if estimator == "principal_components":  # strictly so: what the factors leave is each security's own
        block, specific = np.zeros((len(ordered), 0)), np.diag(placement.residual).copy()
    else:
        block, specific = split_residual(placement.residual, likeness, is_fund)
    exposure = np.ascontiguousarray(np.hstack([placement.beta @ split.root, block]))
    return RiskModel(
        symbols=ordered,
        exposure=exposure,
        specific=np.maximum(specific, FLOOR * ((exposure**2).sum(axis=1) + specific)),
        kind=estimator if exposures is None else f"{estimator}, supplied exposures",
        notes=placement.notes,
    )


def _beside(returns: Returns, factors: FactorHistory | None) -> tuple[Returns, Floats]:
    """Returns and factor returns on the days that have both.

    Raises
    ------
    ProgramError
        There are no factor returns, fewer than 60 such days, or a factor that never moves.
    """
    if factors is None:
        raise ProgramError(
            "The risk model fama_french needs factor returns. Put a table factors.csv into the book: date, then a column of"
            " daily returns for each factor."
        )
    assert returns.dates is not None
    common, ours, theirs = np.intersect1d(returns.dates, factors.dates, return_indices=True)
    value = factors.value[theirs]
    if len(common) < MINIMUM_DAYS or not (value.std(axis=0) > 0).all():
        raise ProgramError(
            f"The risk model fama_french has factor returns on {len(common)} of the {len(returns.dates)} days of the history,"
            f" and needs {MINIMUM_DAYS} on which each of them moves. Complete the table factors."
        )
    return replace(returns, value=returns.value[ours], dates=common), value


def _aligned(exposures: Floats, symbols: Sequence[str], ordered: tuple[str, ...]) -> Floats:
    """Supplied exposures with rows in the model's order, once their shape is known to fit."""
    given = np.asarray(exposures, dtype=np.float64)
    if given.ndim != 2 or given.shape[0] != len(symbols) or given.shape[1] == 0 or len(ordered) != len(symbols):
        raise ProgramError(
            f"Exposures need one row for each of the {len(symbols)} symbols, each named once, and at least one column; "
            f"found shape {given.shape} and {len(ordered)} distinct symbols."
        )
    if np.isinf(given).any() or not np.isfinite(given).all(axis=1).any():
        raise ProgramError("Exposures must be finite numbers, NaN only in the rows of symbols without any.")
    row_of = {symbol: row for row, symbol in enumerate(symbols)}
    return np.asarray(given[[row_of[symbol] for symbol in ordered]])


def _completed(beta: Floats) -> Floats:
    """Exposures with the rows nobody supplied set to the mean of the others (zero where there is no other)."""
    given = np.asarray(np.isfinite(beta).all(axis=1))
    mean = beta[given].mean(axis=0) if given.any() else np.zeros(beta.shape[1])
    return np.where(given[:, None], beta, mean)


def _volatility(returns: Returns, row: int) -> float | None:
    """Annual volatility of what returns there are, None when they are too few to tell."""
    series = returns.value[:, row]
    seen = series[np.isfinite(series)]
    return float(seen.std(ddof=1) * np.sqrt(DAYS_A_YEAR)) if len(seen) >= _FEWEST_RETURNS else None
