"""How few names follow an index? Its largest, or an optimised sample: tracking error of both, predicted and afterwards.

python examples/48_own_the_index.py
"""

from datetime import date
from pathlib import Path

import numpy as np

from lotwright import read_book
from lotwright.targets.compute import Securities, weights_of
from lotwright.targets.declaration import declaration_of

book = read_book(Path(__file__).parent / "books" / "two_accounts")
assert book.history is not None
history, day = book.history, date(2019, 9, 30)
index = {symbol: 1.0 / (place + 2) for place, symbol in enumerate(history.symbols)}  # invented weights, A to Z
total = sum(index.values())
nothing = dict.fromkeys(history.symbols)

after = history.dates > np.datetime64(day)
returns = history.adj_close[after][1:] / history.adj_close[after][:-1] - 1
whole = np.array([index[symbol] / total for symbol in history.symbols])
print("Index of 20 names on 30 September 2019, and what came until 23 March 2020:")
for names in (5, 8, 12):
    for hold in ("top", "sample"):
        table = {"kind": "index", "weights": index, "hold": hold, "names": names}
        declared = declaration_of("ours", {"source": table})
        found = weights_of(declared, history, Securities(sector=nothing, kind=nothing), as_of=day).weight
        active = np.array([float(found.get(symbol, 0)) for symbol in history.symbols]) - whole
        error = (returns @ active).std() * np.sqrt(252)
        print(f"  {names:2} names, {hold:6}: {len(found):2} held, tracking error afterwards {error:.2%}")
