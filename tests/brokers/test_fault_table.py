"""The table of faults is whole, and every test it names exists."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FAULTS = tomllib.loads((HERE / "faults.toml").read_text(encoding="utf-8"))["fault"]


def test_all_66_are_there_once():
    assert [fault["id"] for fault in FAULTS] == list(range(1, 67))
    assert {fault["layer"] for fault in FAULTS} == {"line", "market", "executor"}


def test_what_the_line_can_do_is_proved_here():
    assert [fault["id"] for fault in FAULTS if fault["layer"] == "line" and not fault["broker"]] == []


def test_a_plan_is_carried_out_under_every_fault():
    assert [fault["id"] for fault in FAULTS if not fault["executor"]] == []


def test_every_fault_that_the_executors_scenarios_name_is_one_the_table_says_they_prove(root: Path):
    """Who names a test after a fault must say so in the table, too."""
    text = (root / "tests" / "execution" / "test_fault_matrix.py").read_text(encoding="utf-8")
    named = {
        (int(number), test)
        for test in re.findall(r"^def (test_fault_\d+_\w+)\(", text, re.MULTILINE)
        for number in re.findall(r"^test_fault_(\d+)_", test)
    }
    told = {(fault["id"], test.partition("::")[2]) for fault in FAULTS for test in fault["executor"]}
    assert named - told == set()


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: str(fault["id"]))
def test_every_test_named_exists(root: Path, fault: dict[str, list[str]]):
    for folder, key in ((HERE, "broker"), (root / "tests", "executor")):
        for named in fault[key]:
            file, _, test = named.partition("::")
            assert re.search(rf"^def {re.escape(test)}\(", (folder / file).read_text(encoding="utf-8"), re.MULTILINE), (
                named
            )


def test_the_words_are_those_of_the_facts(shared: Path):
    rows = re.findall(r"^\| (\d+) \| (.+?) \|", (shared / "BROKER_FACTS.md").read_text(encoding="utf-8"), re.MULTILINE)
    told = {int(number): text.replace("`", "") for number, text in rows}
    assert {fault["id"]: fault["says"] for fault in FAULTS} == {number: told[number] for number in range(1, 67)}
