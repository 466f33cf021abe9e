"""Money that comes, goes or lies idle."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar, Literal

from lotwright.book.holdings import Account
from lotwright.trigger.conditions.setting import CHEAP, FORBID, setting
from lotwright.trigger.situation import Situation
from lotwright.trigger.verdict import Verdict

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class CashFlow:
    """Holds when a deposit or withdrawal is pending, cash lies idle beyond its target, or an account cannot pay what must
    leave it."""

    __pydantic_config__: ClassVar = FORBID
    effort: ClassVar[int] = CHEAP
    kind: Literal["cash_flow"] = "cash_flow"
    dollars: float = setting("Smallest pending flow that counts, in money.", default=0.0, ge=0)
    fraction: float = setting("Smallest pending flow that counts, of account value.", default=0.0, ge=0, le=1)
    within_days: int = setting("A flow that is dated counts when it is at most so many days away.", default=5, ge=0)
    idle: float | None = setting(
        "Also when cash is above its target by this fraction of account value.", default=None, gt=0, le=1
    )

    def judge(self, situation: Situation) -> Verdict:
        """Account by account; what cannot be paid comes first."""
        said: list[str] = []
        last = situation.as_of + timedelta(days=self.within_days)
        for weights in situation.weights:
            account = weights.account
            near = [flow for flow in account.cashflows if flow.date is None or flow.date <= last]
            said += self._short(account, sum((flow.amount for flow in near), ZERO))
            least = max(Decimal(str(self.dollars)), Decimal(str(self.fraction)) * max(weights.value, ZERO))
            for flow in near:
                if flow.amount and abs(flow.amount) >= least:
                    what = "deposit" if flow.amount > 0 else "withdrawal"
                    on = f" of {flow.date.isoformat()}" if flow.date is not None else ""
                    said.append(f"{account.account} has a {what}{on} of {abs(flow.amount):,.2f} pending")
            said += self._idle(account, weights.value)
        why = (
            "; ".join(said) + "."
            if said
            else "No cash flow is pending that counts, and none of the cash is to be put to work."
        )
        return Verdict(kind=self.kind, holds=bool(said), why=why)

    def _short(self, account: Account, flows: Decimal) -> list[str]:
        left = account.cash + flows - account.minimum_cash
        if left >= 0:
            return []
        return [f"{account.account} is short of {-left:,.2f} in cash"]

    def _idle(self, account: Account, value: Decimal) -> list[str]:
        if self.idle is None or value <= 0:
            return []
        over = (account.cash + account.net_cashflow) / value - account.cash_target
        if over < Decimal(str(self.idle)):
            return []
        return [f"{account.account} has {100 * over:.1f} % of its value in cash beyond its target"]
