"""Fewest orders first, then cheapest: against every trade list there is, and both proofs again from the certificate."""

from __future__ import annotations

import itertools
import time
from dataclasses import replace

import numpy as np
import pytest

from lotwright.errors import PlanError
from lotwright.plan.costs.amounts import orders
from lotwright.plan.limits import Bands
from lotwright.plan.paths import solve
from lotwright.plan.program import Program, load_program
from lotwright.plan.protocols import Trades
from lotwright.plan.recompute import bound_again, least_orders
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.solution import Solution

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
