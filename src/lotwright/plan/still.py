"""What doing nothing, or any trade list that is at hand, amounts to under a program: verified, without solving."""

from __future__ import annotations

from collections.abc import Sequence

from lotwright.book.holdings import Household
from lotwright.book.market import Market
from lotwright.book.trades import Trade
from lotwright.plan.findings import not_a_plan
from lotwright.plan.program import Program
from lotwright.plan.result import CostLine, HouseholdPlan, Status, WashSales
from lotwright.plan.terms import RiskNumbers
from lotwright.plan.verify import verify
from lotwright.risk.model import RiskModel


def still(
    household: Household, *, market: Market, risk: RiskModel, program: Program, trades: Sequence[Trade] = ()
) -> HouseholdPlan:
    """The figures of ``trades`` (none: of doing nothing) under ``program``; a failure where a limit is broken.

    The plan has no objective: nothing was searched, so nothing is claimed to be best. Cost lines are those the verifier
    has words for.
    """
    numbers = RiskNumbers(symbols=risk.symbols, exposure=risk.exposure, specific=risk.specific)
    true = verify(trades, household, market, terms=program.terms(), risk=numbers)
    return HouseholdPlan(
        household=household.household,
        as_of=market.as_of,
        program=program.name,
        status=Status.PLANNED if trades else Status.NOTHING_TO_DO,
        failure=None if true.ok else not_a_plan(true.checks, trades),
        trades=tuple(trades),
        cash=dict(true.cash),
        value=true.value,
        costs=tuple(CostLine(name=name, dollars=float(dollars), text="") for name, dollars in true.costs.items()),
        tax=true.tax,
        tracking=true.tracking,
        drift=true.drift,
        wash_sales=WashSales(locks=true.locks),
        checks=true.checks,
    )
