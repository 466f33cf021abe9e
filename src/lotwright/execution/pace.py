"""How fast to ask: what a broker's rate-limit headers say, with room kept for cancels.

The end of a window is counted from the answer's own ``Date``, so that a wrong clock here changes nothing. Where a refusal
says nothing, waiting doubles.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

LONGEST = 65.0
"""Seconds: a window is a minute, and clocks are told in whole seconds."""
RESERVE = 20
"""Requests of a window left alone, for cancels."""


class Pace:
    """Reads headers, and waits before a question where the window is nearly used up."""

    def __init__(self, sleep: Callable[[float], None], *, reserve: int = RESERVE) -> None:
        self._sleep = sleep
        self._reserve = reserve
        self._left: int | None = None
        self._wait = 0.0

    def before(self, *, is_cancel: bool) -> None:
        """Wait where only the reserve is left; a cancel never waits."""
        if is_cancel or self._left is None or self._left > self._reserve or not self._wait:
            return
        self._sleep(self._wait)
        self._left, self._wait = None, 0.0

    def after(self, headers: Mapping[str, str]) -> None:
        """Learn from an answer's headers."""
        left, limit = _whole(headers.get("x-ratelimit-remaining")), _whole(headers.get("x-ratelimit-limit"))
        if left is None:
            return
        self._left = left
        self._reserve = min(self._reserve, (limit or RESERVE * 10) // 10)
        self._wait = self.asked(headers) or 0.0

    def asked(self, headers: Mapping[str, str]) -> float | None:
        """Seconds the broker asks to wait, None where it says nothing that can be understood."""
        after = _whole(headers.get("retry-after"))
        if after is not None:
            return min(max(float(after), 0.0), LONGEST)
        reset, date = _whole(headers.get("x-ratelimit-reset")), _date(headers.get("date"))
        if reset is None or date is None:
            return None
        return min(max(reset - date.timestamp(), 0.0) + 1.0, LONGEST)


def _whole(text: str | None) -> int | None:
    return int(text) if text is not None and text.strip().isdecimal() else None


def _date(text: str | None) -> datetime | None:
    try:
        return None if text is None else parsedate_to_datetime(text)
    except ValueError:
        return None
