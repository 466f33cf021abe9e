"""The bound of a plan again, from its own certificate and without solving, whichever way the plan was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lotwright.errors import PlanError
from lotwright.plan.fewest import at_least, capped, counting, first_of, ranked
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.separable.certify import KIND, check_bound
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.which_orders import SETS, check_sets

NOTHING_TO_TRADE = "nothing_to_trade/1"
"""Kind of certificate of a household without money or lots: its only plan is to do nothing."""


def has_nothing(snapshot: Snapshot) -> bool:
    """True for a household without lots and without money: it can neither sell nor buy."""
    return snapshot.total_value <= 0 and not len(snapshot.lot)


def bound_again(claim: Mapping[str, Any], program: Program, snapshot: Snapshot) -> float:
    """The bound that a certificate proves, dollars: below every allowed plan, of those with no more orders than it says.

    Raises
    ------
    PlanError
        The certificate is of no known kind, or does not fit the household and its program.
    """
    if claim.get("kind") == NOTHING_TO_TRADE and has_nothing(snapshot):
        return program.value(snapshot, Trades(sell=np.zeros(0), buy=np.zeros(len(snapshot.symbol))))
    if program.first:
        first = first_of(claim)
        if "price" in first:
            price = _price(first["price"])
            return _plain(claim, ranked(program, price), snapshot) - price * int(first["tickets"])
        if claim.get("kind") == SETS:
            return check_sets(claim, program, snapshot, most=int(first["most"]))
        return _plain(claim, capped(program, int(first["most"])), snapshot)
    return _plain(claim, program, snapshot)


def least_orders(claim: Mapping[str, Any], program: Program, snapshot: Snapshot) -> int:
    """How many orders a certificate proves that no allowed plan can do without; zero where it does not count them.

    Raises
    ------
    PlanError
        As :func:`bound_again`.
    """
    first = first_of(claim)
    if "counted" not in first:
        return 0
    return at_least(_plain(first["counted"], counting(program, snapshot), snapshot), program, snapshot)


def _plain(claim: Mapping[str, Any], program: Program, snapshot: Snapshot) -> float:
    """The bound of a program with nothing that comes first."""
    inner = {key: value for key, value in claim.items() if key != "first"}
    if claim.get("kind") == KIND:
        return check_bound(inner, program, snapshot)
    # cvxpy takes seconds to import, and few plans need it
    from lotwright.plan.general.certificate import GENERAL, check_general_bound  # noqa: PLC0415

    if claim.get("kind") == GENERAL:
        return check_general_bound(inner, program, snapshot)
    raise PlanError(f"The multipliers are of kind {claim.get('kind')!r}, from which no bound can be recomputed.")


def _price(said: Any) -> float:
    price = float(said)
    if not (np.isfinite(price) and price >= 0):
        raise PlanError(f"The certificate puts {price!r} dollars on an order; that is no price.")
    return price
