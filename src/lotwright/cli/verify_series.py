"""Verify a frontier or a staged transition: every plan of it, under the program and from the book it was made from.

The points of a frontier differ in their program alone, the price of risk, and stand in order; the years of a transition
differ in their book, which is the one that the year before leaves.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import pairwise
from math import isclose
from pathlib import Path
from typing import Any

from lotwright.book.book import Book
from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.cli.claims import Finding, differing
from lotwright.cli.frontier_report import FRONTIER_SCHEMA, TRANSITION_SCHEMA
from lotwright.cli.verify import Report, findings_of, program_of_plan
from lotwright.errors import PlanError
from lotwright.files.plan_json import plan_from_json
from lotwright.files.risk_store import risk_models
from lotwright.plan.frontier import NOTHING, TAX_COSTS, TRACKING_COSTS, at_risk_price
from lotwright.plan.limits import GainBudget
from lotwright.plan.next_year import year_later
from lotwright.plan.program import Program
from lotwright.plan.result import HouseholdPlan
from lotwright.plan.still import still
from lotwright.plan.transition import with_budget
from lotwright.plan.words import money, percent
from lotwright.risk.model import RiskModel

DIGIT = 1e-5
"""Dollars: the sums that a point states."""


def is_series(document: object) -> bool:
    """True for what ``frontier`` or ``transition`` wrote."""
    return isinstance(document, Mapping) and document.get("schema") in (FRONTIER_SCHEMA, TRANSITION_SCHEMA)


def verify_series(document: Mapping[str, Any], book: Book, *, program: str | None, beside: Path) -> tuple[Report, ...]:
    """A report for each plan of a frontier or a transition.

    Raises
    ------
    PlanError
        The document lacks what ``frontier`` and ``transition`` write.
    ProgramError
        Its program is found neither by ``program`` nor by its own name.
    """
    try:
        name = str(document["household"])
        own = program_of_plan(str(document["program"]), program, beside)
        facts = book.households.get(name)
        if facts is None or isinstance(facts, Failure):
            said = f"The book has no household {name}." if facts is None else facts.message
            return (Report(household=name, findings=(Finding(name="household", ok=False, text=said),)),)
        risk = risk_models(book)(own.risk)
        if document["schema"] == FRONTIER_SCHEMA:
            return tuple(_frontier(document["points"], facts, book, program=own, risk=risk))
        return tuple(_transition(document, facts, book, program=own, risk=risk))
    except (KeyError, TypeError, ValueError) as error:
        raise PlanError(
            f"The file is no whole {document['schema']}: {type(error).__name__}: {error}. Write it anew with --json."
        ) from error


def _frontier(points: Any, facts: Household, book: Book, *, program: Program, risk: RiskModel) -> Iterator[Report]:
    """A report for each point, and one on their order."""
    for point in points:
        claim, label = plan_from_json(point["plan"]), str(point["label"])
        if label == NOTHING:
            judged, findings = program, tuple(_nothing(claim, facts, book, program=program, risk=risk))
        else:
            price, untaxed = float(point["risk_price"]), bool(point["without_tax"])
            judged = at_risk_price(program, price, without_tax=untaxed)
            findings = findings_of(claim, book, program=judged, risk=risk)
        label = label or f"risk at {float(point['risk_price']):,.3g}"
        true = still(facts, market=book.market, risk=risk, program=program, trades=claim.trades)
        yield Report(household=f"{facts.household} {label}", findings=(*findings, _point(point, claim, true)))
    kept = [point for point in points if point["is_allowed"] and not point["is_dominated"]]
    wrong = [
        f"{percent(float(other['tracking_error']), 2)} at {money(float(other['tax']))}"
        for one, other in pairwise(kept)
        if other["tracking_error"] > one["tracking_error"] or other["tax"] < one["tax"]
    ]
    text = f"out of order: {', '.join(wrong)}." if wrong else "Tax never falls as tracking error falls."
    yield Report(household=facts.household, findings=(Finding(name="order", ok=not wrong, text=text),))


def _nothing(
    claim: HouseholdPlan, facts: Household, book: Book, *, program: Program, risk: RiskModel
) -> Iterator[Finding]:
    """No trades are claimed, and the rules that stand against it are named."""
    true = still(facts, market=book.market, risk=risk, program=program)
    yield differing("trades", len(claim.trades), 0, of="doing nothing")
    broken = [", ".join(c.name for c in plan.checks if not c.ok) or "none" for plan in (claim, true)]
    yield differing("broken", broken[0], broken[1], of="rules broken, the verifier")


def _point(point: Mapping[str, Any], claim: HouseholdPlan, true: HouseholdPlan) -> Finding:
    """The figures the picture is drawn from, by the verifier under the program as it is."""
    cost = {line.name: line.dollars for line in true.costs} | {
        line.name: line.dollars for line in claim.costs if line.name not in {own.name for own in true.costs}
    }
    tax = sum(cost.get(name, 0.0) for name in TAX_COSTS)
    other = sum(dollars for name, dollars in cost.items() if name not in (*TRACKING_COSTS, *TAX_COSTS))
    error = 0.0 if true.tracking is None else true.tracking.after
    drawn = (float(point["tax"]), float(point["other_costs"]), float(point["tracking_error"]))
    ok = all(isclose(a, b, abs_tol=DIGIT) for a, b in zip(drawn, (tax, other, error), strict=True))
    said = f"tax {money(tax)}, other costs {money(other)}, tracking error {percent(error, 2)}"
    text = f"Drawn at {said}." if ok else f"the point is drawn elsewhere than at {said}."
    return Finding(name="point", ok=ok, text=text)


def _transition(
    document: Mapping[str, Any], facts: Household, book: Book, *, program: Program, risk: RiskModel
) -> Iterator[Report]:
    """A report for each year, from the book that the year before leaves, and for all at once."""
    at_once = plan_from_json(document["at_once"]["plan"])
    unbound = with_budget(program, None)
    yield Report(
        household=f"{facts.household} all at once", findings=findings_of(at_once, book, program=unbound, risk=risk)
    )
    budget = None if document["budget"] is None else float(document["budget"])
    limit = next((limit for limit in program.limits if isinstance(limit, GainBudget)), None)
    if budget != (None if limit is None else limit.net):
        program = with_budget(program, budget)
    household, market = facts, book.market
    for stage in document["stages"]:
        claim = plan_from_json(stage["plan"])
        year = replace(book, households={household.household: household}, market=market)
        findings = findings_of(claim, year, program=program, risk=risk)
        yield Report(household=f"{facts.household} {market.as_of.isoformat()}", findings=findings)
        household, market = year_later(household, market, claim)
