"""Commission: what the broker charges an order, per order and per share, in cash.

cost = per_ticket * number of orders + per_share * shares traded
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from lotwright.plan.costs.amounts import by_account, orders_placed, sold_shares
from lotwright.plan.costs.parameter import check_parameters, parameter
from lotwright.plan.snapshot import Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Commission:
    """The broker's commission, paid in cash.

    Raises
    ------
    ProgramError
        A price is negative or not a number.
    """

    kind: ClassVar[str] = "commission"

    per_ticket: float = parameter(0.0, unit="$ per order", says="Charged once an order.")
    per_share: float = parameter(0.0, unit="$ per share", says="Charged on every share traded.")

    def __post_init__(self) -> None:
        check_parameters(self)

    def expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
        """Sum of what the accounts pay."""
        return decision.total(self.paid_expression(snapshot, decision))

    def paid_expression(self, snapshot: Snapshot, decision: Decision) -> cp.Expression:
        """Dollars each account pays, shape (A,): orders and shares are affine in the decision."""
        per_dollar = self.per_share * decision.scale / snapshot.price
        tickets = decision.in_account(self.per_ticket) @ decision.ticket
        return tickets + decision.in_account(per_dollar) @ (decision.buy + decision.sold)

    def paid(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """Dollars each account pays, shape (A,)."""
        return self._paid(snapshot, trades, sold_shares(snapshot, trades))

    def _paid(self, snapshot: Snapshot, trades: Trades, sold: Floats) -> Floats:
        shares = trades.buy + sold
        return by_account(snapshot, self.per_ticket * orders_placed(trades.buy, sold) + self.per_share * shares)

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        """Dollars all accounts pay."""
        return float(self.paid(snapshot, trades).sum())

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """Orders and what the broker charges for them."""
        sold = sold_shares(snapshot, trades)
        count = int(orders_placed(trades.buy, sold).sum())
        plural = "order" if count == 1 else "orders"
        return f"The broker charges ${float(self._paid(snapshot, trades, sold).sum()):,.2f} for {count} {plural}."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:  # noqa: ARG002
        """Add to what an order and a share pay in cash."""
        form.ticket_cash += self.per_ticket
        form.share_cash += self.per_share
