"""Numbers as a book's tables write them: plain, without exponents and needless zeros."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

_CENT, _FINE = Decimal("0.01"), Decimal("0.000001")


def shares(number: Decimal) -> str:
    """Return shares without trailing zeros.

    >>> shares(Decimal("100.00000")), shares(Decimal("0.0249")), shares(Decimal("1E+2"))
    ('100', '0.0249', '100')
    """
    text = str(number)
    if "E" in text:
        text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def money(number: Decimal) -> str:
    """Return money to the cent, finer (six decimals at most) where the custodian tells it finer.

    >>> money(Decimal("3440.5")), money(Decimal("10")), money(Decimal("51.730909701"))
    ('3440.50', '10.00', '51.730910')
    """
    text = str(number)
    if "E" in text:
        text = f"{number:f}"
    point = text.find(".")
    places = len(text) - point - 1 if point >= 0 else 0
    if places == 2:
        return text
    if places > 6:
        text = f"{number.quantize(_FINE, ROUND_HALF_EVEN):f}"
    elif places < 2:
        return f"{number:.2f}"
    trimmed = text.rstrip("0")
    return (
        trimmed
        if len(trimmed) - trimmed.index(".") > 3
        else trimmed[: trimmed.index(".") + 3].ljust(trimmed.index(".") + 3, "0")
    )


def cents(number: Decimal) -> str:
    """Return money rounded to the cent: cash is no finer."""
    return f"{number.quantize(_CENT, ROUND_HALF_EVEN):.2f}"
