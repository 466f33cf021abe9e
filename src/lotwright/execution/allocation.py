"""What each account of a block gets of its fills: every share and every cent, fairly, and never less than was booked.

Problem: shares that many accounts want arrive in parts and at several prices; whole shares cannot be divided in
proportion, and cents neither; nobody may gain from standing first in a list.
Observations: the largest-remainder method (Hamilton's) gives every account its exact share rounded up or down; but when
more shares arrive it may give an account fewer than before (the Alabama paradox), and what was booked cannot be taken
back.
Therefore: every account gets the whole part of its share, and those with the largest remainders one increment more; equal
remainders by a hash of block and account, which nobody chooses. An account that was booked more before keeps it. All get
the same average price of a day; cents that do not divide go by largest remainder, too. Everything here is exact.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

from lotwright.errors import FillError
from lotwright.execution.blocks import Block, exactly, units

ZERO = Decimal(0)
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockFill:
    """Shares of a block that changed hands at one price; ``fill`` is the broker's id, ``fee`` dollars."""

    fill: str
    quantity: Decimal
    price: Decimal
    fee: Decimal = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """What one account gets of a block's fills.

    ``value`` and ``fee`` are dollars and cents and sum over the accounts to the block's; ``price`` is the block's average
    (for accounts with shares the same), rounded to six decimals for people.
    """

    account: str
    quantity: Decimal
    value: Decimal
    fee: Decimal
    price: Decimal | None


def allocate(
    block: Block, fills: Sequence[BlockFill], *, booked: Mapping[str, Decimal] | None = None
) -> tuple[Allocation, ...]:
    """Give a block's fills back to its accounts, one allocation an account, sorted; every share and cent, no more.

    Parameters
    ----------
    block : Block
    fills : sequence of BlockFill
        All so far, in any order.
    booked : mapping of account to Decimal, optional
        Shares of earlier allocations of this block that have been booked: nobody gets fewer. Where it is given, an account
        may have to wait for its share; where not, each has its exact share rounded up or down.

    Raises
    ------
    FillError
        A fill comes twice, is not positive, no multiple of the increment; there are more shares than were ordered, or
        fewer than were booked.
    """
    with exactly():
        filled = _filled(block, fills)
        ties = {one.account: _tie(block.block, one.account) for one in block.wanted}
        shares = _shares(block, filled, booked or {}, ties)
        gross = sum((fill.quantity * fill.price for fill in fills), ZERO)
        fee = sum((fill.fee for fill in fills), ZERO)
        values = _cents(gross, shares, ties)
        fees = _cents(fee, shares, ties)
        price = (gross / filled).quantize(Decimal("0.000001")) if filled else None
        return tuple(
            Allocation(
                account=account,
                quantity=quantity,
                value=values[account],
                fee=fees[account],
                price=price if quantity else None,
            )
            for account, quantity in sorted(shares.items())
        )


def divided(block: Block, dollars: Decimal, shares: Mapping[str, Decimal]) -> dict[str, Decimal]:
    """Dollars, rounded to the cent once, in proportion to each account's shares: whole cents, none left over."""
    with exactly():
        return _cents(dollars, shares, {account: _tie(block.block, account) for account in shares})


def _filled(block: Block, fills: Sequence[BlockFill]) -> Decimal:
    """Shares filled so far, every fill being one."""
    seen: set[str] = set()
    for fill in fills:
        what = f"The fill {fill.fill} of block {block.block} ({block.side} {block.symbol})"
        if fill.fill in seen:
            raise FillError(f"{what} comes twice. Count each of the broker's executions once.")
        seen.add(fill.fill)
        numbers = (fill.quantity, fill.price)
        if not all(number.is_finite() and number > 0 for number in numbers) or not fill.fee.is_finite():
            raise FillError(
                f"{what} is of {fill.quantity} shares at {fill.price} with a fee of {fill.fee}. Ask the broker."
            )
    filled = sum((fill.quantity for fill in fills), ZERO)
    if filled > block.quantity:
        raise FillError(
            f"Block {block.block} ({block.side} {block.symbol}) was ordered with {block.quantity} shares and filled with"
            f" {filled}. Ask the broker; nothing was allocated."
        )
    return filled


def _shares(
    block: Block, filled: Decimal, booked: Mapping[str, Decimal], ties: Mapping[str, str]
) -> dict[str, Decimal]:
    """Shares of each account: the largest-remainder method over units of the increment, no fewer than booked."""
    wanted = {one.account: one.quantity for one in block.wanted}
    wrong = sorted(account for account, part in booked.items() if not 0 <= part <= wanted.get(account, ZERO))
    if wrong or sum(booked.values(), ZERO) > filled:
        raise FillError(
            f"Block {block.block} ({block.side} {block.symbol}) has {filled} shares filled, but the bookings of"
            f" {', '.join(wrong) or 'its accounts'} are of more. A booking that the fills do not bear is undone by hand."
        )
    if len(block.wanted) == 1:
        shares = {block.wanted[0].account: filled}
    else:
        whole = units(filled, block.increment)
        if whole is None:
            raise FillError(
                f"Block {block.block} ({block.side} {block.symbol}) was filled with {filled} shares, no multiple of"
                f" {block.increment}. Wait for the rest of the fill, or allocate it by hand."
            )
        wants = {one.account: int(one.quantity / block.increment) for one in block.wanted}
        least = {account: units(booked.get(account, ZERO), block.increment) or 0 for account in wants}
        shares = {account: part * block.increment for account, part in _divided(whole, wants, ties, least).items()}
    return shares


def _divided(parts: int, wants: Mapping[str, int], ties: Mapping[str, str], least: Mapping[str, int]) -> dict[str, int]:
    """Increments in proportion to what is wanted; ``least`` of each first, then whole parts, then largest remainders."""
    whole = sum(wants.values())
    exact = {account: Fraction(parts * want, whole) for account, want in wants.items()}
    given = dict(least)
    left = parts - sum(given.values())
    lacking = {account: int(exact[account]) - given[account] for account in wants}
    if sum(part for part in lacking.values() if part > 0) <= left:
        for account, part in lacking.items():
            given[account] += max(part, 0)
        left = parts - sum(given.values())
    while left > 0:  # the one furthest behind its exact share; each round gives every account at most one unit
        behind = sorted(
            (account for account in wants if given[account] < wants[account]),
            key=lambda account: (given[account] - exact[account], ties[account]),
        )
        for account in behind[:left]:
            given[account] += 1
        left = parts - sum(given.values())
    return given


def _cents(dollars: Decimal, shares: Mapping[str, Decimal], ties: Mapping[str, str]) -> dict[str, Decimal]:
    """Dollars, rounded to the cent once, in proportion to shares: whole cents, the rest by largest remainder."""
    whole = sum(shares.values(), ZERO)
    if not whole:
        return dict.fromkeys(shares, ZERO)
    cents = int((dollars / CENT).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    exact = {account: Fraction(cents) * Fraction(part) / Fraction(whole) for account, part in shares.items()}
    given = {account: part.__floor__() for account, part in exact.items()}
    order = sorted(shares, key=lambda account: (given[account] - exact[account], ties[account]))
    for account in order[: cents - sum(given.values())]:
        given[account] += 1
    return {account: part * CENT for account, part in given.items()}


def _tie(block: str, account: str) -> str:
    return hashlib.sha256(f"{block}\0{account}".encode()).hexdigest()
