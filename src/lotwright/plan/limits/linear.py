"""Limits that are rows: a weighted sum of dollars traded and gains realised that may not exceed so many dollars.

    sum_j coefficient_j (bought_j - sold_j) + short * short gain + long * long gain <= right

One description serves cvxpy, plain numbers and the separable form, whose :class:`~lotwright.plan.separable.form.Row` it
is; the figures in the report come from the verifier, which knows nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lotwright.plan.costs.amounts import bought_dollars, gains, sold_dollars
from lotwright.plan.separable.form import Row
from lotwright.plan.snapshot import Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades

ROUNDING = 1e-9
"""Fraction of household value that sums of floats may miss a row by."""


def row_excess(rows: Sequence[Row], decision: Decision) -> list[cp.Expression]:
    """Left less right side of every row, fractions of household value."""
    net = decision.buy - decision.sold
    return [
        row.coefficient @ net + row.short * decision.short + row.long * decision.long - row.right / decision.scale
        for row in rows
    ]


def row_level(row: Row, snapshot: Snapshot, trades: Trades) -> float:
    """Left side of a row at whole-share trades, dollars."""
    short, long = gains(snapshot, trades)
    net = bought_dollars(snapshot, trades) - sold_dollars(snapshot, trades)
    return float(row.coefficient @ net + row.short * short + row.long * long)


def row_beyond(rows: Sequence[Row], snapshot: Snapshot, trades: Trades) -> Floats:
    """Dollars by which each row is exceeded, zero where it is kept; shape (R,)."""
    over = np.array([row_level(row, snapshot, trades) - row.right for row in rows])
    return np.where(over > ROUNDING * max(snapshot.total_value, 1.0), over, 0.0)
