"""What people and tests may do to the stand-in besides trading: prices, halts, manners, splits, dividends, switches.

Every change of an exchange has a name and JSON arguments, so that a list of them replays it exactly: that is how a
stand-in is saved, and what the control address accepts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from lotwright.errors import BrokerError
from lotwright.execution.standin.exchange import Exchange
from lotwright.execution.standin.ledger import ZERO, Entry, HeldLot, cents
from lotwright.execution.standin.orders import Manner
from lotwright.execution.standin.securities import security
from lotwright.execution.standin.sessions import NEW_YORK, Sessions
from lotwright.execution.standin.terms import Terms

Arguments = Mapping[str, object]


def command(exchange: Exchange, name: str, given: Arguments, now: datetime) -> object:
    """Carry one command out at ``now``.

    Returns
    -------
    object
        What ``submit``, ``cancel`` and ``replace`` answer; None for the others.

    Raises
    ------
    BrokerError
        No such command, or arguments it cannot read.
    """
    if name not in COMMANDS:
        raise BrokerError(f"The stand-in knows no command {name!r}. Known: {', '.join(sorted(COMMANDS))}.")
    exchange.run(now)
    try:
        return COMMANDS[name](exchange, given, now)
    except (KeyError, TypeError, ValueError, InvalidOperation) as error:
        raise BrokerError(f"The stand-in's command {name} cannot read {dict(given)!r}: {error!r}.") from error


def _submit(exchange: Exchange, given: Arguments, now: datetime) -> object:
    return exchange.submit(given, now)


def _cancel(exchange: Exchange, given: Arguments, now: datetime) -> object:
    return exchange.cancel(str(given["id"]), now)


def _replace(exchange: Exchange, given: Arguments, now: datetime) -> object:
    return exchange.replace(str(given["id"]), _mapping(given["body"]), now)


def _quote(exchange: Exchange, given: Arguments, now: datetime) -> None:
    """``symbol`` with ``price``, or ``bid`` and ``ask``; ``age`` seconds old (absent: always fresh; negative: ahead)."""
    symbol = str(given["symbol"])
    known = exchange.securities.get(symbol)
    if "price" in given:
        made = security(symbol, _decimal(given["price"]))
        bid, ask, last = made.bid, made.ask, made.last
        if known is None:
            known = exchange.securities[symbol] = made
    elif known is None:
        raise ValueError(f"no security {symbol}")
    else:
        bid, ask, last = _decimal(given["bid"]), _decimal(given["ask"]), _decimal(given.get("last", known.last))
    known.bid, known.ask, known.last = bid, ask, last
    if "at" in given:
        known.quoted = None if given["at"] is None else datetime.fromisoformat(str(given["at"]))
    known.has_quote = given.get("has_quote", True) is True
    exchange.requote(symbol, now)


def _security(exchange: Exchange, given: Arguments, now: datetime) -> None:
    """``symbol`` and any of ``halted``, ``tradable``, ``fractionable``, ``active``, ``has_quote``: true or false."""
    known = exchange.securities[str(given["symbol"])]
    for key in ("halted", "tradable", "fractionable", "active"):
        if key in given:
            setattr(known, f"is_{key}", _flag(given[key]))
    if "has_quote" in given:
        known.has_quote = _flag(given["has_quote"])
    exchange.requote(known.symbol, now)


def _manner(exchange: Exchange, given: Arguments, _now: datetime) -> None:
    """``symbol`` (``*``: every one) and the fields of a Manner; open orders are cancelled the new way."""
    known = {each.name for each in fields(Manner)}
    unknown = set(given) - known - {"symbol"}
    if unknown:
        raise ValueError(f"a manner has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(known))}")
    symbol = str(given["symbol"])
    asked: dict[str, Any] = {key: value for key, value in given.items() if key != "symbol"}
    made = replace(Manner(), **{key: MANNER[key](value) for key, value in asked.items()})
    exchange.manner[symbol] = made
    for order in exchange.open_orders():
        if symbol in {"*", order.symbol}:
            order.manner = made


def _terms(exchange: Exchange, given: Arguments, _now: datetime) -> None:
    """Any field of Terms."""
    changes: dict[str, Any] = {}
    for key, value in given.items():
        now_is = getattr(exchange.terms, key, None)
        if now_is is None:
            raise ValueError(f"the account has no {key}; it has {', '.join(each.name for each in fields(Terms))}")
        changes[key] = READ[type(now_is)](value)
    exchange.terms = replace(exchange.terms, **changes)


def _split(exchange: Exchange, given: Arguments, now: datetime) -> None:
    """``symbol`` and ``ratio``: new shares for one old. Prices follow; fractions of whole positions are paid out."""
    symbol, ratio = str(given["symbol"]), _decimal(given["ratio"])
    known = exchange.securities[symbol]
    known.bid, known.ask, known.last, known.close = (
        cents(each / ratio) for each in (known.bid, known.ask, known.last, known.close)
    )
    change, paid = exchange.ledger.split(symbol, ratio)
    _enter(exchange, now, kind="SPLIT", symbol=symbol, quantity=change, amount=cents(paid * known.last))


def _dividend(exchange: Exchange, given: Arguments, now: datetime) -> None:
    """``symbol`` and dollars ``per_share``, paid on what is held now."""
    symbol, per_share = str(given["symbol"]), _decimal(given["per_share"])
    held = exchange.ledger.held(symbol)
    _enter(
        exchange,
        now,
        kind="DIV",
        subkind="CDIV",
        symbol=symbol,
        quantity=held,
        amount=cents(held * per_share),
        per_share=per_share,
    )


def _rename(exchange: Exchange, given: Arguments, now: datetime) -> None:
    """``symbol`` becomes ``new``; the old name is inactive."""
    symbol, new = str(given["symbol"]), str(given["new"])
    old = exchange.securities[symbol]
    exchange.securities[new] = replace(old, symbol=new)
    exchange.ledger.rename(symbol, new)
    old.is_active = old.is_tradable = False
    _enter(exchange, now, kind="NC", symbol=new)


def _journal(exchange: Exchange, given: Arguments, now: datetime) -> None:
    """Money in or out: ``amount`` dollars, ``kind`` (CSD, CSW, FEE, INT ...)."""
    _enter(exchange, now, kind=str(given.get("kind", "CSD")), amount=_decimal(given["amount"]))


def _receive(exchange: Exchange, given: Arguments, now: datetime) -> None:
    """Shares from elsewhere without a fill: ``symbol``, ``quantity``, ``price``, ``acquired`` (an ACATS transfer)."""
    symbol, quantity = str(given["symbol"]), _decimal(given["quantity"])
    acquired = date.fromisoformat(str(given.get("acquired", now.astimezone(NEW_YORK).date())))
    price = _decimal(given.get("price", exchange.securities[symbol].last))
    exchange.ledger.place([HeldLot(symbol=symbol, quantity=quantity, acquired=acquired, price=price)])
    _enter(exchange, now, kind="ACATS", symbol=symbol, quantity=quantity)


def _calendar(exchange: Exchange, given: Arguments, _now: datetime) -> None:
    """Days that the exchange is ``closed`` or closes ``early`` on, which no rule names."""
    closed, early = (
        frozenset(date.fromisoformat(str(d)) for d in _list(given.get(k, []))) for k in ("closed", "early")
    )
    exchange.sessions = Sessions(closed=closed, early=early)


def _enter(
    exchange: Exchange,
    now: datetime,
    *,
    kind: str,
    subkind: str | None = None,
    symbol: str | None = None,
    quantity: Decimal = ZERO,
    amount: Decimal = ZERO,
    per_share: Decimal | None = None,
) -> None:
    exchange.ledger.enter(
        Entry(
            name=exchange.name("activity"),
            at=exchange.moment(now),
            kind=kind,
            subkind=subkind,
            symbol=symbol,
            quantity=quantity,
            amount=amount,
            per_share=per_share,
        )
    )


def _decimal(value: object) -> Decimal:
    number = Decimal(str(value))
    if not number.is_finite():
        raise ValueError(f"{value!r} is no number")
    return number


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise TypeError(f"{value!r} is neither true nor false")
    return value


def _list(value: object) -> list[object]:
    if not isinstance(value, list | tuple):
        raise TypeError(f"{value!r} is no list")
    return list(value)


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r} is no object")
    return value


def _seconds(value: object) -> float:
    return float(str(value))


def _parts(value: object) -> tuple[tuple[float, Decimal], ...]:
    pairs = [_list(each) for each in _list(value)]
    return tuple((_seconds(seconds), _decimal(fraction)) for seconds, fraction in pairs)


READ: Mapping[type, Callable[[object], object]] = {bool: _flag, str: str, float: _seconds, Decimal: _decimal}
MANNER: Mapping[str, Callable[[object], Any]] = {
    "parts": _parts,
    "routed_after": _seconds,
    "rejected_after": lambda value: None if value is None else _seconds(value),
    "reason": str,
    "cancel_after": lambda value: None if value is None else _seconds(value),
    "cancel_loses": _flag,
    "depth": lambda value: None if value is None else _decimal(value),
}
COMMANDS: Mapping[str, Callable[[Exchange, Arguments, datetime], object]] = {
    "submit": _submit,
    "cancel": _cancel,
    "replace": _replace,
    "quote": _quote,
    "security": _security,
    "manner": _manner,
    "terms": _terms,
    "split": _split,
    "dividend": _dividend,
    "rename": _rename,
    "journal": _journal,
    "receive": _receive,
    "calendar": _calendar,
}
