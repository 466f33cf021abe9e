"""Recompute everything a plan claims, and say where it differs. Nothing is solved.

The trades are carried out on the book by the independent verifier; every figure the plan states is held against what
comes out; the bound is evaluated again from the plan's own multipliers.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from math import isfinite
from pathlib import Path
from typing import Any

import typer

from lotwright.book.book import Book
from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.cli.claims import Finding, differing, figures
from lotwright.errors import PlanError, ProgramError
from lotwright.files.plan_json import plan_from_json
from lotwright.files.risk_store import risk_models
from lotwright.plan.currency import in_currency
from lotwright.plan.fewest import first_of
from lotwright.plan.program import Program, load_program
from lotwright.plan.raising import with_raised
from lotwright.plan.recompute import bound_again, least_orders
from lotwright.plan.result import HouseholdPlan, Objective, Status
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.take_snapshot import take_snapshot
from lotwright.plan.terms import RiskNumbers
from lotwright.plan.verify import verify
from lotwright.plan.words import money
from lotwright.risk.model import RiskModel

ROUNDING = 1e-9
"""Fraction of household value by which a bound may be lost in the last digits of floats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found about one household's plan."""

    household: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """True when nothing differs."""
        return all(finding.ok for finding in self.findings)


def read_plans(path: Path) -> tuple[HouseholdPlan, ...]:
    """The plans of a JSON file: one object, or an array of them.

    Raises
    ------
    PlanError
        The file is not there, is not JSON, or is not of this schema.
    """
    document = read_document(path)
    return tuple(plan_from_json(entry) for entry in (document if isinstance(document, list) else [document]))


def read_document(path: Path) -> Any:
    """What a JSON file holds, its fractions as ``Decimal``.

    Raises
    ------
    PlanError
        The file is not there, or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    except OSError as error:
        raise PlanError(f"{path} cannot be read: {error.strerror}. Name a file that --json wrote.") from error
    except ValueError as error:  # of JSON, or of the text's encoding
        raise PlanError(f"{path} is not JSON: {error}. Name a file that --json wrote.") from error


def verify_plans(
    claims: Sequence[HouseholdPlan], book: Book, *, program: str | None, beside: Path
) -> tuple[Report, ...]:
    """A report for each plan.

    Raises
    ------
    ProgramError
        A plan's program is found neither by ``program`` nor by its own name.
    """
    risks = risk_models(book)
    loaded = {name: program_of_plan(name, program, beside) for name in sorted({claim.program for claim in claims})}
    return tuple(
        Report(
            household=claim.household,
            findings=findings_of(claim, book, program=loaded[claim.program], risk=risks(loaded[claim.program].risk)),
        )
        for claim in claims
    )


def findings_of(claim: HouseholdPlan, book: Book, *, program: Program, risk: RiskModel) -> tuple[Finding, ...]:
    """Every claim of one plan under the program it was made with, money in the words of its law."""
    with in_currency(claim.regime):
        return tuple(_findings(claim, book, program=program, risk=risk))


def print_findings(reports: Sequence[Report]) -> bool:
    """A line for each finding, what differs marked; True when nothing does."""
    for report in reports:
        for finding in report.findings:
            typer.echo(f"{report.household}  {'ok     ' if finding.ok else 'DIFFERS'}  {finding.name}: {finding.text}")
    wrong = [f"{report.household} ({_names(report)})" for report in reports if not report.ok]
    if wrong:
        typer.echo(f"{len(wrong)} of {len(reports)} plans are not what they claim: {', '.join(wrong)}.", err=True)
    return not wrong


def _names(report: Report) -> str:
    return ", ".join(dict.fromkeys(finding.name for finding in report.findings if not finding.ok))


def program_of_plan(name: str, given: str | None, beside: Path) -> Program:
    """The program a plan names, or the one given in its place.

    Raises
    ------
    ProgramError
        Neither is found.
    """
    try:
        return load_program(given if given is not None else name, beside=beside)
    except ProgramError as error:
        raise ProgramError(
            f"{error} The plan was made with the program {name}: name its file with --program."
        ) from None


def _findings(claim: HouseholdPlan, book: Book, *, program: Program, risk: RiskModel) -> Iterator[Finding]:
    """Every claim of one plan, held against the book."""
    facts = book.households.get(claim.household)
    if facts is not None and claim.raised:
        facts = with_raised(facts, claim.raised)
        asked = ", ".join(f"{money(amount)} from {account}" for account, amount in claim.raised.items())
        yield Finding(name="raised", ok=True, text=f"The plan was asked for {asked}, beyond the book's cash flows.")
    if facts is None:
        yield Finding(name="household", ok=False, text=f"The book has no household {claim.household}.")
        return
    if claim.status is Status.FAILED:
        reason = claim.failure.reason if claim.failure else "no reason"
        yield Finding(name="status", ok=True, text=f"The household has no plan ({reason}), so nothing is claimed.")
        return
    if isinstance(facts, Failure):
        yield Finding(name="input", ok=False, text=f"The book's rows allow no plan. {facts.message}")
        return
    yield from _provenance(claim, book, program)
    household = replace(facts, pending=(*facts.pending, *claim.wash_sales.honoured))
    yield from _figures(claim, book, household, program=program, risk=risk)


def _provenance(claim: HouseholdPlan, book: Book, program: Program) -> Iterator[Finding]:
    made = claim.provenance
    yield differing("as_of", claim.as_of.isoformat(), book.market.as_of.isoformat(), of="the book's day")
    if made is None:
        yield Finding(name="provenance", ok=False, text="The plan does not say what it was made from.")
        return
    yield differing("book_hash", made.book_hash[:12], book.content_hash[:12], of="the book's files")
    yield differing("program_hash", made.program_hash[:12], program.content_hash[:12], of=f"program {program.name}")


def _figures(
    claim: HouseholdPlan, book: Book, household: Household, *, program: Program, risk: RiskModel
) -> Iterator[Finding]:
    numbers = RiskNumbers(symbols=risk.symbols, exposure=risk.exposure, specific=risk.specific)
    true = verify(claim.trades, household, book.market, terms=program.terms(), risk=numbers)
    for check in true.checks:
        yield Finding(name=check.name, ok=check.ok, text=check.text)
    snapshot = take_snapshot(household, book.market, risk)
    if isinstance(snapshot, Failure):
        yield Finding(name="input", ok=False, text=snapshot.message)
        return
    snapshot = program.view(snapshot)
    yield from figures(claim, true, snapshot=snapshot, program=program)
    if claim.objective is None:
        yield Finding(name="objective", ok=False, text="The plan states no objective.")
    else:
        yield _bound(claim.objective, program, snapshot)
        if program.first:
            yield _fewest(claim, program, snapshot)


def _bound(objective: Objective, program: Program, snapshot: Snapshot) -> Finding:
    """The bound again, from the plan's multipliers."""
    if not isfinite(objective.bound):
        return Finding(name="bound", ok=True, text="No bound is claimed.")
    try:
        again = bound_again(objective.multipliers, program, snapshot)
    except PlanError as error:
        return Finding(name="bound", ok=False, text=str(error))
    except (KeyError, TypeError, ValueError, IndexError, ArithmeticError) as error:
        return Finding(name="bound", ok=False, text=f"The multipliers cannot be read: {type(error).__name__}: {error}.")
    if objective.bound <= again + ROUNDING * max(snapshot.total_value, 1.0):
        return Finding(name="bound", ok=True, text=f"The multipliers prove a bound of {money(again)}.")
    text = f"The plan claims {money(objective.bound)}; its multipliers prove no more than {money(again)}."
    return Finding(name="bound", ok=False, text=text)


def _fewest(claim: HouseholdPlan, program: Program, snapshot: Snapshot) -> Finding:
    """The number of orders the bound was made for is the plan's own, and no plan has fewer than is said."""
    claimed = first_of(claim.objective.multipliers) if claim.objective is not None else {}
    count = len(claim.trades)
    if claimed.get("tickets", count) != count:
        text = f"The bound is on plans of {claimed.get('tickets')} orders, the plan has {count}."
        return Finding(name="tickets", ok=False, text=text)
    if claim.objective is None or "at_least" not in claimed:
        return Finding(name="tickets", ok=True, text=f"The bound is on plans of no more than {count} orders.")
    try:
        again = least_orders(claim.objective.multipliers, program, snapshot)
    except (PlanError, KeyError, TypeError, ValueError, IndexError, ArithmeticError) as error:
        return Finding(
            name="tickets", ok=False, text=f"The multipliers cannot be read: {type(error).__name__}: {error}."
        )
    if again < int(claimed["at_least"]):
        text = f"The plan claims that no plan has fewer than {claimed['at_least']} orders; {again} are proven."
        return Finding(name="tickets", ok=False, text=text)
    return Finding(
        name="tickets", ok=True, text=f"The plan has {count} orders; no allowed plan has fewer than {again}."
    )
