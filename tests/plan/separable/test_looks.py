"""What a look says of the two sides of a split is proven by the multipliers it leaves, and no plan of that side is cheaper."""

from __future__ import annotations

import numpy as np
import pytest

from lotwright.plan.separable import tree
from lotwright.plan.separable.layout import scaled

from .households import draw

SEEDS = (5, 11, 14, 43, 44, 47, 77, 103)
"""Drawn households; what a look is made of does not depend on how large they are."""


@pytest.mark.parametrize("seed", SEEDS)
def test_bounds_of_a_look_are_proven_and_no_plan_beats_them(seed: int) -> None:
    case = draw(seed)
    problem = scaled(case.program.form(case.snapshot))
    search = tree.Search(problem, tree.Effort(gap_bp=1e-3, seconds=None, nodes=6), lambda: 0.0)
    search.probes = search.n
    looks, plans = search._looks, []
    opts, pick = np.zeros((search.n, 3, 6)), np.zeros(search.n, dtype=np.int64)

    def checked(node: tree.Node, lower: np.ndarray, upper: np.ndarray) -> list[tree._Split]:
        found = looks(node, lower, upper)
        for split in found:
            for is_upper, (bound, z) in enumerate(split.sides):
                low, high = lower.copy(), upper.copy()
                tree._narrow(low, high, split.holding, split.at, bool(is_upper))
                proven = search.kernels.evaluate(problem.pieces[node.piece], z.copy(), low, high, opts, pick)
                assert proven >= bound - 1e-9
                plans.append((node.piece, bound, low, high))
        return found

    search._looks = checked  # type: ignore[method-assign]
    outcome = search.run()
    assert outcome.trade is not None
    shares = outcome.trade[:, 0]
    for piece, bound, low, high in plans:
        if piece == len(problem.pieces) - 1 and np.all(
            (low <= shares) & (shares <= high)
        ):  # a tax that holds everywhere
            assert bound <= outcome.posed + 1e-9


def test_some_of_these_households_are_split() -> None:
    counts = []
    for seed in SEEDS:
        case = draw(seed)
        effort = tree.Effort(gap_bp=1e-3, seconds=None, nodes=6)
        counts.append(tree.search(scaled(case.program.form(case.snapshot)), effort).count)
    assert sum(count > 0 for count in counts) >= 3
