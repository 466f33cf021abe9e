"""Step-up: a security sold at a gain may be bought back the same day, in a second order, to raise its basis.

Problem: in a year in which long-term gains are taxed at 0 %, gains are worth realising although the client wants to keep
the security; but ``holdings`` and the solvers know one net trade for each security in an account.
Observations: the wash-sale rule speaks of losses only (IRC section 1091(a)), so shares sold at a gain may be bought back at
once. A substitute would do as well but costs tracking risk and, later, the way back; many securities have none declared.
Therefore: each position with a long-term gain gets a *twin*, a holding of the same security that can only be bought, while
the position itself can only be sold: two orders, seen and approved as two. Both move as one security (a factor of its own
takes the place of their specific variance), belong to one group for the wash-sale rule (so that nothing is bought back that
was sold at a loss), and are planned and bounded like all others. Positions with a restriction of their own get no twin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import sold_shares
from lotwright.plan.snapshot import Bools, Floats, Ints, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm

TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class StepUp:
    """Positions with long-term gains may be sold and bought back the same day."""

    kind: ClassVar[str] = "step_up"

    def view(self, snapshot: Snapshot) -> Snapshot:
        """The household with a twin for each position that has a long-term gain and no restriction."""
        return with_twins(snapshot, np.flatnonzero(_eligible(snapshot)))

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Positions with a twin are not bought themselves."""
        sources = _sources(snapshot)
        return [decision.buy[sources]] if len(sources) else []

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Shares bought of positions that have a twin to be bought, and shares bought back of what was sold at a loss."""
        sources = _sources(snapshot)
        wrong = float(trades.buy[sources].sum())
        losing = np.zeros(len(snapshot.symbol), dtype=bool)
        losing[snapshot.lot_holding[(snapshot.lot_gain < 0) & (trades.sell > TOLERANCE)]] = True
        twins = np.flatnonzero(snapshot.twin_of >= 0)
        return wrong + float(trades.buy[twins][losing[snapshot.twin_of[twins]]].sum())

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """Which securities are sold and bought back."""
        twins = np.flatnonzero(snapshot.twin_of >= 0)
        sold = sold_shares(snapshot, trades)
        back = [snapshot.symbol[j] for j in twins if trades.buy[j] > 0 and sold[snapshot.twin_of[j]] > 0]
        if not back:
            return "Nothing is sold and bought back."
        return f"Sold at a gain and bought back the same day, to raise their basis: {', '.join(back)}."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Close the buying side of positions that have a twin."""
        sources = _sources(snapshot)
        form.upper[sources] = np.minimum(form.upper[sources], 0.0)


def with_twins(snapshot: Snapshot, sources: Ints) -> Snapshot:
    """The household with a buy-only holding more for each of ``sources``, at the end of the list.

    Parameters
    ----------
    snapshot : Snapshot
    sources : int array, shape (t,)
        Holdings to get a twin.
    """
    if not len(sources):
        return snapshot
    count, none = len(snapshot.symbol), np.zeros(len(sources))
    every = np.concatenate([np.arange(count), sources])
    exposure, specific = _own_factors(snapshot.exposure[every], snapshot.specific[every], sources, count)
    whole, alone = _own_factors(snapshot.household_exposure[every], snapshot.household_specific[every], sources, count)
    return replace(
        snapshot,
        symbol=tuple(snapshot.symbol[j] for j in every),
        account_of=snapshot.account_of[every],
        group_of=snapshot.group_of[every],
        price=snapshot.price[every],
        quantity=np.concatenate([snapshot.quantity, none]),
        increment=snapshot.increment[every],
        target=np.concatenate([snapshot.target, none]),
        half_spread=snapshot.half_spread[every],
        is_substitute=snapshot.is_substitute[every],
        stand_in_rank=snapshot.stand_in_rank[every],
        twin_of=np.concatenate([snapshot.twin_of, sources]),
        offset=np.concatenate([snapshot.offset, np.full(len(sources), snapshot.offset[-1])]),
        is_ordered=snapshot.is_ordered[every],
        exposure=exposure,
        specific=specific,
        household_exposure=whole,
        household_specific=alone,
    )


def _own_factors(exposure: Floats, specific: Floats, sources: Ints, count: int) -> tuple[Floats, Floats]:
    """A factor for each source and its twin in place of their specific variance, which is common to both."""
    column = np.zeros((len(specific), len(sources)))
    for k, source in enumerate(sources):
        column[[source, count + k], k] = np.sqrt(specific[source])
    left = specific.copy()
    left[sources] = 0.0
    left[count:] = 0.0
    return np.hstack([exposure, column]), left


def _eligible(snapshot: Snapshot) -> Bools:
    """Positions with a long-term gain lot in a taxed account and no restriction on their security or sector, (n,)."""
    found = np.zeros(len(snapshot.symbol), dtype=bool)
    if len(snapshot.lot):
        found[snapshot.lot_holding[(snapshot.lot_gain > 0) & snapshot.lot_is_long]] = True
    for j in np.flatnonzero(found):
        sector = snapshot.market.prices[snapshot.symbol[j]].sector
        for rule in snapshot.household.accounts[int(snapshot.account_of[j])].restrictions:
            if rule.symbol == snapshot.symbol[j] or (rule.sector is not None and rule.sector == sector):
                found[j] = False
    return found


def _sources(snapshot: Snapshot) -> Ints:
    """Positions that have a twin."""
    return snapshot.twin_of[snapshot.twin_of >= 0]
