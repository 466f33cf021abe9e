"""Whole shares found jointly with cash, sides and wash-sale choices, by HiGHS on an outer approximation.

Problem: the exact program is a quadratic one in integers; general solvers drown in it, and rounding breaks cash and
law. Observations: HiGHS is fast and right on linear objectives, and tangents only ever lower the objective.
Therefore: solve with tangents, add tangents where the answer stands, until the approximation agrees with the truth.
HiGHS's own lower bound is one on the program's piece as long as nothing was fixed or tightened beforehand. Accounts of
many names are narrowed first: sides and groups on which the relaxation is decided are fixed, units stay near it; then,
as where room is kept for rounding to cents, HiGHS's bound is not used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cvxpy as cp
import numpy as np

from lotwright.plan.costs.amounts import by_account, cash_after, orders
from lotwright.plan.decision import Decision
from lotwright.plan.general.lots import trades_of
from lotwright.plan.general.pose import Posed, demanded, pose
from lotwright.plan.general.sides import fix_sides
from lotwright.plan.general.tangents import Outline, outline
from lotwright.plan.limits import Cash, WholeShares
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.snapshot import Bools, Floats, Snapshot
from lotwright.plan.solvers import Unsolved, solve

NARROW_FROM = 40
"""Holdings from which on sides are fixed by the relaxation first."""
ROUNDS, NARROW_ROUNDS = 5, 2
NARROW_EFFORT = 0.05
"""Part of the node limit, and how much less closely, that a narrowed search gets: its bound is not used anyway."""
CLOSE_ENOUGH = 0.01
"""Basis points by which tangents may undercut the truth at the answer before they are refined."""
TOLERANCE = 1e-3
"""Basis points taken off HiGHS's bound for its tolerances (1e-9 a row, 1e-6 an integer)."""
CENTS = 0.015
"""Dollars an order's rounding to cents can take: half a cent each of value, spread and commission."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shares:
    """The best whole-share trades found on one piece, what HiGHS says no others undercut (dollars), and its nodes."""

    trades: Trades | None
    bound: float
    nodes: int
    version: str


def find_shares(
    program: Program,
    snapshot: Snapshot,
    relaxed: Posed,
    *,
    node_limit: int,
    seconds: float,
    narrow: bool | None = None,
    sided: bool = False,
    presolve: bool = True,
) -> Shares:
    """Search whole shares on the tax piece of ``relaxed``, whose variables hold the relaxed solution.

    Parameters
    ----------
    node_limit : branch-and-bound nodes a round; the run is the same on every machine as long as it binds first
    seconds : a stop for each round, for machines much slower than thought
    narrow : fix what the relaxation has decided; by default from ``NARROW_FROM`` holdings on
    sided : first move the relaxed solution to one with one side a security (:mod:`lotwright.plan.general.sides`)
    presolve : False makes HiGHS solve the problem as it stands, slower, for where its presolve was caught out
    """
    narrow = is_large(snapshot) if narrow is None else narrow
    exact = pose(program, snapshot, tax_piece=relaxed.decision.tax_piece, exact=True)
    if sided:
        fix_sides(relaxed, snapshot)
    seen = outline(program, snapshot, exact, relaxed=relaxed.decision)
    fixed = _decided(snapshot, program, relaxed=relaxed.decision, exact=exact.decision) if narrow else []
    effort = NARROW_EFFORT if narrow else 1.0
    limits: dict[str, Any] = {
        "mip_max_nodes": max(1, int(node_limit * effort)),
        "time_limit": seconds,
        "mip_abs_gap": CLOSE_ENOUGH / 3 / effort,
    }
    limits |= {} if presolve else {"presolve": "off"}
    return _rounds(
        program, snapshot, exact, seen=seen, fixed=fixed, settings=limits, rounds=NARROW_ROUNDS if narrow else ROUNDS
    )


def _rounds(
    program: Program,
    snapshot: Snapshot,
    exact: Posed,
    *,
    seen: Outline,
    fixed: list[Any],
    settings: dict[str, Any],
    rounds: int,
) -> Shares:
    """Solve, take the trades, add tangents where the answer stands, until the truth is near; keep the best."""
    best, best_value, bound, nodes, version = None, np.inf, -np.inf, 0, ""
    coarse = _is_coarse(program, snapshot)
    for _ in range(rounds):
        problem = cp.Problem(cp.Minimize(seen.objective), [*seen.rows, *seen.tangents, *fixed])
        found = solve(problem, solver="highs", settings=settings)
        if isinstance(found, Unsolved):
            break
        nodes, version = nodes + found.nodes, found.version
        if not fixed and found.dual_bound is not None:
            bound = max(bound, found.dual_bound - TOLERANCE)
        trades = trades_of(snapshot, exact.decision, increment=increment(program, snapshot), coarse=coarse)
        breaks = broken(program, snapshot, trades)
        value = program.value(snapshot, trades)
        if value < best_value and not breaks:
            best, best_value = trades, value
        truth = float(sum(cost.value for cost in exact.costs)) / exact.unit
        if best_value / exact.unit - bound <= CLOSE_ENOUGH or (truth - found.objective <= CLOSE_ENOUGH and not breaks):
            break
        seen.touch()
        fixed = fixed + (_room(program, snapshot, exact.decision) if Cash.kind in breaks else [])
    return Shares(trades=best, bound=bound * exact.unit, nodes=nodes, version=version)


def is_large(snapshot: Snapshot) -> bool:
    """True for accounts of so many names that what the relaxation has decided is fixed first."""
    return len(snapshot.symbol) > NARROW_FROM


def increment(program: Program, snapshot: Snapshot) -> Floats:
    """Smallest step of an order in shares; a millionth where the program does not ask for whole shares."""
    whole = next((limit for limit in program.limits if isinstance(limit, WholeShares)), None)
    return whole.increment(snapshot) if whole else np.full(len(snapshot.symbol), 1e-6)


def _is_coarse(program: Program, snapshot: Snapshot) -> Bools:
    """Holdings whose orders have integer units in the exact problem."""
    whole = next((limit for limit in program.limits if isinstance(limit, WholeShares)), None)
    return whole.is_coarse(snapshot) if whole else np.zeros(len(snapshot.symbol), dtype=bool)


def broken(program: Program, snapshot: Snapshot, trades: Trades) -> dict[str, float]:
    """Limits the trades break, with room for the cents to which brokers round; empty when they keep them all."""
    found = {limit.kind: limit.violation(snapshot, trades) for limit in demanded(program)}
    for limit in program.limits:
        if isinstance(limit, Cash):
            count = by_account(snapshot, orders(snapshot, trades))
            short = limit.floor(snapshot) - (cash_after(snapshot, trades, limit.paid_in_cash) - CENTS * count)
            found[limit.kind] = float(np.where(count > 0, short, 0.0).max(initial=found[limit.kind]))
    return {kind: amount for kind, amount in found.items() if amount > 1e-9}


def _room(program: Program, snapshot: Snapshot, decision: Decision) -> list[cp.Constraint]:
    """Room above the cash floor for every order's rounding to cents."""
    room = decision.in_account(CENTS / decision.scale) @ decision.ticket
    floors = [limit.floor(snapshot) / decision.scale for limit in program.limits if isinstance(limit, Cash)]
    return [decision.cash >= floor + room for floor in floors]


def _decided(snapshot: Snapshot, program: Program, *, relaxed: Decision, exact: Decision) -> list[cp.Constraint]:
    """Sides and groups the relaxation has decided, and units at most a few steps beyond it."""
    if exact.units is None:
        return []
    bought = np.maximum(relaxed.buy.value, 0.0) * relaxed.scale / snapshot.price
    sold = np.maximum(relaxed.sold.value, 0.0) * relaxed.scale / snapshot.price
    step = increment(program, snapshot)
    tiny = 1e-3 * np.maximum(step, 1e-3)
    rows = [exact.units.buy <= np.ceil(bought / step) + 2, exact.units.sell <= np.ceil(sold / step) + 2]
    for idle, side in ((bought <= tiny, exact.is_buy), (sold <= tiny, exact.is_sale)):
        if idle.any():
            rows.append(side[idle] == 0)
    return rows + _decided_groups(snapshot, bought=bought > tiny, sold=sold > tiny, exact=exact)


def _decided_groups(snapshot: Snapshot, *, bought: Bools, sold: Bools, exact: Decision) -> list[cp.Constraint]:
    """Groups that are only bought, or only sold, in the relaxation."""
    groups = np.arange(len(snapshot.group))
    buys, sells = np.isin(groups, snapshot.group_of[bought]), np.isin(groups, snapshot.group_of[sold])
    keeps, realises = buys & ~sells, sells & ~buys
    rows = [exact.realise[keeps] == 0] if keeps.any() else []
    return rows + ([exact.realise[realises] == 1] if realises.any() else [])
