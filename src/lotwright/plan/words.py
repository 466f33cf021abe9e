"""How plans word amounts, weights and days: the same in a sentence, a table and a page."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from lotwright.book.weight_words import percent, weights
from lotwright.plan.currency import sign

__all__ = ["day", "money", "percent", "plain", "shares", "weights"]

MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
"""Spelt out here, so that no locale changes a plan."""


def money(amount: Decimal | float) -> str:
    """``-$1,234.50``, with the sign of the household's currency (:mod:`lotwright.plan.currency`).

    Examples
    --------
    >>> money(Decimal("-1234.5"))
    '-$1,234.50'
    """
    shown = f"{abs(amount):,.2f}"
    return f"{'-' if amount < 0 and shown.strip('0.,') else ''}{sign()}{shown}"


def shares(quantity: Decimal) -> str:
    """``1 share`` or ``2.5 shares``."""
    return f"{plain(quantity)} {'share' if quantity == 1 else 'shares'}"


def plain(quantity: Decimal) -> str:
    """``1,250`` or ``2.5``: a quantity without trailing zeros or exponents."""
    return f"{quantity.normalize():,f}"


def day(when: date) -> str:
    """``3 April 2020``."""
    return f"{when.day} {MONTHS[when.month - 1]} {when.year}"
