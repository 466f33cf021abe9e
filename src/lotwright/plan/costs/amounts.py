"""What a trade list amounts to in dollars, in plain numbers: the words that ``value`` of the costs is written in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Protocol

import numpy as np

from lotwright.plan.snapshot import Bools, Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades


class PaidInCash(Protocol):
    """A cost that leaves the account as money, so that it also lowers the cash after the plan."""

    def paid(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """Dollars paid by each account, shape (A,)."""

    def paid_expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
        """The same as cvxpy sees it: affine, dollars, shape (A,)."""


def sold_shares(snapshot: Snapshot, trades: Trades) -> Floats:
    """Shares sold of each holding, shape (n,)."""
    sold: Floats = np.bincount(snapshot.lot_holding, weights=trades.sell, minlength=len(snapshot.symbol)).astype(float)
    return sold


def sold_dollars(snapshot: Snapshot, trades: Trades) -> Floats:
    """Dollars sold of each holding at price, shape (n,)."""
    return sold_shares(snapshot, trades) * snapshot.price


def bought_dollars(snapshot: Snapshot, trades: Trades) -> Floats:
    """Dollars bought of each holding at price, shape (n,)."""
    return trades.buy * snapshot.price


def orders(snapshot: Snapshot, trades: Trades) -> Floats:
    """Orders placed in each holding, shape (n,): one for a buy, one for a sale."""
    return orders_placed(trades.buy, sold_shares(snapshot, trades))


def orders_placed(bought: Floats, sold: Floats) -> Floats:
    """The same from the shares bought and sold of each holding."""
    return (bought > 0).astype(float) + (sold > 0)


def by_account(snapshot: Snapshot, amount: Floats) -> Floats:
    """Sums over the holdings of each account, shape (A,)."""
    total: Floats = np.bincount(snapshot.account_of, weights=amount, minlength=len(snapshot.account)).astype(float)
    return total


def cash_after(snapshot: Snapshot, trades: Trades, paid_in_cash: Iterable[PaidInCash]) -> Floats:
    """Dollars of cash of each account after trades and the costs paid in cash, not rounded to cents; shape (A,)."""
    proceeds = by_account(snapshot, sold_dollars(snapshot, trades) - bought_dollars(snapshot, trades))
    after = snapshot.cash + proceeds
    for cost in paid_in_cash:
        after = after - cost.paid(snapshot, trades)
    return after


def gains(snapshot: Snapshot, trades: Trades) -> tuple[float, float]:
    """Short-term and long-term gain this plan realises, dollars."""
    gain = trades.sell * snapshot.lot_gain
    return float(gain[~snapshot.lot_is_long].sum()), float(gain[snapshot.lot_is_long].sum())


def loss_lots(snapshot: Snapshot) -> Bools:
    """True for lots that would realise a loss the tax law knows, shape (L,); lots of untaxed accounts never do."""
    return snapshot.lot_gain < 0
