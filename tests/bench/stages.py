"""Where the time of a household goes, stage by stage: ``python -m tests.bench.stages BOOK``.

Households are planned one by one in one process with compiled kernels; every figure is the processor's time of this
process, so that a busy machine does not count. One household of each kind is planned before and not counted.

Columns
-------
kind, value
    As in :mod:`tests.bench.households`.
households
    Planned ones; failures are left out.
snapshot
    Milliseconds from the book's facts to arrays, median; the same for every column that follows.
form
    The program's separable form of them.
search
    The search and its certificate, the note on a standing relief order included.
list, verify, worst
    The exact trade list, and carrying it out in Decimal with every check and figure; and that at its worst.
explain
    Cost lines, kept rules, reasons, notes and what else makes the plan of it.
write
    The plan as JSON text.
verify %, solve %
    Share of all time that list, verify and explain take, and that form and search take.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from lotwright.book.failure import Failure
from lotwright.files.plan_json import plan_to_json
from lotwright.plan.household import plan_household
from lotwright.plan.separable.tree import Effort
from lotwright.plan.take_snapshot import take_snapshot
from lotwright.plan.terms import RiskNumbers
from lotwright.plan.trade_list import as_arrays, trade_list
from lotwright.plan.verify import verify
from tests.bench.sample import Case, Sample, rows_of, take_sample, warm_up
from tests.bench.table import print_table, quantile

COLUMNS = (
    "kind", "value", "households", "snapshot", "form", "search", "list", "verify", "worst", "explain", "write",
    "verify %", "solve %",
)  # fmt: skip
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stages:
    """Seconds of the processor that each stage of one household took."""

    snapshot: float
    form: float
    search: float
    list: float
    verify: float
    explain: float
    write: float

    @property
    def after(self) -> float:
        """Everything between the search and the finished plan."""
        return self.list + self.verify + self.explain

    @property
    def total(self) -> float:
        """All stages."""
        return self.snapshot + self.form + self.search + self.after + self.write


def measure(sample: Sample, effort: Effort) -> dict[str, Stages]:
    """Every household of the sample that has a plan, by name."""
    warm_up(sample)
    risk = RiskNumbers(symbols=sample.risk.symbols, exposure=sample.risk.exposure, specific=sample.risk.specific)
    found = {case.name: _stages(case, sample, effort, risk) for case in sample.cases}
    return {name: stages for name, stages in found.items() if stages is not None}


def _stages(case: Case, sample: Sample, effort: Effort, risk: RiskNumbers) -> Stages | None:
    """What one household takes: planned once as it always is, and its parts done once more to tell them apart."""
    market, program = sample.book.market, sample.program
    plan = plan_household(
        case.household,
        name=case.name,
        market=market,
        risk=sample.risk,
        program=program,
        effort=effort,
        clock=time.process_time,
    )
    snapshot = take_snapshot(case.household, market, sample.risk)
    if plan.failure is not None or isinstance(snapshot, Failure):
        return None
    trades, terms = as_arrays(plan.trades, snapshot), program.terms()
    form, _ = _timed(lambda: program.form(snapshot))
    listed, orders = _timed(lambda: trade_list(trades, snapshot, terms=terms))
    verified, _ = _timed(lambda: verify(orders, case.household, market, terms=terms, risk=risk))
    written, _ = _timed(lambda: json.dumps(plan_to_json(plan)))
    return Stages(
        snapshot=plan.timing.pose,
        form=form,
        search=max(plan.timing.solve - form, 0.0),
        list=listed,
        verify=verified,
        explain=max(plan.timing.verify - listed - verified, 0.0),
        write=written,
    )


def _timed(work: Callable[[], Result]) -> tuple[float, Result]:
    """Seconds of the processor, and what was made."""
    started = time.process_time()
    made = work()
    return time.process_time() - started, made


def row(kind: str, bucket: str, chosen: Sequence[Stages]) -> list[str]:
    """One line of the table."""

    def median(part: Callable[[Stages], float]) -> str:
        return f"{1e3 * quantile([part(one) for one in chosen], 0.5):.2f}"

    total = sum(one.total for one in chosen)
    return [
        kind,
        bucket,
        str(len(chosen)),
        *(median(part) for part in (lambda s: s.snapshot, lambda s: s.form, lambda s: s.search)),
        *(median(part) for part in (lambda s: s.list, lambda s: s.verify)),
        f"{1e3 * quantile([one.verify for one in chosen], 1.0):.2f}",
        *(median(part) for part in (lambda s: s.explain, lambda s: s.write)),
        _percent(sum(one.after for one in chosen), total),
        _percent(sum(one.form + one.search for one in chosen), total),
    ]


def _percent(part: float, whole: float) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.stages", description=__doc__.split("\n")[0])
    parser.add_argument("book", type=Path)
    parser.add_argument("--households", type=int, help="that many at random; all if not given")
    parser.add_argument("--time-limit", type=float, default=10.0, help="seconds a household (default 10)")
    parser.add_argument("--gap-bp", type=float, default=0.1, help="basis points to stop at (default 0.1)")
    parser.add_argument("--seed", type=int, default=7, help="of the choice of households")
    given = parser.parse_args()
    sample = take_sample(given.book, households=given.households, seed=given.seed)
    of = measure(sample, Effort(gap_bp=given.gap_bp, seconds=given.time_limit))
    rows = [
        row(kind, bucket, [of[case.name] for case in cases if case.name in of])
        for kind, bucket, cases in rows_of(sample.cases, by_bucket=False)
    ]
    said = (
        f"Input: {given.book.name}, as of {sample.book.market.as_of}, {len(of)} planned of {len(sample.cases)} households"
        f" (seed {given.seed}), program {sample.program.name}, asked gap {given.gap_bp:g} bp, at most"
        f" {given.time_limit:g} s each; milliseconds of processor time"
    )
    print_table("Stages of a household", [said], COLUMNS, rows)


if __name__ == "__main__":
    main()
