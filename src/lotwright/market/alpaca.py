"""Alpaca's data API through alpaca-py: the one file of this room that imports it.

Problem: alpaca-py 0.44 has no timeout, repeats by itself, follows page tokens for ever, and its models turn prices into
floats. Therefore: raw answers over a session of ours that waits a stated time and allows a stated number of pages; what
an answer means is said in :mod:`lotwright.market.alpaca_words`.
"""

from __future__ import annotations

import io
import re
import time
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from enum import StrEnum
from functools import partial
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests
import urllib3

from lotwright.book.failure import Failure
from lotwright.errors import ProgramError
from lotwright.market.alpaca_words import Asked, bar_series, quoted, traded
from lotwright.market.answers import Quote, Reason, Series, failed
from lotwright.market.asking import NoAnswer, Patience, asked
from lotwright.market.judging import close_on

with warnings.catch_warnings():
    # alpaca-py 0.44 imports websockets' old client at once, though we ask for no stream
    warnings.simplefilter("ignore", DeprecationWarning)
    from alpaca.common.exceptions import APIError
    from alpaca.data.enums import Adjustment, DataFeed
    from alpaca.data.historical.stock import StockHistoricalDataClient
    from alpaca.data.requests import StockBarsRequest, StockLatestQuoteRequest, StockLatestTradeRequest
    from alpaca.data.timeframe import TimeFrame

__all__ = ["AlpacaSource", "Kind"]

DATA_URL = "https://data.alpaca.markets"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_CHUNK = 100
"""Symbols a request."""
_MOST_PAGES = 2_000
_MOST_BYTES, _A_PIECE = 64 * 1024 * 1024, 65_536
_LIMITED, _REFUSED = 429, (401, 403)
_INVALID = re.compile(r"invalid symbol:?\s*([A-Za-z0-9./_-]+)")


class Kind(StrEnum):
    """Which price is taken: of the last trade, the middle of the last quote, or the day's bar."""

    TRADE = "trade"
    QUOTE = "quote"
    BAR = "bar"


class Keys(Protocol):
    """A key id and a secret that nobody else sees; ``lotwright.execution.keys.Keys`` is one."""

    def reveal(self) -> tuple[str, str]:
        """Key id and secret."""

    def hide(self, text: str) -> str:
        """The text without them."""


class _Session(requests.Session):
    """Never waits for ever, asks no more pages than allowed, takes nothing from the environment."""

    def __init__(self, patience: Patience) -> None:
        super().__init__()
        self.trust_env = False
        self.patience = patience
        self.pages = 0

    def request(self, method: str, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        self.pages += 1
        if self.pages > _MOST_PAGES:
            raise requests.TooManyRedirects("the answer has no last page")
        ends = time.monotonic() + self.patience.whole
        options |= {"timeout": (self.patience.connect, self.patience.silence), "allow_redirects": False, "stream": True}
        response = super().request(method, url, *args, **options)
        content = b""
        try:
            while piece := response.raw.read1(_A_PIECE, decode_content=True):
                content += piece
                if time.monotonic() > ends or len(content) > _MOST_BYTES:
                    raise requests.ReadTimeout("the answer does not end in time")
        finally:
            response.close()
        response.raw = io.BytesIO(content)
        return response


class AlpacaSource:
    """Latest trades, latest quotes and daily bars of US securities, from the feed chosen.

    Parameters
    ----------
    keys : Keys
    now : callable returning datetime, aware
    feed : str, optional
        ``"iex"``, ``"sip"``, ``"delayed_sip"``, ``"otc"``, …; the account's best by default.
    kind : Kind
        Which price :meth:`prices` takes.
    url : str, optional
        A stand-in on loopback in place of Alpaca.
    patience : Patience, optional
    sleep : callable

    Raises
    ------
    ProgramError
        There is no such feed, or ``url`` is neither Alpaca's nor on this machine: keys are sent to nobody else.
    """

    def __init__(
        self,
        keys: Keys,
        *,
        now: Callable[[], datetime],
        feed: str | None = None,
        kind: Kind = Kind.TRADE,
        url: str | None = None,
        patience: Patience | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        known = {one.value for one in DataFeed}
        if feed is not None and feed not in known:
            raise ProgramError(f"Alpaca has no feed {feed!r}. There are: {', '.join(sorted(known))}.")
        if url is not None and url.rstrip("/") != DATA_URL and urlsplit(url).hostname not in LOOPBACK:
            raise ProgramError(f"{url} is neither {DATA_URL} nor on this machine; keys are sent to no one else.")
        self._keys, self._now, self._sleep = keys, now, sleep
        self._feed = None if feed is None else DataFeed(feed)
        self._kind = kind
        self._patience = patience or Patience()
        key_id, secret = keys.reveal()
        self._client = StockHistoricalDataClient(
            key_id, secret, raw_data=True, url_override=None if url is None else url.rstrip("/")
        )
        self._session = _Session(self._patience)
        self._client._retry, self._client._retry_codes = 0, []  # noqa: SLF001  the constructor cannot switch it off
        self._client._session = self._session  # noqa: SLF001  nor does it take a session

    @property
    def name(self) -> str:
        """What answers call it, feed included."""
        return f"alpaca {self._feed.value}" if self._feed else "alpaca"

    def histories(self, symbols: Sequence[str], *, start: date, end: date) -> Mapping[str, Series | Failure]:
        """Daily bars as traded beside fully adjusted ones."""
        raw = self._bars(symbols, start, end, Adjustment.RAW)
        whole = [symbol for symbol in symbols if not isinstance(raw[symbol], Failure)]
        adjusted = self._bars(whole, start, end, Adjustment.ALL)
        about = Asked(source=f"{self.name} bars", at=self._now())
        return {
            symbol: bar_series(symbol, raw[symbol], adjusted.get(symbol, []), about, last=end) for symbol in symbols
        }

    def prices(self, symbols: Sequence[str], *, day: date) -> Mapping[str, Quote | Failure]:
        """Prices of the kind chosen; a trade or quote of another day is stale."""
        about = Asked(source=f"{self.name} {self._kind.value}", at=self._now())
        if self._kind is Kind.BAR:
            found = self.histories(symbols, start=day - timedelta(days=10), end=day)
            return {one: close_on(seen, day) if isinstance(seen, Series) else seen for one, seen in found.items()}
        if self._kind is Kind.TRADE:
            answers = self._chunks(symbols, self._trades)
            return {symbol: traded(symbol, answers[symbol], about, day=day) for symbol in symbols}
        answers = self._chunks(symbols, self._quotes)
        return {symbol: quoted(symbol, answers[symbol], about, day=day) for symbol in symbols}

    def _trades(self, symbols: list[str]) -> Any:
        return self._client.get_stock_latest_trade(StockLatestTradeRequest(symbol_or_symbols=symbols, feed=self._feed))

    def _quotes(self, symbols: list[str]) -> Any:
        return self._client.get_stock_latest_quote(StockLatestQuoteRequest(symbol_or_symbols=symbols, feed=self._feed))

    def _bars(self, symbols: Sequence[str], start: date, end: date, adjustment: Adjustment) -> dict[str, Any]:
        def call(chunk: list[str]) -> Any:
            return self._client.get_stock_bars(
                StockBarsRequest(
                    symbol_or_symbols=chunk,
                    timeframe=TimeFrame.Day,
                    start=datetime.combine(start, clock(), tzinfo=UTC),
                    end=datetime.combine(end, clock(23, 59, 59), tzinfo=UTC),
                    adjustment=adjustment,
                    feed=self._feed,
                )
            )

        return self._chunks(symbols, call)

    def _chunks(self, symbols: Sequence[str], call: Callable[[list[str]], Any]) -> dict[str, Any]:
        """What was answered for each symbol: raw JSON, None where nothing was, or a failure."""
        answers: dict[str, Any] = {}
        limited: NoAnswer | None = None
        for first in range(0, len(symbols), _CHUNK):
            chunk = list(symbols[first : first + _CHUNK])
            while chunk:
                try:
                    if limited is not None:
                        raise limited
                    found = asked(partial(self._once, call, chunk), patience=self._patience, sleep=self._sleep)
                except _UnknownSymbol as unknown:
                    answers[unknown.symbol] = None
                    chunk.remove(unknown.symbol)
                    continue
                except NoAnswer as silence:
                    limited = silence if silence.reason is Reason.RATE_LIMITED else None
                    answers |= {symbol: self._failure(symbol, silence) for symbol in chunk}
                    break
                answers |= {symbol: found.get(symbol) for symbol in chunk}
                break
        return answers

    def _once(self, call: Callable[[list[str]], Any], chunk: list[str]) -> Mapping[str, Any]:
        """One request and its pages."""
        self._session.pages = 0
        try:
            found = call(chunk)
        except APIError as error:
            raise self._refused(error, chunk) from None
        except (requests.JSONDecodeError, ValueError, AttributeError, TypeError) as error:
            raise NoAnswer(Reason.BAD_ANSWER, f"gave an answer that cannot be read ({type(error).__name__})") from None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            raise NoAnswer(Reason.NO_ANSWER, f"did not answer ({type(error).__name__})") from None
        if not isinstance(found, Mapping):
            raise NoAnswer(Reason.BAD_ANSWER, f"answered with {type(found).__name__} instead of an object")
        return found

    def _refused(self, error: APIError, chunk: list[str]) -> NoAnswer:
        response = getattr(getattr(error, "_http_error", None), "response", None)
        status = 0 if response is None else int(response.status_code)
        said = self._keys.hide(str(error))[:160].replace("\n", " ")
        named = _INVALID.search(said)
        if named is not None and named[1] in chunk:
            return _UnknownSymbol(named[1])
        if status == _LIMITED:
            return NoAnswer(Reason.RATE_LIMITED, "says that it was asked too often (status 429)")
        if status in _REFUSED:
            return NoAnswer(Reason.NO_ANSWER, f"does not accept the keys or the feed (status {status})", is_final=True)
        if status >= 500:
            return NoAnswer(Reason.NO_ANSWER, f"answered with status {status}")
        return NoAnswer(Reason.NO_ANSWER, f"refused with status {status}: {said}", is_final=True)

    def _failure(self, symbol: str, silence: NoAnswer) -> Failure:
        return failed(silence.reason, symbol, source=self.name, what=silence.what, cure="Ask again, or another source.")


class _UnknownSymbol(NoAnswer):
    """The API refused the whole request because of one symbol."""

    def __init__(self, symbol: str) -> None:
        super().__init__(Reason.NO_PRICE, f"knows no symbol {symbol}", is_final=True)
        self.symbol = symbol
