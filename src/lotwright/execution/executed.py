"""Shares that changed hands, as a book takes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

from lotwright.book.kinds import Side
from lotwright.execution.facts import Fill

NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """One execution: ``fill`` is its name and ``order`` the order's client id; ``day`` is the trade date, ``fee`` dollars."""

    fill: str
    order: str
    account: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    day: date
    fee: Decimal = Decimal(0)


def executed_of(fills: Iterable[Fill], *, account: str, client_ids: Mapping[str, str]) -> tuple[Executed, ...]:
    """A broker's fills of our orders, in the order they happened; the trade date is New York's.

    ``client_ids`` leads from the broker's name of an order to ours; fills of other orders are left out.
    """
    return tuple(
        Executed(
            fill=fill.fill,
            order=client_ids[fill.broker_id],
            account=account,
            symbol=fill.symbol,
            side=fill.side,
            quantity=fill.quantity,
            price=fill.price,
            day=fill.at.astimezone(NEW_YORK).date(),
        )
        for fill in sorted(fills, key=lambda fill: (fill.at, fill.fill))
        if fill.broker_id in client_ids
    )
