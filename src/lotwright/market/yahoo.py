"""Yahoo's daily closes through yfinance, its own client.

Problem: yfinance hides what went wrong (an empty frame stands for a rate limit, a dead line and a wrong symbol alike),
adjusts closes unless told not to, remembers broken answers, and waits as it likes.
Observations: its ``Close`` without ``auto_adjust`` is still split-adjusted, so that a past day's price is one nobody
traded at; splits until today come with the same answer. A London price is in pence.
Therefore: one ``Ticker.history`` a symbol with exceptions shown and nothing adjusted, until today, so that later splits
can be undone; a session of ours that knows the status of the last answer and how long to wait.
"""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from lotwright.book.failure import Failure
from lotwright.errors import ProgramError
from lotwright.market.answers import Reason, Series, failed
from lotwright.market.asking import NoAnswer, Patience, asked
from lotwright.market.judging import as_traded, checked

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_MINOR = {"GBp": ("GBP", 100.0), "GBX": ("GBP", 100.0), "ZAc": ("ZAR", 100.0), "ILA": ("ILS", 100.0)}
"""Currencies in hundredths, as Yahoo names them."""
_LIMITED = 429
_DEAD = 5
"""Symbols in a row without an answer after which the line is taken for dead."""
_LOOKBACK = timedelta(days=10)
"""Days before the first one asked, so that a stale series is seen to be stale rather than empty."""


class YahooSource:
    """Daily closes as traded and adjusted, one request a symbol.

    Once Yahoo says that it was asked too often, or five symbols in a row had no answer, the rest are not asked any more.

    Parameters
    ----------
    now : callable returning datetime, aware
        The time, for what an answer says of itself.
    url : str, optional
        A stand-in on loopback in place of Yahoo.
    patience : Patience, optional
    folder : Path, optional
        Where yfinance keeps time zones and cookies; its own place by default.
    sleep : callable
        Waits.

    Raises
    ------
    ProgramError
        ``url`` is not on this machine.
    """

    def __init__(
        self,
        *,
        now: Callable[[], datetime],
        url: str | None = None,
        patience: Patience | None = None,
        folder: Path | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if url is not None and urlsplit(url).hostname not in LOOPBACK:
            raise ProgramError(f"{url} is not on this machine. Leave --url away to ask Yahoo.")
        self._now, self._url, self._sleep = now, url, sleep
        self._patience = patience or Patience()
        self._folder = folder
        self._line: Any = None

    @property
    def name(self) -> str:
        """What answers call it."""
        return "yfinance"

    def histories(self, symbols: Sequence[str], *, start: date, end: date) -> Mapping[str, Series | Failure]:
        """Each symbol's closes, asked one after the other."""
        answers: dict[str, Series | Failure] = {}
        gives_up: NoAnswer | None = None
        silent = 0
        for symbol in symbols:
            try:
                if gives_up is not None:
                    raise gives_up
                answers[symbol] = asked(
                    partial(self._ask, symbol, start, end), patience=self._patience, sleep=self._sleep
                )
                silent = 0
            except NoAnswer as silence:
                silent = silent + 1 if silence.reason is Reason.NO_ANSWER else 0
                if silence.reason is Reason.RATE_LIMITED or silent == _DEAD:
                    gives_up = silence
                answers[symbol] = failed(
                    silence.reason, symbol, source=self.name, what=silence.what, cure=_CURE[silence.reason]
                )
        return answers

    def _ask(self, symbol: str, start: date, end: date) -> Series | Failure:
        """One request, its answer judged."""
        import yfinance as yf  # noqa: PLC0415  a second to import
        from yfinance.data import YfData  # noqa: PLC0415

        if self._line is None:
            if self._folder is not None:
                self._folder.mkdir(parents=True, exist_ok=True)
                yf.set_tz_cache_location(str(self._folder))
            self._line = _session(self._url, self._patience)
        logging.getLogger("yfinance").setLevel(logging.CRITICAL)  # what it logs is in our failures
        moment = self._now()
        YfData.cache_get.cache_clear()  # it would hand out a broken answer again
        shown = yf.config.debug.hide_exceptions
        yf.config.debug.hide_exceptions = False
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # pandas on yfinance's own code
                ticker = yf.Ticker(listed_as(symbol), session=self._line)
                frame = ticker.history(
                    start=(start - _LOOKBACK).isoformat(),
                    end=(max(moment.date(), end) + timedelta(days=1)).isoformat(),
                    interval="1d",
                    auto_adjust=False,
                    actions=True,
                    timeout=self._patience.silence,
                )
                currency = (
                    ticker.history_metadata["currency"] if len(frame) else None
                )  # nothing else: more is asked for
        except Exception as error:  # yfinance and curl raise what they like; every one of them is no answer
            raise self._silence(error) from error
        finally:
            yf.config.debug.hide_exceptions = shown
        return self._judged(symbol, frame, str(currency or ""), moment, end=end)

    def _silence(self, error: Exception) -> NoAnswer:
        """What an exception of yfinance means, by its type and the status of the last answer."""
        from yfinance.exceptions import YFRateLimitError, YFTickerMissingError  # noqa: PLC0415

        status = self._line.status
        if isinstance(error, YFRateLimitError) or status == _LIMITED:
            return NoAnswer(Reason.RATE_LIMITED, "says that it was asked too often (status 429)")
        if status is None:
            return NoAnswer(Reason.NO_ANSWER, f"did not answer ({type(error).__name__})")
        if status >= 500:
            return NoAnswer(Reason.NO_ANSWER, f"answered with status {status}")
        if isinstance(error, YFTickerMissingError) or status == 404:
            return NoAnswer(Reason.NO_PRICE, f"knows no such symbol ({str(error)[:120]})", is_final=True)
        if status >= 400:
            return NoAnswer(Reason.NO_ANSWER, f"refused with status {status}", is_final=True)
        return NoAnswer(Reason.BAD_ANSWER, f"gave an answer that cannot be read ({type(error).__name__})")

    def _judged(self, symbol: str, frame: Any, currency: str, moment: datetime, *, end: date) -> Series | Failure:
        lacking = [name for name in ("Close", "Adj Close") if name not in frame]
        if not len(frame) or lacking:
            what = "answered with an empty table" if not len(frame) else f"answered without {' and '.join(lacking)}"
            raise NoAnswer(Reason.NO_PRICE if not len(frame) else Reason.BAD_ANSWER, what)
        currency, per_unit = _MINOR.get(currency, (currency.upper(), 1.0))
        if not currency:
            raise NoAnswer(Reason.BAD_ANSWER, "does not say in which currency it answers")
        dates = np.array([stamp.date() for stamp in frame.index], dtype="datetime64[D]")
        column = {name: np.asarray(frame[name], dtype=np.float64) for name in ("Close", "Adj Close", "Volume")}
        ratio = np.asarray(frame["Stock Splits"], dtype=np.float64) if "Stock Splits" in frame else np.zeros(len(dates))
        splits = tuple((dates[i].astype(object), float(ratio[i])) for i in np.flatnonzero((ratio > 0) & (ratio != 1)))
        later = as_traded(dates, np.ones(len(dates)), splits)
        return checked(
            Series(
                symbol=symbol,
                dates=dates,
                close=column["Close"] / per_unit * later,
                adj_close=column["Adj Close"] / per_unit,
                volume=column["Volume"] / later,
                source=self.name,
                asked=moment,
                currency=currency,
                splits=tuple(split for split in splits if split[0] <= end),
            ),
            last=end,
        )


_CURE = {
    Reason.RATE_LIMITED: "Wait some minutes and ask again: what has been answered is kept.",
    Reason.NO_ANSWER: "Check the line and ask again, or another source.",
    Reason.BAD_ANSWER: "Ask again, or another source.",
    Reason.NO_PRICE: "Check the symbol as Yahoo writes it (BRK-B, VOD.L), or ask another source.",
}


def listed_as(symbol: str) -> str:
    """A symbol as Yahoo writes it: classes of shares with a dash. Other endings (``.L``, ``.TO``) are Yahoo's exchanges.

    Examples
    --------
    >>> listed_as("BRK.B"), listed_as("VOD.L")
    ('BRK-B', 'VOD.L')
    """
    return f"{symbol[:-2]}-{symbol[-1]}" if symbol[-2:] in {".A", ".B"} and len(symbol) > len(".A") else symbol


def _session(url: str | None, patience: Patience) -> Any:
    """A session as yfinance makes one, which remembers the status of the last answer about prices."""
    from curl_cffi import requests  # noqa: PLC0415

    base = url.rstrip("/") if url is not None else None

    class Session(requests.Session):  # type: ignore[type-arg]  # loaded when first needed
        status: int | None = None

        def request(self, method: Any, url: str, *args: Any, **options: Any) -> Any:
            parts = urlsplit(url)
            is_price = "/finance/chart/" in parts.path
            if is_price:
                self.status = None
            if base is not None:
                url = base + (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            options["timeout"] = (patience.connect, patience.silence)
            response = super().request(method, url, *args, **options)
            if is_price:
                self.status = response.status_code
            return response

    return Session(impersonate="chrome", trust_env=base is None)


def utc_now() -> datetime:
    """The time of this machine."""
    return datetime.now(UTC)
