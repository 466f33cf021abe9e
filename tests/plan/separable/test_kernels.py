"""One holding's exact subproblem against every trade there is; compiled and plain kernels against each other."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lotwright.book.holdings import Account
from lotwright.plan.separable.cells import options
from lotwright.plan.separable.problem import SCALE, Scaled, scaled
from tests.plan.separable.brute import Option, holdings, trades_of
from tests.plan.separable.households import Case, draw

BUY, STILL_OR_GAIN, LOSS = range(3)


def prices(rng: random.Random) -> tuple[float, float, float, float]:
    """Slope, price of cash, prices of short and long gain (bp a fraction), of the sizes a search meets and beyond."""
    return (
        rng.choice([0.0, 1.0, -1.0]) * 10 ** rng.uniform(0, 4.5),
        rng.choice([0.0, -150.0, 300.0, 5000.0, 1e6]),
        rng.choice([4000.0, 2000.0, 1000.0, 0.0, 5000.0, -500.0]),
        rng.choice([2000.0, 4000.0, 750.0, 0.0, 2500.0, -800.0]),
    )


def box(rng: random.Random, lower: float, upper: float) -> tuple[float, float]:
    """Bounds of a node: the holding's own, or narrowed the way a search splits, on half steps."""
    for _ in range(rng.choice([0, 0, 1, 2])):
        at = np.floor(rng.uniform(lower, upper)) + 0.5
        if lower < at < upper:
            lower, upper = rng.choice([(at, upper), (lower, at)])
    return lower, upper


def phi(problem: Scaled, j: int, option: Option, at: tuple[float, float, float, float]) -> float:
    """What one trade costs at given prices, bp, from dollars."""
    value, holding = problem.value, problem.pieces[0].holding[j]
    sigma, nu, short, long = at
    active = float(holding["active"]) + option.shares * float(holding["price"])
    dollars = SCALE * option.cost + nu * option.spent + short * option.short + long * option.long
    return float(holding["specific"]) * active**2 + sigma * active + dollars / value


def best_of(
    case: Case, problem: Scaled, j: int, listed: list[Option], at: Any, bounds: tuple[float, float]
) -> list[float]:
    """Least cost of each kind of trade: buys; nothing and sales without losses; sales with losses."""
    least = [np.inf, np.inf, np.inf]
    for option in listed:
        if bounds[0] - 1e-9 <= option.shares <= bounds[1] + 1e-9:
            kind = BUY if option.shares > 0 else LOSS if option.has_loss else STILL_OR_GAIN
            least[kind] = min(least[kind], phi(problem, j, option, at))
    return least


def check_holding(case: Case, problem: Scaled, j: int, listing: list[tuple[Account, str]], rng: random.Random) -> None:
    """Compare one holding at several prices within several boxes."""
    listed = list(trades_of(case, *listing[j]))
    out, scratch = np.zeros((3, 6)), np.zeros((1, 6))
    piece = problem.pieces[0]
    for _ in range(6):
        at = prices(rng)
        low, high = box(rng, float(problem.lower[j]), float(problem.upper[j]))
        options(piece.holding[j], piece.lot, piece.way, *at, low, high, out, scratch)
        least = best_of(case, problem, j, listed, at, (low, high))
        if not (problem.lower[j] <= 0.0 <= problem.upper[j]):
            continue
        for kind in (BUY, STILL_OR_GAIN, LOSS):
            found, still = out[kind, 0], out[STILL_OR_GAIN, 0]
            where = f"holding {j}, kind {kind}, prices {at}, box {low, high}: {found} against {least[kind]}"
            # A side may be left out where not trading (or a sale without losses) is at least as good.
            truth = min(least[kind], least[STILL_OR_GAIN])
            assert min(found, still) == pytest.approx(truth, rel=1e-9, abs=1e-6), where
            if found < np.inf:  # the best sale with losses allowed may turn out to have none
                floor = truth if kind == LOSS else least[kind]
                assert found >= floor - 1e-6 - 1e-9 * abs(found), where


def sweep(seeds: range) -> None:
    """Every holding of the households of these seeds."""
    for seed in seeds:
        case, rng = draw(seed), random.Random(-seed)
        form = case.program.form(case.snapshot)
        assert form is not None
        problem = scaled(form)
        listing = holdings(case)
        for j in range(len(listing)):
            try:
                check_holding(case, problem, j, listing, rng)
            except AssertionError as error:
                raise AssertionError(f"seed {seed}: {error}") from None


def test_one_holding_is_solved_exactly() -> None:
    sweep(range(150))


@pytest.mark.campaign
def test_one_holding_is_solved_exactly_in_thousands_of_households() -> None:
    sweep(range(1000, 6000))


SOLVE = """
import json, sys
import numpy as np
from lotwright.plan.separable import jit
from lotwright.plan.separable.problem import scaled
from lotwright.plan.separable.tree import Effort, search
from tests.plan.separable.households import draw
found = []
jit.refresh()
with np.errstate(all="ignore"):
    for seed in map(int, sys.argv[1:]):
        case = draw(seed)
        outcome = search(scaled(case.program.form(case.snapshot)), Effort(seconds=None, nodes=30))
        trade = None if outcome.trade is None else outcome.trade[:, :5].tolist()
        found.append([trade, repr(float(outcome.posed)), repr(float(outcome.bound)), outcome.count])
print(json.dumps([jit.is_compiled(), found]))
"""


def solved(root: Path, kernels: str, seeds: range) -> list[Any]:
    """What a fresh interpreter finds with these kernels."""
    environment = {
        **os.environ,
        "LOTWRIGHT_KERNELS": kernels,
        "PYTHONPATH": os.pathsep.join([str(root / "src"), str(root)]),
    }
    done = subprocess.run(
        [sys.executable, "-c", SOLVE, *map(str, seeds)], env=environment, capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


@pytest.mark.campaign  # a cold cache compiles for a minute
def test_compiled_and_plain_kernels_give_the_same_plan(root: Path) -> None:
    pytest.importorskip("numba")
    plain, compiled = (solved(root, kernels, range(12)) for kernels in ("plain", "compiled"))
    assert (plain[0], compiled[0]) == (False, True)
    for (trade, posed, bound, nodes), (trade_too, posed_too, bound_too, nodes_too) in zip(
        plain[1], compiled[1], strict=True
    ):
        assert (trade, posed, nodes) == (trade_too, posed_too, nodes_too)  # to the last bit
        assert float(bound) == pytest.approx(float(bound_too), rel=1e-9)  # multipliers differ in the 13th digit
