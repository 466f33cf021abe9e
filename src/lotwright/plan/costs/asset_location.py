"""Asset location: what the yearly tax on distributions costs where a security is held.

    cost = years * sum over taxable accounts of  drag_i * dollars held after,
    drag_i = distribution_i * (qualified_i * long rate + (1 - qualified_i) * short rate)

In an IRA or Roth distributions are not taxed as they come, so a bond fund is cheaper there than in a taxable account. The
yearly distribution of a security (dividends, interest, a fund's capital gains, as a fraction of price) and the part of it
taxed at the long-term rate (IRC section 1(h)(11)) are columns of the table ``prices``; where a row says nothing, the
parameters say it. Other laws than that of the United States tax distributions in ways not told here: no drag there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import bought_dollars, sold_dollars
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.snapshot import Floats, Snapshot
from lotwright.plan.words import money
from lotwright.tax.household import HouseholdTax

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetLocation:
    """The tax on distributions over some years, by the kind of account each security is held in; not paid in cash.

    Raises
    ------
    ProgramError
        A parameter is outside its range.
    """

    kind: ClassVar[str] = "asset_location"

    years: float = parameter(5.0, unit="years", says="How many years of distributions count.")
    distribution: float = parameter(
        0.015,
        unit="fraction of price a year",
        says="Used for securities whose price row gives no distribution.",
        maximum=1.0,
    )
    qualified: float = parameter(
        1.0,
        unit="fraction of the distribution",
        says="Part taxed at the long-term rate, for securities whose price row gives none.",
        maximum=1.0,
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def drag(self, snapshot: Snapshot) -> Floats:
        """Dollars of tax over the years per dollar held, shape (n,); zero in accounts that are not taxed."""
        year = snapshot.year
        if not isinstance(year, HouseholdTax):
            return np.zeros(len(snapshot.symbol))
        rates = year.rates
        rows = [snapshot.market.prices[symbol] for symbol in snapshot.symbol]
        paid = np.array([self.distribution if row.distribution is None else float(row.distribution) for row in rows])
        part = np.array([self.qualified if row.qualified is None else float(row.qualified) for row in rows])
        rate = part * float(rates.long) + (1.0 - part) * float(rates.short)
        drag: Floats = self.years * paid * rate * snapshot.is_taxable[snapshot.account_of]
        return drag

    def expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
        """Drag times dollars held after the plan."""
        drag = self.drag(snapshot)
        before = float(drag @ (snapshot.quantity * snapshot.price))
        return decision.scale * (drag @ (decision.buy - decision.sold)) + before

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        """Drag times dollars held after the plan."""
        held = snapshot.quantity * snapshot.price + bought_dollars(snapshot, trades) - sold_dollars(snapshot, trades)
        return float(self.drag(snapshot) @ held)

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """What the distributions of taxable accounts will cost."""
        return (
            f"Tax on the distributions of what taxable accounts hold comes to {money(self.value(snapshot, trades))}"
            f" over {self.years:g} years."
        )

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Charge what is held, what is bought, and take off what is sold."""
        drag = self.drag(snapshot)
        form.constant += float(drag @ (snapshot.quantity * snapshot.price))
        form.buy_cost += drag
        form.sell_cost -= drag
