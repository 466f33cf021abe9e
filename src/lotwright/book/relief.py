"""Which lots leave first: the order a standing instruction prescribes."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter

from lotwright.book.holdings import Lot
from lotwright.book.kinds import Relief


def relief_order(lots: Iterable[Lot], relief: Relief) -> tuple[Lot, ...]:
    """Lots of one security in one account, in the order they leave under a standing relief method.

    First in first out is the law's default (Treas. Reg. 1.1012-1(c)(1)(i)); ``hifo`` means highest basis per share
    first. Ties are broken by acquisition date and lot name, so that row order changes nothing. ``specific`` has no
    prescribed order: the lots come back first-in first-out, as a stable listing.
    """
    oldest_first = sorted(lots, key=attrgetter("acquired", "lot"))
    if relief is Relief.LIFO:
        return tuple(reversed(oldest_first))
    if relief is Relief.HIFO:
        return tuple(sorted(oldest_first, key=lambda lot: -(lot.basis / lot.quantity)))
    return tuple(oldest_first)


def leaving_order(lots: Iterable[Lot], relief: Relief) -> dict[str, tuple[Lot, ...]]:
    """Lots of one account by security, sorted, those of each in :func:`relief_order`."""
    of_security = attrgetter("symbol")
    oldest_first = groupby(sorted(lots, key=attrgetter("symbol", "acquired", "lot")), key=of_security)
    if relief in (Relief.LIFO, Relief.HIFO):
        return {symbol: relief_order(held, relief) for symbol, held in oldest_first}
    return {symbol: tuple(held) for symbol, held in oldest_first}
