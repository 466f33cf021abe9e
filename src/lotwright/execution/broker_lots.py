"""The lots a broker keeps, rebuilt from its fills: purchases open them, sales take them first in, first out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from lotwright.book.kinds import Side
from lotwright.execution.facts import Fill

NEW_YORK = ZoneInfo("America/New_York")
ZERO = Decimal(0)
Lots = Mapping[str, tuple[tuple[date, Decimal], ...]]


def broker_lots(fills: Iterable[Fill], positions: Mapping[str, Decimal]) -> tuple[Lots, tuple[str, ...]]:
    """Days and shares by symbol, where fills alone explain the position; and a sentence for each symbol where not.

    Shares that came by transfer, split or merger have no fill: what they leave unexplained is not guessed.
    """
    lots: dict[str, list[tuple[date, Decimal]]] = {}
    oversold: set[str] = set()
    for fill in sorted(fills, key=lambda fill: (fill.at, fill.fill)):
        held = lots.setdefault(fill.symbol, [])
        if fill.side is Side.BUY:
            held.append((fill.at.astimezone(NEW_YORK).date(), fill.quantity))
        elif not _take(held, fill.quantity):
            oversold.add(fill.symbol)
    explained: dict[str, tuple[tuple[date, Decimal], ...]] = {}
    unexplained = []
    for symbol, quantity in sorted(positions.items()):
        mine = lots.get(symbol, [])
        if symbol not in oversold and sum((shares for _, shares in mine), ZERO) == quantity:
            explained[symbol] = tuple(mine)
        else:
            unexplained.append(symbol)
    if not unexplained:
        return explained, ()
    return explained, (
        f"Lots not compared, because fills do not explain the position (transfers, splits): {', '.join(unexplained)}.",
    )


def _take(held: list[tuple[date, Decimal]], quantity: Decimal) -> bool:
    while quantity > 0 and held:
        day, shares = held.pop(0)
        if shares > quantity:
            held.insert(0, (day, shares - quantity))
        quantity -= min(shares, quantity)
    return quantity == 0
