"""Long lists, page after page, complete or not at all: a page that comes again and again ends the reading with an error.

Servers differ in what they know: cursors of ids, cursors of times, or none, telling everything at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from lotwright.errors import LineError
from lotwright.execution import alpaca_words as words
from lotwright.execution.facts import Order

A_PAGE, MOST_ORDERS = 100, 500
MOST_PAGES = 1000
Read = Callable[[Mapping[str, str]], Any]
Rows = Callable[[Mapping[str, str]], list[Any]]
"""The page that a query asks for."""


def all_orders(rows: Rows, query: Mapping[str, str], *, name: str) -> tuple[Order, ...]:
    """Every order a query means, each once, oldest first."""
    fixed = {"status": query["status"], "direction": "asc", "limit": str(MOST_ORDERS)}
    found: dict[str, Order] = {}
    after: Mapping[str, str] = {key: value for key, value in query.items() if key != "status"}
    for _ in range(MOST_PAGES):
        page = rows({**fixed, **after})
        read = [words.read_order(row) for row in page]
        new = [order for order in read if order.broker_id not in found]
        found |= {order.broker_id: order for order in read}
        if len(page) < MOST_ORDERS:
            break
        if new:
            after = {"after_order_id": read[-1].broker_id}
        elif "after_order_id" in after and read[-1].submitted is not None:
            after = {"after": utc(read[-1].submitted)}  # a server that knows no cursor of ids
        elif len(page) > MOST_ORDERS:
            break  # a server that tells everything at once
        else:
            raise _no_end(name, "orders")
    else:
        raise _no_end(name, "orders")
    oldest = datetime.min.replace(tzinfo=UTC)
    return tuple(sorted(found.values(), key=lambda order: (order.submitted or oldest, order.broker_id)))


def all_activities(rows: Rows, query: Mapping[str, str], *, name: str) -> list[Any]:
    """Every row of a list of activities, each once."""
    found: dict[str, Any] = {}
    asked: dict[str, str] = {**query, "direction": "asc", "page_size": str(A_PAGE)}
    for _ in range(MOST_PAGES):
        page = rows(asked)
        names = [words.Row("Activity", row).text("id") for row in page]
        is_new = any(name not in found for name in names)
        found |= dict(zip(names, page, strict=True))
        if len(page) < A_PAGE or (not is_new and len(page) > A_PAGE):
            return list(found.values())  # the last page, or a server that tells everything at once
        if not is_new:
            break
        asked["page_token"] = names[-1]
    raise _no_end(name, "activities")


def all_bars(read: Read, query: Mapping[str, str], *, name: str) -> Iterable[tuple[str, words.Row]]:
    """Every bar with its symbol, page after page."""
    token, seen = "", {""}
    for _ in range(MOST_PAGES):
        asked = {**query, "page_token": token} if token else query
        page = words.Row("Bars", read(asked) or {})
        bars = page.said.get("bars")
        for symbol, rows in (bars if isinstance(bars, Mapping) else {}).items():
            yield from ((symbol, words.Row(f"Bar of {symbol}", row)) for row in rows)
        token = page.word("next_page_token")
        if not token:
            return
        if token in seen:
            break
        seen.add(token)
    raise LineError(f"{name}: the pages of bars do not end. Nothing was concluded; try again later.")


def utc(moment: datetime) -> str:
    """A moment as a question says it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _no_end(name: str, what: str) -> LineError:
    return LineError(
        f"{name}: the same page of {what} comes again and again, so the list may be incomplete. "
        "Nothing was concluded from it; try again later."
    )
