"""A frontier and a staged transition as a table in a terminal, and as JSON."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from rich.table import Table
from rich.text import Text

from lotwright.book.book import Book
from lotwright.cli.report import plain_when_piped
from lotwright.files.plan_json import plan_to_json
from lotwright.plan.frontier import EVERYTHING, Frontier, Point
from lotwright.plan.result import HouseholdPlan
from lotwright.plan.transition import Stage, Transition
from lotwright.plan.words import day, money, percent

FRONTIER_SCHEMA = "lotwright.frontier/1"
TRANSITION_SCHEMA = "lotwright.transition/1"
WORTH_SAYING = 0.01
"""Part of an account that a rule must keep off its target to be named."""


def print_frontier(frontier: Frontier, as_of: date) -> None:
    """A line a point, and what the columns mean."""
    with plain_when_piped() as console:
        value = money(frontier.points[0].plan.value)
        console.print(Text(f"{frontier.household}, {value}: tax against distance from the model", style="bold"))
        console.print(f"As of {day(as_of)}, program {frontier.program}, its price of risk swept.")
        console.print()
        table = _table("", "tax", "other\ncosts", "tracking\nerror", "at least", "orders", "gap bp", "checks")
        for point in frontier.points:
            table.add_row(
                point.label or f"risk at {point.risk_price:,.3g}",
                money(point.tax),
                money(point.other),
                percent(point.tracking_error, 2),
                percent(point.least_error, 2),
                str(len(point.plan.trades)),
                "" if point.plan.objective is None else f"{point.plan.objective.gap_bp:.2f}",
                _checked(point),
            )
        console.print(table)
        console.print()
        for sentence in _sentences(frontier):
            console.print(sentence)


def _sentences(frontier: Frontier) -> list[str]:
    """What the columns mean, and what a reader would wonder about."""
    columns = (
        "tax: what the plan changes in this year's tax, losses carried out counted at their worth. other costs: trading,"
        " idle cash and the like. at least: no allowed plan at the same costs gets closer to the model than this, proven"
        " from the bounds of all the points."
    )
    said = [columns]
    first, last = frontier.points[0], frontier.points[-1]
    if first.broken:
        said.append(f"Doing nothing is not allowed: {' '.join(check.text for check in first.broken)}")
    elif first.is_dominated:
        said.append("Doing nothing is worse than another point in both: losses can be used, or coming closer is free.")
    said += _kept_away(last.plan, "Selling everything")
    if len(frontier.points) < frontier.asked:
        said.append(f"{frontier.asked} points were asked; no more than {len(frontier.points)} differ.")
    return said


def _kept_away(plan: HouseholdPlan, doing: str) -> list[str]:
    """The rule that holds a plan farthest from its model, where one holds it at all; a sentence or none."""
    away: dict[str, float] = {}
    for row in plan.drift:
        away[row.symbol] = max(away.get(row.symbol, 0.0), abs(row.after - row.target))
    kept = max(plan.wash_sales.kept, key=lambda one: (away.get(one.symbol, 0.0), one.symbol), default=None)
    if kept is None or away.get(kept.symbol, 0.0) < WORTH_SAYING:
        return []
    error = "" if plan.tracking is None else f" ends {percent(plan.tracking.after, 2)} from the model, and"
    return [f"{doing}{error} {kept.symbol} is kept by a rule: {kept.because}"]


def _checked(point: Point) -> str:
    failed = [check.name for check in point.broken]
    return f"{', '.join(failed)} failed" if failed else f"{len(point.checks)} passed"


def frontier_json(frontier: Frontier, book: Book) -> dict[str, Any]:
    """The frontier as JSON; each point carries its whole plan, as ``lotwright.plan/1``."""
    return {
        "schema": FRONTIER_SCHEMA,
        "household": frontier.household,
        "as_of": book.market.as_of.isoformat(),
        "program": frontier.program,
        "points": [
            {
                "label": point.label,
                "risk_price": point.risk_price,
                "tax": round(point.tax, 6),
                "other_costs": round(point.other, 6),
                "tracking_error": point.tracking_error,
                "least_tracking_error": point.least_error,
                "is_dominated": point.is_dominated,
                "is_allowed": not point.broken,
                "without_tax": point.label == EVERYTHING,
                "plan": _of_book(point.plan, book),
            }
            for point in frontier.points
        ],
    }


def _of_book(plan: HouseholdPlan, book: Book) -> dict[str, Any]:
    """A plan as JSON that says which book it was made from; the later years of a transition say from which they began."""
    made = plan.provenance
    return plan_to_json(plan if made is None else replace(plan, provenance=replace(made, book_hash=book.content_hash)))


def print_transition(transition: Transition) -> None:
    """A line a year, the sum, and the same all at once."""
    with plain_when_piped() as console:
        budget = "no budget" if transition.budget is None else f"{money(transition.budget)} of net gain a year"
        console.print(Text(f"{transition.household}: the way to the model, {budget}", style="bold"))
        console.print(f"Program {transition.program}. Prices are held, lots grow older, losses are carried over.")
        console.print()
        table = _table("", "gain", "tax", "tracking\nerror", "farthest\nover", "by", "gain\nleft", "orders", "gap bp")
        for stage in transition.stages:
            _row(table, stage.as_of.isoformat(), stage)
        _row(table, "all at once", transition.at_once)
        console.print(table)
        console.print()
        console.print(_compared(transition))
        for sentence in _kept_away(transition.stages[-1].plan, "The last year"):
            console.print(sentence)


def _row(table: Table, label: str, stage: Stage) -> None:
    objective = stage.plan.objective
    table.add_row(
        label,
        money(stage.gain),
        money(stage.tax),
        percent(stage.tracking_error, 2),
        stage.largest,
        percent(stage.excess),
        money(stage.unrealised),
        str(len(stage.plan.trades)),
        "" if objective is None else f"{objective.gap_bp:.2f}",
    )


def _compared(transition: Transition) -> str:
    last, now = transition.stages[-1], transition.at_once
    years = len(transition.stages)
    return (
        f"{years} year{'s' if years > 1 else ''} cost {money(transition.tax)} of tax and end"
        f" {percent(last.tracking_error, 2)} from the model; all at once costs {money(now.tax)} this year and stands at"
        f" {percent(now.tracking_error, 2)} from the first day."
    )


def transition_json(transition: Transition, book: Book) -> dict[str, Any]:
    """The transition as JSON, every stage with its whole plan."""

    def staged(stage: Stage) -> dict[str, Any]:
        return {
            "as_of": stage.as_of.isoformat(),
            "gain": round(stage.gain, 2),
            "tax": round(stage.tax, 2),
            "tracking_error": stage.tracking_error,
            "largest": stage.largest,
            "excess": stage.excess,
            "unrealised_gain": round(stage.unrealised, 2),
            "plan": _of_book(stage.plan, book),
        }

    return {
        "schema": TRANSITION_SCHEMA,
        "household": transition.household,
        "as_of": book.market.as_of.isoformat(),
        "program": transition.program,
        "budget": transition.budget,
        "tax": round(transition.tax, 2),
        "stages": [staged(stage) for stage in transition.stages],
        "at_once": staged(transition.at_once),
    }


def _table(*names: str) -> Table:
    """A table without lines; the first column on the left, figures on the right."""
    table = Table(box=None, pad_edge=False, padding=(0, 1, 0, 0), header_style="dim")
    for place, name in enumerate(names):
        table.add_column(name, justify="right" if place else "left", no_wrap=True)
    return table
