"""One text for one value: canonical JSON, and the hashes that plans and audit records go by.

Problem: a hash must not change with the order of keys, the writer or the machine, and money must not pass through a
float on its way into one.
Therefore: RFC 8785 (keys sorted by UTF-16 code unit, shortest numbers, no blanks), by a library that does nothing else;
decimals, days and times are written as strings.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import rfc8785

from lotwright.errors import LotwrightError

MOST_INTEGER = 2**53 - 1
"""Beyond it not every integer is a JSON number that all readers agree on (RFC 8785, 3.2.2.3)."""


def canonical_json(value: Any) -> bytes:
    """Return the one UTF-8 text of RFC 8785 for a value of mappings, sequences, text, numbers, days and times.

    ``Decimal`` becomes a string without exponent (``Decimal("1E+1")`` is ``"10"``), an aware time a string in UTC with
    microseconds.

    Raises
    ------
    LotwrightError
        A number is not finite or an integer beyond 2**53, a time has no zone, text is no Unicode, a key no text, or a
        value of another kind.

    Examples
    --------
    >>> canonical_json({"b": Decimal("1.50"), "a": [True, None, 0.1]})
    b'{"a":[true,null,0.1],"b":"1.50"}'
    """
    try:
        plain = _plain(value)
        if _is_usual(plain):  # the standard library's text is the same then, and comes twenty times as fast
            return json.dumps(plain, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        return rfc8785.dumps(plain)
    except (rfc8785.CanonicalizationError, UnicodeError) as error:
        raise LotwrightError(f"A value has no canonical JSON: {error}. Give finite numbers and plain text.") from error


def content_hash(value: Any) -> str:
    """Return the SHA-256 of :func:`canonical_json` in hex."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def plan_hash(document: Mapping[str, Any]) -> str:
    """Return the hash that a plan goes by: of its JSON object, without how long it took (``timing``).

    The document may have been read with floats or with ``parse_float=Decimal``; ``12.0`` hashes as the number 12.
    """
    return content_hash({name: _numbers(value) for name, value in document.items() if name != "timing"})


def _numbers(value: Any) -> Any:
    """Decimals as the floats that JSON numbers are; integers that no float can hold as text."""
    if isinstance(value, Mapping):
        return {name: _numbers(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_numbers(item) for item in value]
    if isinstance(value, int) and abs(value) > MOST_INTEGER:
        return str(value)
    return float(value) if isinstance(value, Decimal) else value


def time_text(time: datetime) -> str:
    """Return an aware time as text in UTC with microseconds, e.g. ``2026-11-21T14:30:00.000000Z``.

    Raises
    ------
    LotwrightError
        The time has no zone.
    """
    if time.tzinfo is None:
        raise LotwrightError(f"The time {time.isoformat()} has no time zone. Give one, e.g. datetime.now(UTC).")
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def decimal_text(number: Decimal) -> str:
    """Return a decimal in full, without exponent; ``LotwrightError`` where it is not finite."""
    if not number.is_finite():
        raise LotwrightError(f"{number} is no number to remember. Give a finite one.")
    return format(number, "f")


def _plain(value: Any) -> Any:  # noqa: PLR0911  one line a kind
    if isinstance(value, Mapping):
        return {_key(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Decimal):
        return decimal_text(value)
    if isinstance(value, date):
        return time_text(value) if isinstance(value, datetime) else value.isoformat()
    if isinstance(value, str):
        return str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= MOST_INTEGER:
        return int(value)
    if value is None or isinstance(value, bool | int | float):
        return value
    raise LotwrightError(f"A {type(value).__name__} has no canonical JSON. Give text, numbers, lists or mappings.")


def _is_usual(plain: Any) -> bool:
    """True where RFC 8785 writes what Python writes: keys in ASCII, floats that both write without exponent or point zero."""
    if isinstance(plain, dict):
        return all(key.isascii() for key in plain) and all(map(_is_usual, plain.values()))
    if isinstance(plain, list):
        return all(map(_is_usual, plain))
    if isinstance(plain, float):
        return 1e-4 <= abs(plain) < 1e15 and not plain.is_integer()
    return not isinstance(plain, int) or abs(plain) <= MOST_INTEGER


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise LotwrightError(f"The key {key!r} is a {type(key).__name__}. Canonical JSON has text for keys.")
    return str(key)
