"""Declared parameters of costs and limits: a default, a unit, a sentence and the range that makes sense.

A parameter is a number, a number that may be left out (:func:`optional`), a list of names (:func:`names`) or a word
(:func:`word`).

One declaration serves the dataclass, the check of a program's file and the JSON Schema of programs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from decimal import Decimal
from typing import Any, ClassVar, Protocol

from lotwright.errors import ProgramError


class Declared(Protocol):
    """A cost or limit that a program's file can name."""

    kind: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """What is known of one declared number: unit, sentence, smallest and largest sensible value."""

    unit: str
    says: str
    minimum: float = 0.0
    maximum: float = math.inf
    above_minimum: bool = False
    """True where the smallest value itself makes no sense (an increment of zero)."""
    optional: bool = False
    """True where the number may be left out."""

    @property
    def allowed(self) -> str:
        """The range in words."""
        low = f"more than {self.minimum:g}" if self.above_minimum else f"at least {self.minimum:g}"
        if math.isinf(self.minimum):
            return "a number that is finite"
        most = "" if math.isinf(self.maximum) else f" and at most {self.maximum:g}"
        return f"a number that is {low}{most}"

    def accepts(self, number: object) -> bool:
        """True for a finite number inside the range."""
        if number is None:
            return self.optional
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            return False
        return self.minimum <= number <= self.maximum and not (self.above_minimum and number == self.minimum)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the number."""
        about: dict[str, Any] = {"type": "number", "description": f"{self.says} Unit: {self.unit}."}
        if not math.isinf(self.minimum):
            about["exclusiveMinimum" if self.above_minimum else "minimum"] = self.minimum
        return about if math.isinf(self.maximum) else {**about, "maximum": self.maximum}


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What is known of a declared list of names: what they name, and a sentence."""

    unit: str
    says: str

    @property
    def allowed(self) -> str:
        """What would do, in words."""
        return f'a list of {self.unit}, each a text and named once: ["A", "B"]'

    def accepts(self, found: object) -> bool:
        """True for a list or tuple of texts that are not empty and not repeated."""
        if not isinstance(found, list | tuple) or not all(isinstance(one, str) and one.strip() for one in found):
            return False
        return len(set(found)) == len(found)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the list."""
        text = {"type": "string", "minLength": 1}
        return {"type": "array", "items": text, "uniqueItems": True, "description": f"{self.says} Names {self.unit}."}


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What is known of a declared word: which ones there are (empty: any), and a sentence."""

    unit: str
    says: str
    among: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """What would do, in words."""
        return f"one of {', '.join(self.among)}" if self.among else "a text"

    def accepts(self, found: object) -> bool:
        """True for one of the words."""
        return isinstance(found, str) and (found in self.among if self.among else True)

    def schema(self) -> dict[str, Any]:
        """JSON Schema of the word."""
        about: dict[str, Any] = {"type": "string", "description": self.says}
        return {**about, "enum": list(self.among)} if self.among else about


def parameter(
    default: float,
    *,
    unit: str,
    says: str,
    minimum: float = 0.0,
    maximum: float = math.inf,
    above_minimum: bool = False,
) -> float:
    """Return a dataclass field that carries its :class:`Parameter`; typed as the number it holds."""
    about = Parameter(unit=unit, says=says, minimum=minimum, maximum=maximum, above_minimum=above_minimum)
    number: float = field(default=default, metadata={"parameter": about})
    return number


def optional(*, unit: str, says: str, minimum: float = 0.0, maximum: float = math.inf) -> float | None:
    """Return a field for a number that may be left out (None)."""
    about = Parameter(unit=unit, says=says, minimum=minimum, maximum=maximum, optional=True)
    number: float | None = field(default=None, metadata={"parameter": about})
    return number


def names(*, unit: str, says: str) -> tuple[str, ...]:
    """Return a field for a list of names, empty unless given."""
    found: tuple[str, ...] = field(default=(), metadata={"parameter": Names(unit=unit, says=says)})
    return found


def word(default: str, *, unit: str, says: str, among: tuple[str, ...] = ()) -> str:
    """Return a field for a word."""
    found: str = field(default=default, metadata={"parameter": Word(unit=unit, says=says, among=among)})
    return found


def parameters(declared: Declared | type[Declared]) -> Mapping[str, Parameter | Names | Word]:
    """Return the declared parameters of a cost or limit (or of its class) by name, in the order they are written."""
    return {f.name: f.metadata["parameter"] for f in fields(declared) if "parameter" in f.metadata}


def check_parameters(declared: Declared) -> None:
    """Raise :class:`ProgramError` naming the first parameter that does not fit; lists of names become tuples."""
    for name, about in parameters(declared).items():
        found = getattr(declared, name)
        if not about.accepts(found):
            raise ProgramError(f"{declared.kind}: {name} is {found!r} ({about.unit}). Give {about.allowed}.")
        if isinstance(found, list):
            object.__setattr__(declared, name, tuple(found))


def exact(declared: object | None, name: str) -> Decimal | None:
    """Return a declared number as the decimal its file spells, or ``None`` where the cost or limit is absent."""
    return None if declared is None else Decimal(str(getattr(declared, name)))
