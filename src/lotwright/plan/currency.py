"""What a plan writes its money with: the sign of the household's currency.

A plan's sentences are made in many places that know an amount and no household, and are made in dollars. So a finished
plan is worded once more in its own currency, and who prints figures beside it does so within ``in_currency``. No figure
changes.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace

from lotwright.book.kinds import Regime
from lotwright.plan.result import HouseholdPlan, WashSales

_SIGN: ContextVar[str] = ContextVar("sign", default=Regime.US.sign)


def sign() -> str:
    """``$`` or what the household's currency is written with."""
    return _SIGN.get()


@contextmanager
def in_currency(regime: Regime) -> Iterator[None]:
    """Write money in a regime's currency within."""
    token = _SIGN.set(regime.sign)
    try:
        yield
    finally:
        _SIGN.reset(token)


def worded(plan: HouseholdPlan) -> HouseholdPlan:
    """The same plan with its sentences in the currency of its regime."""
    mark = plan.regime.sign
    if mark == Regime.US.sign:
        return plan

    def own(text: str) -> str:
        return text.replace(Regime.US.sign, mark)

    return replace(
        plan,
        failure=None if plan.failure is None else replace(plan.failure, message=own(plan.failure.message)),
        trades=tuple(replace(trade, reason=own(trade.reason)) for trade in plan.trades),
        costs=tuple(replace(line, text=own(line.text)) for line in plan.costs),
        wash_sales=WashSales(
            locks=tuple(replace(lock, because=own(lock.because)) for lock in plan.wash_sales.locks),
            kept=tuple(replace(kept, because=own(kept.because)) for kept in plan.wash_sales.kept),
        ),
        checks=tuple(replace(check, text=own(check.text)) for check in plan.checks),
        notes=tuple(map(own, plan.notes)),
    )
