"""Can my own recipe, or one that learns, say what to own? A plug-in does, and never sees a day after the one it is asked for.

python examples/49_your_own_targets.py

An installed package offers one under the entry points ``lotwright.targets``; its fields are the keys of [source].
"""

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import ClassVar

import numpy as np

from lotwright import read_book
from lotwright.targets.compute import Securities, weights_of
from lotwright.targets.declaration import declaration_of
from lotwright.targets.learned import Learned, skill
from lotwright.targets.study import Bounds, study_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Momentum:
    """Equal weights of the names that went up most."""

    keeps_groups: ClassVar[bool] = False
    names: int = 6

    def weights(self, study):
        best = np.argsort(-(study.adj_close[-1] / study.adj_close[0]))[: self.names]
        return {study.symbols[place]: 1 / self.names for place in best}


book = read_book(Path(__file__).parent / "books" / "two_accounts")
assert book.history is not None
history, day = book.history, date(2019, 12, 31)
nothing = dict.fromkeys(history.symbols)
securities = Securities(sector=nothing, kind=nothing)
plain = declaration_of("mine", {"source": {"kind": "equal", "lookback_days": 700}})
for source in (Momentum(), Learned(), Learned(learner="boosting")):
    declared = replace(plain, source=source)
    weights = weights_of(declared, history, securities, as_of=day).weight
    future = history.adj_close.copy()
    future[history.dates > np.datetime64(day)] *= 7.0  # another future
    other = weights_of(declared, replace(history, adj_close=future), securities, as_of=day).weight
    shown = ", ".join(f"{symbol} {weight:.0%}" for symbol, weight in list(weights.items())[:5])
    print(f"{type(source).__name__:9} {shown}; with another future the same: {weights == other}")

study = study_of(history, symbols=history.symbols, as_of=day, lookback_days=700, bounds=Bounds(), sector=nothing)
made = list(Learned().forecasts(study))
print(
    f"The learner made {len(made)} forecasts on its way, each from what was known; skill it may claim: {skill(made):.3f}"
)
