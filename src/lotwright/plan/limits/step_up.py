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

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
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
FRACTION = 1e-4
"""Shares: the step of what is bought back in accounts that trade fractions."""


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


def without_twins(snapshot: Snapshot) -> Snapshot:
    """The household before :func:`with_twins`."""
    sources, count = _sources(snapshot), len(snapshot.symbol)
    if not len(sources):
        return snapshot
    kept = np.arange(count - len(sources))
    exposure, specific = _own_variances(snapshot.exposure, snapshot.specific, sources)
    whole, alone = _own_variances(snapshot.household_exposure, snapshot.household_specific, sources)
    return replace(
        snapshot,
        symbol=tuple(snapshot.symbol[j] for j in kept),
        account_of=snapshot.account_of[kept],
        group_of=snapshot.group_of[kept],
        price=snapshot.price[kept],
        quantity=snapshot.quantity[kept],
        increment=snapshot.increment[kept],
        target=snapshot.target[kept],
        half_spread=snapshot.half_spread[kept],
        is_substitute=snapshot.is_substitute[kept],
        stand_in_rank=snapshot.stand_in_rank[kept],
        twin_of=snapshot.twin_of[kept],
        offset=snapshot.offset[: len(kept) + 1],
        is_ordered=snapshot.is_ordered[kept],
        exposure=exposure[kept],
        specific=specific[kept],
        household_exposure=whole[kept],
        household_specific=alone[kept],
    )


def into_twins(snapshot: Snapshot, trades: Trades) -> Trades:
    """Trades of the household without twins as trades of ``snapshot``, which has them: what is bought is bought there."""
    twins = np.flatnonzero(snapshot.twin_of >= 0)
    buy = np.concatenate([trades.buy, np.zeros(len(twins))])
    buy[twins] = buy[snapshot.twin_of[twins]]
    buy[snapshot.twin_of[twins]] = 0.0
    return replace(trades, buy=buy)


def stepped_up(
    snapshot: Snapshot, trades: Trades, *, value: Callable[[Trades], float], is_allowed: Callable[[Trades], bool]
) -> Trades:
    """``trades`` with more of each position sold and bought back, lot by lot, as long as that lowers ``value``.

    Selling and buying back moves no weight, so one lot after the other, the largest gains per dollar first, is nearly the
    best order; each step is judged by the exact ``value`` and kept only where ``is_allowed``.
    """
    best, cost = trades, value(trades)
    for lot in _by_gain(snapshot):
        source = int(snapshot.lot_holding[lot])
        twin = int(np.flatnonzero(snapshot.twin_of == source)[0])
        step = float(snapshot.increment[source]) or FRACTION
        most = int((snapshot.lot_quantity[lot] - best.sell[lot]) / step + TOLERANCE)
        more = partial(_more, best, lot, twin, step)
        for trial in map(more, _sizes(most, partial(_cost, value, more))):
            if value(trial) < cost - TOLERANCE and is_allowed(trial):
                best, cost = trial, value(trial)
                break
    return best


def _cost(value: Callable[[Trades], float], more: Callable[[int], Trades], steps: int) -> float:
    return value(more(steps))


def _more(trades: Trades, lot: int, twin: int, step: float, steps: int) -> Trades:
    """Trades with so many steps more of a lot sold and bought back."""
    sell, buy = trades.sell.copy(), trades.buy.copy()
    sell[lot] += steps * step
    buy[twin] += steps * step
    return replace(trades, sell=sell, buy=buy)


def _sizes(most: int, cost: Callable[[int], float]) -> list[int]:
    """The cheapest number of steps from 1 to ``most`` of a cost that falls, then rises; and fewer, should it be barred."""
    low, high = 1, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if cost(middle) <= cost(middle + 1) else (middle + 1, high)
    return [size for size in (low, low - 1, low - 2, low // 2) if 0 < size <= most]


def _by_gain(snapshot: Snapshot) -> list[int]:
    """Long-term gain lots of positions with a twin, largest gain per dollar first; ordered ones in their order."""
    sources = set(_sources(snapshot).tolist())
    price = snapshot.price[snapshot.lot_holding] if len(snapshot.lot) else np.zeros(0)
    lots = [
        k
        for k in range(len(snapshot.lot))
        if int(snapshot.lot_holding[k]) in sources and snapshot.lot_gain[k] > 0 and snapshot.lot_is_long[k]
    ]
    first = {j: k for k in reversed(range(len(snapshot.lot))) for j in [int(snapshot.lot_holding[k])]}
    lots = [
        k for k in lots if not snapshot.is_ordered[snapshot.lot_holding[k]] or k == first[int(snapshot.lot_holding[k])]
    ]
    return sorted(lots, key=lambda k: (-snapshot.lot_gain[k] / price[k], k))


def _own_variances(exposure: Floats, specific: Floats, sources: Ints) -> tuple[Floats, Floats]:
    """Undo :func:`_own_factors`."""
    back = specific.copy()
    columns = exposure[:, exposure.shape[1] - len(sources) :]
    back[sources] = columns[sources, np.arange(len(sources))] ** 2
    return exposure[:, : exposure.shape[1] - len(sources)], back


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
    if len(snapshot.lot) and not snapshot.law.guards_gains:
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
