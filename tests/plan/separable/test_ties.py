"""Lots of two orders in one sale: no choice of lots costs less tax, and the lots told are those whose gains were counted."""

from __future__ import annotations

import itertools
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lotwright.plan.separable.lots import lots_taken
from lotwright.plan.separable.problem import ACCOUNT, HOLDING, LOT, ROW, Problem, Scaled
from lotwright.plan.separable.search import objective
from lotwright.plan.separable.ties import mix_lots
from lotwright.plan.separable.tree import Effort, search

LINES = np.array([[2000.0, 2000.0, 0.0], [4000.0, 2000.0, 0.0]])
"""Short-term losses net long-term gains at 20 %; short-term gains cost 40 %."""


def one_sale(lots: list[tuple[int, float, bool]], start: float) -> Scaled:
    """A holding of the given lots (shares, gain a share, long) in a year that begins with so much net short gain."""
    lots = sorted(lots, key=lambda each: (each[2], each[1]))
    holding = np.zeros(1, dtype=HOLDING)
    holding["price"], holding["specific"], holding["step"], holding["smallest"] = 0.01, 1.0, 1.0, 1.0
    holding["held"] = sum(shares for shares, _, _ in lots)
    holding["longs"], holding["stop"] = sum(not is_long for _, _, is_long in lots), len(lots)
    lot = np.zeros(len(lots), dtype=LOT)
    lot["shares"] = [shares for shares, _, _ in lots]
    lot["gain"] = [gain for _, gain, _ in lots]
    lot["long"] = [is_long for _, _, is_long in lots]
    lot["purchase"] = -1
    account = np.zeros(1, dtype=ACCOUNT)
    account["idle"] = 1.0
    piece = Problem(
        holding=holding,
        lot=lot,
        account=account,
        factors=np.array([1]),
        load=np.zeros((1, 1)),
        at=np.zeros((1, 1), dtype=np.int64),
        way=np.array([-1]),
        members_offset=np.array([0, 1]),
        members=np.array([0]),
        line=LINES,
        lines=LINES[None],
        start=np.array([start, 0.0]),
        row=np.zeros((0, 1)),
        row_gain=np.zeros((0, 2)),
        row_right=np.zeros(0),
        row_price=np.zeros(0),
        real_rows=np.array([0]),
        tax_cap=np.array([np.inf]),
    )
    return Scaled((piece,), 1e6, -holding["held"], np.zeros(1), 0.0, np.arange(len(lots)))


def tax(short: float, long: float, start: float) -> float:
    return float(max(2000 * (start + short) + 2000 * long, 4000 * (start + short) + 2000 * long))


def sale(shares: int, problem: Scaled, prices: tuple[float, float]) -> np.ndarray:
    """The row of a sale whose lots are the cheapest at the given prices of gain."""
    trade = np.zeros((1, ROW))
    trade[0, 0], trade[0, 3], trade[0, 4], trade[0, 5:7] = -shares, 1.0, -1.0, prices
    trade[0, 1:3] = gains_of(problem, trade)
    return trade


def gains_of(problem: Scaled, trade: np.ndarray) -> tuple[float, float]:
    """Short and long gain of the lots that are told of the first holding's sale."""
    lot = problem.pieces[0].lot
    sums = [0.0, 0.0]
    for at, shares in lots_taken(problem, 0, trade[0].tolist()):
        sums[int(lot["long"][at])] += shares * float(lot["gain"][at])
    return sums[0], sums[1]


LOTS = st.lists(
    st.tuples(st.integers(1, 5), st.floats(1e-5, 5e-4).map(lambda gain: round(gain, 8)), st.booleans()),
    min_size=2,
    max_size=4,
)


@settings(max_examples=60)
@given(lots=LOTS, start=st.floats(-5e-3, 1e-3), share=st.floats(0.1, 1.0), weight=st.floats(0.0, 1.0))
def test_mixing_never_costs_and_tells_the_lots_it_counted(
    lots: list[tuple[int, float, bool]], start: float, share: float, weight: float
) -> None:
    problem = one_sale(lots, start)
    piece, shares = problem.pieces[0], max(1, int(share * float(problem.pieces[0].holding["held"][0])))
    trade = sale(shares, problem, (4000.0 - 2000.0 * weight, 2000.0))
    before = objective(piece, trade)
    after = mix_lots(piece, np.array([0.0, 0.0, weight]), trade)
    assert after <= before + 1e-9
    assert after == pytest.approx(objective(piece, trade), abs=1e-9)
    assert trade[0, 0] == -shares
    assert gains_of(problem, trade) == pytest.approx(tuple(trade[0, 1:3]), abs=1e-12)
    taken: dict[int, float] = defaultdict(float)
    for at, quantity in lots_taken(problem, 0, trade[0].tolist()):
        taken[at] += quantity
    assert sum(taken.values()) == pytest.approx(shares)
    assert all(quantity <= piece.lot["shares"][at] + 1e-9 for at, quantity in taken.items())


THREE_LOTS = [(20, 1.9e-4, False), (20, 2.0e-4, True), (4, 2.1e-4, True)]
"""Short-term shares gain a little less: as many as the year's losses are worth are sold, the rest long-term."""
SOLD = 22
STARTS = (-2e-3, -1.05e-3, -4e-4, 0.0, 5e-4)


def least_tax(start: float) -> float:
    """By enumeration of every choice of lots."""
    return min(
        tax(1.9e-4 * a, 2.0e-4 * b + 2.1e-4 * c, start)
        for a, b, c in itertools.product(range(21), range(21), range(5))
        if a + b + c == SOLD
    )


@pytest.mark.parametrize("prices", [(2000.0, 2000.0), (4000.0, 2000.0)])
@pytest.mark.parametrize("start", STARTS)
def test_no_choice_of_lots_of_a_kink_costs_less_tax(start: float, prices: tuple[float, float]) -> None:
    problem = one_sale(THREE_LOTS, start)
    trade = sale(SOLD, problem, prices)
    tied = 2000.0 / 1.9e-4 * 2.0e-4  # the price of a short-term gain at which the first two lots are equally dear
    mix_lots(problem.pieces[0], np.array([0.0, 0.0, (4000.0 - tied) / 2000.0]), trade)
    assert tax(trade[0, 1], trade[0, 2], start) == pytest.approx(least_tax(start), abs=1e-9)


@pytest.mark.parametrize("start", STARTS)
def test_a_search_takes_the_lots_that_cost_least_tax(start: float) -> None:
    """So many shares must go: only their lots are left to choose, and no split of shares would close the gap."""
    problem = one_sale(THREE_LOTS, start)
    must = np.full(1, -float(SOLD))
    outcome = search(problem._replace(lower=must, upper=must), Effort(gap_bp=0.01, nodes=50, seconds=None))
    assert outcome.trade is not None
    short, long = gains_of(problem, outcome.trade)
    assert tax(short, long, start) == pytest.approx(least_tax(start), abs=1e-9)
