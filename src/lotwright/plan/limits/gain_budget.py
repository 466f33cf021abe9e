"""Gain budget: how much gain, or tax on it, a year may bear.

    net:    short + long gain of the year, what was realised before included, <= net
    short:  short-term gain of the year <= short
    tax:    this year's tax with the plan <= tax without it + tax

Losses carried in are not counted against ``net`` and ``short``; they count in the tax. A budget that the year has
already used up asks for no losses: it allows no further gain.

The tax T is the minimum of convex pieces (:mod:`lotwright.plan.costs.tax`), so ``T <= cap`` is the union of the pieces'
lines below the cap: each piece of the search carries its own rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.errors import ProgramError
from lotwright.plan.costs.amounts import gains
from lotwright.plan.costs.parameter import check_parameters, optional
from lotwright.plan.costs.tax import within_reach
from lotwright.plan.costs.tax_lines import year_pieces
from lotwright.plan.limits.linear import row_excess
from lotwright.plan.separable.form import Row
from lotwright.plan.snapshot import Floats, Snapshot
from lotwright.plan.words import money

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm

ROUNDING = 1e-9
"""Fraction of household value by which sums of floats may miss the cap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GainBudget:
    """The year's net gain, its short-term gain, and what the plan adds to its tax stay within dollars.

    Raises
    ------
    ProgramError
        No budget is given, or one is negative or not a number.
    """

    kind: ClassVar[str] = "gain_budget"

    net: float | None = optional(unit="$", says="Most net gain of the year, short- and long-term together.")
    short: float | None = optional(unit="$", says="Most net short-term gain of the year.")
    tax: float | None = optional(unit="$", says="Most that the plan may add to this year's tax.")

    def __post_init__(self) -> None:
        check_parameters(self)
        if self.net is None and self.short is None and self.tax is None:
            raise ProgramError("gain_budget: no budget is given. Give net, short or tax in dollars.")

    def rows(self, snapshot: Snapshot) -> list[Row]:
        """Budgets that are linear in the plan's gains: net and short."""
        (short, net), nothing = _realised(snapshot), np.zeros(len(snapshot.symbol))
        rows = []
        if self.net is not None:
            left = max(self.net - net, 0.0)
            rows.append(Row(name=self.kind, coefficient=nothing, short=1.0, long=1.0, right=left))
        if self.short is not None:
            left = max(self.short - short, 0.0)
            rows.append(Row(name=self.kind, coefficient=nothing, short=1.0, long=0.0, right=left))
        return rows

    def pieces(self, snapshot: Snapshot) -> tuple[Floats, ...]:
        """Convex pieces of the year's tax where a tax budget needs them, as :meth:`lotwright.plan.costs.tax.Tax.pieces`."""
        cap = self._cap(snapshot)
        return () if cap is None else year_pieces(within_reach(snapshot), carried_loss_value=0.0)

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Gains beyond the budgets and the tax of the decision's piece beyond the cap, fractions of household value."""
        rows = row_excess(self.rows(snapshot), decision)
        pieces, cap = self.pieces(snapshot), self._cap(snapshot)
        if pieces and cap is not None:
            start = snapshot.year.start
            short = decision.short + float(start[0]) / decision.scale
            long = decision.long + float(start[1]) / decision.scale
            lines = pieces[min(decision.tax_piece, len(pieces) - 1)]
            rows.append(decision.largest([a * short + b * long + (c - cap) / decision.scale for a, b, c in lines]))
        return rows

    def beyond(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """Dollars of gain, or of tax, beyond each budget that is given."""
        so_far_short, so_far = _realised(snapshot)
        short, long = gains(snapshot, trades)
        over = []
        if self.net is not None:
            over.append(short + long - max(self.net - so_far, 0.0))
        if self.short is not None:
            over.append(short - max(self.short - so_far_short, 0.0))
        if self.tax is not None:
            over.append(self._added(snapshot, trades) - self.tax)
        found = np.array(over)
        return np.where(found > ROUNDING * max(snapshot.total_value, 1.0), found, 0.0)

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Dollars by which the worst budget is exceeded."""
        return float(self.beyond(snapshot, trades).max(initial=0.0))

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """Each budget and what of it the year has used after the plan."""
        so_far_short, so_far = _realised(snapshot)
        short, long = gains(snapshot, trades)
        said = []
        if self.net is not None:
            after = so_far + short + long
            said.append(f"{money(after)} of the year's {money(self.net)} of net gain")
        if self.short is not None:
            after = so_far_short + short
            said.append(f"{money(after)} of the year's {money(self.short)} of short-term gain")
        if self.tax is not None:
            added = self._added(snapshot, trades)
            said.append(f"{money(added)} of the {money(self.tax)} that the plan may add to the year's tax")
        return f"The gain budget is used to {', '.join(said)}."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Add the rows, and cap the tax that the form already knows as a cost."""
        form.rows.extend(self.rows(snapshot))
        cap = self._cap(snapshot)
        if cap is None:
            return
        if not form.pieces:
            form.unfit = "a tax budget needs the cost tax"
        form.tax_cap = min(form.tax_cap, cap)

    def charge(self, snapshot: Snapshot, form: SeparableForm, price: float) -> None:
        """Add the rows at a price, and steeper lines to the tax above the cap."""
        form.rows.extend(replace(row, price=price) for row in self.rows(snapshot))
        cap = self._cap(snapshot)
        if cap is not None:
            form.dear_tax = (cap, price)

    def _cap(self, snapshot: Snapshot) -> float | None:
        """Most tax of the year, dollars; ``None`` without a tax budget or without any tax."""
        year = snapshot.year
        if self.tax is None or not year_pieces(year, carried_loss_value=0.0):
            return None
        return float(year.outcome(short=Decimal(0), long=Decimal(0)).tax) + self.tax

    def _added(self, snapshot: Snapshot, trades: Trades) -> float:
        """What the plan adds to the year's tax, dollars."""
        year = snapshot.year
        short, long = (Decimal(gain) for gain in gains(snapshot, trades))
        return float(year.outcome(short=short, long=long).tax - year.outcome(short=Decimal(0), long=Decimal(0)).tax)


def _realised(snapshot: Snapshot) -> tuple[float, float]:
    """Short-term and net gain of the year so far, losses carried in not counted; dollars."""
    taxed = [account for account in snapshot.household.accounts if account.kind.is_taxable]
    short = sum(float(account.realised_short) for account in taxed)
    return short, short + sum(float(account.realised_long) for account in taxed)
