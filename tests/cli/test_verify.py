"""``lotwright verify`` believes nothing: every figure of a plan that is changed is named."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from lotwright.cli.verify import read_plans, verify_plans
from lotwright.errors import PlanError, ProgramError
from lotwright.files.books import read_book

from .conftest import Run

Plan = dict[str, Any]


@pytest.fixture
def plan(planned: dict[str, Any]) -> Plan:
    return dict(json.loads(planned["json"].read_text()))


def wrong(plan: Plan, book: Path, folder: Path) -> list[str]:
    """Names of what differs."""
    (folder / "plan.json").write_text(json.dumps(plan))
    claims = read_plans(folder / "plan.json")
    (report,) = verify_plans(claims, read_book(book), program=None, beside=book)
    return [finding.name for finding in report.findings if not finding.ok]


def test_a_plan_as_it_was_made_holds(lotwright: Run, planned: dict[str, Any], first_steps: Path) -> None:
    done = lotwright("verify", planned["json"], first_steps)
    assert done.returncode == 0, done.stdout
    assert "DIFFERS" not in done.stdout
    assert "LEE  ok       bound: The multipliers prove a bound of" in done.stdout


def test_a_changed_plan_is_refused_with_its_name(lotwright: Run, plan: Plan, first_steps: Path, tmp_path: Path) -> None:
    plan["tax"]["tax"] += 0.01
    (tmp_path / "plan.json").write_text(json.dumps(plan))
    done = lotwright("verify", tmp_path / "plan.json", first_steps)
    assert done.returncode == 1
    assert "DIFFERS  tax: tax: the plan says" in done.stdout
    assert "LEE (tax)" in done.stderr


def more(*path: str | int, by: float) -> Callable[[Plan], None]:
    """Add to the number at a path."""

    def change(plan: Plan) -> None:
        place: Any = plan
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] += by

    return change


def one_more_share(plan: Plan) -> None:
    buy = next(trade for trade in plan["trades"] if trade["side"] == "buy")
    buy["quantity"] += 1
    buy["value"] = round(buy["quantity"] * buy["price"], 2)


def a_lock_too_many(plan: Plan) -> None:
    lock = {"group": "KO", "symbols": ["KO"], "no_buy_until": "2020-01-30", "because": ""}
    plan["wash_sales"]["locks"].append(lock)


def better_bound(plan: Plan) -> None:
    """A bound nobody proved, with gap and basis points to match."""
    objective = plan["objective"]
    objective["bound"] = objective["posed"]
    objective["gap"] = objective["gap_bp"] = 0


def no_multipliers(plan: Plan) -> None:
    plan["objective"]["multipliers"] = {}


def half_a_tree(plan: Plan) -> None:
    plan["objective"]["multipliers"]["nodes"].pop()


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (more("cash", "SAVINGS", "after", by=0.01), {"cash"}),
        (more("value", by=1), {"value"}),
        (more("tax", "short_term_gain", by=1), {"tax"}),
        (more("tax", "carryforward_long", by=1), {"tax"}),
        (more("tracking", "after", by=0.001), {"tracking"}),
        (more("drift", 0, "after", by=0.001), {"drift"}),
        (more("costs", 0, "dollars", by=0.01), {"costs", "objective"}),
        (more("objective", "posed", by=0.01), {"objective"}),
        (more("objective", "gap_bp", by=0.001), {"objective"}),
        (more("trades", 0, "lots", 0, "gain", by=0.01), {"gains"}),
        (more("trades", 0, "price", by=0.01), {"prices", "trades"}),
        (one_more_share, {"cash", "costs", "drift", "tracking"}),
        (a_lock_too_many, {"locks"}),
        (better_bound, {"bound"}),
        (no_multipliers, {"bound"}),
        (half_a_tree, {"bound"}),
        (lambda plan: plan.update(status="nothing_to_do"), {"status"}),
        (lambda plan: plan.update(as_of="2020-01-02"), {"as_of"}),
        (lambda plan: plan.update(household="LEA"), {"household"}),
        (lambda plan: plan["drift"].pop(), {"drift"}),
        (lambda plan: plan["costs"].pop(), {"costs", "objective"}),
        (lambda plan: plan["provenance"].update(program_hash="0"), {"program_hash"}),
    ],
)
def test_every_changed_claim_is_named(
    plan: Plan, first_steps: Path, tmp_path: Path, change: Callable[[Plan], None], named: set[str]
) -> None:
    change(plan)
    assert named <= set(wrong(plan, first_steps, tmp_path))


def test_a_plan_of_another_book_is_named(plan: Plan, first_steps: Path, tmp_path: Path) -> None:
    book = Path(shutil.copytree(first_steps, tmp_path / "book"))
    lots = book / "lots.csv"
    lots.write_text(lots.read_text().replace("2019-06-03", "2019-06-04"))
    assert {"book_hash", "lots"} <= set(wrong(plan, book, tmp_path))


def test_a_failed_household_claims_nothing(plan: Plan, first_steps: Path, tmp_path: Path) -> None:
    reason = {"reason": "infeasible", "message": "No cash.", "evidence": {}}
    plan |= {"status": "failed", "failure": reason, "trades": [], "objective": None, "tax": None}
    assert wrong(plan, first_steps, tmp_path) == []


def test_a_program_nobody_finds_is_the_calls_fault(plan: Plan, first_steps: Path, tmp_path: Path) -> None:
    plan["program"] = "mine"
    with pytest.raises(ProgramError, match="--program"):
        wrong(plan, first_steps, tmp_path)


def test_a_file_of_another_kind_is_the_calls_fault(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"schema": "lotwright.risk/1"}')
    with pytest.raises(PlanError, match=r"lotwright\.risk/1"):
        read_plans(tmp_path / "x.json")
