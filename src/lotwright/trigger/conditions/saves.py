"""Whether acting is worth it: what the optimiser's plan saves against doing nothing, net of its costs and its tax."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from lotwright.book.failure import Failure
from lotwright.trigger.conditions.setting import FORBID, PLAN, setting
from lotwright.trigger.situation import Saving, Situation
from lotwright.trigger.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Saves:
    """Holds when the cheapest plan is better than doing nothing by enough: the objective counts tracking risk, trading costs
    and tax alike, so what is saved is net of them. Doing nothing where it breaks a limit is no choice."""

    __pydantic_config__: ClassVar = FORBID
    effort: ClassVar[int] = PLAN
    kind: Literal["saves"] = "saves"
    dollars: float = setting("Saved in all, more than this, in money.", default=0.0, ge=0)
    bp: float = setting("Saved in all, more than this, in basis points of household value.", default=0.0, ge=0)
    times_paid: float = setting(
        "Saved in all, more than this many times what the trades cost and are taxed.", default=0.0, ge=0
    )
    program: str | None = setting("The program that judges both; if not given, the household's own.", default=None)

    def judge(self, situation: Situation) -> Verdict:
        """Plans the household: by far the dearest of all conditions, so it is asked last."""
        found = situation.saving_under(self.program)
        if found is None:
            return Verdict(kind=self.kind, holds=None, why="Nobody here can plan, so what a plan saves is not known.")
        if isinstance(found, Failure):
            return Verdict(kind=self.kind, holds=None, why=found.message)
        least = max(
            Decimal(str(self.dollars)),
            Decimal(str(self.bp)) / 10_000 * max(situation.value, Decimal(0)),
            Decimal(str(self.times_paid)) * max(found.paid, Decimal(0)),
        )
        holds = bool(found.trades) and (bool(found.broken) or found.dollars > least)
        return Verdict(kind=self.kind, holds=holds, why=_why(found, least), figures=_figures(found))


def _why(found: Saving, least: Decimal) -> str:
    if not found.trades:
        return "The best plan trades nothing."
    said = (
        f"{found.trades} trades save {found.dollars:,.2f} against doing nothing, tracking risk, trading costs and tax alike;"
        f" more than {least:,.2f} is asked for. In cash the trades cost {found.paid:,.2f}, tax of this year included."
    )
    return f"Doing nothing breaks a limit ({', '.join(found.broken)}). {said}" if found.broken else said


def _figures(found: Saving) -> dict[str, object]:
    return {
        "saves": round(float(found.dollars), 2),
        "still": round(float(found.still), 2),
        "planned": round(float(found.planned), 2),
        "paid": round(float(found.paid), 2),
        "trades": found.trades,
        "broken": list(found.broken),
    }
