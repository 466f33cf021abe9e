"""Fix the side of every security the relaxation both sells and buys, then relax again.

Problem: relaxed, a plan sells losses and buys the same securities back: most names of a direct index after a crash.
Whole shares near such a point are far from any allowed plan (Moehle, Kochenderfer, Boyd, Ang 2021: fix, re-solve).
Therefore: securities whose net trade is clear get that side and are solved again, then all the others by the sign of
what is left of their net trade. The bound stays that of the open relaxation.
"""

from __future__ import annotations

import cvxpy as cp
import numpy as np

from lotwright.plan.general.pose import Posed
from lotwright.plan.snapshot import Bools, Snapshot
from lotwright.plan.solvers import Unsolved, solve

CLEAR = (0.5, 0.0)
"""Net over gross trade from which a side is fixed, pass by pass."""
TINY = 1e-7
"""Fraction of household value below which nothing is traded."""


def fix_sides(posed: Posed, snapshot: Snapshot) -> bool:
    """Move ``posed``'s variables to a relaxed solution with one side a security; False and no move if there is none."""
    variables = posed.problem.variables()
    before = [variable.value for variable in variables]
    for clear in CLEAR:
        buys, sells = _sides(posed, clear=clear)
        rows = _rows(posed, snapshot, buys=buys, sells=sells)
        answer = solve(cp.Problem(posed.problem.objective, [*posed.problem.constraints, *rows]))
        if isinstance(answer, Unsolved):
            for variable, value in zip(variables, before, strict=True):
                variable.save_value(value)
            return False
    return True


def _sides(posed: Posed, *, clear: float) -> tuple[Bools, Bools]:
    """Securities to be bought only, and to be sold only."""
    buy, sold = np.maximum(posed.decision.buy.value, 0.0), np.maximum(posed.decision.sold.value, 0.0)
    net, gross = buy - sold, buy + sold
    decided = (gross > TINY) & (np.abs(net) >= clear * gross)
    return decided & (net > 0), decided & (net <= 0)


def _rows(posed: Posed, snapshot: Snapshot, *, buys: Bools, sells: Bools) -> list[cp.Constraint]:
    """The other side is closed; a group with buys only realises no loss, one with sales only is not bought."""
    decision, groups = posed.decision, np.arange(len(snapshot.group))
    keeps, realises = np.isin(groups, snapshot.group_of[buys]), np.isin(groups, snapshot.group_of[sells])
    pairs = (
        (buys, decision.is_sale, 0),
        (sells, decision.is_buy, 0),
        (keeps & ~realises, decision.realise, 0),
        (realises & ~keeps, decision.realise, 1),
    )
    return [variable[where] == number for where, variable, number in pairs if where.any()]
