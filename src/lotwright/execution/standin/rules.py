"""Why the stand-in refuses a well-formed order: security, hours, account, shares, money, opposite orders.

Statuses, codes and words are those that Alpaca's users have recorded (BROKER FACTS 1.5); the same code stands for many
reasons, as it does there.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time
from typing import TYPE_CHECKING

from lotwright.book.kinds import Side
from lotwright.execution.standin.asked import Asked
from lotwright.execution.standin.balances import balances
from lotwright.execution.standin.ledger import ZERO
from lotwright.execution.standin.securities import Security
from lotwright.execution.standin.sessions import NEW_YORK
from lotwright.execution.standin.terms import Refused, forbidden, unprocessable

if TYPE_CHECKING:
    from lotwright.execution.standin.exchange import Exchange

EVENING = time(19)
LAST_FOR_OPEN, LAST_FOR_CLOSE = time(9, 28), time(15, 50)


def refusal(exchange: Exchange, asked: Asked, now: datetime) -> Refused | None:
    """The first rule that the order breaks, None where it breaks none."""
    security = exchange.securities.get(asked.symbol)
    if security is None:
        return unprocessable(f'asset "{asked.symbol}" not found')
    rules: tuple[Callable[[], Refused | None], ...] = (
        lambda: _account(exchange),
        lambda: _security(exchange, asked, security),
        lambda: _hours(exchange, asked, now),
        lambda: _opposite(exchange, asked),
        lambda: _shares(exchange, asked) if asked.side is Side.SELL else _money(exchange, asked, now),
    )
    return next((found for rule in rules if (found := rule()) is not None), None)


def _account(exchange: Exchange) -> Refused | None:
    terms = exchange.terms
    if terms.suspend_trade or terms.trade_suspended_by_user:
        return forbidden("new orders are rejected by user request")
    if terms.trading_blocked or terms.account_blocked or terms.status != "ACTIVE":
        return forbidden("account is not allowed to trade")
    return None


def _security(exchange: Exchange, asked: Asked, security: Security) -> Refused | None:
    if not security.is_active:
        return unprocessable(f"asset {asked.symbol} is not active")
    if not security.is_tradable:
        return forbidden(f'asset "{asked.symbol}" is not tradable')
    if asked.is_fractional and not exchange.terms.fractional_trading:
        return forbidden("fractional trading is disabled for this account")
    if asked.is_fractional and not security.is_fractionable:
        return forbidden(f'asset "{asked.symbol}" is not fractionable')
    return None


def _hours(exchange: Exchange, asked: Asked, now: datetime) -> Refused | None:
    local = now.astimezone(NEW_YORK).time()
    if asked.duration in {"opg", "cls", "ioc", "fok"} and not exchange.terms.allows_auctions:
        return forbidden(f"time in force {asked.duration} is not enabled for this account")
    if asked.duration == "opg" and LAST_FOR_OPEN <= local < EVENING:
        return forbidden("opg orders must be submitted after 7:00pm and before 9:28am")
    if asked.duration == "cls" and LAST_FOR_CLOSE <= local < EVENING:
        return forbidden("cls orders must be submitted after 7:00pm and before 3:50pm")
    return None


def _opposite(exchange: Exchange, asked: Asked) -> Refused | None:
    for order in exchange.open_orders():
        if order.symbol != asked.symbol or order.side is asked.side:
            continue
        if order.limit is None or asked.limit is None:
            words = "opposite side market/stop order exists"
        else:
            bid, ask = (asked.limit, order.limit) if asked.side is Side.BUY else (order.limit, asked.limit)
            if bid < ask:
                continue
            words = "opposite side limit order exists"
        return forbidden(
            "potential wash trade detected. use complex orders", existing_order_id=order.id, reject_reason=words
        )
    return None


def _shares(exchange: Exchange, asked: Asked) -> Refused | None:
    security, held = exchange.securities[asked.symbol], exchange.ledger.held(asked.symbol)
    wanted = asked.quantity if asked.quantity is not None else (asked.notional or ZERO) / security.last
    if not held:
        return forbidden("account is not allowed to short")
    waiting = [o for o in exchange.open_orders() if o.symbol == asked.symbol and o.side is Side.SELL]
    promised = sum((order.rest for order in waiting), ZERO)
    if wanted <= held - promised:
        return None
    return forbidden(
        f"insufficient qty available for order (requested: {wanted.normalize():f}, "
        f"available: {(held - promised).normalize():f})",
        available=f"{held - promised:f}",
        existing_qty=f"{held:f}",
        held_for_orders=f"{promised:f}",
        related_orders=[order.id for order in waiting],
        symbol=asked.symbol,
    )


def _money(exchange: Exchange, asked: Asked, now: datetime) -> Refused | None:
    security = exchange.securities[asked.symbol]
    far = security.ask if exchange.sessions.at(now) is not None and security.ask else security.last
    price = far if asked.limit is None else asked.limit
    cost = asked.notional if asked.quantity is None else asked.quantity * price
    power = balances(exchange, now).buying_power
    if cost is not None and cost > power:
        return forbidden("insufficient buying power", buying_power=f"{power:.2f}", cost_basis=f"{cost:.2f}")
    if exchange.terms.has_day_trade_rule and _has_sold_today(exchange, asked.symbol, now):
        return Refused(status=403, code=40310100, message="trade denied due to pattern day trading protection")
    return None


def _has_sold_today(exchange: Exchange, symbol: str, now: datetime) -> bool:
    today = now.astimezone(NEW_YORK).date()
    done = exchange.ledger.executions
    return any(e.symbol == symbol and e.side is Side.SELL and e.at.astimezone(NEW_YORK).date() == today for e in done)
