"""One question, one answer: the edge between a broker's words and whatever carries them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from lotwright.errors import LotwrightError
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
        if not isinstance(found, dict):
            return None
        message = found.get("message", found.get("detail"))  # "detail": what stand-ins of others may say
        if not isinstance(message, str):
            return None
        code = found.get("code")
        rest = {key: value for key, value in found.items() if key not in {"code", "message", "detail"}}
        return (code if isinstance(code, int) else None), message, rest


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


Hear = Callable[[str, Mapping[str, Any]], object]
"""Told of a kind of record and what it says."""
LONGEST = 4000
"""Characters of an answer that are told: more is no order's."""


class ToldLine:
    """A line that tells of every question that may change something before it is asked, and of what came back.

    What the listener raises before a question keeps it from being asked. After it the question has been asked, and whether
    the answer could be told changes nothing about that: the next record will say so.
    """

    def __init__(self, line: Line, hear: Hear) -> None:
        self._line = line
        self._hear = hear

    def ask(self, question: Question) -> Heard:
        """The answer, whatever its status; ``Silence`` where none came."""
        if question.method == "GET":
            return self._line.ask(question)
        named = {"method": question.method, "path": question.path}
        self._hear("request", {**named, "body": dict(question.body or {})})
        try:
            heard = self._line.ask(question)
        except Silence as silence:
            self._after({**named, "status": None, "text": self.hide(str(silence))})
            raise
        self._after({**named, "status": heard.status, "text": self.hide(heard.text)[:LONGEST]})
        return heard

    def hide(self, text: str) -> str:
        """The text without secrets."""
        return self._line.hide(text)

    def _after(self, says: Mapping[str, Any]) -> None:
        with suppress(LotwrightError, OSError):
            self._hear("response", says)
