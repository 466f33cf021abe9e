"""What a source of targets may look at: prices up to a day, and bounds. Nothing after that day is ever handed out.

Problem: a backtest flatters whatever peeks at tomorrow, and a slip of one row is enough.
Therefore: the history is cut off at ``as_of`` before any source sees it, so that no source can look ahead; the test of
every source changes the future and asks for the same weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lotwright.book.history import PriceHistory
from lotwright.errors import ProgramError

Floats = NDArray[np.float64]

DAYS_A_YEAR = 252
FEWEST_DAYS = 60
"""Days of history below which nothing is estimated."""
_NEARLY_ALL = 0.95
_ROOM = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Securities that together weigh between ``lower`` and ``upper``."""

    name: str
    symbols: frozenset[str]
    lower: float
    upper: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Study:
    """Prices of ``n`` securities over ``T`` days that end on ``as_of`` or before, and how much of each may be held.

    Parameters
    ----------
    as_of : date
    symbols : tuple of str, length n, sorted
    dates : datetime64[D] array, shape (T,), ascending, none after ``as_of``
    adj_close : float64 array, shape (T, n), positive, no NaN
    lower, upper : float64 array, shape (n,), weights between 0 and 1
    groups : tuple of Group
        Sectors with bounds of their own.
    sector : mapping from symbol to sector, or None
    notes : tuple of str
        Sentences on what was left out.
    """

    as_of: date
    symbols: tuple[str, ...]
    dates: NDArray[np.datetime64]
    adj_close: Floats
    lower: Floats
    upper: Floats
    groups: tuple[Group, ...] = ()
    sector: Mapping[str, str | None] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def returns(self) -> Floats:
        """Simple daily returns, shape (T - 1, n)."""
        return self.adj_close[1:] / self.adj_close[:-1] - 1.0

    @property
    def frame(self) -> Any:
        """Adjusted closes as a pandas data frame, days by symbols."""
        import pandas as pd  # noqa: PLC0415  imported where a library wants one

        return pd.DataFrame(
            self.adj_close, index=pd.DatetimeIndex(self.dates.astype("datetime64[ns]")), columns=self.symbols
        )

    @property
    def bounds(self) -> list[tuple[float, float]]:
        """Lower and upper weight of each symbol, as optimisers want them."""
        return list(zip(self.lower.tolist(), self.upper.tolist(), strict=True))

    def until(self, day: np.datetime64) -> Study:
        """The same study as it was on an earlier day."""
        kept = self.dates <= day
        return Study(
            as_of=day.astype("datetime64[D]").astype(object),
            symbols=self.symbols,
            dates=self.dates[kept],
            adj_close=self.adj_close[kept],
            lower=self.lower,
            upper=self.upper,
            groups=self.groups,
            sector=self.sector,
            notes=self.notes,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How much may be held: of every security, of single ones, of sectors, and what not at all."""

    minimum_weight: float = 0.0
    maximum_weight: float = 1.0
    maximum: Mapping[str, float] = field(default_factory=dict)
    exclude: frozenset[str] = frozenset()
    exclude_sectors: frozenset[str] = frozenset()
    sectors: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def narrowed(
        self, *, exclude: frozenset[str], exclude_sectors: frozenset[str], maximum: Mapping[str, float]
    ) -> Bounds:
        """These bounds and a client's own on top."""
        caps = dict(self.maximum)
        for symbol, cap in maximum.items():
            caps[symbol] = min(cap, caps.get(symbol, 1.0))
        return Bounds(
            minimum_weight=self.minimum_weight,
            maximum_weight=self.maximum_weight,
            maximum=caps,
            exclude=self.exclude | exclude,
            exclude_sectors=self.exclude_sectors | exclude_sectors,
            sectors=self.sectors,
        )


def study_of(
    history: PriceHistory,
    *,
    symbols: Sequence[str],
    as_of: date,
    lookback_days: int,
    bounds: Bounds,
    sector: Mapping[str, str | None],
) -> Study:
    """The study a source is given: the last ``lookback_days`` trading days up to ``as_of``, whole or not at all.

    A symbol with prices on fewer than 95 % of those days is left out, with a note; across a gap the last price stands.

    Parameters
    ----------
    history : PriceHistory
        May reach beyond ``as_of``: what lies there is not looked at.
    symbols : sequence of str
    as_of : date
    lookback_days : int
    bounds : Bounds
    sector : mapping from symbol to sector, or None

    Raises
    ------
    ProgramError
        No security is left, there are fewer than 60 days, or the bounds leave no room for weights that sum to one.
    """
    allowed = [
        s for s in sorted(set(symbols)) if s not in bounds.exclude and sector.get(s) not in bounds.exclude_sectors
    ]
    if not allowed:
        raise ProgramError("The exclusions leave nothing to hold. Widen the universe or exclude less.")
    dates, price = _window(history, allowed, as_of, lookback_days)
    if len(dates) < FEWEST_DAYS:
        raise ProgramError(
            f"The history has {len(dates)} days up to {as_of}, and targets need {FEWEST_DAYS}. Add rows to the table history"
            " (lotwright prices)."
        )
    seen = np.isfinite(price)
    is_whole = (seen.mean(axis=0) >= _NEARLY_ALL) & seen[: max(1, int(len(dates) * (1 - _NEARLY_ALL)) + 1)].any(axis=0)
    short = [symbol for symbol, whole in zip(allowed, is_whole, strict=True) if not whole]
    kept = [symbol for symbol, whole in zip(allowed, is_whole, strict=True) if whole]
    if not kept:
        raise ProgramError(
            f"No security has prices on the {len(dates)} days up to {as_of}. Add them to the table history."
        )
    filled = _filled(price[:, is_whole])
    start = int(np.isfinite(filled).all(axis=1).argmax())
    groups = tuple(_groups(kept, sector, bounds))
    study = Study(
        as_of=as_of,
        symbols=tuple(kept),
        dates=dates[start:],
        adj_close=filled[start:],
        lower=np.full(len(kept), bounds.minimum_weight),
        upper=np.array([min(bounds.maximum_weight, bounds.maximum.get(symbol, 1.0)) for symbol in kept]),
        groups=groups,
        sector={symbol: sector.get(symbol) for symbol in kept},
        notes=_left_out(short, len(dates), as_of),
    )
    _check_room(study)
    return study


def _window(
    history: PriceHistory, symbols: Sequence[str], as_of: date, lookback_days: int
) -> tuple[NDArray[np.datetime64], Floats]:
    """The last days up to ``as_of`` on which any of the symbols traded, and their prices, NaN where there is none."""
    column_of = {symbol: column for column, symbol in enumerate(history.symbols)}
    price = np.full((len(history.dates), len(symbols)), np.nan)
    for place, symbol in enumerate(symbols):
        if symbol in column_of:
            price[:, place] = history.adj_close[:, column_of[symbol]]
    price[~(price > 0) | ~np.isfinite(price)] = np.nan
    kept = (history.dates <= np.datetime64(as_of)) & np.isfinite(price).any(axis=1)
    return history.dates[kept][-lookback_days:], price[kept][-lookback_days:]


def _filled(price: Floats) -> Floats:
    """The last price carried over days without one; NaN before the first."""
    at = np.where(np.isfinite(price), np.arange(len(price))[:, None], -1)
    last = np.maximum.accumulate(at, axis=0)
    return np.where(last >= 0, np.take_along_axis(price, np.maximum(last, 0), axis=0), np.nan)


def _groups(symbols: Sequence[str], sector: Mapping[str, str | None], bounds: Bounds) -> list[Group]:
    groups = []
    for name, (lower, upper) in sorted(bounds.sectors.items()):
        members = frozenset(symbol for symbol in symbols if sector.get(symbol) == name)
        if not members and lower > 0:
            raise ProgramError(
                f"The sector {name} must weigh {lower:.1%} at least, and no security is of it. Correct one."
            )
        if members:
            groups.append(Group(name=name, symbols=members, lower=lower, upper=upper))
    return groups


def _left_out(short: Sequence[str], days: int, as_of: date) -> tuple[str, ...]:
    if not short:
        return ()
    listed = ", ".join(short[:10]) + (f" and {len(short) - 10} more" if len(short) > 10 else "")
    return (f"Left out for want of prices on the {days} days up to {as_of}: {listed}.",)


def _check_room(study: Study) -> None:
    if study.upper.sum() < 1 - _ROOM:
        raise ProgramError(
            f"The caps of the {len(study.symbols)} securities let {study.upper.sum():.1%} be invested, and weights must sum to"
            " 100 %. Raise a cap or widen the universe."
        )
    if study.lower.sum() > 1 + _ROOM or (study.lower > study.upper + _ROOM).any():
        raise ProgramError(
            f"The least weights of the {len(study.symbols)} securities sum to {study.lower.sum():.1%}, or one is above its cap."
            " Lower minimum_weight."
        )
