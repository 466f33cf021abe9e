"""Losses that a sale today would make deductible."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar, Literal

from lotwright.trigger.conditions.setting import FORBID, LOTS, setting
from lotwright.trigger.situation import Situation
from lotwright.trigger.verdict import Verdict

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Harvest:
    """Holds when losses that no wash-sale window, restriction or kind of account bars add up to enough."""

    __pydantic_config__: ClassVar = FORBID
    effort: ClassVar[int] = LOTS
    kind: Literal["harvest"] = "harvest"
    dollars: float = setting("Losses in all, at least, in money.", default=0.0, ge=0)
    fraction: float = setting("Losses in all, at least, of the household's value.", default=0.0, ge=0, le=1)
    of_basis: float = setting(
        "A lot counts when its loss is at least this fraction of its basis (the account's own harvest_threshold wins).",
        default=0.05,
        ge=0,
        le=1,
    )

    def judge(self, situation: Situation) -> Verdict:
        """By the law's own window; accounts that say harvest = false are left out."""
        accounts = {account.account: account for account in situation.household.accounts}
        clean = barred = ZERO
        count = 0
        cleared = []
        for line in situation.lots:
            loss = -(line.unrealised or ZERO)
            own = accounts[line.account].harvest_threshold
            least = own if own is not None else Decimal(str(self.of_basis))
            if loss <= 0 or loss < least * line.basis or not situation.harvests[line.account]:
                continue
            if line.is_harvestable:
                clean, count = clean + loss, count + 1
            elif line.clean_from is not None:
                barred += loss
                cleared.append(line.clean_from)
        least = max(Decimal(str(self.dollars)), Decimal(str(self.fraction)) * max(situation.value, ZERO))
        holds = clean > 0 and clean >= least
        lots = "1 lot" if count == 1 else f"{count} lots"
        why = f"Losses of {clean:,.2f} in {lots} may be taken clean; {least:,.2f} is asked for."
        if barred:
            why += f" A wash-sale window bars another {barred:,.2f}, the first of it until {min(cleared).isoformat()}."
        return Verdict(
            kind=self.kind,
            holds=holds,
            why=why,
            figures={"harvestable": float(clean), "barred": float(barred), "lots": count},
        )
