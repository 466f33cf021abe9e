"""Restrictions: what a client ruled about one security or sector.

    lower_j <= net shares traded of j <= upper_j

``no_buy``, ``no_sell`` and ``no_trade`` close a side; ``exclude`` and ``exclude_sector`` demand that everything is sold
and nothing bought, ``maximum_weight`` that a position is sold down to its cap. A demand to sell gives way to
``no_sell``,
``no_trade`` and to the wash-sale window: then nothing more is bought, and nothing is forced.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.book.holdings import Restriction
from lotwright.book.kinds import Rule
from lotwright.plan.limits import bounded
from lotwright.plan.limits.bounded import Bounds
from lotwright.plan.limits.window import sellable
from lotwright.plan.snapshot import Floats, Snapshot

if TYPE_CHECKING:
    from lotwright.plan.protocols import Trades

TOLERANCE = 1e-9
"""Shares by which float bounds may be missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One bound that applies: holding, rule, net shares allowed, and a sentence."""

    holding: int
    rule: Rule
    text: str


def bounds(snapshot: Snapshot) -> tuple[Floats, Floats]:
    """Least and most net shares each holding may trade under its account's restrictions, shapes (n,)."""
    lower, upper, _ = _bounds(snapshot)
    return lower, upper


def reasons(snapshot: Snapshot) -> tuple[Reason, ...]:
    """Why :func:`bounds` are what they are, in the order of holdings."""
    return _bounds(snapshot)[2]


def _bounds(snapshot: Snapshot) -> tuple[Floats, Floats, tuple[Reason, ...]]:
    lower, upper = -snapshot.quantity.copy(), np.full(len(snapshot.symbol), np.inf)
    found: list[Reason] = []
    applying = [(j, rule) for j in _spoken_of(snapshot) for rule in _rules(snapshot, j)]
    for j, restriction in applying:
        if restriction.rule in (Rule.NO_SELL, Rule.NO_TRADE):
            lower[j] = 0.0
        if restriction.rule in (Rule.NO_BUY, Rule.NO_TRADE):
            upper[j] = min(upper[j], 0.0)
    most = sellable(snapshot) if any(_keeps_most(r) for _, r in applying) else np.zeros(0)
    for j, restriction in applying:
        text = f"{snapshot.symbol[j]} in {snapshot.account[snapshot.account_of[j]]}: {restriction.rule}"
        if _keeps_most(restriction):
            room = _cap(snapshot, j, restriction) - snapshot.quantity[j]
            if room < 0 and not _may_sell(snapshot, j, shares=-room, lower=lower[j], most=most[j]):
                room, text = 0.0, f"{text}, but what must be sold may not be sold today, so it is only not bought"
            upper[j] = min(upper[j], room)
        found.append(Reason(holding=j, rule=restriction.rule, text=text))
    return lower, upper, tuple(found)


def _spoken_of(snapshot: Snapshot) -> list[int]:
    """Holdings whose account has a restriction that speaks of them, in order."""
    rules = [account.restrictions for account in snapshot.household.accounts]
    if not any(rules):
        return []
    named = [{rule.symbol for rule in own if rule.rule is not Rule.EXCLUDE_SECTOR} for own in rules]
    sectors = [{rule.sector for rule in own if rule.rule is Rule.EXCLUDE_SECTOR} - {None} for own in rules]
    prices = snapshot.market.prices
    places = enumerate(zip(snapshot.symbol, snapshot.account_of.tolist(), strict=True))
    return [
        j
        for j, (symbol, account) in places
        if symbol in named[account] or (sectors[account] and prices[symbol].sector in sectors[account])
    ]


def _rules(snapshot: Snapshot, holding: int) -> Iterator[Restriction]:
    """Restrictions of the holding's account that speak of its security or sector."""
    symbol = snapshot.symbol[holding]
    sector = snapshot.market.prices[symbol].sector
    for restriction in snapshot.household.accounts[snapshot.account_of[holding]].restrictions:
        if restriction.rule is Rule.EXCLUDE_SECTOR:
            if sector is not None and restriction.sector == sector:
                yield restriction
        elif restriction.symbol == symbol:
            yield restriction


def _keeps_most(restriction: Restriction) -> bool:
    return restriction.rule in (Rule.EXCLUDE, Rule.EXCLUDE_SECTOR, Rule.MAXIMUM_WEIGHT)


def _cap(snapshot: Snapshot, holding: int, restriction: Restriction) -> float:
    """Shares that may be held after the plan."""
    if restriction.rule is not Rule.MAXIMUM_WEIGHT or restriction.weight is None:
        return 0.0
    value = max(float(snapshot.value[snapshot.account_of[holding]]), 0.0)
    return float(restriction.weight) * value / float(snapshot.price[holding])


def _may_sell(snapshot: Snapshot, holding: int, *, shares: float, lower: float, most: float) -> bool:
    """True if ``shares`` or a little more, rounded up to the next order, can leave today."""
    step = snapshot.increment[holding]
    order = np.ceil(shares / step - TOLERANCE) * step if step > 0 else shares
    return bool(lower < 0 and min(order, snapshot.quantity[holding]) <= most + TOLERANCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Restrictions:
    """Every restriction of every account."""

    kind: ClassVar[str] = "restrictions"

    def bounds(self, snapshot: Snapshot) -> Bounds:
        """Least and most net shares of each holding, shapes (n,)."""
        return bounds(snapshot)

    excess = bounded.excess
    beyond = bounded.beyond
    rows = bounded.rows
    contribute = bounded.contribute

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Shares by which the worst trade leaves its bounds."""
        worst = (self.beyond(snapshot, trades) / snapshot.price).max(initial=0.0)
        return float(worst) if worst > TOLERANCE else 0.0

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """How many rules apply and whether they are kept."""
        count, wrong = len(reasons(snapshot)), self.violation(snapshot, trades)
        if not count:
            return "No restriction applies."
        found = "all are kept" if not wrong else f"one is broken by {wrong:g} shares"
        return f"{count} restriction{'s apply' if count > 1 else ' applies'}: {found}."
