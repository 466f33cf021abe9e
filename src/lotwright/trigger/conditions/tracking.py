"""How far the household may stray from its model portfolios, in expected risk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from lotwright.trigger.conditions.setting import CHEAP, FORBID, setting
from lotwright.trigger.situation import Situation
from lotwright.trigger.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingError:
    """Holds when the household's expected tracking error, if nothing is done, is above a level."""

    __pydantic_config__: ClassVar = FORBID
    effort: ClassVar[int] = CHEAP
    kind: Literal["tracking_error"] = "tracking_error"
    above: float = setting("Annual, as a fraction: 0.01 is 1 % a year.", ge=0)

    def judge(self, situation: Situation) -> Verdict:
        """By the risk model a plan would use."""
        found = situation.tracking_error
        if found is None:
            return Verdict(kind=self.kind, holds=None, why="There is no risk model to tell the tracking error.")
        side = "above" if found > self.above else "within"
        why = f"Its tracking error is {100 * found:.2f} % a year, {side} {100 * self.above:.4g} %."
        return Verdict(kind=self.kind, holds=found > self.above, why=why, figures={"tracking_error": found})
