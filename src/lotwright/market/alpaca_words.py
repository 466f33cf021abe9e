"""What Alpaca's words for trades, quotes and bars mean to us (OpenAPI of the market data API, v2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from lotwright.book.failure import Failure
from lotwright.market.answers import Quote, Reason, Series, failed
from lotwright.market.judging import checked, tidy

_EXCHANGE = ZoneInfo("America/New_York")
_WIDEST = Decimal("0.05")
"""Half-spread beyond which the middle of a quote is no price: one side is a stub."""
_GONE = frozenset({"canceled", "incorrect"})
_AGAIN = "Ask again, or another source or feed."


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Who was asked, and when."""

    source: str
    at: datetime


class _Unreadable(Exception):  # noqa: N818  becomes a Failure here
    """A field is missing or is not what the API documents."""


def traded(symbol: str, answer: Any, asked: Asked, *, day: date) -> Quote | Failure:
    """The price of the last trade ({p, t, u}); one that was cancelled or corrected is no price."""
    if isinstance(answer, Failure) or not answer:
        return _nothing(symbol, answer, asked)
    try:
        moment, price = _moment(answer), _price(answer, "p")
    except _Unreadable as fault:
        return failed(Reason.BAD_ANSWER, symbol, source=asked.source, what=str(fault), cure=_AGAIN)
    if answer.get("u") in _GONE:
        return failed(
            Reason.BAD_ANSWER,
            symbol,
            source=asked.source,
            what=f"says that its last trade is {answer['u']}",
            cure=_AGAIN,
        )
    return _of_day(symbol, price, moment, asked, day=day)


def quoted(symbol: str, answer: Any, asked: Asked, *, day: date) -> Quote | Failure:
    """The middle of the last quote ({bp, ap, t}), and half its spread; a one-sided, crossed or very wide one is no price."""
    if isinstance(answer, Failure) or not answer:
        return _nothing(symbol, answer, asked)
    try:
        moment = _moment(answer)
        bid, ask = _number(answer, "bp"), _number(answer, "ap")
    except _Unreadable as fault:
        return failed(Reason.BAD_ANSWER, symbol, source=asked.source, what=str(fault), cure=_AGAIN)
    middle = (bid + ask) / 2
    if bid <= 0 or ask < bid or (ask - bid) / 2 > _WIDEST * middle:
        return failed(
            Reason.BAD_ANSWER, symbol, source=asked.source, what=f"quotes bid {bid} and ask {ask}, which make no price",
            cure="Take the last trade, or another feed.", bid=str(bid), ask=str(ask),
        )  # fmt: skip
    half = ((ask - bid) / 2 / middle).quantize(Decimal("0.000001"))
    return _of_day(symbol, tidy(float(middle)), moment, asked, day=day, half_spread=half)


def bar_series(symbol: str, raw: Any, adjusted: Any, asked: Asked, *, last: date) -> Series | Failure:
    """Daily bars ({t, c, v}) as traded, beside those adjusted for everything; days in both are kept."""
    for answer in (raw, adjusted):
        if isinstance(answer, Failure) or not answer:
            return _nothing(symbol, answer, asked)
    try:
        traded_on = {_moment(bar).astimezone(_EXCHANGE).date(): bar for bar in raw}
        whole = {_moment(bar).astimezone(_EXCHANGE).date(): float(_number(bar, "c")) for bar in adjusted}
        days = sorted(traded_on.keys() & whole.keys())
        close = np.array([float(_number(traded_on[day], "c")) for day in days])
        volume = np.array([float(traded_on[day].get("v", np.nan)) for day in days])
    except (_Unreadable, TypeError, ValueError, AttributeError) as fault:
        what = str(fault) if isinstance(fault, _Unreadable) else "sends bars that are none"
        return failed(Reason.BAD_ANSWER, symbol, source=asked.source, what=what, cure=_AGAIN)
    return checked(
        Series(
            symbol=symbol,
            dates=np.array(days, dtype="datetime64[D]"),
            close=close,
            adj_close=np.array([whole[day] for day in days]),
            volume=volume,
            source=asked.source,
            asked=asked.at,
        ),
        last=last,
    )


def _nothing(symbol: str, answer: Any, asked: Asked) -> Failure:
    if isinstance(answer, Failure):
        return answer
    return failed(
        Reason.NO_PRICE, symbol, source=asked.source, what="has nothing about this symbol",
        cure="Check the symbol, or ask another source or feed.",
    )  # fmt: skip


def _of_day(
    symbol: str, price: Decimal, moment: datetime, asked: Asked, *, day: date, half_spread: Decimal | None = None
) -> Quote | Failure:
    """The price, if it was made on the trading day asked for, New York time."""
    made = moment.astimezone(_EXCHANGE).date()
    if made != day:
        return failed(
            Reason.STALE, symbol, source=asked.source, what=f"has no price of {day}: its last is of {made}",
            cure="Nobody may trade on it: ask again later, or another source or feed.",
            day=day.isoformat(), last=moment.isoformat(),
        )  # fmt: skip
    return Quote(
        symbol=symbol, price=price, day=day, at=moment, source=asked.source, asked=asked.at, half_spread=half_spread
    )


def _moment(answer: Any) -> datetime:
    """The time of an answer; nanoseconds are cut off."""
    text = answer.get("t") if isinstance(answer, Mapping) else answer
    if isinstance(text, str):
        head, _, rest = text.removesuffix("Z").partition(".")
        try:
            return datetime.fromisoformat(f"{head}.{(rest + '000000')[:6]}+00:00" if text.endswith("Z") else text)
        except ValueError:
            pass
    raise _Unreadable(f"says its time is {text!r}, which is none")


def _number(answer: Mapping[str, Any], key: str) -> Decimal:
    value = answer.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _Unreadable(f"sends {key} = {value!r}, which is no number")
    try:
        number = Decimal(repr(value) if isinstance(value, float) else value)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise _Unreadable(f"sends {key} = {value!r}, which is no number")
    return number


def _price(answer: Mapping[str, Any], key: str) -> Decimal:
    number = _number(answer, key)
    if number <= 0:
        raise _Unreadable(f"sends {key} = {number}, which is no price")
    return number
