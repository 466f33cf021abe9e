"""Bands: trade only what has drifted out of its band, and bring it back inside.

Problem: a threshold policy is two questions, *when* (something is outside its band) and *where to* (edge, half way,
target), asked of securities or of whole sleeves in which one security stands in for another.
Observations: Vanguard's 200/175 trades when a class is 200 bp off and lands 175 bp from the target (Zhang, Ahluwalia, Ying
et al., "Rational rebalancing: an analytical approach to multiasset portfolio rebalancing decisions and insights", Vanguard
2022); Daryanani trades at 20 % of the target and lands half way (Opportunistic Rebalancing, Journal of Financial Planning,
January 2008). What lands exactly on an edge is outside again tomorrow.
Therefore: with target t and edges t - d, t + u of what is banded (dollars), and ``in`` the part kept inside the edge,

    outside its band:  t - min(land, 1 - in) d  <=  held after  <=  t + min(land, 1 - in) u
    inside its band:   t - (1 - in) d           <=  held after  <=  t + (1 - in) u,   or as far out as it was before

and an account in which nothing is outside is not traded, unless its cash is below its floor. Edges are the model's own;
where it has none, this limit's ``absolute`` and ``relative`` widths, the narrower of the two. An interval narrower than one
order's step is widened to it. What a restriction or the wash-sale window bars is not demanded, and what a client's
restriction demands to be sold (an exclusion, a maximum weight) may be, whatever the bands. Targets are parts of what may be
invested: value less the cash target, or less the cash that must stay where that is more. Where all that bands and
restrictions let an account sell does not pay for what stands below its band, nothing is demanded to be bought; where it
does not reach the cash that must stay, bands let more be sold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.book.market import ModelPortfolio
from lotwright.plan.costs.amounts import bought_dollars, sold_dollars, sold_shares
from lotwright.plan.costs.parameter import check_parameters, optional, parameter, word
from lotwright.plan.limits.bounded import narrow
from lotwright.plan.limits.linear import row_beyond, row_excess
from lotwright.plan.limits.restrictions import bounds as restricted
from lotwright.plan.limits.window import sellable
from lotwright.plan.separable.form import Row, SeparableForm
from lotwright.plan.snapshot import Floats, Ints, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades

ROUNDING = 1e-9
"""Steps of an order by which floats may be missed."""
CENT = 0.005
"""Dollars by which an edge may be missed before something counts as outside."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Band:
    """What one security or sleeve of an account may be worth after the plan, dollars: ``low`` to ``high``.

    ``members`` are its holdings; ``now`` what they are worth before; ``edges`` the band itself, which ``is_outside`` is
    about.
    """

    name: str
    account: int
    members: Ints
    now: float
    target: float
    low: float
    high: float
    edges: tuple[float, float]
    is_outside: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """What has left its band comes back inside; what has not is left alone, or stays inside.

    Raises
    ------
    ProgramError
        A width is no fraction, or a word is none of those there are.
    """

    kind: ClassVar[str] = "bands"

    of: str = word("sleeve", unit="word", says="What has a band.", among=("security", "sleeve"))
    absolute: float | None = optional(
        unit="fraction of value", says="Half-width where the model gives no band.", maximum=1.0
    )
    relative: float | None = optional(
        unit="fraction of the target", says="Half-width where the model gives no band.", maximum=1.0
    )
    land: float = parameter(
        0.5, unit="part of the half-width", says="Where trades land: 1 the edge, 0 the target.", maximum=1.0
    )
    inside: float = parameter(
        0.05, unit="part of the half-width", says="Kept between the edge and where a plan ends.", maximum=1.0
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def bands(self, snapshot: Snapshot) -> list[Band]:
        """Every band of every account."""
        return [band for a in range(len(snapshot.account)) for band in self._of_account(snapshot, a)]

    def _of_account(self, snapshot: Snapshot, a: int) -> list[Band]:
        account = snapshot.household.accounts[a]
        model = snapshot.market.models.get(account.model)
        kept = max(float(account.minimum_cash), float(account.cash_target) * float(snapshot.value[a]), 0.0)
        invested = float(snapshot.value[a]) - kept
        if model is None or invested <= 0:
            return []
        found = []
        for name, members, (weight, below, above, land) in self._units(snapshot, a, model):
            now = float((snapshot.quantity * snapshot.price)[members].sum())
            target, down, up = weight * invested, below * invested, above * invested
            outside = now < target - down - CENT or now > target + up + CENT
            part = min(land, 1.0 - self.inside) if outside else 1.0 - self.inside
            low, high = target - part * down, target + part * up
            if not outside:
                low, high = min(low, now), max(high, now)
            grain = float((snapshot.price * snapshot.increment)[members].max(initial=0.0))
            if high - low < grain:
                low, high = (low + high - grain) / 2, (low + high + grain) / 2
            found.append(
                Band(
                    name=name,
                    account=a,
                    members=members,
                    now=now,
                    target=target,
                    low=low,
                    high=high,
                    edges=(target - down, target + up),
                    is_outside=outside,
                )
            )
        return found

    def _units(
        self, snapshot: Snapshot, a: int, model: ModelPortfolio
    ) -> list[tuple[str, Ints, tuple[float, float, float, float]]]:
        """Name, holdings and (weight, width below, width above, landing) of everything that has a band."""
        where = {snapshot.symbol[j]: int(j) for j in np.flatnonzero(snapshot.account_of == a)}
        own = {sleeve.name: sleeve for sleeve in model.sleeves}
        units: dict[str, tuple[list[int], float, list[tuple[float, float, float]]]] = {}
        for target in model.targets:
            name = target.sleeve if self.of == "sleeve" and target.sleeve else target.symbol
            members, weight, edges = units.get(name, ([], 0.0, []))
            members = [*members, where[target.symbol]]
            if self.of == "sleeve":
                for other in snapshot.market.substitutes.get(target.symbol, ()):
                    if other in where and snapshot.is_substitute[where[other]]:
                        members.append(where[other])
            if target.lower is not None and target.upper is not None:
                land = self.land if target.land is None else float(target.land.reach)
                edges = [*edges, (float(target.lower), float(target.upper), land)]
            units[name] = (members, weight + float(target.weight), edges)
        found = []
        for name, (members, weight, listed) in units.items():
            edges = listed
            if name in own:
                landing = own[name].land
                reach = self.land if landing is None else float(landing.reach)
                edges = [(float(own[name].lower), float(own[name].upper), reach)]
            width = self._width(weight, edges)
            if width is not None:
                found.append((name, np.array(sorted(set(members)), dtype=np.int64), (weight, *width)))
        return found

    def _width(self, weight: float, edges: list[tuple[float, float, float]]) -> tuple[float, float, float] | None:
        """Width below and above the target and landing, or ``None`` where neither model nor program gives a band."""
        if edges:
            low, high = sum(edge[0] for edge in edges), sum(edge[1] for edge in edges)
            return max(weight - low, 0.0), max(high - weight, 0.0), min(edge[2] for edge in edges)
        widths = [] if self.absolute is None else [self.absolute]
        if self.relative is not None and weight > 0:
            widths.append(self.relative * weight)
        if not widths or (weight == 0 and self.absolute is None):
            return None
        return min(widths), min(widths), self.land

    def moving(self, snapshot: Snapshot) -> set[int]:
        """Accounts that may trade: something is outside its band or must be sold, or cash is below its floor."""
        short = snapshot.cash < np.maximum(snapshot.cash_floor, 0.0) - CENT
        demanded = snapshot.account_of[_demanded(snapshot) > 0]
        outside = {band.account for band in self.bands(snapshot) if band.is_outside}
        return outside | set(np.flatnonzero(short).tolist()) | set(demanded.tolist())

    def _demands(self, snapshot: Snapshot) -> list[tuple[Band, float, float]]:
        """Bands with the least and most dollars that may be traded of each, as far as that is not barred."""
        least, most = restricted(snapshot)
        may_sell = np.minimum(sellable(snapshot), -np.minimum(least, 0.0)) * snapshot.price
        may_buy = np.where(snapshot.is_locked[snapshot.group_of], 0.0, np.maximum(most, 0.0)) * snapshot.price
        may_buy = may_buy - _demanded(snapshot) * snapshot.price
        found = []
        for band in self.bands(snapshot):
            low = min(band.low - band.now, float(may_buy[band.members].sum()))
            high = max(band.high - band.now, -float(may_sell[band.members].sum()))
            found.append((band, low, max(high, low)))
        return _payable(snapshot, found, may_sell)

    def bounds(self, snapshot: Snapshot) -> tuple[Floats, Floats]:
        """Bounds in shares of securities that are a band alone, and of accounts that are not traded."""
        lower, upper = -snapshot.quantity.copy(), np.full(len(snapshot.symbol), np.inf)
        moving = self.moving(snapshot)
        still = ~np.isin(snapshot.account_of, sorted(moving))
        for band, low, high in self._demands(snapshot):
            if len(band.members) == 1 and band.account in moving:
                j = int(band.members[0])
                lower[j], upper[j] = max(low / snapshot.price[j], lower[j]), high / snapshot.price[j]
        lower[still], upper[still] = 0.0, 0.0
        return lower, upper

    def sleeve_rows(self, snapshot: Snapshot) -> list[Row]:
        """Two rows for every band of several securities."""
        moving, rows = self.moving(snapshot), []
        for band, low, high in self._demands(snapshot):
            if len(band.members) > 1 and band.account in moving:
                rows += _rows(snapshot, band, low, high)
        return rows

    def rows(self, snapshot: Snapshot) -> list[Row]:
        """Two rows for every band, so that a price can be put on leaving it; calm accounts have none."""
        moving, rows = self.moving(snapshot), []
        for band, low, high in self._demands(snapshot):
            if band.account in moving:
                rows += _rows(snapshot, band, low, high)
        return rows

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Dollars outside each band and traded in calm accounts, fractions of household value."""
        still = np.flatnonzero(~np.isin(snapshot.account_of, sorted(self.moving(snapshot))))
        rows = row_excess(self.rows(snapshot), decision)
        if len(still):
            rows += [decision.buy[still], decision.sold[still]]
        return rows

    def beyond(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """Dollars outside each band, and traded in accounts that were to be left alone."""
        still = ~np.isin(snapshot.account_of, sorted(self.moving(snapshot)))
        traded = (bought_dollars(snapshot, trades) + sold_dollars(snapshot, trades))[still]
        return np.concatenate([row_beyond(self.rows(snapshot), snapshot, trades), traded])

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Dollars outside the band that is missed most."""
        return float(self.beyond(snapshot, trades).max(initial=0.0))

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """How many bands there are, how many were left, how many still are."""
        bands = self.bands(snapshot)
        out = [band.name for band in bands if band.is_outside]
        if not out:
            return f"All {len(bands)} bands hold: nothing needs to be traded."
        change = (trades.buy - sold_shares(snapshot, trades)) * snapshot.price
        left = [b.name for b in bands if not b.low - 0.01 <= b.now + float(change[b.members].sum()) <= b.high + 0.01]
        named = f"{', '.join(out[:5])}{' and others' if len(out) > 5 else ''}"
        after = "all come back inside" if not left else f"{', '.join(left[:5])} cannot be brought back today"
        return f"{len(out)} of {len(bands)} are outside their bands ({named}); {after}."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Narrow the bounds of single securities, add rows for sleeves of several."""
        narrow(self.bounds(snapshot), form)
        form.rows.extend(self.sleeve_rows(snapshot))


def _payable(
    snapshot: Snapshot, demands: list[tuple[Band, float, float]], may_sell: Floats
) -> list[tuple[Band, float, float]]:
    """Demands without what the cash of their account cannot pay for; ``may_sell`` in dollars, shape (n,)."""
    room = snapshot.cash - np.array([max(float(a.minimum_cash), 0.0) for a in snapshot.household.accounts])
    loose = may_sell.copy()
    for band, low, _ in demands:
        loose[band.members] = 0.0
        room[band.account] += min(max(-low, 0.0), float(may_sell[band.members].sum()))
    room += np.bincount(snapshot.account_of, weights=loose, minlength=len(room))
    need = np.zeros(len(room))
    for band, low, _ in demands:
        need[band.account] += max(low, 0.0)
    found = []
    for band, low, high in demands:
        a, least = band.account, low
        if need[a] > room[a] + CENT:
            least = min(low, 0.0)
        if room[a] < -CENT:
            least = min(low, -float(may_sell[band.members].sum()))
        found.append((band, least, max(high, least)))
    return found


def _demanded(snapshot: Snapshot) -> Floats:
    """Shares of each holding that restrictions demand to be sold, in whole orders, shape (n,)."""
    least = np.maximum(-restricted(snapshot)[1], 0.0)
    step = np.where(snapshot.increment > 0, snapshot.increment, 1.0)
    whole = np.where(snapshot.increment > 0, np.ceil(least / step - ROUNDING) * step, least)
    due: Floats = np.minimum(whole, snapshot.quantity)
    return due


def _rows(snapshot: Snapshot, band: Band, low: float, high: float) -> list[Row]:
    weight = np.zeros(len(snapshot.symbol))
    weight[band.members] = 1.0
    name = Bands.kind
    return [
        Row(name=name, coefficient=weight, short=0.0, long=0.0, right=high),
        Row(name=name, coefficient=-weight, short=0.0, long=0.0, right=-low),
    ]
