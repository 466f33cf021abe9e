"""The figures of a plan: cost lines that add up to the digit, the objective with its bound, and what must be noted."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from math import inf, isfinite
from typing import Any

from lotwright.plan.limits import Soft
from lotwright.plan.program import DEMANDED, Program, label_of
from lotwright.plan.protocols import Cost, Limit
from lotwright.plan.result import CostLine, Objective
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.solution import Solution
from lotwright.risk.model import RiskModel

SIDES = ("no_buys", "no_sells")
"""Limits that go without saying in programs that close a whole side."""
MICRO = Decimal("0.000001")
"""Dollars a cost line is rounded to, so that the lines add up to what was posed, digit for digit."""


def cost_lines(
    program: Program, snapshot: Snapshot, solution: Solution, *, verified: Mapping[str, Decimal]
) -> tuple[CostLine, ...]:
    """A line for each cost: the verifier's dollars, or the program's own for costs the verifier has no word for."""
    own = {id(cost) for cost in program.unverified}
    return tuple(
        CostLine(
            name=cost_name(cost),
            dollars=_micro(
                Decimal(cost.value(snapshot, solution.trades)) if id(cost) in own else verified[cost_name(cost)],
            ),
            text=cost.explain(snapshot, solution.trades),
        )
        for cost in program.costs
    )


def cost_name(cost: Cost) -> str:
    """``tax``; ``soft_cash`` for a softened limit."""
    return f"soft_{label_of(cost.limit)}" if isinstance(cost, Soft) else cost.kind


def _micro(dollars: Decimal) -> float:
    return float(dollars.quantize(MICRO, rounding=ROUND_HALF_EVEN)) + 0.0


def objective(lines: tuple[CostLine, ...], solution: Solution, *, value: Decimal) -> Objective:
    """Posed, bound and gap in millionths of a dollar, the bound rounded down and never above what was posed."""
    posed = sum((Decimal(repr(line.dollars)) for line in lines), Decimal(0))
    if not isfinite(solution.bound):
        return Objective(posed=float(posed), bound=-inf, gap=inf, gap_bp=inf, multipliers=solution.certificate)
    bound = min(posed, Decimal(solution.bound).quantize(MICRO, rounding=ROUND_FLOOR))
    return Objective(
        posed=float(posed),
        bound=float(bound),
        gap=float(posed - bound),
        gap_bp=float((posed - bound) / value * 10_000) if value > 0 else 0.0,
        multipliers=solution.certificate,
    )


def notes(program: Program, snapshot: Snapshot, solution: Solution, *, risk: RiskModel) -> tuple[str, ...]:
    """What was assumed or left open, in sentences a plan must repeat."""
    household = snapshot.household
    said = [*household.notes, *snapshot.year.notes]
    if risk.kind == "drift":
        said.append("There is no price history, so tracking risk is plain drift: every security moves on its own.")
    said += [risk.notes[symbol] for symbol in sorted(set(snapshot.symbol)) if symbol in risk.notes]
    said += [
        f"The verifier has no words for the cost {cost_name(cost)}; its dollars are the program's own."
        for cost in program.unverified
    ]
    said += _of_limits(program, snapshot, solution)
    first = solution.certificate.get("first")
    if first:
        said.append(_said_first(first, solution))
    if solution.stopped:
        said.append(f"The search {solution.stopped}, before the gap that was asked; more time may find a better plan.")
    return tuple(said)


def _of_limits(program: Program, snapshot: Snapshot, solution: Solution) -> list[str]:
    """What the program's own limits say of this plan, and names among them that the book does not know."""
    said = []
    every: list[Any] = [*program.limits, *(cost.limit for cost in program.costs if isinstance(cost, Soft))]
    for limit in every:
        if limit.kind not in DEMANDED:
            continue
        unknown = _unknown(limit, snapshot)
        if unknown:
            said.append(
                f"The limit {limit.kind} names {', '.join(unknown)}, which the table prices does not know. Correct the"
                " program if that is a slip."
            )
        if limit in program.limits and (limit.kind not in SIDES or _named(limit)):
            said.append(limit.explain(snapshot, solution.trades))
    said += [cost.explain(snapshot, solution.trades) for cost in program.costs if isinstance(cost, Soft)]
    return said


def _named(limit: Limit) -> dict[str, tuple[str, ...]]:
    """Symbols, sectors and tags that a limit names."""
    found = {part: tuple(getattr(limit, part, ())) for part in ("symbols", "sectors", "tags")}
    return {part: named for part, named in found.items() if named}


def _unknown(limit: Limit, snapshot: Snapshot) -> list[str]:
    """Names of a limit that no security of the book has."""
    prices = snapshot.market.prices.values()
    known: dict[str, set[str | None]] = {
        "symbols": set(snapshot.market.prices),
        "sectors": {price.sector for price in prices},
        "tags": {tag for price in prices for tag in (*price.tags, price.kind)},
    }
    return [name for part, named in _named(limit).items() for name in named if name not in known[part]]


def _said_first(first: Mapping[str, Any], solution: Solution) -> str:
    """What was proven of the number of orders, where it came before the costs."""
    count = int(first["tickets"])
    if "price" in first:
        more = first["price"] - max(solution.posed - solution.bound, 0.0)
        return (
            f"The fewest orders came first: a plan with fewer than {count} that keeps every limit would cost at least"
            f" ${more:,.0f} more."
        )
    if count <= first["at_least"]:
        return f"The fewest orders came first: no plan with fewer than {count} keeps every limit."
    return (
        f"The fewest orders came first: {count} were found, and no plan with fewer than {first['at_least']} keeps every limit;"
        " between the two the search was stopped."
    )
