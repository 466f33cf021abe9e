"""Climb the duals of relaxations that are laid out, however many, by one call of the kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

from lotwright.plan.separable import jit
from lotwright.plan.separable.problem import Problem
from lotwright.plan.separable.relaxed import households
from lotwright.plan.separable.relaxed.layout import Convex, convex
from lotwright.plan.snapshot import Floats, Ints

STEPS, ROUNDS = 40, 16
"""Most Newton steps of an ascent, and most rounds of the method of multipliers on the lots."""


def climb(C: Convex, z: Floats, *, steps: int, rounds: int) -> tuple[Floats, Floats, Ints, Ints, Floats]:
    """Ascend from z, in place: (bound, gap, Newton steps, state) of every relaxation, and holdings' net trades."""
    jit.refresh()
    count = len(C.part)
    bound, gap = np.zeros(count), np.zeros(count)
    taken, state = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    net, given, centre = np.zeros(len(C.holding)), np.zeros(len(C.size)), np.zeros(len(C.size))
    kernels: Any = households  # numba's, or plain and untyped; reloaded in place when compiled ones become free
    with np.errstate(all="ignore"):
        kernels.relax_all(C, z, bound, gap, taken, state, net, given, centre, steps, rounds)
    return bound, gap, taken, state, net


def stand(C: Convex) -> Floats:
    """What each household costs without a trade, bp; infinite where a floor or one of the program's rows is broken."""
    jit.refresh()
    cost = np.zeros(len(C.part))
    kernels: Any = households
    with np.errstate(all="ignore"):
        kernels.standing(C, cost)
    return cost


def relaxed_multipliers(problem: Problem, lower: Floats, upper: Floats, start: Floats) -> Floats:
    """Multipliers of the relaxation of one problem within bounds in shares, as far as the ascent from ``start`` comes."""
    z = start.copy()
    climb(convex([problem], [lower], [upper]), z, steps=STEPS, rounds=ROUNDS)
    return z
