"""What a standing relief order costs: the same household planned once more, as if it could choose its lots.

A broker that takes lots first in, first out (or another fixed order) is planned exactly as it will act. What choosing the
lots would have saved is the difference to a plan that may choose them; any such plan shows at least so much, so one plan
found from the prices of the first (:mod:`lotwright.plan.separable.again`) is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np

from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.book.kinds import Relief, Side
from lotwright.book.trades import Trade
from lotwright.plan.program import Program
from lotwright.plan.separable.again import cost_nearby
from lotwright.plan.separable.certify import solve_separable
from lotwright.plan.separable.layout import scaled
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.solution import Solution
from lotwright.plan.words import money

NOTEWORTHY = 1.0
"""Dollars below which nothing is said."""
SHORT = Effort(gap_bp=1.0, nodes=12, seconds=None)
"""A short search, for programs with priced couplings: what it finds is a plan, and the saving it shows is real."""


def relief_note(
    snapshot: Snapshot,
    trades: tuple[Trade, ...],
    solution: Solution,
    *,
    posed: float,
    program: Program,
    clock: Callable[[], float],
) -> str | None:
    """A sentence on what specific lots would have saved, or ``None`` where no order stands or nothing would be saved.

    Parameters
    ----------
    snapshot : Snapshot
        The household as the book has it, before the program's view of it.
    trades, solution, posed
        The plan's trades, what the search said of them, and what they cost, dollars.
    program : what was planned
    clock : read only to keep the short search short
    """
    household = snapshot.household
    standing = {a.account: a.relief for a in household.accounts if a.relief is not Relief.SPECIFIC}
    sells = any(trade.side is Side.SELL and trade.account in standing for trade in trades)
    if not sells and not _could_lose(household, standing):
        return None
    if program.first:
        return None
    with np.errstate(all="ignore"):  # as in paths: plain kernels say so where compiled ones say infinity
        cost = _cost(program, program.view(free_to_choose(snapshot)), solution, below=posed - NOTEWORTHY, clock=clock)
    if cost is None or posed - cost < NOTEWORTHY:
        return None
    orders = ", ".join(sorted({str(relief) for relief in standing.values()}))
    return (
        f"Lots leave {orders} in {', '.join(standing)}, and are planned so. Choosing lots (specific) would have made a plan"
        f" that costs at least {money(posed - cost)} less in risk, trading and tax together."
    )


def _cost(
    program: Program, snapshot: Snapshot, solution: Solution, *, below: float, clock: Callable[[], float]
) -> float | None:
    """Dollars a plan of the household costs, if one that costs less than ``below`` is found."""
    form = program.form(snapshot)
    if form is None:
        return None
    if form.priced or form.curved:
        found = solve_separable(program, snapshot, SHORT, clock=clock)
        return None if isinstance(found, Failure) else found.posed
    return cost_nearby(scaled(form), solution.certificate, below=below)


def free_to_choose(snapshot: Snapshot) -> Snapshot:
    """The same household as if no account had a standing relief order; its lots in the order of those that have none."""
    accounts = tuple(replace(account, relief=Relief.SPECIFIC) for account in snapshot.household.accounts)
    lots, holding = snapshot.lot, snapshot.lot_holding.tolist()
    order = sorted(range(len(lots)), key=lambda k: (holding[k], lots[k].acquired, lots[k].lot))
    return replace(
        snapshot,
        household=replace(snapshot.household, accounts=accounts),
        is_ordered=np.zeros(len(snapshot.symbol), dtype=bool),
        lot=tuple(lots[k] for k in order),
        lot_quantity=snapshot.lot_quantity[order],
        lot_gain=snapshot.lot_gain[order],
        lot_is_long=snapshot.lot_is_long[order],
        lot_is_guarded=snapshot.lot_is_guarded[order],
        lot_purchase=snapshot.lot_purchase[order],
    )


def _could_lose(household: Household, standing: Collection[str]) -> bool:
    """True if an account with a standing order holds a security in several lots."""
    for account in household.accounts:
        symbols = [lot.symbol for lot in account.lots]
        if account.account in standing and account.kind.is_taxable and len(set(symbols)) < len(symbols):
            return True
    return False
