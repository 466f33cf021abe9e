"""The stand-in's time: it stands and is moved by hand, or runs with the wall clock, faster if asked."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from threading import Lock


class StandInTime:
    """A clock for the stand-in alone.

    Parameters
    ----------
    start : datetime
        What it shows first; aware.
    speed : float
        Seconds it runs for each second of the wall clock; 0: it stands until :meth:`advance`.
    """

    def __init__(self, start: datetime, *, speed: float = 0.0) -> None:
        self._start = start.astimezone(UTC)
        self._speed = speed
        self._began = time.monotonic()
        self._lock = Lock()

    def now(self) -> datetime:
        """The stand-in's time."""
        with self._lock:
            return self._now()

    def advance(self, seconds: float) -> datetime:
        """Move the clock on; it never goes back."""
        with self._lock:
            self._start += timedelta(seconds=max(seconds, 0.0))
            return self._now()

    def set(self, moment: datetime) -> datetime:
        """Move the clock on to a moment."""
        return self.advance((moment - self.now()).total_seconds())

    def _now(self) -> datetime:
        return self._start + timedelta(seconds=(time.monotonic() - self._began) * self._speed)
