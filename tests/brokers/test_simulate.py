"""``lotwright broker simulate`` as a person uses it: another process, the address it prints, Ctrl-C."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests
from typer.testing import CliRunner

from lotwright.cli.app import app
from lotwright.errors import LotwrightError
from lotwright.execution.alpaca import connect
from lotwright.execution.broker import Accepted, Unknown
from tests.brokers.standing import sell


@contextmanager
def simulated(root: Path, *options: str) -> Iterator[tuple[str, dict[str, str], subprocess.Popen[str]]]:
    environment = {**os.environ, "PYTHONPATH": str(root / "src"), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-W", "error", "-m", "lotwright", "broker", "simulate", "--port", "0", *options]
    process = subprocess.Popen(
        command, env=environment, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        first, second = process.stdout.readline(), process.stdout.readline()
        url = re.search(r"http://[0-9.:]+", first)
        assert url is not None, process.stderr and process.stderr.read()
        keys = dict(re.findall(r"(APCA_\w+)=(\S+)", second))
        yield url[0].rstrip(":."), keys, process
    finally:
        process.kill()
        process.communicate()


def test_a_persons_whole_evening(root: Path, tmp_path: Path):
    state = tmp_path / "account.jsonl"
    options = ("--state", str(state), "--at", "2026-11-23T10:30-05:00", "--limit", "0")
    faults = '[{"kind": "close_after", "method": "POST"}]'
    with simulated(root, *options, "--faults", faults) as (url, keys, process):
        broker = connect(environ=keys, url=url)
        assert isinstance(broker.submit(sell("mine", "VTI", "10", "300")), Unknown)
        order = broker.order("mine")
        assert order is not None
        assert order.filled == 10
        told = requests.get(f"{url}/standin/ledger", timeout=5).json()
        assert told["positions"]["VTI"] == "150"
        assert requests.post(f"{url}/standin/quote", json={"symbol": "NONE"}, timeout=5).status_code == 400
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
        assert process.returncode == 0, err
        assert "executions" in err
    with simulated(root, *options) as (url, keys, process):
        broker = connect(environ=keys, url=url)
        assert broker.positions()["VTI"].quantity == 150
        assert isinstance(broker.submit(sell("next", "VTI", "10", "300")), Accepted)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=20)
        assert process.returncode == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--at", "tomorrow"], "is no time"),
        (["--at", "2026-11-23T10:30"], "has no time zone"),
        (["--faults", "[1]"], "is no list of objects"),
        (["--faults", "[{]"], "is not JSON"),
        (["--faults", '[{"kind": "boredom"}]'], "Kinds: close_before"),
        (["--account", "A"], "no --book is given"),
        (["--book", "examples/books/two_accounts", "--account", "NOBODY"], "has no account NOBODY"),
    ],
)
def test_a_wrong_call_says_what_is_wrong(root: Path, options: list[str], words: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(root)
    result = CliRunner().invoke(app, ["broker", "simulate", "--port", "0", *options])
    assert isinstance(result.exception, LotwrightError)
    assert words in str(result.exception)
