"""The frontier of one household: how much tax each step towards the model portfolio costs, from nothing to everything.

Problem: a client with a concentrated or legacy portfolio asks what it costs to come closer to the model, and how close.
Observations: at a price of risk, a plan is the cheapest mix of tax, trading and tracking risk; sweeping the price sweeps the
frontier. Each plan's bound says that no allowed trade list has ``price * value * variance + other costs`` below it, so
every bound is a line that no trade list whatever is under: together they bound the tracking error of every tax from below.
Therefore: prices of risk are tried where the picture has its widest gaps, dominated plans are left out, and each point
carries its plan with bound and checks, and the least tracking error that the lines of *all* points prove possible at its cost.

The ends are *do nothing* (cash flows only) and *sell everything* (to the model as closely as whole shares and rules allow,
whatever the tax): programs like any other, the second without its cost of tax. Doing nothing is the end also where a rule
does not allow it, and says which: it is where the household stands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import inf, sqrt

from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.book.market import Market
from lotwright.errors import ProgramError
from lotwright.plan.costs import AssetLocation, FutureTax, HouseholdTracking, Tax, Tracking
from lotwright.plan.household import plan_household
from lotwright.plan.program import Program
from lotwright.plan.protocols import Cost
from lotwright.plan.result import Check, HouseholdPlan
from lotwright.plan.separable.tree import Effort
from lotwright.plan.still import still
from lotwright.risk.model import RiskModel

NOTHING, EVERYTHING = "do nothing", "sell everything"
CHEAPEST, DEAREST = 0.02, 5000.0
"""Prices of risk between which the frontier is looked for, $ a year per $ of value and unit of variance."""
AT_ANY_TAX = 2000.0
"""Price of risk of *sell everything*."""
SAME = 1.02
"""Prices of risk nearer to each other than this factor are not worth a plan between them."""
APART = 0.02
"""Part of the picture, its width and height added, that two points must be apart: nearer ones look like one."""
FEWEST = 3
TRACKING_COSTS = (Tracking.kind, HouseholdTracking.kind)
TAX_COSTS = (Tax.kind, FutureTax.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One plan of the frontier.

    ``tax`` is the program's cost of tax in dollars (this year's tax with the plan less without it, losses carried out
    counted at their worth); ``other`` what else it costs but tracking; ``tracking_error`` annual volatility after the plan;
    ``least_error`` a tracking error below which no allowed plan gets at this tax and other cost, proven; ``bound`` and
    ``gap_bp`` are the plan's own, under its own price of risk (``None`` for *do nothing*, which nothing was priced for).
    Only *do nothing* may not be allowed: ``broken`` names the rules.
    """

    label: str
    risk_price: float | None
    plan: HouseholdPlan
    tax: float
    other: float
    tracking_error: float
    least_error: float = 0.0
    is_dominated: bool = False

    @property
    def checks(self) -> tuple[Check, ...]:
        """The independent verification of the plan."""
        return self.plan.checks

    @property
    def broken(self) -> tuple[Check, ...]:
        """The checks that fail: none but where doing nothing is not allowed."""
        return tuple(check for check in self.plan.checks if not check.ok)


@dataclass(frozen=True, slots=True, kw_only=True)
class Frontier:
    """Points from *do nothing* to *sell everything*; between them tracking error falls and tax rises, strictly."""

    household: str
    program: str
    points: tuple[Point, ...]
    asked: int

    @property
    def between(self) -> tuple[Point, ...]:
        """The points that are no ends."""
        return self.points[1:-1]


def frontier(
    household: Household,
    *,
    market: Market,
    risk: RiskModel,
    program: Program,
    points: int = 12,
    effort: Effort | None = None,
    progress: Callable[[int], None] | None = None,
) -> Frontier | Failure:
    """Tax against tracking error in up to ``points`` plans, the ends counted; fewer where fewer differ.

    Parameters
    ----------
    household, market, risk : the facts
    program : Program
        Its limits hold for every point; its price of risk is swept.
    points : int
        At least 3.
    effort : Effort, optional
        Of each plan.
    progress : callable, optional
        Called with the number of plans made so far.

    Raises
    ------
    ProgramError
        Fewer than 3 points are asked, or the program has no cost of tracking to sweep.
    """
    if points < FEWEST:
        raise ProgramError(f"A frontier of {points} points has no middle. Ask for {FEWEST} or more.")
    if not any(isinstance(cost, Tracking | HouseholdTracking) for cost in program.costs):
        raise ProgramError(f"Program {program.name} has no cost of tracking, whose price a frontier sweeps. Add one.")
    sweep = _Sweep(
        household=household,
        market=market,
        risk=risk,
        program=program,
        effort=Effort() if effort is None else effort,
        progress=progress,
    )
    end = sweep.plan(AT_ANY_TAX, without_tax=True)
    if isinstance(end, Failure):
        return end
    start = sweep.nothing()
    found = sweep.between(points - 2, start=start, end=end)
    if isinstance(found, Failure):
        return found
    ends = replace(start, is_dominated=any(_beats(p, start) for p in found)), end
    every = [replace(p, least_error=sweep.least_error(p)) for p in (ends[0], *found, ends[1])]
    return Frontier(household=household.household, program=program.name, points=tuple(every), asked=points)


def at_risk_price(program: Program, price: float, *, without_tax: bool = False) -> Program:
    """The same program at another price of risk, and without its costs of tax if asked."""

    def priced(cost: Cost) -> Cost:
        return replace(cost, risk_price=price) if isinstance(cost, Tracking | HouseholdTracking) else cost

    left_out = (Tax, FutureTax, AssetLocation) if without_tax else ()
    costs = tuple(priced(cost) for cost in program.costs if not isinstance(cost, left_out))
    return replace(program, costs=costs)


@dataclass(slots=True, kw_only=True, eq=False)
class _Sweep:
    """Plans made so far and the lines their bounds prove: (price of risk, value, bound in dollars)."""

    household: Household
    market: Market
    risk: RiskModel
    program: Program
    effort: Effort
    progress: Callable[[int], None] | None
    made: int = 0
    lines: list[tuple[float, float, float]] = field(default_factory=list)

    def nothing(self) -> Point:
        """The point of no trades at all, judged as it is."""
        plan = still(self.household, market=self.market, risk=self.risk, program=self.program)
        return _point(plan, NOTHING, None, {line.name: line.dollars for line in plan.costs})

    def plan(self, price: float, *, without_tax: bool = False) -> Point | Failure:
        """The cheapest plan at a price of risk."""
        program = at_risk_price(self.program, price, without_tax=without_tax)
        plan = plan_household(
            self.household,
            name=self.household.household,
            market=self.market,
            risk=self.risk,
            program=program,
            effort=self.effort,
        )
        self.made += 1
        if self.progress is not None:
            self.progress(self.made)
        if plan.failure is not None:
            return plan.failure
        assert plan.objective is not None
        cost = {line.name: line.dollars for line in plan.costs}
        if without_tax:
            judged = still(self.household, market=self.market, risk=self.risk, program=self.program, trades=plan.trades)
            cost = {line.name: line.dollars for line in judged.costs}
            return _point(plan, EVERYTHING, price, cost)
        self.lines.append((price, float(plan.value), plan.objective.bound))
        return _point(plan, "", price, cost)

    def between(self, count: int, *, start: Point, end: Point) -> list[Point] | Failure:
        """Up to ``count`` plans that dominate each other nowhere, where the gaps between neighbours are widest."""
        tried: list[Point] = []
        if start.broken and end.tracking_error >= start.tracking_error:  # the rules themselves lead away from the model
            start = replace(start, tracking_error=inf)
        for first in (CHEAPEST, DEAREST, sqrt(CHEAPEST * DEAREST)):
            point = self.plan(first)
            if isinstance(point, Failure):
                return point
            tried.append(point)
        while len(kept := _efficient(tried, start=start, end=end)) < count and self.made < 4 * count + 8:
            price = _widest(tried, start=start, end=end)
            if price is None:
                break
            point = self.plan(price)
            if isinstance(point, Failure):
                return point
            tried.append(point)
        return kept[:count]

    def least_error(self, point: Point) -> float:
        """The largest of what every line proves at the point's costs; never above what the point itself reaches."""
        cost = point.tax + point.other
        variance = max(
            ((bound - cost) / (price * value) for price, value, bound in self.lines if value > 0), default=0.0
        )
        proven = sqrt(max(variance, 0.0))
        return proven if point.broken else min(proven, point.tracking_error)


def _point(plan: HouseholdPlan, label: str, price: float | None, cost: dict[str, float]) -> Point:
    assert plan.tracking is not None
    tax = sum(cost.get(name, 0.0) for name in TAX_COSTS)
    other = sum(dollars for name, dollars in cost.items() if name not in (*TRACKING_COSTS, *TAX_COSTS))
    error = plan.tracking.after
    return Point(label=label, risk_price=price, plan=plan, tax=tax, other=other, tracking_error=error)


def _beats(one: Point, other: Point) -> bool:
    """True if ``one`` is no dearer in tax and no farther from the model, and better in one of the two."""
    if one.tax > other.tax or one.tracking_error > other.tracking_error:
        return False
    return one.tax < other.tax or one.tracking_error < other.tracking_error


def _efficient(tried: Sequence[Point], *, start: Point, end: Point) -> list[Point]:
    """Points that none beats, from the farthest to the nearest to the model, no farther than where things stand."""
    inside = [p for p in tried if p.tracking_error < start.tracking_error and p.tax < end.tax]
    kept: list[Point] = []
    for point in sorted(inside, key=lambda p: (p.tracking_error, p.tax)):
        if (not kept or point.tax < kept[-1].tax) and point.tracking_error > end.tracking_error:
            kept.append(point)
    return _told_apart(kept[::-1])


def _told_apart(kept: Sequence[Point]) -> list[Point]:
    """The points that stand visibly apart in the picture, the nearest to the model among them."""
    if not kept:
        return []
    wide = max(kept[-1].tax - kept[0].tax, 0.01)
    high = max(kept[0].tracking_error - kept[-1].tracking_error, 1e-9)
    told = [kept[-1]]
    for point in kept[-2::-1]:
        other = told[-1]
        apart = (other.tax - point.tax) / wide + (point.tracking_error - other.tracking_error) / high
        if apart >= APART or point is kept[0]:
            told.append(point)
    return told[::-1]


def _widest(tried: Sequence[Point], *, start: Point, end: Point) -> float | None:
    """The price of risk in the middle of the two neighbours that stand farthest apart in the picture."""
    ordered = sorted(tried, key=lambda p: p.risk_price or 0.0)
    wide = max(abs(end.tax - min(p.tax for p in tried)), 0.01)
    farthest = min(start.tracking_error, max(p.tracking_error for p in tried))
    high = max(abs(farthest - end.tracking_error), 1e-9)
    best = 0.0
    price: float | None = None
    for one, other in pairwise(ordered):
        low, top = one.risk_price or 0.0, other.risk_price or inf
        if one.tracking_error <= end.tracking_error or other.tracking_error >= start.tracking_error or top / low < SAME:
            continue
        apart = abs(other.tax - one.tax) / wide + abs(other.tracking_error - one.tracking_error) / high
        if one.tracking_error > start.tracking_error:  # only the part of the gap that may be shown counts
            apart *= (start.tracking_error - other.tracking_error) / (one.tracking_error - other.tracking_error)
        if apart > max(best, 1e-6):
            best, price = apart, sqrt(low * top)
    return price
