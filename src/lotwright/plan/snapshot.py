"""One household on one day as arrays: what every cost, limit and solver reads.

Problem: the book speaks ``Decimal`` and names, solvers speak float64 and positions.
Therefore: this file is the only crossing from the book into arrays (:mod:`lotwright.plan.trade_list` is the way back).

A *holding* is one security in one account (held, targeted, or a declared stand-in); arrays over holdings have shape (n,),
arrays over lots shape (L,), over accounts shape (A,), over groups of substantially identical securities shape (G,).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lotwright.book.holdings import Household, Lot
from lotwright.book.market import Market
from lotwright.tax.regimes.plannable import PlanLaw, YearSoFar
from lotwright.tax.window import WashWindow

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Snapshot:
    """Arrays of one household; see the fields for shape and unit."""

    household: Household
    """As its law sees it: one lot a security where the law pools."""
    market: Market
    law: PlanLaw
    year: YearSoFar
    """The household's tax year before the plan."""
    window: WashWindow
    """Recent purchases and running locks of the book as it is."""

    # Accounts: shape (A,).
    account: tuple[str, ...]
    value: Floats
    """Dollars: holdings plus cash plus pending cash flows."""
    cash: Floats
    """Dollars before the plan, pending cash flows included."""
    cash_floor: Floats
    """Dollars that must remain."""
    cash_target: Floats
    """Dollars that should remain."""
    is_taxable: Bools

    # holdings, shape (n,), sorted by account then symbol
    symbol: tuple[str, ...]
    account_of: Ints
    group_of: Ints
    """Index of the group of substantially identical securities, household-wide."""
    price: Floats
    quantity: Floats
    """Shares held before."""
    increment: Floats
    """Smallest step an order may have, in shares; a whole position may always be closed."""
    target: Floats
    """Dollars the model portfolio asks for."""
    half_spread: Floats
    """Fraction of price; NaN where the book gives none."""
    is_substitute: Bools
    """True where the holding is in the list only as a declared stand-in for a target security."""
    stand_in_rank: Ints
    """1 for the first stand-in of a target, 2 for the next, ...; 0 where the holding is no stand-in. Shape (n,)."""
    twin_of: Ints
    """Shape (n,): the holding whose security this one buys back on the day it is sold at a gain, -1 for all others
    (:mod:`lotwright.plan.limits.step_up`)."""

    # lots, shape (L,): grouped by holding (offset), in the order the account's relief prescribes
    lot: tuple[Lot, ...]
    offset: Ints
    """Shape (n + 1,): lots of holding j are offset[j]:offset[j + 1]."""
    lot_holding: Ints
    lot_quantity: Floats
    lot_gain: Floats
    """Dollars per share realised by selling at price (negative: a loss); zero in accounts that are not taxed."""
    lot_is_long: Bools
    lot_is_guarded: Bools
    """Selling any of it excludes buying its group: a loss, or, where the law matches any sale, any taxed sale."""
    is_ordered: Bools
    """Shape (n,): True where lots leave in their listed order (fifo, lifo, hifo) rather than as chosen."""

    # risk, per holding
    exposure: Floats
    """Shape (n, K): annual factor exposures, so that covariance = exposure @ exposure.T + diag(specific)."""
    specific: Floats
    """Shape (n,): annual specific variance."""
    household_exposure: Floats
    household_specific: Floats
    """The same for the household as one portfolio, shapes (n, H) and (n,): every account's holdings load on common factors,
    and a security that several accounts list has a factor of its own instead of specific variance, so that
    ``|sum_j household_exposure_j x_j|^2 + sum_j household_specific_j x_j^2`` is the variance of the sum over accounts."""

    # the wash-sale window, shapes (G,), (n,) and (L,)
    group: tuple[str, ...]
    is_locked: Bools
    """Shape (G,): a loss sale in the last 30 days bars every purchase of the group."""
    lot_purchase: Ints
    """Shape (L,): index of the recent purchase (last 30 days) a lot came from, -1 for older lots."""
    purchase_group: Ints
    """Shape (P,): group each recent purchase belongs to."""
    purchase_holding: Ints
    """Shape (P,): holding of each recent purchase, -1 when nothing of it is left."""
    purchase_has_left: Bools
    """Shape (P,): some of its shares were sold since; under the strict reading they still replace others."""

    closed: frozenset[int] = frozenset()
    """Holdings whose sale the program itself rules out (:mod:`lotwright.plan.limits.no_sells`): no limit may demand one."""

    @property
    def total_value(self) -> float:
        """Dollars of the household."""
        return float(self.value.sum())
