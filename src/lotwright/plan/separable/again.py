"""What a household would cost if a little of it were different: one plan found quickly from the prices of another.

Problem: what a rule costs is the difference to a plan without it, and a second full search takes as long as the first.
Observations: a sentence that says *at least* needs a plan, no proof; the multipliers of the plan at hand are good ones
for a household that differs in few lots. Therefore: of the plan's multipliers those are taken whose bound is the best one
here, moved a little, and rounded to one plan; where even that bound leaves nothing to gain, none is looked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lotwright.plan.separable import jit
from lotwright.plan.separable.problem import SCALE, Scaled
from lotwright.plan.separable.tree import Effort, Search, start_multipliers
from lotwright.plan.snapshot import Floats

LOOKED_AT = 4
"""Leaves of the certificate whose multipliers are tried."""
ONE_PLAN = Effort(gap_bp=1.0, nodes=0, seconds=None)


def cost_nearby(problem: Scaled, claim: Mapping[str, Any], *, below: float) -> float | None:
    """Dollars that a plan of ``problem`` costs, found from the certificate ``claim`` of a like one; ``None`` if none is.

    Parameters
    ----------
    below : float
        Dollars: a plan that costs more is of no interest, and is not looked for where a bound rules a cheaper one out.
    """
    dollars = problem.value / SCALE
    search, cost = _Near(problem, ONE_PLAN, _no_clock), np.inf
    for bound, piece, z in sorted(_starts(problem, claim), key=lambda start: start[:2]):
        if below <= (bound + problem.constant) * dollars or cost < below:
            break
        search.plan_from(piece, z, below=below / dollars - problem.constant)
        cost = (search.value + problem.constant) * dollars
    return float(cost) if cost < below else None


class _Near(Search):
    """A search that ends with its first plan, from multipliers given to it."""

    def plan_from(self, piece: int, z: Floats, *, below: float) -> None:
        """Move the multipliers a little and round what they suggest, with every order and with sides fixed one by one.

        Nothing is rounded where the bound has come to rule out a plan of less than ``below`` (bp).
        """
        lower, upper = self.scaled.lower, self.scaled.upper
        bound = self._bound(piece, lower, upper, z, rounds=6, close=1.0, steps=3)
        if bound >= below:
            return
        self._try(piece, lower, upper, z, bound)
        self._try_rounded(piece, lower, upper, z)


def _no_clock() -> float:
    return 0.0


def _starts(problem: Scaled, claim: Mapping[str, Any]) -> list[tuple[float, int, Floats]]:
    """Of every tax piece the best bound (bp) that multipliers of the certificate give, the piece, and they themselves."""
    leaves = [
        np.array(node["multipliers"], dtype=float)
        for node in claim.get("nodes", ())
        if node.get("multipliers") is not None
    ][-LOOKED_AT:]
    found = []
    for number, piece in enumerate(problem.pieces):
        cold = start_multipliers(piece)
        fitting = [z.copy() for z in leaves if len(z) == len(cold)] or [cold]
        found.append(max(((_bound(problem, number, z), number, z) for z in fitting), key=lambda start: start[0]))
    return found


def _bound(problem: Scaled, number: int, z: Floats) -> float:
    """The bound (bp) of a whole tax piece at multipliers, which are clipped to those it knows."""
    kernels, piece, n = jit.kernels(), problem.pieces[number], len(problem.lower)
    opts, pick = np.zeros((n, 3, 6)), np.zeros(n, dtype=np.int64)
    kernels.clip(piece, z)
    return float(kernels.evaluate(piece, z, problem.lower, problem.upper, opts, pick))
