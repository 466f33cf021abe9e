"""The seam between the executor and a broker: what may be asked, and which answers there are.

Problem: a network can lose the question, the answer, or both, and an order must still be placed exactly once.
Observations: for a question that changes nothing, repeating is safe; for an order it is not, and after a lost answer
nobody on this side knows whether it exists. The broker refuses a second order with the same client id.
Therefore: reading either answers or raises (:class:`~lotwright.errors.LineError`, after its own repetitions); sending an
order never repeats and never raises for what a network does: it returns :class:`Accepted`, :class:`Rejected` or
:class:`Unknown`, and after ``Unknown`` the only right move is to look the client id up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from lotwright.book.kinds import Side
from lotwright.execution.facts import (
    AccountFacts,
    Activity,
    Asset,
    Clock,
    Duration,
    Fill,
    Order,
    OrderKind,
    Position,
    Quote,
    Session,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderRequest:
    """An order to be sent: ``quantity`` shares, at ``limit`` dollars or better where ``kind`` is limit.

    ``client_id`` is ours: at most 128 characters, unique over every order ever accepted, the same again only to repeat
    the very same order after an unknown outcome.
    """

    client_id: str
    symbol: str
    side: Side
    quantity: Decimal
    kind: OrderKind = OrderKind.LIMIT
    limit: Decimal | None = None
    duration: Duration = Duration.DAY


class Refusal(StrEnum):
    """Why a broker refused, as far as its words tell; none of them is cured by sending the same again."""

    DUPLICATE = "duplicate"
    """The client id was used before: look it up, the order is probably ours."""
    MONEY = "money"
    """Not enough buying power."""
    SHARES = "shares"
    """Not enough shares free: other orders hold them, or they are not there."""
    OPPOSITE = "opposite"
    """An open order on the other side of the same security (wash trade, market conduct)."""
    FRACTION = "fraction"
    """This security, account or kind of order takes whole shares only."""
    ASSET = "asset"
    """Unknown, inactive, halted or not tradable here."""
    HOURS = "hours"
    """Not at this time of day."""
    BLOCKED = "blocked"
    """The account may not trade."""
    KEYS = "keys"
    """The broker does not know the keys, or they may not do this: stop everything."""
    ORDER = "order"
    """The order itself is wrong (tick size, missing limit ...): a defect on our side."""
    LOCAL = "local"
    """Refused here, before anything was sent."""
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The broker has the order; it may still become rejected, and only fills count."""

    order: Order


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """The broker refused and has no such order. ``message`` is its own, ``evidence`` what else it said."""

    refusal: Refusal
    message: str
    status: int | None = None
    code: int | None = None
    evidence: Mapping[str, object] = field(default_factory=dict)


class Doubt(StrEnum):
    """Why nobody knows."""

    NO_ANSWER = "no_answer"
    """Timeout, reset, closed connection, name not found: the order may or may not exist."""
    SERVER = "server"
    """A 5xx: the order may or may not exist."""
    UNREADABLE = "unreadable"
    """An answer that is not what an answer looks like: the order probably exists."""
    RATE = "rate"
    """A 429: the order was not accepted, says the broker; look it up all the same, after ``wait``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Nobody here knows whether the order exists: look its client id up. ``wait`` is seconds the broker asked for."""

    doubt: Doubt
    message: str
    wait: float | None = None


Outcome = Accepted | Rejected | Unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAsked:
    """The broker will try; the order may fill all the same. Read it until it is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRefused:
    """The broker will not: the order is over already, or cannot be cancelled now. Read it again."""

    message: str
    status: int | None = None


CancelOutcome = CancelAsked | CancelRefused | Unknown


class Broker(Protocol):
    """One account at one broker.

    Every method but ``submit`` and ``cancel`` only reads; it repeats itself a bounded number of times, and then raises
    ``LineError`` (nothing may be concluded), ``KeysError`` (stop) or ``AnswerError`` (a needed field is missing).
    """

    @property
    def name(self) -> str:
        """Broker and mode, for people: ``alpaca paper``, ``simulated``."""
        ...

    @property
    def is_live(self) -> bool:
        """True when real money is at stake."""
        ...

    @property
    def is_simulated(self) -> bool:
        """True when no market is behind it: its clock is its own and says nothing about ours."""
        ...

    @property
    def relieves(self) -> str:
        """Which lots the broker lets leave on a sale, as in ``book.kinds.Relief``: ``fifo`` at Alpaca."""
        ...

    def listen(self, hear: Callable[[str, Mapping[str, object]], object]) -> None:
        """Have every request that may change something told before it is sent (what ``hear`` raises keeps it from being
        sent), and what came back after it."""
        ...

    def clock(self) -> Clock:
        """The broker's time and whether the market is open."""
        ...

    def calendar(self, first: date, last: date) -> tuple[Session, ...]:
        """Sessions from ``first`` to ``last``, both included, in order; a day without trading is absent."""
        ...

    def account(self) -> AccountFacts:
        """Money and flags."""
        ...

    def positions(self) -> Mapping[str, Position]:
        """Everything held, by symbol."""
        ...

    def open_orders(self) -> tuple[Order, ...]:
        """Every order that may still fill, ours and others', oldest first, complete."""
        ...

    def orders_since(self, moment: datetime) -> tuple[Order, ...]:
        """Every order submitted after ``moment``, whatever became of it, oldest first, complete."""
        ...

    def order(self, client_id: str) -> Order | None:
        """The order of that client id; None when the broker says it has none (which may be too early to tell)."""
        ...

    def submit(self, request: OrderRequest) -> Outcome:
        """Send one order, once. Never repeats, never raises for what the line or the broker does."""
        ...

    def cancel(self, broker_id: str) -> CancelOutcome:
        """Ask for a cancel, once. Never raises for what the line or the broker does."""
        ...

    def fills(self, since: datetime) -> tuple[Fill, ...]:
        """Every execution after ``since``, each once, by time and id, complete."""
        ...

    def activities(self, since: date) -> tuple[Activity, ...]:
        """Everything else that changed cash or positions since that day (included), by day and id, complete."""
        ...

    def asset(self, symbol: str) -> Asset | None:
        """What the broker says about a security; None when it knows none of that name."""
        ...

    def quotes(self, symbols: Iterable[str]) -> Mapping[str, Quote]:
        """Newest quotes; a symbol without one is absent."""
        ...

    def daily_volume(self, symbols: Iterable[str]) -> Mapping[str, Decimal]:
        """Shares traded on an average day of about the last twenty finished sessions; absent where unknown."""
        ...
