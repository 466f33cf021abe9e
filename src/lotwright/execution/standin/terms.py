"""What kind of account the stand-in keeps, and what its refusals look like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

INVALID, UNPROCESSABLE, FORBIDDEN, NOT_FOUND = 40010001, 42210000, 40310000, 40410000
"""Alpaca's codes: HTTP status and five digits. One code stands for many reasons; only the status and the words tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The account and its switches.

    ``multiplier`` is the margin multiplier (1: none). A ``settled_only`` account spends settled cash alone, which Alpaca
    does not offer but other custodians do. ``refused_uses_id``: a refused order uses its client id up (Alpaca does not
    say). ``has_day_trade_rule`` brings back the fields and the refusal that Alpaca removed on 2026-07-06.
    """

    number: str = "PA3STANDIN01"
    status: str = "ACTIVE"
    multiplier: Decimal = Decimal(2)
    settled_only: bool = False
    fractional_trading: bool = True
    trading_blocked: bool = False
    account_blocked: bool = False
    trade_suspended_by_user: bool = False
    suspend_trade: bool = False
    allows_auctions: bool = True
    refused_uses_id: bool = False
    has_day_trade_rule: bool = False
    hides_new_orders: float = 0.0
    """Seconds that a new order stays invisible to reads."""
    fills_late: float = 0.0
    """Seconds that an execution stays out of the list of activities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A refusal as the HTTP layer says it."""

    status: int
    code: int
    message: str
    evidence: Mapping[str, object] = field(default_factory=dict)


def invalid(message: str) -> Refused:
    """422: the request is malformed."""
    return Refused(status=422, code=INVALID, message=message)


def unprocessable(message: str) -> Refused:
    """422: the request is well formed and cannot be done."""
    return Refused(status=422, code=UNPROCESSABLE, message=message)


def forbidden(message: str, **evidence: object) -> Refused:
    """403: not allowed, or not enough of something."""
    return Refused(status=403, code=FORBIDDEN, message=message, evidence=evidence)


def not_found(message: str) -> Refused:
    """404."""
    return Refused(status=404, code=NOT_FOUND, message=message)
