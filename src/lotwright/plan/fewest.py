"""Fewest tickets first: the plan with the fewest orders that keeps every limit, and among those the cheapest.

Problem: "fewest, then cheapest" is two objectives, and both are to be proven.
Observation: charge every order M dollars, M far above what plans can differ by otherwise. A bound b on  cost + M orders
says of a plan with k orders that it costs at least  b - M k.
Therefore: with M the household's value, one search gives K orders and  bound = b - M K,  below every plan with no more than
K orders; and a plan with fewer orders costs at least  b - M (K - 1), which is M more: more than the household is worth.
"""

from __future__ import annotations

from dataclasses import replace

from lotwright.plan.costs import Ticket
from lotwright.plan.costs.amounts import orders
from lotwright.plan.program import Program
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.solution import Solution


def ranked(program: Program, price: float) -> Program:
    """The same program with ``price`` dollars more on every order, and nothing that comes first."""
    charged = [replace(cost, price=cost.price + price) if isinstance(cost, Ticket) else cost for cost in program.costs]
    if not any(isinstance(cost, Ticket) for cost in charged):
        charged.append(Ticket(price=price))
    return replace(program, costs=tuple(charged), first="")


def price_of(snapshot: Snapshot) -> float:
    """Dollars on every order that no other cost outweighs: what the household is worth, rounded up to a whole dollar."""
    return float(int(max(snapshot.total_value, 1.0)) + 1)


def unranked(found: Solution, snapshot: Snapshot, price: float) -> Solution:
    """A solution of the ranked program as one of the program itself; its certificate says what came first."""
    count = int(orders(snapshot, found.trades).sum())
    return replace(
        found,
        posed=found.posed - price * count,
        bound=found.bound - price * count,
        certificate={**found.certificate, "first": {"tickets": count, "price": price}},
    )
