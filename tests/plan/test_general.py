"""The general path: whole-share plans of any convex program, judged by enumeration and by a second solver."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import cvxpy as cp
import numpy as np
import pytest

from lotwright.book.failure import Failure
from lotwright.book.kinds import AccountKind, Relief
from lotwright.errors import ProgramError
from lotwright.plan.costs import HalfSpread, IdleCash, Tax, Ticket, Tracking
from lotwright.plan.decision import Decision
from lotwright.plan.general import Solution, pose, solve_program, tax_piece_count
from lotwright.plan.general.bound import relax
from lotwright.plan.limits import Cash, Holdings, MinimumTicket, Restrictions, WashSale, WholeShares
from lotwright.plan.program import Program, load_program
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Floats, Snapshot
from lotwright.plan.solvers import Solved, Unsolved, capability, solve

from .factory import account, lot, make_snapshot, purchase, rule, sale, trades

BALANCED = load_program("balanced")


def found(program: Program, snapshot: Snapshot) -> Solution:
    solution = solve_program(program, snapshot)
    assert isinstance(solution, Solution), solution
    return solution


def enumerated(program: Program, snapshot: Snapshot) -> float:
    """Least value over every allowed whole-share trade list, by trying them all, lot by lot."""
    best = np.inf
    for choice in itertools.product(*[list(_choices(snapshot, j)) for j in range(len(snapshot.symbol))]):
        sell = np.concatenate([sold for sold, _ in choice])
        tried = Trades(sell=sell, buy=np.array([float(bought) for _, bought in choice]))
        value = program.value(snapshot, tried)
        if value < best and not program.violations(snapshot, tried):
            best = value
    return best


def _choices(snapshot: Snapshot, holding: int) -> Iterator[tuple[Floats, int]]:
    """Everything one holding can do: every part of its lots that relief allows, or every affordable purchase."""
    quantity = snapshot.lot_quantity[snapshot.offset[holding] : snapshot.offset[holding + 1]]
    for parts in itertools.product(*[range(int(q) + 1) for q in quantity]):
        sold = np.array(parts, dtype=float)
        left = np.flatnonzero(sold < quantity)
        if snapshot.is_ordered[holding] and len(left) and sold[left[0] + 1 :].any():
            continue
        yield sold, 0
    affordable = int(snapshot.value[snapshot.account_of[holding]] / snapshot.price[holding])
    for bought in range(1, affordable + 1):
        yield np.zeros(len(quantity)), bought


def tiny(case: str) -> Snapshot:
    """Tiny accounts, each on both sides of a choice: worth thousands, a dozen shares."""
    prices = {"AAA": 333.25, "BBB": 180, "CCC": 150}
    lots = [
        lot("AAA", 2, cost=480, days=900, name="long_loss"),
        lot("AAA", 2, cost=250, days=100, name="short_gain"),
        lot("BBB", 3, cost=90, days=900, name="long_gain"),
    ]
    recent = [lot("AAA", 2, cost=480, days=900, name="old"), lot("AAA", 1, cost=400, days=12, name="new")]
    ira = account("B1", kind=AccountKind.ROTH, cash=340, lots=[lot("CCC", 1, cost=90, days=3, name="ira")])
    cases = {
        "plain": lambda: [account(lots=lots, cash=400)],
        "fifo": lambda: [account(lots=lots, cash=400, relief=Relief.FIFO)],
        "lifo": lambda: [account(lots=lots, cash=400, relief=Relief.LIFO)],
        "losses carried in": lambda: [account(lots=lots, cash=400, carryforward_long=500)],
        "gains so far": lambda: [account(lots=lots, cash=400, realised_short=900, realised_long=200)],
        "deep in losses": lambda: [account(lots=lots, cash=400, realised_short=-4000)],
        "bought lately": lambda: [account(lots=recent, cash=700)],
        "bought and sold lately": lambda: [account(lots=recent, cash=700, transactions=(purchase("AAA", days=8),))],
        "locked": lambda: [account(lots=lots[2:], cash=900, transactions=(sale("AAA", days=5, gain=-10),))],
        "excluded": lambda: [account(lots=lots, cash=200, restrictions=(rule("exclude", "BBB"),))],
        "capped": lambda: [account(lots=lots, cash=200, restrictions=(rule("maximum_weight", "AAA", weight=0.3),))],
        "an IRA beside it": lambda: [account(lots=recent[:1], cash=400), ira],
        "raise cash": lambda: [account(lots=lots, cash=100, minimum_cash=700)],
    }
    same = {"AAA": "g", "CCC": "g"} if case == "an IRA beside it" else {}
    return make_snapshot(cases[case](), prices=prices, weights={"AAA": 0.4, "BBB": 0.3, "CCC": 0.3}, identical=same)


CASES = (
    "plain",
    "fifo",
    "lifo",
    "losses carried in",
    "gains so far",
    "deep in losses",
    "bought lately",
    "bought and sold lately",
    "locked",
    "excluded",
    "capped",
    "raise cash",
)


@pytest.mark.parametrize("case", CASES)
def test_plan_is_the_optimum_and_the_bound_never_above_it(case: str) -> None:
    """Against every whole-share trade list there is: the plan within its gap of the best, the bound below it."""
    snapshot = tiny(case)
    best = enumerated(BALANCED, snapshot)
    solution = found(BALANCED, snapshot)
    basis_point = snapshot.total_value / 1e4
    assert solution.bound <= best + 1e-9
    assert solution.posed >= best - 1e-7
    assert solution.bound <= solution.search_bound <= best + 1e-9
    assert solution.posed == pytest.approx(best, abs=0.001 * basis_point)
    assert solution.posed - solution.search_bound <= 0.015 * basis_point
    assert BALANCED.violations(snapshot, solution.trades) == {}
    assert solution.posed == pytest.approx(BALANCED.value(snapshot, solution.trades))


def test_lots_leave_in_the_prescribed_order() -> None:
    """Under fifo the long loss leaves before the short gain, under lifo after it."""
    for case, first, second in (("fifo", "long_loss", "short_gain"), ("lifo", "short_gain", "long_loss")):
        snapshot = tiny(case)
        sold = dict(zip([item.lot for item in snapshot.lot], found(BALANCED, snapshot).trades.sell, strict=True))
        assert sold[second] == 0 or sold[first] == 2


def test_planning_again_trades_nothing() -> None:
    """Law: the plan carried out and planned again from the same targets costs nothing more."""
    snapshot = make_snapshot([account(cash=2000)], prices={"AAA": 50, "BBB": 21}, weights={"AAA": 0.5, "BBB": 0.5})
    bought = found(BALANCED, snapshot).trades.buy
    held = [lot(s, int(b), cost=p, days=0) for s, b, p in zip(snapshot.symbol, bought, snapshot.price, strict=True)]
    spent = float((bought * snapshot.price).sum() * 1.0003)
    again = make_snapshot(
        [account(cash=round(2000 - spent, 2), lots=held)],
        prices={"AAA": 50, "BBB": 21},
        weights={"AAA": 0.5, "BBB": 0.5},
    )
    second = found(BALANCED, again).trades
    assert not second.buy.any()
    assert not second.sell.any()


def test_same_input_same_plan() -> None:
    first, second = found(BALANCED, tiny("plain")), found(BALANCED, tiny("plain"))
    assert first.trades.sell.tolist() == second.trades.sell.tolist()
    assert first.trades.buy.tolist() == second.trades.buy.tolist()
    assert (first.posed, first.bound, first.search_bound) == (second.posed, second.bound, second.search_bound)


def test_adding_a_limit_never_lowers_the_optimum() -> None:
    """Law: limits one by one, each plan at least as dear as the bound of the looser program."""
    limits = (WholeShares(), Cash(), Holdings(), WashSale(), MinimumTicket(dollars=400), Restrictions())
    snapshot, before = tiny("capped"), -np.inf
    for count in range(3, len(limits) + 1):
        program = Program(name=f"{count}", says="", costs=BALANCED.costs, limits=limits[:count])
        solution = found(program, snapshot)
        assert solution.posed >= before - 1e-9
        before = solution.bound


def test_fractions_and_odd_remainders() -> None:
    """An account of fractions trades ten-thousandths; one of whole shares sells its odd quarter only by closing."""
    odd = [lot("AAA", "10.25", cost=90, name="odd")]
    gone = rule("exclude", "AAA")
    closed = found(
        BALANCED, make_snapshot([account(cash=500, lots=odd, restrictions=(gone,))], prices={"AAA": 50, "BBB": 20})
    )
    assert closed.trades.sell.tolist() == [10.25]
    fine = make_snapshot([account(cash=500, fractional=True)], prices={"AAA": 333}, weights={"AAA": 1.0})
    bought = found(BALANCED, fine).trades.buy[0]
    assert round(bought * 1e4) == pytest.approx(bought * 1e4, abs=1e-7)
    assert 1.49 < bought < 1.5015


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """Market impact of the 3/2 power: curved, and no square."""

    kind: ClassVar[str] = "impact"
    price: float = 0.4

    def expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
        return self.price * decision.scale * cp.sum(cp.power(decision.buy + decision.sold, 1.5))

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        sold = np.bincount(snapshot.lot_holding, weights=trades.sell, minlength=len(snapshot.symbol))
        part = (trades.buy + sold) * snapshot.price / snapshot.total_value
        return float(self.price * snapshot.total_value * (part**1.5).sum())

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        return "Impact."


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingError:
    """A ball around the model portfolio: a curved limit."""

    kind: ClassVar[str] = "tracking_error"
    most: float = 0.05

    def excess(self, snapshot: Snapshot, decision: Decision) -> list[cp.Expression]:
        return [Tracking(risk_price=1.0).expression(snapshot, decision) / decision.scale - self.most**2]

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        return max(0.0, Tracking(risk_price=1.0).value(snapshot, trades) / snapshot.total_value - self.most**2)

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        return "Close enough."


def test_a_cost_and_a_limit_only_cvxpy_understands() -> None:
    """Curved and of the user's own: still a plan, still a bound, still the best of all trade lists."""
    program = Program(
        name="own",
        says="",
        costs=(Tracking(), HalfSpread(), Tax(), IdleCash(), Ticket(), Impact()),
        limits=(*BALANCED.limits, TrackingError(most=0.04)),
    )
    assert not program.is_separable
    snapshot = tiny("plain")
    solution, best = found(program, snapshot), enumerated(program, snapshot)
    assert solution.bound <= best + 1e-9
    assert solution.posed == pytest.approx(best, rel=1e-6)


def test_what_is_not_convex_is_refused_by_name() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Root:
        kind: ClassVar[str] = "root"

        def expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
            return cp.sum(cp.sqrt(decision.buy))

        def value(self, snapshot: Snapshot, trades: Trades) -> float:
            return 0.0

        def explain(self, snapshot: Snapshot, trades: Trades) -> str:
            return "Root."

    with pytest.raises(ProgramError, match="The cost root is not convex"):
        pose(Program(name="p", says="", costs=(Root(),), limits=()), tiny("plain"))


def test_infeasible_cash_names_the_clash_and_the_dollars() -> None:
    """$1,000 must stay, $100 is there, BBB brings $200 and AAA ($600) may not be sold: $700 is missing."""
    lots = [lot("AAA", 1, cost=90, name="a"), lot("BBB", 2, cost=90, name="b")]
    snapshot = make_snapshot(
        [account(cash=100, minimum_cash=1000, lots=lots, restrictions=(rule("no_trade", "AAA"),))],
        prices={"AAA": 600, "BBB": 100},
    )
    program = Program(name="p", says="", costs=(Tracking(), IdleCash()), limits=BALANCED.limits)
    failure = solve_program(program, snapshot)
    assert isinstance(failure, Failure)
    assert failure.reason == "infeasible"
    limits, against = failure.evidence["limits"], failure.evidence["against"]
    assert {*limits, *against} == {"cash", "restrictions"}, failure.message
    assert sum(limits.values()) == pytest.approx(700, abs=0.01)


def test_infeasible_by_whole_shares_alone_is_told_apart() -> None:
    """$450 to $460 must be raised from shares of $100: fractions would do, 5 shares miss by $40 and 4 by $50."""
    snapshot = make_snapshot(
        [account(cash=0, minimum_cash=450, lots=[lot("AAA", 10, cost=90, name="a")])],
        prices={"AAA": 100},
        weights={"AAA": 1.0},
    )
    limits = (*BALANCED.limits, SellAtMost(dollars=460))
    program = Program(name="p", says="", costs=(Tracking(),), limits=limits)
    assert not isinstance(relax(pose(program, snapshot), snapshot), Unsolved)
    failure = solve_program(program, snapshot)
    assert isinstance(failure, Failure)
    assert failure.reason == "infeasible"
    assert failure.evidence["limits"] == {"sell_at_most": pytest.approx(40, abs=0.01)}
    assert failure.evidence["against"] == ["cash"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SellAtMost:
    """No more than so many dollars are sold."""

    kind: ClassVar[str] = "sell_at_most"
    dollars: float

    def excess(self, snapshot: Snapshot, decision: Decision) -> list[cp.Expression]:
        return [cp.sum(decision.sold) - self.dollars / decision.scale]

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        return max(0.0, float((trades.sell * snapshot.price[snapshot.lot_holding]).sum()) - self.dollars)

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        return "Little is sold."


def test_the_bound_does_not_trust_the_solver() -> None:
    """Each piece: the bound is below the relaxed optimum by residuals only, and below the exact optimum SCIP finds."""
    snapshot = tiny("plain")
    for piece in range(tax_piece_count(BALANCED, snapshot)):
        posed = pose(BALANCED, snapshot, tax_piece=piece)
        relaxed = relax(posed, snapshot)
        assert not isinstance(relaxed, Unsolved)
        assert relaxed.objective - 1e-3 <= relaxed.bound <= relaxed.objective


@pytest.mark.skipif(not capability("scip").is_installed, reason="SCIP is an optional judge")
def test_scip_agrees_on_the_exact_problem() -> None:
    """A second solver on the same posed program: least over the pieces is the plan's value."""
    snapshot = make_snapshot(
        [account(lots=[lot("AAA", 2, cost=480, days=900), lot("BBB", 3, cost=90)], cash=400)],
        prices={"AAA": 333.25, "BBB": 180},
    )
    judged = []
    for piece in range(tax_piece_count(BALANCED, snapshot)):
        exact = pose(BALANCED, snapshot, tax_piece=piece, exact=True)
        answer = solve(exact.problem, solver="scip")
        assert isinstance(answer, Solved), answer
        judged.append(answer.objective * exact.unit)
    assert found(BALANCED, snapshot).posed == pytest.approx(min(judged), abs=1e-3)


@pytest.mark.parametrize("name", ["clarabel", "piqp", "osqp"])
def test_multipliers_agree_whoever_finds_them(name: str) -> None:
    """Same problem in, same multipliers out: price of cash, of each gain and of each factor."""
    if not capability(name).is_installed:
        pytest.skip(f"{name} is not installed")
    snapshot = tiny("gains so far")  # where the tax is smooth: at a kink of it the multipliers are not unique
    one, other = pose(BALANCED, snapshot), pose(BALANCED, snapshot)
    relax(one, snapshot)
    relax(other, snapshot, solver=name)
    for key in ("short", "long", "factor"):
        assert other.decision.links[key].dual_value == pytest.approx(one.decision.links[key].dual_value, abs=2e-2), key
    assert other.cash_rows.dual_value == pytest.approx(one.cash_rows.dual_value, abs=2e-2)


def test_forty_names_are_narrowed_and_still_planned() -> None:
    """Fifty names, some at a loss, whole shares: allowed, below doing nothing, with a valid if looser bound."""
    symbols = [f"S{k:02d}" for k in range(50)]
    price = {s: 20.0 + 7 * k for k, s in enumerate(symbols)}
    lots = [
        lot(s, 1 + (7 * k) % 11, cost=round(price[s] * (0.6 + 0.05 * (k % 13)), 2), days=100 + 40 * k)
        for k, s in enumerate(symbols)
        if k % 4
    ]
    snapshot = make_snapshot([account(lots=lots, cash=9000)], prices=price, factors=3)
    solution = solve_program(BALANCED, snapshot, node_limit=50, evaluations=400)
    assert isinstance(solution, Solution)
    assert BALANCED.violations(snapshot, solution.trades) == {}
    assert solution.bound <= solution.posed < BALANCED.value(snapshot, trades(snapshot))
