"""What was worked out for an object, remembered while the object is among the last few that were asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Remembered(Generic[Key, Value]):
    """A function of one immutable object that is asked for the same few objects again and again.

    Objects are told apart by identity: a market or a risk model is too large to be compared or hashed for every
    household.

    Parameters
    ----------
    make : callable
        Of the object alone, which must not change.
    most : int
        Objects that are kept.
    """

    def __init__(self, make: Callable[[Key], Value], most: int = 4) -> None:
        self._make = make
        self._most = most
        self._kept: list[tuple[Key, Value]] = []

    def __call__(self, key: Key) -> Value:
        """Return what was made of this very object, making it now if it is not at hand."""
        for known, value in self._kept:
            if known is key:
                return value
        made = self._make(key)
        self._kept = [(key, made), *self._kept][: self._most]
        return made
