"""Limits that couple holdings without being rows, and costs curved more than the form can be: by prices and tangents.

Problem: turnover, the number of orders and active variance are sums over holdings (or accounts) that no linear row
expresses; market impact is a 3/2 power, which no cell of the form has.
Observations: at a price mu >= 0 each such limit's level is a cost the form does have a place for (a dollar traded, an order,
risk), and for every plan that keeps the limit  cost >= cost + mu (level - right).  So

    bound(mu) = (least of the form with mu * level among its costs) - mu * right

is rigorous for any mu whatever, whole shares and all. The function is concave in mu, and every plan found gives a cut
``cost + mu (level - right)`` above it. A power |x|^1.5 lies above its tangents (for the bound) and below the quadratic
that touches it at u, (x^2 / sqrt(u) + sqrt(u) |x|) / 2 (for the plan: each round can only improve it).
Therefore: climb bound(mu) by cutting planes, keep the best plan that keeps every limit, and write prices and points into
the certificate, from which the bound is recomputed without solving. A soft limit, whose excess costs its price p a unit, is
one whose mu goes no further than p:  p (level - right)^+ >= mu (level - right)  for 0 <= mu <= p, and no plan breaks it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lotwright.book.failure import Failure
from lotwright.errors import PlanError
from lotwright.plan.costs.amounts import bought_dollars, sold_dollars
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.separable.form import Coupling, SeparableForm
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Floats, Snapshot
from lotwright.plan.solution import Solution

ROUNDS = 16
"""Most prices tried."""
TOUCHES = 4
"""Most times the curved costs are touched anew at one price."""
DEAREST = 2.0**24
"""Times the first guess of a price at which a limit that is still broken counts as out of reach."""
KEPT = 1e-9
"""Part of household value (or of one) by which floats may miss a right side."""

Solve = Callable[[SeparableForm, Effort, Callable[[], float]], Solution | Failure]


def charge(form: SeparableForm, prices: Mapping[str, float], points: Sequence[float]) -> float:
    """Add priced couplings and tangents to a form; returns the dollars that the bound must give back.

    Raises
    ------
    PlanError
        A price is of no limit of the program or negative, or the points do not fit the household.
    """
    known = {coupling.name: coupling for coupling in form.priced}
    free = 0.0
    for name, said in prices.items():
        price = float(said)
        if name not in known or not (np.isfinite(price) and price >= 0):
            raise PlanError(f"The certificate has the price {price!r} for {name}, which is no price of this program.")
        ceiling = known[name].price
        if ceiling is not None and price > ceiling:
            raise PlanError(
                f"The certificate has the price {price!r} for {name}, which costs no more than {ceiling!r}."
            )
        known[name].charge(form, price)
        free += price * known[name].right
    if form.curved:
        at = np.asarray(points, dtype=float)
        if at.shape != (len(form.snapshot.symbol),) or not (np.isfinite(at).all() and (at >= 0).all()):
            raise PlanError("The certificate's points do not fit this household. Plan it again.")
        free += _touch_from_below(form, at)
    return free


def _touch_from_below(form: SeparableForm, at: Floats) -> float:
    """Tangents of the curved costs at ``at`` dollars traded; returns the dollars they lie below at no trade."""
    free = 0.0
    for curved in form.curved:
        slope = 1.5 * curved.weight * np.sqrt(at)
        form.buy_cost += slope
        form.sell_cost += slope
        free += float(0.5 * curved.weight @ at**1.5)
    return free


def _touch_from_above(form: SeparableForm, at: Floats) -> None:
    """Quadratics that touch the curved costs at ``at`` dollars traded and lie above them elsewhere."""
    for curved in form.curved:
        form.curve += 0.5 * curved.weight / np.sqrt(at)
        slope = 0.5 * curved.weight * np.sqrt(at)
        form.buy_cost += slope
        form.sell_cost += slope


@dataclass(slots=True, kw_only=True, eq=False)
class _Climb:
    """The best plan and the best bound so far, and a cut for every plan that was found."""

    program: Program
    snapshot: Snapshot
    couplings: tuple[Coupling, ...]
    effort: Effort
    solve: Solve
    clock: Callable[[], float]
    started: float
    best: Solution | None = None
    bound: float = -np.inf
    certificate: Mapping[str, Any] = field(default_factory=dict)
    cuts: list[tuple[float, Floats]] = field(default_factory=list)
    points: Floats = field(default_factory=lambda: np.zeros(0))
    nodes: int = 0
    stopped: str | None = None

    @property
    def goal(self) -> float:
        """Dollars of gap at which the climb may stop."""
        return self.effort.gap_bp * 1e-4 * max(self.snapshot.total_value, 0.0)

    def is_done(self) -> bool:
        """True once the gap is small enough, or the time is up."""
        if self.best is not None and self.best.posed - self.bound <= self.goal:
            return True
        seconds = self.effort.seconds
        if seconds is not None and self.clock() - self.started > seconds:
            self.stopped = f"stopped after {seconds:g} seconds"
        return self.stopped is not None

    def visit(self, prices: Floats) -> Failure | None:
        """Plan and bound at these prices; a failure only where the form itself has no plan."""
        form = self._form(prices)
        if not form.curved:
            found = self._solved(form, prices, free=float(prices @ self._right()))
            return found if isinstance(found, Failure) else None
        for _ in range(TOUCHES):
            before = self.points.copy()
            form = self._form(prices)
            _touch_from_above(form, self.points)
            found = self._run(form)
            if isinstance(found, Failure):
                return found
            self.offer(found.trades)
            self.points = self.touching(found.trades)
            if np.abs(self.points - before).sum() <= 1e-4 * max(before.sum(), 1.0):
                break
        form = self._form(prices)
        free = _touch_from_below(form, self.points) + float(prices @ self._right())
        low = self._solved(form, prices, free=free)
        return low if isinstance(low, Failure) else None

    def _form(self, prices: Floats) -> SeparableForm:
        form = self.program.form(self.snapshot)
        if form is None:
            raise PlanError(f"Program {self.program.name} is not separable. Plan it through the general path.")
        for coupling, price in zip(form.priced, prices, strict=True):
            if price > 0:
                coupling.charge(form, float(price))
        return form

    def _run(self, form: SeparableForm) -> Solution | Failure:
        left = None
        if self.effort.seconds is not None:
            left = max(self.effort.seconds - (self.clock() - self.started), 0.05)
        found = self.solve(form, replace(self.effort, gap_bp=0.4 * self.effort.gap_bp, seconds=left), self.clock)
        if isinstance(found, Solution):
            self.nodes += found.nodes
        return found

    def _solved(self, form: SeparableForm, prices: Floats, *, free: float) -> Solution | Failure:
        """Solve, keep the bound if it is better, offer the plan."""
        found = self._run(form)
        if isinstance(found, Failure):
            return found
        if found.bound - free > self.bound:
            self.bound = found.bound - free
            said = {c.name: float(price) for c, price in zip(self.couplings, prices, strict=True) if price > 0}
            self.certificate = {**found.certificate, "prices": said}
            if form.curved:
                self.certificate = {**self.certificate, "points": self.points.tolist()}
        self.offer(found.trades, found)
        return found

    def offer(self, trades: Trades, found: Solution | None = None) -> None:
        """Keep a plan that keeps every limit and is cheaper; remember its cut in any case."""
        value, over = self.program.value(self.snapshot, trades), self._over(trades)
        paid = sum(
            c.price * max(float(o), 0.0) for c, o in zip(self.couplings, over, strict=True) if c.price is not None
        )
        self.cuts.append((value - paid, over))
        allowed = np.array([self.tolerance(c) if c.price is None else np.inf for c in self.couplings])
        if (over <= allowed).all() and (self.best is None or value < self.best.posed - 1e-9):
            base = found or self.best
            if base is None:
                base = Solution(trades=trades, posed=value, bound=-np.inf, certificate={}, solver="", solver_version="")
            self.best = replace(base, trades=trades, posed=value)

    def tolerance(self, coupling: Coupling) -> float:
        """By how much floats may miss a coupling's right side."""
        return KEPT * (1.0 if coupling.whole else max(abs(coupling.right), 1e-3))

    def _over(self, trades: Trades) -> Floats:
        return np.array([coupling.level(trades) - coupling.right for coupling in self.couplings])

    def _right(self) -> Floats:
        return np.array([coupling.right for coupling in self.couplings])

    def touching(self, trades: Trades) -> Floats:
        """Dollars each holding trades, at least so many that the tangents together lose next to nothing at no trade."""
        weight = sum((curved.weight for curved in self._form(np.zeros(len(self.couplings))).curved), start=np.zeros(1))
        traded = bought_dollars(self.snapshot, trades) + sold_dollars(self.snapshot, trades)
        lost = 0.02 * self.goal / max(len(traded), 1)
        least = np.where(weight > 0, (2.0 * lost / np.where(weight > 0, weight, 1.0)) ** (2.0 / 3.0), 1.0)
        return np.maximum(traded, np.maximum(least, 0.01))

    def next_prices(self, most: Floats) -> tuple[Floats, float]:
        """Where the cuts leave most room for a higher bound, and how high it could be there."""
        from scipy.optimize import linprog  # noqa: PLC0415  half a second of every run, and few ask for prices

        rows = np.array([[1.0, *(-over)] for _, over in self.cuts])
        right = np.array([value for value, _ in self.cuts])
        scale = np.maximum(np.abs(rows).max(axis=0), 1e-12)
        found = linprog(
            np.array([-1.0, *np.zeros(len(most))]) / scale,
            A_ub=rows / scale,
            b_ub=right,
            bounds=[(None, None), *((0.0, top * unit) for top, unit in zip(most, scale[1:], strict=True))],
            method="highs",
        )
        if found.x is None:
            return most, np.inf
        return np.clip(found.x[1:] / scale[1:], 0.0, most), float(found.x[0] / scale[0])


def solve_priced(
    program: Program,
    snapshot: Snapshot,
    effort: Effort,
    *,
    solve: Solve,
    clock: Callable[[], float],
    start: Trades | None = None,
) -> Solution | Failure:
    """Cheapest plan of a program with priced couplings or curved costs, with a rigorous bound.

    Parameters
    ----------
    program, snapshot, effort : as for :func:`lotwright.plan.separable.certify.solve_separable`
    solve : callable
        Solves a form without them.
    clock : callable
        Read only to keep ``effort.seconds``.
    start : Trades, optional
        A plan that keeps every limit, to begin with.
    """
    form = program.form(snapshot)
    if form is None:
        raise PlanError(f"Program {program.name} is not separable. Plan it through the general path.")
    couplings = tuple(form.priced)
    still = Trades(sell=np.zeros(len(snapshot.lot)), buy=np.zeros(len(snapshot.symbol)))
    climb = _Climb(
        program=program,
        snapshot=snapshot,
        couplings=couplings,
        effort=effort,
        solve=solve,
        clock=clock,
        started=clock(),
    )
    if form.curved:
        away = np.abs(snapshot.quantity * snapshot.price - snapshot.target)
        climb.points = np.maximum(climb.touching(still), away)
    if start is not None:
        climb.offer(start)
    failed = climb.visit(np.zeros(len(couplings)))
    if failed is not None:
        climb.is_done()
        return failed if climb.best is None or failed.reason == "infeasible" else _finished(climb)
    if climb.is_done():
        return _finished(climb)
    dearest = np.array([np.inf if coupling.price is None else coupling.price for coupling in couplings])
    most = np.minimum([4.0 * coupling.guess for coupling in couplings], dearest)
    at = np.zeros(len(couplings))
    for _ in range(ROUNDS if couplings else 0):
        at, ceiling = climb.next_prices(most)
        if ceiling - climb.bound <= 0.2 * climb.goal:
            break
        if climb.visit(at) is not None:
            break  # a plan exists, found at no price: at this one nothing but the limit counts, and floats say otherwise
        if climb.is_done():
            return _finished(climb)
        capped = at >= most * (1 - 1e-9)
        if capped.any() and (climb.cuts[-1][1] > 0)[capped].any():
            most = np.minimum(np.where(capped, 16.0 * most, most), dearest)
            if (most > DEAREST * np.array([c.guess for c in couplings])).any():
                break
    if couplings:
        _closer(climb, at, dearest)
    return _finished(climb)


def _closer(climb: _Climb, at: Floats, dearest: Floats) -> None:
    """Look for plans that keep the limits at prices a little above the best ones."""
    guess = np.array([coupling.guess for coupling in climb.couplings])
    for more in (0.002, 0.02, 0.1, 0.5):
        if climb.is_done():
            return
        if climb.visit(np.minimum(at * (1.0 + more) + 1e-3 * more * guess, dearest)) is not None:
            return


def _finished(climb: _Climb) -> Solution | Failure:
    """The best plan with the best bound, or which limit is out of reach and by how much."""
    if climb.best is None:
        return _beyond(climb)
    bound = min(climb.bound, climb.best.posed)
    stopped = climb.stopped
    if stopped is None and climb.best.posed - bound > climb.goal:
        stopped = "ended with what prices alone can prove"
    return replace(
        climb.best, bound=bound, certificate=climb.certificate or {"kind": "none"}, nodes=climb.nodes, stopped=stopped
    )


def _beyond(climb: _Climb) -> Failure:
    """No plan that was found keeps every limit: the nearest one names the limits and by how much it misses them."""
    scale = np.array([max(abs(c.right), 1e-9 * max(climb.snapshot.total_value, 1.0)) for c in climb.couplings])
    hard = np.array([c.price is None for c in climb.couplings])
    over = min(
        (cut[1] for cut in climb.cuts), key=lambda missed: float(np.maximum(missed / scale, 0.0)[hard].max(initial=0.0))
    )
    pairs = zip(climb.couplings, over, strict=True)
    broken = [(c, miss) for c, miss in pairs if c.price is None and miss > climb.tolerance(c)]
    said = "; ".join(
        f"{c.name} ends at {c.show(c.right + miss)} where {c.show(c.right)} is allowed" for c, miss in broken
    )
    who = climb.snapshot.household.household
    return Failure(
        reason="not_found" if climb.stopped else "infeasible",
        message=f"{who}: no trade list keeps every limit. The nearest one found: {said}. Raise the limit, or lift what stands"
        " in its way (restrictions, wash sales, budgets).",
        evidence={
            "limits": [c.name for c, _ in broken],
            "missing": {c.name: float(miss) for c, miss in broken},
            "stopped": climb.stopped,
        },
    )
