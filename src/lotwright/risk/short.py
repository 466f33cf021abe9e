"""Symbols whose history is short or absent: what they owe the factors, borrowed from others as far as needed.

A symbol with 60 returns or more is regressed on the factors over the days it has, and shrunk towards the mean of its
peers as far as those days leave it open. With fewer, its peers speak for it, unless 20 days suffice to show that it
moves as one with another security. Peers are the same kind and sector, else the same kind, else everything. No symbol
is ever dropped.

Where a residual correlates above one half with another symbol's, the first is modelled as a multiple of the second plus
something of its own: covariance stays positive semidefinite, and a new share class is seen as what it is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from lotwright.risk.factors import DAYS_A_YEAR, Split
from lotwright.risk.returns import MINIMUM_DAYS, Returns

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

_LONG_ENOUGH = 250
_TWIN_DAYS = 20
_TWIN_CORRELATION = 0.95
_NEIGHBOUR_CORRELATION = 0.5
_FEWEST_PEERS = 5
_BORROWED_DAYS = 60
"""Days of its own that weigh as much as the peers' median when a stock's specific variance is judged."""
_NARROWEST_PRIOR = 1e-12
_STILL_VARIANCE = 1e-8
"""Annual variance (volatility 0.01 %) of a security whose price never moves."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Placement:
    """What factors and residuals say of ``n`` symbols: beta (n, K), residual (n, n) annual, a sentence for some.

    The arrays are filled in while :func:`place_all` runs, row after row; ``residual_return`` has shape (T, n).
    """

    beta: Floats
    residual: Floats
    residual_return: Floats
    notes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Following:
    """A symbol as ``slope`` times the residual of ``leader`` plus something of its own (annual variance)."""

    leader: int
    slope: float
    variance: float


def place_all(
    returns: Returns, split: Split, *, group: Sequence[tuple[str, str]], is_fund: Bools, supplied: Mapping[int, Floats]
) -> Placement:
    """Betas, residual covariance and notes of every symbol, the longest histories first.

    Parameters
    ----------
    returns : Returns
        ``n`` symbols, at least one with nearly full history.
    split : Split
        Of the symbols with nearly full history.
    group : sequence of (kind, sector), length n
    is_fund : bool array, shape (n,)
    supplied : mapping from row to float64 array, shape (K,)
        Exposures known for symbols with short history; empty when they are to be estimated.
    """
    n, full = len(group), np.flatnonzero(returns.is_full)
    placement = Placement(
        beta=np.zeros((n, split.beta.shape[1])),
        residual=np.zeros((n, n)),
        residual_return=np.full(returns.value.shape, np.nan),
    )
    placement.beta[full] = split.beta
    placement.residual[np.ix_(full, full)] = split.residual
    placement.residual_return[:, full] = split.residual_return
    count = np.isfinite(returns.value).sum(axis=0)
    for row in np.lexsort((np.arange(n), -count)).tolist():
        if returns.is_still[row]:
            placement.residual[row, row] = _STILL_VARIANCE
            placement.notes[returns.symbols[row]] = (
                f"{returns.symbols[row]}'s price never moves: it is taken as riskless."
            )
        elif not returns.is_full[row]:
            alike = np.flatnonzero((is_fund == is_fund[row]) & (np.diag(placement.residual) > 0))
            peers = _peers(group, full, group[row])
            if count[row] >= MINIMUM_DAYS:
                beta = supplied.get(row)
                fund = bool(is_fund[row])
                _place_by_regression(
                    placement, returns, split, row=row, peers=peers, alike=alike, is_fund=fund, beta=beta
                )
            else:
                twin = _follow(returns.value, row, alike[returns.is_full[alike]], threshold=_TWIN_CORRELATION)
                _place_by_others(placement, returns, row=row, peers=peers, twin=twin, beta=supplied.get(row))
    return placement


def _place_by_regression(
    placement: Placement,
    returns: Returns,
    split: Split,
    *,
    row: int,
    peers: Ints,
    alike: Ints,
    is_fund: bool,
    beta: Floats | None,
) -> None:
    """A symbol with 60 returns or more: its own regression, shrunk towards its peers, and the neighbour it follows."""
    symbol, day = returns.symbols[row], np.isfinite(returns.value[:, row])
    days = int(day.sum())
    factor, value = split.factor_return[day], returns.value[day, row]
    weight = split.weight[day] / split.weight[day].sum()
    factor, value = factor - weight @ factor, value - weight @ value
    if beta is None:
        placement.beta[row], spent = _shrunk_beta(factor, value, weight, placement.beta[peers])
    else:
        placement.beta[row], spent = beta, 1.0
    left = value - factor @ placement.beta[row]
    placement.residual_return[day, row] = left
    variance = DAYS_A_YEAR * float(weight @ left**2) * days / max(days - spent, 1.0)
    neighbour = _follow(placement.residual_return, row, alike, threshold=_NEIGHBOUR_CORRELATION)
    if neighbour is not None:
        _follow_leader(placement, row, neighbour)
    else:
        # Funds are too unlike each other (T-bills, oil) for their median to say anything about one of them.
        typical = variance if is_fund else float(np.median(np.diag(placement.residual)[peers]))
        own_share = days / (days + _BORROWED_DAYS)
        variance = own_share * variance + (1.0 - own_share) * max(variance, typical)
        placement.residual[row, row] = max(variance, _STILL_VARIANCE)
    if days < _LONG_ENOUGH:
        placement.notes[symbol] = (
            f"{symbol} has only {days} days of prices: its risk is estimated from them and from {len(peers)} "
            "securities like it."
        )


def _shrunk_beta(factor: Floats, value: Floats, weight: Floats, peer_beta: Floats) -> tuple[Floats, float]:
    """Regression betas shrunk towards the peers' mean, and the degrees of freedom they spent.

    Factor by factor, the prior is as wide as the peers differ: the posterior mean of Vasicek (1973), for several
    factors at once. What the days say clearly stands (a T-bill fund of 60 days has no market beta); what they do not is
    borrowed. Measured on truncated histories of 70 to 200 days against the full ones, this halves the error of a fixed
    weight T/(T + 60) for funds, and helps stocks a little.

    Parameters
    ----------
    factor : float64 array, shape (T, K), centred
    value : float64 array, shape (T,), daily returns, centred
    weight : float64 array, shape (T,), summing to one
    peer_beta : float64 array, shape (p, K), p >= 1
    """
    days, prior = len(value), peer_beta.mean(axis=0)
    if len(prior) == 0:
        return prior, 1.0
    root = np.sqrt(weight)
    own = np.linalg.lstsq(factor * root[:, None], value * root, rcond=None)[0]
    noise = days * float(weight @ (value - factor @ own) ** 2) / max(days - 1 - len(prior), 1)
    information = days * (factor * weight[:, None]).T @ factor
    precision = noise / np.maximum(peer_beta.var(axis=0), _NARROWEST_PRIOR)
    gain = np.linalg.solve(information + np.diag(precision), information)
    return prior + gain @ (own - prior), 1.0 + float(np.trace(gain))


def _place_by_others(
    placement: Placement, returns: Returns, *, row: int, peers: Ints, twin: _Following | None, beta: Floats | None
) -> None:
    """A symbol with hardly any history: a twin it moves as one with, or else the mean of its peers."""
    symbol = returns.symbols[row]
    days = int(np.isfinite(returns.value[:, row]).sum())
    has = f"{symbol} has only {days} days of prices" if days else f"{symbol} has no price history"
    if twin is not None:
        placement.beta[row] = twin.slope * placement.beta[twin.leader]
        _follow_leader(placement, row, twin)
        placement.residual_return[:, row] = twin.slope * placement.residual_return[:, twin.leader]
        placement.notes[symbol] = (
            f"{has}: over them it moved as one with {returns.symbols[twin.leader]}, whose risk it is given."
        )
        return
    placement.beta[row] = placement.beta[peers].mean(axis=0) if beta is None else beta
    placement.residual[row, row] = np.percentile(np.diag(placement.residual)[peers], 75)
    placement.notes[symbol] = (
        f"{has}: it is given the mean risk of {len(peers)} securities like it, and more risk of its own than most."
    )


def _follow(series: Floats, row: int, candidates: Ints, *, threshold: float) -> _Following | None:
    """The candidate whose series, shape (T, n), correlates most with the row's, if above the threshold."""
    day = np.isfinite(series[:, row])
    usable = candidates[(candidates != row) & np.isfinite(series[np.ix_(day, candidates)]).all(axis=0)]
    if day.sum() < _TWIN_DAYS or len(usable) == 0:
        return None
    own = series[day, row] - series[day, row].mean()
    other = series[np.ix_(day, usable)]
    other = other - other.mean(axis=0)
    size = np.sqrt((own @ own) * (other**2).sum(axis=0))
    correlation = (own @ other) / np.where(size > 0, size, np.inf)
    best = int(np.argmax(correlation))
    if correlation[best] <= threshold:
        return None
    slope = float(own @ other[:, best] / (other[:, best] @ other[:, best]))
    left = own - slope * other[:, best]
    variance = DAYS_A_YEAR * float(left @ left) / (len(left) - 2)
    return _Following(leader=int(usable[best]), slope=slope, variance=variance)


def _follow_leader(placement: Placement, row: int, following: _Following) -> None:
    """Extend the residual covariance by a multiple of one of its rows plus a variance: it stays semidefinite."""
    line = following.slope * placement.residual[following.leader]
    placement.residual[row] = placement.residual[:, row] = line
    placement.residual[row, row] = following.slope * line[following.leader] + max(following.variance, _STILL_VARIANCE)


def _peers(group: Sequence[tuple[str, str]], full: Ints, own: tuple[str, str]) -> Ints:
    """Rows with nearly full history like a symbol of group ``own``: same kind and sector, else same kind, else all."""
    same_kind = [row for row in full.tolist() if group[row][0] == own[0]]
    same_sector = [row for row in same_kind if group[row][1] == own[1]]
    for rows in (same_sector, same_kind):
        if len(rows) >= _FEWEST_PEERS:
            return np.array(rows)
    return full
