"""Wash sale: no plan ever washes a loss, under any reading of the law (IRC section 1091; TAX_RULES B1.19, B1.20).

For every group g of substantially identical securities, over the whole household:

    nothing of g is bought while a loss sale of the last 30 days locks it;
    losses in g are realised, or g is bought, never both;
    a lot is sold at a loss only if every recent purchase of g, other than the one the lot came from, leaves wholly with
    it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.limits.window import loss_rules
from lotwright.plan.snapshot import Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm

TOLERANCE = 1e-9
"""Shares below which nothing was traded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WashSale:
    """Losses or purchases in each group of substantially identical securities, never both within the window."""

    kind: ClassVar[str] = "wash_sale"

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """Linear in the decision and in ``realise`` (G,), the choice of each group between losses and purchases.

        With ``realise`` and ``begun`` binary these rows are the rule itself; relaxed to 0..1 they are, group by group,
        an outer description of it.
        """
        rules = loss_rules(snapshot)
        locked = snapshot.is_locked[snapshot.group_of]
        rows = [decision.buy[locked]] if locked.any() else []
        if rules.is_barred.any():
            rows.append(decision.sell[rules.is_barred])
        open_lots = np.flatnonzero(rules.is_guarded & ~rules.is_barred)
        if not len(open_lots):
            return rows
        lot = (snapshot.lot_quantity * snapshot.price[snapshot.lot_holding]) / decision.scale
        group = snapshot.group_of[snapshot.lot_holding[open_lots]]
        rows.append(decision.sell[open_lots] - decision.times(lot[open_lots], decision.realise[group]))
        bought = np.flatnonzero(np.isin(snapshot.group_of, group) & ~locked)
        if len(bought):
            keeps = 1 - decision.realise[snapshot.group_of[bought]]
            rows.append(decision.buy[bought] - decision.times(decision.most_bought[bought], keeps))
        pairs = [(k, m) for k in open_lots for m in rules.must_clear[k]]
        if pairs:
            leaving, cleared = np.array(pairs).T
            rows.append(decision.times(lot[cleared], decision.begun[leaving]) - decision.sell[cleared])
        return rows

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Shares sold at a loss that a purchase could replace, plus shares bought that could replace a loss."""
        at_loss = snapshot.lot_is_guarded & (trades.sell > TOLERANCE)
        replaceable = [k for k in np.flatnonzero(at_loss) if self._replaceable(snapshot, trades, int(k))]
        wrong = float(trades.sell[replaceable].sum())
        loss_groups = set(snapshot.group_of[snapshot.lot_holding[at_loss]].tolist())
        for j in np.flatnonzero(trades.buy > TOLERANCE):
            group = int(snapshot.group_of[j])
            if snapshot.is_locked[group] or group in loss_groups:
                wrong += float(trades.buy[j])
        return wrong

    def _replaceable(self, snapshot: Snapshot, trades: Trades, lot: int) -> bool:
        """True if a recent purchase, not the lot's own and not wholly leaving with it, could replace its shares."""
        holding = snapshot.lot_holding[lot]
        for p in np.flatnonzero(snapshot.purchase_group == snapshot.group_of[holding]):
            if p == snapshot.lot_purchase[lot] and snapshot.law.own_purchase_excuses:
                continue
            of_it = snapshot.lot_purchase == p
            kept = (snapshot.lot_quantity - trades.sell)[of_it].max(initial=0.0)
            if snapshot.purchase_has_left[p] or snapshot.purchase_holding[p] != holding or kept > TOLERANCE:
                return True
        return False

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """In how many groups losses are realised, and that none is washed."""
        at_loss = snapshot.lot_is_guarded & (trades.sell > TOLERANCE)
        names = sorted({snapshot.symbol[j] for j in snapshot.lot_holding[at_loss]})
        wrong = self.violation(snapshot, trades)
        if wrong:
            return f"{wrong:g} shares are traded into a wash sale."
        if names and not snapshot.law.has_terms:
            return f"{', '.join(names)} sold; nothing bought back that the law would match with it."
        if not names:
            return "No loss is realised, so none can be washed."
        return f"Losses are realised in {', '.join(names)}; no purchase within 30 days replaces what is sold."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Switch the rule on and bar purchases in locked groups."""
        form.wash = True
        locked = snapshot.is_locked[snapshot.group_of]
        form.upper[locked] = np.minimum(form.upper[locked], 0.0)
