"""Our plan against others' on the same accounts and prices: ``python -m tests.bench.baselines BOOK``.

Every answer, ours included, is carried out by our verifier on the book: its objective is the verifier's exact costs
under the program ``balanced``, its violations the verifier's failed checks. Households of one account only.

Ways
----
lotwright
    Snapshot, form and certified search.
cvxpy + OSQP, + Clarabel, + PIQP
    The textbook way (:mod:`tests.bench.textbook`): convex QP with linear tax rates, default settings, then net, round
    towards zero and choose lots. ``sides``: solved again without buying what it also sells, before rounding.
general path
    ``plan/general``: cvxpy relaxation, HiGHS on tangents, polish; ended after ``--general`` seconds; left out unless asked.
SCIP
    The exact program through cvxpy, ended after ``--scip`` seconds; only up to ``--scip-names`` holdings.
DiscreteAllocation, sell everything, HIFO, bands, genetic
    What people do without an optimiser, and a genetic algorithm (:mod:`tests.bench.rules`).

Two tables are printed: what the plans are, and how they compare with ours.

Columns of the first
--------------------
kind, way, tried, answered, allowed
    As in the second.
objective
    Median posed objective in basis points of value; only accounts with an answer.
tax, tracking, tickets, cash
    Medians over the answers: the tax cost of the objective (this year's tax and the worth of losses carried, bp of value),
    tracking error a year, orders, and cash left (percent of value).
violations
    The checks of the verifier that fail, each with the number of answers that fail it; ``wash_sale`` among them. One answer
    may fail several.

Columns of the second
---------------------
kind, way
tried, answered
    Accounts given to the way, and those for which it came back with trades in its time.
allowed
    Share of the answers that pass every check of the verifier.
cash, wash, other
    Answers that fail that check; one answer may fail several. ``other``: relief order, restrictions, tickets, ...
both
    Share of the answers whose relaxed solution buys and sells one security, more than a dollar each, before netting.
worse by: median, 90 %, worst, best
    Posed objective minus ours in basis points of value, over all answers. Negative is better than ours, and possible
    within our certified gap, or where the answer is not allowed.
worse (allowed): median, best
    The same over allowed answers: the fair comparison, for the other is easier to please.
ms median, 90 %
    From the snapshot to whole-share trades; ours from the household on. Ways that were ended count with their limit.
times ours
    Median over accounts of the way's time by our time.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lotwright.book.failure import Failure
from lotwright.plan.paths import solve
from lotwright.plan.separable.tree import Effort
from lotwright.plan.take_snapshot import take_snapshot
from lotwright.plan.terms import RiskNumbers
from lotwright.plan.trade_list import trade_list
from lotwright.plan.verify import Verification, verify
from tests.bench.judges import by_deadline, general, scip
from tests.bench.rules import RULES, genetic, timed
from tests.bench.sample import KINDS, Case, Sample, take_sample, warm_up
from tests.bench.table import milliseconds, points, print_table, quantile, ratio, share
from tests.bench.textbook import WAYS, Answer, textbook

OURS = "lotwright"
GENETIC = "genetic, as long as ours"
LONGER = "genetic, longer"
Judged = tuple[Verification, int]
"""What the verifier says of an answer, and how many orders it is."""
FACTS = (
    "kind", "way", "tried", "answered", "allowed", "objective bp", "tax bp", "tracking", "tickets", "cash", "violations",
)  # fmt: skip
COLUMNS = (
    "kind", "way", "tried", "answered", "allowed", "cash", "wash", "other", "both",
    "worse by: median", "90 %", "worst", "best", "allowed: median", "best", "ms median", "90 %", "times ours",
)  # fmt: skip


@dataclass(slots=True, kw_only=True, eq=False)
class Tally:
    """What one way did on one kind of account."""

    tried: int = 0
    allowed: int = 0
    cash: int = 0
    wash: int = 0
    other: int = 0
    both: int = 0
    worse: list[float] = field(default_factory=list)
    worse_allowed: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    ratios: list[float] = field(default_factory=list)
    figures: list[tuple[float, ...]] = field(default_factory=list)
    """Of every answer: objective (bp), tax (bp), tracking error, orders, cash (fraction)."""
    broken: Counter[str] = field(default_factory=Counter)
    """Answers that fail each check, by its name."""

    def add(self, answer: Answer, judged: Judged | None, *, ours: Verification, our_seconds: float) -> None:
        """Count one answer."""
        self.tried += 1
        self.seconds.append(answer.seconds)
        self.ratios.append(answer.seconds / our_seconds)
        if judged is None:
            return
        true, orders = judged
        failed = {check.name for check in true.failed}
        worse = float((true.posed - ours.posed) / ours.value * 10_000)
        self.worse.append(worse)
        self.figures.append(_figures(true, orders))
        self.broken.update(failed)
        self.both += answer.both > 0
        self.cash += "cash" in failed
        self.wash += "wash_sale" in failed
        self.other += bool(failed - {"cash", "wash_sale"})
        if not failed:
            self.allowed += 1
            self.worse_allowed.append(worse)

    def facts(self, kind: str, way: str) -> list[str]:
        """One line of the first table."""
        columns = list(zip(*self.figures, strict=True)) or [()] * 5
        objective, tax, error, tickets, cash = (quantile(column, 0.5) for column in columns)
        named = ", ".join(f"{name} {count}" for name, count in sorted(self.broken.items()))
        return [
            kind,
            way,
            str(self.tried),
            str(len(self.worse)),
            share(self.allowed, len(self.worse)),
            points(objective),
            points(tax),
            *((f"{error:.2%}", f"{tickets:.0f}", f"{cash:.2%}") if self.figures else ("-", "-", "-")),
            named or ("none" if self.figures else "-"),
        ]

    def row(self, kind: str, way: str) -> list[str]:
        """One line of the table."""
        answered = len(self.worse)
        return [
            kind,
            way,
            str(self.tried),
            str(answered),
            share(self.allowed, answered),
            *(str(count) for count in (self.cash, self.wash, self.other)),
            share(self.both, answered),
            *(points(quantile(self.worse, at)) for at in (0.5, 0.9, 1.0, 0.0)),
            *(points(quantile(self.worse_allowed, at)) for at in (0.5, 0.0)),
            *(milliseconds(quantile(self.seconds, at)) for at in (0.5, 0.9)),
            ratio(quantile(self.ratios, 0.5)),
        ]


def _figures(true: Verification, orders: int) -> tuple[float, ...]:
    value = float(true.value)
    cash = float(sum(movement.after for movement in true.cash.values()))
    return (
        float(true.posed) / value * 1e4,
        float(true.costs["tax"]) / value * 1e4,
        true.tracking.after,
        float(orders),
        cash / value,
    )


def ours(sample: Sample, case: Case, effort: Effort) -> Answer:
    """Our plan of an account, from its facts to whole-share trades."""
    started = time.perf_counter()
    snapshot = take_snapshot(case.household, sample.book.market, sample.risk)
    if isinstance(snapshot, Failure):
        return Answer(trades=None, seconds=time.perf_counter() - started, both=0)
    found = solve(sample.program, snapshot, effort, clock=time.perf_counter)
    trades = None if isinstance(found, Failure) else found.trades
    return Answer(trades=trades, seconds=time.perf_counter() - started, both=0)


def judge(sample: Sample, case: Case, answer: Answer) -> Judged | None:
    """The verifier's word on an answer, and how many orders it is."""
    if answer.trades is None:
        return None
    terms = sample.program.terms()
    risk = RiskNumbers(symbols=sample.risk.symbols, exposure=sample.risk.exposure, specific=sample.risk.specific)
    listed = trade_list(answer.trades, case.snapshot, terms=terms)
    return verify(listed, case.household, sample.book.market, terms=terms, risk=risk), len(listed)


def ways_for(
    sample: Sample, case: Case, given: argparse.Namespace, *, our_seconds: float
) -> dict[str, Callable[[], Answer]]:
    """Every other way, ready to run."""
    program, snapshot = sample.program, case.snapshot
    ways: dict[str, Callable[[], Answer]] = {
        name: lambda way=way: textbook(program, snapshot, way=way) for name, way in WAYS.items()
    }
    ways |= {name: lambda rule=rule: timed(rule, snapshot) for name, rule in RULES.items()}
    ways[GENETIC] = lambda: genetic(program, snapshot, seconds=our_seconds)
    if given.genetic > 0:
        ways[LONGER] = lambda: genetic(program, snapshot, seconds=given.genetic)
    if given.general > 0:
        ways["general path"] = lambda: by_deadline(general, program, snapshot, seconds=given.general)
    if len(snapshot.symbol) <= given.scip_names:
        ways["SCIP"] = lambda: by_deadline(scip, program, snapshot, seconds=given.scip)
    return ways


def compare(sample: Sample, given: argparse.Namespace) -> tuple[dict[tuple[str, str], Tally], list[str]]:
    """Tallies by kind and way, and the households left out because we have no plan of them."""
    tallies: dict[tuple[str, str], Tally] = {}
    left_out = []
    effort = Effort(gap_bp=given.gap_bp, seconds=given.time_limit)
    for case in sample.cases:
        mine = ours(sample, case, effort)
        true = judge(sample, case, mine)
        if true is None:
            left_out.append(case.name)
            continue
        answers = {OURS: (mine, true)}
        for name, way in ways_for(sample, case, given, our_seconds=mine.seconds).items():
            answer = way()
            answers[name] = (answer, judge(sample, case, answer))
        for name, (answer, judged) in answers.items():
            tally = tallies.setdefault((case.kind, name), Tally())
            tally.add(answer, judged, ours=true[0], our_seconds=mine.seconds)
    return tallies, left_out


def lines(tallies: dict[tuple[str, str], Tally], of: Callable[[Tally, str, str], list[str]]) -> Sequence[list[str]]:
    """Rows by kind, the ways in one order."""
    ways = (OURS, *WAYS, *RULES, GENETIC, LONGER, "general path", "SCIP")
    listed = [(kind, way) for kind in KINDS for way in ways if (kind, way) in tallies]
    return [of(tallies[key], key[0] if key[1] == OURS else "", key[1]) for key in listed]


def main() -> None:
    """Compare and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.baselines", description=__doc__.split("\n")[0])
    parser.add_argument("book", type=Path)
    parser.add_argument("--households", type=int, default=20, help="that many at random (default 20: some minutes)")
    parser.add_argument("--time-limit", type=float, default=10.0, help="seconds an account for ours (default 10)")
    parser.add_argument("--gap-bp", type=float, default=0.1, help="basis points for ours to stop at (default 0.1)")
    parser.add_argument("--genetic", type=float, default=2.0, help="seconds for it; 0: left out (default 2)")
    parser.add_argument("--general", type=float, default=0.0, help="seconds for it (default 0: left out)")
    parser.add_argument("--scip", type=float, default=10.0, help="seconds for it (default 10)")
    parser.add_argument("--scip-names", type=int, default=0, help="most holdings of an account for SCIP (default 0)")
    parser.add_argument("--seed", type=int, default=7, help="of the choice of households")
    given = parser.parse_args()
    sample = take_sample(given.book, households=given.households, seed=given.seed, only_single=True)
    if not sample.cases:
        parser.error(f"{given.book} has no household of one account that can be planned.")
    warm_up(sample)
    tallies, left_out = compare(sample, given)
    said = (
        f"Input: {given.book.name}, as of {sample.book.market.as_of}, {len(sample.cases)} households of one account"
        f" (seed {given.seed}), program {sample.program.name}, ours to {given.gap_bp:g} bp or {given.time_limit:g}"
        f" s, genetic as long as ours and {given.genetic:g} s, general path {given.general:g} s, SCIP {given.scip:g} s up to"
        f" {given.scip_names} names; objective in bp by our verifier"
    )
    left = f"Left out, no plan of ours: {', '.join(left_out) or 'none'}"
    print_table("Baselines: what the plans are", [said, left], FACTS, lines(tallies, Tally.facts))
    print_table("Baselines: against ours", [said], COLUMNS, lines(tallies, Tally.row))


if __name__ == "__main__":
    main()
