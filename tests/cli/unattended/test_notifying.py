"""Notifications over real connections: taken, refused, broken, hanging, nobody there; a dead notifier stops nothing."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from lotwright.cli.unattended.notifying import Event, Message, tell
from lotwright.cli.unattended.secret_values import NOTIFY, Secrets, find_secrets
from lotwright.errors import BookError
from tests.cli.unattended.conftest import Place, Server

Serve = Callable[..., Server]
DONE = Message(event=Event.DONE, title="Lotwright: done", text="All carried out.")


def secrets(*urls: str) -> Secrets:
    return find_secrets({NOTIFY: " ".join(urls)})


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Mailbox:
    def __init__(self) -> None:
        self.mails: list[tuple[str, list[str], bytes]] = []

    async def handle_DATA(self, _server: object, _session: object, envelope: object) -> str:  # noqa: N802  aiosmtpd calls it so
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.content))  # type: ignore[attr-defined]
        return "250 OK"


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    yield box, server.port
    server.stop()


def test_a_webhook_and_a_mail_arrive(serve: Serve, mailbox: tuple[Mailbox, int]) -> None:
    web, (box, port) = serve(), mailbox
    mail = f"mailto://127.0.0.1:{port}/?from=run@example.org&to=ann@example.org&smtp=127.0.0.1&mode=insecure"
    told = tell(DONE, secrets(f"json://127.0.0.1:{web.port}/hook", mail), seconds=30)
    assert [(one.service, one.taken, one.problem) for one in told] == [("json", True, ""), ("mailto", True, "")]
    assert (web.bodies[0]["title"], web.bodies[0]["message"]) == ("Lotwright: done", "All carried out.")
    (_, to, content), = box.mails  # fmt: skip
    assert to == ["ann@example.org"]
    assert b"All carried out." in content


def test_each_address_ends_for_itself_and_none_holds_up_the_run(serve: Serve) -> None:
    good, bad, hung = serve(), serve(500), serve(hangs=True)
    urls = [
        f"json://127.0.0.1:{hung.port}/",
        f"json://127.0.0.1:{bad.port}/",
        f"json://127.0.0.1:{free_port()}/",
        "nosuchservice://x",
        "not an address",
        f"json://127.0.0.1:{good.port}/",
    ]
    started = time.monotonic()
    told = tell(DONE, secrets(*urls), seconds=3)
    assert time.monotonic() - started < 6
    assert [one.taken for one in told][-1] is True
    assert not any(one.taken for one in told[:-1])
    assert all(one.problem for one in told[:-1])
    assert "3 seconds" in told[0].problem
    assert len(good.bodies) == 1


@pytest.mark.parametrize("kind", ["hangs", "breaks", "refuses", "nonsense"])
def test_a_dead_notifier_never_stops_a_run(
    place: Place, serve: Serve, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    url = {
        "hangs": lambda: f"json://127.0.0.1:{serve(hangs=True).port}/",
        "breaks": lambda: f"json://127.0.0.1:{serve(500).port}/",
        "refuses": lambda: f"json://127.0.0.1:{free_port()}/",
        "nonsense": lambda: "%%%://",
    }[kind]()
    monkeypatch.setenv(NOTIFY, url)
    place.settings("[notify]\nseconds = 1.0\n")
    done = place.start()
    assert (done.status, done.exit) == ("proposed", 0)
    (told,) = done.report["notified"]
    assert (told["event"], told["taken"]) == ("approval", False)
    assert place.start().status == "already_done"


def test_approval_failure_and_done_are_told_once(place: Place, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    web = serve()
    monkeypatch.setenv(NOTIFY, f"json://127.0.0.1:{web.port}/")
    place.settings('[execute]\nbroker = "simulated"', act="when_approved", book="nowhere")
    for _ in range(2):
        with pytest.raises(BookError):
            place.start()
    assert [body["type"] for body in web.bodies] == ["failure"]  # the same once a day
    place.settings('[execute]\nbroker = "simulated"', act="when_approved")
    place.start()
    waiting = place.start()
    assert [body["type"] for body in web.bodies] == ["failure", "warning"]
    assert f"lotwright approve {waiting.report['places'][0]} --by NAME" in web.bodies[1]["message"]
    from lotwright.cli.approving import approve
    from lotwright.cli.sheets import read_documents
    from lotwright.execution.approval import Mode

    plans = read_documents(Path(waiting.report["places"][0]))
    approve(plans, by="Ann", state=place.state, mode=Mode.PAPER, hours=1)
    place.start()
    assert [body["type"] for body in web.bodies] == ["failure", "warning", "success"]
    assert all(symbol not in str(web.bodies) for symbol in ("AAPL", "JNJ"))  # no holdings leave the house


def test_what_nobody_wants_to_hear_is_not_told(place: Place, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    web = serve()
    monkeypatch.setenv(NOTIFY, f"json://127.0.0.1:{web.port}/")
    place.settings('[notify]\non = ["failure"]')
    place.start()
    assert web.bodies == []
