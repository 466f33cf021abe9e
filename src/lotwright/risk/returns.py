"""Daily returns from adjusted closes: what counts as a return and which days the estimate stands on.

Problem: histories have gaps, start late, or repeat an old price; a filled-in price is a return of zero that never was.
Therefore: a price is carried over at most three missing days (the move then lands on the day trading resumed); across a
longer gap there is no return; prices that repeat for 20 days or more before a symbol's first move are no history. No
return is clipped: a crash is information.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lotwright.book.history import PriceHistory
from lotwright.errors import BookError

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

MINIMUM_DAYS = 60
"""Returns below which a symbol's own history says too little."""
_CARRIED_DAYS = 3
_STALE_DAYS = 20
_NEARLY_FULL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Returns:
    """Simple daily returns of ``n`` symbols over the ``T`` days the estimate stands on.

    Parameters
    ----------
    symbols : tuple of str, length n, sorted
    value : float64 array, shape (T, n), fraction a day; NaN where there is none
    is_full : bool array, shape (n,)
        Nearly full history (95 % of the days) that moves: these symbols carry the estimate.
    is_still : bool array, shape (n,)
        At least 60 returns and all of them zero, like a money-market fund at one dollar.
    dates : datetime64[D] array, shape (T,), optional
        The day on which each return ends.
    """

    symbols: tuple[str, ...]
    value: Floats
    is_full: Bools
    is_still: Bools
    dates: NDArray[np.datetime64] | None = None


def daily_returns(history: PriceHistory, symbols: tuple[str, ...]) -> Returns:
    """Returns of the symbols over the window of days that holds the most complete data.

    Parameters
    ----------
    history : PriceHistory
        Symbols it does not know get no returns at all (a column of NaN).
    symbols : tuple of str, sorted

    Raises
    ------
    BookError
        If an adjusted close is zero, negative or infinite.
    """
    price = _prices(history, symbols)
    returns = np.full((max(len(price) - 1, 0), len(symbols)), np.nan)
    for column in range(len(symbols)):
        returns[:, column] = _one_series(price[:, column])
    start = _window_start(returns)
    returns = returns[start:]
    seen = np.isfinite(returns)
    count = seen.sum(axis=0)
    moves = (np.where(seen, returns, 0.0) != 0).any(axis=0)
    is_full = moves & (count >= max(MINIMUM_DAYS, _NEARLY_FULL * len(returns)))
    return Returns(
        symbols=symbols,
        value=returns,
        is_full=is_full,
        is_still=~moves & (count >= MINIMUM_DAYS),
        dates=history.dates[1:][start:],
    )


def _prices(history: PriceHistory, symbols: tuple[str, ...]) -> Floats:
    """Adjusted closes of the symbols asked, shape (T + 1, n), NaN where there is none."""
    column_of = {symbol: column for column, symbol in enumerate(history.symbols)}
    price = np.full((len(history.dates), len(symbols)), np.nan)
    for column, symbol in enumerate(symbols):
        if symbol in column_of:
            price[:, column] = history.adj_close[:, column_of[symbol]]
    bad = np.argwhere(~np.isnan(price) & ~((price > 0) & np.isfinite(price)))
    if len(bad):
        day, column = bad[0]
        raise BookError(
            f"history: {symbols[column]} on {history.dates[day]} has adj_close {price[day, column]}; it must be a "
            "positive number. Correct it, or leave the row out if the symbol did not trade."
        )
    return price


def _one_series(price: Floats) -> Floats:
    """Returns of one symbol, shape (T,), from its prices, shape (T + 1,)."""
    returns = np.full(max(len(price) - 1, 0), np.nan)
    traded = np.flatnonzero(~np.isnan(price))
    if len(traded) < 2:
        return returns
    move = price[traded[1:]] / price[traded[:-1]] - 1.0
    gap = np.diff(traded) - 1
    start = _first_move(move)
    kept = start + np.flatnonzero(gap[start:] <= _CARRIED_DAYS)
    for position in kept[gap[kept] > 0]:
        returns[traded[position] : traded[position + 1] - 1] = 0.0
    returns[traded[kept + 1] - 1] = move[kept]
    return returns


def _first_move(move: Floats) -> int:
    """Where history begins: after a long run of one repeated price, unless hardly anything follows it."""
    moved = np.flatnonzero(move)
    if len(moved) and moved[0] >= _STALE_DAYS and len(move) - moved[0] >= MINIMUM_DAYS:
        return int(moved[0])
    return 0


def _window_start(returns: Floats) -> int:
    """First day of the window with the most complete data: (symbols there from its first day) times (its length)."""
    seen = np.isfinite(returns)
    is_there = seen.any(axis=0)
    if not is_there.any():
        return 0
    first = np.sort(np.argmax(seen[:, is_there], axis=0))
    area = np.arange(1, len(first) + 1) * (len(returns) - first)
    return int(first[int(np.argmax(area))])
