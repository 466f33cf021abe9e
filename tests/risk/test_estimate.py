"""The estimate as a whole, on the shared books' real histories and on simulated ones whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lotwright.book.history import PriceHistory
from lotwright.errors import ProgramError
from lotwright.risk.estimate import estimate
from lotwright.risk.model import RiskModel
from tests.risk.histories import RealHistory, closes, history_of


def estimated(real: RealHistory, **options: object) -> RiskModel:
    settings = {"symbols": list(real.about.index), "sector": real.sector, "kind": real.kind} | options
    return estimate(real.history, **settings)


@pytest.fixture(scope="module")
def model(real: RealHistory) -> RiskModel:
    return estimated(real)


def tracking(model: RiskModel, first: str, second: str) -> float:
    covariance = model.covariance([first, second])
    return float(np.sqrt(covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]))


def same_bits(one: RiskModel, other: RiskModel) -> bool:
    return (
        one.symbols == other.symbols
        and one.exposure.tobytes() == other.exposure.tobytes()
        and one.specific.tobytes() == other.specific.tobytes()
        and dict(one.notes) == dict(other.notes)
    )


# The shared books -----------------------------------------------------------------------------------------------------


def test_every_symbol_asked_for_is_in_the_model(real: RealHistory, model: RiskModel):
    assert model.symbols == tuple(sorted(real.about.index))


def test_variances_are_the_sample_s(real: RealHistory, model: RiskModel):
    whole = real.complete("stock") + real.complete("etf")
    np.testing.assert_allclose(np.diag(model.covariance(whole)), real.returns[whole].var().to_numpy() * 252, rtol=1e-8)


def test_covariance_of_funds_is_the_sample_s(real: RealHistory, model: RiskModel):
    funds = real.complete("etf")
    assert len(funds) > 60
    sample = real.returns[funds].cov().to_numpy() * 252
    scale = np.sqrt(np.outer(np.diag(sample), np.diag(sample)))
    assert (np.abs(model.covariance(funds) - sample) / scale).max() < 1e-6


@pytest.mark.parametrize(
    ("first", "second"),
    [("BND", "AGG"), ("VTI", "SCHB"), ("VOO", "IVV"), ("IEFA", "VEA"), ("GOOG", "GOOGL"), ("NWS", "NWSA")],
)
def test_near_identical_pairs_are_seen_as_such(real: RealHistory, model: RiskModel, first: str, second: str):
    difference = (real.returns[first] - real.returns[second]).std() * np.sqrt(252)
    assert tracking(model, first, second) == pytest.approx(difference, rel=0.02)


def test_the_covariance_is_positive_definite_and_well_conditioned(real: RealHistory, model: RiskModel):
    assert (model.specific > 0).all()
    covariance = model.covariance(model.symbols)
    volatility = np.sqrt(np.diag(covariance))
    value = np.linalg.eigvalsh(covariance / np.outer(volatility, volatility))
    # The sample's correlation matrix of 755 days and 617 symbols has eigenvalues down to 1e-5 and below.
    assert value[0] > 1e-4


def test_a_direct_index_needs_few_factors(real: RealHistory, model: RiskModel):
    hundred = np.random.default_rng(0).choice(real.complete("stock"), 100, replace=False).tolist()
    assert model.select(hundred)[0].shape[1] <= 30


def test_symbols_with_short_history_are_there_and_noted(real: RealHistory, model: RiskModel):
    days = real.close.notna().sum() - 1
    for symbol in days.index[days < 250]:
        assert symbol in model.notes
        assert str(days[symbol]) in model.notes[symbol]
    variance = np.diag(model.covariance(model.symbols))
    short = np.isin(model.symbols, list(model.notes))
    assert (variance[short] < 1.5).all()
    assert (variance[short] > 0).all()


def test_a_young_share_class_is_seen_as_one(real: RealHistory, model: RiskModel):
    # Fox was spun off in March 2019; both classes have less than 95 % of the days.
    difference = (real.returns["FOX"] - real.returns["FOXA"]).std() * np.sqrt(252)
    assert tracking(model, "FOX", "FOXA") == pytest.approx(difference, rel=0.3)


def test_truncated_histories_are_judged_about_as_well_as_whole_ones(real: RealHistory, model: RiskModel):
    random = np.random.default_rng(3)
    cut = [
        *random.choice(real.complete("stock"), 30, replace=False),
        *random.choice(real.complete("etf"), 10, replace=False),
    ]
    close = real.close.copy()
    close.loc[close.index[:-260], cut] = np.nan
    truncated = estimate(history_of(close), symbols=list(close), sector=real.sector, kind=real.kind)
    # Judged against the sample over the days that are left, since those are all the truncated model can know.
    left = np.log(np.diag(truncated.covariance(cut)) / np.diag(model.covariance(cut))) / 2
    recent = np.log(real.returns[cut].iloc[-259:].var() / real.returns[cut].var()).to_numpy() / 2
    assert np.median(np.abs(left)) < max(0.1, 1.1 * float(np.median(np.abs(recent))))


# Laws -----------------------------------------------------------------------------------------------------------------


def test_row_and_column_order_change_nothing(simulated: RealHistory):
    symbols = list(simulated.about.index)
    shuffled = np.random.default_rng(1).permutation(symbols).tolist()
    other = RealHistory(close=simulated.close[shuffled], about=simulated.about.loc[shuffled])
    assert same_bits(estimated(simulated), estimated(other, symbols=shuffled))


def test_the_same_again_is_the_same(simulated: RealHistory):
    assert same_bits(estimated(simulated), estimated(simulated))


def test_a_scale_of_prices_changes_nothing(simulated: RealHistory):
    scaled = RealHistory(close=simulated.close * 4.0, about=simulated.about)
    assert same_bits(estimated(simulated), estimated(scaled))


@pytest.mark.parametrize("estimator", ["ledoit_wolf", "oas", "sample", "exponential"])
def test_every_estimator_gives_a_model(simulated: RealHistory, estimator: str):
    model = estimated(simulated, estimator=estimator)
    covariance = model.covariance(model.symbols)
    volatility = np.sqrt(np.diag(covariance))
    assert np.linalg.eigvalsh(covariance / np.outer(volatility, volatility))[0] > 0
    assert model.kind == estimator


def test_fewer_factors_when_asked(simulated: RealHistory):
    # Block factors are zero for everybody outside the block; the common ones are those everybody knows.
    common = (estimated(simulated, factors=1).exposure != 0).all(axis=0)
    assert common.sum() == 1


# Symbols with short history, or none ----------------------------------------------------------------------------------


def test_no_history_means_the_mean_of_its_peers(simulated: RealHistory):
    symbols = [*simulated.about.index, "NEW"]
    model = estimated(
        simulated,
        symbols=symbols,
        sector=simulated.sector | {"NEW": "Tech"},
        kind=simulated.kind | {"NEW": "stock"},
    )
    peers = [symbol for symbol in simulated.about.index if simulated.sector[symbol] == "Tech"]
    common = estimated(simulated).covariance([*peers, "S01"])[:-1, -1]
    # Against another stock with which nobody shares a residual, the covariance is the peers' mean.
    assert model.covariance(["NEW", "S01"])[0, 1] == pytest.approx(
        np.mean([value for value, peer in zip(common, peers, strict=True) if peer != "S00"]), rel=0.1
    )
    assert "NEW has no price history" in model.notes["NEW"]
    assert "15 securities like it" in model.notes["NEW"]


def test_a_new_share_class_of_thirty_days_moves_as_one_with_the_old(simulated: RealHistory):
    random = np.random.default_rng(7)
    twin = simulated.close["FUND2"].to_numpy() * (1 + random.normal(0.0, 0.0002, len(simulated.close)))
    twin[:-31] = np.nan
    real = RealHistory(
        close=simulated.close.assign(TWIN=twin),
        about=pd.concat([simulated.about, pd.DataFrame({"sector": "Unknown", "kind": "etf"}, index=["TWIN"])]),
    )
    model = estimated(real)
    assert "moved as one with FUND2" in model.notes["TWIN"]
    assert tracking(model, "TWIN", "FUND2") < 0.02


def test_a_calm_fund_of_a_hundred_days_is_not_given_the_market(simulated: RealHistory):
    bill = 100 * np.cumprod(1 + np.random.default_rng(8).normal(0.0, 0.0001, len(simulated.close)))
    bill[:-101] = np.nan
    real = RealHistory(
        close=simulated.close.assign(BILL=bill),
        about=pd.concat([simulated.about, pd.DataFrame({"sector": "Unknown", "kind": "etf"}, index=["BILL"])]),
    )
    volatility = np.sqrt(estimated(real).covariance(["BILL"])[0, 0])
    assert volatility == pytest.approx(0.0001 * np.sqrt(252), rel=0.5)


def test_a_price_that_never_moves_is_riskless(simulated: RealHistory):
    real = RealHistory(
        close=simulated.close.assign(CASH=1.0),
        about=pd.concat([simulated.about, pd.DataFrame({"sector": "Unknown", "kind": "fund"}, index=["CASH"])]),
    )
    model = estimated(real)
    covariance = model.covariance(["CASH", "FUND0"])
    assert covariance[0, 0] < 1e-6
    assert abs(covariance[0, 1]) < 1e-9
    assert "never moves" in model.notes["CASH"]


def test_a_history_of_weeks_is_plain_drift():
    frame = closes(np.random.default_rng(9).normal(0.0, 0.01, (40, 3)), "ABC")
    model = estimate(history_of(frame), symbols=["A", "B", "C", "D"], sector={}, kind={})
    assert model.kind == "drift"
    np.testing.assert_allclose(model.specific[:3], frame.pct_change().var() * 252, rtol=1e-9)
    assert model.specific[3] == pytest.approx(0.04)


def test_one_symbol_alone():
    frame = closes(np.random.default_rng(10).normal(0.0, 0.01, (100, 1)), "A")
    model = estimate(history_of(frame), symbols=["A"], sector={}, kind={"A": "etf"})
    np.testing.assert_allclose(model.covariance(["A"]), [[frame["A"].pct_change().var() * 252]], rtol=1e-9)


def test_two_columns_of_the_same_prices():
    frame = closes(np.random.default_rng(11).normal(0.0, 0.01, (100, 1)), "A").assign(B=lambda table: table["A"])
    model = estimate(history_of(frame), symbols=["A", "B"], sector={}, kind={"A": "etf", "B": "etf"})
    assert tracking(model, "A", "B") < 0.001
    assert (model.specific > 0).all()


# Supplied exposures ---------------------------------------------------------------------------------------------------


def test_supplied_exposures_are_the_factors(simulated: RealHistory):
    symbols = list(simulated.about.index)
    principal = estimated(simulated, factors=2)
    exposures = principal.exposure[[principal.symbols.index(symbol) for symbol in symbols], :2]
    model = estimated(simulated, exposures=exposures)
    shuffled = np.random.default_rng(12).permutation(34)
    again = estimated(simulated, symbols=[symbols[row] for row in shuffled], exposures=exposures[shuffled])
    assert same_bits(model, again)
    variance = np.diag(model.covariance(symbols))
    np.testing.assert_allclose(variance, simulated.returns.var() * 252, rtol=0.1)
    assert tracking(model, "FUND0", "FUND1") < 0.03


def test_symbols_without_supplied_exposures_borrow_them(simulated: RealHistory):
    exposures = np.ones((34, 1))
    exposures[5] = np.nan
    model = estimated(simulated, exposures=exposures)
    assert len(model.symbols) == 34


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"estimator": "magic"}, "no risk estimator"),
        ({"factors": 0}, "at least one factor"),
        ({"exposures": np.ones((3, 2))}, "one row for each"),
        ({"exposures": np.ones(34)}, "one row for each"),
        ({"exposures": np.full((34, 2), np.inf)}, "finite"),
        ({"exposures": np.full((34, 2), np.nan)}, "finite"),
    ],
)
def test_options_that_do_not_fit_are_refused(simulated: RealHistory, options: dict[str, object], says: str):
    with pytest.raises(ProgramError, match=says):
        estimated(simulated, **options)


def test_symbols_the_history_does_not_know_at_all():
    empty = PriceHistory(symbols=(), dates=np.array([], dtype="datetime64[D]"), adj_close=np.zeros((0, 0)))
    model = estimate(empty, symbols=["A"], sector={}, kind={})
    assert model.kind == "drift"
