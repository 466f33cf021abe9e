"""A run on the smallest example book, in a folder of its own; servers on loopback that take, refuse, break and hang."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import date
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from lotwright.cli.unattended.run import Outcome, run_once

DAY = date(2019, 12, 31)
ALWAYS = '[[when]]\nkind = "calendar"\nevery = "day"\n'
Start = Callable[..., Outcome]


class Place:
    """A folder with settings, a trigger that is always due, and the state that grows there."""

    def __init__(self, path: Path, book: Path) -> None:
        self.path, self.book, self.state = path, book, path / "state"
        self.config = path / "run.toml"
        (path / "always.toml").write_text(ALWAYS, encoding="utf-8")

    def settings(self, text: str = "", **values: object) -> Path:
        """Write the settings; text is TOML put after them."""
        given = {"book": str(self.book), "state": "state", "triggers": "always.toml", **values}
        lines = [f"{key} = {json.dumps(value)}" for key, value in given.items()]
        self.config.write_text("\n".join([*lines, text]) + "\n", encoding="utf-8")
        return self.config

    def start(self, **fields: Any) -> Outcome:
        """One start of the run of the book's day."""
        return run_once(self.config, as_of=fields.pop("as_of", DAY), **fields)

    @property
    def day(self) -> Path:
        """The folder of the day."""
        return self.state / "unattended" / "daily" / DAY.isoformat()

    def read(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.day / f"{name}.json").read_text(encoding="utf-8"))
        return found


@pytest.fixture
def place(tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name in ("LOTWRIGHT_STATE", "LOTWRIGHT_STORE", "LOTWRIGHT_NOTIFY_URLS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LOTWRIGHT_KERNELS", "plain")
    found = Place(tmp_path, root / "examples" / "books" / "first_steps")
    found.settings()
    return found


class Server:
    """A web server that answers as it is told and remembers what it was sent."""

    def __init__(self, status: int = 200, *, hangs: bool = False) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.let_go = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.bodies.append(json.loads(body))
                if hangs:
                    outer.let_go.wait(60)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.http.block_on_close = False
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    @property
    def port(self) -> int:
        return int(self.http.server_address[1])

    def close(self) -> None:
        self.let_go.set()
        self.http.shutdown()
        self.http.server_close()


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    made: list[Server] = []

    def make(*args: Any, **fields: Any) -> Server:
        made.append(Server(*args, **fields))
        return made[-1]

    yield make
    for one in made:
        one.close()
