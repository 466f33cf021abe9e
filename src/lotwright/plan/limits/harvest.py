"""Harvest: a position is sold below its target only for losses that are worth harvesting, and only where that is wanted.

    shares sold of j  <=  shares above the target of j  +  shares in lots of j whose loss passes the threshold

Problem: the exact tax puts a value on every dollar of loss, so an optimiser sells a lot that is a few dollars under water
for its own sake, and does so in accounts whose owner asked it to stop.
Observations: selling what stands above its target is rebalancing, whatever the lot; selling below the target is done for
the loss. A loss counts when it is at least ``dollars`` and at least ``fraction`` of the lot's basis; an account's own
``harvest_threshold`` takes the place of ``fraction``, and ``harvest = false`` means that no loss counts there.
Therefore: one bound a position. It holds for positions with a loss in taxed accounts. The target is what remains of it
when more than the account's cash target must stay in cash, a part of a share more may go to make a whole order, and a
sale that a client's restriction demands is no harvest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import loss_lots, sold_shares
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.limits.restrictions import bounds
from lotwright.plan.snapshot import Bools, Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm

TOLERANCE = 1e-9
"""Steps of an order by which floats may be missed."""
HALF_A_CENT = 1e-7
"""Dollars by which a loss may miss its threshold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """Losses worth harvesting, and no others, take a position below its target.

    Raises
    ------
    ProgramError
        A threshold is negative or not a number.
    """

    kind: ClassVar[str] = "harvest"

    dollars: float = parameter(0.0, unit="$ of loss of a lot", says="The smallest loss worth harvesting.")
    fraction: float = parameter(
        0.0,
        unit="fraction of the lot's basis",
        says="The smallest loss worth harvesting; an account's harvest_threshold takes its place.",
        maximum=1.0,
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def passing(self, snapshot: Snapshot) -> Bools:
        """Lots whose loss is worth harvesting in their account, shape (L,)."""
        accounts = snapshot.household.accounts
        wanted = np.array([account.harvest is not False for account in accounts], dtype=bool)
        least = np.array(
            [self.fraction if a.harvest_threshold is None else float(a.harvest_threshold) for a in accounts]
        )
        owner = snapshot.account_of[snapshot.lot_holding]
        basis = np.array([float(lot.basis) for lot in snapshot.lot])
        loss = -snapshot.lot_gain * snapshot.lot_quantity + HALF_A_CENT
        is_worth: Bools = loss_lots(snapshot) & wanted[owner] & (loss >= self.dollars) & (loss >= least[owner] * basis)
        return is_worth

    def most(self, snapshot: Snapshot) -> Floats:
        """Most shares that may be sold of each holding, shape (n,); all of it where the limit says nothing."""
        count = len(snapshot.symbol)
        step = np.where(snapshot.increment > 0, snapshot.increment, 0.0)
        excess = np.maximum(snapshot.quantity - self._kept(snapshot) / snapshot.price, 0.0)
        whole = np.where(step > 0, np.ceil(excess / np.where(step > 0, step, 1.0) - TOLERANCE) * step, excess)
        worth = np.bincount(
            snapshot.lot_holding, weights=snapshot.lot_quantity * self.passing(snapshot), minlength=count
        )
        losing = np.bincount(snapshot.lot_holding, weights=loss_lots(snapshot), minlength=count) > 0
        demanded = np.maximum(-bounds(snapshot)[1], 0.0)
        allowed = np.maximum(whole + worth, demanded)
        most: Floats = np.where(losing, np.minimum(allowed, snapshot.quantity), snapshot.quantity)
        return most

    def _kept(self, snapshot: Snapshot) -> Floats:
        """Dollars of each target that what must stay in cash leaves room for, shape (n,)."""
        asked = np.bincount(snapshot.account_of, weights=snapshot.target, minlength=len(snapshot.account))
        room = np.maximum(snapshot.value - np.maximum(snapshot.cash_floor, 0.0), 0.0)
        share = np.where(asked > 0, np.minimum(room / np.where(asked > 0, asked, 1.0), 1.0), 1.0)
        kept: Floats = snapshot.target * share[snapshot.account_of]
        return kept

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Dollars sold beyond the most that may be sold, as fractions of household value."""
        bound = self.most(snapshot)
        held = np.flatnonzero(bound < snapshot.quantity)
        if not len(held):
            return []
        return [decision.sold[held] - (bound * snapshot.price / decision.scale)[held]]

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Shares by which the worst sale goes too far."""
        worst = (sold_shares(snapshot, trades) - self.most(snapshot)).max(initial=0.0)
        return float(worst) if worst > TOLERANCE else 0.0

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """How much loss is worth harvesting and how much of it is realised."""
        worth = self.passing(snapshot)
        loss = -snapshot.lot_gain * worth
        there, taken = float(loss @ snapshot.lot_quantity), float(loss @ trades.sell)
        off = [account.account for account in snapshot.household.accounts if account.harvest is False]
        said = f"Losses of ${there:,.2f} pass the threshold, ${taken:,.2f} of them are realised."
        return said + (f" Harvesting is switched off in {', '.join(off)}." if off else "")

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Narrow how much may be sold."""
        np.maximum(form.lower, -self.most(snapshot), out=form.lower)
