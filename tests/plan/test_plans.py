"""Planning from Python: ``plan(book)`` and what it gives back."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import jsonschema
import pytest

from lotwright import Book, BookError, Failure, Plans, Program, ProgramError, Tracking, plan, plan_from_json, read_book
from lotwright.files.plan_schema import plan_schema
from lotwright.plan.result import HouseholdPlan, Status


@pytest.fixture(autouse=True)
def plain_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOTWRIGHT_KERNELS", "plain")


@pytest.fixture(scope="module")
def book(root: Path) -> Book:
    return read_book(root / "examples" / "books" / "first_steps")


@pytest.fixture
def plans(book: Book) -> Plans:
    return plan(book)


def with_program(book: Book, *names: str | None) -> Book:
    """The book with one account for each program named."""
    household = book.households["LEE"]
    assert not isinstance(household, Failure)
    (only,) = household.accounts
    accounts = tuple(
        replace(only, account=f"A{k}", program=name, lots=tuple(replace(lot, account=f"A{k}") for lot in only.lots))
        for k, name in enumerate(names)
    )
    return replace(book, households={"LEE": replace(household, accounts=accounts)})


def test_the_room_is_the_call_whichever_way_it_is_reached() -> None:
    import lotwright.plan.program  # binds lotwright.plan once more: that is the test

    assert isinstance(plan, ModuleType)
    assert lotwright.plan is plan is sys.modules["lotwright.plan"] is plan.plan
    assert callable(plan)


def test_plans_map_each_household_to_its_plan(plans: Plans) -> None:
    assert list(plans) == ["LEE"]
    assert len(plans) == 1
    assert plans["LEE"] is plans.plans[0]
    assert plans["LEE"].status is Status.PLANNED
    assert plans.failures == {}
    with pytest.raises(KeyError, match="no plan of LEA"):
        plans["LEA"]


def test_trades_are_a_table_of_lots_and_buys(plans: Plans) -> None:
    table = plans.trades
    rows = sum(max(len(trade.lots), 1) for trade in plans["LEE"].trades)
    assert len(table) == rows > 0
    sold = table[table["side"] == "sell"]
    assert (sold["gain"] - (sold["proceeds"] - sold["basis"])).abs().max() < 0.005
    assert table[table["side"] == "buy"]["lot"].isna().all()


def test_json_is_the_schema_of_a_plan_and_comes_back(plans: Plans) -> None:
    (document,) = plans.to_json()
    jsonschema.validate(document, plan_schema())
    assert plan_from_json(json.loads(json.dumps(document))) == plans["LEE"]


def test_summary_and_html_name_the_household_and_its_trades(plans: Plans) -> None:
    assert plans.summary == str(plans)
    assert plans.summary.startswith("LEE: ")
    page = plans._repr_html_()
    assert "LEE" in page
    assert all(f"<td>{trade.symbol}</td>" in page for trade in plans["LEE"].trades)


def test_html_escapes_what_a_book_says(book: Book) -> None:
    wicked = Failure(reason="input", message="<script>alert(1)</script>")
    page = plan(replace(book, households={"<b>": wicked}))._repr_html_()
    assert "<script>" not in page
    assert "&lt;b&gt;" in page


def test_the_cvxpy_problem_is_there_for_the_curious(plans: Plans) -> None:
    problem = plans.problem("LEE")
    assert problem.is_dcp()
    assert not problem.is_mixed_integer()
    assert plans.problem("LEE", exact=True).is_mixed_integer()


def test_a_failed_household_is_a_plan_among_others_and_poses_no_problem(book: Book) -> None:
    wrong = Failure(reason="input", message="lots.csv row 3 is wrong.")
    plans = plan(replace(book, households={"LEE": book.households["LEE"], "BAD": wrong}))
    assert list(plans) == ["BAD", "LEE"]
    assert plans.failures == {"BAD": wrong}
    assert "BAD: no plan (input)" in plans.summary
    with pytest.raises(ProgramError, match=r"lots\.csv row 3"):
        plans.problem("BAD")


def test_a_program_may_be_composed_from_costs_and_limits(book: Book) -> None:
    own = Program(name="own", says="Risk alone.", costs=(Tracking(risk_price=10),), limits=())
    found = plan(book, program=own)["LEE"]
    assert found.program == "own"
    assert [line.name for line in found.costs] == ["tracking"]


def test_accounts_may_name_their_program(book: Book, tmp_path: Path, root: Path) -> None:
    shelf = tmp_path / "models" / "programs"
    shelf.mkdir(parents=True)
    (shelf / "mine.toml").write_text((root / "models" / "programs" / "balanced.toml").read_text())
    assert plan(with_program(book, "mine"), beside=tmp_path)["LEE"].program == "mine"
    assert plan(with_program(book, None))["LEE"].program == "balanced"
    assert plan(with_program(book, "mine"), program="balanced")["LEE"].program == "balanced"


@pytest.mark.parametrize(("names", "said"), [(("nowhere",), "no program named 'nowhere'"), (("a", "b"), r"\(a, b\)")])
def test_a_program_that_accounts_name_wrongly_is_that_households_failure(
    book: Book, names: tuple[str, ...], said: str
) -> None:
    found = plan(with_program(book, *names))["LEE"]
    assert found.failure is not None
    assert found.failure.reason == "program"
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(found.failure.message)


def test_progress_is_told_each_plan_in_order(book: Book) -> None:
    heard: list[HouseholdPlan] = []
    plans = plan(book, progress=heard.append)
    assert tuple(heard) == plans.plans


def test_what_a_caller_gets_wrong_raises(book: Book) -> None:
    with pytest.raises(BookError, match="no household LEA"):
        plan(book, household="LEA")
    with pytest.raises(BookError, match="this is a str"):
        plan("examples/books/first_steps")  # type: ignore[arg-type]
    with pytest.raises(ProgramError, match="no program named 'balancd'"):
        plan(book, program="balancd")
    with pytest.raises(ProgramError, match="gap_bp"):
        plan(book, gap_bp=-1)
    with pytest.raises(ProgramError, match="time_limit"):
        plan(book, time_limit=0)
