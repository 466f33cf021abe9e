"""Contracts counted as the shares they are for, so that an option and its stock match share for share.

A contract or option to acquire stock is stock to section 1091(a): buying one within 30 days of a loss on the stock
disallows the loss, and a loss on one is disallowed by buying the stock or another. A contract for 100 shares replaces
100 shares. Which options are substantially identical is for the caller to declare; written options and short positions
are not covered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from decimal import Decimal

from lotwright.book.events import Buy, Sell
from lotwright.tax.wash import OpenShares

SharesOf = Callable[[str], Decimal]
"""Symbol to the shares one unit of it stands for; 1 for a share."""


def one_each(symbol: str) -> Decimal:  # noqa: ARG001
    """Every unit is a share."""
    return Decimal(1)


def in_shares(events: Iterable[Buy | Sell], shares_of: SharesOf) -> tuple[Buy | Sell, ...]:
    """Trades with contracts restated as shares; dollars stay."""
    return tuple(_restated(event, shares_of(event.symbol)) for event in events)


def held_in_shares(opening: Iterable[OpenShares], shares_of: SharesOf) -> tuple[OpenShares, ...]:
    """Lots held before the first trade, likewise."""
    return tuple(replace(held, quantity=held.quantity * shares_of(held.symbol)) for held in opening)


def _restated(event: Buy | Sell, by: Decimal) -> Buy | Sell:
    if by == 1:
        return event
    if isinstance(event, Buy):
        return replace(event, quantity=event.quantity * by, price=event.price / by)
    lots = tuple((name, quantity * by) for name, quantity in event.lots)
    return replace(event, quantity=event.quantity * by, price=event.price / by, lots=lots)
