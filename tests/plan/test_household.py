"""One household through the whole line: what comes out is a plan that holds, or a failure that says why."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, ClassVar

import pytest

from lotwright.book.failure import Failure
from lotwright.book.holdings import Account, Household
from lotwright.book.kinds import AccountKind
from lotwright.plan.costs import IdleCash, Tracking
from lotwright.plan.household import plan_household
from lotwright.plan.limits import Cash, Holdings, Restrictions, Soft, WholeShares
from lotwright.plan.program import Program, load_program
from lotwright.plan.protocols import Trades
from lotwright.plan.result import HouseholdPlan, Status
from lotwright.plan.separable.form import SeparableForm
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.terms import RiskNumbers
from lotwright.plan.verify import verify

from .factory import account, deposit, lot, make_snapshot, risk_model, rule

PRICES = {"AAA": 100, "BBB": 50}


@pytest.fixture(autouse=True)
def plain_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """These households are too small to wait for a compiler, or to start one behind the tests' back."""
    monkeypatch.setenv("LOTWRIGHT_KERNELS", "plain")


def plan(
    *accounts: Account,
    program: Program | None = None,
    prices: dict[str, Any] | None = None,
    weights: dict[str, float] | None = None,
    effort: Effort | None = None,
    change: Callable[[Household], Household] = lambda household: household,
    **options: Any,
) -> HouseholdPlan:
    """The plan of these accounts, through the same crossing as any other."""
    snapshot = make_snapshot(list(accounts), prices=prices or PRICES, weights=weights)
    return plan_household(
        change(snapshot.household),
        name="H",
        market=snapshot.market,
        risk=risk_model(sorted(prices or PRICES)),
        program=program or load_program("balanced"),
        effort=effort or Effort(nodes=300, seconds=None),
        **options,
    )


def off_target(**fields: Any) -> Account:
    """All in AAA, half of it at a loss, where the model wants half in BBB."""
    lots = [lot("AAA", 40, cost=60, name="old"), lot("AAA", 40, cost=130, days=200, name="new")]
    return account(lots=lots, cash=fields.pop("cash", 500), **fields)


def test_what_is_reported_is_what_the_verifier_says() -> None:
    snapshot = make_snapshot([off_target()], prices=PRICES)
    program, model = load_program("balanced"), risk_model(sorted(PRICES))
    found = plan(off_target())
    numbers = RiskNumbers(symbols=model.symbols, exposure=model.exposure, specific=model.specific)
    true = verify(found.trades, snapshot.household, snapshot.market, terms=program.terms(), risk=numbers)
    assert found.status is Status.PLANNED
    assert true.ok
    assert (found.cash, found.tax, found.value) == (true.cash, true.tax, true.value)
    assert (found.tracking, found.drift, found.wash_sales.locks) == (true.tracking, true.drift, true.locks)
    assert {line.name: line.dollars for line in found.costs} == pytest.approx(
        {name: float(amount) for name, amount in true.costs.items()}, abs=5e-7
    )
    assert all(trade.reason.endswith(".") for trade in found.trades)


def test_posed_is_the_sum_of_the_lines_to_the_digit_and_the_bound_is_below() -> None:
    goal = plan(off_target())
    objective = goal.objective
    assert objective is not None
    assert Decimal(repr(objective.posed)) == sum(Decimal(repr(line.dollars)) for line in goal.costs)
    assert objective.bound <= objective.posed
    assert Decimal(repr(objective.gap)) == Decimal(repr(objective.posed)) - Decimal(repr(objective.bound))
    assert objective.gap_bp == pytest.approx(objective.gap / float(goal.value) * 1e4)
    assert objective.gap_bp <= 0.1


def test_an_account_on_target_has_nothing_to_do() -> None:
    lots = [lot("AAA", 40, cost=90), lot("BBB", 80, cost=45)]
    found = plan(account(lots=lots, cash=0))
    assert (found.status, found.trades, found.failure) == (Status.NOTHING_TO_DO, (), None)
    assert found.objective is not None
    assert found.objective.posed == 0


def test_a_household_without_anything_has_nothing_to_do_and_a_proof_of_it() -> None:
    found = plan(account(cash=0))
    assert found.status is Status.NOTHING_TO_DO
    assert found.objective is not None
    assert found.objective.gap == 0


def test_a_household_that_only_owes_is_infeasible() -> None:
    found = plan(account(cash=-50))
    assert found.failure is not None
    assert (found.failure.reason, found.failure.evidence) == ("infeasible", {"limits": {"cash": 50.0}})


def test_a_failure_of_the_input_is_passed_on() -> None:
    reason = Failure(reason="input", message="lots.csv row 3 is wrong.")
    snapshot = make_snapshot([account(cash=1)], prices=PRICES)
    found = plan_household(
        reason,
        name="H",
        market=snapshot.market,
        risk=risk_model(sorted(PRICES)),
        program=load_program("balanced"),
        effort=Effort(),
    )
    assert (found.household, found.status, found.failure) == ("H", Status.FAILED, reason)


def test_a_held_security_without_a_price_is_a_failure_that_names_it() -> None:
    def with_stranger(household: Household) -> Household:
        (only,) = household.accounts
        stranger = replace(only.lots[0], symbol="ZZZ", lot="z")
        return replace(household, accounts=(replace(only, lots=(*only.lots, stranger)),))

    found = plan(off_target(), change=with_stranger)
    assert found.failure is not None
    assert (found.failure.reason, found.failure.evidence) == ("no_price", {"symbols": ["ZZZ"]})


def test_a_model_nobody_declares_is_a_failure_that_names_it() -> None:
    found = plan(off_target(model="nowhere"))
    assert found.failure is not None
    assert (found.failure.reason, found.failure.evidence) == ("no_model", {"models": ["nowhere"]})


@pytest.mark.parametrize("others", [(), (account("A2", lots=[lot("AAA", 90, cost=60)]),)])
def test_a_withdrawal_beyond_everything_is_infeasible_and_says_by_how_much(others: tuple[Account, ...]) -> None:
    """40 shares at 100 dollars and 500 in cash cannot pay 6,000, whatever another account holds."""
    found = plan(account(lots=[lot("AAA", 40, cost=60)], cash=500, cashflows=(deposit(-6000),)), *others)
    assert found.status is Status.FAILED
    assert found.failure is not None
    assert found.failure.reason == "infeasible"
    assert "$1,50" in found.failure.message
    assert found.trades == ()


@dataclass(frozen=True)
class Liar:
    """A cost that tells the optimiser another figure than it reports."""

    kind: ClassVar[str] = "liar"

    def expression(self, snapshot: Snapshot, decision: Any) -> Any:
        return decision.nothing()

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        return 0.0

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        return "Nothing, it says."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        form.buy_cost += 0.001


def test_an_objective_the_verifier_does_not_confirm_is_no_plan() -> None:
    lying = Program(
        name="lying",
        says="",
        costs=(Tracking(), IdleCash(), Liar()),
        limits=(Cash(), Holdings(), WholeShares()),
    )
    found = plan(off_target(), program=lying)
    assert (found.status, found.trades, found.objective) == (Status.FAILED, (), None)
    assert found.failure is not None
    assert found.failure.reason == "check_failed"
    assert [check["name"] for check in found.failure.evidence["checks"]] == ["objective", "bound"]
    assert found.failure.evidence["trades"]
    assert [check.name for check in found.checks if not check.ok] == ["objective", "bound"]


@pytest.mark.parametrize("cash", ["1000.00", "1011.37", "1012.37"])
def test_cash_holds_to_the_cent_where_fractions_spend_the_last_of_it(cash: str) -> None:
    """In exact dollars the floor is kept by less than a cent; rounding value and spread of each order may cost one."""
    spender = Program(
        name="spender",
        says="",
        costs=(Tracking(), IdleCash(price=5.0)),
        limits=(Cash(), Holdings(), WholeShares(fractional_increment=0.001)),
    )
    prices = {"AAA": "33.335", "BBB": "17.015", "CCC": "5.005"}
    found = plan(account(cash=Decimal(cash), fractional=True), program=spender, prices=prices)
    assert found.status is Status.PLANNED
    assert 0 <= found.cash["A1"].after < Decimal("0.20")
    assert found.objective is not None
    assert found.objective.gap >= 0


def test_a_program_of_ones_own_goes_the_general_path() -> None:
    """A price on cash has no place in the separable form; the plan still comes with a bound below its cost."""
    soft = Program(
        name="soft",
        says="",
        costs=(Tracking(), IdleCash(), Soft(limit=Cash(), price=0.5)),
        limits=(Restrictions(), Holdings(), WholeShares()),
    )
    found = plan(
        off_target(kind=AccountKind.IRA, restrictions=(rule("no_sell", "AAA"),)), program=soft, effort=Effort(seconds=5)
    )
    assert found.failure is None, found.failure
    assert found.objective is not None
    assert found.objective.bound <= found.objective.posed
    assert found.provenance is not None
    assert "highs" in found.provenance.solver
    assert [line.name for line in found.costs] == ["tracking", "idle_cash", "soft_cash"]
    assert any("soft_cash" in note for note in found.notes)


def test_timing_comes_from_the_clock_it_is_given() -> None:
    ticks = itertools.count()
    found = plan(off_target(), clock=lambda: float(next(ticks)))
    timing = found.timing
    assert timing.total == timing.pose + timing.solve + timing.verify
    assert min(timing.pose, timing.solve, timing.verify) >= 1


def test_provenance_names_book_and_program() -> None:
    found = plan(off_target(), book_hash="abc").provenance
    assert found is not None
    assert (found.book_hash, found.program_hash) == ("abc", load_program("balanced").content_hash)


def test_notes_tell_what_was_assumed_and_what_was_left_open() -> None:
    assumed = off_target(short_term_rate=None, long_term_rate=None)
    found = plan(assumed, effort=Effort(nodes=0, gap_bp=0.0))
    assert any("assumed" in note for note in found.notes)


def test_the_same_household_gives_the_same_plan() -> None:
    first, second = plan(off_target()), plan(off_target())
    assert replace(first, timing=second.timing) == second
