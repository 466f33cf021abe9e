"""How many requests a minute: the stand-in's rate limit, with the headers that announce it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

A_MINUTE = 60


@dataclass(slots=True)
class Allowance:
    """Requests of each key in each minute; ``limit`` None: as many as you like."""

    limit: int | None = 200
    _minute: int = -1
    _used: dict[str, int] = field(default_factory=dict)

    def spend(self, key: str, now: datetime) -> tuple[bool, dict[str, str]]:
        """Count one request: whether it is allowed, and the headers for its answer."""
        if self.limit is None:
            return True, {}
        minute = int(now.timestamp()) // A_MINUTE
        if minute != self._minute:
            self._minute, self._used = minute, {}
        used = self._used[key] = self._used.get(key, 0) + 1
        return used <= self.limit, {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(self.limit - used, 0)),
            "X-RateLimit-Reset": str((minute + 1) * A_MINUTE),
        }
