"""What will happen and when: a queue that gives events in order of time, and of their making where times are equal."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import count


@dataclass(frozen=True, slots=True, order=True)
class Event:
    """``kind`` is ``route``, ``part``, ``try``, ``reject``, ``cancel`` or ``expire``; ``shares`` go with ``part``."""

    at: datetime
    number: int
    kind: str = field(compare=False)
    order: str = field(compare=False)
    shares: Decimal = field(compare=False, default=Decimal(0))


@dataclass(slots=True)
class Queue:
    """Events to come."""

    _heap: list[Event] = field(default_factory=list)
    _numbers: count[int] = field(default_factory=count)

    def add(self, at: datetime, kind: str, order: str, shares: Decimal = Decimal(0)) -> None:
        """Plan an event."""
        heapq.heappush(self._heap, Event(at, next(self._numbers), kind, order, shares))

    def due(self, now: datetime) -> Event | None:
        """Take the earliest event that is due, None where none is."""
        return heapq.heappop(self._heap) if self._heap and self._heap[0].at <= now else None
