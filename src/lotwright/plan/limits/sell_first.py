"""Sell first: named lots leave before any other lot of their security.

The lots named leave in the order they are named; after them the security's other lots, highest basis a share first. A
program that has this limit sees such a security as one whose lots leave in a fixed order, as under a standing order of
the broker; for accounts with one (fifo, lifo, hifo) the broker's order stands and this limit has nothing to say.

Softened, lots leave as they like. Of what a sale takes in all, so much would have come from each lot in its turn; what a lot
gives beyond that is out of turn and is charged, dollar by dollar.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from lotwright.plan.costs.parameter import check_parameters, names
from lotwright.plan.limits.keep_lots import is_named
from lotwright.plan.snapshot import Bools, Floats, Ints, Snapshot

if TYPE_CHECKING:
    import cvxpy as cp

    from lotwright.plan.decision import Decision
    from lotwright.plan.protocols import Trades
    from lotwright.plan.separable.form import SeparableForm

TOLERANCE = 1e-9
"""Shares below which nothing was sold, or is left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SellFirst:
    """Named lots leave first, in the order they are named.

    A lot is named as in the book's table of lots, or as ``SYMBOL/LOT`` where its name alone is not enough. Softened, the
    price is dollars for each dollar sold of a lot whose turn it was not.

    Raises
    ------
    ProgramError
        ``lots`` is no list of names.
    """

    kind: ClassVar[str] = "sell_first"
    priced_per: ClassVar[str] = "$ sold of lots whose turn it was not"

    lots: tuple[str, ...] = names(unit="lots", says="Lots to sell first, in this order.")

    def __post_init__(self) -> None:
        check_parameters(self)

    def view(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot with the lots of such securities in their order, and told to leave in it."""
        order, ordered = np.arange(len(snapshot.lot)), snapshot.is_ordered.copy()
        for j in np.flatnonzero(~snapshot.is_ordered):
            own = self._order(snapshot, int(j))
            if own is not None:
                order[snapshot.offset[j] : snapshot.offset[j + 1]] = own
                ordered[j] = True
        return replace(
            snapshot,
            lot=tuple(snapshot.lot[k] for k in order),
            lot_quantity=snapshot.lot_quantity[order],
            lot_gain=snapshot.lot_gain[order],
            lot_is_long=snapshot.lot_is_long[order],
            lot_is_guarded=snapshot.lot_is_guarded[order],
            lot_purchase=snapshot.lot_purchase[order],
            is_ordered=ordered,
        )

    def _order(self, snapshot: Snapshot, holding: int) -> Ints | None:
        """Lots of a holding in the order they leave, or ``None`` where none of them is named."""
        lots = range(snapshot.offset[holding], snapshot.offset[holding + 1])
        place = {
            k: next((i for i, name in enumerate(self.lots) if is_named(item.symbol, item.lot, {name})), None)
            for k in lots
            for item in (snapshot.lot[k],)
        }
        if all(found is None for found in place.values()):
            return None

        def key(k: int) -> tuple[bool, float, str]:
            found, item = place[k], snapshot.lot[k]
            return (found is None, float(found) if found is not None else -float(item.basis / item.quantity), item.lot)

        return np.array(sorted(lots, key=key), dtype=np.int64)

    def excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:  # noqa: ARG002
        """Nothing of its own: lots of an ordered security leave one after the other anyway."""
        return []

    def soft_excess(self, snapshot: Snapshot, decision: Decision) -> Sequence[cp.Expression]:
        """What lots give beyond what they would in their turn, fractions of household value."""
        rows = []
        for own in self._turns(snapshot):
            part = snapshot.lot_quantity[own] * snapshot.price[snapshot.lot_holding[own]] / decision.scale
            given = decision.amount(len(own), found=partial(_given, snapshot, own, part))
            begun = decision.choice(len(own) - 1, chosen=partial(_begun, snapshot, own))
            decision.tie(decision.total(given) == decision.total(decision.sell[own]))
            decision.tie(given <= part)
            decision.tie(given[1:] <= decision.times(part[1:], begun))
            decision.tie(decision.times(part[:-1], begun) <= given[:-1])
            rows.append(decision.sell[own] - given)
        return rows

    def _turns(self, snapshot: Snapshot) -> list[Ints]:
        """Lots in their turn of every holding that has named lots, more than one lot, and no standing order."""
        orders = [
            None if self._is_standing(snapshot, j) else self._order(snapshot, j) for j in range(len(snapshot.symbol))
        ]
        return [own for own in orders if own is not None and len(own) > 1]

    def beyond(self, snapshot: Snapshot, trades: Trades) -> Floats:
        """Dollars sold of each lot out of turn, shape (L,)."""
        out = np.zeros(len(snapshot.lot))
        for own in self._turns(snapshot):
            extra = trades.sell[own] - _in_turn(snapshot, own, trades) * snapshot.lot_quantity[own]
            out[own] = np.where(extra > TOLERANCE, extra, 0.0) * snapshot.price[snapshot.lot_holding[own]]
        return out

    def violation(self, snapshot: Snapshot, trades: Trades) -> float:
        """Shares sold out of turn."""
        return float((self.beyond(snapshot, trades) / snapshot.price[snapshot.lot_holding]).sum())

    def _is_standing(self, snapshot: Snapshot, holding: int) -> bool:
        relief = snapshot.household.accounts[snapshot.account_of[holding]].relief
        return str(relief) != "specific"

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """Which of the lots named leave."""
        wrong = self.violation(snapshot, trades)
        if wrong:
            return f"{wrong:g} shares are sold before lots that were to leave first."
        wanted = set(self.lots)
        sold = [
            item.lot
            for k, item in enumerate(snapshot.lot)
            if trades.sell[k] > TOLERANCE and is_named(item.symbol, item.lot, wanted)
        ]
        return f"Named lots leave before any other lot of their security: {', '.join(sold) or 'none leaves'}."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """Nothing of its own: see :meth:`view`."""

    def charge(self, snapshot: Snapshot, form: SeparableForm, price: float) -> None:
        """Tell the form whose turn it is, and what a dollar out of turn costs."""
        form.turns, form.turn_price = self._turns(snapshot), price
        if any(snapshot.is_ordered[snapshot.lot_holding[own[0]]] for own in form.turns):
            form.unfit = "lots that leave in another fixed order have no turns"


def _in_turn(snapshot: Snapshot, own: Ints, trades: Trades) -> Floats:
    """Part of each of a holding's lots that its sale takes if they leave one after the other."""
    lots = snapshot.lot_quantity[own]
    before = np.cumsum(lots) - lots
    part: Floats = np.clip((trades.sell[own].sum() - before) / lots, 0.0, 1.0)
    return part


def _given(snapshot: Snapshot, own: Ints, whole: Floats, trades: Trades) -> Floats:
    """What each of a holding's lots gives in its turn, of the ``whole`` of it."""
    given: Floats = _in_turn(snapshot, own, trades) * whole
    return given


def _begun(snapshot: Snapshot, own: Ints, trades: Trades) -> Bools:
    """True for lots but the first that give something in their turn."""
    begun: Bools = _in_turn(snapshot, own, trades)[1:] > TOLERANCE
    return begun
