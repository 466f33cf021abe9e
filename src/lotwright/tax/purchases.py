"""Which purchase did a lot come from, and what of a purchase is still held: lots matched with transactions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lotwright.book.holdings import Lot, Transaction

ZERO = Decimal(0)
ROUNDING = Decimal("0.00001")
"""Shares by which tables that round may differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bought:
    """One purchase in one account: shares bought, shares left, the lots holding them; ``name`` is unique on its day."""

    symbol: str
    date: date
    name: str
    bought: Decimal
    left: Decimal
    lots: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """Lots that came from one purchase as far as the lots alone tell."""

    quantity: Decimal
    lots: tuple[str, ...]
    purchase: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """Transactions that were one purchase as far as the transactions alone tell."""

    quantity: Decimal
    purchase: str | None


def match_purchases(lots: Iterable[Lot], buys: Iterable[Transaction]) -> list[Bought]:
    """Purchases of one account, from its lots and its buy transactions; nothing is lost from either.

    Shares of one purchase never replace each other (Rev. Rul. 56-602), so that which is which matters.

    Lots or transactions that name the same ``purchase`` are one. Without names, those of one symbol and day are matched
    by quantity; one transaction that covers all unnamed lots of the day explains them together. A transaction without
    lots was sold since; shares that transactions show and lots lack, where several could have given them, become a
    purchase of their own with nothing left. Order of the input does not matter.
    """
    held_on: dict[tuple[str, date], list[Lot]] = defaultdict(list)
    bought_on: dict[tuple[str, date], list[Transaction]] = defaultdict(list)
    for lot in lots:
        held_on[lot.symbol, lot.acquired].append(lot)
    for buy in buys:
        bought_on[buy.symbol, buy.date].append(buy)
    return [
        purchase
        for symbol, day in sorted(held_on.keys() | bought_on.keys())
        for purchase in _match_day(symbol, day, _held(held_on[symbol, day]), _orders(bought_on[symbol, day]))
    ]


def _held(lots: list[Lot]) -> list[_Held]:
    """Lots of one day by named purchase; lots without a name stand alone. Sorted."""
    by_name: dict[str, list[Lot]] = defaultdict(list)
    alone = []
    for lot in sorted(lots, key=lambda lot: lot.lot):
        if lot.purchase is None:
            alone.append(_Held(quantity=lot.quantity, lots=(lot.lot,), purchase=None))
        else:
            by_name[lot.purchase].append(lot)
    named = [
        _Held(quantity=sum((p.quantity for p in parts), ZERO), lots=tuple(p.lot for p in parts), purchase=name)
        for name, parts in sorted(by_name.items())
    ]
    return named + alone


def _orders(buys: list[Transaction]) -> list[_Order]:
    """Transactions of one day by named purchase; those without a name stand alone. Sorted."""
    by_name: dict[str, Decimal] = defaultdict(Decimal)
    for buy in buys:
        if buy.purchase is not None:
            by_name[buy.purchase] += buy.quantity
    named = [_Order(quantity=quantity, purchase=name) for name, quantity in sorted(by_name.items())]
    alone = sorted(buy.quantity for buy in buys if buy.purchase is None)
    return named + [_Order(quantity=quantity, purchase=None) for quantity in alone]


def _match_day(symbol: str, day: date, held: list[_Held], orders: list[_Order]) -> list[Bought]:
    """Match one day: by name, then by equal quantity, then what is left as a whole."""
    pairs: list[tuple[_Held, Decimal]] = []
    for same in (_has_same_name, _has_same_quantity):
        for part in list(held):
            order = next((order for order in orders if same(part, order)), None)
            if order is not None:
                pairs.append((part, max(order.quantity, part.quantity)))
                held.remove(part)
                orders.remove(order)
    together = _explained_by_one(held, orders)
    if together is not None:
        pairs.append((together, max(orders[0].quantity, together.quantity)))
        held, orders = [], []
    pairs.extend((part, part.quantity) for part in held)
    missing = _sold_since(held, orders)
    return [
        Bought(symbol=symbol, date=day, name=name, bought=bought, left=part.quantity, lots=part.lots)
        for name, part, bought in [
            *((part.purchase or "+".join(part.lots), part, bought) for part, bought in pairs),
            *((name, _Held(quantity=ZERO, lots=(), purchase=None), quantity) for name, quantity in missing),
        ]
    ]


def _has_same_name(part: _Held, order: _Order) -> bool:
    return part.purchase is not None and part.purchase == order.purchase


def _has_same_quantity(part: _Held, order: _Order) -> bool:
    named_twice = part.purchase is not None and order.purchase is not None
    return not named_twice and abs(part.quantity - order.quantity) <= ROUNDING


def _explained_by_one(held: list[_Held], orders: list[_Order]) -> _Held | None:
    """All remaining lots as parts of the one remaining order, where that is possible."""
    if len(orders) != 1 or not held:
        return None
    if len(held) > 1 and any(part.purchase for part in held):
        return None
    if held[0].purchase and orders[0].purchase:
        return None
    total = sum((part.quantity for part in held), ZERO)
    if total > orders[0].quantity + ROUNDING:
        return None
    name = held[0].purchase or orders[0].purchase
    return _Held(quantity=total, lots=tuple(lot for part in held for lot in part.lots), purchase=name)


def _sold_since(held: list[_Held], orders: list[_Order]) -> list[tuple[str, Decimal]]:
    """Shares the remaining orders show and the remaining lots lack, as purchases with nothing left."""
    if not held:
        return [(order.purchase or f"sold-{n}", order.quantity) for n, order in enumerate(orders, start=1)]
    ordered = _shares(order for order in orders if order.purchase), _shares(o for o in orders if not o.purchase)
    there = _shares(part for part in held if part.purchase), _shares(part for part in held if not part.purchase)
    # a named order can only be in unnamed lots; an unnamed one in any
    lacking = max(ordered[0] - there[1], ZERO) + max(ordered[1] - there[0] - max(there[1] - ordered[0], ZERO), ZERO)
    return [("sold", lacking)] if lacking > ROUNDING else []


def _shares(parts: Iterable[_Held | _Order]) -> Decimal:
    return sum((part.quantity for part in parts), ZERO)
