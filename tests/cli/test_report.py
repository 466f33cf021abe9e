"""What a person reads: everything FORMATS promises is there, on wide screens, narrow ones and in a pipe."""

from __future__ import annotations

import csv
import io
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from lotwright.book.failure import Failure
from lotwright.cli.page import page
from lotwright.cli.planning import exit_status
from lotwright.cli.report import print_plan
from lotwright.cli.several import print_several
from lotwright.files.plan_json import plan_from_json
from lotwright.plan.result import HouseholdPlan, Status


@pytest.fixture(scope="session")
def plan(planned: dict[str, Any]) -> HouseholdPlan:
    return plan_from_json(json.loads(planned["json"].read_text()))


def failed(plan: HouseholdPlan, name: str, reason: str) -> HouseholdPlan:
    return HouseholdPlan(
        household=name,
        as_of=plan.as_of,
        program="balanced",
        status=Status.FAILED,
        failure=Failure(reason=reason, message=f"<i>{reason}</i>"),
    )


def test_a_pipe_gets_plain_text_with_everything(planned: dict[str, Any], plan: HouseholdPlan) -> None:
    text = str(planned["text"])
    assert "\x1b" not in text
    assert all(line == line.rstrip() for line in text.splitlines())
    told = " ".join(text.split())
    assert all(f"${trade.value:,.2f} {trade.reason[:30]}" in told for trade in plan.trades)
    assert all(cost.name.replace("_", " ") in text for cost in plan.costs)
    assert "Proven within" in told
    assert f"All {len(plan.checks)} checks passed" in told
    assert all(note in told for note in plan.notes)
    assert "Tracking error" in told
    assert f"${plan.cash['SAVINGS'].after:,.2f}" in text


@pytest.mark.parametrize("width", [40, 60, 80, 140])
def test_no_line_is_wider_than_the_terminal_and_no_figure_is_cut(plan: HouseholdPlan, width: int) -> None:
    out = io.StringIO()
    print_plan(Console(file=out, width=width, highlight=False, markup=False), plan)
    assert max(map(len, out.getvalue().splitlines())) <= width
    assert all(f"${trade.value:,.2f}" in out.getvalue() for trade in plan.trades)
    assert "…" not in out.getvalue()


def test_several_households_are_a_line_each_with_totals_and_reasons(plan: HouseholdPlan) -> None:
    out = io.StringIO()
    others = [failed(plan, "ROE", "input"), failed(plan, "POE", "input"), failed(plan, "DOE", "infeasible")]
    print_several(Console(file=out, width=100), [plan, *others])
    text = out.getvalue()
    assert "4 households: 1 planned, 0 with nothing to do, 3 without a plan." in text
    assert "2  input, for example ROE" in text
    assert "1  infeasible, for example DOE" in text


@pytest.mark.parametrize(
    ("reasons", "status"), [([], 0), (["input"], 1), (["infeasible"], 1), (["check_failed", "input"], 1)]
)
def test_some_failures_are_status_1(plan: HouseholdPlan, reasons: list[str], status: int) -> None:
    assert exit_status([plan, *(failed(plan, f"H{k}", reason) for k, reason in enumerate(reasons))]) == status


@pytest.mark.parametrize(("reasons", "status"), [(["input", "no_price"], 2), (["input", "infeasible"], 1)])
def test_no_plan_at_all_is_status_2_only_where_the_input_is_to_blame(
    plan: HouseholdPlan, reasons: list[str], status: int
) -> None:
    assert exit_status([failed(plan, f"H{k}", reason) for k, reason in enumerate(reasons)]) == status


class Tags(HTMLParser):
    """Which tags there are; those that are opened must be closed in their order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_html_that_loads_nothing_and_trusts_no_name(plan: HouseholdPlan) -> None:
    text = page([plan, failed(plan, "<script>", "input")])
    reader = Tags()
    reader.feed(text)
    assert reader.open == []
    assert {"svg", "table", "style"} <= reader.seen
    assert not reader.seen & {"script", "link", "img", "iframe"}
    assert "http" not in text
    assert "&lt;script&gt;" in text
    assert "&lt;i&gt;input&lt;/i&gt;" in text


def test_the_page_tells_every_trade(planned: dict[str, Any], plan: HouseholdPlan) -> None:
    text = Path(planned["html"]).read_text(encoding="utf-8").replace("&nbsp;", " ").replace("&#x27;", "'")
    assert all(trade.reason in text for trade in plan.trades)


def test_csv_has_a_row_for_each_lot_sold_and_each_buy(planned: dict[str, Any], plan: HouseholdPlan) -> None:
    rows = list(csv.DictReader(Path(planned["csv"]).read_text(encoding="utf-8").splitlines()))
    assert len(rows) == sum(max(len(trade.lots), 1) for trade in plan.trades)
