"""How the verifier words what it found: dollars, shares and one finding per rule."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from lotwright.book.kinds import Side
from lotwright.plan.currency import sign
from lotwright.plan.result import Check

SHOWN = 5
"""Faults one finding spells out; the rest are counted, so that a thoroughly wrong plan stays readable."""


def dollars(amount: Decimal) -> str:
    """``-$1,234.50``: an amount as people write it."""
    return f"{'-' if amount < 0 else ''}{sign()}{abs(amount):,.2f}"


def shares(quantity: Decimal) -> str:
    """``1 share`` or ``2.5 shares``, without trailing zeros or exponents."""
    return f"{plain(quantity)} {'share' if quantity == 1 else 'shares'}"


def noun(side: Side) -> str:
    """``buy`` or ``sale``: the trade as a thing."""
    return "buy" if side is Side.BUY else "sale"


def plain(quantity: Decimal) -> str:
    """``2.5`` for ``2.500``: a quantity without trailing zeros or exponents."""
    return format(quantity.normalize(), "f")


def finding(name: str, faults: Sequence[str], *, holds: str) -> Check:
    """The check called ``name``: ``holds`` when there are no faults, else the first few faults themselves."""
    if not faults:
        return Check(name=name, ok=True, text=holds)
    more = len(faults) - SHOWN
    tail = (f"And {more} more of this kind.",) if more > 0 else ()
    return Check(name=name, ok=False, text=" ".join((*faults[:SHOWN], *tail)))
