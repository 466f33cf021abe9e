"""How long nothing was done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from lotwright.trigger.conditions.setting import CHEAP, FORBID, setting
from lotwright.trigger.situation import Situation
from lotwright.trigger.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Elapsed:
    """Holds when so many trading days have passed since the household was last planned, or was never planned."""

    __pydantic_config__: ClassVar = FORBID
    effort: ClassVar[int] = CHEAP
    kind: Literal["elapsed"] = "elapsed"
    trading_days: int = setting("Trading days.", ge=1, le=600)
    since: Literal["plan", "trades"] = setting("Since the last plan of a run, or the last one that traded.",
                                               default="plan")  # fmt: skip

    def judge(self, situation: Situation) -> Verdict:
        """By the days of earlier runs that the store remembers."""
        acted = situation.acted
        last = acted.planned if self.since == "plan" else acted.traded
        what = "planned" if self.since == "plan" else "planned with trades"
        if last is None:
            return Verdict(kind=self.kind, holds=True, why=f"It was never {what} in a run, as far as is remembered.")
        passed = situation.days.count(last, situation.as_of)
        holds = passed >= self.trading_days
        why = f"It was last {what} on {last.isoformat()}, {passed} trading days ago; {self.trading_days} are asked for."
        following = None if holds else situation.days.after(last, count=self.trading_days)
        return Verdict(kind=self.kind, holds=holds, why=why, next=following, figures={"trading_days": passed})
