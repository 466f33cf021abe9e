"""Blocks: orders of many accounts in one security and side, sent as one order.

What fills is given back by :mod:`lotwright.execution.allocation`.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext

from lotwright.book.kinds import Side
from lotwright.errors import PlanError

ZERO = Decimal(0)
DIGITS = 100
"""Enough that sums and products of prices and quantities are exact, whatever precision the caller has set."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What one account wants of a security: ``quantity`` shares, tradable in multiples of ``increment``."""

    account: str
    symbol: str
    side: Side
    quantity: Decimal
    increment: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One order for several accounts; ``wanted`` is sorted by account, ``block`` a hash of it all."""

    block: str
    symbol: str
    side: Side
    increment: Decimal
    wanted: tuple[Wanted, ...]

    @property
    def quantity(self) -> Decimal:
        """Shares to trade in all."""
        with exactly():
            return sum((one.quantity for one in self.wanted), ZERO)


def blocks(wanted: Iterable[Wanted], *, name: str) -> tuple[Block, ...]:
    """Put together what accounts want, a block a security, side and increment, sorted.

    An account that closes a position with an odd remainder, no multiple of its increment, gets a block of its own: its
    order is not divided in parts it could not trade.

    Parameters
    ----------
    wanted : iterable of Wanted
        In any order.
    name : str
        Of the run; part of each block's id, so that the same orders on another day are another block.

    Raises
    ------
    PlanError
        A quantity or increment is not positive, or an account wants the same security and side twice.
    """
    groups: dict[tuple[str, str, Decimal, str], list[Wanted]] = defaultdict(list)
    seen: set[tuple[str, str, str]] = set()
    for one in wanted:
        _check(one)
        key = (one.symbol, str(one.side), one.account)
        if key in seen:
            raise PlanError(
                f"{one.account} has two orders to {one.side} {one.symbol} in {name}. Make them one before they are blocked."
            )
        seen.add(key)
        alone = one.account if units(one.quantity, one.increment) is None else ""
        groups[one.symbol, str(one.side), one.increment, alone].append(one)
    return tuple(_block(name, groups[key]) for key in sorted(groups))


def _check(one: Wanted) -> None:
    for what, number in (("quantity", one.quantity), ("increment", one.increment)):
        if not number.is_finite() or number <= 0:
            raise PlanError(f"{one.account} wants {one.symbol} with {what} {number}. Give a positive number.")


def _block(name: str, wanted: list[Wanted]) -> Block:
    first = wanted[0]
    members = tuple(sorted(wanted, key=lambda one: one.account))
    told = [name, first.symbol, str(first.side), _plain(first.increment)]
    told += [part for one in members for part in (one.account, _plain(one.quantity))]
    text = "".join(f"{len(part)}:{part}" for part in told)
    return Block(
        block=hashlib.sha256(text.encode()).hexdigest()[:32],
        symbol=first.symbol,
        side=first.side,
        increment=first.increment,
        wanted=members,
    )


def units(quantity: Decimal, increment: Decimal) -> int | None:
    """How many increments a quantity is; None where it is no whole number of them."""
    with exactly():
        return int(quantity / increment) if quantity % increment == 0 else None


def _plain(number: Decimal) -> str:
    text = format(number, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def exactly() -> AbstractContextManager[Context]:
    """A context in which sums and products of prices and quantities are exact."""
    return localcontext(Context(prec=DIGITS))
