"""Column types that give back exactly what was put in, on SQLite and PostgreSQL alike.

Problem: SQLite's numeric columns are floats and its times are text without a zone; PostgreSQL refuses a NUL in text and
gives times in the session's zone.
Therefore: decimals are text in SQLite and NUMERIC in PostgreSQL, never a float on the way; times are UTC; text that one
of the two could not keep is refused by both.
"""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeDecorator, TypeEngine

from lotwright.canonical import decimal_text, time_text
from lotwright.errors import StoreError

MOST_DIGITS = 1000
"""Digits before or after the point that a number may have; more is no number of dollars or shares."""


class Exact(TypeDecorator[Decimal]):
    """A decimal number, exact: NUMERIC in PostgreSQL, text without exponent or trailing zeros in SQLite."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """NUMERIC without bounds where the database has an exact one."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.NUMERIC(asdecimal=True))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: Any, dialect: sa.Dialect) -> Any:
        """Refuse floats and what is not finite."""
        if value is None:
            return None
        exact = exact_number(value)
        return exact if dialect.name == "postgresql" else decimal_text(exact)

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> Decimal | None:  # noqa: ARG002
        """Give the decimal back."""
        return None if value is None else Decimal(value)


class Utc(TypeDecorator[datetime]):
    """An aware time, kept in UTC to the microsecond: TIMESTAMP WITH TIME ZONE in PostgreSQL, text in SQLite."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: sa.Dialect) -> TypeEngine[Any]:
        """Times with a zone where the database has them."""
        if dialect.name == "postgresql":
            return dialect.type_descriptor(postgresql.TIMESTAMP(timezone=True))
        return dialect.type_descriptor(sa.Text())

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> Any:
        """Refuse a time without a zone."""
        if value is None:
            return None
        text = time_text(value)
        return value.astimezone(UTC) if dialect.name == "postgresql" else text

    def process_result_value(self, value: Any, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002
        """Give the time back in UTC."""
        if value is None:
            return None
        return (datetime.fromisoformat(value) if isinstance(value, str) else value).astimezone(UTC)


class Words(TypeDecorator[str]):
    """Text that both databases can keep: Unicode without NUL."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        """Refuse a NUL and halves of characters."""
        if value is None:
            return None
        if "\0" in value or not (value.isascii() or value.encode(errors="ignore").decode() == value):
            raise StoreError(f"The text {value[:80]!r} has a NUL or half a character in it. Give plain Unicode text.")
        return str(value)


def exact_number(value: Any) -> Decimal:
    """The decimal without trailing zeros, whose text is the same for equal numbers.

    Raises
    ------
    StoreError
        It is no ``Decimal`` or ``int``, not finite, or of a thousand digits and more.
    """
    if isinstance(value, bool) or not isinstance(value, Decimal | int):
        raise StoreError(f"{value!r} is a {type(value).__name__}. Money, prices and shares are remembered as Decimal.")
    number = Decimal(value)
    if not number.is_finite():
        raise StoreError(f"{number} is no number to remember. Give a finite one.")
    if number == 0:
        return Decimal(0)
    exponent = number.as_tuple().exponent
    assert isinstance(exponent, int)
    if number.adjusted() > MOST_DIGITS or exponent < -MOST_DIGITS:
        raise StoreError(f"{number!r} has more than {MOST_DIGITS} digits. Give a number of dollars or shares.")
    text = decimal_text(number)
    return Decimal(text.rstrip("0").rstrip(".") if "." in text else text)
