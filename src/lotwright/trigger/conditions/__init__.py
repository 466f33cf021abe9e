"""The kinds of condition, one a file; a new one is a file and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from lotwright.trigger.conditions.calendar import Calendar
from lotwright.trigger.conditions.cash_flow import CashFlow
from lotwright.trigger.conditions.combined import Combined, Not
from lotwright.trigger.conditions.drift import Drift
from lotwright.trigger.conditions.elapsed import Elapsed
from lotwright.trigger.conditions.harvest import Harvest
from lotwright.trigger.conditions.indicator import Indicator
from lotwright.trigger.conditions.long_term import LongTermSoon
from lotwright.trigger.conditions.saves import Saves
from lotwright.trigger.conditions.setting import Condition
from lotwright.trigger.conditions.tracking import TrackingError

CONDITIONS: Mapping[str, type] = {
    "calendar": Calendar,
    "elapsed": Elapsed,
    "drift": Drift,
    "tracking_error": TrackingError,
    "cash_flow": CashFlow,
    "harvest": Harvest,
    "long_term_soon": LongTermSoon,
    "indicator": Indicator,
    "saves": Saves,
}
"""Word of a file to what it declares; ``any``, ``all``, ``at_least`` and ``not`` combine them."""

__all__ = ["CONDITIONS", "Combined", "Condition", "Not"]
