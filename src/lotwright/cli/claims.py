"""Each figure a plan states beside the one recomputed from the book."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isclose, isfinite, nan

from lotwright.plan.figures import cost_name
from lotwright.plan.kept import kept
from lotwright.plan.not_done import not_done
from lotwright.plan.program import Program
from lotwright.plan.reasons import with_reasons
from lotwright.plan.result import Drift, Explanation, HouseholdPlan, Lock, Objective, Status
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.trade_list import as_arrays
from lotwright.plan.verify import Verification
from lotwright.plan.words import money

DIGIT = 1e-6
"""Dollars: cost lines are stated to this digit."""
WEIGHT = 1e-9
"""Weights and volatilities are stated in full; what remains is the last digit of a float."""
TAX = ("short_term_gain", "long_term_gain", "tax", "tax_without_plan", "carryforward_short", "carryforward_long")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One claim, and whether it holds."""

    name: str
    ok: bool
    text: str


def differing(name: str, said: object, true: object, *, of: str) -> Finding:
    """A finding that ``said`` is, or is not, ``true``."""
    if said == true:
        return Finding(name=name, ok=True, text=f"{said}, as {of}.")
    return Finding(name=name, ok=False, text=f"the plan says {said}, {of} says {true}.")


def figures(claim: HouseholdPlan, true: Verification, *, snapshot: Snapshot, program: Program) -> Iterator[Finding]:
    """Every figure of a plan beside the verifier's."""
    yield _status(claim)
    yield _finding("value", [_money("the household", claim.value, true.value)], holds=money(true.value))
    yield _finding("cash", _cash(claim, true), holds=f"{len(true.cash)} accounts agree to the cent")
    yield _finding("tax", _tax(claim, true), holds="gains, tax and carryforwards agree to the cent")
    yield _finding("costs", _costs(claim, true, snapshot, program), holds="every line agrees")
    if claim.objective is not None:
        yield _finding("objective", _objective(claim, claim.objective), holds="posed is the sum, gap the difference")
    yield _finding("tracking", _tracking(claim, true), holds="before, after and with cash flows alone agree")
    yield _finding("drift", _drift(claim.drift, true.drift), holds=f"{len(true.drift)} weights agree")
    yield _finding("locks", _locks(claim.wash_sales.locks, true.locks), holds=f"{len(true.locks)} agree")
    yield _finding("kept", _kept(claim, true, snapshot), holds="what rules kept agrees")
    yield _finding("reasons", _reasons(claim, true, snapshot, program), holds=f"{len(claim.trades)} sentences agree")
    if claim.explanation is not None:
        yield _finding(
            "explanation", _not_done(claim, claim.explanation, snapshot, program), holds="what it says agrees"
        )
    said = [f"{check.name} is reported as failed" for check in claim.checks if not check.ok]
    yield _finding("checks", said, holds="none is reported as failed")


def _finding(name: str, faults: Iterable[str | None], *, holds: str) -> Finding:
    found = [fault for fault in faults if fault]
    return Finding(name=name, ok=not found, text=f"{'; '.join(found) or holds}.")


def _money(what: str, said: Decimal, true: Decimal) -> str | None:
    return None if said == true else f"{what}: the plan says {money(said)}, it is {money(true)}"


def _real(what: str, said: float, true: float, *, digit: float) -> str | None:
    if isclose(said, true, rel_tol=1e-12, abs_tol=digit):
        return None
    return f"{what}: the plan says {said:.9g}, it is {true:.9g}"


def _status(claim: HouseholdPlan) -> Finding:
    status = Status.PLANNED if claim.trades else Status.NOTHING_TO_DO
    return differing("status", str(claim.status), str(status), of="its trades")


def _names(what: str, said: Iterable[str], true: Iterable[str]) -> list[str]:
    """Names only one side has."""
    claimed, actual = set(said), set(true)
    return [f"{what} {name} is missing" for name in sorted(actual - claimed)] + [
        f"there is no {what} {name}" for name in sorted(claimed - actual)
    ]


def _cash(claim: HouseholdPlan, true: Verification) -> list[str | None]:
    faults: list[str | None] = [*_names("account", claim.cash, true.cash)]
    for name in sorted(claim.cash.keys() & true.cash.keys()):
        faults.append(_money(f"{name} before", claim.cash[name].before, true.cash[name].before))
        faults.append(_money(f"{name} after", claim.cash[name].after, true.cash[name].after))
    return faults


def _tax(claim: HouseholdPlan, true: Verification) -> list[str | None]:
    if claim.tax is None:
        return ["the plan states none"]
    return [_money(name, getattr(claim.tax, name), getattr(true.tax, name)) for name in TAX]


def _costs(claim: HouseholdPlan, true: Verification, snapshot: Snapshot, program: Program) -> list[str | None]:
    actual = {name: float(amount) for name, amount in true.costs.items()}
    if program.unverified:
        trades = as_arrays(claim.trades, snapshot)
        actual |= {cost_name(cost): cost.value(snapshot, trades) for cost in program.unverified}
    said = {line.name: line.dollars for line in claim.costs}
    faults: list[str | None] = [*_names("cost", said, actual)]
    if len(said) != len(claim.costs):
        faults.append("a cost stands twice")
    faults += [_real(name, said[name], actual[name], digit=DIGIT) for name in sorted(said.keys() & actual.keys())]
    return faults


def _objective(claim: HouseholdPlan, said: Objective) -> list[str | None]:
    posed = sum((Decimal(repr(line.dollars)) for line in claim.costs), Decimal(0))
    faults = [_real("posed, the sum of the costs", said.posed, float(posed), digit=DIGIT / 2)]
    if isfinite(said.bound):
        gap = said.posed - said.bound
        faults.append(_real("gap", said.gap, gap, digit=DIGIT))
        if gap < -DIGIT:
            faults.append(f"the bound {money(said.bound)} is above what the plan costs, {money(said.posed)}")
        if claim.value > 0:
            faults.append(_real("gap_bp", said.gap_bp, gap / float(claim.value) * 1e4, digit=DIGIT))
    return faults


def _tracking(claim: HouseholdPlan, true: Verification) -> list[str | None]:
    if claim.tracking is None:
        return ["the plan states none"]
    return [
        _real(name, getattr(claim.tracking, name), getattr(true.tracking, name), digit=WEIGHT)
        for name in ("before", "after", "do_nothing")
    ]


def _drift(said: Iterable[Drift], true: Iterable[Drift]) -> list[str | None]:
    claimed: Mapping[str, Drift] = {f"{row.account}/{row.symbol}": row for row in said}
    actual: Mapping[str, Drift] = {f"{row.account}/{row.symbol}": row for row in true}
    faults: list[str | None] = [*_names("weight of", claimed, actual)]
    for name in sorted(claimed.keys() & actual.keys()):
        faults += [
            _real(f"{name} {part}", getattr(claimed[name], part), getattr(actual[name], part), digit=WEIGHT)
            for part in ("target", "before", "after")
        ]
    return faults


def _locks(said: Iterable[Lock], true: Iterable[Lock]) -> list[str]:
    def written(locks: Iterable[Lock]) -> list[str]:
        return [f"of {', '.join(lock.symbols)} until {lock.no_buy_until.isoformat()}" for lock in locks]

    return _names("lock", written(said), written(true))


def _reasons(claim: HouseholdPlan, true: Verification, snapshot: Snapshot, program: Program) -> list[str]:
    """Sentences that the facts do not say; none to compare where a trade cannot be carried out on the book."""
    names = {(snapshot.account[a], s) for a, s in zip(snapshot.account_of, snapshot.symbol, strict=True)}
    names &= {(row.account, row.symbol) for row in true.drift}
    if any((trade.account, trade.symbol) not in names for trade in claim.trades):
        return []
    told = with_reasons(claim.trades, snapshot, true, program=program)
    return [
        f"of {said.symbol} in {said.account}: the plan says {said.reason!r}, the facts say {fact.reason!r}"
        for said, fact in zip(claim.trades, told, strict=True)
        if said.reason != fact.reason
    ]


def _not_done(claim: HouseholdPlan, said: Explanation, snapshot: Snapshot, program: Program) -> Iterator[str | None]:
    """What the plan says of trades not made, again; limits are priced by solving, which nobody does here."""
    again = not_done(program, snapshot, as_arrays(claim.trades, snapshot), kept=claim.wash_sales.kept)
    if [(one.account, one.symbol) for one in said.not_done] != [(one.account, one.symbol) for one in again]:
        yield "it is about other securities"
        return
    for one, fact in zip(said.not_done, again, strict=True):
        if (one.rule, one.because) != (fact.rule, fact.because):
            yield f"of {one.symbol} in {one.account}: the plan says {one.because!r}, the facts say {fact.because!r}"
        for name, dollars in (fact.change or {}).items():
            yield _real(f"{one.symbol} {name}", (one.change or {}).get(name, nan), dollars, digit=DIGIT)


def _kept(claim: HouseholdPlan, true: Verification, snapshot: Snapshot) -> list[str]:
    def written(entries: Iterable[object]) -> list[str]:
        return [f"{getattr(entry, 'symbol', '')} ({getattr(entry, 'rule', '')})" for entry in entries]

    return _names("rule on", written(claim.wash_sales.kept), written(kept(claim.trades, snapshot, true)))
