"""``lotwright batch`` as a user runs it, and as fate stops it: real processes, really killed."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.files.run.many import write_many
from tests.postgres import NO_SERVER, postgres_server, server_binaries

Run = Callable[..., subprocess.CompletedProcess[str]]
HOUSEHOLDS = 24
QUICK = ("--gap-bp", "300", "--time-limit", "600")
"""These tests are about what becomes of plans, not about how good they are."""
ALONE = ("--workers", 1)


@pytest.fixture(scope="session")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_many(tmp_path_factory.mktemp("many") / "book", HOUSEHOLDS)


@pytest.fixture(scope="session")
def whole(inside: Run, book: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of one worker that nothing disturbed."""
    out = tmp_path_factory.mktemp("whole") / "run"
    done = inside("batch", book, "--out", out, *ALONE, *QUICK)
    assert done.returncode == 0, done.stderr
    return out


def plans(out: Path) -> dict[str, str]:
    """The plan files, byte for byte but for the timings, in the order in which they stand."""
    found: dict[str, str] = {}
    for file in sorted((out / "plans").glob("*.parquet")):
        for row in pq.read_table(file, columns=["household", "plan"]).to_pylist():
            plan = json.loads(row["plan"])
            assert plan["household"] == row["household"] not in found
            del plan["timing"]
            found[row["household"]] = json.dumps(plan)
    return found


def tables(out: Path) -> dict[str, Any]:
    return {name: pq.read_table(out / name).to_pylist() for name in ("trades", "lots", "failures", "locks")}


def start(book: Path, out: Path, *arguments: str) -> subprocess.Popen[str]:
    environment = {**os.environ, "LOTWRIGHT_KERNELS": "plain", "PYTHONPATH": "src"}
    return subprocess.Popen(
        [sys.executable, "-m", "lotwright", "batch", str(book), "--out", str(out), *QUICK, *arguments],
        env=environment,
        cwd=Path(__file__).resolve().parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 300.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.02)


def answers(out: Path) -> list[Path]:
    return sorted((out / ".work" / "done").glob("*.lwf"))


def children(process: subprocess.Popen[str]) -> list[int]:
    """Worker processes of a run: those that pebble started."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "stat").read_text().rpartition(")")[2].split()
            command = (folder / "cmdline").read_text()
        except OSError:
            continue
        if int(words[1]) == process.pid and "spawn_main" in command:
            found.append(int(folder.name))
    return found


def test_every_household_has_its_plan_and_the_tables_agree(whole: Path) -> None:
    found = plans(whole)
    assert list(found) == [f"H{number:05d}" for number in range(HOUSEHOLDS)]
    read = tables(whole)
    listed = [(name, json.loads(text)) for name, text in found.items()]
    assert [(row["household"], row["account"], row["symbol"], row["side"]) for row in read["trades"]] == [
        (name, trade["account"], trade["symbol"], trade["side"]) for name, plan in listed for trade in plan["trades"]
    ]
    assert [float(row["gain"]) for row in read["lots"]] == pytest.approx(
        [lot["gain"] for _, plan in listed for trade in plan["trades"] for lot in trade["lots"]]
    )
    assert {row["household"] for row in read["locks"]} == {name for name, plan in listed if plan["wash_sales"]["locks"]}
    assert not read["failures"]
    assert not (whole / ".work").exists()


def test_the_summary_counts_what_the_plans_say(whole: Path) -> None:
    said = json.loads((whole / "summary.json").read_text())
    listed = [json.loads(text) for text in plans(whole).values()]
    assert said["households"] == HOUSEHOLDS
    assert said["trades"] == sum(len(plan["trades"]) for plan in listed)
    saved = sum(plan["tax"]["tax_without_plan"] - plan["tax"]["tax"] for plan in listed)
    assert said["tax_saved"] == pytest.approx(saved, abs=0.01)
    assert said["gap_bp"]["1"] == pytest.approx(max(plan["objective"]["gap_bp"] for plan in listed))
    page = (whole / "summary.html").read_text()
    assert page.count("<svg") == 2


def test_a_single_plan_is_the_one_that_plan_makes(inside: Run, whole: Path, book: Path) -> None:
    shown = json.loads(inside("show", whole, "--household", "H00004", "--json", "-").stdout)
    planned = json.loads(inside("plan", book, "--household", "H00004", *QUICK, "--json", "-").stdout)
    assert shown.pop("timing") != planned.pop("timing")
    assert shown == planned
    text = inside("show", whole, "--household", "H00004").stdout
    assert text == inside("plan", book, "--household", "H00004", *QUICK).stdout


def test_two_workers_and_rows_in_any_order_give_the_same_bytes(
    inside: Run, whole: Path, book: Path, tmp_path: Path
) -> None:
    lines = inside("batch", book, "--out", tmp_path / "two", "--workers", 2, *QUICK, "--json", "-")
    assert lines.returncode == 0, lines.stderr
    assert plans(tmp_path / "two") == plans(whole)
    assert tables(tmp_path / "two") == tables(whole)
    assert sorted(json.loads(line)["household"] for line in lines.stdout.splitlines()) == sorted(plans(whole))

    shuffled = write_many(tmp_path / "shuffled", HOUSEHOLDS, shuffled=True, parquet=True)
    assert inside("batch", shuffled, "--out", tmp_path / "other", *ALONE, *QUICK).returncode == 0
    hashed = [
        json.loads((out / "manifest.json").read_text())["made_from"]["book_hash"] for out in (whole, tmp_path / "other")
    ]
    other = {name: text.replace(hashed[1], hashed[0]) for name, text in plans(tmp_path / "other").items()}
    assert hashed[0] != hashed[1]
    assert other == plans(whole)


def test_dask_gives_the_same_bytes(inside: Run, whole: Path, book: Path, tmp_path: Path) -> None:
    done = inside("batch", book, "--out", tmp_path / "run", "--engine", "dask", "--workers", 2, *QUICK)
    assert done.returncode == 0, done.stderr
    assert plans(tmp_path / "run") == plans(whole)
    assert tables(tmp_path / "run") == tables(whole)


def test_killed_at_once_with_all_its_workers_it_goes_on_where_it_was(
    inside: Run, whole: Path, book: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    process = start(book, out, "--workers", "2")
    wait_for(lambda: len(answers(out)) >= 2, process)
    workers = children(process)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    process.communicate()
    done = {file.name: file.stat().st_mtime_ns for file in answers(out)}
    torn = out / ".work" / "done" / ".torn.lwf.part"
    torn.write_bytes(b"LWF1")  # what a kill leaves in the middle of a write

    resumed = inside("batch", book, "--out", out, "--workers", 2, *QUICK, "--resume", "--json", tmp_path / "lines")
    assert resumed.returncode == 0, resumed.stderr
    assert plans(out) == plans(whole)
    assert tables(out) == tables(whole)
    assert len(done) >= 2
    assert len((tmp_path / "lines").read_text().splitlines()) == HOUSEHOLDS
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()], "workers outlived their run"

    again = inside("batch", book, "--out", out, *QUICK, "--resume")
    assert again.returncode == 0
    assert plans(out) == plans(whole)


def test_interrupted_it_stops_safely_and_says_how_to_go_on(
    inside: Run, whole: Path, book: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    process = start(book, out, "--workers", "1")
    wait_for(lambda: len(answers(out)) >= 1, process)
    before = {file: file.stat().st_mtime_ns for file in answers(out)}
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 1
    assert "Stopped." in said
    assert "--resume" in said
    unfinished = inside("show", out, "--household", f"H{HOUSEHOLDS - 1:05d}")
    assert unfinished.returncode == 2
    assert "no plan of" in unfinished.stderr
    assert {file: file.stat().st_mtime_ns for file in before} == before, "what was done was done again"
    assert inside("batch", book, "--out", out, *ALONE, *QUICK, "--resume").returncode == 0
    assert plans(out) == plans(whole)


def test_a_worker_killed_from_outside_costs_nobody_a_plan(whole: Path, book: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    process = start(book, out, "--workers", "2")
    wait_for(lambda: len(answers(out)) >= 1, process)
    os.kill(children(process)[0], signal.SIGKILL)
    _, said = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert plans(out) == plans(whole)


def test_what_changed_meanwhile_refuses_to_go_on(inside: Run, tmp_path: Path) -> None:
    book = write_many(tmp_path / "book", 3)
    _own_program(book, 25)
    out = tmp_path / "run"
    assert inside("batch", book, "--out", out, *ALONE, *QUICK).returncode == 0
    before, lots = plans(out), (book / "lots.csv").read_text()

    def refused(said: str) -> None:
        resumed = inside("batch", book, "--out", out, *QUICK, "--resume")
        assert resumed.returncode == 2
        assert "has changed" in resumed.stderr
        assert said in resumed.stderr
        assert plans(out) == before

    (book / "lots.csv").write_text(lots + "\n")
    refused("tables of the book: lots.csv")
    (book / "lots.csv").write_text(lots)
    _own_program(book, 26)
    refused("programs: balanced")


def _own_program(book: Path, price: int) -> None:
    folder = book / "models" / "programs"
    folder.mkdir(parents=True, exist_ok=True)
    shipped = Path(__file__).resolve().parents[2] / "models" / "programs" / "balanced.toml"
    text = shipped.read_text()
    assert "risk_price = 25" in text
    (folder / "balanced.toml").write_text(text.replace("risk_price = 25.0", f"risk_price = {price}.0"))


def test_other_options_and_another_version_refuse_too(inside: Run, whole: Path, book: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    shutil.copytree(whole, out)
    refused = inside("batch", book, "--out", out, "--gap-bp", "200", "--resume")
    assert refused.returncode == 2
    assert "gap_bp was 300.0 and is 200.0" in refused.stderr
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["made_from"]["version"] = "0.0.9"
    (out / "manifest.json").write_text(json.dumps(manifest))
    refused = inside("batch", book, "--out", out, *QUICK, "--resume")
    assert refused.returncode == 2
    assert "version of Lotwright: it was 0.0.9" in refused.stderr


def test_a_folder_that_is_in_use_or_not_a_run_is_left_alone(
    inside: Run, whole: Path, book: Path, tmp_path: Path
) -> None:
    again = inside("batch", book, "--out", whole, *QUICK)
    assert again.returncode == 2
    assert "holds a run already" in again.stderr
    (tmp_path / "letters.txt").write_text("dear")
    other = inside("batch", book, "--out", tmp_path, *QUICK)
    assert other.returncode == 2
    assert "not empty (it holds letters.txt)" in other.stderr
    none = inside("show", tmp_path)
    assert none.returncode == 2
    assert "is no run" in none.stderr
    unknown = inside("show", whole, "--household", "H0004")
    assert unknown.returncode == 2
    assert "Did you mean H000" in unknown.stderr


def test_wrong_rows_fail_their_household_alone_in_the_words_of_plan(inside: Run, tmp_path: Path) -> None:
    book = write_many(tmp_path / "book", 6)
    lots = (book / "lots.csv").read_text().splitlines()
    row = next(number for number, line in enumerate(lots) if line.startswith("A00003"))
    lots[row] = lots[row].replace(",20", ",-20", 1)
    (book / "lots.csv").write_text("\n".join(lots) + "\n")
    done = inside("batch", book, "--out", tmp_path / "run", *ALONE, *QUICK)
    assert done.returncode == 1
    failures = tables(tmp_path / "run")["failures"]
    assert [failure["household"] for failure in failures] == ["H00003"]
    planned = json.loads(inside("plan", book, "--household", "H00003", "--json", "-").stdout)
    assert failures[0]["message"] == planned["failure"]["message"]
    assert json.loads(failures[0]["evidence"]) == planned["failure"]["evidence"]
    assert "1  input, for example H00003" in done.stdout

    (book / "lots.csv").write_text("\n".join([*lots, "NOBODY,AAA,L0,1,2019-01-02,5"]) + "\n")
    stopped = inside("batch", book, "--out", tmp_path / "other", *QUICK)
    assert stopped.returncode == 2
    assert stopped.stderr == inside("plan", book).stderr


@pytest.mark.parametrize("place", ["folder", "server"])
def test_what_one_run_locks_the_next_one_sees_whoever_runs_it(
    inside: Run, lotwright: Run, tmp_path: Path, place: str
) -> None:
    """Another process, another folder of results, the same store: in a folder, or on a real PostgreSQL server."""
    book = write_many(tmp_path / "book", 4)
    with contextlib.ExitStack() as open_till_then:
        store = ["--state", tmp_path / "state"]
        if place == "server":
            if server_binaries() is None:
                pytest.skip(NO_SERVER)
            url = open_till_then.enter_context(postgres_server())
            store = ["--store", url.replace("DATABASE", "postgres")]
        first = inside("batch", book, "--out", tmp_path / "one", *ALONE, *QUICK, *store)
        assert first.returncode == 0, first.stderr
        locked = {(row["household"], row["symbol"]) for row in tables(tmp_path / "one")["locks"]}
        assert locked
        shown = json.loads(inside("store", "locks", *store, "--json", "-").stdout)
        assert locked <= {(lock["household"], lock["symbol"]) for lock in shown}
        second = lotwright("batch", book, "--out", tmp_path / "two", *ALONE, *QUICK, *store)
        assert second.returncode == 0, second.stderr
        bought = {
            (row["household"], row["symbol"]) for row in tables(tmp_path / "two")["trades"] if row["side"] == "buy"
        }
        assert not locked & bought
        if place == "server":
            return
        asked = inside("batch", book, "--out", tmp_path / "three", *ALONE, *QUICK, *store, "--approved-only")
        assert asked.returncode == 0, asked.stderr
        assert plans(tmp_path / "three") == plans(tmp_path / "one"), "proposals bind only where they are asked for"
        resumed = inside("batch", book, "--out", tmp_path / "one", *ALONE, *QUICK, *store, "--resume")
        assert resumed.returncode == 0, "what it locked itself must not stand in its own way"
        assert json.loads((tmp_path / "two" / "pending.json").read_text()).keys() >= {name for name, _ in locked}
