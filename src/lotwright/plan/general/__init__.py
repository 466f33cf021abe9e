"""The general path: a plan and its bound for any program that cvxpy understands.

    relax each tax piece -> bound and multipliers -> whole shares jointly with cash (HiGHS) -> polish by exact moves

It is slower and its bound is looser than :mod:`lotwright.plan.separable`, and it asks nothing of a program but
convexity.
"""

from __future__ import annotations

from lotwright.plan.general.pose import Posed, pose, tax_piece_count
from lotwright.plan.general.solve import Solution, solve_program

__all__ = ["Posed", "Solution", "pose", "solve_program", "tax_piece_count"]
