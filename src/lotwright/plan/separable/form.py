"""The separable form of a program: the arrays its costs and limits add up to.

Problem: given a price for each risk factor, for each account's cash and for each kind of gain, a program whose addends are
all of the kinds below falls apart into one integer problem per security (per group, where a wash-sale choice is shared).
Therefore: every cost and limit that is of such a kind *contributes* to this form; a program is separable exactly when all
of its addends do (recognised from the program itself, never from its name), and everything in ``plan.separable`` reads
only this form.

With X_j the net shares traded in holding j, x_j = price_j X_j dollars, r_j the active dollars before trading, the form is

    minimise    w |sum_j H_j (r_j + x_j)|^2 + w sum_j E_j (r_j + x_j)^2           (all j: the household as one portfolio)
              + sum_a w_a [ |sum_j F_j (r_j + x_j)|^2 + sum_j D_j (r_j + x_j)^2 ]          (j in account a)
              + sum_j [ buy_cost x_j^+ + sell_cost x_j^- + ticket_cost 1(X_j != 0) + the same paid in cash ]
              + gain_cost (S' + L') + constant
              + T(S, L) - T0   with  T = min over pieces of the max over lines of  a S + b L + c
              + sum_a idle_a (c_a - target_a)^+ + shortfall_a (target_a - c_a)^+
              + sum_r price_r (row excess)^+                                     (soft rows; hard ones are limits)
              + sum_j price (least - x_j^+)^+ 1(x_j > 0) + price (min(least, held_j) - x_j^-)^+ 1(x_j < 0)   (small orders)
              + sum_l lot_cost_l sold_l + turn_price (sold_l - what l would give in its turn)^+            (dollars, lot by lot)
              + sum_j price (least - position_j)^+ 1(traded and not closed)                               (small positions)
    subject to  X_j a multiple of increment_j, or the whole position sold; |X_j| >= minimum_j or 0 or the whole position;
                lower_j <= X_j <= upper_j;  c_a = cash_a - sum_j (x_j + costs paid in cash) >= floor_a;  hard rows;
                lots leave in their listed order where ``is_ordered``, else as chosen;  no wash sale where ``wash``;
                no share of a barred lot leaves;  |position| >= keep_j or 0 after a trade;  T <= tax_cap.

What couples holdings in another way than a row (turnover, orders, variance) is *priced*: for any price mu >= 0 the form with
``mu * level`` among its costs, less ``mu * right``, is below the program wherever the limit is kept
(:mod:`lotwright.plan.separable.priced`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from lotwright.plan.snapshot import Bools, Floats, Ints, Snapshot

if TYPE_CHECKING:
    from lotwright.plan.protocols import Trades


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Row:
    """One linear coupling: ``sum_j coefficient_j x_j + short S' + long L' <= right`` in dollars.

    S' and L' are the short and long gains this plan realises. ``price`` None makes it hard, else dollars per dollar of excess.
    """

    name: str
    coefficient: Floats
    short: float
    long: float
    right: float
    price: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Coupling:
    """A limit ``level(trades) <= right`` that is no row: at a price per unit its level is a cost the form has a place for.

    ``charge(form, price)`` adds ``price * level`` to the form. ``guess`` is a price to try first, ``show`` words a
    level, ``whole`` is True where levels are whole numbers. ``price`` None makes it hard, else it is what a unit beyond
    ``right`` costs; then no price above it is below the program.
    """

    name: str
    right: float
    level: Callable[[Trades], float]
    charge: Callable[[SeparableForm, float], None]
    guess: float
    show: Callable[[float], str]
    whole: bool = False
    price: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curved:
    """A convex cost ``sum_j weight_j |x_j| ** 1.5`` of dollars traded, which the form holds from above or from below."""

    name: str
    weight: Floats


@dataclass(slots=True, kw_only=True, eq=False)
class SeparableForm:
    """Arrays in dollars and shares; filled by ``contribute`` of each cost and limit. Shapes (n,), (A,) as in Snapshot."""

    snapshot: Snapshot
    # trading
    increment: Floats
    lower: Floats
    upper: Floats
    minimum: Floats
    buy_cash: Floats
    sell_cash: Floats
    """Dollars paid in cash per dollar traded."""
    ticket_cash: Floats
    """Dollars paid in cash per order."""
    share_cash: Floats
    """Dollars paid in cash per share."""
    buy_cost: Floats
    sell_cost: Floats
    ticket_cost: Floats
    """Dollars (not paid in cash) per dollar traded and per order."""
    # risk
    risk_weight: Floats
    """Shape (A,): dollars per dollar squared of active variance (risk price over account value)."""
    household_weight: float = 0.0
    """The same for the active position of the household as a whole, accounts summed."""
    # tax: each piece of shape (m, 3) holds lines a, b, c
    pieces: list[Floats] = field(default_factory=list)
    gain_cost: float = 0.0
    """Dollars, not paid in cash, per dollar of gain this plan realises, short or long (negative: a benefit)."""
    start_short: float = 0.0
    start_long: float = 0.0
    tax_without_plan: float = 0.0
    # Cash: shape (A,).
    cash_floor: Floats
    idle: Floats
    shortfall: Floats
    # wash sales
    wash: bool = False
    rows: list[Row] = field(default_factory=list)
    keep: Floats
    """Shares a position that was traded must have at least, unless it is closed."""
    curve: Floats
    """Dollars per squared dollar traded, x_j^2."""
    barred: Bools
    """Shape (L,): lots of which nothing may be sold."""
    tax_cap: float = np.inf
    """Most dollars of the year's tax T after the plan, in the tax cost's own terms."""
    dear_tax: tuple[float, float] | None = None
    """Dollars of that tax above which each costs so many dollars more."""
    constant: float = 0.0
    """Dollars that no trade changes."""
    small_order: tuple[float, float] = (0.0, 0.0)
    small_position: tuple[float, float] = (0.0, 0.0)
    """Dollars below which an order, or a position that was traded, is small, and what each dollar below them costs."""
    lot_cost: Floats
    """Shape (L,): dollars, not paid in cash, per dollar sold of each lot."""
    turns: list[Ints] = field(default_factory=list)
    """Lots of one holding in the order whose breach has a price."""
    turn_price: float = 0.0
    """Dollars per dollar sold of a lot beyond what it would give in its turn."""
    priced: list[Coupling] = field(default_factory=list)
    curved: list[Curved] = field(default_factory=list)
    unfit: str | None = None
    """Why the program does not fit the form for this household after all."""

    def steepen(self) -> None:
        """Put the price of dear tax into its lines, once all costs have handed them over.

        T + price (T - cap)^+ grows with T, so that it is the same min over pieces of a max over lines, each line joined by
        itself at one plus the price, less price times cap.
        """
        if self.dear_tax is None:
            return
        cap, price = self.dear_tax
        if not self.pieces or np.isfinite(self.tax_cap):
            self.unfit = "a price on tax needs the cost tax, and no cap on it"
        self.pieces = [np.vstack([piece, (1.0 + price) * piece - [0.0, 0.0, price * cap]]) for piece in self.pieces]


def blank(snapshot: Snapshot) -> SeparableForm:
    """A form with no costs and no limits except that nothing is sold short."""
    n, accounts = len(snapshot.symbol), len(snapshot.account)

    def zero() -> Floats:
        return np.zeros(n)

    return SeparableForm(
        snapshot=snapshot,
        increment=np.full(n, 1e-6),
        lower=-snapshot.quantity.copy(),
        upper=np.full(n, np.inf),
        minimum=zero(),
        buy_cash=zero(),
        sell_cash=zero(),
        ticket_cash=zero(),
        share_cash=zero(),
        buy_cost=zero(),
        sell_cost=zero(),
        ticket_cost=zero(),
        risk_weight=np.zeros(accounts),
        cash_floor=np.full(accounts, -np.inf),
        idle=np.zeros(accounts),
        shortfall=np.zeros(accounts),
        keep=zero(),
        curve=zero(),
        barred=np.zeros(len(snapshot.lot), dtype=bool),
        lot_cost=np.zeros(len(snapshot.lot)),
    )
