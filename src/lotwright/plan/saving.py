"""What the optimiser's plan saves against doing nothing: both carried out by the verifier, both judged by one program."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from lotwright.book.failure import Failure
from lotwright.book.holdings import ZERO, Household
from lotwright.book.market import Market
from lotwright.plan.household import plan_household
from lotwright.plan.program import Program
from lotwright.plan.result import HouseholdPlan
from lotwright.plan.separable.tree import Effort
from lotwright.plan.take_snapshot import take_snapshot
from lotwright.plan.terms import RiskNumbers
from lotwright.plan.trade_list import as_arrays
from lotwright.plan.verify import verify
from lotwright.risk.model import RiskModel


@dataclass(frozen=True, slots=True, kw_only=True)
class Against:
    """A plan beside doing nothing; dollars.

    ``still`` is the objective of doing nothing; ``paid`` what the plan pays for its trades: half-spread, commission, and
    the change of this year's tax; ``broken`` the checks that doing nothing fails.
    """

    plan: HouseholdPlan
    still: Decimal
    paid: Decimal
    broken: tuple[str, ...]

    @property
    def planned(self) -> Decimal:
        """The plan's objective."""
        return Decimal(str(self.plan.objective.posed)) if self.plan.objective is not None else ZERO


def against_doing_nothing(
    household: Household,
    *,
    market: Market,
    risk: RiskModel,
    program: Program,
    effort: Effort | None = None,
) -> Against | Failure:
    """Plan a household, and judge doing nothing by the same costs and limits.

    Parameters
    ----------
    household, market, risk, program : as for a plan
    effort : Effort, optional
        When to stop searching.

    Returns
    -------
    Against or Failure
        The failure of a household that has no plan.

    Raises
    ------
    ProgramError
        The program cannot be posed, or the risk model lacks a symbol.
    """
    plan = plan_household(
        household, name=household.household, market=market, risk=risk, program=program, effort=effort or Effort()
    )
    if plan.failure is not None:
        return plan.failure
    numbers = RiskNumbers(symbols=risk.symbols, exposure=risk.exposure, specific=risk.specific)
    true = verify((), household, market, terms=program.terms(), risk=numbers)
    still = true.posed
    snapshot = take_snapshot(household, market, risk)
    if not isinstance(snapshot, Failure):
        none = as_arrays((), snapshot)
        still += sum((Decimal(cost.value(snapshot, none)) for cost in program.unverified), ZERO)
    tax = plan.tax.tax - plan.tax.tax_without_plan if plan.tax is not None else ZERO
    trading = sum(
        (Decimal(str(line.dollars)) for line in plan.costs if line.name in ("half_spread", "commission")), ZERO
    )
    return Against(plan=plan, still=still, paid=trading + tax, broken=tuple(check.name for check in true.failed))
