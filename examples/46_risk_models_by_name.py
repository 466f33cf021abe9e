"""How risky is the same account to different risk models? A program names one; here are all of them.

python examples/46_risk_models_by_name.py

In a program's file: a table [risk] with model = "adaptive", say. fama_french needs a table factors in the book; here the
mean of the twenty stocks stands in for the market.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from lotwright import read_book, risk_model
from lotwright.book.history import FactorHistory
from lotwright.risk.choice import MODELS, RiskChoice

book = read_book(Path(__file__).parent / "books" / "two_accounts")
assert book.history is not None
returns = book.history.adj_close[1:] / book.history.adj_close[:-1] - 1
market = FactorHistory(names=("Market",), dates=book.history.dates[1:], value=returns.mean(axis=1, keepdims=True))
book = replace(book, factors=market)

symbols = sorted(book.market.prices)
equal = np.full(len(symbols), 1 / len(symbols))
tilt = np.array([{"AAPL": 0.05, "XOM": -0.05}.get(symbol, 0.0) for symbol in symbols])
print("23 March 2020                     equal weights   5 % more AAPL, less XOM   condition")
for name in MODELS:
    covariance = risk_model(book, RiskChoice(model=name)).covariance(symbols)
    volatility, tracking = (np.sqrt(x @ covariance @ x) for x in (equal, tilt))
    size = np.sqrt(np.diag(covariance))
    condition = np.linalg.cond(covariance / np.outer(size, size))
    print(f"{name:34}{volatility:12.1%}{tracking:26.2%}{condition:12,.0f}")
