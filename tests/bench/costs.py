"""What exact netting, FIFO and whole shares cost: ``python -m tests.bench.costs BOOK``.

Each question plans the same account twice, to the same gap, and compares. Households of one account only.

Questions
---------
exact netting
    The year's exact tax against a linear one, each gain and loss at its own rate. ``bp`` is what the linear plan loses:
    its exact cost minus the exact plan's. ``time`` is exact by linear. Taxable accounts.
fifo
    The account under FIFO against the same account free to choose lots. ``bp`` is what the client pays for FIFO,
    ``time`` FIFO by free. Taxable accounts.
whole shares
    The account trading whole shares against the same account with ten-thousandths. ``bp`` is what whole shares cost,
    ``time`` whole by fractional.

Columns
-------
question, kind and value
    Kind of model, and the bucket of account value within it.
accounts
    Compared: those where both plans exist.
no plan
    Accounts left out because one of the two has no plan.
bp median, 90 %, worst, least
    Basis points of account value. Below zero by at most the gap both were planned to (``least``).
stopped
    Accounts where the clock ended one of the two searches before the asked gap; not in the times, and their bp are less
    certain.
time median, 90 %
    Ratio of the two times, snapshot, form and search, account by account.
of sums
    Ratio of the sums of times.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

import numpy as np

from lotwright.book.failure import Failure
from lotwright.book.holdings import Household
from lotwright.book.kinds import Relief
from lotwright.plan.costs import Tax
from lotwright.plan.costs.amounts import gains
from lotwright.plan.paths import solve
from lotwright.plan.program import Program
from lotwright.plan.protocols import Trades
from lotwright.plan.separable.form import SeparableForm
from lotwright.plan.separable.tree import Effort
from lotwright.plan.snapshot import Snapshot
from lotwright.plan.take_snapshot import take_snapshot
from lotwright.tax.household import household_tax
from tests.bench.sample import Case, Sample, rows_of, take_sample, warm_up
from tests.bench.table import points, print_table, quantile, ratio

COLUMNS = (
    "question", "kind and value", "accounts", "no plan", "bp median", "90 %", "worst", "least",
    "stopped", "time median", "90 %", "of sums",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class LinearTax:
    """Each gain and loss at its own rate, as if nothing were netted, carried or capped."""

    kind: ClassVar[str] = "tax"

    def rates(self, snapshot: Snapshot) -> tuple[float, float]:
        """Short and long rate of the household."""
        rates = household_tax(snapshot.household, as_of=snapshot.market.as_of).rates
        return float(rates.short), float(rates.long)

    def value(self, snapshot: Snapshot, trades: Trades) -> float:
        """Dollars."""
        return float(np.dot(self.rates(snapshot), gains(snapshot, trades)))

    def expression(self, snapshot: Snapshot, decision: object) -> object:
        """The cost for cvxpy, which is never asked here."""
        raise NotImplementedError

    def explain(self, snapshot: Snapshot, trades: Trades) -> str:
        """One sentence."""
        return f"Linear tax of ${self.value(snapshot, trades):,.2f}."

    def contribute(self, snapshot: Snapshot, form: SeparableForm) -> None:
        """One piece of one line."""
        short, long = self.rates(snapshot)
        form.pieces.append(np.array([[short, long, 0.0]]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Planned:
    """A plan, the arrays it was made on, the seconds it took, and whether a limit ended the search."""

    snapshot: Snapshot
    trades: Trades
    seconds: float
    is_stopped: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two plans of one account compared."""

    case: Case
    worse: float
    seconds: tuple[float, float]
    is_stopped: bool


def planned(sample: Sample, household: Household, program: Program, effort: Effort) -> Planned | None:
    """Plan one household; None where there is no plan."""
    started = time.perf_counter()
    snapshot = take_snapshot(household, sample.book.market, sample.risk)
    if isinstance(snapshot, Failure):
        return None
    found = solve(program, snapshot, effort, clock=time.perf_counter)
    seconds = time.perf_counter() - started
    if isinstance(found, Failure):
        return None
    stopped = found.stopped is not None
    return Planned(snapshot=snapshot, trades=found.trades, seconds=seconds, is_stopped=stopped)


def netting(sample: Sample, case: Case, effort: Effort) -> Pair | None:
    """Exact tax against linear tax."""
    costs = tuple(LinearTax() if isinstance(cost, Tax) else cost for cost in sample.program.costs)
    linear = Program(name="linear", says="Linear tax.", costs=costs, limits=sample.program.limits)
    exact = planned(sample, case.household, sample.program, effort)
    other = planned(sample, case.household, linear, effort)
    return pair(sample, case, exact, other, worse=other)


def fifo(sample: Sample, case: Case, effort: Effort) -> Pair | None:
    """FIFO against free choice of lots."""
    forced = planned(sample, with_account(case.household, relief=Relief.FIFO), sample.program, effort)
    free = planned(sample, with_account(case.household, relief=Relief.SPECIFIC), sample.program, effort)
    return pair(sample, case, forced, free, worse=forced)


def whole(sample: Sample, case: Case, effort: Effort) -> Pair | None:
    """Whole shares against fractions."""
    coarse = planned(sample, with_account(case.household, fractional=False), sample.program, effort)
    fine = planned(sample, with_account(case.household, fractional=True), sample.program, effort)
    return pair(sample, case, coarse, fine, worse=coarse)


def with_account(household: Household, **changed: object) -> Household:
    """The household with its accounts changed."""
    accounts = tuple(replace(account, **changed) for account in household.accounts)  # type: ignore[arg-type]
    return replace(household, accounts=accounts)


def pair(
    sample: Sample, case: Case, one: Planned | None, other: Planned | None, *, worse: Planned | None
) -> Pair | None:
    """Compare: exact cost of the ``worse`` plan minus the other's, times of ``one`` and ``other``."""
    if one is None or other is None or worse is None:
        return None
    better = other if worse is one else one
    dollars = sample.program.value(worse.snapshot, worse.trades) - sample.program.value(better.snapshot, better.trades)
    points_worse = dollars / one.snapshot.total_value * 10_000
    stopped = one.is_stopped or other.is_stopped
    return Pair(case=case, worse=points_worse, seconds=(one.seconds, other.seconds), is_stopped=stopped)


QUESTIONS: dict[str, tuple[Callable[[Sample, Case, Effort], Pair | None], bool]] = {
    "exact netting": (netting, True),
    "fifo": (fifo, True),
    "whole shares": (whole, False),
}
"""How each is answered, and whether of taxable accounts alone."""


def ask(question: str, sample: Sample, effort: Effort) -> list[list[str]]:
    """Rows of one question."""
    answer, taxable = QUESTIONS[question]
    cases = [case for case in sample.cases if not taxable or case.snapshot.is_taxable.any()]
    pairs = {case.name: answer(sample, case, effort) for case in cases}
    return [
        row(question if (kind, bucket) == first else "", f"{kind} {bucket}".strip(), [pairs[c.name] for c in chosen])
        for first in [next(((kind, bucket) for kind, bucket, _ in rows_of(cases)), ("", ""))]
        for kind, bucket, chosen in rows_of(cases)
    ]


def row(question: str, where: str, pairs: Sequence[Pair | None]) -> list[str]:
    """One line of the table."""
    good = [one for one in pairs if one is not None]
    worse = [one.worse for one in good]
    timed = [one.seconds for one in good if not one.is_stopped]
    ratios = [seconds[0] / seconds[1] for seconds in timed]
    sums = [sum(seconds[k] for seconds in timed) for k in (0, 1)]
    return [
        question,
        where,
        str(len(good)),
        str(len(pairs) - len(good)),
        *(points(quantile(worse, at)) for at in (0.5, 0.9, 1.0, 0.0)),
        str(sum(one.is_stopped for one in good)),
        *(ratio(quantile(ratios, at)) for at in (0.5, 0.9)),
        ratio(sums[0] / sums[1] if sums[1] else float("nan")),
    ]


def main() -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.costs", description=__doc__.split("\n")[0])
    parser.add_argument("book", type=Path)
    parser.add_argument("--households", type=int, default=40, help="that many at random (default 40)")
    parser.add_argument("--time-limit", type=float, default=10.0, help="seconds a plan (default 10)")
    parser.add_argument("--gap-bp", type=float, default=0.1, help="basis points to stop at (default 0.1)")
    parser.add_argument("--seed", type=int, default=7, help="of the choice of households")
    parser.add_argument("--only", choices=sorted(QUESTIONS), help="one question")
    given = parser.parse_args()
    sample = take_sample(given.book, households=given.households, seed=given.seed, only_single=True)
    warm_up(sample)
    effort = Effort(gap_bp=given.gap_bp, seconds=given.time_limit)
    rows = [line for question in QUESTIONS if given.only in (None, question) for line in ask(question, sample, effort)]
    said = (
        f"Input: {given.book.name}, as of {sample.book.market.as_of}, {len(sample.cases)} households of one account"
        f" (seed {given.seed}), program {sample.program.name}, both plans to {given.gap_bp:g} bp or"
        f" {given.time_limit:g} s"
    )
    print_table(
        "Costs of being exact and of being told",
        [
            said,
        ],
        COLUMNS,
        rows,
    )


if __name__ == "__main__":
    main()
