"""Realised tax: what the plan changes in this year's tax, the worth of losses carried out included.

The function itself, and the convex pieces it is the least of, are in :mod:`lotwright.plan.costs.tax_lines`: a plan is
found piece by piece, the better one is kept, and the smaller bound is the bound (SOLVING, section 4).

    cost = T(after the plan) - T(without the plan)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import gains
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.costs.tax_lines import year_pieces
from lotwright.plan.snapshot import Floats, Snapshot
from lotwright.plan.words import money
from lotwright.tax.household import HouseholdTax
from lotwright.tax.regimes.plannable import YearSoFar
from lotwright.tax.year import UNLIMITED

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Tax:
    """The change of this year's tax on capital gains; a loss carried out counts at a stated fraction of the long rate.

    Raises
    ------
    ProgramError
        ``carried_loss_value`` is not a fraction from 0 to 1.
    """

    kind: ClassVar[str] = "tax"

    carried_loss_value: float = parameter(
        0.5,
        unit="fraction of the long rate",
        says="What a dollar of loss carried into later years is worth.",
        maximum=1.0,
    )

    def __post_init__(self) -> None:
        check_parameters(self)

    def pieces(self, snapshot: Snapshot) -> tuple[Floats, ...]:
        """Convex pieces whose minimum is T; each of shape (m, 3), rows (a, b, c) of the lines ``a S + b L + c``.

        Empty when nothing the household does is taxed.
        """
        return year_pieces(within_reach(snapshot), carried_loss_value=self.carried_loss_value)

    def expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
        """The piece the decision is posed with; never below the exact cost, and equal to it on the best piece."""
        pieces = self.pieces(snapshot)
        if not pieces:
            return decision.nothing()
        start = _start(snapshot)
        short, long = decision.short + start[0] / decision.scale, decision.long + start[1] / decision.scale
        lines = pieces[min(decision.tax_piece, len(pieces) - 1)]
        after = decision.largest([a * short + b * long + c / decision.scale for a, b, c in lines])
        return decision.scale * after - self._tax(snapshot, (0.0, 0.0))

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        """The year's tax by the law's own netting, with the plan minus without it."""
        return self._tax(snapshot, gains(snapshot, trades)) - self._tax(snapshot, (0.0, 0.0))

    def _tax(self, snapshot: Snapshot, gain: tuple[float, float]) -> float:
        """T after realising so much short and long gain, by the law's own rules; dollars."""
        year = snapshot.year
        outcome = year.outcome(short=Decimal(gain[0]), long=Decimal(gain[1]))
        carried = outcome.carryforward_short + outcome.carryforward_long
        return float(outcome.tax - year.loss_worth(Decimal(self.carried_loss_value)) * carried)

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """Gains realised and what they change in the year's tax."""
        short, long = gains(snapshot, trades)
        cost = self.value(snapshot, trades)
        verb = "costs" if cost >= 0 else "saves"
        if not snapshot.law.has_terms:
            return (
                f"Realising {money(short + long)} of gain {verb} {money(abs(cost))} of tax, losses carried out counted."
            )
        return (
            f"Realising {money(short)} of short-term and {money(long)} of long-term gain {verb} {money(abs(cost))} of"
            " tax, the worth of losses carried out included."
        )

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Hand over the pieces, where the year stands, and the tax without the plan."""
        pieces = self.pieces(snapshot)
        if pieces:
            start = _start(snapshot)
            form.pieces.extend(pieces)
            form.start_short, form.start_long = start
            form.tax_without_plan = self._tax(snapshot, (0.0, 0.0))


def within_reach(snapshot: Snapshot) -> YearSoFar:
    """The year so far; a higher rate above some room is left out where no sale of this household gets there."""
    year = snapshot.year
    if not isinstance(year, HouseholdTax):
        return year
    gain = float((snapshot.lot_quantity * np.maximum(snapshot.lot_gain, 0.0)).sum())
    if year.short + year.long + Decimal(gain) > year.rates.room:
        return year
    return replace(year, rates=replace(year.rates, room=UNLIMITED, long_above=year.rates.long))


def _start(snapshot: Snapshot) -> tuple[float, float]:
    """Net short and long gain at which the year stands before the plan; dollars."""
    short, long = snapshot.year.start
    return float(short), float(long)
