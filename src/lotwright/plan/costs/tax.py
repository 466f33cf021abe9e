"""Realised tax: what the plan changes in this year's tax, the worth of losses carried out included.

Problem: the year's tax T(S, L) of the net short and long gain after the plan is piecewise linear and not convex: a loss
absorbs gains of the other term, then other income up to a cap C, and what remains is carried to later years.
Observations: with N = S + L, h and l the higher and lower of the two rates, H the gain taxed at h, t_o the rate of the
deduction and k = carried_loss_value * long rate (at most t_o) the worth of a dollar carried out,

    N >= 0:  T = l N + (h - l) min(H+, N)        N < 0:  T = max(t_o N, k N - (t_o - k) C)

and each of ``l N + (h - l) H+``, ``h N`` and the loss branch can be continued over the whole plane without undercutting
T. Therefore: T is exactly the minimum of two convex functions (three if t_o > h), each a maximum of a few lines:

    T(S, L) = min( max(l N, h H + l (N - H), k N - (t_o - k) C [, t_o N if t_o < l]),
                   max(h N, t_o N, k N - (t_o - k) C) )

so that a plan is found piece by piece, the better one is kept, and the smaller bound is the bound (SOLVING, section 4).

Where the long rate l is a low one that holds only while N stays within a room R, and a higher rate u above it (the 0 %
bracket), T for gains of both terms is ``t_s S + l L + (u - l) min(L, (N - R)+)``. The minimum in it is again one of
convex functions: T is the minimum of the pieces above with u in place of l, and of one piece more, the first piece with
l plus ``(u - l) (N - R)+``, which is never below T and equals it while short-term gain alone does not fill the room.

    cost = T(after the plan) - T(without the plan)
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import gains
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.snapshot import Floats, Snapshot
from lotwright.plan.words import money
from lotwright.tax.household import HouseholdTax, household_tax
from lotwright.tax.year import UNLIMITED, TaxRates, year_tax

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
        rates = _year(snapshot).rates
        if _most_gain(snapshot) <= rates.room:
            rates = replace(rates, room=UNLIMITED)
        return tax_pieces(rates, carried_loss_value=self.carried_loss_value)

    def expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
        """The piece the decision is posed with; never below the exact cost, and equal to it on the best piece."""
        pieces = self.pieces(snapshot)
        if not pieces:
            return decision.nothing()
        start = _start(snapshot)
        short, long = decision.short + start[0] / decision.scale, decision.long + start[1] / decision.scale
        lines = pieces[min(decision.tax_piece, len(pieces) - 1)]
        after = decision.largest([a * short + b * long + c / decision.scale for a, b, c in lines])
        return decision.scale * after - self._tax(snapshot, start)

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        """The year's tax by the law's own netting, with the plan minus without it."""
        start = _start(snapshot)
        short, long = gains(snapshot, trades)
        return self._tax(snapshot, (start[0] + short, start[1] + long)) - self._tax(snapshot, start)

    def _tax(self, snapshot: Snapshot, gain: tuple[float, float]) -> float:
        """T of the year's net short and long gain through :func:`lotwright.tax.year.year_tax`; dollars."""
        rates = _year(snapshot).rates
        outcome = year_tax(rates, short=Decimal(gain[0]), long=Decimal(gain[1]))
        carried = outcome.carryforward_short + outcome.carryforward_long
        worth = min(Decimal(self.carried_loss_value) * rates.long, rates.deduction_rate)
        return float(outcome.tax - worth * carried)

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """Gains realised and what they change in the year's tax."""
        short, long = gains(snapshot, trades)
        cost = self.value(snapshot, trades)
        verb = "costs" if cost >= 0 else "saves"
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
            form.tax_without_plan = self._tax(snapshot, start)


def tax_pieces(rates: TaxRates, *, carried_loss_value: float) -> tuple[Floats, ...]:
    """The convex pieces of T for given rates (module docstring); empty when every rate is zero.

    Examples
    --------
    >>> rates = TaxRates(short=Decimal(".4"), long=Decimal(".2"), deduction_cap=Decimal(0))
    >>> first, second = tax_pieces(rates, carried_loss_value=0.5)
    >>> second.round(3).tolist()
    [[0.4, 0.4, 0.0], [0.1, 0.1, 0.0]]
    """
    short, long = float(rates.short), float(rates.long)
    deduct, cap = float(rates.deduction_rate), float(rates.deduction_cap)
    above = float(rates.long_above) if rates.room < UNLIMITED else long
    if short == long == deduct == above == 0:
        return ()
    worth = min(carried_loss_value * long, deduct)
    lost = [(worth, worth, -(deduct - worth) * cap)]
    deducted = (deduct, deduct, 0.0)
    high = max(short, above)
    together = [(high, high, 0.0), *lost] + ([deducted] if deduct <= high else [])
    pieces = [_lines(_apart(short, above, deducted) + lost), _lines(together)]
    if deduct > high:
        pieces.append(_lines([deducted, *lost]))
    if above != long:
        within, step, room = _apart(short, long, deducted), above - long, float(rates.room)
        over = [(a + step, b + step, c - step * room) for a, b, c in within]
        pieces.insert(0, _lines(within + over + lost))
    return tuple(pieces)


def _apart(short: float, long: float, deducted: tuple[float, float, float]) -> list[tuple[float, float, float]]:
    """Lines of the piece that is exact for gains of both terms."""
    low = min(short, long)
    return [(low, low, 0.0), (short, long, 0.0)] + ([deducted] if deducted[0] < low else [])


def _lines(rows: list[tuple[float, float, float]]) -> Floats:
    """Rows without repetitions, in their order."""
    return np.array(list(dict.fromkeys(rows)))


def _most_gain(snapshot: Snapshot) -> Decimal:
    """The largest net gain the year can have: every lot with a gain sold, no other; dollars."""
    year = _year(snapshot)
    return year.short + year.long + Decimal(float((snapshot.lot_quantity * np.maximum(snapshot.lot_gain, 0.0)).sum()))


def _year(snapshot: Snapshot) -> HouseholdTax:
    """Rates of the household and the year so far."""
    return household_tax(snapshot.household, as_of=snapshot.market.as_of)


def _start(snapshot: Snapshot) -> tuple[float, float]:
    """Net short and long gain of the year before the plan, losses carried in included; dollars."""
    year = _year(snapshot)
    return float(year.short), float(year.long)
