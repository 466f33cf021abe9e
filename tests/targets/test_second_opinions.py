"""Every kind of source against another way of computing the same: closed forms, by hand, scipy's LP."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import linprog

from lotwright.errors import ProgramError
from lotwright.targets.frontier import MaximumSharpe, MinimumVolatility, TargetReturn, TargetRisk
from lotwright.targets.index import Index, sample
from lotwright.targets.parity import HierarchicalRiskParity
from lotwright.targets.simple import Equal, InverseVolatility
from lotwright.targets.study import Bounds
from lotwright.targets.tail import ConditionalValueAtRisk
from lotwright.targets.views import BlackLitterman
from tests.targets.conftest import SYMBOLS, study


def array(found: dict[str, float], symbols: tuple[str, ...] = SYMBOLS) -> np.ndarray:
    return np.array([found.get(symbol, 0.0) for symbol in symbols])


def annual(returns: np.ndarray) -> np.ndarray:
    """Sample covariance, 252 days a year."""
    return np.cov(returns, rowvar=False, ddof=1) * 252


def test_minimum_volatility_is_the_closed_form(five: np.ndarray) -> None:
    """Σ⁻¹1 / 1ᵀΣ⁻¹1, where that has no negative weight (Merton 1972); these loadings are alike enough for that."""
    returns = five - (five.mean(axis=1, keepdims=True) - 0.5 * five.mean(axis=1, keepdims=True))
    raw = np.linalg.solve(annual(returns), np.ones(5))
    closed = raw / raw.sum()
    assert (closed > 0).all()
    found = array(MinimumVolatility(risk="sample").weights(study(returns, SYMBOLS)))
    assert found == pytest.approx(closed, abs=2e-5)


def test_maximum_sharpe_is_the_tangency_portfolio(five: np.ndarray) -> None:
    """Σ⁻¹(μ - r) / 1ᵀΣ⁻¹(μ - r) (Tobin 1958); μ is the compound annual growth of each."""
    mu = np.prod(1 + five, axis=0) ** (252 / len(five)) - 1
    raw = np.linalg.solve(annual(five), mu - 0.01)
    closed = raw / raw.sum()
    assert (closed > 0).all()
    found = array(MaximumSharpe(risk="sample", expected="mean", risk_free_rate=0.01).weights(study(five, SYMBOLS)))
    assert found == pytest.approx(closed, abs=1e-4)


def test_target_risk_and_target_return_are_two_sides_of_one_frontier(five: np.ndarray) -> None:
    one = study(five, SYMBOLS)
    sigma = annual(five)
    mu = np.prod(1 + five, axis=0) ** (252 / len(five)) - 1
    risky = array(TargetRisk(volatility=0.16, risk="sample", expected="mean").weights(one))
    assert np.sqrt(risky @ sigma @ risky) == pytest.approx(0.16, abs=1e-5)
    back = array(TargetReturn(annual_return=float(mu @ risky), risk="sample", expected="mean").weights(one))
    assert back == pytest.approx(risky, abs=2e-3)
    with pytest.raises(ProgramError, match=r"no weights of volatility 1\.0%"):
        TargetRisk(volatility=0.01, risk="sample").weights(one)


def test_equal_and_inverse_volatility_by_hand() -> None:
    """Volatilities 1 : 2 : 4 give 4/7, 2/7, 1/7."""
    base = np.tile([0.01, -0.01], 60)[:, None] * np.array([1.0, 2.0, 4.0])
    one = study(base, ("A", "B", "C"))
    assert array(Equal().weights(one), ("A", "B", "C")) == pytest.approx([1 / 3] * 3)
    assert array(InverseVolatility().weights(one), ("A", "B", "C")) == pytest.approx([4 / 7, 2 / 7, 1 / 7])
    capped = study(base, ("A", "B", "C"), Bounds(maximum={"A": 0.4}))
    assert array(InverseVolatility().weights(capped), ("A", "B", "C")) == pytest.approx([0.4, 0.4, 0.2])


def test_hierarchical_risk_parity_of_two_pairs_by_hand() -> None:
    """Two uncorrelated pairs. Inside a pair 1/v; between pairs 1/V, V the inverse-variance portfolio's variance.

    Orthogonal patterns of ±1 give exact correlations: A and B share one pattern, C and D another. Variances in units of
    u²: A = 1 + 1, B = 4 (1 + 1), C = 9 (1 + 1), D = 9 (1 + 1); correlation inside each pair 1/2, else 0.
    """
    t = np.arange(128)
    pattern = [np.where((t >> bit) & 1, 1.0, -1.0) for bit in range(6)]
    u = 0.001
    returns = u * np.column_stack([
        pattern[0] + pattern[1], 2 * (pattern[0] + pattern[2]), 3 * (pattern[3] + pattern[4]), 3 * (pattern[3] + pattern[5]),
    ])  # fmt: skip
    a, b, c, d = 2.0, 8.0, 18.0, 18.0
    wa, wc = (1 / a) / (1 / a + 1 / b), 0.5  # 0.8 and 0.5
    first = wa**2 * a + (1 - wa) ** 2 * b + 2 * wa * (1 - wa) * 0.5 * np.sqrt(a * b)
    second = wc**2 * c + (1 - wc) ** 2 * d + 2 * wc * (1 - wc) * 0.5 * np.sqrt(c * d)
    top = 1 - first / (first + second)
    expected = [top * wa, top * (1 - wa), (1 - top) * wc, (1 - top) * (1 - wc)]
    found = array(HierarchicalRiskParity().weights(study(returns, ("A", "B", "C", "D"))), ("A", "B", "C", "D"))
    assert found == pytest.approx(expected, rel=1e-6)


def test_conditional_value_at_risk_is_the_linear_programs(five: np.ndarray) -> None:
    """Rockafellar and Uryasev's LP: min a + mean(excess)/(1 - β), by scipy's HiGHS."""
    beta, (days, n) = 0.95, five.shape
    cost = np.concatenate([np.zeros(n), [1.0], np.full(days, 1 / days / (1 - beta))])
    upper = np.hstack([-five, -np.ones((days, 1)), -np.eye(days)])
    whole = np.concatenate([np.ones(n), np.zeros(1 + days)])[None, :]
    bounds = [(0, 1)] * n + [(None, None)] + [(0, None)] * days
    best = linprog(cost, A_ub=upper, b_ub=np.zeros(days), A_eq=whole, b_eq=[1.0], bounds=bounds)
    found = array(ConditionalValueAtRisk(beta=beta).weights(study(five, SYMBOLS)))
    loss = np.sort(-five @ found)[::-1]
    tail = np.mean(loss[: round(days * (1 - beta))])
    assert found == pytest.approx(best.x[:n], abs=5e-3)
    assert _cvar(five @ found, beta) == pytest.approx(best.fun, rel=1e-4)
    assert tail == pytest.approx(best.fun, rel=0.05)


def _cvar(returns: np.ndarray, beta: float) -> float:
    """Mean of the worst 1 - β of the days, the last of them in part."""
    loss = np.sort(-returns)[::-1]
    count = len(loss) * (1 - beta)
    whole = int(count)
    return float((loss[:whole].sum() + (count - whole) * loss[whole]) / count)


def test_black_litterman_is_the_master_formula(five: np.ndarray) -> None:
    """Posterior μ = π + τΣPᵀ(PτΣPᵀ + Ω)⁻¹(Q - Pπ); Idzorek's Ω of one view of confidence c is (1/c - 1) PτΣPᵀ."""
    one = study(five, SYMBOLS)
    view = {"says": "E beats A", "of": {"E": 1.0, "A": -1.0}, "annual_return": 0.05, "confidence": 0.6}
    source = BlackLitterman(view=(view,), risk="sample", market={"A": 2, "B": 1, "C": 1, "D": 1, "E": 1})
    sigma = annual(five)
    prior = 2.5 * sigma @ (np.array([2, 1, 1, 1, 1]) / 6)
    pick = np.array([[-1.0, 0, 0, 0, 1.0]])
    spread = pick @ (0.05 * sigma) @ pick.T
    omega = (1 / 0.6 - 1) * spread
    closed = prior + (0.05 * sigma @ pick.T @ np.linalg.inv(spread + omega) @ (0.05 - pick @ prior)).ravel()
    mu, _ = source.posterior(one, pd.DataFrame(sigma, index=SYMBOLS, columns=SYMBOLS))
    assert np.asarray(mu) == pytest.approx(closed, rel=1e-6)
    tilted, neutral = (
        array(source.weights(one)),
        array(BlackLitterman(risk="sample", market=source.market).weights(one)),
    )
    assert tilted[4] > neutral[4]
    assert tilted[0] < neutral[0]


def test_without_views_black_litterman_holds_the_market(five: np.ndarray) -> None:
    market = {"A": 0.3, "B": 0.25, "C": 0.2, "D": 0.15, "E": 0.1}
    found = array(BlackLitterman(risk="sample", market=market).weights(study(five, SYMBOLS)))
    assert found == pytest.approx(list(market.values()), abs=2e-4)


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ({"of": "A", "annual_return": 0.1}, "lacks confidence"),
        ({"of": "Z", "annual_return": 0.1, "confidence": 0.5}, "is of Z"),
        ({"of": "A", "annual_return": 0.1, "confidence": 0}, "confidence 0"),
        ({"of": "A", "annual_return": 0.1, "confidence": 0.5, "why": 1}, "no key why"),
    ],
)
def test_a_view_that_is_none_is_told(five: np.ndarray, view: dict[str, object], words: str) -> None:
    with pytest.raises(ProgramError, match=words):
        BlackLitterman(view=(view,)).weights(study(five, SYMBOLS))


# --- the index


def test_the_largest_names_keep_their_proportions(five: np.ndarray) -> None:
    index = {"A": 40.0, "B": 30.0, "C": 20.0, "D": 6.0, "E": 4.0}
    found = Index(weights_of=index, hold="top", names=3).weights(study(five, SYMBOLS))
    assert found == pytest.approx({"A": 4 / 9, "B": 3 / 9, "C": 2 / 9})
    assert Index(weights_of=index).weights(study(five, SYMBOLS)) == pytest.approx(
        {s: w / 100 for s, w in index.items()}
    )


def test_a_sample_of_two_twins_holds_one_of_each() -> None:
    """Six names that are three pairs of near-twins: three names suffice, one of each pair, with the pair's weight."""
    rng = np.random.default_rng(3)
    pairs = rng.normal(0, 0.01, (504, 3))
    returns = np.repeat(pairs, 2, axis=1) + rng.normal(0, 0.0002, (504, 6))
    symbols = ("A1", "A2", "B1", "B2", "C1", "C2")
    index = {"A1": 0.4, "A2": 0.1, "B1": 0.1, "B2": 0.2, "C1": 0.15, "C2": 0.05}
    found = Index(weights_of=index, hold="sample", names=3, risk="sample").weights(study(returns, symbols))
    assert {symbol[0] for symbol in found} == {"A", "B", "C"}
    assert {symbol[0]: weight for symbol, weight in found.items()} == pytest.approx(
        {"A": 0.5, "B": 0.3, "C": 0.2}, abs=0.01
    )


def test_a_sample_tracks_no_worse_than_brute_force_allows_by_much() -> None:
    """All 120 samples of 3 out of 10, each fitted by scipy: the one chosen is within a tenth of the best."""
    from itertools import combinations

    from scipy.optimize import minimize

    rng = np.random.default_rng(11)
    returns = rng.normal(0, 0.01, (300, 2)) @ rng.normal(1, 0.5, (2, 10)) + rng.normal(0, 0.008, (300, 10))
    matrix = annual(returns)
    index = np.array([0.25, 0.2, 0.15, 0.1, 0.08, 0.07, 0.05, 0.04, 0.03, 0.03])

    def error(rows: tuple[int, ...]) -> float:
        inside = list(rows)

        def value(w: np.ndarray) -> float:
            x = -index.copy()
            x[inside] += w
            return float(x @ matrix @ x)

        whole = {"type": "eq", "fun": lambda w: w.sum() - 1}
        return float(minimize(value, np.full(3, 1 / 3), bounds=[(0, 1)] * 3, constraints=[whole]).fun)

    best = min(error(rows) for rows in combinations(range(10), 3))
    chosen = tuple(sample(matrix, index, names=3, upper=np.ones(10)).tolist())
    assert error(chosen) <= 1.1**2 * best
