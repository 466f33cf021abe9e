"""Gains about to be taxed at the long-term rate."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from lotwright.book.kinds import Character
from lotwright.trigger.conditions.setting import FORBID, LOTS, setting
from lotwright.trigger.situation import Situation
from lotwright.trigger.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class LongTermSoon:
    """Holds when lots with gains turn long-term within some days; with ``not`` around it, a reason to wait."""

    __pydantic_config__: ClassVar = FORBID
    effort: ClassVar[int] = LOTS
    kind: Literal["long_term_soon"] = "long_term_soon"
    within_days: int = setting("Calendar days from the day judged.", ge=1, le=366)
    dollars: float = setting("Gains of those lots in all, at least, in money.", default=0.0, ge=0)

    def judge(self, situation: Situation) -> Verdict:
        """Lots of taxed accounts that are short-term now and have a gain."""
        taxed = {account.account for account in situation.household.accounts if account.kind.is_taxable}
        soon = [
            line
            for line in situation.lots
            if line.account in taxed
            and line.character is Character.SHORT
            and (line.unrealised or 0) > 0
            and 0 < line.days_to_long_term <= self.within_days
        ]
        gain = sum((line.unrealised or Decimal(0) for line in soon), Decimal(0))
        first = min((line.long_term_from for line in soon), default=None)
        holds = bool(soon) and gain >= Decimal(str(self.dollars))
        if not soon:
            why = f"No lot with a gain turns long-term within {self.within_days} days."
        else:
            last = max(line.long_term_from for line in soon)
            why = (
                f"Gains of {gain:,.2f} turn long-term within {self.within_days} days, lot by lot from"
                f" {first.isoformat() if first else ''} to {last.isoformat()}."
            )
        return Verdict(kind=self.kind, holds=holds, why=why, figures={"gain": float(gain), "lots": len(soon)})
