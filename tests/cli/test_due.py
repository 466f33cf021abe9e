"""``lotwright due`` as a person uses it, on the example books."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lotwright.cli.app import app
from lotwright.cli.judging_due import Asked, judging
from lotwright.errors import BookError, LotwrightError
from lotwright.files.books import read_book
from lotwright.files.risk_store import risk_model
from lotwright.files.triggers import parse_trigger
from lotwright.plan.program import load_program
from lotwright.plan.saving import Against, against_doing_nothing
from lotwright.store import Store
from lotwright.store.acted import last_acted
from lotwright.store.facts import Approval
from lotwright.store.facts import Run as RunFact
from tests.cli.conftest import Run
from tests.store.facts import AT, document

SAVES = '[[when]]\nkind = "saves"\n'


def test_it_says_whether_why_and_what_next(lotwright: Run, first_steps: Path, root: Path) -> None:
    done = lotwright("due", first_steps, "--triggers", "quarterly", "--json", "-")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    (answer,) = said["households"]
    assert (said["schema"], said["as_of"], answer["household"]) == ("lotwright.due/1", "2019-12-31", "LEE")
    assert (answer["due"], answer["next"]["on"]) == (False, "2020-01-02")
    assert "1 household: 1 not due." in done.stderr
    later = lotwright("due", first_steps, "--triggers", "quarterly", "--as-of", "2020-01-02")
    assert "LEE  due" in later.stdout
    schema = json.loads(lotwright("schema", "triggers").stdout)
    assert schema["title"] == "lotwright.triggers/1"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--triggers", "quartely"], "Did you mean 'quarterly'"),
        (["--as-of", "2019-12-30"], "The prices are of 2019-12-31, after the day judged"),
        (["--as-of", "2020-01-10"], "7 trading days before 2020-01-10"),
        (["--triggers", "stressed_market"], "INDEX is neither declared nor a symbol"),
        (["--series", "VIX"], "write NAME=FILE"),
        (["--household", "LEA"], "Did you mean LEE"),
    ],
)
def test_what_is_wrong_with_a_call_is_told(first_steps: Path, arguments: list[str], says: str) -> None:
    done = CliRunner().invoke(app, ["due", str(first_steps), *arguments])
    assert isinstance(done.exception, LotwrightError)  # exit status 2: see test_exit_status
    assert done.stdout == ""
    assert says in str(done.exception)


def test_a_household_that_cannot_be_judged_stops_no_other(first_steps: Path, tmp_path: Path) -> None:
    for name in ("accounts", "lots", "prices", "targets"):
        text = (first_steps / f"{name}.csv").read_text(encoding="utf-8")
        if name == "accounts":
            text += "OTHER,KIM,taxable,FOUR,-3.x,0.24,0.15,0.01\n"
        (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
    done = CliRunner().invoke(app, ["due", str(tmp_path), "--json", "-"])
    kim, lee = json.loads(done.stdout)["households"]
    assert done.exit_code == 1
    assert (kim["answer"], kim["failure"]["reason"], lee["answer"]) == ("failed", "input", "due")


def test_rests_and_one_run_a_day_come_from_the_store(tmp_path: Path) -> None:
    def fact(name: str, day: str) -> RunFact:
        return RunFact(
            run=name,
            started=AT,
            as_of=datetime.fromisoformat(day).date(),
            book_hash="",
            program="",
            program_hash="",
            version="",
        )

    with Store.open(tmp_path) as store:
        store.record_run(fact("first", "2026-11-18"))
        store.record_run(fact("second", "2026-11-20"))
        idle = document("IDLE", trades=[])
        store.record_plans("first", [document("BUSY"), idle], at=AT)
        store.record_plans("second", [idle], at=AT)
        (looked,) = store.record_plans(None, [document("LOOKED")], at=AT)
        found = last_acted(store.database)
        assert {name: str(one.planned) for name, one in found.items()} == {"BUSY": "2026-11-18", "IDLE": "2026-11-20"}
        assert found["BUSY"].traded == datetime.fromisoformat(document("BUSY")["as_of"]).date()
        assert found["IDLE"].traded is None
        assert "IDLE" in last_acted(store.database, except_run="second")
        assert str(last_acted(store.database, except_run="second")["IDLE"].planned) == "2026-11-18"
        store.record_approval(Approval(plan=looked, by="Ann", at=AT, expires=datetime(2026, 11, 30, tzinfo=UTC)))
        assert last_acted(store.database)["LOOKED"].planned is None
        assert last_acted(store.database)["LOOKED"].traded is not None


def test_the_dynamic_trigger_is_the_optimisers_own_saving(first_steps: Path) -> None:
    """Doing nothing and the plan, judged by one program: compare's own figures are the second opinion."""
    from lotwright.plan.compare import Alternative, Comparison, compare_household

    book = read_book(first_steps)
    risk, program = risk_model(book), load_program("balanced")
    facts = book.households["LEE"]
    found = against_doing_nothing(facts, market=book.market, risk=risk, program=program)
    compared = compare_household(facts, market=book.market, risk=risk, program=program)
    assert isinstance(found, Against)
    assert isinstance(compared, Comparison)
    still, full = compared[Alternative.DO_NOTHING], compared[Alternative.FULL]
    assert found.still == still.posed
    assert float(found.planned) == pytest.approx(float(full.posed), abs=1e-5)
    assert float(found.paid) == pytest.approx(float(full.tax + full.trading), abs=0.02)
    saved = float(found.still - found.planned)
    assert saved > 0
    for more, is_due in ((saved - 0.01, True), (saved + 0.01, False)):
        declared = parse_trigger(f"{SAVES}dollars = {more}")
        (answer,) = judging(Asked(book=book, declared=declared, risk=lambda: risk)).answers()
        assert answer.is_due is is_due


def test_prices_too_old_for_the_day_are_refused_in_python_too(first_steps: Path) -> None:
    book = read_book(first_steps)
    asked = Asked(
        book=book,
        declared=parse_trigger(SAVES),
        risk=lambda: risk_model(book),
        as_of=datetime(2020, 3, 2, tzinfo=UTC).date(),
    )
    with pytest.raises(BookError, match="Give newer ones with --prices"):
        judging(asked)
