"""Orders as the stand-in exchange keeps them, and how the market is told to treat them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from lotwright.book.kinds import Side

ZERO = Decimal(0)
OVER = frozenset({"filled", "canceled", "expired", "rejected", "replaced"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How the market treats orders in a security: the switch for partial fills, halts, rejections, cancel races.

    ``parts`` are (seconds after the order works, fraction of its quantity); fractions below one in all leave a rest that
    never fills. ``cancel_after`` is the seconds a cancel takes, None for ever; where ``cancel_loses`` the order fills when
    it is asked to cancel. ``rejected_after`` seconds the order is rejected for ``reason``. ``depth`` is the most shares
    one fill takes (None: all); the next follows a second later.
    """

    parts: tuple[tuple[float, Decimal], ...] = ((0.0, Decimal(1)),)
    routed_after: float = 0.0
    rejected_after: float | None = None
    reason: str = "rejected by the market"
    cancel_after: float | None = 0.0
    cancel_loses: bool = False
    depth: Decimal | None = None


@dataclass(slots=True, kw_only=True)
class Placed:
    """One order: what was asked, and what has become of it. The exchange alone changes it."""

    id: str
    client_id: str
    symbol: str
    side: Side
    type: str
    duration: str
    quantity: Decimal | None
    notional: Decimal | None
    limit: Decimal | None
    extended: bool
    submitted: datetime
    number: int
    manner: Manner
    visible: datetime
    status: str = "accepted"
    filled: Decimal = ZERO
    paid: Decimal = ZERO
    updated: datetime | None = None
    filled_at: datetime | None = None
    cancelled_at: datetime | None = None
    expired_at: datetime | None = None
    failed_at: datetime | None = None
    replaced_at: datetime | None = None
    replaced_by: str | None = None
    replaces: str | None = None
    cancel_asked: bool = False
    due: list[Decimal] = field(default_factory=list)
    """Shares that the market has offered and the price has not yet allowed."""

    @property
    def is_over(self) -> bool:
        """True when it can fill no more."""
        return self.status in OVER

    @property
    def rest(self) -> Decimal:
        """Shares not filled."""
        return (self.quantity or ZERO) - self.filled

    @property
    def average(self) -> Decimal | None:
        """Average price of the filled part."""
        return self.paid / self.filled if self.filled else None
