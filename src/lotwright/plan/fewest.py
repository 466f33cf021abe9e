"""Fewest tickets first: the plan with the fewest orders that keeps every limit, and among those the cheapest.

Problem: "fewest, then cheapest" is two objectives, and both are to be proven.
Observations: charging every order more dollars than the household is worth says both at once, but then the costs that decide
among plans of as many orders are a hundred-thousandth of the objective, and no search sees them. Counting alone is easy:
without risk and tax little is left but bands and cash.
Therefore two searches. The first counts: orders at a price PRICE each, and what is paid in cash, which no plan can do
without. Whoever trades with k orders pays at most ``paid`` for trading, so a bound b says

    k  >=  (b - paid) / PRICE,   rounded up.

The second is the program itself with no more orders than the first one found; it begins with that plan. Where it ends
short of its goal the orders are chosen one set after the other, as long as there are few to choose from
(:mod:`lotwright.plan.which_orders`), or else the cheapest plan of the same orders is looked for. Programs that do not fall
apart go one search with the dear price on every order, which also bounds both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import ceil
from typing import Any

import numpy as np

from lotwright.book.failure import Failure
from lotwright.plan.costs import Ticket
from lotwright.plan.costs.amounts import orders
from lotwright.plan.limits import NumberOfTickets
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.solution import Solution
from lotwright.plan.which_orders import Only, Solve, by_sets, sets_of_orders

PRICE = 0.01
"""What an order costs while orders are counted, as a part of household value: more than trading everything does."""
CLOSE = 0.5
"""Part of an order's price within which the count is searched."""
COUNTING, PLANNING, GLANCE = 0.4, 0.75, 0.2
"""Part of the time that counting may take, and part of what is left for the search that bounds the cost: less where there
are few sets of orders."""


def ranked(program: Program, price: float) -> Program:
    """The same program with ``price`` dollars more on every order, and nothing that comes first."""
    charged = [replace(cost, price=cost.price + price) if isinstance(cost, Ticket) else cost for cost in program.costs]
    if not any(isinstance(cost, Ticket) for cost in charged):
        charged.append(Ticket(price=price))
    return replace(program, costs=tuple(charged), first="")


def price_of(snapshot: Snapshot) -> float:
    """Dollars on every order that no other cost outweighs: what the household is worth, rounded up to a whole dollar."""
    return float(int(max(snapshot.total_value, 1.0)) + 1)


def counting(program: Program, snapshot: Snapshot) -> Program:
    """The program that counts orders: a price on each and what is paid in cash for trading; the limits are the same."""
    paid = tuple(cost for cost in program.costs if hasattr(cost, "paid"))
    return replace(program, costs=(*paid, Ticket(price=_order_price(snapshot))), first="")


def capped(program: Program, most: int) -> Program:
    """The program with at most so many orders, and nothing that comes first."""
    limits = [limit for limit in program.limits if not isinstance(limit, NumberOfTickets)]
    own = [limit.most for limit in program.limits if isinstance(limit, NumberOfTickets)]
    return replace(program, limits=(*limits, NumberOfTickets(most=float(min([most, *own])))), first="")


def at_least(bound: float, program: Program, snapshot: Snapshot) -> int:
    """Orders that no plan can do without, by a bound on the program that counts them."""
    form = counting(program, snapshot).form(snapshot)
    if form is None:
        return 0
    held, cash = float((snapshot.quantity * snapshot.price).sum()), float(np.maximum(snapshot.cash, 0.0).sum())
    share = float((form.share_cash / snapshot.price).max(initial=0.0))
    rate = max(float(form.buy_cash.max(initial=0.0)), float(form.sell_cash.max(initial=0.0))) + share
    per_order = float(form.ticket_cash.max(initial=0.0))
    return max(ceil((bound - rate * (2.0 * held + cash)) / (_order_price(snapshot) + per_order) - 1e-6), 0)


def fewest(
    program: Program, snapshot: Snapshot, effort: Effort, *, solve: Solve, clock: Callable[[], float]
) -> Solution | Failure:
    """The fewest orders that keep every limit, then the cheapest plan of no more; both with a bound.

    Parameters
    ----------
    program : Program
        Of the separable form, with ``first = "tickets"``.
    solve : callable
        For this snapshot.
    clock : callable
        Read only to keep ``effort.seconds``.
    """
    started = clock()

    def within(part: float) -> Effort:
        """A part of the time that is left."""
        if effort.seconds is None:
            return effort
        return replace(effort, seconds=max(part * (effort.seconds - (clock() - started)), 0.05))

    gap = max(effort.gap_bp, CLOSE * 1e4 * PRICE)
    counted = solve(counting(program, snapshot), replace(within(COUNTING), gap_bp=gap), None)
    if isinstance(counted, Failure):
        return counted
    count, floor = _count(snapshot, counted.trades), at_least(counted.bound, program, snapshot)
    limited = capped(program, count)
    sets = sets_of_orders(program, snapshot, most=count)
    found = solve(limited, within(PLANNING if sets is None else GLANCE), counted.trades)
    if isinstance(found, Failure):
        return found
    plans = [found.trades]
    if found.stopped and sets is not None:
        chosen = by_sets(program, snapshot, sets, within(1.0), solve=solve, clock=clock)
        if chosen is not None:
            plans.append(chosen.trades)
            found = chosen if chosen.bound > found.bound else found
    elif found.stopped:
        same = replace(limited, limits=(*limited.limits, Only.those(snapshot, counted.trades)))
        other = solve(same, within(1.0), counted.trades)
        plans += [other.trades] if isinstance(other, Solution) else []
    best = min(plans, key=lambda trades: (_count(snapshot, trades), program.value(snapshot, trades)))
    posed = program.value(snapshot, best)
    short = posed - found.bound > effort.gap_bp * 1e-4 * snapshot.total_value
    return replace(
        found,
        trades=best,
        posed=posed,
        certificate={
            **found.certificate,
            "first": {
                "tickets": _count(snapshot, best),
                "most": count,
                "at_least": floor,
                "counted": dict(counted.certificate),
            },
        },
        solver=counted.solver,
        solver_version=counted.solver_version,
        stopped=(found.stopped or "ended with no plan of so few orders that is proven cheaper") if short else None,
    )


def _order_price(snapshot: Snapshot) -> float:
    return PRICE * max(snapshot.total_value, 1.0)


def _count(snapshot: Snapshot, trades: Trades) -> int:
    return int(orders(snapshot, trades).sum())


def unranked(found: Solution, snapshot: Snapshot, price: float) -> Solution:
    """A solution of the ranked program as one of the program itself; its certificate says what came first."""
    count = _count(snapshot, found.trades)
    return replace(
        found,
        posed=found.posed - price * count,
        bound=found.bound - price * count,
        certificate={**found.certificate, "first": {"tickets": count, "price": price}},
    )


def first_of(claim: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a certificate says came first; empty where nothing did."""
    found: Mapping[str, Any] = claim.get("first", {})
    return found
