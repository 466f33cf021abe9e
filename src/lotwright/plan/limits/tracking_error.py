"""Tracking error: a ceiling on the volatility of active return, a cone.

    sum_a V_a w_a' (F F' + diag(D)) w_a  <=  most^2 sum_a V_a,      w_a = active dollars / V_a

which is the household's tracking error as plans report it. On the separable path the ceiling has a price: a higher price
of risk, so that any price mu gives the bound  min (cost + mu * left side) - mu * right side. Softened, what is beyond it
costs a price of risk more: ``price`` times left less right side.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import bought_dollars, sold_dollars
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.separable.form import Coupling, SeparableForm
from lotwright.plan.snapshot import Floats, Snapshot
from lotwright.plan.words import percent

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades

ROUNDING = 1e-9
"""Volatility by which floats may miss the ceiling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackingError:
    """The household's ex-ante tracking error is at most so much a year.

    Raises
    ------
    ProgramError
        ``most`` is negative or not a number.
    """

    kind: ClassVar[str] = "tracking_error"
    priced_per: ClassVar[str] = "$ of value and per unit of annual active variance beyond the ceiling's"

    most: float = parameter(0.02, unit="annual volatility", says="Most tracking error after the plan.")

    def __post_init__(self) -> None:
        check_parameters(self)

    def variance(self, snapshot: Snapshot, trades: Trades) -> float:
        """Sum over accounts of value times active variance, dollars."""
        after = snapshot.quantity * snapshot.price + bought_dollars(snapshot, trades) - sold_dollars(snapshot, trades)
        total = 0.0
        for a, value in enumerate(snapshot.value):
            here = snapshot.account_of == a
            if value > 0:
                weight = (after[here] - snapshot.target[here]) / value
                factor = snapshot.exposure[here].T @ weight
                total += float(value * (factor @ factor + snapshot.specific[here] @ weight**2))
        return total

    def volatility(self, snapshot: Snapshot, trades: Trades) -> float:
        """Tracking error after the trades."""
        value = float(np.maximum(snapshot.value, 0.0).sum())
        return float(np.sqrt(self.variance(snapshot, trades) / value)) if value > 0 else 0.0

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Volatility beyond the ceiling."""
        value = float(np.maximum(snapshot.value, 0.0).sum())
        if value <= 0:
            return []
        weight = np.sqrt(_per_dollar(snapshot) / value) * decision.scale
        root = weight[snapshot.account_of] * np.sqrt(snapshot.specific)
        if decision.factor is None:
            return [decision.norm(root, decision.active) - self.most]
        roots = np.concatenate([weight[decision.factor_account], root])
        return [decision.norm(roots, decision.join(decision.factor, decision.active)) - self.most]

    def soft_excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Value times active variance beyond the ceiling's, a fraction of household value."""
        root = np.sqrt(_per_dollar(snapshot) * decision.scale)[snapshot.account_of] * np.sqrt(snapshot.specific)
        squares = decision.sum_squares(root, decision.active)
        if decision.factor is not None:
            weight = np.sqrt(_per_dollar(snapshot) * decision.scale)[decision.factor_account]
            squares += decision.sum_squares(weight, decision.factor)
        return [squares - self._right(snapshot) / decision.scale]

    def beyond(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """Value times active variance beyond the ceiling's, dollars, shape (1,)."""
        return np.array([max(self.variance(snapshot, trades) - self._right(snapshot), 0.0)])

    def _right(self, snapshot: Snapshot) -> float:
        """Value times active variance that the ceiling allows, dollars."""
        return self.most**2 * float(np.maximum(snapshot.value, 0.0).sum())

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Volatility beyond the ceiling."""
        over = self.volatility(snapshot, trades) - self.most
        return over if over > ROUNDING else 0.0

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """The tracking error left, of how much."""
        found = self.volatility(snapshot, trades)
        return f"Tracking error after the plan is {percent(found, 2)} a year, of at most {percent(self.most, 2)}."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Put a price on active variance."""
        form.priced.append(self.coupling(snapshot))

    def coupling(self, snapshot: Snapshot) -> Coupling:
        """Active variance as what a price can be put on."""
        per_dollar, value = _per_dollar(snapshot), float(np.maximum(snapshot.value, 0.0).sum())

        def charge(priced: SeparableForm, price: float) -> None:
            priced.risk_weight += price * per_dollar

        return Coupling(
            name=self.kind,
            right=self._right(snapshot),
            level=lambda trades: self.variance(snapshot, trades),
            charge=charge,
            guess=25.0,
            show=lambda level: percent(float(np.sqrt(max(level, 0.0) / value)), 2) if value > 0 else "0 %",
        )


def _per_dollar(snapshot: Snapshot) -> Floats:
    """One over the value of each account, zero for one without value, shape (A,)."""
    positive = snapshot.value > 0
    return np.where(positive, 1.0 / np.where(positive, snapshot.value, 1.0), 0.0)
