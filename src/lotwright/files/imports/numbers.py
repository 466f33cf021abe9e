"""Numbers as a book's tables write them: plain, without exponents and needless zeros."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

_CENT, _FINE = Decimal("0.01"), Decimal("0.000001")


def shares(number: Decimal) -> str:
    """Return shares without trailing zeros.

    >>> shares(Decimal("100.00000")), shares(Decimal("0.0249")), shares(Decimal("1E+2"))
    ('100', '0.0249', '100')
    """
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(number: Decimal) -> str:
    """Return money to the cent, finer (six decimals at most) where the custodian tells it finer.

    >>> money(Decimal("3440.5")), money(Decimal("10")), money(Decimal("51.730909701"))
    ('3440.50', '10.00', '51.730910')
    """
    exponent = number.as_tuple().exponent
    places = -exponent if isinstance(exponent, int) else 0
    if places > 6:
        number, places = number.quantize(_FINE, ROUND_HALF_EVEN), 6
    if places <= 2:
        return f"{number:.2f}"
    text = f"{number:f}".rstrip("0")
    return text if len(text) - text.index(".") > 3 else f"{number:.2f}"


def cents(number: Decimal) -> str:
    """Return money rounded to the cent: cash is no finer."""
    return f"{number.quantize(_CENT, ROUND_HALF_EVEN):.2f}"
