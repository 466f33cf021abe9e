"""The plug-ins: the learner never looks ahead, the genetic one keeps its promises, and both are found by entry point."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path

import numpy as np
import pytest

from lotwright.errors import ProgramError
from lotwright.targets.compute import Securities, weights_of
from lotwright.targets.declaration import Declaration, declaration_of
from lotwright.targets.genetic import Genetic, expected_shortfall
from lotwright.targets.learned import Learned, features, skill
from lotwright.targets.simple import InverseVolatility
from lotwright.targets.source import GROUP, find_source
from lotwright.targets.study import Bounds, Study
from tests.targets.conftest import AS_OF, history_of, study

NAMES = tuple("ABCDEFGH")
SECURITIES = Securities(sector=dict.fromkeys(NAMES), kind=dict.fromkeys(NAMES))


@pytest.fixture(scope="module")
def drifting() -> np.ndarray:
    """600 days of eight securities, half of which go up and half down: what went up goes on."""
    rng = np.random.default_rng(2)
    return rng.normal(0, 0.01, (600, 8)) + np.array([1, 1, 1, 1, -1, -1, -1, -1]) * 15e-4


def declared(source: object) -> Declaration:
    return replace(declaration_of("mine", {"source": {"kind": "equal", "lookback_days": 2000}}), source=source)


@pytest.mark.parametrize("learner", ["ridge", "boosting"])
def test_no_forecast_changes_when_the_days_after_it_do(drifting: np.ndarray, learner: str) -> None:
    """Every forecast of the walk, bit for bit, whatever comes after its day: the sharpest test of a look ahead."""
    whole = study(drifting, NAMES)
    source = Learned(learner=learner)
    made = list(source.forecasts(whole))
    rng = np.random.default_rng(9)
    for place in (3, len(made) // 2, len(made) - 2):
        day = made[place].day
        changed = whole.adj_close.copy()
        later = whole.dates > day
        changed[later] *= np.exp(rng.normal(0, 0.5, changed[later].shape))
        again = {one.day: one.said for one in source.forecasts(replace(whole, adj_close=changed))}
        for one in made[: place + 1]:
            assert (again[one.day] == one.said).all()
        cut = list(source.forecasts(whole.until(day)))
        assert cut[-1].day == day
        assert (cut[-1].said == made[place].said).all()
        assert np.isnan(cut[-1].came).all()  # nobody knows yet


def test_the_test_above_would_catch_a_look_ahead(drifting: np.ndarray) -> None:
    """A learner that takes labels which end after its day does change: the test can fail."""

    class Peeking(Learned):
        __slots__ = ()

        def forecasts(self, study: Study):  # type: ignore[no-untyped-def]
            seen = []
            for one in super().forecasts(study):
                place = int(np.searchsorted(study.dates, one.day))
                seen.append(replace(one, said=one.said + study.adj_close[min(place + 5, len(study.dates) - 1)]))
            return seen

    whole = study(drifting, NAMES)
    made = list(Peeking().forecasts(whole))
    changed = whole.adj_close.copy()
    changed[whole.dates > made[3].day] *= 2.0
    again = list(Peeking().forecasts(replace(whole, adj_close=changed)))
    assert (again[3].said != made[3].said).any()


@pytest.mark.parametrize("source", [Learned(), Genetic(evaluations=400, names=4)])
def test_changing_the_future_changes_no_weight_of_the_past(drifting: np.ndarray, source: object) -> None:
    history = history_of(drifting, NAMES)
    day = history.dates[520].astype(object)
    one = weights_of(declared(source), history, SECURITIES, as_of=day)
    changed = history.adj_close.copy()
    changed[521:] = changed[521:][::-1] * 3.0
    assert weights_of(declared(source), replace(history, adj_close=changed), SECURITIES, as_of=day).weight == one.weight


def test_the_learner_finds_momentum_that_is_there_and_none_in_noise(drifting: np.ndarray) -> None:
    found = Learned(risk_aversion=5.0).weights(study(drifting, NAMES))
    assert sum(found.get(name, 0.0) for name in "ABCD") > 0.9
    noise = np.random.default_rng(4).normal(0, 0.01, (600, 8))
    assert (
        skill(list(Learned().forecasts(study(noise, NAMES))))
        < 0.1
        < skill(list(Learned().forecasts(study(drifting, NAMES))))
    )


def test_without_skill_the_learner_holds_the_weights_of_least_variance() -> None:
    from lotwright.targets.frontier import MinimumVolatility

    for seed in range(20):
        one = study(np.random.default_rng(seed).normal(0, 0.01, (600, 8)), NAMES)
        if skill(list(Learned().forecasts(one))) == 0.0:
            least = MinimumVolatility().weights(one)
            found = Learned().weights(one)
            assert {s: found.get(s, 0.0) for s in NAMES} == pytest.approx(
                {s: least.get(s, 0.0) for s in NAMES}, abs=1e-3
            )
            return
    pytest.fail("no sample without skill in twenty")


def test_features_by_hand() -> None:
    """Momentum ranks by the year without its last month: the last month's jump of the third does not count there."""
    price = np.ones((300, 3))
    price[:, 0] = np.linspace(1, 2, 300)
    price[:, 1] = np.linspace(2, 1, 300)
    price[-10:, 2] = 5.0
    found = features(price)
    assert found[:, 0].tolist() == [0.5, -0.5, 0.0]
    assert found[:, 2].tolist() == [0.0, -0.5, 0.5]


def test_too_short_a_history_is_told(drifting: np.ndarray) -> None:
    with pytest.raises(ProgramError, match="Learning needs 378 days"):
        Learned().weights(study(drifting[:300], NAMES))


def test_the_genetic_weights_are_few_and_none_is_small(drifting: np.ndarray) -> None:
    one = study(drifting, NAMES, Bounds(maximum={"A": 0.3}))
    found = Genetic(names=4, least=0.1, evaluations=800).weights(one)
    assert len(found) <= 4
    assert min(found.values()) >= 0.1 - 1e-9
    assert found.get("A", 0.0) <= 0.3 + 1e-9
    assert sum(found.values()) == pytest.approx(1)
    assert Genetic(names=4, least=0.1, evaluations=800).weights(one) == found  # the same seed, the same weights


def test_the_genetic_search_beats_rules_and_comes_near_the_convex_bound(drifting: np.ndarray) -> None:
    """Its mean loss of the worst days lies between the convex optimum over all names (CVaR) and inverse volatility."""
    from lotwright.targets.tail import ConditionalValueAtRisk

    one = study(drifting, NAMES)

    def loss(found: dict[str, float]) -> float:
        weight = np.array([found.get(name, 0.0) for name in NAMES])
        return float(expected_shortfall((one.returns @ weight)[:, None], 0.95)[0])

    best = loss(dict(ConditionalValueAtRisk().weights(one)))
    found = loss(dict(Genetic(names=8, least=0.0, evaluations=3_000).weights(one)))
    rule = loss(dict(InverseVolatility().weights(one)))
    assert best - 1e-6 <= found < rule
    assert found <= best * 1.05


@pytest.mark.parametrize(
    ("source", "words"),
    [(Genetic(names=2), "caps of the 2 largest names"), (Genetic(names=8, least=0.2), "more than everything")],
)
def test_what_cannot_be_held_is_told(drifting: np.ndarray, source: Genetic, words: str) -> None:
    bounds = Bounds(maximum_weight=0.4) if source.names == 2 else Bounds()
    with pytest.raises(ProgramError, match=words):
        source.weights(study(drifting, NAMES, bounds))


def test_the_shipped_entry_points_load(root: Path) -> None:
    declared = tomllib.loads((root / "pyproject.toml").read_text())["project"]["entry-points"][GROUP]
    loaded = {name: EntryPoint(name=name, value=value, group=GROUP).load() for name, value in declared.items()}
    assert loaded == {"learned": Learned, "genetic": Genetic}


def test_a_strangers_package_is_found_by_its_entry_point(root: Path, tmp_path: Path) -> None:
    """A distribution on the path, as pip would install one, in another process."""
    (tmp_path / "strange.py").write_text(
        "from dataclasses import dataclass\nfrom typing import ClassVar\n\n\n@dataclass(frozen=True, kw_only=True)\nclass First:\n"
        "    keeps_groups: ClassVar[bool] = False\n    rank: int = 1\n\n    def weights(self, study):\n"
        "        return {study.symbols[self.rank - 1]: 1.0}\n"
    )
    info = tmp_path / "strange-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strange\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[{GROUP}]\nfirst = strange:First\nbroken = strange:Nothing\n")
    code = (
        "from lotwright.targets.declaration import declaration_of\nfrom lotwright.errors import ProgramError\n"
        "print(declaration_of('x', {'source': {'kind': 'first', 'rank': 2}}).source)\n"
        "try:\n    declaration_of('x', {'source': {'kind': 'broken'}})\nexcept ProgramError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env={"PYTHONPATH": f"{root / 'src'}:{tmp_path}", "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "First(rank=2)"
    assert "cannot be loaded: AttributeError" in lines[1]


def test_an_unknown_kind_lists_what_there_is() -> None:
    with pytest.raises(ProgramError, match=r"no source of targets of that kind\. There are: black_litterman"):
        find_source("magic")
    assert AS_OF.year == 2020
