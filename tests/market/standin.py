"""Stand-ins on loopback for Yahoo's chart API and Alpaca's market data API, with faults chosen by symbol.

Both answer real HTTP to the real clients. What they say has the shape of the documented answers: Yahoo's as yfinance
reads it, Alpaca's after the OpenAPI description of the market data API. A symbol's name says what goes wrong with it.
"""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SPLIT_DAY = date(2020, 8, 31)
"""AAPL, 4 for 1: close 499.23 on 28 August 2020, 129.04 on 31 August (as traded)."""
AAPL = {date(2020, 8, 26): 506.09, date(2020, 8, 27): 500.04, date(2020, 8, 28): 499.23, date(2020, 8, 31): 129.04,
        date(2020, 9, 1): 134.18}  # fmt: skip
"""Closes as traded."""
DAYS = sorted(AAPL)


@dataclass
class Heard:
    """Requests that reached the stand-in, by path, and the queries of each."""

    paths: Counter[str] = field(default_factory=Counter)
    queries: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    def of(self, word: str) -> int:
        return sum(count for path, count in self.paths.items() if word in path)


@contextmanager
def serving(answer: Any) -> Iterator[tuple[str, Heard]]:
    """A server on a free port of loopback; ``answer(path, query, count)`` gives status and body, or None to hang up."""
    heard = Heard()
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            with lock:
                heard.paths[parts.path] += 1
                heard.queries.append((parts.path, query))
                heard.headers.append({name.lower(): value for name, value in self.headers.items()})
                count = heard.paths[parts.path]
            said = answer(parts.path, query, count)
            if said is None:
                self.close_connection = True
                return
            status, body = said
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw) + (100 if status == 299 else 0)))
            self.end_headers()
            self.wfile.write(raw)
            if status == 299:
                self.close_connection = True

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", heard
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def yahoo_chart(
    closes: dict[date, float | None],
    *,
    adjusted: dict[date, float | None] | None = None,
    splits: dict[date, float] | None = None,
    currency: str | None = "USD",
) -> dict[str, Any]:
    """An answer of Yahoo's chart API: closes are already split-adjusted there."""
    stamp = {day: int(datetime(day.year, day.month, day.day, 13, 30, tzinfo=UTC).timestamp()) for day in closes}
    values = list(closes.values())
    events = {
        str(stamp[day]): {"date": stamp[day], "numerator": ratio, "denominator": 1, "splitRatio": f"{ratio}:1"}
        for day, ratio in (splits or {}).items()
        if day in stamp
    }
    result = {
        "meta": {
            "currency": currency, "symbol": "X", "exchangeName": "NMS", "instrumentType": "EQUITY", "gmtoffset": -14400,
            "timezone": "EDT", "exchangeTimezoneName": "America/New_York", "priceHint": 2, "dataGranularity": "1d",
            "range": "", "validRanges": ["1d", "5d", "max"], "firstTradeDate": 0,
        },
        "timestamp": [stamp[day] for day in closes],
        "events": {"splits": events} if events else {},
        "indicators": {
            "quote": [{"open": values, "high": values, "low": values, "close": values,
                       "volume": [None if value is None else 1000 for value in values]}],
            "adjclose": [{"adjclose": list((adjusted or closes).values())}],
        },
    }  # fmt: skip
    return {"chart": {"result": [result], "error": None}}


UNKNOWN = {
    "chart": {"result": None, "error": {"code": "Not Found", "description": "No data found, symbol may be delisted"}}
}
EMPTY = {"chart": {"result": [{"meta": yahoo_chart({})["chart"]["result"][0]["meta"], "timestamp": [], "indicators": {
    "quote": [{"open": [], "high": [], "low": [], "close": [], "volume": []}], "adjclose": [{"adjclose": []}]}}], "error": None}}  # fmt: skip


def yahoo(path: str, query: dict[str, str], count: int) -> tuple[int, Any] | None:
    """Yahoo, good and bad, by symbol."""
    if "/chart/" not in path:
        return 200, b"crumb"
    symbol = path.rpartition("/")[2]
    split_adjusted = {day: price / (4 if day < SPLIT_DAY else 1) for day, price in AAPL.items()}
    earlier = {day: price for day, price in split_adjusted.items() if day <= date(2020, 8, 27)}
    dividends = {day: price * 0.99 for day, price in split_adjusted.items()}
    good = yahoo_chart(split_adjusted, adjusted=dividends, splits={SPLIT_DAY: 4.0})
    answers: dict[str, Any] = {
        "AAPL": (200, good),
        "BRK-B": (200, good),
        "R429": (429, b"Too Many Requests"),
        "E500": (500, b"<html>oops</html>"),
        "CUT": (200, b'{"chart":{"result":[{"meta":{"cur'),
        "TORN": (299, b'{"chart":{"result":[{"meta"'),
        "EMPTY": (200, EMPTY),
        "STALE": (200, yahoo_chart(earlier)),
        "RUNNING": (200, yahoo_chart({**split_adjusted, date(2020, 8, 28): None})),
        "ZERO": (200, yahoo_chart({**split_adjusted, date(2020, 8, 27): 0.0})),
        "MINUS": (200, yahoo_chart({**split_adjusted, date(2020, 8, 27): -3.0})),
        "PENCE": (200, yahoo_chart(split_adjusted, currency="GBp")),
        "NAMELESS": (200, yahoo_chart(split_adjusted, currency=None)),
        "HANGUP": None,
        "ONCE": (200, good) if count > 2 else (503, b"busy"),
        "GARBLED": (200, good) if count > 1 else (200, b'{"chart":'),
    }
    if symbol == "SLOW":
        time.sleep(1.2)
        return 200, good
    return answers.get(symbol[:4] if symbol.startswith("E500") else symbol, (404, UNKNOWN))


def bars(closes: dict[date, float]) -> list[dict[str, Any]]:
    return [
        {"t": f"{day}T04:00:00Z", "o": c, "h": c, "l": c, "c": c, "v": 1000, "n": 5, "vw": c}
        for day, c in closes.items()
    ]


def alpaca(path: str, query: dict[str, str], count: int) -> tuple[int, Any] | None:
    """Alpaca's data API, good and bad, by symbol; a fault of the whole request is asked for by one symbol in it."""
    symbols = query.get("symbols", "").split(",")
    whole: dict[str, Any] = {
        "R429": (429, {"message": "too many requests."}),
        "E500": (500, {"message": "internal server error"}),
        "CUT": (200, b'{"trades": {"CUT": {"p": 1'),
        "LIST": (200, b"[]"),
        "HANGUP": None,
        "BADKEY": (403, {"message": "forbidden."}),
    }
    for symbol in symbols:
        if symbol in whole:
            return whole[symbol]
        if symbol == "SLOW":
            time.sleep(1.2)
        if symbol == "ONCE" and count < 2:
            return 503, {"message": "busy"}
        if symbol == "BAD/SYMBOL":
            return 400, {"message": "code=400, message=invalid symbol: BAD/SYMBOL"}
    if path.endswith("/bars"):
        return 200, _bars(symbols, query)
    if path.endswith("/trades/latest"):
        trades = {
            "AAPL": {
                "t": "2020-08-28T19:59:59.123456789Z",
                "p": 499.23,
                "s": 100,
                "x": "V",
                "i": 1,
                "z": "C",
                "c": ["@"],
            },
            "STALE": {"t": "2020-08-27T19:59:59.1Z", "p": 500.04, "s": 100, "x": "V", "i": 1, "z": "C", "c": ["@"]},
            "LATE": {"t": "2020-08-28T23:59:59Z", "p": 500.0, "s": 1, "x": "V", "i": 1, "z": "C", "c": ["@"]},
            "GONE": {
                "t": "2020-08-28T19:59:59Z",
                "p": 499.0,
                "u": "canceled",
                "s": 1,
                "x": "V",
                "i": 1,
                "z": "C",
                "c": [],
            },
            "ZERO": {"t": "2020-08-28T19:59:59Z", "p": 0, "s": 1, "x": "V", "i": 1, "z": "C", "c": []},
            "WORD": {"t": "2020-08-28T19:59:59Z", "p": "NaN", "s": 1, "x": "V", "i": 1, "z": "C", "c": []},
            "TIMELESS": {"p": 12.0},
            "TEXT": "12.0",
            "ONCE": {"t": "2020-08-28T19:59:59Z", "p": 20.5, "s": 1, "x": "V", "i": 1, "z": "C", "c": []},
        }
        return 200, {"trades": {symbol: trades[symbol] for symbol in symbols if symbol in trades}}
    quotes = {
        "AAPL": {
            "t": "2020-08-28T19:59:59Z",
            "bp": 499.20,
            "ap": 499.26,
            "bs": 1,
            "as": 1,
            "bx": "V",
            "ax": "V",
            "z": "C",
        },
        "ONESIDED": {
            "t": "2020-08-28T19:59:59Z",
            "bp": 499.20,
            "ap": 0,
            "bs": 1,
            "as": 0,
            "bx": "V",
            "ax": "V",
            "z": "C",
        },
        "CROSSED": {
            "t": "2020-08-28T19:59:59Z",
            "bp": 10.2,
            "ap": 10.1,
            "bs": 1,
            "as": 1,
            "bx": "V",
            "ax": "V",
            "z": "C",
        },
        "WIDE": {"t": "2020-08-28T19:59:59Z", "bp": 5.0, "ap": 15.0, "bs": 1, "as": 1, "bx": "V", "ax": "V", "z": "C"},
    }
    return 200, {"quotes": {symbol: quotes[symbol] for symbol in symbols if symbol in quotes}}


def _bars(symbols: list[str], query: dict[str, str]) -> dict[str, Any]:
    """Daily bars, two days a page; raw as traded, all: split-adjusted and one percent lower."""
    is_raw = query.get("adjustment") == "raw"
    first = date.fromisoformat(query["start"][:10])
    closes = {
        day: price if is_raw else price / (4 if day < SPLIT_DAY else 1) * 0.99
        for day, price in AAPL.items()
        if first <= day <= date.fromisoformat(query["end"][:10])
    }
    if "ENDLESS" in symbols:
        return {"bars": {"ENDLESS": bars(closes)[:1]}, "next_page_token": "again"}
    days = sorted(closes)
    page = int(query.get("page_token") or 0)
    shown = {day: closes[day] for day in days[page : page + 2]}
    more = str(page + 2) if page + 2 < len(days) else None
    return {"bars": {one: bars(shown) for one in symbols if one == "AAPL"} if shown else {}, "next_page_token": more}


def days_before(day: date, count: int) -> date:
    return day - timedelta(days=count)
