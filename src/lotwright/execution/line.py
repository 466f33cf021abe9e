"""One question, one answer: the edge between a broker's words and whatever carries them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from lotwright.execution.broker import Doubt


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request: ``query`` goes into the address, ``body`` is sent as JSON."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, str] | None = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """An answer as it came: status, text, headers (names in lower case)."""

    status: int
    text: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def json(self) -> Any:
        """The text as JSON, every number with a point as ``Decimal``, exactly as written.

        Raises
        ------
        Silence
            It is not JSON.
        """
        try:
            return json.loads(self.text, parse_float=Decimal, parse_constant=Decimal)
        except (ValueError, RecursionError) as error:
            shown = self.text[:80].replace("\n", " ")
            raise Silence(Doubt.UNREADABLE, f"status {self.status}, and the body is not JSON: {shown!r}") from error

    @property
    def complaint(self) -> tuple[int | None, str, dict[str, object]] | None:
        """Code, message and the rest of an error's body; None where the body is not the broker's own."""
        try:
            found = self.json()
        except Silence:
            return None
        if not isinstance(found, dict) or not isinstance(found.get("message"), str):
            return None
        code = found.get("code")
        rest = {key: value for key, value in found.items() if key not in {"code", "message"}}
        return (code if isinstance(code, int) else None), found["message"], rest


class Silence(Exception):  # noqa: N818  no error: the caller turns it into Unknown, or asks again
    """No answer, or none that is one; never leaves this package."""

    def __init__(self, doubt: Doubt, message: str) -> None:
        super().__init__(message)
        self.doubt = doubt


class Line(Protocol):
    """What carries a question, once, within a time."""

    def ask(self, question: Question) -> Heard:
        """The answer, whatever its status; ``Silence`` where none came."""
        ...

    def hide(self, text: str) -> str:
        """The text without secrets."""
        ...
