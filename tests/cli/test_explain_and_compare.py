"""``plan --explain``, ``plan --strategy`` and ``compare`` as a person calls them."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from lotwright.files.plan_schema import plan_schema

from .conftest import Run


def test_explain_writes_what_the_schema_says_and_prints_it(lotwright: Run, first_steps: Path, tmp_path: Path) -> None:
    done = lotwright("plan", first_steps, "--explain", "--json", tmp_path / "p.json", "--html", tmp_path / "p.html")
    assert done.returncode == 0, done.stderr
    plan = json.loads((tmp_path / "p.json").read_text())
    jsonschema.validate(plan, plan_schema())
    assert plan["explanation"]["not_done"]
    said = " ".join(done.stdout.split())
    page = (tmp_path / "p.html").read_text()
    for one in plan["explanation"]["not_done"]:
        assert " ".join(one["because"].split()) in said
        assert one["because"].replace(" %", "&nbsp;%") in page
    assert "What the limits cost" in said
    again = lotwright("verify", tmp_path / "p.json", first_steps)
    assert again.returncode == 0, again.stdout


def test_a_changed_sentence_is_found_out(lotwright: Run, first_steps: Path, tmp_path: Path) -> None:
    """A reason, and a dollar of an explanation: both are claims."""
    lotwright("plan", first_steps, "--explain", "--json", tmp_path / "p.json")
    plan = json.loads((tmp_path / "p.json").read_text())
    plan["trades"][0]["reason"] = "Because we say so."
    plan["explanation"]["not_done"][0]["change"]["tax"] += 1.0
    (tmp_path / "p.json").write_text(json.dumps(plan))
    done = lotwright("verify", tmp_path / "p.json", first_steps)
    assert done.returncode == 1
    assert {"reasons", "explanation"} <= {
        line.split("DIFFERS")[1].split(":")[0].strip() for line in done.stdout.splitlines() if "DIFFERS" in line
    }


def test_compare_prints_four_columns_within_eighty(lotwright: Run, first_steps: Path, tmp_path: Path) -> None:
    done = lotwright("compare", first_steps, "--json", tmp_path / "c.json", "--html", tmp_path / "c.html", COLUMNS="80")
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    four = json.loads((tmp_path / "c.json").read_text())
    assert [plan["name"] for plan in four["plans"]] == ["do_nothing", "cash_flow_only", "inside_bands", "full"]
    for plan in four["plans"]:
        assert plan["allowed"]
        assert f"${plan['posed']:,.2f}" in done.stdout
        assert f"${plan['posed']:,.2f}" in (tmp_path / "c.html").read_text()
        assert plan["posed"] >= four["bound"] - 1e-6


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--household", "NOBODY"], "NOBODY"),
        (["--json", "-", "--html", "-"], "Only one of"),
        (["--program", "no_such"], "no_such"),
    ],
)
def test_a_wrong_call_of_compare_leaves_with_two(
    lotwright: Run, first_steps: Path, arguments: list[str], words: str
) -> None:
    done = lotwright("compare", first_steps, *arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert not done.stdout


def test_an_unknown_strategy_leaves_with_two(lotwright: Run, first_steps: Path) -> None:
    done = lotwright("plan", first_steps, "--strategy", "no_such")
    assert done.returncode == 2
    assert "no_such: there is no strategy of that name" in done.stderr


def test_a_strategy_by_name_plans_and_verifies(lotwright: Run, first_steps: Path, root: Path, tmp_path: Path) -> None:
    """Installed as pip would: a distribution on the path that offers a strategy which does nothing."""
    folder = tmp_path / "somebody-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: somebody\nVersion: 1.0\n")
    (folder / "entry_points.txt").write_text("[lotwright.strategies]\nstill = somebodys_strategy:Still\n")
    (tmp_path / "somebodys_strategy.py").write_text(
        "import numpy as np\nfrom lotwright.plan.protocols import Trades\n\n\nclass Still:\n    name = 'still'\n\n"
        "    def trades(self, snapshot, program, *, seconds):\n"
        "        return Trades(sell=np.zeros(len(snapshot.lot)), buy=np.zeros(len(snapshot.symbol)))\n"
    )
    where = {"PYTHONPATH": f"{root / 'src'}:{tmp_path}"}
    done = lotwright("plan", first_steps, "--strategy", "still", "--json", tmp_path / "p.json", **where)
    assert done.returncode == 0, done.stderr
    plan = json.loads((tmp_path / "p.json").read_text())
    assert plan["status"] == "nothing_to_do"
    assert plan["objective"]["gap_bp"] > 100
    assert lotwright("verify", tmp_path / "p.json", first_steps).returncode == 0
