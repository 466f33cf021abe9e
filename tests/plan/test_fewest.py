"""Fewest orders first, then cheapest: against every trade list there is, and both proofs again from the certificate."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

import numpy as np
import pytest

from lotwright.book.failure import Failure
from lotwright.errors import PlanError
from lotwright.plan.costs.amounts import orders
from lotwright.plan.fewest import fewest
from lotwright.plan.limits import Bands
from lotwright.plan.paths import solve
from lotwright.plan.program import Program, load_program
from lotwright.plan.protocols import Trades
from lotwright.plan.recompute import bound_again, least_orders
from lotwright.plan.separable.certify import solve_separable
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.solution import Solution
from lotwright.plan.which_orders import Solve, by_sets, check_sets, sets_of_orders

from .test_general import _choices, tiny

SHIPPED = load_program("fewest_trades")
WIDE = Bands(absolute=0.15, land=1.0)
"""Shares here are a tenth of the account and more: within five percent there is no plan at all."""
FEWEST = replace(SHIPPED, limits=tuple(WIDE if isinstance(limit, Bands) else limit for limit in SHIPPED.limits))
SLOW = tuple(pytest.param(case, marks=pytest.mark.campaign) for case in ("plain", "fifo", "excluded"))
CASES = ("bought lately", "locked", *SLOW)


@pytest.fixture(autouse=True)
def plain_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOTWRIGHT_KERNELS", "plain")


def best_of_all(program: Program, snapshot: Snapshot) -> tuple[int, float] | None:
    """Orders and cost of the trade list that comes first among all that keep every limit."""
    found: list[tuple[int, float]] = []
    for choice in itertools.product(*[list(_choices(snapshot, j)) for j in range(len(snapshot.symbol))]):
        tried = Trades(
            sell=np.concatenate([sold for sold, _ in choice]), buy=np.array([float(bought) for _, bought in choice])
        )
        count = int(orders(snapshot, tried).sum())
        if (not found or count <= found[0][0]) and not program.violations(snapshot, tried):
            found = sorted([*found, (count, program.value(snapshot, tried))])[:1]
    return found[0] if found else None


@pytest.mark.parametrize("case", CASES)
def test_fewest_then_cheapest_of_all_trade_lists(case: str) -> None:
    snapshot = tiny(case)
    truth = best_of_all(FEWEST, snapshot)
    found = solve(FEWEST, snapshot, Effort(gap_bp=0.05, nodes=2000, seconds=60.0), clock=time.perf_counter)
    assert truth is not None
    assert isinstance(found, Solution), found
    count, cheapest = truth
    assert FEWEST.violations(snapshot, found.trades) == {}
    assert orders(snapshot, found.trades).sum() == count
    assert found.certificate["first"]["at_least"] == count == least_orders(found.certificate, FEWEST, snapshot)
    assert found.posed == pytest.approx(cheapest, abs=0.06e-4 * snapshot.total_value)
    assert found.bound <= cheapest + 1e-9
    assert found.bound <= bound_again(found.certificate, FEWEST, snapshot) + 1e-9


def test_a_proof_of_another_number_of_orders_is_refused() -> None:
    """Multipliers that count do not fit the program itself, and prices are prices."""
    snapshot = tiny("locked")
    found = solve(FEWEST, snapshot, Effort(gap_bp=0.05, nodes=2000, seconds=60.0), clock=time.perf_counter)
    assert isinstance(found, Solution)
    first = found.certificate["first"]
    counted = {**first["counted"], "kind": "general/2"}
    with pytest.raises(PlanError, match="no bound can be recomputed"):
        least_orders({**found.certificate, "first": {**first, "counted": counted}}, FEWEST, snapshot)
    with pytest.raises(PlanError, match="no price"):
        bound_again({**found.certificate, "first": {"tickets": 2, "price": -1.0}}, FEWEST, snapshot)


@pytest.mark.parametrize("case", CASES)
def test_sets_of_orders_find_and_prove_the_cheapest_of_all_trade_lists(case: str) -> None:
    """Set by set instead of by a price on orders: the same truth, from a certificate that covers every set."""
    snapshot = tiny(case)
    truth = best_of_all(FEWEST, snapshot)
    assert truth is not None
    count, cheapest = truth
    sets = sets_of_orders(FEWEST, snapshot, most=count)
    assert sets is not None
    found = by_sets(
        FEWEST, snapshot, sets, Effort(gap_bp=0.05, nodes=2000, seconds=None), solve=solver(snapshot), clock=zero
    )
    assert found is not None
    assert orders(snapshot, found.trades).sum() == count
    assert found.posed == pytest.approx(cheapest, abs=0.06e-4 * snapshot.total_value)
    again = check_sets(found.certificate, FEWEST, snapshot, most=count)
    assert found.bound - 1e-9 <= again <= cheapest + 1e-9
    fewer = {**found.certificate, "sets": found.certificate["sets"][1:]}
    with pytest.raises(PlanError, match="does not cover"):
        check_sets(fewer, FEWEST, snapshot, most=count)


def test_a_set_that_could_be_traded_is_not_out_of_reach() -> None:
    """A certificate may leave a set without a bound only where its cash cannot be raised."""
    snapshot = tiny("locked")
    count = best_of_all(FEWEST, snapshot)[0]  # type: ignore[index]
    sets = sets_of_orders(FEWEST, snapshot, most=count)
    assert sets
    claim = {"kind": "sets/1", "sets": [{"orders": list(chosen)} for chosen in sets]}
    with pytest.raises(PlanError, match="are not"):
        check_sets(claim, FEWEST, snapshot, most=count)


def test_where_the_search_ends_short_the_sets_are_searched() -> None:
    """Stopped at its first look, the search at a price leaves a gap; the sets close it, and verify reads their proof."""
    snapshot = tiny("locked")
    cut_short = solver(snapshot, is_cut_short=True)
    found = fewest(FEWEST, snapshot, Effort(gap_bp=0.05, nodes=2000, seconds=None), solve=cut_short, clock=zero)
    assert isinstance(found, Solution)
    assert found.certificate["kind"] == "sets/1"
    truth = best_of_all(FEWEST, snapshot)
    assert truth is not None
    assert found.posed == pytest.approx(truth[1], abs=0.06e-4 * snapshot.total_value)
    assert found.bound - 1e-9 <= bound_again(found.certificate, FEWEST, snapshot) <= truth[1] + 1e-9


def zero() -> float:
    return 0.0


def solver(snapshot: Snapshot, *, is_cut_short: bool = False) -> Solve:
    """Solves a program for a snapshot; cut short, it knows nothing better than the plan it was given to begin with."""

    def solve_one(program: Program, effort: Effort, start: Trades | None) -> Solution | Failure:
        found = solve_separable(program, snapshot, effort, clock=zero, start=start)
        if is_cut_short and start is not None and isinstance(found, Solution):
            return replace(
                found, trades=start, posed=program.value(snapshot, start), bound=-1e9, stopped="stopped at once"
            )
        return found

    return solve_one
