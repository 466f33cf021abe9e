"""A finished plan as a value: everything FORMATS promises under ``lotwright.plan/1``, in ``Decimal`` where it is money."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from lotwright.book.failure import Failure
from lotwright.book.holdings import Pending
from lotwright.book.kinds import Regime, Side
from lotwright.book.trades import Trade


class Status(StrEnum):
    """How planning a household ended."""

    PLANNED = "planned"
    NOTHING_TO_DO = "nothing_to_do"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CashMovement:
    """Cash of one account before anything and after all trades, costs and cash flows; dollars and cents."""

    before: Decimal
    after: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class CostLine:
    """One addend of the objective in dollars, with a sentence for people."""

    name: str
    dollars: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Objective:
    """What the plan costs, what no allowed plan can undercut, and the difference.

    ``posed`` is the sum of the cost lines, in dollars; ``bound`` a proven lower bound on it; ``gap = posed - bound >= 0``;
    ``gap_bp`` the gap in basis points of household value; ``multipliers`` what the bound is recomputed from.
    """

    posed: float
    bound: float
    gap: float
    gap_bp: float
    multipliers: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaxFigures:
    """Gains this plan realises and the year's tax with and without it; dollars and cents.

    ``tax`` and ``tax_without_plan`` are this year's tax on capital gains, everything realised so far and carried in
    included; negative where a net loss is deducted from ordinary income. Carryforwards are losses carried out, positive.
    """

    short_term_gain: Decimal
    long_term_gain: Decimal
    tax: Decimal
    tax_without_plan: Decimal
    carryforward_short: Decimal
    carryforward_long: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracking:
    """Ex-ante annual volatility of active return: before, after the plan, and when only cash flows happen."""

    before: float
    after: float
    do_nothing: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Weights of one security in one account: target, before and after, as fractions of account value."""

    account: str
    symbol: str
    target: float
    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """Securities that nobody in the household may buy until (and including) ``no_buy_until``."""

    group: str
    symbols: tuple[str, ...]
    no_buy_until: date
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A security that a rule kept from being traded, and the fact behind it."""

    symbol: str
    rule: str
    because: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotDone:
    """A trade one would expect and the plan does not make, and the worst blocker.

    ``side`` and ``quantity`` (shares) are the trade, on top of the plan; ``expected`` says why one would expect it; ``rule``
    is the limit that forbids it, or ``"cost"`` where it is allowed and dearer; ``change`` the dollars by which each cost
    would change, its sum what the objective would rise by (None where a limit forbids the trade).
    """

    account: str
    symbol: str
    side: Side
    quantity: Decimal
    expected: str
    rule: str
    because: str
    change: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitPrice:
    """What it would be worth to be rid of a limit, or what a dollar more of cash would save; dollars.

    ``low <= dollars <= high``: the difference of the two optima is proven to lie between them, ``dollars`` is what the plans
    found differ by. ``method``: ``"solved_again"`` without the limit, or ``"multipliers"`` of the bound's proof, which cap
    what a dollar more can save at ``high``.
    """

    limit: str
    subject: str
    dollars: float
    low: float
    high: float
    method: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why not, and what the limits cost: trades not made, largest matter first, and prices of the binding limits."""

    not_done: tuple[NotDone, ...] = ()
    limit_prices: tuple[LimitPrice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class WashSales:
    """What the plan locks (new locks and those still running) and what a running window kept from happening.

    ``honoured`` are the trades of other plans, in no table yet, that the plan reckoned with.
    """

    locks: tuple[Lock, ...] = ()
    kept: tuple[Kept, ...] = ()
    honoured: tuple[Pending, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One finding of the independent verification."""

    name: str
    ok: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds spent."""

    read: float = 0.0
    pose: float = 0.0
    solve: float = 0.0
    verify: float = 0.0
    total: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """What made this plan from what."""

    version: str
    book_hash: str
    program_hash: str
    solver: str
    solver_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HouseholdPlan:
    """The plan of one household, or why there is none.

    A failed plan has ``failure`` and may carry the checks that failed; every other field keeps its empty value.
    """

    household: str
    as_of: date
    program: str
    status: Status
    failure: Failure | None = None
    trades: tuple[Trade, ...] = ()
    cash: Mapping[str, CashMovement] = field(default_factory=dict)
    value: Decimal = Decimal(0)
    costs: tuple[CostLine, ...] = ()
    objective: Objective | None = None
    tax: TaxFigures | None = None
    tracking: Tracking | None = None
    drift: tuple[Drift, ...] = ()
    wash_sales: WashSales = WashSales()
    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    explanation: Explanation | None = None
    """Only where it was asked for: it costs further solves."""
    timing: Timing = Timing()
    provenance: Provenance | None = None
    raised: Mapping[str, Decimal] = field(default_factory=dict)
    """Dollars asked of accounts beyond the book's own cash flows, by account."""
    regime: Regime = Regime.US
    """Whose tax law it is made under; its money is in that currency."""
    positions: Mapping[str, Mapping[str, Decimal]] | None = None
    """By account and symbol, shares held before the plan: what its execution must find at the broker."""
