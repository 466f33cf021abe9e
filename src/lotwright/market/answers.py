"""What a source answers about one security: a price or a daily history with where and when it comes from, or a failure.

Problem: sources adjust prices without saying so, answer with what they had last week, or with nothing at all.
Observations: whole shares are bought with money at prices as traded; covariance needs returns, hence adjusted closes. A
number without its day and source cannot be judged later.
Therefore: a price is as traded and a history has both closes, side by side; each says who answered, for which day, and
when it was asked. What cannot be had is a :class:`~lotwright.book.failure.Failure`, and never a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from lotwright.book.failure import Failure

Floats = NDArray[np.float64]


class Reason(StrEnum):
    """Why there is no price: words to count by."""

    NO_PRICE = "no_price"
    STALE = "stale_price"
    ADJUSTED = "adjusted_price"
    CURRENCY = "other_currency"
    BAD_ANSWER = "bad_answer"
    RATE_LIMITED = "rate_limited"
    NO_ANSWER = "no_answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """The price of one security, as traded, on the day asked for.

    Parameters
    ----------
    symbol : str
    price : Decimal
        As traded on ``day``, in ``currency`` a share: neither split- nor dividend-adjusted.
    day : date
        Trading day of the price.
    at : datetime, aware
        When the price was made: the trade's or quote's time where the source tells it, else midnight UTC of ``day``.
    source : str
        Who answered, feed and kind of price included: ``"alpaca iex trade"``.
    asked : datetime, aware
        When the source was asked.
    currency : str
        ISO 4217.
    half_spread : Decimal, optional
        Half of ask minus bid, as a fraction of their middle.
    """

    symbol: str
    price: Decimal
    day: date
    at: datetime
    source: str
    asked: datetime
    currency: str = "USD"
    half_spread: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """Daily closes of one security.

    Parameters
    ----------
    symbol : str
    dates : datetime64[D] array, shape (T,), ascending, no day twice
    close : float64 array, shape (T,), ``currency`` a share
        As traded on each day; NaN where the source knows the adjusted close alone.
    adj_close : float64 array, shape (T,), positive
        Adjusted for splits and dividends; its level is of no meaning, its returns are.
    volume : float64 array, shape (T,), shares; NaN where unknown
    splits : tuple of (date, ratio)
        Splits that the source reports, the first of them after the first day: 4.0 means four shares for one.
    """

    symbol: str
    dates: NDArray[np.datetime64]
    close: Floats
    adj_close: Floats
    volume: Floats
    source: str
    asked: datetime
    currency: str = "USD"
    splits: tuple[tuple[date, float], ...] = ()

    def __len__(self) -> int:
        return len(self.dates)

    def between(self, start: date, end: date) -> Series:
        """The part from ``start`` to ``end``, both included."""
        kept = (self.dates >= np.datetime64(start)) & (self.dates <= np.datetime64(end))
        return Series(
            symbol=self.symbol,
            dates=self.dates[kept],
            close=self.close[kept],
            adj_close=self.adj_close[kept],
            volume=self.volume[kept],
            source=self.source,
            asked=self.asked,
            currency=self.currency,
            splits=tuple(split for split in self.splits if start <= split[0] <= end),
        )


def failed(reason: Reason, symbol: str, *, source: str, what: str, cure: str, **evidence: object) -> Failure:
    """A symbol without an answer, as a value: the reason, a sentence, and the facts behind it."""
    return Failure(
        reason=reason.value,
        message=f"{symbol}: {source} {what}. {cure}",
        evidence={"symbol": symbol, "source": source, **evidence},
    )
