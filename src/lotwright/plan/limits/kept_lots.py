"""Limits that keep lots from being sold: one description for cvxpy, plain numbers and the separable form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lotwright.plan.snapshot import Bools, Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades

TOLERANCE = 1e-9
"""Shares below which nothing was sold."""


def kept_excess(kept: Bools, decision: Decision) -> Sequence[cp.Expression]:
    """What is sold of kept lots, fractions of household value."""
    return [decision.sell[np.flatnonzero(kept)]] if kept.any() else []


def kept_sold(kept: Bools, trades: Trades) -> float:
    """Shares sold of kept lots."""
    sold = float(trades.sell[kept].sum())
    return sold if sold > TOLERANCE else 0.0


def kept_dollars(kept: Bools, snapshot: Snapshot, trades: Trades) -> Floats:
    """Dollars sold of each kept lot, shape (L,): what a price on keeping them is multiplied with."""
    dollars: Floats = np.where(kept, trades.sell, 0.0) * snapshot.price[snapshot.lot_holding]
    return dollars


def short_gains(snapshot: Snapshot) -> Bools:
    """True for lots whose sale would realise a short-term gain, shape (L,)."""
    gains: Bools = ~snapshot.lot_is_long & (snapshot.lot_gain > 0) & snapshot.law.has_terms
    return gains
