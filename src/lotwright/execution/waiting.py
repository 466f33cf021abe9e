"""Time, as an argument: waiting and measuring, so that a law can be tried in no time at all."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol


class Waiting(Protocol):
    """How the executor waits."""

    def seconds(self) -> float:
        """Seconds since some moment, never going back."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


class RealWaiting:
    """The machine's monotonic clock; sleeping ends early when ``woken`` says so.

    Parameters
    ----------
    woken : callable
        True when somebody wants the executor to stop.
    """

    def __init__(self, woken: Callable[[], bool] = lambda: False) -> None:
        self._woken = woken

    def seconds(self) -> float:
        """Seconds of the monotonic clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Sleep in slices, so that a stop is heard within a fifth of a second."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0 and not self._woken():
            time.sleep(min(left, 0.2))
        if self._woken():
            time.sleep(min(seconds, 0.2))
