"""approve, execute, reconcile as a person calls them: against the stand-in over HTTP, in process and by files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import Result
from typer.testing import CliRunner

from lotwright.cli import app as cli
from lotwright.errors import LotwrightError
from lotwright.execution.standin.house import KEY, SECRET, House
from lotwright.execution.standin.opening import open_account
from lotwright.execution.standin.server import Server
from lotwright.execution.standin.timing import StandInTime
from lotwright.files.books import read_book
from lotwright.files.plan_json import plan_to_json
from lotwright.plan.plans import plan

MORNING = datetime(2019, 12, 31, 10, 30, tzinfo=ZoneInfo("America/New_York"))
Call = Callable[..., Result]


@pytest.fixture(scope="module")
def document(root: Path) -> dict:
    return plan_to_json(plan(read_book(root / "examples" / "books" / "first_steps")).plans[0])


@pytest.fixture
def plan_file(document: dict, tmp_path: Path) -> Path:
    path = tmp_path / "plan.json"
    path.write_text(json.dumps(document))
    return path


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    """The command, its exit status as ``main`` makes it, paper keys in the environment."""
    for name in [name for name in os.environ if name.startswith(("APCA_", "LOTWRIGHT_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("LOTWRIGHT_KERNELS", "plain")
    monkeypatch.setenv("APCA_API_KEY_ID", KEY)
    monkeypatch.setenv("APCA_API_SECRET_KEY", SECRET)

    def run(*arguments: object) -> Result:
        result = CliRunner().invoke(cli.app, [str(argument) for argument in arguments])
        if isinstance(result.exception, LotwrightError):
            result.exit_code = cli.WRONG_INPUT
        return result

    return run


@pytest.fixture
def house(root: Path) -> House:
    book = read_book(root / "examples" / "books" / "first_steps")
    household = book.households["LEE"]
    return House({KEY: open_account(household.accounts[0], book.market.prices)}, time=StandInTime(MORNING, speed=1.0))


@pytest.fixture
def url(house: House) -> Iterator[str]:
    with Server(house) as server:
        yield server.url


def modifying(house: House) -> list[str]:
    return [asked.method for asked in house.asked if asked.is_modifying]


def executed(house: House) -> dict[str, int]:
    found: dict[str, int] = {}
    for done in house.exchange.ledger.executions:
        key = f"{done.side} {done.symbol}"
        found[key] = found.get(key, 0) + int(done.quantity)
    return found


def wanted(document: dict) -> dict[str, int]:
    return {f"{trade['side']} {trade['symbol']}": trade["quantity"] for trade in document["trades"]}


def test_from_plan_to_fills_once_and_only_once(
    call: Call, house: House, url: str, plan_file: Path, document: dict, tmp_path: Path, root: Path
):
    state, book = tmp_path / "state", root / "examples" / "books" / "first_steps"
    at_broker = ("execute", plan_file, "--broker", "alpaca", "--url", url, "--state", state)
    refused = call(*at_broker, "--execute")
    assert (refused.exit_code, "is not approved" in str(refused.exception)) == (2, True)
    assert house.asked == []

    assert call("approve", plan_file, "--by", "Ann Lee", "--state", state).exit_code == 0
    dry = call(*at_broker)
    assert dry.exit_code == 0, dry.output
    assert "nothing was sent" in dry.stdout
    assert modifying(house) == []

    done = call(*at_broker, "--execute", "--book", book, "--book-out", tmp_path / "after")
    assert done.exit_code == 0, done.output
    assert executed(house) == wanted(document)
    assert "the broker relieves 11 of AAPL-2016-06-27" in done.stdout  # 2016 before 2019: first in, first out
    sent = len(modifying(house))

    again = call(*at_broker, "--execute")
    assert again.exit_code == 0
    assert len(modifying(house)) == sent == len(document["trades"])

    agrees = call("reconcile", tmp_path / "after", "--url", url, "--state", state)
    assert agrees.exit_code == 0, agrees.output
    house.do(KEY, "submit", {"symbol": "JNJ", "side": "sell", "type": "market", "time_in_force": "day", "qty": "1"})
    differs = call("reconcile", tmp_path / "after", "--url", url, "--state", state, "--json", "-")
    assert differs.exit_code == 1
    assert "shares of JNJ" in [each["what"] for each in json.loads(differs.stdout)[0]["differences"]]
    assert call("reconcile", plan_file, "--url", url, "--state", state).exit_code == 1
    chain = call("audit", "verify", "--state", state)
    assert chain.exit_code == 0, chain.output
    locks = call("store", "locks", "--state", state)
    assert locks.exit_code == 0, locks.output


@pytest.mark.parametrize(
    "edit",
    [
        lambda plan: plan["trades"][0].update(quantity=12),
        lambda plan: plan["trades"][1].update(symbol="XOM"),
        lambda plan: plan.update(as_of="2019-12-30"),
        lambda plan: plan["cash"]["SAVINGS"].update(after=1.0),
    ],
)
def test_an_edited_plan_is_refused(
    call: Call, house: House, url: str, plan_file: Path, document: dict, tmp_path: Path, edit: Callable[[dict], None]
):
    state = tmp_path / "state"
    assert call("approve", plan_file, "--by", "Ann", "--state", state).exit_code == 0
    changed = json.loads(json.dumps(document))
    edit(changed)
    plan_file.write_text(json.dumps(changed))
    result = call("execute", plan_file, "--broker", "alpaca", "--url", url, "--state", state, "--execute")
    assert result.exit_code == 2
    assert house.asked == []


def test_how_long_a_plan_took_is_not_part_of_it(call: Call, plan_file: Path, document: dict, tmp_path: Path):
    state = tmp_path / "state"
    assert call("approve", plan_file, "--by", "Ann", "--state", state).exit_code == 0
    plan_file.write_text(json.dumps({**document, "timing": {**document["timing"], "total": 99.0}}, indent=4))
    assert call("execute", plan_file, "--broker", "simulated", "--state", state).exit_code == 0


def test_a_plan_that_failed_a_check_is_not_approved(call: Call, plan_file: Path, document: dict, tmp_path: Path):
    failed = {**document, "checks": [{**document["checks"][0], "ok": False, "text": "Cash is short."}]}
    for plan_text in (json.dumps(failed), json.dumps({**document, "checks": []}), "[]", "{", '{"schema": "x"}'):
        plan_file.write_text(plan_text)
        assert call("approve", plan_file, "--by", "Ann", "--state", tmp_path / "s").exit_code == 2
    assert not (tmp_path / "s" / "approvals").exists()


def test_an_approval_that_is_over(call: Call, plan_file: Path, tmp_path: Path):
    assert call("approve", plan_file, "--by", "Ann", "--state", tmp_path).exit_code == 0
    (path,) = (tmp_path / "approvals").iterdir()
    approval = json.loads(path.read_text())
    past = datetime.now(UTC) - timedelta(days=2)
    path.write_text(json.dumps({**approval, "at": past.isoformat(), "expires": past.isoformat()}))
    result = call("execute", plan_file, "--broker", "simulated", "--state", tmp_path)
    assert (result.exit_code, "ended at" in str(result.exception)) == (2, True)


@pytest.mark.parametrize("change", [{"by": "Bob"}, {"expires": "2999-01-01T00:00:00+00:00"}, {"mode": "live"}, {}])
def test_an_approval_written_by_hand(call: Call, plan_file: Path, tmp_path: Path, change: dict[str, str]):
    state, other = tmp_path / "state", tmp_path / "other"
    assert call("approve", plan_file, "--by", "Ann", "--state", state).exit_code == 0
    (path,) = (state / "approvals").iterdir()
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    if not change:  # carried to a folder where nobody approved it
        (other / "approvals").mkdir(parents=True)
        path.rename(other / "approvals" / path.name)
        state = other
    result = call("execute", plan_file, "--broker", "simulated", "--state", state)
    assert result.exit_code == 2
    assert any(words in str(result.exception) for words in ("changed the file by hand", "approved for live"))


@pytest.mark.parametrize(
    ("environment", "options"),
    [
        ({"APCA_API_KEY_ID": "AKLIVE1234567"}, ()),
        ({}, ("--live",)),
        ({"APCA_API_KEY_ID": "AKLIVE1234567", "LOTWRIGHT_LIVE_ACCOUNTS": "PA3STANDIN01"}, ("--live",)),
        ({"LOTWRIGHT_ALPACA_MODE": "live"}, ()),
        ({"APCA_API_SECRET_KEY": ""}, ()),
    ],
)
def test_paper_unless_live_is_chosen_twice_and_keys_of_the_right_kind(
    call: Call,
    house: House,
    url: str,
    plan_file: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    options: tuple[str, ...],
):
    assert call("approve", plan_file, "--by", "Ann", "--state", tmp_path, *options).exit_code == 0
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    result = call("execute", plan_file, "--broker", "alpaca", "--url", url, "--state", tmp_path, "--execute", *options)
    assert result.exit_code in {1, 2}
    assert modifying(house) == []


def test_sigterm_cancels_what_is_open_and_the_same_command_goes_on(
    call: Call, house: House, url: str, plan_file: Path, document: dict, tmp_path: Path, root: Path
):
    house.do(KEY, "manner", {"symbol": "AAPL", "parts": []})
    assert call("approve", plan_file, "--by", "Ann", "--state", tmp_path).exit_code == 0
    command = ["execute", plan_file, "--broker", "alpaca", "--url", url, "--state", tmp_path, "--execute"]
    process = subprocess.Popen(
        [sys.executable, "-m", "lotwright", *map(str, command)],
        env={**os.environ, "PYTHONPATH": str(root / "src")},
        stdout=subprocess.PIPE,
        text=True,
    )
    for _ in range(600):
        if house.exchange.open_orders():
            break
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert (process.returncode, "signal:" in said) == (1, True), said
    assert not house.exchange.open_orders()
    assert executed(house) == {}
    house.exchange.manner.clear()
    assert call(*command).exit_code == 0
    assert executed(house) == wanted(document)


def test_a_kill_file_stops_before_anything_is_sent(call: Call, house: House, url: str, plan_file: Path, tmp_path: Path):
    assert call("approve", plan_file, "--by", "Ann", "--state", tmp_path).exit_code == 0
    (tmp_path / "KILL").touch()
    result = call("execute", plan_file, "--broker", "alpaca", "--url", url, "--state", tmp_path, "--execute")
    assert (result.exit_code, "kill_file" in result.stdout) == (1, True)
    assert modifying(house) == []


def test_a_custodian_gets_files_and_sends_fills_back(call: Call, plan_file: Path, document: dict, tmp_path: Path):
    assert call("approve", plan_file, "--by", "Ann", "--state", tmp_path).exit_code == 0
    by_file = ("execute", plan_file, "--broker", "csv", "--state", tmp_path, "--execute")
    first = call(*by_file)
    assert (first.exit_code, "awaiting_fills" in first.stdout) == (0, True), first.output
    files = {path.name: path.read_bytes() for path in (tmp_path / "orders").iterdir()}
    assert len(files) == 2
    rows = [["account", "symbol", "action", "quantity", "price", "date"]]
    rows += [
        [t["account"], t["symbol"], t["side"], str(t["quantity"]), str(t["price"]), "2019-12-31"]
        for t in document["trades"]
    ]
    fills = tmp_path / "fills.csv"
    fills.write_text("\n".join(",".join(row) for row in rows[:2]))
    assert call(*by_file, "--fills", fills).exit_code == 1
    fills.write_text("\n".join(",".join(row) for row in rows))
    assert call(*by_file, "--fills", fills).exit_code == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "orders").iterdir()} == files


@pytest.mark.parametrize(
    "arguments",
    [
        ("--fills", "x.csv", "--broker", "alpaca"),
        ("--book-out", "x", "--broker", "simulated"),
        ("--broker", "csv", "--url", "http://127.0.0.1:1"),
        ("--broker", "simulated", "--live"),
        ("--broker", "alpaca", "--url", "https://example.com", "--execute"),
        ("--broker", "simulated", "--household", "NOBODY"),
        ("--broker", "simulated", "--account", "NONE"),
        ("--broker", "simulated", "--rules", "/nowhere/rules.toml"),
    ],
)
def test_calls_that_make_no_sense_are_refused(call: Call, plan_file: Path, tmp_path: Path, arguments: tuple[str, ...]):
    assert call("approve", plan_file, "--by", "Ann", "--state", tmp_path).exit_code == 0
    result = call("execute", plan_file, "--state", tmp_path, *arguments)
    assert result.exit_code in {1, 2}
    assert isinstance(result.exception, LotwrightError | OSError | SystemExit)


def test_rules_are_read_from_the_state_folder_and_their_slips_are_named(call: Call, plan_file: Path, tmp_path: Path):
    assert call("approve", plan_file, "--by", "Ann", "--state", tmp_path).exit_code == 0
    at_broker = ("execute", plan_file, "--broker", "simulated", "--state", tmp_path, "--execute")
    rules = tmp_path / "rules.toml"
    for text, words in (
        ("order_dollar = 5", "no rule order_dollar"),
        ("collar = 'wide'", "collar = 'wide'"),
        ("collar = -1", "from 0 up"),
        ("collar = nan", "from 0 up"),
        ("collar =", "not TOML"),
    ):
        rules.write_text(text)
        result = call(*at_broker)
        assert (result.exit_code, words in str(result.exception)) == (2, True), result.exception
    rules.write_text("order_dollars = 500")
    result = call(*at_broker)
    assert (result.exit_code, "over the $500" in result.stdout) == (1, True)


def test_keys_are_nowhere_to_be_found(
    call: Call, url: str, plan_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, house: House
):
    canary = "canary-secret-0123456789"
    house.secret = canary
    monkeypatch.setenv("APCA_API_SECRET_KEY", canary)
    said = call("approve", plan_file, "--by", "Ann", "--state", tmp_path).output
    said += call("execute", plan_file, "--broker", "alpaca", "--url", url, "--state", tmp_path, "--execute").output
    house.secret = "another"
    said += call("execute", plan_file, "--broker", "alpaca", "--url", url, "--state", tmp_path, "--execute").output
    assert canary not in said
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and canary.encode() in path.read_bytes()]
