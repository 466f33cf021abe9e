"""Exit status, and which of the two streams says what."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import jsonschema
import pytest

from lotwright.cli import app
from lotwright.files.plan_schema import plan_schema

from .conftest import Run


@pytest.fixture
def book(first_steps: Path, tmp_path: Path) -> Path:
    """A copy of the book, to be broken."""
    return Path(shutil.copytree(first_steps, tmp_path / "book"))


def second_household(book: Path, *, cash: str, extra: str = "") -> None:
    """Add household ROE with one account and nothing but cash."""
    lines = (book / "accounts.csv").read_text().splitlines()
    names, first = lines[0].split(","), lines[1].split(",")
    row = dict(zip(names, first, strict=True)) | {"account": "ROE-1", "household": "ROE", "cash": cash}
    (book / "accounts.csv").write_text("\n".join([*lines, ",".join(row[name] for name in names)]) + "\n")
    if extra:
        (book / "cashflows.csv").write_text(f"account,kind,amount\n{extra}\n")


def test_0_and_only_json_on_standard_output(lotwright: Run, first_steps: Path) -> None:
    done = lotwright("plan", first_steps, "--json", "-")
    assert done.returncode == 0
    document = json.loads(done.stdout)
    jsonschema.validate(document, plan_schema())
    assert document["status"] == "planned"


def test_1_when_one_household_of_two_has_no_plan(lotwright: Run, book: Path) -> None:
    second_household(book, cash="100", extra="ROE-1,withdraw,250")
    done = lotwright("plan", book, "--json", "-")
    assert done.returncode == 1
    documents = json.loads(done.stdout)
    assert [(one["household"], one["status"]) for one in documents] == [("LEE", "planned"), ("ROE", "failed")]
    assert documents[1]["failure"]["reason"] == "infeasible"
    assert "ROE has no plan (infeasible)" in done.stderr


def test_1_when_a_row_keeps_one_household_of_two_from_a_plan(lotwright: Run, book: Path) -> None:
    second_household(book, cash="much")
    done = lotwright("plan", book)
    assert done.returncode == 1
    assert "2 households: 1 planned, 0 with nothing to do, 1 without a plan." in done.stdout
    assert "1  input, for example ROE" in done.stdout
    assert "accounts.csv, row 3" in done.stderr


@pytest.mark.parametrize("json_path", [(), ("--json", "-")])
def test_2_when_no_household_can_be_planned_because_of_its_rows(
    lotwright: Run, book: Path, json_path: tuple[str, ...]
) -> None:
    lots = book / "lots.csv"
    lots.write_text(lots.read_text().replace("2019-06-03", "2019-06-31"))
    done = lotwright("plan", book, *json_path)
    assert done.returncode == 2
    assert "2019-06-31" in done.stderr
    if json_path:
        assert json.loads(done.stdout)["failure"]["reason"] == "input"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan", "nowhere"], "nowhere"),
        (["plan", "{book}", "--household", "LEA"], "LEA"),
        (["plan", "{book}", "--program", "balancd"], "Did you mean 'balanced'?"),
        (["plan", "{book}", "--prices", "none.csv"], "none.csv"),
        (["plan", "{book}", "--json", "-", "--csv", "-"], "--json, --csv and --html"),
        (["plan", "{book}", "--json", "no/such/folder/plan.json"], "plan.json"),
        (["plan", "{book}", "--gap-bp", "tiny"], "--gap-bp"),
        (["plan"], "BOOK"),
        (["plna"], "plna"),
        (["verify", "none.json", "{book}"], "none.json"),
        (["verify", "README.md", "{book}"], "not JSON"),
        (["schema", "plans"], "plans"),
    ],
)
def test_2_when_the_call_is_wrong_with_a_message_and_no_traceback(
    lotwright: Run, first_steps: Path, arguments: list[str], said: str
) -> None:
    done = lotwright(*(argument.format(book=first_steps) for argument in arguments))
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_3_when_it_is_our_fault_and_where_only_if_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken() -> None:
        raise RuntimeError("out of cheese")

    monkeypatch.setattr(app, "app", broken)
    monkeypatch.delenv("LOTWRIGHT_DEBUG", raising=False)
    with pytest.raises(SystemExit) as left:
        app.main()
    assert left.value.code == 3
    said = capsys.readouterr().err
    assert "RuntimeError: out of cheese" in said
    assert "Traceback" not in said
    monkeypatch.setenv("LOTWRIGHT_DEBUG", "1")
    with pytest.raises(SystemExit):
        app.main()
    assert "Traceback" in capsys.readouterr().err


def imported(importtime: str) -> set[str]:
    """Modules that ``python -X importtime`` reports."""
    return {line.rsplit("|", 1)[-1].strip() for line in importtime.splitlines()}


def test_help_names_every_command_and_imports_nothing_heavy(lotwright: Run) -> None:
    done = lotwright("--help", PYTHONPROFILEIMPORTTIME="1")
    assert done.returncode == 0
    assert all(name in done.stdout for name in ("plan", "verify", "risk", "schema", "tax"))
    heavy = {"numpy", "pandas", "pyarrow", "scipy", "cvxpy", "pypfopt", "numba", "sklearn"}
    assert not imported(done.stderr) & heavy


def test_a_plan_imports_neither_cvxpy_nor_pypfopt(lotwright: Run, first_steps: Path) -> None:
    done = lotwright("plan", first_steps, PYTHONPROFILEIMPORTTIME="1")
    found = imported(done.stderr)
    assert "numpy" in found
    assert not found & {"pandas", "cvxpy", "pypfopt", "scipy.optimize", "sklearn"}


@pytest.mark.parametrize("what", ["plan", "book", "program"])
def test_schemas_are_json(lotwright: Run, what: str) -> None:
    done = lotwright("schema", what)
    assert done.returncode == 0
    assert json.loads(done.stdout)["$schema"].startswith("https://json-schema.org/")


def test_risk_is_shown_and_written(lotwright: Run, first_steps: Path) -> None:
    document = json.loads(lotwright("risk", first_steps, "--json", "-").stdout)
    assert document["symbols"] == ["AAPL", "JNJ", "JPM", "XOM"]
    assert "AAPL" in lotwright("risk", first_steps).stdout
