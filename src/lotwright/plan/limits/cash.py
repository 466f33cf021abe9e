"""Cash: every account keeps its minimum, and no account is overdrawn, after every cost that is paid in cash.

cash after >= max(minimum_cash, 0)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.amounts import PaidInCash, cash_after
from lotwright.plan.snapshot import Floats, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm


@dataclass(frozen=True, slots=True, kw_only=True)
class Cash:
    """Cash after the plan is at least the account's floor.

    ``paid_in_cash`` are the costs that lower it; :class:`lotwright.plan.program.Program` fills them in.
    """

    kind: ClassVar[str] = "cash"

    paid_in_cash: tuple[PaidInCash, ...] = field(default=(), repr=False)

    def floor(self, snapshot: Snapshot) -> Floats:
        """Dollars that must remain in each account, shape (A,)."""
        return np.maximum(snapshot.cash_floor, 0.0)

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Floor minus cash after, a fraction of household value."""
        return [self.floor(snapshot) / decision.scale - decision.cash]

    def beyond(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """Dollars missing in each account, shape (A,)."""
        return np.maximum(self.floor(snapshot) - cash_after(snapshot, trades, self.paid_in_cash), 0.0)

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Dollars missing in the account that misses most."""
        return float(self.beyond(snapshot, trades).max(initial=0.0))

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """The account that comes closest to its floor."""
        after = cash_after(snapshot, trades, self.paid_in_cash)
        floor = self.floor(snapshot)
        a = int(np.argmin(after - floor))
        return f"Cash stays above its floor: {snapshot.account[a]} keeps ${after[a]:,.2f} of at least ${floor[a]:,.2f}."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Raise the floors."""
        np.maximum(form.cash_floor, self.floor(snapshot), out=form.cash_floor)
