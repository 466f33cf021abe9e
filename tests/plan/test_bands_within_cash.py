"""Bands where cash is bound: what must stay is not invested, what nothing pays for is not demanded; the verifier agrees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from lotwright.book.failure import Failure
from lotwright.plan.costs import HalfSpread
from lotwright.plan.limits import Bands
from lotwright.plan.paths import solve
from lotwright.plan.program import Program, load_program
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.solution import Solution

from .factory import account, lot, make_snapshot, rule, trades, verified


@pytest.fixture(autouse=True)
def plain_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOTWRIGHT_KERNELS", "plain")


LIMIT = Bands(of="security", absolute=0.05, land=0.5)
TERMS = Program(name="one", says="", costs=(HalfSpread(),), limits=(LIMIT,)).terms()
PRICES = {"AAA": 100, "BBB": 20}


def agree(snapshot: Snapshot, *, sell: dict[str, float], buy: dict[str, float], ok: bool) -> None:
    """The limit's arrays and the verifier's decimals say the same of a trade list."""
    chosen = trades(snapshot, sell=sell, buy=buy)
    assert (LIMIT.violation(snapshot, chosen) == pytest.approx(0, abs=1e-6)) is ok
    checks = {check.name: check for check in verified(snapshot, chosen, terms=TERMS).checks}
    assert checks["bands"].ok is ok, checks["bands"].text


def test_targets_are_parts_of_what_need_not_stay_in_cash() -> None:
    """$10,000, half of which must stay: each target is $2,500, each band $500 wide, $250 of them land half way."""
    lots = [lot("AAA", 60, cost=100, name="a"), lot("BBB", 120, cost=20, name="b")]
    snapshot = make_snapshot([account(cash=1600, lots=lots, minimum_cash=5000)], prices=PRICES)
    bands = {band.name: (band.target, band.low, band.high) for band in LIMIT.bands(snapshot)}
    assert bands["AAA"] == (pytest.approx(2500), pytest.approx(2375), pytest.approx(2625))
    agree(snapshot, sell={"a": 34}, buy={}, ok=True)
    agree(snapshot, sell={"a": 33}, buy={}, ok=False)


@pytest.mark.parametrize("name", ["bands", "bands_vanguard", "bands_daryanani", "fewest_trades"])
def test_an_account_bound_to_keep_cash_has_a_plan(name: str) -> None:
    lots = [lot("AAA", 60, cost=100, name="a"), lot("BBB", 120, cost=20, name="b")]
    snapshot = make_snapshot([account(cash=1600, lots=lots, minimum_cash=5000)], prices=PRICES)
    found = solve(load_program(name), snapshot, Effort(nodes=200, seconds=None), clock=lambda: 0.0)
    assert isinstance(found, Solution), found


def test_what_nothing_pays_for_is_not_demanded() -> None:
    """AAA is 90 % of the account and may not be traded: the $900 of cash do not bring BBB to its band of $4,750."""
    lots = [lot("AAA", 90, cost=100, name="a"), lot("BBB", 5, cost=20, name="b")]
    held = account(cash=900, lots=lots, restrictions=(rule("no_trade", "AAA"),))
    snapshot = make_snapshot([held], prices=PRICES)
    agree(snapshot, sell={}, buy={}, ok=True)
    agree(snapshot, sell={}, buy={"BBB": 40}, ok=True)
    agree(snapshot, sell={"b": 1}, buy={}, ok=False)
    free = make_snapshot([account(cash=900, lots=lots)], prices=PRICES)
    agree(free, sell={}, buy={"BBB": 40}, ok=False)
    found = solve(load_program("bands"), snapshot, Effort(nodes=200, seconds=None), clock=lambda: 0.0)
    assert isinstance(found, Solution), found
    assert found.trades.buy.sum() > 0, "what cash there is goes where it is missing"


def test_cash_that_must_stay_comes_before_bands() -> None:
    """AAA may not be sold and BBB stands inside its band: $600 short, and only BBB is there to raise it."""
    lots = [lot("AAA", 60, cost=100, name="a"), lot("BBB", 200, cost=20, name="b")]
    held = account(cash=0, lots=lots, minimum_cash=2000, restrictions=(rule("no_sell", "AAA"),))
    snapshot = make_snapshot([held], prices=PRICES)
    agree(snapshot, sell={"b": 101}, buy={}, ok=True)
    found = solve(load_program("bands"), snapshot, Effort(nodes=200, seconds=None), clock=lambda: 0.0)
    assert isinstance(found, Solution), found


def test_want_of_cash_names_the_limit_in_its_way() -> None:
    """$500 overdrawn, and the program sells nothing: not the client's restrictions, that rule."""
    lots = [lot("AAA", 60, cost=100, name="a")]
    snapshot = make_snapshot([account(cash=0, lots=lots)], prices=PRICES)
    short = replace(snapshot, cash=np.array([-500.0]))
    found = solve(load_program("invest_cash"), short, Effort(nodes=50, seconds=None), clock=lambda: 0.0)
    assert isinstance(found, Failure)
    assert found.evidence["against"] == {"no_sells": pytest.approx(500.0)}
    assert "no_sells" in found.message
    assert "-$500.00" in found.message
    assert "wash_sale" not in found.evidence["limits"]
