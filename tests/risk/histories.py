"""A price history and what a test needs to know of its symbols."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from lotwright.book.history import PriceHistory


@dataclass
class RealHistory:
    """A shared book's closes, and what a test needs to know of its symbols."""

    close: pd.DataFrame
    about: pd.DataFrame

    @cached_property
    def history(self) -> PriceHistory:
        return history_of(self.close)

    @cached_property
    def returns(self) -> pd.DataFrame:
        return self.close.pct_change(fill_method=None).iloc[1:]

    @property
    def sector(self) -> dict[str, str]:
        return self.about["sector"].to_dict()

    @property
    def kind(self) -> dict[str, str]:
        return self.about["kind"].to_dict()

    def complete(self, kind: str) -> list[str]:
        """Symbols of a kind with a price on every day."""
        has_all = self.close.notna().all()
        return [symbol for symbol in self.close if has_all[symbol] and self.kind[symbol] == kind]


def history_of(close: pd.DataFrame) -> PriceHistory:
    return PriceHistory(
        symbols=tuple(close.columns),
        dates=np.array(close.index, dtype="datetime64[D]"),
        adj_close=close.to_numpy(dtype=np.float64),
    )


def closes(returns: np.ndarray, symbols: Sequence[str]) -> pd.DataFrame:
    """Prices from 100 dollars on with these daily returns, shape (T, n), on consecutive days."""
    grown = 100.0 * np.cumprod(np.vstack([np.ones(returns.shape[1]), 1.0 + returns]), axis=0)
    return pd.DataFrame(grown, index=pd.date_range("2020-01-01", periods=len(grown)), columns=list(symbols))
