"""What a solver found for one household: whole-share trades, their posed cost and a proven bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from lotwright.plan.protocols import Trades


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solution:
    """Whole-share trades and what they are worth.

    ``posed`` and ``bound`` are dollars; ``certificate`` is what the bound is recomputed from (JSON-ready), ``nodes`` the
    boxes searched, ``stopped`` why the search ended before the asked gap (None: it did not).
    """

    trades: Trades
    posed: float
    bound: float
    certificate: Mapping[str, Any]
    solver: str
    solver_version: str
    nodes: int = 0
    stopped: str | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
