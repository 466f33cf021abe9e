"""The unattended run: once a day, finished after a kill at any boundary, alone, and on approval."""

from __future__ import annotations

import json
import os
import shutil
import signal
import warnings
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from lotwright.cli.approving import approve
from lotwright.cli.sheets import read_documents
from lotwright.cli.unattended import planning_due, steps
from lotwright.cli.unattended.day_folder import Step
from lotwright.cli.unattended.run import RunFailedError
from lotwright.errors import BookError, LotwrightError, StateError
from lotwright.execution.approval import Mode
from lotwright.store import Store
from lotwright.store.check import check
from tests.cli.unattended.conftest import DAY, Place

AUTOMATIC = '[execute]\nbroker = "simulated"\napproved_by = "Ann"\nmost_turnover = 2.0\n'


def forked(act: Callable[[], object]) -> int:
    """Do something in a process of its own and return how it ended: 0, or minus the signal that killed it."""
    with warnings.catch_warnings():  # Python 3.12 and later warn of threads; numpy's are idle
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        status = 70
        try:
            act()
            status = 0
        finally:
            os._exit(status)
    _, waited = os.waitpid(child, 0)
    return -os.WTERMSIG(waited) if os.WIFSIGNALED(waited) else os.WEXITSTATUS(waited)


def die_at(boundary: str) -> Callable[[str], None]:
    return lambda now: os.kill(os.getpid(), signal.SIGKILL) if now == boundary else None


def boundaries(place: Place) -> list[str]:
    """Those of a whole run, in their order."""
    seen: list[str] = []
    place.start(boundary=seen.append)
    return seen


def fills(state: Path) -> list[dict[str, Any]]:
    with Store.open(state) as store:
        plans = [record.plan for record in store.plans()]
        return [fill for plan in plans for fill in store.fills(plan)]


def test_a_second_start_does_nothing_and_says_so(place: Place) -> None:
    first = place.start()
    assert (first.status, first.exit) == ("proposed", 0)
    made = [place.state, *(path for path in place.state.rglob("*") if path.is_dir())]
    assert [path for path in made if path.stat().st_mode & 0o077] == []
    before = {path: path.stat().st_mtime_ns for path in place.state.rglob("*.json")}
    second = place.start()
    assert (second.status, second.exit) == ("already_done", 0)
    assert "There is nothing to do." in second.says
    assert {path: path.stat().st_mtime_ns for path in place.state.rglob("*.json")} == before


def test_killed_at_every_boundary_it_finishes_and_nothing_is_done_twice(place: Place, tmp_path: Path) -> None:
    place.settings(AUTOMATIC, act="automatic", out="out")
    names = boundaries(place)
    whole = place.read("report")
    assert whole["status"] == "executed"
    expected = sorted((f.account, f.symbol, str(f.side), f.quantity, f.price) for f in fills(place.state))
    assert expected
    shutil.rmtree(place.state)
    shutil.rmtree(place.path / "out")
    assert {name.partition(":")[2] for name in names} == {str(step) for step in Step}

    for name in names:
        assert forked(lambda name=name: place.start(boundary=die_at(name))) == -signal.SIGKILL, name
    last = place.start()
    assert last.status == "already_done"  # the last kill was after the last file
    again = place.read("report")
    assert [plan["plan"] for plan in again["plans"]] == [plan["plan"] for plan in whole["plans"]]
    assert sorted((f.account, f.symbol, str(f.side), f.quantity, f.price) for f in fills(place.state)) == expected
    with Store.open(place.state) as store:
        assert len(store.plans()) == len(whole["plans"])
        assert len(store.runs()) == 1
        assert all(finding.ok for finding in check(store.database))
    assert sorted(path.name for path in (place.path / "out" / DAY.isoformat()).iterdir()) == [
        "plans.html", "plans.json", "trades.csv"
    ]  # fmt: skip


def test_only_one_start_is_at_work(place: Place) -> None:
    """Two real processes: the first waits in the middle of its run until the second has left."""
    begun, go_on = os.pipe(), os.pipe()

    def wait(name: str) -> None:
        if name == "before:plan":
            os.write(begun[1], b"x")
            os.read(go_on[0], 1)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        status = 70
        try:
            status = 0 if place.start(boundary=wait).status == "proposed" else 71
        finally:
            os._exit(status)
    assert os.read(begun[0], 1) == b"x"
    second = place.start()
    assert (second.status, second.exit) == ("busy", 0)
    assert "does nothing" in second.says
    os.write(go_on[1], b"x")
    assert os.waitpid(child, 0)[1] == 0
    assert place.start().status == "already_done"


def test_what_a_person_approves_is_carried_out_by_the_next_start(place: Place) -> None:
    place.settings('[execute]\nbroker = "simulated"', act="when_approved")
    waiting = place.start()
    assert (waiting.status, waiting.exit) == ("waiting", 0)
    assert place.start().status == "waiting"
    assert not fills(place.state)
    (plans,) = waiting.report["places"]
    approve(read_documents(Path(plans)), by="Ann", state=place.state, mode=Mode.PAPER, hours=1)
    done = place.start()
    assert (done.status, done.exit) == ("executed", 0)
    assert len(fills(place.state)) == done.report["plans"][0]["trades"]
    assert place.start().status == "already_done"


def test_the_next_day_carries_out_what_was_approved_late_and_ends_the_day_before(place: Place) -> None:
    place.settings('[execute]\nbroker = "simulated"', act="when_approved")
    waiting = place.start()
    approve(read_documents(Path(waiting.report["places"][0])), by="Ann", state=place.state, mode=Mode.PAPER, hours=1)
    (place.path / "always.toml").write_text('[[when]]\nkind = "calendar"\nevery = "year"\nnth = 5\n', encoding="utf-8")
    following = place.start(as_of=date(2020, 1, 2))
    assert following.status == "nothing_due"
    assert place.read("end")["status"] == "ended_late"
    assert len(fills(place.state)) == waiting.report["plans"][0]["trades"]


def test_a_day_before_that_cannot_be_read_keeps_no_new_day_from_its_run(place: Place) -> None:
    place.settings('[execute]\nbroker = "simulated"', act="when_approved")
    waiting = place.start()
    approve(read_documents(Path(waiting.report["places"][0])), by="Ann", state=place.state, mode=Mode.PAPER, hours=1)
    Path(waiting.report["places"][0]).write_text("[", encoding="utf-8")
    assert place.start(as_of=date(2020, 1, 1)).status == "nothing_due"
    assert "It could not be taken up" in place.read("end")["says"]


def test_every_line_of_the_log_says_its_run_and_what_it_is_about(place: Place) -> None:
    place.settings('[log]\nfile = "run.jsonl"\n' + AUTOMATIC, act="automatic")
    place.start()
    lines = [json.loads(line) for line in (place.path / "run.jsonl").read_text(encoding="utf-8").splitlines()]
    assert {line["run"] for line in lines} == {"2019-12-31-daily"}
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
    (plan,) = place.read("plan")["plans"]
    about = {line["event"]: (line["household"], line["plan"]) for line in lines if "plan" in line}
    assert about == dict.fromkeys(["planned", "approval", "carried_out"], ("LEE", plan["plan"]))
    assert [line["household"] for line in lines if line["event"] == "due"] == ["LEE"]


def test_a_folder_that_cannot_be_written_is_the_callers_mistake(place: Place) -> None:
    (place.path / "out").write_text("a file", encoding="utf-8")
    place.settings(out="out")
    with pytest.raises(StateError, match="Check the path"):
        place.start()


def test_a_household_that_was_planned_rests(place: Place) -> None:
    (place.path / "always.toml").write_text(
        "cooldown = 3\n" + '[[when]]\nkind = "calendar"\nevery = "day"\n', encoding="utf-8"
    )
    assert place.start().status == "proposed"
    following = place.start(as_of=date(2020, 1, 2))
    assert (following.status, following.report["counts"]) == ("nothing_due", {"resting": 1})


def test_a_standing_order_has_caps_and_what_is_beyond_them_waits(place: Place) -> None:
    place.settings(AUTOMATIC.replace("2.0", "0.0001"), act="automatic")
    waiting = place.start()
    assert waiting.status == "waiting"
    assert "the standing order covers" in place.read("approve")["left"][0]["why"]
    assert not fills(place.state)


def test_a_closed_market_is_no_day_to_act(place: Place) -> None:
    assert place.start(as_of=date(2020, 1, 1)).report["counts"] == {"closed": 1}


def test_a_mistake_in_the_book_is_told_and_after_it_is_mended_the_run_goes_on(place: Place) -> None:
    book = place.path / "book"
    shutil.copytree(place.book, book)
    prices = (book / "prices.csv").read_text(encoding="utf-8")
    (book / "prices.csv").write_text(prices.replace("71.71", "seventy"), encoding="utf-8")
    place.settings(book="book")
    with pytest.raises(BookError, match="seventy"):
        place.start()
    (book / "prices.csv").write_text(prices, encoding="utf-8")
    assert place.start().status == "proposed"


def test_a_household_without_a_plan_is_exit_status_1_and_the_others_are_planned(place: Place) -> None:
    book = place.path / "book"
    shutil.copytree(place.book, book)
    with (book / "accounts.csv").open("a", encoding="utf-8") as file:
        file.write("POOR,KIM,taxable,NONE,100,0.24,0.15,0.01\n")
    place.settings(book="book")
    done = place.start()
    assert (done.status, done.exit) == ("proposed", 1)
    assert "Without a plan, or not to be judged: 1 household." in done.says


def test_prices_of_another_time_are_refused(place: Place) -> None:
    with pytest.raises(LotwrightError, match="The prices are of 2019-12-31"):
        place.start(as_of=date(2020, 6, 1))


def test_an_error_of_ours_is_told_without_ending_the_day(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> dict[str, Any]:
        raise ZeroDivisionError("oh")

    with monkeypatch.context() as patched:
        patched.setattr(steps, "write", broken)
        with pytest.raises(RunFailedError, match="ZeroDivisionError: oh"):
            place.start()
    assert place.start().status == "proposed"


def test_many_households_are_planned_as_a_batch_from_a_frozen_book(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = place.start()
    shutil.rmtree(place.state)
    monkeypatch.setattr(planning_due, "FEW", 0)
    done = place.start()
    assert Path(done.report["places"][0]).name == "batch-1"
    planned = list(planning_due.plans_at(Path(done.report["places"][0])))
    assert [len(one["trades"]) for one in planned] == [plan["trades"] for plan in alone.report["plans"]]
    assert (place.day / "book-1" / "accounts.csv").is_file()
