"""Declared parameters of costs and limits: a default, a unit, a sentence and the range that makes sense.

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

    @property
    def allowed(self) -> str:
        """The range in words."""
        low = f"more than {self.minimum:g}" if self.above_minimum else f"at least {self.minimum:g}"
        return low if math.isinf(self.maximum) else f"{low} and at most {self.maximum:g}"

    def accepts(self, number: object) -> bool:
        """True for a finite number inside the range."""
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            return False
        return self.minimum <= number <= self.maximum and not (self.above_minimum and number == self.minimum)


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


def parameters(declared: Declared | type[Declared]) -> Mapping[str, Parameter]:
    """Return the declared parameters of a cost or limit (or of its class) by name, in the order they are written."""
    return {f.name: f.metadata["parameter"] for f in fields(declared) if "parameter" in f.metadata}


def check_parameters(declared: Declared) -> None:
    """Raise :class:`ProgramError` naming the first parameter that is not a finite number in its range."""
    for name, about in parameters(declared).items():
        number = getattr(declared, name)
        if not about.accepts(number):
            raise ProgramError(
                f"{declared.kind}: {name} is {number!r} ({about.unit}). Give a number that is {about.allowed}."
            )


def exact(declared: object | None, name: str) -> Decimal | None:
    """Return a declared number as the decimal its file spells, or ``None`` where the cost or limit is absent."""
    return None if declared is None else Decimal(str(getattr(declared, name)))
