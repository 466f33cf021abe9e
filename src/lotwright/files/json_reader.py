"""One JSON object read key by key, with a message that names the key where something else stands there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from math import isfinite
from typing import Any, TypeVar

from lotwright.errors import PlanError

T = TypeVar("T")


class JsonReader:
    """Typed access to the keys of one object.

    Parameters
    ----------
    obj : object
        What stands in the file; anything but an object raises.
    place : str
        Where, for messages: ``plan.trades[3]``.

    Raises
    ------
    PlanError
        By every method: the key is missing, or what stands there is of another type.
    """

    def __init__(self, obj: object, place: str) -> None:
        if not isinstance(obj, Mapping):
            raise PlanError(_message(place, repr(obj)[:60], "an object"))
        self.obj = obj
        self.place = place

    def _get(self, name: str, kinds: tuple[type, ...], words: str) -> Any:
        value = self.obj.get(name)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            found = repr(value)[:60] if name in self.obj else "nothing"
            raise PlanError(_message(f"{self.place}.{name}", found, words))
        return value

    def text(self, name: str) -> str:
        """Return a text."""
        return str(self._get(name, (str,), "a text"))

    def truth(self, name: str) -> bool:
        """Return true or false."""
        return bool(self._get(name, (bool,), "true or false"))

    def real(self, name: str, *, null: float | None = None) -> float:
        """Return a finite number as float; ``null`` is what a JSON null stands for, where it may stand."""
        if null is not None and name in self.obj and self.obj[name] is None:
            return null
        return float(self._number(name))

    def decimal(self, name: str) -> Decimal:
        """Return a finite number as decimal: of a float the shortest decimal that is the same float."""
        value = self._number(name)
        return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)

    def _number(self, name: str) -> int | float | Decimal:
        value: int | float | Decimal = self._get(name, (int, float, Decimal), "a number")
        try:
            is_number = isfinite(value)
        except OverflowError:  # an integer beyond every double
            is_number = False
        if not is_number:
            raise PlanError(_message(f"{self.place}.{name}", repr(value)[:60], "a finite number"))
        return value

    def day(self, name: str) -> date:
        """Return a day."""
        return self.made(name, date.fromisoformat, words="a day such as 2020-03-23")

    def made(self, name: str, make: Callable[[str], T], *, words: str) -> T:
        """Return what ``make`` makes of a text, a ``ValueError`` of it being our error."""
        value = self.text(name)
        try:
            return make(value)
        except ValueError as error:
            raise PlanError(_message(f"{self.place}.{name}", repr(value), words)) from error

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts."""
        values = self._get(name, (list, tuple), "a list of texts")
        if not all(isinstance(value, str) for value in values):
            raise PlanError(_message(f"{self.place}.{name}", repr(values)[:60], "a list of texts"))
        return tuple(values)

    def mapping(self, name: str) -> dict[str, Any]:
        """Return an object as it stands."""
        return dict(self._get(name, (Mapping,), "an object"))

    def one(self, name: str) -> JsonReader:
        """Return a reader of an object within."""
        return JsonReader(self.mapping(name), f"{self.place}.{name}")

    def maybe(self, name: str, make: Callable[[JsonReader], T]) -> T | None:
        """Return what ``make`` makes of an object within, None where null stands; the key itself must be there."""
        if name in self.obj and self.obj[name] is None:
            return None
        return make(self.one(name))

    def each(self, name: str, make: Callable[[JsonReader], T]) -> tuple[T, ...]:
        """Return what ``make`` makes of each object of a list."""
        items = self._get(name, (list, tuple), "a list")
        return tuple(make(JsonReader(item, f"{self.place}.{name}[{i}]")) for i, item in enumerate(items))


def _message(place: str, found: str, words: str) -> str:
    return f"{place}: found {found}, but {words} belongs here. Correct the file, or make the plan again."
