"""Compile every kernel once, so that later runs load them from numba's cache: ``python -m lotwright.plan.separable.warm``.

Run by :mod:`.jit` as a child process of the first run on a machine. A small made-up household is planned through every kernel;
its numbers mean nothing.
"""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable import jit
from lotwright.plan.separable.problem import ACCOUNT, GAINS_ONLY, HOLDING, LOT, WITH_LOSSES, Problem, Scaled
from lotwright.plan.separable.relaxed.climb import ROUNDS, STEPS, climb, stand
from lotwright.plan.separable.relaxed.layout import convex
from lotwright.plan.separable.tree import Effort, search, start_multipliers


def small_problem() -> Scaled:
    """Four holdings in two accounts, one with ordered lots, one with a loss, under a two-line tax."""
    n = 4
    holding = np.zeros(n, dtype=HOLDING)
    holding["account"] = [0, 0, 0, 1]
    holding["group"] = [0, 1, 2, 2]
    holding["price"] = 0.01
    holding["held"] = [20.0, 0.0, 30.0, 25.0]
    holding["step"] = holding["smallest"] = 1.0
    holding["active"] = [-0.05, -0.2, 0.1, 0.05]
    holding["specific"] = 4000.0
    holding["buy_rate"] = holding["sell_rate"] = 0.0005
    holding["ticket_cost"] = 0.05
    holding["ordered"] = [0, 0, 0, 1]
    holding["first"] = [0, 1, 1, 3]
    holding["longs"] = [0, 1, 2, 4]
    holding["stop"] = [1, 1, 3, 4]
    holding["way"] = [0, 0, 0, 1]
    holding["way_stop"] = [0, 0, 1, 1]
    lot = np.zeros(4, dtype=LOT)
    lot["shares"] = [20.0, 10.0, 20.0, 25.0]
    lot["gain"] = [0.002, -0.003, 0.001, 0.0]
    lot["through"] = [0.0, 0.0, 0.0, 25.0]
    lot["long"] = [1, 0, 1, 0]
    lot["loss"] = [0, 1, 0, 0]
    lot["purchase"] = -1
    lot["inside"] = lot["end"] = [GAINS_ONLY, WITH_LOSSES, GAINS_ONLY, GAINS_ONLY]
    account = np.zeros(2, dtype=ACCOUNT)
    account["cash"], account["target"], account["idle"], account["shortfall"] = 0.02, 0.01, 200.0, 500.0
    line = np.array([[2000.0, 2000.0, 0.0], [4000.0, 2000.0, 0.0]])
    rows = {
        "row": np.zeros((1, n)),
        "row_gain": np.array([[-1.0, -1.0]]),
        "row_right": np.array([0.5]),
        "row_price": np.array([np.inf]),
        "real_rows": np.array([0]),
    }
    part = Problem(
        holding=holding,
        lot=lot,
        account=account,
        factors=np.array([2]),
        load=np.array([[60.0, 10.0], [50.0, -20.0], [70.0, 5.0], [40.0, 30.0]]),
        at=np.tile(np.arange(2), (n, 1)),
        way=np.array([-1]),
        members_offset=np.array([0, 1, 2, 4]),
        members=np.arange(n),
        line=line,
        lines=line[None],
        start=np.zeros(2),
        tax_cap=np.array([np.inf]),
        **rows,
    )
    upper = np.full(n, 60.0)
    return Scaled((part,), 1e5, -holding["held"], upper, 0.0, np.arange(4))


def compile_all() -> None:
    """Run every kernel on the small problem."""
    problem = small_problem()
    outcome = search(problem, Effort(gap_bp=1e-6, nodes=20, seconds=None))
    kernels = jit.kernels()
    part = problem.pieces[0]
    z = start_multipliers(part)
    opts, pick = np.zeros((4, 3, 6)), np.zeros(4, dtype=np.int64)
    kernels.clip(part, z)
    kernels.evaluate(part, z, problem.lower, problem.upper, opts, pick)
    kernels.column(part.holding[0], 1.0)
    C = convex([part], [problem.lower], [problem.upper])
    climb(C, z, steps=STEPS, rounds=ROUNDS)
    stand(C)
    if outcome.trade is not None:
        kernels.objective(part, outcome.trade)


def main() -> None:
    """Compile and leave the marker that says so."""
    jit.refresh()
    if jit.is_compiled():
        compile_all()
        jit.mark_warm()


if __name__ == "__main__":
    main()
