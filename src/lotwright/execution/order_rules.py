"""What is refused here, before anything is sent: orders no broker should ever see."""

from __future__ import annotations

import re
from decimal import Decimal

from lotwright.execution.broker import OrderRequest
from lotwright.execution.facts import Duration, OrderKind

MOST_DECIMALS = 9
LONGEST_ID = 128
MOST_SHARES = Decimal(100_000_000)
CLIENT_ID = re.compile(r"[A-Za-z0-9._:-]+")
SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9./-]{0,19}")


def tick(price: Decimal) -> Decimal:
    """Smallest price step: a cent from a dollar up, a hundredth of one below (17 CFR 242.612)."""
    return Decimal("0.01") if price >= 1 else Decimal("0.0001")


def fault_of(request: OrderRequest) -> str | None:
    """What is wrong with an order, None where nothing is."""
    quantity, limit = request.quantity, request.limit
    if not CLIENT_ID.fullmatch(request.client_id) or len(request.client_id) > LONGEST_ID:
        return f"client id {request.client_id!r}: 1 to {LONGEST_ID} letters, digits, dots, dashes, underscores, colons"
    if not SYMBOL.fullmatch(request.symbol):
        return f"symbol {request.symbol!r} is none"
    if not quantity.is_finite() or not 0 < quantity <= MOST_SHARES:
        return f"{request.symbol}: quantity {quantity} is not between 0 and {MOST_SHARES}"
    if _decimals(quantity) > MOST_DECIMALS:
        return f"{request.symbol}: quantity {quantity} has more than {MOST_DECIMALS} decimals"
    if quantity % 1 and request.duration is not Duration.DAY:
        return f"{request.symbol}: {quantity} shares need a day order, not {request.duration}"
    return _limit_fault(request.symbol, request.kind, limit)


def _limit_fault(symbol: str, kind: OrderKind, limit: Decimal | None) -> str | None:
    if kind is OrderKind.MARKET:
        return None if limit is None else f"{symbol}: a market order has no limit, found {limit}"
    if limit is None or not limit.is_finite() or limit <= 0:
        return f"{symbol}: a limit order needs a limit above zero, found {limit}"
    if limit % tick(limit):
        return f"{symbol}: limit {limit} is not a multiple of the tick {tick(limit)}"
    return None


def _decimals(number: Decimal) -> int:
    exponent = number.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
