"""Several processes tell the store and the chain at once, and one of them may be killed: nothing is lost or told twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lotwright.store import Store
from lotwright.store.audit_verify import records, verify_chain
from tests.forked import Forked

WRITER = """
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from lotwright.store import Store
from lotwright.store.audit import AuditChain
from tests.store.facts import AT, approval, document, fill, order

place, number = sys.argv[1], int(sys.argv[2])
with Store.open(place) as store:
    for household in range(8):
        documents = [document(f"H{household}"), document(f"P{number}-{household}")]
        shared, own = store.record_plans(None, documents if number % 2 else documents[::-1], at=AT)[:: 1 if number % 2 else -1]
        store.record_approval(approval(shared))
        store.record_orders([order(own, order_id=f"o{number}-{household}")])
        store.record_fills([fill(own, name=f"x{number}-{household}", order_id=f"o{number}-{household}")])
"""
CHAIN = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from lotwright.store.audit import AuditChain

chain = AuditChain(Path(sys.argv[1]), clock=lambda: datetime.now(UTC), name="n")
for number in range(int(sys.argv[3])):
    chain.record("step", {"writer": sys.argv[2], "number": number})
    print(number, flush=True)
"""


def start(root: Path, code: str, *arguments: object) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(root / "src"), str(root)])
    command = [sys.executable, "-W", "error", "-c", code, *map(str, arguments)]
    return subprocess.Popen(
        command,
        cwd=root,
        env={**os.environ, "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ends(processes: list[subprocess.Popen[str]]) -> None:
    said = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), "\n".join(said)


def test_four_processes_make_and_fill_one_store(root: Path, place: str):
    """The store is not there yet: they also race to make it. All tell the same plans, and each its own."""
    ends([start(root, WRITER, place, number) for number in range(4)])
    with Store.open(place) as store:
        plans = store.plans()
        assert len(plans) == 8 + 4 * 8
        own = [plan for plan in plans if plan.household.startswith("P")]
        assert all(len(store.fills(plan.plan)) == 1 for plan in own)
        assert len(store.locks()) == 8 * 2 + 4 * 8 * 2


def test_three_processes_write_one_chain(root: Path, tmp_path: Path):
    ends([start(root, CHAIN, tmp_path, number, 40) for number in range(3)])
    report = verify_chain(tmp_path)
    assert (report.ok, report.count) == (True, 121)
    written = [
        (record.payload["writer"], record.payload["number"]) for record in records(tmp_path) if record.kind == "step"
    ]
    for writer in "012":
        assert [number for name, number in written if name == writer] == list(range(40))


def test_a_chain_survives_being_killed(root: Path, tmp_path: Path):
    """What a writer was told is done is in the chain, and the next writer goes on from there."""
    done = 0
    for number in range(4):
        process = start(root, CHAIN, tmp_path, number, 100_000)
        assert process.stdout is not None
        for _ in range(5 + 7 * number):
            process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        rest = process.stdout.read().splitlines()
        process.communicate()
        acknowledged = 5 + 7 * number + sum(1 for line in rest if line.strip())
        kept = sum(1 for record in records(tmp_path) if record.payload.get("writer") == str(number))
        assert acknowledged <= kept <= acknowledged + 1
        done += kept
    ends([start(root, CHAIN, tmp_path, "last", 1)])
    report = verify_chain(tmp_path)
    assert report.ok, report.reason
    assert report.count >= done + 2


def test_a_locked_chain_and_a_locked_store_wait(root: Path, tmp_path: Path):
    """A transaction that writes is waited for; reading goes on beside it."""
    with Store.open(tmp_path) as store:
        with store.database.writing():
            process = start(root, WRITER, tmp_path, 0)
            assert store.plans() == ()
            time.sleep(1.0)
            assert process.poll() is None
        ends([process])
        assert len(store.plans()) == 16


# The whole way: a plan, the next plan, another process


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_the_next_plan_never_buys_what_the_first_sold_at_a_loss(
    request: pytest.FixtureRequest, forked: Forked, root: Path, tmp_path: Path, kind: str
):
    """The book is not updated. In the meantime XOM's weight in the target rises, so that a plan without memory buys it."""

    def lotwright(command: str, *arguments: object, status: int = 0) -> str:
        quick = (
            ("--gap-bp", "20") if command == "plan" else ()
        )  # this is about what is remembered, not how good plans are
        words = [command, *map(str, arguments), *quick]
        done = forked.run("-m", "lotwright", *words, environment={"LOTWRIGHT_KERNELS": "plain"})
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    first, second, forgetful = tmp_path / "1.json", tmp_path / "2.json", tmp_path / "3.json"
    book = root / "examples" / "books" / "two_accounts"
    store = ["--state", str(tmp_path / "state")]
    if kind == "postgresql":
        store = ["--store", request.getfixturevalue("make_database")("template0")]
    lotwright("plan", book, *store, "--json", first)
    sold = {t["symbol"] for t in json.loads(first.read_text())["trades"] if any(lot["gain"] < 0 for lot in t["lots"])}
    locked = {symbol for lock in json.loads(first.read_text())["wash_sales"]["locks"] for symbol in lock["symbols"]}
    later = without_sold_lots(book, tmp_path / "later", sold & locked)
    lotwright("plan", later, "--json", forgetful)
    lotwright("plan", later, *store, "--json", second)
    assert bought(forgetful) & sold & locked  # the book alone would allow it
    assert not bought(second) & locked
    plan = json.loads(second.read_text())
    assert {trade["symbol"] for trade in plan["wash_sales"]["honoured"]} >= sold & locked
    lotwright("verify", second, later, *store)
    # The verifier is told what is pending, and names a plan that buys it.
    cheat = {**json.loads(forgetful.read_text()), "wash_sales": {**plan["wash_sales"]}}
    forgetful.write_text(json.dumps(cheat))
    assert "DIFFERS  wash_sale: " in lotwright("verify", forgetful, later, status=1)
    left_out = {**plan, "wash_sales": {**plan["wash_sales"], "honoured": plan["wash_sales"]["honoured"][1:]}}
    second.write_text(json.dumps(left_out))
    assert "pending: left out: Plan" in lotwright("verify", second, later, *store, status=1)


def bought(plan: Path) -> set[str]:
    return {trade["symbol"] for trade in json.loads(plan.read_text())["trades"] if trade["side"] == "buy"}


def without_sold_lots(book: Path, to: Path, sold: set[str]) -> Path:
    """The book after a custodian took the sold lots out but has not yet reported the sales: cash is there instead."""
    to.mkdir()
    for file in book.glob("*.csv"):
        (to / file.name).write_bytes(file.read_bytes())
    header, *lots = (to / "lots.csv").read_text().splitlines()
    column = header.split(",").index("symbol")
    kept = [line for line in lots if line.split(",")[column] not in sold]
    (to / "lots.csv").write_text("\n".join([header, *kept]) + "\n")
    return to
