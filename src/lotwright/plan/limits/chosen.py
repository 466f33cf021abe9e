"""Which holdings a limit speaks of: by symbol, by sector, by tag."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lotwright.plan.snapshot import Bools, Snapshot


def chosen(
    snapshot: Snapshot, *, symbols: Sequence[str] = (), sectors: Sequence[str] = (), tags: Sequence[str] = ()
) -> Bools:
    """True for holdings whose security is named, or is of a named sector, or carries a named tag; shape (n,).

    A security's tags are those of its price row and its kind (``etf``, say). Nothing named means every holding.
    """
    if not (symbols or sectors or tags):
        return np.ones(len(snapshot.symbol), dtype=bool)
    wanted = np.zeros(len(snapshot.symbol), dtype=bool)
    for j, symbol in enumerate(snapshot.symbol):
        price = snapshot.market.prices[symbol]
        own = {*price.tags, price.kind}
        wanted[j] = symbol in symbols or price.sector in sectors or any(tag in own for tag in tags)
    return wanted


def spelt(*, symbols: Sequence[str] = (), sectors: Sequence[str] = (), tags: Sequence[str] = ()) -> str:
    """``AAPL and MSFT, sector Energy, tag tobacco``: what was named, or ``every security``."""
    parts = [", ".join(symbols)] if symbols else []
    parts += [f"sector {name}" for name in sectors] + [f"tag {name}" for name in tags]
    return ", ".join(parts) or "every security"
