"""The stand-in's facts in Alpaca's words: JSON-ready, validated against Alpaca's own OpenAPI by the tests."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, time
from decimal import Decimal

from lotwright.execution.standin.balances import balances
from lotwright.execution.standin.exchange import Exchange
from lotwright.execution.standin.ledger import ZERO, Entry, Execution
from lotwright.execution.standin.orders import Placed
from lotwright.execution.standin.securities import NAMES, Security
from lotwright.execution.standin.sessions import NEW_YORK, Day, Sessions
from lotwright.execution.standin.terms import Refused

Json = dict[str, object]
HALF, QUARTER = Decimal("0.5"), Decimal("0.25")
SIX = Decimal("0.000001")


def order_form(order: Placed, exchange: Exchange) -> Json:
    """One order."""
    return {
        "id": order.id,
        "client_order_id": order.client_id,
        "created_at": moment(order.submitted),
        "updated_at": moment(order.updated or order.submitted),
        "submitted_at": moment(order.submitted),
        "filled_at": _maybe(order.filled_at),
        "expired_at": _maybe(order.expired_at),
        "canceled_at": _maybe(order.cancelled_at),
        "failed_at": _maybe(order.failed_at),
        "replaced_at": _maybe(order.replaced_at),
        "replaced_by": order.replaced_by,
        "replaces": order.replaces,
        "asset_id": exchange.securities[order.symbol].id,
        "symbol": order.symbol,
        "asset_class": "us_equity",
        "notional": None if order.notional is None else plain(order.notional),
        "qty": None if order.quantity is None or order.notional is not None else plain(order.quantity),
        "filled_qty": plain(order.filled),
        "filled_avg_price": None if order.average is None else plain(order.average.quantize(SIX)),
        "order_class": "",
        "order_type": order.type,
        "type": order.type,
        "side": str(order.side),
        "position_intent": "buy_to_open" if order.side == "buy" else "sell_to_close",
        "time_in_force": order.duration,
        "limit_price": None if order.limit is None else plain(order.limit),
        "stop_price": None,
        "status": order.status,
        "extended_hours": order.extended,
        "legs": None,
        "trail_percent": None,
        "trail_price": None,
        "hwm": None,
    }


def account_form(exchange: Exchange, now: datetime) -> Json:
    """The account: money as strings, as Alpaca sends it."""
    terms, money = exchange.terms, balances(exchange, now)
    form: Json = {
        "id": str(uuid.uuid5(NAMES, f"account {terms.number}")),
        "account_number": terms.number,
        "status": terms.status,
        "crypto_status": "INACTIVE",
        "currency": "USD",
        "cash": plain(money.cash),
        "buying_power": plain(money.buying_power),
        "regt_buying_power": plain(money.buying_power),
        "non_marginable_buying_power": plain(money.spendable),
        "options_buying_power": "0",
        "equity": plain(money.equity),
        "last_equity": plain(money.equity),
        "portfolio_value": plain(money.equity),
        "long_market_value": plain(money.positions),
        "short_market_value": "0",
        "initial_margin": plain(money.positions * HALF),
        "maintenance_margin": plain(money.positions * QUARTER),
        "last_maintenance_margin": plain(money.positions * QUARTER),
        "multiplier": plain(terms.multiplier),
        "sma": "0",
        "accrued_fees": "0",
        "pending_transfer_in": "0",
        "pending_reg_taf_fees": "0",
        "intraday_adjustments": "0",
        "balance_asof": now.astimezone(NEW_YORK).date().isoformat(),
        "created_at": "2024-01-02T15:00:00Z",
        "trading_blocked": terms.trading_blocked,
        "transfers_blocked": False,
        "account_blocked": terms.account_blocked,
        "trade_suspended_by_user": terms.trade_suspended_by_user,
        "shorting_enabled": False,
    }
    if terms.has_day_trade_rule:
        form |= {"pattern_day_trader": False, "daytrade_count": 0, "daytrading_buying_power": "0"}
    return form


def configuration_form(exchange: Exchange) -> Json:
    """The account's configurations."""
    return {
        "suspend_trade": exchange.terms.suspend_trade,
        "no_shorting": True,
        "fractional_trading": exchange.terms.fractional_trading,
        "max_margin_multiplier": plain(exchange.terms.multiplier),
        "trade_confirm_email": "none",
        "disable_overnight_trading": False,
    }


def position_form(exchange: Exchange, symbol: str) -> Json:
    """One position; ``avg_entry_price`` is a weighted average, as Alpaca's is within a day, and no tax basis."""
    ledger, known = exchange.ledger, exchange.securities[symbol]
    held, cost = ledger.held(symbol), ledger.cost(symbol)
    promised = sum((o.rest for o in exchange.open_orders() if o.symbol == symbol and o.side == "sell"), ZERO)
    value, today = held * known.last, held * (known.last - known.close)
    return {
        "asset_id": known.id,
        "symbol": symbol,
        "exchange": known.venue,
        "asset_class": "us_equity",
        "asset_marginable": True,
        "qty": plain(held),
        "qty_available": plain(held - promised),
        "side": "long",
        "avg_entry_price": plain((cost / held).quantize(SIX)),
        "cost_basis": plain(cost.quantize(SIX)),
        "market_value": plain(value.quantize(SIX)),
        "current_price": plain(known.last),
        "lastday_price": plain(known.close),
        "change_today": plain((known.last / known.close - 1).quantize(SIX)),
        "unrealized_pl": plain((value - cost).quantize(SIX)),
        "unrealized_plpc": plain(((value - cost) / cost).quantize(SIX) if cost else ZERO),
        "unrealized_intraday_pl": plain(today.quantize(SIX)),
        "unrealized_intraday_plpc": plain((known.last / known.close - 1).quantize(SIX)),
    }


def asset_form(known: Security) -> Json:
    """One asset, without the field ``easy_to_borrow`` that Alpaca retired on 2026-09-22."""
    return {
        "id": known.id,
        "class": "us_equity",
        "exchange": known.venue,
        "symbol": known.symbol,
        "name": known.name or known.symbol,
        "status": "active" if known.is_active else "inactive",
        "tradable": known.is_tradable,
        "marginable": True,
        "shortable": False,
        "borrow_status": "hard_to_borrow",
        "fractionable": known.is_fractionable,
        "attributes": [],
    }


def quote_form(known: Security, now: datetime) -> Json:
    """The latest quote; prices are JSON numbers, a side nobody quotes is 0."""
    return {
        "t": moment(known.quoted or now),
        "bx": "V",
        "bp": float(known.bid),
        "bs": 100 if known.bid else 0,
        "ax": "V",
        "ap": float(known.ask),
        "as": 100 if known.ask else 0,
        "c": ["R"],
        "z": "C",
    }


def trade_form(known: Security, now: datetime) -> Json:
    """The latest trade."""
    return {"t": moment(known.quoted or now), "i": 1, "x": "V", "p": float(known.last), "s": 100, "c": ["@"], "z": "C"}


def bar_form(known: Security, day: Day) -> Json:
    """One day's bar: stamped with that day's midnight in New York."""
    price = float(known.close)
    midnight = datetime.combine(day.date, time(), NEW_YORK)
    return {
        "t": moment(midnight),
        "o": price,
        "h": price,
        "l": price,
        "c": price,
        "v": int(known.volume),
        "n": 1000,
        "vw": price,
    }


def fill_form(done: Execution) -> Json:
    """One execution as an activity."""
    whole = done.leaves == 0
    return {
        "id": activity_id(done),
        "activity_type": "FILL",
        "transaction_time": moment(done.at),
        "type": "fill" if whole else "partial_fill",
        "price": plain(done.price),
        "qty": plain(done.quantity),
        "cum_qty": plain(done.cumulative),
        "leaves_qty": plain(done.leaves),
        "side": str(done.side),
        "symbol": done.symbol,
        "order_id": done.order,
        "order_status": "filled" if whole else "partially_filled",
    }


def entry_form(entry: Entry) -> Json:
    """Anything else as an activity."""
    form: Json = {
        "id": activity_id(entry),
        "activity_type": entry.kind,
        "date": entry.at.astimezone(NEW_YORK).date().isoformat(),
        "created_at": moment(entry.at),
        "net_amount": plain(entry.amount),
        "status": "executed",
        "currency": "USD",
    }
    if entry.subkind is not None:
        form["activity_sub_type"] = entry.subkind
    if entry.symbol is not None:
        form |= {"symbol": entry.symbol, "qty": plain(entry.quantity)}
    if entry.per_share is not None:
        form["per_share_amount"] = plain(entry.per_share)
    return form


def activity_id(row: Execution | Entry) -> str:
    """Time and name, so that ids sort by time: Alpaca's form."""
    local = row.at.astimezone(NEW_YORK)
    return f"{local:%Y%m%d%H%M%S}{local.microsecond // 1000:03d}::{row.name}"


def clock_form(sessions: Sessions, now: datetime) -> Json:
    """The clock, in New York time."""
    local = now.astimezone(NEW_YORK)
    return {
        "timestamp": local.isoformat(),
        "is_open": sessions.at(now) is not None,
        "next_open": sessions.next_open(now).isoformat(),
        "next_close": sessions.next_close(now).isoformat(),
    }


def day_form(day: Day, settles: date) -> Json:
    """One day of the calendar: times of day in New York."""
    return {
        "date": day.date.isoformat(),
        "open": f"{day.opens:%H:%M}",
        "close": f"{day.closes:%H:%M}",
        "session_open": f"{day.first:%H%M}",
        "session_close": f"{day.last:%H%M}",
        "settlement_date": settles.isoformat(),
    }


def refusal_form(refused: Refused) -> Json:
    """An error's body."""
    return {"code": refused.code, "message": refused.message, **refused.evidence}


def plain(number: Decimal) -> str:
    """A number without exponent and without trailing zeros."""
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def moment(at: datetime) -> str:
    """RFC 3339 in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _maybe(at: datetime | None) -> str | None:
    return None if at is None else moment(at)
