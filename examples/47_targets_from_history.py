"""What should be owned, by nine recipes? Weights computed from the same two years, capped at a fifth, no energy.

python examples/47_targets_from_history.py        (from a shell: lotwright targets MODEL.toml --book BOOK)

A file models/portfolios/NAME.toml with these tables is a model portfolio like any other: accounts name it.
"""

import tomllib
from pathlib import Path

from lotwright import read_book
from lotwright.targets.compute import Securities, weights_of
from lotwright.targets.declaration import declaration_of

LIMITS = """
[limits]
maximum_weight = 0.20
exclude_sectors = ["Energy"]
"""
VIEW = "view = [{ of = { MSFT = 1, GE = -1 }, annual_return = 0.10, confidence = 0.5 }]"
RECIPES = {
    "equal": "",
    "inverse_volatility": "",
    "minimum_volatility": 'risk = "ledoit_wolf"',
    "maximum_sharpe": 'expected = "capm"',
    "target_risk": "volatility = 0.30",
    "target_return": "annual_return = -0.05",
    "black_litterman": VIEW,
    "hierarchical_risk_parity": 'linkage = "single"',
    "conditional_value_at_risk": "beta = 0.95",
}
book = read_book(Path(__file__).parent / "books" / "two_accounts")
prices = book.market.prices
securities = Securities(
    sector={symbol: price.sector for symbol, price in prices.items()},
    kind={symbol: price.kind for symbol, price in prices.items()},
)
assert book.history is not None
for kind, more in RECIPES.items():
    declared = declaration_of(kind, tomllib.loads(f'[source]\nkind = "{kind}"\n{more}\n{LIMITS}'))
    found = weights_of(declared, book.history, securities, as_of=book.market.as_of)
    largest = ", ".join(f"{symbol} {weight:.1%}" for symbol, weight in list(found.weight.items())[:4])
    print(f"{kind:26}{len(found.weight):3} names, sum {sum(found.weight.values())}: {largest}")
