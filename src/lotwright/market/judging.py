"""What a series or price must be before anyone may trade on it: of the day asked for, finite, positive, as traded."""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, date, datetime, time
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from lotwright.book.failure import Failure
from lotwright.market.answers import Floats, Quote, Reason, Series, failed

_CENTS, _FINE = Decimal("0.0001"), Decimal("0.000001")
_TICK_CHANGES_AT = Decimal(1)
_TRADING_DAYS = 252
_FEWEST_DAYS = 20
_VOLUME_DAYS = 21


def close_on(series: Series, day: date) -> Quote | Failure:
    """The close as traded of ``day``; a failure where the series ends before it, skips it or has no close as traded."""
    source, symbol = series.source, series.symbol
    at = np.flatnonzero(series.dates == np.datetime64(day))
    if not len(at):
        before = series.dates[series.dates < np.datetime64(day)]
        if not len(before):
            return failed(
                Reason.NO_PRICE, symbol, source=source, what=f"has no price on or before {day}",
                cure="Check the symbol, or ask another source.", day=day.isoformat(),
            )  # fmt: skip
        last = before[-1].astype(object)
        return failed(
            Reason.STALE, symbol, source=source, what=f"has no price of {day}: its last is of {last}",
            cure="Nobody may trade on it: ask again later, or another source.", day=day.isoformat(), last=last.isoformat(),
        )  # fmt: skip
    close = float(series.close[at[0]])
    if not np.isfinite(close):
        return failed(
            Reason.ADJUSTED, symbol, source=source, what=f"knows the adjusted close of {day} alone, not the price as traded",
            cure="Shares cannot be counted with it: ask another source for the price.", day=day.isoformat(),
        )  # fmt: skip
    return Quote(
        symbol=symbol,
        price=tidy(close),
        day=day,
        at=datetime.combine(day, time(), tzinfo=UTC),
        source=source,
        asked=series.asked,
        currency=series.currency,
    )


def tidy(price: float) -> Decimal:
    """A price without the noise of binary floats: to 0.0001, under one to 0.000001."""
    exact = Decimal(repr(float(price)))
    return exact.quantize(_CENTS if exact >= _TICK_CHANGES_AT else _FINE).normalize() + Decimal(0)


def checked(series: Series, *, last: date | None = None) -> Series | Failure:
    """The series if its numbers can be prices, without the days that have no close at all; a failure otherwise.

    Such days are left out: sources announce the running day before it has a close. A negative, zero or
    infinite close is no price, and a series with one is not believed at all.

    Parameters
    ----------
    series : Series
        ``dates`` in any order.
    last : date, optional
        Days after it are left out.
    """
    kept = ~(np.isnan(series.adj_close) & np.isnan(series.close))
    if last is not None:
        kept &= series.dates <= np.datetime64(last)
    order = np.flatnonzero(kept)[np.argsort(series.dates[kept], kind="stable")]
    dates = series.dates[order]
    close, adjusted = series.close[order], series.adj_close[order]
    if not len(dates):
        return failed(
            Reason.NO_PRICE, series.symbol, source=series.source, what="answered without a single close",
            cure="Check the symbol and the days, or ask another source.",
        )  # fmt: skip
    fault = _fault(dates, close, adjusted)
    if fault is not None:
        return failed(
            Reason.BAD_ANSWER, series.symbol, source=series.source, what=fault, cure="Ask again, or another source."
        )
    return Series(
        symbol=series.symbol,
        dates=dates,
        close=close,
        adj_close=adjusted,
        volume=series.volume[order],
        source=series.source,
        asked=series.asked,
        currency=series.currency,
        splits=series.splits,
    )


def _fault(dates: NDArray[np.datetime64], close: Floats, adjusted: Floats) -> str | None:
    for name, values in (("close", close), ("adjusted close", adjusted)):
        bad = np.flatnonzero(~np.isnan(values) & ~((values > 0) & np.isfinite(values)))
        if len(bad):
            return f"says the {name} of {dates[bad[0]]} is {values[bad[0]]:g}, which is no price"
    twice = np.flatnonzero(dates[1:] == dates[:-1])
    return f"has two rows of {dates[twice[0]]}" if len(twice) else None


def as_traded(dates: NDArray[np.datetime64], close: Floats, splits: Collection[tuple[date, float]]) -> Floats:
    """Closes with later splits undone.

    A source that divides every close before a four-for-one split by four shows a price at which nothing ever traded:
    shares of that day cannot be counted with it.

    Parameters
    ----------
    dates : datetime64[D] array, shape (T,)
    close : float64 array, shape (T,), split-adjusted
    splits : collection of (ex-date, ratio)
        Every split after the first of the dates until the source was asked.

    Examples
    --------
    >>> days = np.array(["2020-08-28", "2020-08-31"], dtype="datetime64[D]")
    >>> as_traded(days, np.array([124.8075, 129.04]), [(date(2020, 8, 31), 4.0)]).tolist()
    [499.23, 129.04]
    """
    factor = np.ones(len(dates))
    for day, ratio in splits:
        factor[dates < np.datetime64(day)] *= ratio
    return close * factor


def typical_dollars(series: Series) -> Decimal | None:
    """Median daily dollar volume of the last 21 days, whole dollars; None where volumes are missing."""
    traded = (series.close * series.volume)[-_VOLUME_DAYS:]
    seen = traded[np.isfinite(traded)]
    return Decimal(round(float(np.median(seen)))) if len(seen) and np.median(seen) > 0 else None


def yearly_volatility(series: Series) -> Decimal | None:
    """Annualised standard deviation of the last 252 daily returns of the adjusted close; None with fewer than 20."""
    adjusted = series.adj_close[-_TRADING_DAYS - 1 :]
    if len(adjusted) <= _FEWEST_DAYS:
        return None
    daily = adjusted[1:] / adjusted[:-1] - 1.0
    return Decimal(f"{daily.std(ddof=1) * np.sqrt(_TRADING_DAYS):.4f}")
