"""The stand-in over HTTP on the loopback address: Alpaca's addresses under ``/v2``, its own under ``/standin``.

Problem: the adapter must be tried through the real client, the real HTTP stack and a line that breaks in every way.
Observations: breaking a line needs the socket itself (resets, halves, silence), which web frameworks hide; a broker for
one person needs no more than a thread for each connection. Therefore: the standard library's server, one write for each
answer and no delay on the socket, and the faults at exactly the place where the answer would leave.
"""

from __future__ import annotations

import gzip
import json
import socket
import struct
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from lotwright.errors import BrokerError
from lotwright.execution.standin.faults import Fault, Kind, edited
from lotwright.execution.standin.house import House
from lotwright.execution.standin.routes import Answer, Asking

LOOPBACK = "127.0.0.1"
MOST_BYTES = 1_000_000
WORTH_PACKING = 600
"""Bytes from which an answer is compressed, as Alpaca does."""
AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER that makes a close a reset."""
BEFORE = frozenset({Kind.CLOSE_BEFORE, Kind.RESET_BEFORE, Kind.FAIL_BEFORE})


class Server(ThreadingHTTPServer):
    """A :class:`House` behind an address; use it in a ``with`` statement, or start and stop it."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 256

    def __init__(self, house: House, *, port: int = 0) -> None:
        try:
            super().__init__((LOOPBACK, port), _Connection)
        except (OSError, OverflowError) as error:
            raise BrokerError(f"Port {port} cannot be opened: {error}. Name another with --port.") from error
        self.house = house
        self.halted = Event()
        self.port: int = self.server_address[1]
        self._thread: Thread | None = None
        self._open: set[socket.socket] = set()
        self._last: dict[str, bytes] = {}

    @property
    def url(self) -> str:
        """Where the adapter's ``url`` points to."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> Self:
        """Serve in a thread."""
        self._thread = Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        return self

    def stop(self) -> None:
        """Serve no more; connections are closed."""
        self.halted.set()
        if self._thread is not None:
            self.shutdown()
            self._thread.join()
        self.server_close()
        self.cut()

    def cut(self) -> None:
        """Break every connection that is open."""
        for connection in list(self._open):
            _reset(connection)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that it can be cut."""
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget the connection."""
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is no error of the stand-in."""

    def remembered(self, asked: str, body: bytes) -> bytes:
        """The answer this question got the last time; the first time, this one."""
        return self._last.setdefault(asked, body)

    def remember(self, asked: str, body: bytes) -> None:
        """Keep the latest answer to a question."""
        self._last[asked] = body


class _Connection(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    timeout = 120
    disable_nagle_algorithm = True
    number = -1
    """The house's number of the request being served."""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the standard library's name
        """Say nothing: requests are kept in the house."""

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PATCH = do_DELETE = do_PUT = do_GET  # noqa: N815  the standard library's names

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > MOST_BYTES:
            self.close_connection = True
            return
        body = self.rfile.read(length)
        if len(body) < length:  # cut off on its way: nobody answers half a request
            self.close_connection = True
            return
        parts = urlsplit(self.path)
        asking = Asking(
            method=self.command,
            path=parts.path,
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            body=body,
        )
        if asking.path.startswith("/standin/"):
            self._control(asking)
        else:
            self._trade(asking)

    def _control(self, asking: Asking) -> None:
        house = self.server.house
        name = asking.path.removeprefix("/standin/")
        try:
            given = json.loads(asking.body) if asking.body else dict(asking.query)
            key = given.pop("key", next(iter(house.exchanges)))
            if key not in house.exchanges:
                raise BrokerError(f"No account has the key {key!r}. Known: {', '.join(house.exchanges)}.")
            if name == "cut":
                found: object = {"cut": True}
                self.server.cut()
            else:
                found = house.control(key, name, given)
            self.send(Answer(200, json.dumps(found).encode()), {})
        except (BrokerError, ValueError, AttributeError) as error:
            self.send(Answer(400, json.dumps({"message": str(error)}).encode()), {})

    def _trade(self, asking: Asking) -> None:
        house = self.server.house
        key, secret = (self.headers.get(f"APCA-API-{name}", "") for name in ("KEY-ID", "SECRET-KEY"))
        self.number = house.note(key, self.command, self.path)
        allowed, headers = house.allowance.spend(key, house.time.now())
        fault = house.faults.take(asking.method, asking.path)
        if fault is not None and fault.kind in BEFORE:
            self._break_before(fault, headers)
        elif not allowed:
            self.reply(Answer(429, b'{"code": 42910000, "message": "rate limit exceeded"}'), headers)
        elif not house.knows(key, secret):
            self.reply(Answer(401, b'{"code": 40110000, "message": "unauthorized."}'), headers)
        elif fault is None:
            answer = house.answer(key, asking)
            self.server.remember(self.path, answer.body)
            self.reply(answer, headers)
        else:
            self._break_after(asking, key, fault, headers)

    def _break_before(self, fault: Fault, headers: dict[str, str]) -> None:
        if fault.kind is Kind.FAIL_BEFORE:
            self.reply(Answer(fault.status, fault.body.encode()), headers | dict(fault.headers))
            return
        self.hang_up(reset=fault.kind is Kind.RESET_BEFORE)

    def _break_after(self, asking: Asking, key: str, fault: Fault, headers: dict[str, str]) -> None:
        house = self.server.house
        if fault.kind is Kind.HOLD_BEFORE:
            self.server.halted.wait(fault.seconds)
        if fault.kind is Kind.DEAF:
            kept = {name: value for name, value in asking.query.items() if name not in fault.keys}
            asking = Asking(method=asking.method, path=asking.path, query=kept, body=asking.body)
        answer = house.answer(key, asking)
        if fault.kind is Kind.REPLAY:
            answer = house.answer(key, asking)
        if fault.kind is Kind.HOLD_AFTER:
            self.server.halted.wait(fault.seconds)
        BREAKS.get(fault.kind, _whole)(self, answer, fault, headers)

    def reply(self, answer: Answer, headers: dict[str, str]) -> None:
        """Answer, and remember how."""
        self.server.house.answered(self.number, answer.status)
        self.send(answer, headers)

    def send(self, answer: Answer, headers: dict[str, str], *, seconds: float = 0.0) -> None:
        """Write the answer in one piece, or byte by byte over so many seconds."""
        data = self.octets(answer, headers)
        if not seconds:
            self.wfile.write(data)
            return
        head = data.index(b"\r\n\r\n") + 4
        self.wfile.write(data[:head])
        for place in range(head, len(data)):
            self.wfile.write(data[place : place + 1])
            if self.server.halted.wait(seconds / max(len(data) - head, 1)):
                return

    def octets(self, answer: Answer, headers: dict[str, str]) -> bytes:
        """An answer as it goes over the line."""
        kind = "text/html" if answer.body.lstrip().startswith(b"<") else "application/json; charset=UTF-8"
        body = answer.body
        if len(body) > WORTH_PACKING and "gzip" in self.headers.get("Accept-Encoding", ""):
            body = gzip.compress(body, compresslevel=1, mtime=0)
            headers = {**headers, "Content-Encoding": "gzip"}
        lines = [
            f"HTTP/1.1 {answer.status} {self.responses.get(answer.status, ('Unknown',))[0]}",
            f"Date: {self.date_time_string(int(self.server.house.time.now().timestamp()))}",
            f"Content-Length: {len(body)}",
        ]
        if answer.body:
            lines.append(f"Content-Type: {kind}")
        lines += [f"{name}: {value}" for name, value in headers.items()]
        return "\r\n".join([*lines, "", ""]).encode("latin-1") + body

    def hang_up(self, *, reset: bool) -> None:
        """Close the connection after this request, or break it at once."""
        self.close_connection = True
        if reset:
            _reset(self.connection)


def _whole(at: _Connection, answer: Answer, _fault: Fault, headers: dict[str, str]) -> None:
    at.reply(answer, headers)


def _lost(at: _Connection, _answer: Answer, fault: Fault, _headers: dict[str, str]) -> None:
    at.hang_up(reset=fault.kind is Kind.RESET_AFTER)


def _cut(at: _Connection, answer: Answer, _fault: Fault, headers: dict[str, str]) -> None:
    data = at.octets(answer, headers)
    head = data.index(b"\r\n\r\n") + 4
    at.wfile.write(data[: head + (len(data) - head) // 2])
    time.sleep(0.01)  # let the first half arrive before the reset drops it
    at.hang_up(reset=True)


def _half(at: _Connection, answer: Answer, _fault: Fault, headers: dict[str, str]) -> None:
    at.reply(Answer(answer.status, answer.body[: len(answer.body) // 2]), headers)


def _failed(at: _Connection, _answer: Answer, fault: Fault, headers: dict[str, str]) -> None:
    at.reply(Answer(fault.status, fault.body.encode()), headers | dict(fault.headers))


def _body(at: _Connection, _answer: Answer, fault: Fault, headers: dict[str, str]) -> None:
    at.reply(Answer(200, fault.body.encode()), headers)


def _edit(at: _Connection, answer: Answer, fault: Fault, headers: dict[str, str]) -> None:
    body = edited(answer.body, fault.edit) if answer.body and answer.status < 300 else answer.body
    at.reply(Answer(answer.status, body), headers)


def _stale(at: _Connection, answer: Answer, _fault: Fault, headers: dict[str, str]) -> None:
    at.reply(Answer(answer.status, at.server.remembered(at.path, answer.body)), headers)


def _dribble(at: _Connection, answer: Answer, fault: Fault, headers: dict[str, str]) -> None:
    at.server.house.answered(at.number, answer.status)
    at.send(answer, headers, seconds=fault.seconds)


def _reset(connection: socket.socket) -> None:
    try:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        connection.shutdown(socket.SHUT_RD)
        connection.close()
    except OSError:
        return  # it is closed already


BREAKS: dict[Kind, Callable[[_Connection, Answer, Fault, dict[str, str]], None]] = {
    Kind.CLOSE_AFTER: _lost,
    Kind.RESET_AFTER: _lost,
    Kind.RESET_MID: _cut,
    Kind.HALF: _half,
    Kind.FAIL_AFTER: _failed,
    Kind.BODY: _body,
    Kind.EDIT: _edit,
    Kind.STALE: _stale,
    Kind.DRIBBLE: _dribble,
}
