"""How honest each risk model is: tracking error predicted against tracking error realised afterwards, out of sample.

    python -m tests.bench.risk [--shared ../shared] [--names 120] [--portfolios 60]

On real prices of 2010-2020. At the end of every half-year each model is estimated from the two years before; random active
portfolios are predicted, and realised over the 63 trading days that follow. The bias statistic (Menchero, Orr and Wang
2011) is the standard deviation of realised active return over 21 days in units of its prediction: one is honest, above
one risk was understated. Three kinds of active portfolio: a sample of 30 names against equal weights of all, a sector
tilt, and a swap of one name for another.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from lotwright.book.history import FactorHistory, PriceHistory
from lotwright.risk.choice import MODELS
from lotwright.risk.estimate import estimate
from lotwright.risk.model import RiskModel
from tests.bench.table import print_table, quantile

LOOKBACK, AHEAD, STEP = 504, 63, 21


def main() -> None:
    """Print one table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--shared", type=Path, default=Path("../shared"))
    parser.add_argument("--names", type=int, default=120)
    parser.add_argument("--portfolios", type=int, default=60)
    asked = parser.parse_args()
    data = asked.shared / "data"
    closes, sector = read(data, asked.names)
    factors = fama_french(data)
    ends = list(range(LOOKBACK, len(closes) - AHEAD, 126))
    z: dict[tuple[str, str], list[float]] = defaultdict(list)
    ratio: dict[str, list[float]] = defaultdict(list)
    seconds: dict[str, float] = defaultdict(float)
    for number, end in enumerate(ends):
        window = closes.iloc[end - LOOKBACK : end + 1]
        later = closes.iloc[end : end + AHEAD + 1].pct_change(fill_method=None).iloc[1:].to_numpy()
        active = list(portfolios(sector, asked.portfolios, np.random.default_rng(number)))
        for name in MODELS:
            started = time.perf_counter()
            model = fitted(window, sector, factors, name)
            seconds[name] += time.perf_counter() - started
            for kind, x in active:
                predicted = tracking(model, list(closes.columns), x)
                daily = later @ x
                steps = daily.reshape(-1, STEP).sum(axis=1)
                z[name, kind] += (steps / (predicted * np.sqrt(STEP / 252))).tolist()
                ratio[name].append(float(daily.std(ddof=1) * np.sqrt(252)) / predicted)
    kinds = sorted({kind for _, kind in z})
    rows = []
    for name in MODELS:
        bias = [float(np.std(z[name, kind])) for kind in kinds]
        spread = quantile([abs(np.log(one)) for one in ratio[name]], 0.5)
        cells = [f"{one:.2f}" for one in (*bias, float(np.median(ratio[name])))]
        rows.append([name, "", *cells, f"{np.expm1(spread):.0%}", f"{seconds[name] / len(ends):.2f}"])
    print_table(
        "Tracking error: predicted against realised, out of sample",
        [
            f"Input: {len(closes.columns)} names with whole histories {closes.index[0]} to {closes.index[-1]}, {len(ends)} dates, "
            f"{asked.portfolios} active portfolios of each of {len(kinds)} kinds a date; {LOOKBACK} days back, {AHEAD} ahead",
            "bias: 1 is honest, above 1 risk was understated; realised/predicted and the typical miss are medians over "
            "portfolios and dates",
        ],
        ["model", "", *(f"bias, {kind}" for kind in kinds), "realised / predicted", "typical miss", "s to estimate"],
        rows,
    )


def read(data: Path, names: int) -> tuple[pd.DataFrame, dict[str, str]]:
    """Adjusted closes of names with whole histories, evenly spread over the alphabet, and their sectors."""
    long = pd.read_parquet(data / "prices" / "sp500_prices_2010_2020.parquet", columns=["date", "ticker", "adj_close"])
    closes = long.pivot_table(index="date", columns="ticker", values="adj_close")
    closes.index = pd.to_datetime(closes.index).strftime("%Y-%m-%d")
    whole = closes.columns[closes.notna().all()]
    chosen = [str(one) for one in whole[np.linspace(0, len(whole) - 1, min(names, len(whole))).astype(int)]]
    about = pd.read_csv(data / "ref" / "constituents.csv").set_index("ticker")["sector"].to_dict()
    return closes[chosen], {one: str(about.get(one, "")) for one in chosen}


def fama_french(data: Path) -> FactorHistory:
    """Five factors, daily, as fractions."""
    frame = pd.read_csv(data / "macro" / "ff5_daily_pct.csv.gz")
    frame.columns = [str(name).strip().lower() for name in frame.columns]
    names = [name for name in frame.columns if name not in {"date", "rf"}]
    days = pd.to_datetime(frame["date"].astype(str)).to_numpy().astype("datetime64[D]")
    return FactorHistory(names=tuple(names), dates=days, value=frame[names].to_numpy(dtype=np.float64) / 100)


def fitted(window: pd.DataFrame, sector: dict[str, str], factors: FactorHistory, name: str) -> RiskModel:
    """A model of two years."""
    history = PriceHistory(
        symbols=tuple(window.columns), dates=np.array(window.index, dtype="datetime64[D]"), adj_close=window.to_numpy()
    )
    kind = dict.fromkeys(window.columns, "stock")
    return estimate(
        history, symbols=list(window.columns), sector=sector, kind=kind, estimator=name, factor_history=factors
    )


def portfolios(sector: dict[str, str], count: int, rng: np.random.Generator) -> Iterator[tuple[str, np.ndarray]]:
    """Active weights, each summing to zero."""
    n = len(sector)
    groups = sorted(set(sector.values()))
    of = np.array([groups.index(one) for one in sector.values()])
    for _ in range(count):
        held = rng.permutation(n)[:30]
        x = np.full(n, -1.0 / n)
        x[held] += 1.0 / 30
        yield "30 names", x
        tilt = (of == rng.integers(len(groups))).astype(float)
        yield "sector", 0.1 * (tilt / max(tilt.sum(), 1) - 1.0 / n)
        one, other = rng.permutation(n)[:2]
        swap = np.zeros(n)
        swap[one], swap[other] = 0.02, -0.02
        yield "swap", swap


def tracking(model: RiskModel, symbols: list[str], x: np.ndarray) -> float:
    """Annual tracking error of active weights."""
    exposure, specific = model.select(symbols)
    return float(np.sqrt((exposure.T @ x) @ (exposure.T @ x) + specific @ x**2))


if __name__ == "__main__":
    main()
