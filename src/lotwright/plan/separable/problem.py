"""The separable form as the kernels read it: one tuple of arrays, money as a fraction of household value, costs in basis points.

Scaling: every dollar figure is divided by the household's value V and every cost multiplied by 1e4 / V, so that the solver
works in basis points of V whatever the account's size. ``SCALE`` = 1e4 is the objective's price of one unit of cash cost.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lotwright.plan.snapshot import Floats, Ints

SCALE = 1e4
SHARES_FACTORS = True
"""Whether the kernels take holdings of several accounts to one factor (``at`` below zero, see ``layout._loads``)."""
FEW = 60
"""Accounts with no more holdings than this are solved through columns alone."""
ROW = 11
"""A holding's trade: shares, short and long gain, kind (0 buys, 1 holds or sells without losses, 2 sells with losses), the
purchase whose lots may lose, the prices of short and long gain its lots are cheapest at, its shares were they divisible
(0: it does not move with prices); of the shares sold, how many take the lots cheapest at other prices of gain, and these."""
NOTHING, GAINS_ONLY, WITH_LOSSES = 0, 1, 2
"""What an ordered sale ending in (or at the end of) a lot is: not allowed, free of losses, allowed with losses."""


HOLDING = np.dtype(
    [
        ("account", np.int64),
        ("group", np.int64),
        ("price", float),
        ("held", float),
        ("step", float),
        ("smallest", float),
        ("keep", float),
        ("active", float),
        ("specific", float),
        ("buy_rate", float),
        ("sell_rate", float),
        ("ticket_cash", float),
        ("buy_cost", float),
        ("sell_cost", float),
        ("ticket_cost", float),
        ("ordered", np.int64),
        ("first", np.int64),
        ("longs", np.int64),
        ("stop", np.int64),
        ("way", np.int64),
        ("way_stop", np.int64),
        ("many", np.int64),
        ("kinked", np.int64),
        ("short_price", float),
        ("short_buy", float),
        ("short_sell", float),
        ("small_price", float),
        ("small", float),
        ("priced", np.int64),
        ("turn_price", float),
    ]
)
"""One holding. price, active: fractions of V; held, step: shares; smallest: fewest shares of an order that does not close the
position (a multiple of step); keep: fewest shares of a position after a trade that does not close it; specific: bp per
squared fraction; buy_rate, sell_rate: fraction paid in cash per fraction traded; ticket_cash: fraction per order; buy_cost,
sell_cost, ticket_cost: bp per fraction or order, not paid in cash; lots first:stop (long-term ones from longs on where lots
are free to choose); ways to realise losses way:way_stop; many: 1 in accounts of more than FEW holdings; kinked: 1 where small
orders or positions have a price: short_price, small_price: bp per fraction that an order is short of short_buy or short_sell,
and a position that was traded, and not closed, of small (fractions); priced: 1 where lots have a price of their own or out of
their turn: turn_price, bp a share."""

LOT = np.dtype(
    [
        ("shares", float),
        ("gain", float),
        ("through", float),
        ("through_short", float),
        ("through_long", float),
        ("purchase", np.int64),
        ("long", np.int8),
        ("loss", np.int8),
        ("clearable", np.int8),
        ("inside", np.int8),
        ("end", np.int8),
        ("cost", float),
        ("through_cost", float),
        ("before", float),
    ]
)
"""One lot. gain: fraction of V per share; loss: 1 where selling realises a loss that a purchase could wash; clearable: 1 where
the lot is of a recent purchase that selling all of it here and now takes out of the way; through...: in ordered holdings,
shares, gains and cost from the first lot through this one; inside, end: what a sale ending in this lot, or at its end, is;
cost: bp a share, not paid in cash; before: shares that leave before it where lots have turns."""

ACCOUNT = np.dtype(
    [("cash", float), ("floor", float), ("cent", float), ("target", float), ("idle", float), ("shortfall", float)]
)
"""One account: cash, floor and target as fractions of V, prices of idle and missing cash in bp per fraction. ``cent`` is what
the search keeps free of the floor for each order (see :func:`.search.cash_cost`), since orders are rounded to the cent."""


class Problem(NamedTuple):
    """Arrays of one household for one piece of the tax; n holdings, G groups, A accounts, K factors, P lines, R rows."""

    holding: np.ndarray
    """Shape (n,), dtype HOLDING."""
    lot: np.ndarray
    """Shape (L,), dtype LOT."""
    account: np.ndarray
    """Shape (A,), dtype ACCOUNT."""
    factors: Ints
    """Shape (1,): K, the most factors any account has."""
    load: Floats
    at: Ints
    """Shape (n, Z): a holding's nonzero loads (square root of bp per fraction) and which factor each is on, zero-padded."""
    way: Ints
    """Ways to realise losses. -1: every clearable purchase is sold whole, then any lot; k: all but purchase k are, and losses
    come from k's lots only."""
    members_offset: Ints
    members: Ints
    """Holdings of each group, shapes (G + 1,) and (n,)."""
    line: Floats
    """Shape (P, 3): tax lines (a, b, c) of this piece, bp."""
    lines: Floats
    """Shape (pieces, P, 3): those of every piece."""
    start: Floats
    """Shape (2,): the year's net short and long gain before the plan, fractions of V."""
    row: Floats
    row_gain: Floats
    row_right: Floats
    row_price: Floats
    """Couplings, shapes (R, n), (R, 2), (R,), (R,); price infinite when hard."""
    real_rows: Ints
    """Shape (1,): rows before this one are the program's; later ones only say which part of the year this piece is for."""
    tax_cap: Floats
    """Shape (1,): most tax (bp) the year may end with."""


class Scaled(NamedTuple):
    """The problem of each tax piece, the household's value, and the bounds of every holding in shares."""

    pieces: tuple[Problem, ...]
    value: float
    lower: Floats
    upper: Floats
    constant: float
    """bp to add to the kernels' objective: minus the tax without a plan."""
    lot_order: Ints
    """Kernel lot -> snapshot lot."""
