"""A batch's folder approved, carried out account by account or as blocks, reconciled, and audited: as a person calls it."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from click.testing import Result
from typer.testing import CliRunner

from lotwright.book.book import Book
from lotwright.cli import app as cli
from lotwright.cli.sheets import read_documents
from lotwright.errors import LotwrightError
from lotwright.execution.standin.house import KEY, SECRET, House
from lotwright.execution.standin.ledger import HeldLot
from lotwright.execution.standin.opening import open_account, open_with
from lotwright.execution.standin.securities import security
from lotwright.execution.standin.server import Server
from lotwright.execution.standin.terms import Terms
from lotwright.execution.standin.timing import StandInTime
from lotwright.files.books import read_book

MORNING = datetime(2020, 1, 2, 10, 30, tzinfo=ZoneInfo("America/New_York"))
FAMILIES = {"LEE": 1, "KIM": 2, "ODA": 3}
"""Three times the first example's account, with one, two and three times its shares and cash."""
Call = Callable[..., Result]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def write(path: Path, found: list[dict[str, Any]]) -> None:
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, list(found[0]))
        writer.writeheader()
        writer.writerows(found)


@pytest.fixture(scope="module")
def book(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The three families' book."""
    source, folder = root / "examples" / "books" / "first_steps", tmp_path_factory.mktemp("families")
    for name in ("prices", "targets"):
        (folder / f"{name}.csv").write_text((source / f"{name}.csv").read_text())
    (account,), lots = rows(source / "accounts.csv"), rows(source / "lots.csv")
    write(
        folder / "accounts.csv",
        [
            {**account, "account": f"{name}-1", "household": name, "cash": Decimal(account["cash"]) * times}
            for name, times in FAMILIES.items()
        ],
    )
    write(
        folder / "lots.csv",
        [
            {
                **lot,
                "account": f"{name}-1",
                "quantity": Decimal(lot["quantity"]) * times,
                "basis": Decimal(lot["basis"]) * times,
            }
            for name, times in FAMILIES.items()
            for lot in lots
        ],
    )
    return folder


@pytest.fixture(scope="module")
def run(book: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What ``lotwright batch`` makes of it."""
    out = tmp_path_factory.mktemp("run") / "RUN"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LOTWRIGHT_KERNELS", "plain")
        result = CliRunner().invoke(cli.app, ["batch", str(book), "--out", str(out), "--workers", "1"])
    assert result.exit_code == 0, result.output
    return out


def invoke(*arguments: object) -> Result:
    result = CliRunner().invoke(cli.app, [str(argument) for argument in arguments])
    if isinstance(result.exception, LotwrightError):
        result.exit_code = cli.WRONG_INPUT
    return result


@pytest.fixture
def call(monkeypatch: pytest.MonkeyPatch) -> Call:
    """The command; no settings of whoever runs the tests, and keys of four accounts under names of our own."""
    settle(monkeypatch)
    return invoke


def settle(patch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("APCA_", "LOTWRIGHT_"))]:
        patch.delenv(name)
    patch.setenv("LOTWRIGHT_KERNELS", "plain")
    for number, name in enumerate([*FAMILIES, "ALL"]):
        patch.setenv(f"{name}_ID", f"{KEY}{number}")
        patch.setenv(f"{name}_SECRET", SECRET)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    return folder


def connect(state: Path, accounts: dict[str, str]) -> None:
    """connections.toml: the variables of each account's keys, and its number."""
    lines = [
        f'["{account}"]\nkey_id = "{name}_ID"\nsecret_key = "{name}_SECRET"\nnumber = "{account}"\n'
        for account, name in accounts.items()
    ]
    (state / "connections.toml").write_text("".join(lines))


def each_for_itself(book: Path, state: Path) -> House:
    """A stand-in that holds every account by itself."""
    found: Book = read_book(book)
    connect(state, {f"{name}-1": name for name in FAMILIES})
    exchanges = {
        f"{KEY}{number}": open_account(
            found.households[name].accounts[0], found.market.prices, terms=Terms(number=f"{name}-1")
        )
        for number, name in enumerate(FAMILIES)
    }
    return House(exchanges, time=StandInTime(MORNING, speed=1.0))


def all_in_one(book: Path, state: Path) -> House:
    """A stand-in that holds all of them in one account."""
    found = read_book(book)
    accounts = [found.households[name].accounts[0] for name in FAMILIES]
    connect(state, {"omnibus": "ALL"})
    exchange = open_with(
        cash=sum((account.cash for account in accounts), Decimal(0)),
        lots=[
            HeldLot(symbol=lot.symbol, quantity=lot.quantity, acquired=lot.acquired, price=lot.basis / lot.quantity)
            for account in accounts
            for lot in account.lots
        ],
        securities=[security(price.symbol, price.price) for price in found.market.prices.values()],
        terms=Terms(number="omnibus"),
    )
    return House({f"{KEY}3": exchange}, time=StandInTime(MORNING, speed=1.0))


def planned(run: Path) -> dict[str, Counter[str]]:
    return {
        trade.account: Counter({f"{t.side} {t.symbol}": int(t.quantity) for t in document.plan.trades})
        for document in read_documents(run)
        for trade in document.plan.trades
    }


def executed(house: House, key: str) -> Counter[str]:
    found: Counter[str] = Counter()
    for done in house.exchanges[key].ledger.executions:
        found[f"{done.side} {done.symbol}"] += int(done.quantity)
    return found


@pytest.fixture
def served(book: Path, state: Path) -> Iterator[tuple[House, str]]:
    house = each_for_itself(book, state)
    with Server(house) as server:
        yield house, server.url


def test_one_accounts_trouble_touches_no_other(
    call: Call, served: tuple[House, str], run: Path, book: Path, state: Path, tmp_path: Path
):
    house, url = served
    wanted = planned(run)
    assert len(wanted) == 3
    assert call("approve", run, "--by", "Ann", "--state", state).exit_code == 0
    at_broker = ("execute", run, "--broker", "alpaca", "--url", url, "--state", state, "--workers", 3)
    dry = call(*at_broker)
    assert dry.exit_code == 0, dry.output
    assert not [asked for asked in house.asked if asked.is_modifying]
    assert "not done" not in dry.stderr

    house.control(f"{KEY}1", "terms", {"trading_blocked": True})
    part = call(*at_broker, "--execute", "--json", "-")
    assert part.exit_code == 1
    assert {each["account"]: each["reason"] for each in json.loads(part.stdout)} == {
        "LEE-1": "done",
        "KIM-1": "blocked",
        "ODA-1": "done",
    }
    assert executed(house, f"{KEY}0") == wanted["LEE-1"]
    assert executed(house, f"{KEY}1") == Counter()
    assert executed(house, f"{KEY}2") == wanted["ODA-1"]

    house.control(f"{KEY}1", "terms", {"trading_blocked": False})
    after = tmp_path / "after"
    whole = call(*at_broker, "--execute", "--book", book, "--book-out", after, "--json", "-")
    assert whole.exit_code == 0, whole.output
    assert [executed(house, f"{KEY}{number}") for number in range(3)] == list(
        map(wanted.get, (f"{n}-1" for n in FAMILIES))
    )
    for each in json.loads(whole.stdout):
        assert Decimal(each["slippage"]) > 0
        assert each["booked"]["planned"].keys() == each["booked"]["realised"].keys() == {"short", "long", "tax"}
    assert call("reconcile", run, "--url", url, "--state", state).exit_code == 0
    agrees = call("reconcile", after, "--url", url, "--state", state)
    assert agrees.exit_code == 0, agrees.output
    again = call(*at_broker, "--execute", "--book", book, "--book-out", after)
    assert (again.exit_code, "is not empty" in str(again.exception)) == (2, True)


def test_blocks_are_one_order_each_and_every_share_comes_back(
    call: Call, run: Path, book: Path, state: Path, tmp_path: Path
):
    house = all_in_one(book, state)
    wanted = planned(run)
    whole = sum(wanted.values(), Counter())
    assert call("approve", run, "--by", "Ann", "--state", state).exit_code == 0
    sale = next(name.removeprefix("sell ") for name in whole if name.startswith("sell"))
    house.control(f"{KEY}3", "manner", {"symbol": sale, "parts": [[0, 0.4]]})
    (state / "rules.toml").write_text("fill_wait = 2.0\n")
    with Server(house) as server:
        reach = ("--url", server.url, "--state", state)
        blocks = ("execute", run, "--broker", "alpaca", *reach, "--blocks", "--execute")
        part = call(*blocks, "--json", "-")
        assert part.exit_code == 1
        first = {each["account"]: shares(each) for each in json.loads(part.stdout)}
        assert sum((first[f"{name}-1"] for name in FAMILIES), Counter()) == executed(house, f"{KEY}3")
        assert not any("buy" in order for order in executed(house, f"{KEY}3"))

        house.exchanges[f"{KEY}3"].manner.clear()
        after = tmp_path / "after"
        done = call(*blocks, "--book", book, "--book-out", after, "--json", "-")
        assert done.exit_code == 0, done.output
        assert executed(house, f"{KEY}3") == whole
        for name in FAMILIES:
            given = shares(next(each for each in json.loads(done.stdout) if each["account"] == f"{name}-1"))
            assert given == wanted[f"{name}-1"]
            assert all(given[order] >= quantity for order, quantity in first[f"{name}-1"].items())
        sent = sum(asked.is_modifying for asked in house.asked)
        assert call(*blocks).exit_code == 0
        assert sum(asked.is_modifying for asked in house.asked) == sent

        for what in (run, after):
            agrees = call("reconcile", what, *reach, "--blocks")
            assert agrees.exit_code == 0, agrees.output
        body = {"symbol": "JNJ", "side": "sell", "type": "market", "time_in_force": "day", "qty": "1"}
        house.control(f"{KEY}3", "submit", body)
        assert "shares of JNJ" in call("reconcile", after, *reach, "--blocks").stdout
    given_back = [json.loads(line.partition(" ")[2]) for line in (state / "journal.jsonl").read_text().splitlines()]
    assert len([each for each in given_back if each["kind"] == "allocated"]) == 2
    assert len(list((state / "reports").iterdir())) == 4


def shares(report: dict[str, Any]) -> Counter[str]:
    found: Counter[str] = Counter()
    for fill in report["fills"]:
        found[f"{fill['side']} {fill['symbol']}"] += int(fill["quantity"])
    return found


def test_the_simulated_broker_keeps_each_account_and_is_not_compared_with_itself(
    call: Call, run: Path, book: Path, state: Path
):
    simulated = ("--broker", "simulated", "--state", state)
    assert call("approve", run, "--by", "Ann", "--state", state).exit_code == 0
    nothing = call("reconcile", run, *simulated)
    assert (nothing.exit_code, "nothing was carried out" in nothing.stdout) == (1, True)
    assert call("execute", run, *simulated, "--execute").exit_code == 0
    assert call("reconcile", run, *simulated).exit_code == 0
    assert call("reconcile", book, *simulated).exit_code == 1


@pytest.fixture(scope="module")
def chained(run: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A state folder with the signed chain of an execution, and the public key."""
    state = tmp_path_factory.mktemp("chained")
    with pytest.MonkeyPatch.context() as patch:
        settle(patch)
        key = invoke("audit", "key", state / "audit.key").stdout.strip()
        patch.setenv("LOTWRIGHT_AUDIT_KEY_FILE", str(state / "audit.key"))
        assert invoke("approve", run, "--by", "Ann", "--state", state).exit_code == 0
        done = invoke("execute", run, "--broker", "simulated", "--state", state, "--household", "LEE", "--execute")
        assert done.exit_code == 0, done.output
    return state, key


@pytest.fixture
def chain(chained: tuple[Path, str], state: Path) -> tuple[Path, str]:
    """A copy of it: the chain, and the public key."""
    shutil.copytree(chained[0], state, dirs_exist_ok=True)
    return state / "audit.jsonl", chained[1]


def test_the_chain_alone_explains_every_order(chain: tuple[Path, str], call: Call, run: Path, state: Path):
    path, key = chain
    found = [json.loads(line) for line in path.read_text().splitlines()]
    kinds = Counter(record["kind"] for record in found)
    orders = len(planned(run)["LEE-1"])
    assert {name: kinds[name] for name in ("plan", "approval", "run_begun", "begun", "ended", "run_ended")} == {
        "plan": 3,
        "approval": 3,
        "run_begun": 1,
        "begun": 1,
        "ended": 1,
        "run_ended": 1,
    }
    assert [kinds[name] for name in ("intent", "request", "response", "answer")] == [orders] * 4
    said = {kind: [record["payload"] for record in found if record["kind"] == kind] for kind in kinds}
    assert said["plan"][0]["inputs"].keys() == {"book", "program", "version"}
    sent = {(each["body"]["symbol"], each["body"]["client_order_id"]) for each in said["request"]}
    assert sent == {(each["symbol"], each["client_id"]) for each in said["intent"]}
    assert {each["symbol"] for each in said["intent"]} == {t["symbol"] for p in said["plan"] for t in p["trades"]}
    assert all(each["status"] == 200 and each["text"] for each in said["response"])
    assert said["begun"][0]["rules"]["collar"] == "0.03"
    ends = [record["payload"]["phase"] for record in found if record["kind"] == "state"]
    assert ends.count("done") == orders
    assert call("audit", "verify", "--state", state, "--public-key", key).exit_code == 0


@pytest.mark.parametrize("kind", ["plan", "approval", "intent", "request", "response", "answer", "state", "run_ended"])
@pytest.mark.parametrize("change", ["edit", "remove", "swap", "cut"])
def test_no_record_can_be_touched(chain: tuple[Path, str], call: Call, state: Path, kind: str, change: str):
    path, _ = chain
    lines = path.read_bytes().splitlines(keepends=True)
    place = next(n for n, line in enumerate(lines) if json.loads(line)["kind"] == kind)
    touched = {
        "edit": [*lines[:place], lines[place].replace(b'"LEE', b'"LEF').replace(b"0", b"1", 1), *lines[place + 1 :]],
        "remove": [*lines[:place], *lines[place + 1 :]],
        "swap": [*lines[: place - 1], lines[place], lines[place - 1], *lines[place + 1 :]],
        "cut": lines[:place],
    }[change]
    path.write_bytes(b"".join(touched))
    found = call("audit", "verify", "--state", state)
    assert (found.exit_code, "BROKEN" in found.stdout) == (1, True)


def test_lots_that_the_brokers_fills_do_not_leave_are_named(call: Call, state: Path, book: Path, tmp_path: Path):
    """The broker bought 10 AAPL on 2 January 2020; the book believes it was on 31 December."""
    found = read_book(book)
    exchange = open_with(
        cash=Decimal(1000),
        securities=[security(price.symbol, price.price) for price in found.market.prices.values()],
        terms=Terms(number="LEE-1"),
    )
    house = House({f"{KEY}0": exchange}, time=StandInTime(MORNING, speed=1.0))
    connect(state, {"LEE-1": "LEE"})
    body = {"symbol": "AAPL", "side": "buy", "type": "market", "time_in_force": "day", "qty": "10"}
    house.control(f"{KEY}0", "submit", body)
    house.advance({"seconds": 60})
    mine = tmp_path / "book"
    mine.mkdir()
    for name in ("prices", "targets"):
        (mine / f"{name}.csv").write_text((book / f"{name}.csv").read_text())
    write(mine / "accounts.csv", [{**rows(book / "accounts.csv")[0], "cash": exchange.ledger.cash}])
    for day, status in ((date(2020, 1, 2), 0), (date(2019, 12, 31), 1)):
        lot = {"account": "LEE-1", "symbol": "AAPL", "lot": "A", "quantity": 10, "acquired": day, "basis": 717.2}
        write(mine / "lots.csv", [lot])
        with Server(house) as server:
            result = call("reconcile", mine, "--url", server.url, "--state", state, "--json", "-")
        assert result.exit_code == status, result.output
        assert [each["what"] for each in json.loads(result.stdout)[0]["differences"]] == [
            "shares of AAPL acquired 2019-12-31",
            "shares of AAPL acquired 2020-01-02",
        ] * status
