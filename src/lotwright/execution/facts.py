"""What a broker says, in our words: clock, sessions, account, positions, orders, fills, activities, assets, quotes.

Problem: brokers' own types change without notice (fields vanish, words appear, numbers come as strings or floats).
Observations: an executor needs few facts, but needs those exactly; a word it does not know must not stop it, a number it
needs and cannot read must. Therefore: small frozen values, ``Decimal`` for money, prices and quantities, aware
``datetime`` for moments; an unknown order status reads as :attr:`Status.OTHER`, which is neither open nor over, and the
broker's own word stands beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from lotwright.book.kinds import Side


class OrderKind(StrEnum):
    """How the price is decided."""

    MARKET = "market"
    LIMIT = "limit"


class Duration(StrEnum):
    """How long an order works (time in force). Where not every account may use one, the broker refuses the order."""

    DAY = "day"
    AT_OPEN = "opg"
    AT_CLOSE = "cls"
    IMMEDIATE = "ioc"
    UNTIL_CANCELLED = "gtc"


class Status(StrEnum):
    """Where an order stands. Fills are what counts, not the status: a cancelled order may have filled in part."""

    WAITING = "waiting"
    """Accepted for processing, not yet working: may still become rejected."""
    WORKING = "working"
    """On the market, nothing or a part filled."""
    CANCELLING = "cancelling"
    """A cancel was asked for; the order may still fill."""
    FILLED = "filled"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    REJECTED = "rejected"
    REPLACED = "replaced"
    """Over: another order took its place. We never replace, so somebody else did."""
    OTHER = "other"
    """A word we do not know, or a rare one (held, suspended, calculated ...): treat as still able to fill."""

    @property
    def is_over(self) -> bool:
        """True when the order can fill no more."""
        return self in _OVER


_OVER = frozenset({Status.FILLED, Status.CANCELLED, Status.EXPIRED, Status.REJECTED, Status.REPLACED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """The broker's time and whether its market is open; moments are aware. ``skew`` is local minus broker, in seconds,
    as measured around the call (None: not measurable)."""

    now: datetime
    is_open: bool
    next_open: datetime
    next_close: datetime
    skew: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One trading day: ``opens`` and ``closes`` are aware moments, ``settles`` the settlement date (None: not said)."""

    day: date
    opens: datetime
    closes: datetime
    settles: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountFacts:
    """Money and flags of the broker's account, in dollars.

    ``spendable`` is what may be spent without borrowing: the lesser of cash and non-marginable buying power; never
    ``buying_power``, which may be a loan. ``blocks`` names every flag that forbids trading, in the broker's words (empty:
    none); ``number`` is the account's number.
    """

    number: str
    cash: Decimal
    spendable: Decimal
    buying_power: Decimal
    equity: Decimal | None = None
    multiplier: Decimal | None = None
    currency: str = "USD"
    blocks: tuple[str, ...] = ()
    allows_fractions: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """Shares held; ``available`` excludes shares that open sell orders hold. Negative ``quantity``: short."""

    symbol: str
    quantity: Decimal
    available: Decimal
    average_price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as the broker has it. ``quantity`` is None for an order in dollars (``notional``), which we never send.

    ``broker_id`` is the broker's name for it, ``client_id`` ours (or somebody else's); ``word`` is the broker's word for
    the status; ``average_price`` is that of the filled part; ``reason`` why it was rejected, where the broker says.
    """

    broker_id: str
    client_id: str
    symbol: str
    side: Side
    kind: str
    duration: str
    status: Status
    word: str
    filled: Decimal
    quantity: Decimal | None = None
    notional: Decimal | None = None
    limit: Decimal | None = None
    average_price: Decimal | None = None
    submitted: datetime | None = None
    updated: datetime | None = None
    reason: str = ""

    @property
    def rest(self) -> Decimal | None:
        """Shares that may still fill: none once the order is over; None for an order in dollars."""
        if self.status.is_over:
            return Decimal(0)
        return None if self.quantity is None else self.quantity - self.filled


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """One execution. ``fill`` is the broker's id: the same id is the same execution, however often it is told.

    ``cumulative`` is the order's filled quantity after this fill (None: not said).
    """

    fill: str
    broker_id: str
    symbol: str
    side: Side
    quantity: Decimal
    price: Decimal
    at: datetime
    cumulative: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """Anything that changed cash or positions and was no fill: dividend, fee, split, journal ... in the broker's words.

    ``kind`` is the broker's code (``DIV``, ``FEE``, ``SPLIT`` ...); ``status`` ``executed``, ``correct`` or ``canceled``.
    """

    activity: str
    kind: str
    day: date
    amount: Decimal | None = None
    symbol: str | None = None
    quantity: Decimal | None = None
    status: str = "executed"
    said: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """What the broker says about a security: whether it trades it at all, and in fractions. ``tags`` are its attributes."""

    symbol: str
    is_active: bool
    is_tradable: bool
    is_fractionable: bool
    tags: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Quote:
    """Newest best bid and ask with its time. A side without interest is None (brokers say 0); crossed quotes are passed
    on as they are: judging them is the caller's."""

    symbol: str
    bid: Decimal | None
    ask: Decimal | None
    at: datetime

    @property
    def is_sound(self) -> bool:
        """True when both sides are there and not crossed."""
        return self.bid is not None and self.ask is not None and self.bid <= self.ask
