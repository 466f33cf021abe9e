"""Limits that bound each holding's trade on its own: ``lower_j <= net shares of j <= upper_j``.

Each such limit says its ``bounds`` once, in shares, and takes its other methods from here as they stand (``excess =
bounded.excess``): what cvxpy sees, what plain numbers say, the rows that a price can be put on, what the form is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np

from lotwright.plan.costs.amounts import sold_shares
from lotwright.plan.separable.form import Row, SeparableForm
from lotwright.plan.snapshot import Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades

TOLERANCE = 1e-9
"""Shares by which float bounds may be missed."""
Bounds = tuple[Floats, Floats]
"""Least and most net shares of each holding, shapes (n,); what is held and infinity where there is no bound."""


class Bounding(Protocol):
    """A limit that is bounds and nothing else."""

    kind: ClassVar[str]

    def bounds(self, snapshot: Snapshot) -> Bounds:
        """Least and most net shares of each holding, shapes (n,)."""


def unbounded(snapshot: Snapshot) -> Bounds:
    """Bounds that allow everything."""
    return -snapshot.quantity.copy(), np.full(len(snapshot.symbol), np.inf)


def excess(limit: Bounding, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
    """Net trade beyond its bounds, as fractions of household value."""
    lower, upper = limit.bounds(snapshot)
    net, per_share = decision.buy - decision.sold, snapshot.price / decision.scale
    rows = []
    capped, held = np.isfinite(upper), lower > -snapshot.quantity
    if capped.any():
        rows.append(net[capped] - (upper * per_share)[capped])
    if held.any():
        rows.append((lower * per_share)[held] - net[held])
    return rows


def beyond(limit: Bounding, snapshot: Snapshot, trades: Trades) -> Floats:
    """Dollars traded beyond the bounds of each holding, shape (n,)."""
    lower, upper = limit.bounds(snapshot)
    net = trades.buy - sold_shares(snapshot, trades)
    off = np.maximum(net - upper, lower - net)
    return np.where(off > TOLERANCE * np.maximum(1.0, np.abs(net)), off, 0.0) * snapshot.price


def violation(limit: Bounding, snapshot: Snapshot, trades: Trades) -> float:
    """Dollars beyond the bound that is broken most."""
    return float(beyond(limit, snapshot, trades).max(initial=0.0))


def rows(limit: Bounding, snapshot: Snapshot) -> list[Row]:
    """A row for every bound there is, so that a price can be put on breaking it."""
    lower, upper = limit.bounds(snapshot)
    name: str = getattr(limit, "label", limit.kind)
    found = []
    for j in range(len(snapshot.symbol)):
        one = np.zeros(len(snapshot.symbol))
        one[j] = 1.0
        for sign, bound in ((1.0, upper[j]), (-1.0, lower[j])):
            if (np.isfinite(bound) and sign > 0) or (sign < 0 and bound > -snapshot.quantity[j]):
                right = sign * float(bound) * float(snapshot.price[j])
                found.append(Row(name=name, coefficient=sign * one, short=0.0, long=0.0, right=right))
    return found


def contribute(limit: Bounding, snapshot: Snapshot, form: SeparableForm) -> None:
    """Make the form's bounds at least as narrow."""
    narrow(limit.bounds(snapshot), form)


def narrow(bounds: Bounds, form: SeparableForm) -> None:
    """Make the form's bounds at least as narrow."""
    lower, upper = bounds
    np.maximum(form.lower, lower, out=form.lower)
    np.minimum(form.upper, upper, out=form.upper)
