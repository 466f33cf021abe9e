"""The Alpaca adapter's own promises: two switches, keys of the right kind, no secret anywhere, no endless wait."""

from __future__ import annotations

import logging
import pickle
import time
import traceback
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from lotwright.errors import BrokerError, KeysError, LineError
from lotwright.execution.alpaca import MODE, connect
from lotwright.execution.broker import Accepted, Rejected, Unknown
from lotwright.execution.keys import Keys, keys_from
from lotwright.execution.standin.faults import Fault, Kind
from lotwright.execution.standin.server import Server
from tests.brokers.standing import ENVIRON, IMPATIENT, KEY, MONDAY, Scene, buy, house, void

CANARY_ID, CANARY = "PKCANARYCANARY", "canary-secret-never-to-be-seen"
PAPER = {"APCA_API_KEY_ID": "PK0123456789", "APCA_API_SECRET_KEY": "s" * 40}
LIVE = {"APCA_API_KEY_ID": "AK0123456789", "APCA_API_SECRET_KEY": "s" * 40}


@pytest.mark.parametrize(
    ("environ", "is_live", "url", "words"),
    [
        (LIVE, False, None, "Mode is paper, but the keys are live keys"),
        (PAPER | {MODE: "live"}, True, None, "Mode is live, but the keys are paper keys"),
        (LIVE, True, None, "Live needs both switches"),
        (LIVE | {MODE: "live"}, False, None, "Live needs both switches"),
        (PAPER | {MODE: "real"}, False, None, "it is paper or live"),
        (PAPER, False, "https://api.alpaca.markets", "disagree"),
        (LIVE | {MODE: "live"}, True, "https://paper-api.alpaca.markets", "disagree"),
        (LIVE | {MODE: "live"}, True, "http://127.0.0.1:1", "is on this machine"),
        (PAPER, False, "https://paper-api.alpaca.markets.example.com", "keys are sent to no one else"),
        (PAPER, False, "http://paper-api.alpaca.markets", "keys are sent to no one else"),
        (PAPER, False, "ftp://127.0.0.1", "keys are sent to no one else"),
        (LIVE, False, "http://127.0.0.1:1", "Mode is paper, but the keys are live keys"),
        ({**PAPER, "APCA_API_KEY_ID": "XX012345"}, False, None, "of an unknown kind"),
        ({**PAPER, "APCA_API_KEY_ID": "XX012345", MODE: "live"}, True, None, "of an unknown kind"),
        ({}, False, None, "APCA_API_KEY_ID and APCA_API_SECRET_KEY not set"),
        ({**PAPER, "APCA_API_SECRET_KEY": "a\nb"}, False, None, "characters that no key has"),
    ],
)
def test_what_does_not_fit_is_refused_before_anything_is_sent(
    environ: dict[str, str], is_live: bool, url: str | None, words: str
):
    with pytest.raises(BrokerError, match=words) as caught:
        connect(environ=environ, is_live=is_live, url=url)
    assert "s" * 40 not in str(caught.value)


def test_keys_and_mode_that_agree_make_a_broker_that_has_sent_nothing():
    assert connect(environ=PAPER).name == "alpaca paper"
    live = connect(environ=LIVE | {MODE: "live"}, is_live=True)
    assert (live.name, live.is_live, live.is_simulated) == ("alpaca live", True, False)


def test_a_stand_in_of_others_may_have_keys_of_its_own_kind():
    assert connect(environ={**PAPER, "APCA_API_KEY_ID": "test-key"}, url="http://localhost:1/v2").is_simulated


def test_the_secret_may_stand_in_a_file_that_only_its_owner_reads(tmp_path: Path):
    path = tmp_path / "secret"
    path.write_text("from-a-file\n")
    path.chmod(0o600)
    environ = {"APCA_API_KEY_ID": "PK1", "APCA_API_SECRET_KEY_FILE": str(path)}
    assert keys_from(environ).reveal() == ("PK1", "from-a-file")
    path.chmod(0o640)
    with pytest.raises(KeysError, match=r"may be read by others.*chmod 600"):
        keys_from(environ)
    path.unlink()
    with pytest.raises(KeysError, match="cannot be read"):
        keys_from(environ)


def test_both_keys_may_stand_in_files_and_what_is_no_text_is_not_shown(tmp_path: Path):
    environ = {}
    for name, text in (("APCA_API_KEY_ID", b"PK1\n"), ("APCA_API_SECRET_KEY", b"from-a-file\n")):
        path = tmp_path / name
        path.write_bytes(text)
        path.chmod(0o600)
        environ[f"{name}_FILE"] = str(path)
    assert keys_from(environ).reveal() == ("PK1", "from-a-file")
    path.write_bytes(b"\xff" + CANARY.encode())
    with pytest.raises(KeysError, match="not UTF-8") as caught:
        keys_from(environ)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


class Ring(KeyringBackend):
    """A keyring in memory."""

    priority = 1.0  # type: ignore[assignment]
    held: ClassVar[dict[tuple[str, str], str]] = {}
    is_locked = False

    def get_password(self, service: str, username: str) -> str | None:
        if self.is_locked:
            raise KeyringLocked(CANARY)
        return self.held.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.held[service, username] = password


def test_keys_may_lie_in_the_keyring(monkeypatch: pytest.MonkeyPatch):
    ring = Ring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", ring)
    monkeypatch.setitem(Ring.held, ("desk", "APCA_API_KEY_ID"), "PK1")
    environ = {"LOTWRIGHT_KEYRING": "desk"}
    with pytest.raises(KeysError, match="APCA_API_SECRET_KEY not set"):
        keys_from(environ)
    monkeypatch.setitem(Ring.held, ("desk", "APCA_API_SECRET_KEY"), "from-the-ring")
    assert keys_from(environ).reveal() == ("PK1", "from-the-ring")
    assert keys_from({**environ, "APCA_API_KEY_ID": "PK2"}).reveal() == ("PK2", "from-the-ring")
    ring.is_locked = True
    with pytest.raises(KeysError, match=r"does not answer.*KeyringLocked") as caught:
        keys_from(environ)
    assert CANARY not in "".join(traceback.format_exception(caught.value))


def test_keys_are_neither_shown_nor_written():
    keys = Keys(CANARY_ID, CANARY)
    shown = f"{keys} {keys!r} {[keys]} {keys.hide(f'echo {CANARY} {CANARY_ID}')}"
    assert CANARY not in shown
    assert CANARY_ID not in shown
    with pytest.raises(TypeError):
        pickle.dumps(keys)


def test_a_secret_that_the_server_echoes_reaches_no_message_log_or_traceback(
    caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
):
    caplog.set_level(logging.DEBUG)
    said: list[str] = []
    stage = house()
    stage.exchanges = {CANARY_ID: stage.exchange}
    stage.secret = CANARY
    echo = f'{{"code": 1, "message": "bad key {CANARY_ID} with {CANARY}"}}'
    with Server(stage) as server:
        environ = {"APCA_API_KEY_ID": CANARY_ID, "APCA_API_SECRET_KEY": CANARY}
        broker = connect(environ=environ, url=server.url, patience=IMPATIENT, sleep=void)
        said.append(repr(broker.positions()))
        for status in (400, 401, 403, 418, 422, 500, 503):
            for kind in (Kind.FAIL_BEFORE, Kind.CLOSE_AFTER, Kind.BODY):
                body = echo if kind is Kind.FAIL_BEFORE else f"<html>{CANARY}"
                stage.faults.clear()
                stage.faults.add(Fault(kind=kind, status=status, body=body, times=None))
                said.append(repr(broker.submit(buy("b", "AAA", "1", "51"))))
                said.append(repr(broker.cancel("x")))
                try:
                    said.append(repr(broker.positions()))
                except BrokerError:
                    said.append(traceback.format_exc())
    out = capsys.readouterr()
    everything = "\n".join([*said, caplog.text, out.out, out.err])
    assert "Traceback" in everything
    assert CANARY not in everything
    assert CANARY_ID not in everything


def test_wrong_keys_stop_at_once(http: Scene):
    assert http.server is not None
    other = connect(environ={**ENVIRON, "APCA_API_SECRET_KEY": "wrong"}, url=http.server.url, sleep=void)
    with pytest.raises(KeysError, match="does not know the keys"):
        other.account()
    outcome = other.submit(buy("b", "AAA", "1", "51"))
    assert isinstance(outcome, Rejected)
    assert outcome.refusal == "keys"
    assert len(http.house.asked) == 2
    assert http.house.exchange.orders == {}


def test_no_wait_is_endless(http: Scene):
    http.house.faults.add(Fault(kind=Kind.HOLD_AFTER, times=None, seconds=30))
    started = time.monotonic()
    assert isinstance(http.broker.submit(buy("b", "AAA", "1", "51")), Unknown)
    assert time.monotonic() - started < 5
    with pytest.raises(LineError, match="ReadTimeout"):
        http.broker.clock()


def test_an_answer_that_dribbles_is_given_up(http: Scene):
    http.house.faults.add(Fault(kind=Kind.DRIBBLE, times=1, seconds=20))
    started = time.monotonic()
    assert isinstance(http.broker.submit(buy("b", "AAA", "1", "51")), Unknown)
    assert time.monotonic() - started < 5


def test_the_environments_proxies_and_passwords_are_not_used(http: Scene, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert isinstance(http.broker.submit(buy("b", "AAA", "1", "51")), Accepted)


def test_the_clocks_difference_is_measured_where_our_clock_is_given(http: Scene):
    assert http.server is not None
    fast = connect(environ=ENVIRON, url=http.server.url, local=lambda: MONDAY + timedelta(seconds=9))
    assert fast.clock().skew == 9


def test_quantities_travel_as_exact_words(http: Scene):
    http.broker.submit(buy("b", "AAA", "0.300000000", "51"))
    http.broker.submit(buy("c", "AAA", "1E+1", "51"))
    orders = http.house.exchange.orders.values()
    assert [str(order.quantity) for order in orders] == ["0.3", "10"]


def test_the_key_of_one_account_opens_that_account_alone():
    stage = house()
    stage.exchanges["PKSECOND"] = house().exchange
    stage.exchanges["PKSECOND"].ledger.cash += 1
    with Server(stage) as server:
        first, second = (
            connect(environ={**ENVIRON, "APCA_API_KEY_ID": key}, url=server.url) for key in (KEY, "PKSECOND")
        )
        first.submit(buy("b", "AAA", "1", "51"))
        assert second.order("b") is None
        assert (first.account().cash, second.account().cash) == (Decimal("9949.99"), 10_001)


def test_paper_keys_never_reach_the_live_address(monkeypatch: pytest.MonkeyPatch):
    broker = connect(environ=PAPER)
    line = broker._line
    assert line._trading._base_url == "https://paper-api.alpaca.markets"
    assert line._data._base_url == "https://data.alpaca.markets"
    assert connect(environ=LIVE | {MODE: "live"}, is_live=True)._line._trading._base_url == "https://api.alpaca.markets"


def test_now_is_aware():
    assert connect(environ=PAPER)._local().tzinfo is UTC
    assert abs(connect(environ=PAPER)._local() - datetime.now(UTC)) < timedelta(minutes=1)
