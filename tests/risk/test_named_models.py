"""The risk models a program may name: each against its own arithmetic, and all of them well-conditioned."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lotwright.book.history import FactorHistory
from lotwright.errors import BookError, ProgramError
from lotwright.files.factor_table import read_factors
from lotwright.plan.program import Program, program_schema
from lotwright.risk.choice import MODELS, RiskChoice
from lotwright.risk.estimate import FLOOR, estimate
from lotwright.risk.model import RiskModel
from lotwright.risk.shrinkage import half_life_weight, recent_scale, sample_correlation, shrunk_correlation
from tests.risk.histories import closes, history_of

NAMES = [f"S{i:02d}" for i in range(12)]


@pytest.fixture(scope="module")
def market() -> tuple[np.ndarray, np.ndarray]:
    """Returns (400, 12) of three factors and something of its own; and the factors (400, 3)."""
    rng = np.random.default_rng(5)
    factor = rng.normal(0, [0.010, 0.005, 0.004], (400, 3))
    beta = np.column_stack([rng.uniform(0.6, 1.4, 12), rng.normal(0, 0.6, (12, 2))])
    return factor @ beta.T + rng.normal(0, 0.01, (400, 12)), factor


def model(returns: np.ndarray, name: str, *, factor: np.ndarray | None = None, factors: int = 10) -> RiskModel:
    history = history_of(closes(returns, NAMES[: returns.shape[1]]))
    given = None
    if factor is not None:
        names = tuple(f"F{k}" for k in range(factor.shape[1]))
        given = FactorHistory(names=names, dates=history.dates[1:], value=factor)
    nothing = dict.fromkeys(NAMES)
    return estimate(
        history, symbols=NAMES[: returns.shape[1]], sector=nothing, kind=nothing, estimator=name, factors=factors,
        factor_history=given,
    )  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_no_eigenvalue_of_the_correlations_is_below_the_floor(market: tuple[np.ndarray, np.ndarray], name: str) -> None:
    """Also with a twin, a copy to the last digit, and fewer days than securities would want."""
    returns, factor = market
    hard = returns[:70].copy()
    hard[:, 1] = hard[:, 0]
    hard[:, 3] = 2.0 * hard[:, 2]
    for rows, given in ((returns, factor), (hard, factor[:70])):
        found = model(rows, name, factor=given)
        covariance = found.covariance(found.symbols)
        size = np.sqrt(np.diag(covariance))
        smallest = np.linalg.eigvalsh(covariance / np.outer(size, size))[0]
        assert smallest >= FLOOR * (1 - 1e-6)


def test_fama_french_exposures_are_the_regressions(market: tuple[np.ndarray, np.ndarray]) -> None:
    """Ordinary least squares with an intercept, symbol by symbol; covariance βΩβᵀ, variances the sample's."""
    returns, factor = market
    found = model(returns, "fama_french", factor=factor)
    design = np.column_stack([np.ones(len(factor)), factor])
    beta = np.array([np.linalg.lstsq(design, returns[:, i], rcond=None)[0][1:] for i in range(12)])
    systematic = beta @ np.cov(factor, rowvar=False) @ beta.T * 252
    covariance = found.covariance(found.symbols)
    off = ~np.eye(12, dtype=bool)
    assert covariance[off] == pytest.approx(systematic[off], rel=1e-6, abs=1e-9)
    assert np.diag(covariance) == pytest.approx(returns.var(axis=0, ddof=1) * 252, rel=1e-6)


def test_fama_french_without_factor_returns_says_what_it_needs(market: tuple[np.ndarray, np.ndarray]) -> None:
    returns, factor = market
    with pytest.raises(ProgramError, match=r"needs factor returns\. Put a table factors\.csv"):
        model(returns, "fama_french")
    history = history_of(closes(returns, NAMES))
    late = FactorHistory(names=("M",), dates=history.dates[-30:], value=factor[-30:, :1])
    with pytest.raises(ProgramError, match="on 30 of the 400 days"):
        estimate(
            history, symbols=NAMES, sector=dict.fromkeys(NAMES), kind=dict.fromkeys(NAMES), estimator="fama_french",
            factor_history=late,
        )  # fmt: skip


@pytest.mark.parametrize("count", [1, 3, 8])
def test_principal_components_are_the_leading_eigenvectors(market: tuple[np.ndarray, np.ndarray], count: int) -> None:
    returns, _ = market
    found = model(returns, "principal_components", factors=count)
    value, vector = np.linalg.eigh(np.corrcoef(returns, rowvar=False))
    lead = vector[:, -count:] * np.sqrt(value[-count:])
    size = returns.std(axis=0, ddof=1) * np.sqrt(252)
    expected = lead @ lead.T
    np.fill_diagonal(expected, 1.0)
    assert found.exposure.shape[1] == count
    assert found.covariance(found.symbols) == pytest.approx(expected * np.outer(size, size), rel=1e-9)


def scores(returns: np.ndarray) -> np.ndarray:
    centred = returns - returns.mean(axis=0)
    return centred / np.sqrt((centred**2).mean(axis=0))


def test_semicovariance_counts_falling_days_alone(market: tuple[np.ndarray, np.ndarray]) -> None:
    score = scores(market[0])
    low = np.minimum(score, 0.0)
    product = low.T @ low
    size = np.sqrt(np.diag(product))
    found = sample_correlation(score, np.full(400, 1 / 400), "semicovariance")
    assert found == pytest.approx(product / np.outer(size, size), abs=1e-9)


def test_the_adaptive_model_by_hand(market: tuple[np.ndarray, np.ndarray]) -> None:
    score = scores(market[0])
    weight = np.full(400, 1 / 400)
    worst = np.argsort(-(score**2).mean(axis=1), kind="stable")[:80]
    hard = score[worst].T @ score[worst]
    hard /= np.sqrt(np.outer(np.diag(hard), np.diag(hard)))
    mixed = 0.75 * (score.T @ score / 400) + 0.25 * hard
    assert sample_correlation(score, weight, "adaptive") == pytest.approx(
        mixed / np.sqrt(np.outer(np.diag(mixed), np.diag(mixed)))
    )
    half = half_life_weight(400, 42.0)
    assert half[-43] == pytest.approx(half[-1] / 2)
    assert recent_scale(score, "adaptive") == pytest.approx(np.sqrt(0.5 + 0.5 * half @ score**2))


def test_after_a_calm_turns_wild_the_adaptive_model_says_so_first(market: tuple[np.ndarray, np.ndarray]) -> None:
    returns = market[0].copy()
    returns[-40:] *= 3.0
    volatility = {
        name: np.sqrt(np.diag(model(returns, name).covariance(NAMES)).mean())
        for name in ("sample", "exponential", "adaptive")
    }
    assert volatility["sample"] < volatility["exponential"]
    assert volatility["sample"] < volatility["adaptive"]
    truth = 3.0 * np.sqrt(market[0].var(axis=0).mean() * 252)
    assert volatility["adaptive"] < truth


def test_ledoit_wolf_shrinks_towards_the_target_it_names(market: tuple[np.ndarray, np.ndarray]) -> None:
    """Each result is a mixture of the sample and its target: by one intensity for every pair."""
    score = scores(market[0][:100])
    sample = np.cov(score, rowvar=False, ddof=1)
    size = np.sqrt(np.diag(sample))
    correlation = sample / np.outer(size, size)
    off = ~np.eye(12, dtype=bool)
    target = np.full((12, 12), correlation[off].mean()) * np.outer(size, size)
    found = shrunk_correlation(score, "ledoit_wolf_constant_correlation")
    far = off & (np.abs(target - sample) > 0.1)
    moved = (np.asarray(found) - sample)[far] / (target - sample)[far]
    assert moved.min() == pytest.approx(moved.max(), abs=1e-6)
    assert 0 < moved.mean() <= 1 + 1e-9
    one = np.asarray(shrunk_correlation(score, "ledoit_wolf_single_factor"))
    assert not np.allclose(one, sample)


# --- declared in a program, and the table of factors


def test_a_program_names_its_risk_model() -> None:
    cost = '[[cost]]\nkind = "tracking"\nrisk_price = 25.0\n'
    plain = Program.from_toml(cost)
    named = Program.from_toml('[risk]\nmodel = "adaptive"\nfactors = 5\n' + cost)
    assert (plain.risk, named.risk) == (None, RiskChoice(model="adaptive", factors=5))
    assert plain.content_hash != named.content_hash
    assert set(program_schema()["properties"]["risk"]["properties"]["model"]["enum"]) == set(MODELS)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('[risk]\nmodel = "adaptiv"', "no risk estimator 'adaptiv'"),
        ('[risk]\nmodle = "adaptive"', "Did you mean model"),
        ("[risk]\nfactors = 0", "factors is 0"),
        ("[risk]\nfactors = true", "factors is True"),
        ("[risk]\nmodel = 3", "model is 3"),
        ('risk = "adaptive"', "risk must be a table"),
    ],
)
def test_a_risk_model_that_is_none_is_told(table: str, words: str) -> None:
    with pytest.raises(ProgramError, match=words):
        Program.from_toml(f'{table}\n[[cost]]\nkind = "tracking"\nrisk_price = 25.0\n')


def test_the_table_of_factors_is_read_and_percents_are_refused(tmp_path: Path) -> None:
    assert read_factors(tmp_path) is None
    file = tmp_path / "factors.csv"
    file.write_text("date,Mkt,SMB\n2020-01-03,0.01,-0.002\n2020-01-02,-0.004,0.001\n")
    found = read_factors(tmp_path)
    assert found is not None
    assert (found.names, found.value.tolist()) == (("Mkt", "SMB"), [[-0.004, 0.001], [0.01, -0.002]])
    for text, words in [
        ("date,Mkt\n2020-01-02,1.0\n2020-01-03,-0.8\n", "Write fractions"),
        ("date,Mkt\n2020-01-02,x\n", "row 2: a cell is no day or no number"),
        ("date,Mkt\n2020-01-02,0.01\n2020-01-02,0.02\n", "two rows of 2020-01-02"),
        ("date\n2020-01-02\n", "at least one factor"),
    ]:
        file.write_text(text)
        with pytest.raises(BookError, match=words):
            read_factors(tmp_path)


def test_a_history_of_closes_alone_does_not_change_with_the_order_of_models(
    market: tuple[np.ndarray, np.ndarray],
) -> None:
    """Estimating one model leaves nothing behind that another would see."""
    returns, factor = market
    before = model(returns, "ledoit_wolf").covariance(NAMES)
    for name in MODELS:
        model(returns, name, factor=factor)
    assert (model(returns, "ledoit_wolf").covariance(NAMES) == before).all()


def test_choices_are_values() -> None:
    assert replace(RiskChoice(), model="oas") == RiskChoice(model="oas")
    assert len({RiskChoice(), RiskChoice(factors=10)}) == 1
