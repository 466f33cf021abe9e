"""Strategies are found by name, always verified, never trusted."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lotwright.errors import ProgramError
from lotwright.plan.household import plan_household
from lotwright.plan.program import Program, load_program
from lotwright.plan.protocols import Trades
from lotwright.plan.result import HouseholdPlan, Status
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.strategy import GROUP, Strategy, find_strategy

from .factory import account, lot, make_snapshot, risk_model

PRICES = {"AAA": 100, "BBB": 50}
OFF = [lot("AAA", 60, cost=100, name="a"), lot("BBB", 20, cost=50, name="b")]


@pytest.fixture(autouse=True)
def plain_kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOTWRIGHT_KERNELS", "plain")


@dataclass(frozen=True, slots=True, kw_only=True)
class Says:
    """A strategy that answers what a test wants."""

    answer: Callable[[Snapshot], Any]
    name: str = "says"

    def trades(self, snapshot: Snapshot, program: Program, *, seconds: float | None) -> Trades:
        return self.answer(snapshot)


def plan(strategy: Strategy, **options: Any) -> HouseholdPlan:
    snapshot = make_snapshot([account(lots=OFF, cash=100, **options)], prices=PRICES)
    return plan_household(
        snapshot.household,
        name="H",
        market=snapshot.market,
        risk=risk_model(sorted(PRICES)),
        program=load_program("balanced"),
        effort=Effort(nodes=100, seconds=None),
        strategy=strategy,
    )


def traded(sell: list[float], buy: list[float]) -> Says:
    return Says(answer=lambda _: Trades(sell=np.array(sell), buy=np.array(buy)))


def test_an_allowed_answer_is_a_plan_under_our_bound() -> None:
    """Half way to the targets: allowed, verified, and not the best there is."""
    found = plan(traded([10, 0], [0, 20]))
    assert found.status is Status.PLANNED
    assert [(trade.symbol, float(trade.quantity)) for trade in found.trades] == [("AAA", 10.0), ("BBB", 20.0)]
    assert found.objective is not None
    assert found.objective.gap > 1.0
    assert all(check.ok for check in found.checks)
    assert found.provenance is not None
    assert found.provenance.solver.startswith("strategy says, bound by ")


@pytest.mark.parametrize(
    ("strategy", "words"),
    [
        (traded([0, 0], [0, 40]), "cash"),
        (traded([10, 0], [10, 0]), "AAA"),
    ],
)
def test_an_answer_that_breaks_a_rule_is_no_plan(strategy: Says, words: str) -> None:
    """More than there is money for; both sides of one security at once."""
    found = plan(strategy)
    assert found.failure is not None
    assert found.failure.reason == "check_failed"
    assert words in found.failure.message


def test_an_answer_counts_as_the_orders_it_amounts_to() -> None:
    """A third of a share is no order."""
    assert plan(traded([0.3, 0], [0, 0])).status is Status.NOTHING_TO_DO


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda _: None, "broke down"),
        (lambda _: 1 / 0, "ZeroDivisionError"),
        (lambda _: Trades(sell=np.zeros(1), buy=np.zeros(2)), "shape (1,), not (2,)"),
        (lambda _: Trades(sell=np.array([np.nan, 0]), buy=np.zeros(2)), "negative or no numbers"),
        (lambda _: Trades(sell=np.zeros(2), buy=np.array([-1.0, 0])), "negative or no numbers"),
        (lambda _: Trades(sell=np.array([61.0, 0]), buy=np.zeros(2)), "sells 61 shares but holds 60"),
    ],
)
def test_an_answer_that_is_none_is_the_households_failure(answer: Callable[[Snapshot], Any], words: str) -> None:
    found = plan(Says(answer=answer))
    assert found.failure is not None
    assert found.failure.reason == "strategy_error"
    assert words in found.failure.message


def test_the_lots_of_a_standing_order_are_not_the_strategys_to_choose() -> None:
    """Under fifo the account's order is followed whatever the strategy says; the verifier would find out anyway."""
    from lotwright.book.kinds import Relief

    lots = [lot("AAA", 30, cost=50, days=900, name="old"), lot("AAA", 30, cost=99, days=800, name="young")]
    snapshot = make_snapshot([account(lots=lots, cash=0, relief=Relief.FIFO)], prices=PRICES)
    found = plan_household(
        snapshot.household, name="H", market=snapshot.market, risk=risk_model(sorted(PRICES)),
        program=load_program("balanced"), effort=Effort(nodes=50, seconds=None), strategy=traded([0, 30], [0, 50]),
    )  # fmt: skip
    assert [sale.lot for trade in found.trades for sale in trade.lots] == ["old"]


# By name


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """Install a distribution that offers strategies, as pip would: a module and its metadata on the path."""

    def install(points: str, module: str = "") -> None:
        folder = tmp_path / "somebody-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: somebody\nVersion: 1.0\n")
        (folder / "entry_points.txt").write_text(f"[{GROUP}]\n{points}\n")
        (tmp_path / "somebodys_strategies.py").write_text(module)
        monkeypatch.syspath_prepend(str(tmp_path))
        sys.modules.pop("somebodys_strategies", None)
        importlib.invalidate_caches()

    return install


MODULE = """
class Nothing:
    name = "nothing 1.0"
    def trades(self, snapshot, program, *, seconds):
        import numpy as np
        from lotwright.plan.protocols import Trades
        return Trades(sell=np.zeros(len(snapshot.lot)), buy=np.zeros(len(snapshot.symbol)))

class Empty:
    pass
"""


def test_an_installed_strategy_is_found_by_its_entry_point(installed: Callable[[str, str], None]) -> None:
    installed("nothing = somebodys_strategies:Nothing", MODULE)
    found = plan(find_strategy("nothing"))
    assert found.status is Status.NOTHING_TO_DO
    assert found.provenance is not None
    assert "nothing 1.0" in found.provenance.solver


@pytest.mark.parametrize(
    ("points", "name", "words"),
    [
        ("nothing = somebodys_strategies:Nothing", "nothin", "there is no strategy of that name"),
        ("broken = somebodys_strategies:Missing", "broken", "cannot be loaded"),
        ("empty = somebodys_strategies:Empty", "empty", "has no method trades"),
    ],
)
def test_a_strategy_that_is_not_there_is_the_callers_mistake(
    installed: Callable[[str, str], None], points: str, name: str, words: str
) -> None:
    installed(points, MODULE)
    with pytest.raises(ProgramError, match=words):
        find_strategy(name)


def test_our_genetic_strategy_is_declared_as_an_entry_point(root: Path) -> None:
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    module, _, attribute = project["entry-points"][GROUP]["genetic"].partition(":")
    pytest.importorskip("pymoo", reason="needs the extra genetic")
    assert getattr(importlib.import_module(module), attribute)().name == "genetic"


def test_the_genetic_strategy_plans_and_repeats_itself() -> None:
    """A few hundred individuals on two holdings: allowed, better than doing nothing, the same again."""
    pytest.importorskip("pymoo", reason="needs the extra genetic")
    from lotwright.plan.strategies.genetic import Genetic

    one, other = (plan(Genetic(population=20, evaluations=200)) for _ in range(2))
    still = plan(traded([0, 0], [0, 0]))
    assert one.objective is not None
    assert still.objective is not None
    assert one.objective.posed < still.objective.posed
    assert one.trades == other.trades
