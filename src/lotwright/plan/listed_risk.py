"""The risk of what is on a household's list: factors and specific variances, account by account and as one portfolio."""

from __future__ import annotations

from functools import lru_cache
from itertools import pairwise

import numpy as np

from lotwright.plan.snapshot import Floats, Ints
from lotwright.risk.model import RiskModel
from lotwright.risk.split import exact_split

SPLIT_EXACTLY_UP_TO = 24
"""Accounts with at most this many securities get their covariance split anew, with as much specific variance as it holds."""


def risk_of_accounts(
    symbols: tuple[str, ...], account_of: Ints, accounts: int, risk: RiskModel
) -> tuple[Floats, Floats]:
    """Exposures and specific variances account by account, each account with factors of its own (small ones split anew).

    The list names one account's securities after the other's: ``account_of`` rises.
    """
    blocks: list[tuple[slice, Floats]] = []
    specific = np.zeros(len(symbols))
    for start, stop in pairwise(np.searchsorted(account_of, np.arange(accounts + 1)).tolist()):
        if start == stop:
            continue
        exposure, variance = risk.select(symbols[start:stop])
        if stop - start <= SPLIT_EXACTLY_UP_TO and exposure.shape[1]:
            exposure, variance = _split(exposure, variance)
        blocks.append((slice(start, stop), exposure))
        specific[start:stop] = variance
    out = np.zeros((len(symbols), max((block.shape[1] for _, block in blocks), default=0)))
    for rows, block in blocks:
        out[rows, : block.shape[1]] = block
    return out, specific


def _split(exposure: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Exact factors of a small covariance; many households of a book hold the same few funds."""
    covariance = exposure @ exposure.T + np.diag(variance)
    return _split_of(covariance.tobytes(), len(covariance))


@lru_cache(maxsize=256)
def _split_of(covariance: bytes, count: int) -> tuple[Floats, Floats]:
    exposure, variance = exact_split(np.frombuffer(covariance).reshape(count, count))
    exposure.flags.writeable = variance.flags.writeable = False
    return exposure, variance


def risk_of_household(listed: tuple[str, ...], risk: RiskModel) -> tuple[Floats, Floats]:
    """Exposures and specific variances of the household as one portfolio; see :class:`Snapshot`."""
    symbols = sorted(set(listed))
    if not symbols:
        return np.zeros((0, 0)), np.zeros(0)
    exposure, variance = risk.select(symbols)
    if len(symbols) <= SPLIT_EXACTLY_UP_TO and exposure.shape[1]:
        exposure, variance = _split(exposure, variance)
    place = {symbol: row for row, symbol in enumerate(symbols)}
    row = np.array([place[symbol] for symbol in listed], dtype=np.int64)
    times = np.bincount(row, minlength=len(symbols))
    return own_factors(exposure[row], variance[row], row=row, shared=np.flatnonzero(times > 1))


def own_factors(exposure: Floats, specific: Floats, *, row: Ints, shared: Ints) -> tuple[Floats, Floats]:
    """The same risk of holdings, with a factor of its own for each security of ``shared`` instead of specific variance.

    Holdings of one security move as one: their specific variance is common to them, which only a factor can say.
    """
    column = np.where(row[:, None] == shared[None, :], np.sqrt(specific)[:, None], 0.0)
    return np.hstack([exposure, column]), np.where(np.isin(row, shared), 0.0, specific)
