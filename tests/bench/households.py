"""How good and how fast plans are: ``python -m tests.bench.households BOOK``.

Households are planned one by one in one process with compiled kernels; one of each kind is planned before and not
counted. Reading, the risk model and Python's start are not in the times.

Columns
-------
kind, value
    Kind of model (all targets funds; else stocks, by the size of the model; several accounts: joint) and the bucket of
    household value.
households, planned, failed
    Failures by reason are named under the heading. ``planned`` counts plans that trade nothing too.
<= 0.1 bp, <= 0.5 bp
    Share of the planned whose certified gap is at most that, in basis points of household value.
worst gap
    Largest certified gap, bp.
plan median, 90 %, worst
    Milliseconds for snapshot, form and search, that for the note on a standing relief order included.
verify median, worst
    Milliseconds for the trade list, its verification in Decimal and the report.
nodes median, 90 %, worst
    Boxes of the search tree that were split.
stopped
    Searches that the clock or the node limit ended before the asked gap.
a second
    Households through snapshot, form and search in one second of one core, failures included.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from lotwright.plan.household import plan_household
from lotwright.plan.result import HouseholdPlan
from lotwright.plan.separable.tree import Effort
from tests.bench.sample import Case, Sample, rows_of, take_sample, warm_up
from tests.bench.table import milliseconds, points, print_table, quantile, share

COLUMNS = (
    "kind", "value", "households", "planned", "failed", "<= 0.1 bp", "<= 0.5 bp", "worst gap",
    "plan median", "90 %", "worst", "verify median", "worst", "nodes median", "90 %", "worst", "stopped", "a second",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Measured:
    """One household planned."""

    case: Case
    plan: HouseholdPlan

    @property
    def seconds(self) -> float:
        """Snapshot, form and search."""
        return self.plan.timing.pose + self.plan.timing.solve

    @property
    def nodes(self) -> int:
        """Boxes split; every other box is a leaf and carries multipliers."""
        if self.plan.objective is None:
            return 0
        return sum("multipliers" not in node for node in self.plan.objective.multipliers.get("nodes", ()))

    @property
    def is_stopped(self) -> bool:
        """True where the plan says that the search was stopped."""
        return any(note.startswith("The search stopped") for note in self.plan.notes)


def measure(sample: Sample, effort: Effort) -> list[Measured]:
    """Every household of the sample, planned once."""
    warm_up(sample)
    return [
        Measured(
            case=case,
            plan=plan_household(
                case.household,
                name=case.name,
                market=sample.book.market,
                risk=sample.risk,
                program=sample.program,
                effort=effort,
            ),
        )
        for case in sample.cases
    ]


def row(kind: str, bucket: str, chosen: Sequence[Measured]) -> list[str]:
    """One line of the table."""
    planned = [one for one in chosen if one.plan.objective is not None]
    gaps = [one.plan.objective.gap_bp for one in planned if one.plan.objective is not None]
    seconds = [one.seconds for one in chosen]
    checks = [one.plan.timing.verify for one in planned]
    nodes = [float(one.nodes) for one in planned]
    return [
        kind,
        bucket,
        str(len(chosen)),
        str(len(planned)),
        str(len(chosen) - len(planned)),
        share(sum(gap <= 0.1 for gap in gaps), len(planned)),
        share(sum(gap <= 0.5 for gap in gaps), len(planned)),
        points(max(gaps, default=float("nan"))),
        *(milliseconds(quantile(seconds, at)) for at in (0.5, 0.9, 1.0)),
        *(milliseconds(quantile(checks, at)) for at in (0.5, 1.0)),
        *(f"{quantile(nodes, at):.0f}" if nodes else "-" for at in (0.5, 0.9, 1.0)),
        str(sum(one.is_stopped for one in planned)),
        f"{len(chosen) / sum(seconds):.1f}" if sum(seconds) else "-",
    ]


def failures(measured: Sequence[Measured], sample: Sample) -> str:
    """Failures by reason, and which households they are."""
    found = [(name, failure.reason) for name, failure in sample.unusable.items()]
    found += [(one.case.name, one.plan.failure.reason) for one in measured if one.plan.failure is not None]
    count = Counter(reason for _, reason in found)
    named = [
        f"{reason} {number} ({', '.join(sorted(name for name, why in found if why == reason)[:8])})"
        for reason, number in sorted(count.items())
    ]
    return "; ".join(named) or "none"


def write_json(path: Path, measured: Sequence[Measured]) -> None:
    """A row for each household, for looking closer."""
    path.write_text(
        json.dumps(
            [
                {
                    "household": one.case.name,
                    "kind": one.case.kind,
                    "bucket": one.case.bucket,
                    "value": one.case.snapshot.total_value,
                    "gap_bp": None if one.plan.objective is None else one.plan.objective.gap_bp,
                    "seconds": one.seconds,
                    "verify": one.plan.timing.verify,
                    "nodes": one.nodes,
                    "failure": None if one.plan.failure is None else one.plan.failure.message,
                }
                for one in measured
            ],
            indent=1,
        ),
        encoding="utf-8",
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.households", description=__doc__.split("\n")[0])
    parser.add_argument("book", type=Path)
    parser.add_argument("--households", type=int, help="that many at random; all if not given")
    parser.add_argument("--time-limit", type=float, default=10.0, help="seconds a household (default 10)")
    parser.add_argument("--gap-bp", type=float, default=0.1, help="basis points to stop at (default 0.1)")
    parser.add_argument("--seed", type=int, default=7, help="of the choice of households")
    parser.add_argument("--json", type=Path, help="write a row for each household here")
    given = parser.parse_args()
    sample = take_sample(given.book, households=given.households, seed=given.seed)
    measured = measure(sample, Effort(gap_bp=given.gap_bp, seconds=given.time_limit))
    if given.json is not None:
        write_json(given.json, measured)
    of = {one.case.name: one for one in measured}
    rows = [row(kind, bucket, [of[case.name] for case in cases]) for kind, bucket, cases in rows_of(sample.cases)]
    said = (
        f"Input: {given.book.name}, as of {sample.book.market.as_of}, {len(sample.cases)} of"
        f" {len(sample.book.households)} households (seed {given.seed}), program {sample.program.name},"
        f" asked gap {given.gap_bp:g} bp, at most {given.time_limit:g} s each; times in ms"
    )
    print_table(
        "Households",
        [
            said,
            f"Failures: {failures(measured, sample)}",
        ],
        COLUMNS,
        rows,
    )


if __name__ == "__main__":
    main()
