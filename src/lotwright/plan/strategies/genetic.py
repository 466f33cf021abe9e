"""A genetic algorithm (pymoo) as a strategy: the yardstick people ask for, and an example of a plug-in.

A gene is one holding's net trade: below zero the part of the position sold, above zero the part of the way to twice the
target or 5 % of the account bought, and nothing in a dead zone around zero, so that tickets can disappear. Whole shares,
restrictions, locks, lots (cheapest tax first, or the account's order) and money are repaired before an individual is judged
by the program's own costs; what still breaks a limit is penalised in proportion.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from pymoo.algorithms.soo.nonconvex.ga import GA
from pymoo.core.problem import Problem
from pymoo.optimize import minimize
from pymoo.termination.collection import TerminationCollection
from pymoo.termination.max_eval import MaximumFunctionCallTermination
from pymoo.termination.max_time import TimeBasedTermination

from lotwright.plan.costs.amounts import cash_after
from lotwright.plan.limits import MinimumTicket, WholeShares
from lotwright.plan.limits.restrictions import bounds
from lotwright.plan.limits.window import loss_rules
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Floats, Snapshot

DEAD = 0.15
"""Genes nearer to zero than this trade nothing."""
PENALTY = 0.01
"""Fraction of household value an individual is charged for each limit it breaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Genetic:
    """Search by selection, crossover and mutation over whole-share trades.

    Parameters
    ----------
    population : int
        Individuals of a generation.
    evaluations : int
        Individuals judged at most; where that ends the search before the clock does, the same input gives the same trades.
    seed : int
        Of pymoo's random numbers.
    """

    population: int = 60
    evaluations: int = 20_000
    seed: int = 1

    @property
    def name(self) -> str:
        """As plans call it."""
        return "genetic"

    def trades(self, snapshot: Snapshot, program: Program, *, seconds: float | None) -> Trades:
        """The best individual found; the one that trades nothing is among the first."""
        body = _Body(program, snapshot)
        count = len(snapshot.symbol)
        ends = [MaximumFunctionCallTermination(self.evaluations)]
        if seconds is not None:
            ends.append(TimeBasedTermination(seconds))
        rng = np.random.default_rng(self.seed)
        first = np.clip(body.towards_targets() + rng.normal(0.0, 0.2, (self.population, count)), -1.0, 1.0)
        first[0], first[1] = 0.0, body.towards_targets()
        found = minimize(
            _Judged(body),
            GA(pop_size=self.population, sampling=first),
            TerminationCollection(*ends),
            seed=self.seed,
            verbose=False,
        )
        return body.trades(np.atleast_2d(found.X)[0])


class _Judged(Problem):  # type: ignore[misc]  # pymoo is not annotated
    """What pymoo minimises: the program's cost of each individual in dollars, penalties included."""

    def __init__(self, body: _Body) -> None:
        super().__init__(n_var=len(body.snapshot.symbol), n_obj=1, xl=-1.0, xu=1.0)
        self.body = body

    def _evaluate(self, x: Floats, out: dict[str, Any], *_: Any, **__: Any) -> None:
        out["F"] = np.array([self.body.cost(gene) for gene in x])


class _Body:
    """From genes to trades that are nearly always allowed."""

    def __init__(self, program: Program, snapshot: Snapshot) -> None:
        self.program, self.snapshot = program, snapshot
        limit: dict[type, Any] = {type(one): one for one in program.limits}
        self.step = limit.get(WholeShares, WholeShares()).increment(snapshot)
        self.least = limit[MinimumTicket].dollars if MinimumTicket in limit else 0.0
        self.lower, self.upper = bounds(snapshot)
        self.upper = np.where(snapshot.is_locked[snapshot.group_of], np.minimum(self.upper, 0.0), self.upper)
        value = np.maximum(snapshot.value, 0.0)[snapshot.account_of]
        self.reach = np.maximum(2.0 * snapshot.target, 0.05 * value) / snapshot.price
        self.paying: Any = tuple(cost for cost in program.costs if hasattr(cost, "paid"))
        self.is_barred = loss_rules(snapshot).is_barred
        self.order = self._lot_order()

    def _lot_order(self) -> list[np.ndarray]:
        """Lots of each holding in the account's order, or the largest loss first."""
        s = self.snapshot
        own = [np.arange(s.offset[j], s.offset[j + 1]) for j in range(len(s.symbol))]
        free = [k if s.is_ordered[j] else k[np.argsort(s.lot_gain[k], kind="stable")] for j, k in enumerate(own)]
        return [k[~self.is_barred[k]] for k in free]

    def towards_targets(self) -> Floats:
        """Genes that go straight to the targets, shape (n,)."""
        s = self.snapshot
        net = s.target / s.price - s.quantity
        part = np.where(net < 0, net / np.maximum(s.quantity, 1e-12), net / np.maximum(self.reach, 1e-12))
        gene: Floats = np.sign(part) * (DEAD + (1 - DEAD) * np.minimum(np.abs(part), 1.0))
        return gene

    def cost(self, gene: Floats) -> float:
        """Dollars, and a penalty for each limit that is broken."""
        trades = self.trades(gene)
        broken = self.program.violations(self.snapshot, trades)
        fine = PENALTY * max(self.snapshot.total_value, 1.0) * len(broken)
        return self.program.value(self.snapshot, trades) + fine

    def trades(self, gene: Floats) -> Trades:
        """Whole shares, restrictions, lots, wash sales and money, in this order."""
        s = self.snapshot
        part = np.sign(gene) * np.maximum(np.abs(gene) - DEAD, 0.0) / (1 - DEAD)
        net = np.where(part < 0, part * s.quantity, part * self.reach)
        net = np.where(part <= -0.98, -s.quantity, np.trunc(net / self.step) * self.step)
        net = np.clip(net, self.lower, self.upper)
        closes = (net == -s.quantity) & (s.quantity > 0)
        net = np.where((np.abs(net) * s.price < self.least) & ~closes, 0.0, net)
        sell = self._sold(-np.minimum(net, 0.0))
        losing = np.unique(s.group_of[s.lot_holding[(sell > 0) & (s.lot_gain < 0)]])
        buy = np.where(np.isin(s.group_of, losing), 0.0, np.maximum(net, 0.0))
        return self._afforded(Trades(sell=sell, buy=buy))

    def _sold(self, shares: Floats) -> Floats:
        sell = np.zeros(len(self.snapshot.lot))
        for j in np.flatnonzero(shares > 0):
            left = float(shares[j])
            for k in self.order[int(j)]:
                sell[k] = min(left, float(self.snapshot.lot_quantity[k]))
                left -= sell[k]
        return sell

    def _afforded(self, trades: Trades) -> Trades:
        """Purchases scaled down, account by account, to what there is."""
        s = self.snapshot
        spare = cash_after(s, trades, self.paying) - np.maximum(s.cash_floor, 0.0)
        spent = np.bincount(s.account_of, weights=trades.buy * s.price, minlength=len(s.account))
        part = np.where(spent > 0, np.clip(1.0 + (spare - 1.0) / np.maximum(spent, 1e-9), 0.0, 1.0), 1.0)
        buy = np.trunc(trades.buy * part[s.account_of] / self.step) * self.step
        return Trades(sell=trades.sell, buy=np.where(buy * s.price < self.least, 0.0, buy))
