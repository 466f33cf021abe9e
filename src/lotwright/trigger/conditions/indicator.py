"""A condition on the market: an expression over series, safe to read from a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from lotwright.trigger.conditions.setting import CHEAP, FORBID, setting
from lotwright.trigger.expression import Expression, parse
from lotwright.trigger.situation import Situation
from lotwright.trigger.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """Holds when an expression over indicators does, such as ``VIX > 30 and drawdown(SPY, 63) > 0.10``."""

    __pydantic_config__: ClassVar = FORBID
    effort: ClassVar[int] = CHEAP
    kind: Literal["indicator"] = "indicator"
    when: str = setting("The expression: series, numbers, + - * /, comparisons, and, or, not, and a few functions.")

    def __post_init__(self) -> None:
        self.expression()

    def expression(self) -> Expression:
        """The expression, checked.

        Raises
        ------
        ProgramError
            It holds anything beyond the grammar.
        """
        return parse(self.when)

    def judge(self, situation: Situation) -> Verdict:
        """As the series were known on the day judged; the same for every household."""
        if situation.signals is None:
            return Verdict(kind=self.kind, holds=None, why=f"{self.when} cannot be told: no series are at hand.")
        reading = situation.signals.reading(self.when)
        return Verdict(kind=self.kind, holds=reading.holds, why=reading.why)
