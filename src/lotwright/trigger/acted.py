"""When a household was last acted upon."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Acted:
    """When a household was last planned in a run, and last planned with trades; None: never, as far as is known."""

    planned: date | None = None
    traded: date | None = None
