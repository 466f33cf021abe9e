"""What a standing relief order costs: the same household planned once more, as if it could choose its lots.

A broker that takes lots first in, first out (or another fixed order) is planned exactly as it will act. What choosing the
lots would have saved is the difference to a plan that may choose them; any such plan shows at least so much, so a short
search is enough.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

import numpy as np

from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.book.kinds import Relief, Side
from lotwright.book.market import Market
from lotwright.book.trades import Trade
from lotwright.plan.program import Program
from lotwright.plan.separable.certify import solve_separable
from lotwright.plan.separable.tree import Effort
from lotwright.plan.take_snapshot import take_snapshot
from lotwright.plan.words import money
from lotwright.risk.model import RiskModel

NOTEWORTHY = 1.0
"""Dollars below which nothing is said."""
SHORT = Effort(gap_bp=1.0, nodes=12, seconds=None)
"""A short search: what it finds is a plan, and the saving it shows is real."""


def relief_note(
    household: Household,
    trades: tuple[Trade, ...],
    *,
    posed: float,
    market: Market,
    risk: RiskModel,
    program: Program,
    clock: Callable[[], float],
) -> str | None:
    """A sentence on what specific lots would have saved, or ``None`` where no order stands or nothing would be saved.

    Parameters
    ----------
    household, market, risk, program : what was planned
    trades, posed : the plan's trades and what they cost, dollars
    clock : read only to keep the short search short
    """
    standing = {a.account: a.relief for a in household.accounts if a.relief is not Relief.SPECIFIC}
    sells = any(trade.side is Side.SELL and trade.account in standing for trade in trades)
    if not sells and not _could_lose(household, standing):
        return None
    free = replace(household, accounts=tuple(replace(a, relief=Relief.SPECIFIC) for a in household.accounts))
    snapshot = take_snapshot(free, market, risk)
    if isinstance(snapshot, Failure):
        return None
    snapshot = program.view(snapshot)
    if program.first or program.form(snapshot) is None:
        return None
    with np.errstate(all="ignore"):  # as in paths: plain kernels say so where compiled ones say infinity
        found = solve_separable(program, snapshot, SHORT, clock=clock)
    if isinstance(found, Failure) or posed - found.posed < NOTEWORTHY:
        return None
    orders = ", ".join(sorted({str(relief) for relief in standing.values()}))
    return (
        f"Lots leave {orders} in {', '.join(standing)}, and are planned so. Choosing lots (specific) would have made a plan"
        f" that costs at least {money(posed - found.posed)} less in risk, trading and tax together."
    )


def _could_lose(household: Household, standing: Collection[str]) -> bool:
    """True if an account with a standing order holds a security in several lots."""
    for account in household.accounts:
        symbols = [lot.symbol for lot in account.lots]
        if account.account in standing and account.kind.is_taxable and len(set(symbols)) < len(symbols):
            return True
    return False
