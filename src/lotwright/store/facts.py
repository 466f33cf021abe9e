"""What the store is told and tells: one frozen value a fact, money in ``Decimal``, times with a zone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

ZERO = Decimal(0)


class Bars(StrEnum):
    """What a lock bars in its household: buying (a loss was taken) or selling at a loss (a purchase was made)."""

    BUY = "buy"
    LOSS = "loss"


class LockState(StrEnum):
    """How far the trade behind a lock has come; all but a released one count for the wash-sale window."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    EXECUTED = "executed"
    RELEASED = "released"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One run of a batch: what was planned with what. ``folder`` is where its results lie, ``settings`` JSON-ready."""

    run: str
    started: datetime
    as_of: date
    book_hash: str
    program: str
    program_hash: str
    version: str
    folder: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunEnd:
    """How a run ended; ``summary`` is JSON-ready."""

    run: str
    finished: datetime
    summary: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRecord:
    """What the store keeps of a plan beside its document.

    ``plan`` is its hash; ``first_run`` the run that recorded it first, None for a single plan; ``read`` the time at which
    the planner had read the locks of the store, None where it had not.
    """

    plan: str
    household: str
    as_of: date
    program: str
    status: str
    reason: str | None
    value: Decimal
    trades: int
    first_run: str | None
    read: datetime | None
    recorded: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeRecord:
    """One trade of a remembered plan; ``lots`` are the plan's, with numbers as decimal text."""

    plan: str
    account: str
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    value: Decimal
    lots: tuple[Mapping[str, Any], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRecord:
    """A trade that bars others in its household for the wash-sale window around ``day``.

    ``source`` is ``"plan"`` for what a plan intends, else the id of the fill that made it fact; ``symbols`` are known to
    be substantially identical; ``loss`` is positive.
    """

    plan: str
    household: str
    account: str
    symbol: str
    bars: Bars
    day: date
    quantity: Decimal
    loss: Decimal | None = None
    symbols: tuple[str, ...] = ()
    source: str = "plan"
    state: LockState = LockState.PROPOSED


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """Who let a plan be carried out, when and until when; ``mode`` is ``paper``, ``live`` or None where it is not said."""

    plan: str
    by: str
    at: datetime
    expires: datetime
    mode: str | None = None
    note: str = ""
    signature: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """Who said that a plan, or its trades of one account and security (empty: all), locks nothing, and why."""

    plan: str
    by: str
    at: datetime
    why: str
    account: str = ""
    symbol: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """An order as it was sent; ``order_id`` is ours, ``plan`` is None for a block of several plans' orders."""

    order_id: str
    plan: str | None
    account: str
    symbol: str
    side: str
    quantity: Decimal
    attempt: int
    kind: str
    broker: str
    at: datetime
    limit_price: Decimal | None = None
    block: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderState:
    """A state an order was seen in, with the shares filled by then; seen again later it is the same fact."""

    order_id: str
    state: str
    filled: Decimal
    at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """Shares that changed hands; ``fill`` is the broker's execution id (of a block's: with the account), ``day`` the trade date."""

    fill: str
    order_id: str
    plan: str | None
    account: str
    symbol: str
    side: str
    quantity: Decimal
    price: Decimal
    day: date
    at: datetime
    fee: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """The length and head of an audit chain at one time: kept elsewhere, it shows truncation and rewriting."""

    chain: str
    count: int
    head: str
    at: datetime

    @property
    def text(self) -> str:
        """One line to publish, which ``lotwright audit verify --checkpoint`` reads."""
        return f"audit {self.chain} {self.count} {self.head} {self.at.isoformat()}"
