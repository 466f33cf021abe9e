from __future__ import annotations

from datetime import date

import numpy as np
import pytest

from lotwright.book.history import PriceHistory
from lotwright.targets.study import Bounds, Study, study_of

AS_OF = date(2020, 6, 30)


def history_of(returns: np.ndarray, symbols: tuple[str, ...], *, last: date = AS_OF) -> PriceHistory:
    """Prices from 100 on with these daily returns, ending on ``last``."""
    price = 100.0 * np.cumprod(np.vstack([np.ones(returns.shape[1]), 1.0 + returns]), axis=0)
    dates = np.datetime64(last) - np.arange(len(price))[::-1]
    return PriceHistory(symbols=symbols, dates=dates, adj_close=price)


def study(returns: np.ndarray, symbols: tuple[str, ...], bounds: Bounds | None = None, **options: object) -> Study:
    return study_of(
        history_of(returns, symbols), symbols=symbols, as_of=AS_OF, lookback_days=5000, bounds=bounds or Bounds(),
        sector=options.get("sector", dict.fromkeys(symbols)),
    )  # type: ignore[arg-type]  # fmt: skip


@pytest.fixture(scope="session")
def five() -> np.ndarray:
    """A year of returns of five securities with a common factor; their means make every tangency weight positive."""
    rng = np.random.default_rng(7)
    market = rng.normal(0.0004, 0.008, (252, 1))
    own = rng.normal(0.0, [0.004, 0.006, 0.008, 0.010, 0.012], (252, 5))
    returns = market * np.array([0.8, 0.9, 1.0, 1.1, 1.2]) + own
    returns -= returns.mean(axis=0)
    return returns + 4.0 * np.cov(returns, rowvar=False) @ np.array([0.3, 0.25, 0.2, 0.15, 0.1])


SYMBOLS = ("A", "B", "C", "D", "E")
