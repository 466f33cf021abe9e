"""Histories to estimate risk from: the shared books' real ones, and a simulated one whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.risk.histories import RealHistory, closes


@pytest.fixture(scope="session", params=["dev200-2020-03-23", "dev200-2020-11-30"])
def real(request: pytest.FixtureRequest, shared: Path) -> RealHistory:
    """Three years to the bottom of a crash, and to a calm month after it."""
    folder = shared / "data" / "books" / request.param
    rows = pd.read_parquet(folder / "history.parquet", columns=["symbol", "date", "adj_close"])
    close = rows.pivot_table(index="date", columns="symbol", values="adj_close")
    about = pd.read_csv(folder / "prices.csv", keep_default_na=False).set_index("symbol")
    return RealHistory(close=close, about=about)


@pytest.fixture(scope="session")
def simulated() -> RealHistory:
    """Thirty stocks and four funds over 500 days that follow two factors; S00 and S01 are share classes of one company,
    and FUND0 and FUND1 hold the same index."""
    random = np.random.default_rng(20)
    n, days = 34, 500
    exposure = np.column_stack([random.uniform(0.6, 1.4, n), random.normal(0.0, 0.5, n)]) * 0.01
    residual = random.normal(0.0, 0.01, (days, n))
    residual[:, 1] = residual[:, 0] + random.normal(0.0, 0.0005, days)
    residual[:, 31] = residual[:, 30] + random.normal(0.0, 0.0003, days)
    exposure[1], exposure[31] = exposure[0], exposure[30]
    returns = random.normal(0.0, 1.0, (days, 2)) @ exposure.T + residual
    symbols = [*(f"S{row:02d}" for row in range(30)), *(f"FUND{row}" for row in range(4))]
    about = pd.DataFrame(
        {"sector": ["Tech", "Energy"] * 15 + ["Unknown"] * 4, "kind": ["stock"] * 30 + ["etf"] * 4}, index=symbols
    )
    return RealHistory(close=closes(returns, symbols), about=about)
