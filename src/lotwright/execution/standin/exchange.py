"""The stand-in's exchange and account: takes orders, fills them, keeps the ledger. Every call says what time it is.

Problem: an executor must be tried against every behaviour of a market and a broker, at will and repeatably.
Observations: what a market does to an order is a few numbers (when it is routed, in which parts it fills, what a cancel
does); everything else follows from quotes, sessions and the account's rules. Therefore: a queue of events driven by the
time of the calls, and one :class:`~lotwright.execution.standin.orders.Manner` for each security. No clock, no chance.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import ROUND_FLOOR, Decimal

from lotwright.book.kinds import Side
from lotwright.execution.standin.asked import Asked, read_order
from lotwright.execution.standin.events import Event, Queue
from lotwright.execution.standin.ledger import ZERO, Execution, Ledger, cents
from lotwright.execution.standin.orders import Manner, Placed
from lotwright.execution.standin.rules import refusal
from lotwright.execution.standin.securities import NAMES, Security
from lotwright.execution.standin.sessions import NEW_YORK, Sessions
from lotwright.execution.standin.terms import Refused, Terms, invalid, not_found, unprocessable

NANO = Decimal("0.000000001")
ONE_SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
GOOD_FOR, EXTENSION = timedelta(days=90), timedelta(hours=4)


class Exchange:
    """One account on one market.

    Parameters
    ----------
    ledger : Ledger
        Opening positions and cash; everything that is executed is booked in it.
    securities : iterable of Security
        What is traded.
    terms, sessions
        The account and the calendar.
    """

    def __init__(
        self,
        *,
        ledger: Ledger,
        securities: Iterable[Security],
        terms: Terms | None = None,
        sessions: Sessions | None = None,
    ) -> None:
        self.ledger = ledger
        self.securities = {each.symbol: each for each in securities}
        self.terms = terms or Terms()
        self.sessions = sessions or Sessions()
        self.orders: dict[str, Placed] = {}
        self.used: dict[str, str] = {}
        self.manner: dict[str, Manner] = {}
        self._queue = Queue()
        self._open: dict[str, Placed] = {}
        self._stamp = datetime.min.replace(tzinfo=UTC)
        self._names = 0
        self._do: Mapping[str, Callable[[Placed, Event], None]] = {
            "route": self._route,
            "part": self._part,
            "try": self._try_again,
            "reject": self._reject,
            "cancel": self._cancelled,
            "expire": self._expire,
        }

    def run(self, now: datetime) -> None:
        """Let everything happen that is due by ``now``."""
        while (event := self._queue.due(now)) is not None:
            order = self.orders[event.order]
            if not order.is_over:
                self._do[event.kind](order, event)

    def manner_of(self, symbol: str) -> Manner:
        """How the market treats orders in a security now."""
        return self.manner.get(symbol) or self.manner.get("*") or Manner()

    def submit(self, body: Mapping[str, object], now: datetime) -> Placed | Refused:
        """Take an order, or say why not. What happens to it is seen by later calls, even at the same moment."""
        self.run(now)
        asked = read_order(body)
        if isinstance(asked, Refused):
            return asked
        if asked.client_id is not None and asked.client_id in self.used:
            return invalid("client_order_id must be unique")
        refused = refusal(self, asked, now)
        if refused is not None:
            if asked.client_id is not None and self.terms.refused_uses_id:
                self.used[asked.client_id] = ""
            return refused
        return self._place(asked, now)

    def cancel(self, order_id: str, now: datetime) -> Refused | None:
        """Ask for a cancel."""
        self.run(now)
        order = self.orders.get(order_id)
        if order is None:
            return not_found(f"order not found for {order_id}")
        if order.is_over:
            return unprocessable(f'order is already in "{order.status}" state')
        if order.status == "pending_replace":
            return unprocessable("order pending replace")
        if order.manner.cancel_loses and order.quantity is not None:
            self._fill(order, order.rest, order.limit or self._far(order), self.moment(now))
            return None
        order.status, order.updated, order.cancel_asked = "pending_cancel", self.moment(now), True
        if order.manner.cancel_after is not None:
            self._queue.add(now + timedelta(seconds=order.manner.cancel_after), "cancel", order.id)
        return None

    def replace(self, order_id: str, body: Mapping[str, object], now: datetime) -> Placed | Refused:
        """Put another order in the place of an open one: whole shares, another limit, another id."""
        self.run(now)
        old = self.orders.get(order_id)
        if old is None:
            return not_found(f"order not found for {order_id}")
        if old.is_over or old.status not in {"new", "accepted", "partially_filled"}:
            return unprocessable("unable to replace order, order is not open")
        if old.quantity is None or old.quantity % 1:
            return unprocessable("fractional orders cannot be replaced")
        asked = {
            "symbol": old.symbol,
            "side": str(old.side),
            "type": old.type,
            "time_in_force": body.get("time_in_force", old.duration),
            "qty": body.get("qty", format(old.rest, "f")),
            "limit_price": body.get("limit_price", None if old.limit is None else format(old.limit, "f")),
            "client_order_id": body.get("client_order_id"),
        }
        del self._open[old.id]  # what it holds is free for the new order
        new = self.submit(asked, now)
        if isinstance(new, Refused):
            self._open[old.id] = old
            return new
        new.replaces, old.replaced_by = old.id, new.id
        old.status, old.replaced_at, old.updated = "replaced", new.submitted, new.submitted
        return new

    def open_orders(self) -> list[Placed]:
        """Orders that may still fill, oldest first."""
        return list(self._open.values())

    def requote(self, symbol: str, now: datetime) -> None:
        """After a quote, a halt or a resumption changed: orders that waited for the price may fill."""
        self.run(now)
        for order in self.open_orders():
            if order.symbol == symbol:
                self._try(order, now)

    def moment(self, now: datetime) -> datetime:
        """A time stamp that no earlier one equals."""
        self._stamp = max(now, self._stamp + MICROSECOND)
        return self._stamp

    def name(self, what: str) -> str:
        """The next id: the same calls give the same ids."""
        self._names += 1
        return str(uuid.uuid5(NAMES, f"{self.terms.number} {what} {self._names}"))

    def is_trading(self, order: Placed, now: datetime) -> bool:
        """True when this order may fill at this time of day."""
        if self.sessions.at(now) is not None:
            return True
        day = self.sessions.on(now.astimezone(NEW_YORK).date())
        return order.extended and day is not None and day.first <= now < day.last

    def _place(self, asked: Asked, now: datetime) -> Placed:
        stamp = self.moment(now)
        name = self.name("order")
        order = Placed(
            id=name,
            client_id=asked.client_id or self.name("client order"),
            symbol=asked.symbol,
            side=asked.side,
            type=asked.type,
            duration=asked.duration,
            quantity=asked.quantity,
            notional=asked.notional,
            limit=asked.limit,
            extended=asked.extended,
            submitted=stamp,
            number=len(self.orders),
            manner=self.manner_of(asked.symbol),
            visible=now + timedelta(seconds=self.terms.hides_new_orders),
            updated=stamp,
        )
        self.orders[name] = self._open[name] = order
        self.used[order.client_id] = name
        self._schedule(order, now)
        return order

    def _schedule(self, order: Placed, now: datetime) -> None:
        works, ends = now, self.sessions.next_close(now)
        if order.duration == "opg":
            works = self.sessions.next_open(now)
            ends = works + ONE_SECOND
        elif order.duration == "cls":
            works = ends
            ends += ONE_SECOND
        elif self.is_trading(order, now):
            order.status = "pending_new"
        elif order.duration in {"ioc", "fok"}:
            ends = now
        else:
            works = self.sessions.next_open(now)
        if order.extended:
            today = self.sessions.on(now.astimezone(NEW_YORK).date())
            ends = today.last if today is not None and now < today.last else ends + EXTENSION
        if order.duration == "gtc":
            ends = now + GOOD_FOR
        self._queue.add(works + timedelta(seconds=order.manner.routed_after), "route", order.id)
        if order.manner.rejected_after is not None:
            self._queue.add(now + timedelta(seconds=order.manner.rejected_after), "reject", order.id)
        self._queue.add(ends, "expire", order.id)

    def _route(self, order: Placed, event: Event) -> None:
        if not order.cancel_asked:
            order.status, order.updated = "new", self.moment(event.at)
        total = order.rest if order.quantity is not None else Decimal(1)
        unit = NANO if total % 1 else Decimal(1)
        reached, given = ZERO, ZERO
        for seconds, fraction in order.manner.parts:
            reached = min(reached + fraction, Decimal(1))
            wanted = (total * reached).quantize(unit, ROUND_FLOOR)
            self._queue.add(event.at + timedelta(seconds=seconds), "part", order.id, wanted - given)
            given = wanted
        if order.duration in {"ioc", "fok"}:
            self._queue.add(event.at, "cancel", order.id)

    def _part(self, order: Placed, event: Event) -> None:
        if event.shares:
            order.due.append(event.shares)
            self._try(order, event.at)

    def _try_again(self, order: Placed, event: Event) -> None:
        self._try(order, event.at)

    def _try(self, order: Placed, now: datetime) -> None:
        security = self.securities[order.symbol]
        if not order.due or order.is_over or security.is_halted:
            return
        auction = order.duration in {"opg", "cls"}
        if not auction and not self.is_trading(order, now):
            self._queue.add(self.sessions.next_open(now), "try", order.id)
            return
        price = self._far(order)
        if price <= 0 or not self._allows(order, price):
            return
        if order.duration == "fok" and sum(order.due) < order.rest:
            return
        offered, order.due = order.due, []
        for shares in offered:
            self._fill_part(order, shares, price, now)

    def _fill_part(self, order: Placed, shares: Decimal, price: Decimal, now: datetime) -> None:
        if order.notional is not None:
            order.quantity = (order.notional / price).quantize(NANO, ROUND_FLOOR)
            shares = order.quantity
        depth = order.manner.depth
        if depth is not None and shares > depth:
            self._queue.add(now + ONE_SECOND, "part", order.id, shares - depth)
            shares = depth
        if order.rest:
            self._fill(order, min(shares, order.rest), price, self.moment(now))

    def _fill(self, order: Placed, shares: Decimal, price: Decimal, stamp: datetime) -> None:
        order.filled += shares
        order.paid += shares * price
        order.updated = stamp
        whole = order.quantity is not None and order.filled >= order.quantity
        if whole:
            order.status, order.filled_at = "filled", stamp
            self._open.pop(order.id, None)
        elif not order.cancel_asked:
            order.status = "partially_filled"
        day = stamp.astimezone(NEW_YORK).date()
        self.ledger.execute(
            Execution(
                name=self.name("execution"),
                at=stamp,
                order=order.id,
                client_id=order.client_id,
                symbol=order.symbol,
                side=order.side,
                quantity=shares,
                price=price,
                amount=cents(shares * price) * (-1 if order.side is Side.BUY else 1),
                cumulative=order.filled,
                leaves=order.rest,
                settles=self.sessions.settles(day),
            )
        )
        self.securities[order.symbol].last = price

    def _far(self, order: Placed) -> Decimal:
        security = self.securities[order.symbol]
        return security.ask if order.side is Side.BUY else security.bid

    @staticmethod
    def _allows(order: Placed, price: Decimal) -> bool:
        if order.limit is None:
            return True
        return price <= order.limit if order.side is Side.BUY else price >= order.limit

    def _reject(self, order: Placed, event: Event) -> None:
        if not order.filled:
            order.status, order.failed_at = "rejected", self.moment(event.at)
            self._over(order, order.failed_at)

    def _cancelled(self, order: Placed, event: Event) -> None:
        order.status, order.cancelled_at = "canceled", self.moment(event.at)
        self._over(order, order.cancelled_at)

    def _expire(self, order: Placed, event: Event) -> None:
        order.status, order.expired_at = "expired", self.moment(event.at)
        self._over(order, order.expired_at)

    def _over(self, order: Placed, stamp: datetime) -> None:
        order.updated = stamp
        self._open.pop(order.id, None)
