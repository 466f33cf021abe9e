"""A broker's account in the words of an import: the only place where the two rooms meet."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from lotwright.book.kinds import Side
from lotwright.errors import BrokerError
from lotwright.execution.broker import Broker
from lotwright.execution.facts import Activity, Fill
from lotwright.files.imports.broker import BrokerAccount, Execution, Happening, Held

NEW_YORK = ZoneInfo("America/New_York")
LONG_AGO = date(2000, 1, 1)
ATTEMPTS = 3


def asked(broker: Broker) -> BrokerAccount:
    """Ask a broker for everything about its account; positions are asked twice, since an order may fill in between.

    Raises
    ------
    BrokerError
        The positions change whenever they are read, or the broker cannot be asked.
    """
    for _ in range(ATTEMPTS):
        positions, account = broker.positions(), broker.account()
        fills = broker.fills(datetime.combine(LONG_AGO, datetime.min.time(), UTC))
        activities = broker.activities(LONG_AGO)
        if broker.positions() == positions:
            break
    else:
        raise BrokerError("The positions change while they are read: orders are filling. Import again after the close.")
    quotes = broker.quotes(positions) if positions else {}
    middle = {
        name: (q.bid + q.ask) / 2
        for name, q in quotes.items()
        if q.is_sound and q.bid is not None and q.ask is not None
    }
    return BrokerAccount(
        broker="alpaca",
        number=account.number,
        as_of=broker.clock().now.astimezone(NEW_YORK).date(),
        cash=account.cash,
        held=tuple(Held(symbol=p.symbol, quantity=p.quantity, price=middle.get(p.symbol)) for p in positions.values()),
        executions=tuple(map(_execution, fills)),
        happenings=tuple(map(_happening, activities)),
    )


def _execution(fill: Fill) -> Execution:
    return Execution(
        name=fill.fill,
        symbol=fill.symbol,
        is_sale=fill.side is Side.SELL,
        quantity=fill.quantity,
        price=fill.price,
        day=fill.at.astimezone(NEW_YORK).date(),
        at=f"{fill.at.astimezone(UTC).isoformat()} {fill.fill}",
        order=fill.broker_id,
    )


def _happening(said: Activity) -> Happening:
    return Happening(
        name=said.activity,
        kind=said.kind,
        day=said.day,
        at=_time_of(said),
        symbol=said.symbol,
        quantity=said.quantity,
        money=said.amount,
        is_executed=said.status == "executed",
    )


def _time_of(said: Activity) -> str:
    """When on its day it happened: as written down that day, else before every trade, as splits take effect."""
    try:
        created = datetime.fromisoformat(str(said.said.get("created_at", "")))
    except ValueError:
        return ""
    is_that_day = created.tzinfo is not None and created.astimezone(NEW_YORK).date() == said.day
    return created.astimezone(UTC).isoformat() if is_that_day else ""
