"""Alpaca through alpaca-py: the one file here that imports it. Paper unless live is chosen twice.

Problem: alpaca-py 0.44 waits for ever, sends orders again by itself on 429 and 504, and its models refuse answers that
the API documents. Observations: its transport does those things in three attributes and one session, and its raw mode
hands the answer on. Therefore: its clients with their repetition off, a session of ours with timeouts for connecting,
for silence and for the whole answer, raw answers, and :class:`~lotwright.execution.rest.RestBroker` on top. It leans on
private names (``_retry``, ``_retry_codes``, ``_session``), so the contract tests count the requests that really leave.
"""

from __future__ import annotations

import io
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from lotwright.errors import BrokerError
from lotwright.execution.broker import Doubt
from lotwright.execution.keys import Keys, keys_from
from lotwright.execution.line import Heard, Question, Silence
from lotwright.execution.rest import RestBroker

with warnings.catch_warnings():
    # alpaca-py 0.44 imports websockets' old client at once, though we ask for no stream
    warnings.simplefilter("ignore", DeprecationWarning)
    from alpaca.common.exceptions import APIError
    from alpaca.data.historical.stock import StockHistoricalDataClient
    from alpaca.trading.client import TradingClient

__all__ = ["MODE", "AlpacaLine", "Patience", "connect"]

MODE = "LOTWRIGHT_ALPACA_MODE"
"""The second switch: the environment must say ``live`` too."""
PAPER_URL, LIVE_URL = "https://paper-api.alpaca.markets", "https://api.alpaca.markets"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
MOST_BYTES = 64 * 1024 * 1024
A_CHUNK = 65_536


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """Seconds: to connect, between two pieces of an answer, and for the whole of it."""

    connect: float = 3.05
    silence: float = 10.0
    whole: float = 30.0


class _Session(requests.Session):
    """A session that never waits for ever, follows no redirect and takes no proxy or password from the environment."""

    def __init__(self, patience: Patience) -> None:
        super().__init__()
        self.trust_env = False
        self.patience = patience
        self.heard: requests.Response | None = None

    def request(self, method: str, url: str | bytes, *args: Any, **options: Any) -> requests.Response:
        """One request; the answer is read within ``patience.whole``."""
        self.heard = None
        ends = time.monotonic() + self.patience.whole
        options |= {"timeout": (self.patience.connect, self.patience.silence), "stream": True, "allow_redirects": False}
        response = super().request(method, url, *args, **options)
        try:
            content = self._content(response, ends)
        finally:
            response.close()
        response.raw = io.BytesIO(content)
        self.heard = response
        return response

    @staticmethod
    def _content(response: requests.Response, ends: float) -> bytes:
        content = b""
        while piece := response.raw.read1(A_CHUNK, decode_content=True):
            content += piece
            if time.monotonic() > ends:
                raise requests.ReadTimeout("the answer came too slowly")
            if len(content) > MOST_BYTES:
                raise requests.ReadTimeout("the answer does not end")
        return content


class AlpacaLine:
    """Carries one question through alpaca-py: trading and market data, each once."""

    def __init__(self, keys: Keys, *, is_live: bool, url: str | None, patience: Patience) -> None:
        key_id, secret = keys.reveal()
        trading = TradingClient(key_id, secret, paper=not is_live, raw_data=True, url_override=url)
        data = StockHistoricalDataClient(key_id, secret, raw_data=True, url_override=url)
        self._keys = keys
        self._session = _Session(patience)
        self._lock = Lock()
        for client in (trading, data):
            client._retry, client._retry_codes = 0, []  # noqa: SLF001  the constructor cannot switch repetition off
            client._session = self._session  # noqa: SLF001  nor does it take a session or a timeout
        self._trading, self._data = trading, data

    def ask(self, question: Question) -> Heard:
        """One request, one answer."""
        client = self._data if question.path.startswith("/v2/stocks/") else self._trading
        path = question.path.removeprefix("/v2")
        send: Callable[[], Any] = {
            "GET": lambda: client.get(path, dict(question.query)),
            "POST": lambda: client.post(path, dict(question.body or {})),
            "DELETE": lambda: client.delete(path),
        }[question.method]
        with self._lock:
            try:
                send()
            except (APIError, requests.JSONDecodeError):
                pass  # the answer is read below, as it came
            except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
                raise Silence(Doubt.NO_ANSWER, self.hide(f"{type(error).__name__}: {error}")) from None
            heard = self._session.heard
        if heard is None:
            raise Silence(Doubt.NO_ANSWER, "no answer")
        headers = {name.lower(): value for name, value in heard.headers.items()}
        return Heard(status=heard.status_code, text=heard.content.decode("utf-8", "replace"), headers=headers)

    def hide(self, text: str) -> str:
        """The text without the keys."""
        return self._keys.hide(text)


def connect(
    *,
    environ: Mapping[str, str],
    is_live: bool = False,
    url: str | None = None,
    patience: Patience | None = None,
    sleep: Callable[[float], None] = time.sleep,
    local: Callable[[], datetime] | None = None,
) -> RestBroker:
    """Alpaca's broker for the keys of ``environ``; nothing is sent yet.

    Live needs two switches that are set apart: ``is_live``, and ``LOTWRIGHT_ALPACA_MODE=live`` in ``environ``.

    Parameters
    ----------
    environ : mapping
        ``APCA_API_KEY_ID``, ``APCA_API_SECRET_KEY`` (or ``APCA_API_SECRET_KEY_FILE``), ``LOTWRIGHT_ALPACA_MODE``.
    is_live : bool
        The first switch.
    url : str, optional
        Another address: a stand-in on loopback. Then no market is behind it.
    patience : Patience, optional
        Timeouts.
    sleep, local : callable
        Waits; tells this machine's time.

    Raises
    ------
    KeysError
        Keys are missing, or of the other mode.
    BrokerError
        The two switches disagree, or the address does not fit.
    """
    mode = environ.get(MODE, "paper").strip().lower() or "paper"
    if mode not in {"paper", "live"}:
        raise BrokerError(f"{MODE} is {mode!r}; it is paper or live. Nothing was sent.")
    if is_live != (mode == "live"):
        said = f"--live was {'given' if is_live else 'not given'}, but {MODE} says {mode}"
        raise BrokerError(f"{said}. Live needs both switches, paper neither. Nothing was sent.")
    keys = keys_from(environ)
    is_simulated = url is not None and _is_loopback(url, is_live=is_live)
    keys.check_mode(is_live=is_live, is_simulated=is_simulated)
    # Alpaca's own addresses are the client's to choose: trading and data live on two of them.
    other = url.rstrip("/").removesuffix("/v2") if url is not None and is_simulated else None
    line = AlpacaLine(keys, is_live=is_live, url=other, patience=patience or Patience())
    return RestBroker(
        line,
        name="alpaca stand-in" if is_simulated else f"alpaca {mode}",
        is_live=is_live,
        is_simulated=is_simulated,
        sleep=sleep,
        local=local or (None if is_simulated else lambda: datetime.now(UTC)),
    )


def _is_loopback(url: str, *, is_live: bool) -> bool:
    parts = urlsplit(url)
    address = f"{parts.scheme}://{parts.hostname}"
    if parts.scheme in {"http", "https"} and parts.hostname in LOOPBACK:
        if is_live:
            raise BrokerError(f"Live was chosen, and {address} is on this machine. Leave --url or --live away.")
        return True
    if address not in {PAPER_URL, LIVE_URL}:
        raise BrokerError(
            f"{address} is neither Alpaca nor on this machine; keys are sent to no one else. Nothing was sent."
        )
    if (address == LIVE_URL) != is_live:
        raise BrokerError(f"{address} and the mode {'live' if is_live else 'paper'} disagree. Nothing was sent.")
    return False
