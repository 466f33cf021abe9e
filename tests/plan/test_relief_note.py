"""What choosing lots would have saved: of the same household, and never more than any plan that chooses them saves."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.book.kinds import Relief
from lotwright.plan.program import load_program
from lotwright.plan.relief_note import free_to_choose
from lotwright.plan.separable.again import cost_nearby
from lotwright.plan.separable.certify import check_bound, solve_separable
from lotwright.plan.separable.layout import scaled
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.solution import Solution
from lotwright.plan.take_snapshot import take_snapshot

from .factory import account, lot, make_snapshot, risk_model, snapshots

BALANCED = load_program("balanced")
EFFORT = Effort(gap_bp=0.1, nodes=60, seconds=None)


@pytest.fixture(autouse=True)
def plain_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too small to wait for a compiler."""
    monkeypatch.setenv("LOTWRIGHT_KERNELS", "plain")


def taken(snapshot: Snapshot, *reliefs: Relief) -> Snapshot:
    """The snapshot's household with these standing orders, taken anew."""
    household: Household = snapshot.household
    pairs = zip(household.accounts, reliefs * len(household.accounts), strict=False)
    household = replace(household, accounts=tuple(replace(each, relief=relief) for each, relief in pairs))
    found = take_snapshot(household, snapshot.market, risk_model(sorted(snapshot.market.prices), factors=2))
    assert not isinstance(found, Failure)
    return found


def solved(snapshot: Snapshot) -> Solution | Failure:
    with np.errstate(all="ignore"):
        return solve_separable(BALANCED, snapshot, EFFORT, clock=lambda: 0.0)


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_lots_that_may_be_chosen_are_what_a_household_without_an_order_has(data: st.DataObject) -> None:
    snapshot = data.draw(snapshots())
    reliefs = data.draw(st.tuples(st.sampled_from(Relief), st.sampled_from(Relief)))
    made, expected = free_to_choose(taken(snapshot, *reliefs)), taken(snapshot, Relief.SPECIFIC)
    for field in fields(made):
        one, other = getattr(made, field.name), getattr(expected, field.name)
        if isinstance(one, np.ndarray):
            np.testing.assert_array_equal(one, other, err_msg=field.name)
        elif field.name != "year":
            assert one == other, field.name


def test_what_is_said_to_be_saved_is_what_some_plan_saves() -> None:
    """$1,000 of cash must be raised; the oldest lot has a gain of $4,500 at 50 shares, the newest one a loss."""
    lots = [
        lot("AAA", 50, cost=10, name="old", days=900),
        lot("AAA", 50, cost=130, name="new", days=500),
        lot("BBB", 40, cost=100, name="b", days=900),
    ]
    snapshot = make_snapshot(
        [account(lots=lots, cash=-1000, relief=Relief.FIFO)],
        prices={"AAA": 100, "BBB": 100},
        weights={"AAA": 0.6, "BBB": 0.4},
    )
    first, free = solved(snapshot), free_to_choose(snapshot)
    best = solved(free)
    assert isinstance(first, Solution)
    assert isinstance(best, Solution)
    form = BALANCED.form(free)
    assert form is not None
    with np.errstate(all="ignore"):
        found = cost_nearby(scaled(form), first.certificate, below=first.posed - 1.0)
    assert found is not None
    assert check_bound(best.certificate, BALANCED, free) <= found + 0.01
    assert first.posed - found >= 0.9 * (first.posed - best.posed) > 50


def test_nothing_is_looked_for_where_a_bound_leaves_nothing_to_save() -> None:
    lots = [lot("AAA", 50, cost=10), lot("BBB", 50, cost=100, name="b")]
    snapshot = make_snapshot([account(lots=lots, relief=Relief.FIFO)], prices={"AAA": 100, "BBB": 100})
    first = solved(snapshot)
    assert isinstance(first, Solution)
    form = BALANCED.form(free_to_choose(snapshot))
    assert form is not None
    with np.errstate(all="ignore"):
        assert cost_nearby(scaled(form), first.certificate, below=first.bound - 1.0) is None
