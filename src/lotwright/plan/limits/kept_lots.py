"""Limits that keep lots from being sold: ``sell_l = 0`` for every lot kept.

Each such limit says which lots it has ``kept`` once, and takes its other methods from here as they stand (``excess =
kept_lots.excess``): what cvxpy sees, what plain numbers say, what the form is told, with or without a price.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from lotwright.plan.snapshot import Bools, Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm

TOLERANCE = 1e-9
"""Shares below which nothing was sold."""
PRICED_PER = "$ sold of such lots"
"""What the price of such a limit is per."""


class Keeping(Protocol):
    """A limit that keeps lots and does nothing else."""

    def kept(self, snapshot: Snapshot) -> Bools:
        """True for the lots kept, shape (L,)."""


def excess(limit: Keeping, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
    """What is sold of kept lots, fractions of household value."""
    kept = limit.kept(snapshot)
    return [decision.sell[np.flatnonzero(kept)]] if kept.any() else []


def beyond(limit: Keeping, snapshot: Snapshot, trades: Trades) -> Floats:
    """Dollars sold of each kept lot, shape (L,)."""
    dollars: Floats = np.where(limit.kept(snapshot), trades.sell, 0.0) * snapshot.price[snapshot.lot_holding]
    return dollars


def violation(limit: Keeping, snapshot: Snapshot, trades: Trades) -> float:
    """Shares sold of kept lots."""
    sold = float(trades.sell[limit.kept(snapshot)].sum())
    return sold if sold > TOLERANCE else 0.0


def contribute(limit: Keeping, snapshot: Snapshot, form: SeparableForm) -> None:
    """Bar the lots."""
    form.barred |= limit.kept(snapshot)


def charge(limit: Keeping, snapshot: Snapshot, form: SeparableForm, price: float) -> None:
    """Add the price of a dollar sold of a kept lot to what selling it costs."""
    form.lot_cost += np.where(limit.kept(snapshot), price, 0.0)


def short_gains(snapshot: Snapshot) -> Bools:
    """True for lots whose sale would realise a short-term gain, shape (L,)."""
    gains: Bools = ~snapshot.lot_is_long & (snapshot.lot_gain > 0) & snapshot.law.has_terms
    return gains
