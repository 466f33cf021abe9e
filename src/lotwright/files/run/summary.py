"""What a run came to: counts, dollars, how good the plans are, how long they took, and who has none and why.

Made from the columns of the tables alone, part by part; a household costs sixteen bytes of memory.
"""

from __future__ import annotations

import heapq
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lotwright.files.run.folder import RunFolder

SCHEMA = "lotwright.run_summary/1"
COLUMNS = [
    "household", "status", "reason", "value", "trades", "gap_bp", "tax", "tax_without_plan", "tracking_before",
    "tracking_after", "is_stopped", "read_seconds", "pose_seconds", "solve_seconds", "verify_seconds",
]  # fmt: skip
SHARES = (0.5, 0.9, 0.99, 0.999, 1.0)
"""Of the households, for quantiles."""
LISTED = 10
"""Households named in each list of extremes."""


@dataclass(slots=True, eq=False)
class Summary:
    """Sums over a run; ``gap_bp`` and ``seconds`` of solving have an entry for each household that has one."""

    households: int = 0
    status: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    example: dict[str, str] = field(default_factory=dict)
    trades: int = 0
    value: Decimal = Decimal(0)
    tax_saved: Decimal = Decimal(0)
    stopped: int = 0
    gap_bp: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    seconds: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    phases: dict[str, float] = field(default_factory=dict)
    widest: list[tuple[float, str]] = field(default_factory=list)
    slowest: list[tuple[float, str]] = field(default_factory=list)
    saving: list[tuple[float, str]] = field(default_factory=list)
    tracking: tuple[float, float] = (0.0, 0.0)

    def to_json(self) -> dict[str, Any]:
        """The summary as JSON-ready values."""
        return {
            "schema": SCHEMA,
            "households": self.households,
            **{name: self.status[name] for name in ("planned", "nothing_to_do", "failed")},
            "failures": {
                reason: {"count": count, "example": self.example[reason]}
                for reason, count in sorted(self.reasons.items(), key=lambda item: (-item[1], item[0]))
            },
            "trades": self.trades,
            "value": float(self.value),
            "tax_saved": float(self.tax_saved),
            "tracking": {"before": self.tracking[0], "after": self.tracking[1]},
            "gap_bp": {
                **_quantiles(self.gap_bp),
                "within_0.1": _within(self.gap_bp, 0.1),
                "within_0.5": _within(self.gap_bp, 0.5),
                "unknown": self.households - self.status["failed"] - len(self.gap_bp),
            },
            "solve_seconds": _quantiles(self.seconds),
            "worker_seconds": {name: round(total, 3) for name, total in self.phases.items()},
            "stopped_early": self.stopped,
            "widest_gaps": [{"household": name, "gap_bp": gap} for gap, name in self.widest],
            "slowest": [{"household": name, "seconds": seconds} for seconds, name in self.slowest],
            "largest_tax_saved": [{"household": name, "dollars": dollars} for dollars, name in self.saving],
        }


def summarise(folder: RunFolder) -> Summary:
    """Return the summary of what is finished in a run's folder."""
    summary = Summary()
    gaps, seconds = [np.zeros(0)], [np.zeros(0)]
    weighed = np.zeros(3)
    for table in folder.finished("plans", COLUMNS):
        part = {name: table.column(name).to_pylist() for name in COLUMNS}
        _count(summary, part)
        weighed += _tracked(part)
        gaps.append(np.array([gap for gap in part["gap_bp"] if gap is not None], dtype=float))
        seconds.append(np.array(part["solve_seconds"], dtype=float))
    summary.gap_bp, summary.seconds = np.concatenate(gaps), np.concatenate(seconds)
    if weighed[0] > 0:
        before, after = np.sqrt(weighed[1:] / weighed[0]).tolist()
        summary.tracking = (before, after)
    return summary


def _count(summary: Summary, part: dict[str, list[Any]]) -> None:
    names = part["household"]
    summary.households += len(names)
    summary.status.update(part["status"])
    for name, reason in zip(names, part["reason"], strict=True):
        if reason is not None:
            summary.reasons[reason] += 1
            summary.example.setdefault(reason, name)
    summary.trades += sum(part["trades"])
    summary.value += sum(part["value"], Decimal(0))
    summary.stopped += sum(part["is_stopped"])
    pairs = zip(part["tax"], part["tax_without_plan"], strict=True)
    saved = [None if tax is None else without - tax for tax, without in pairs]
    summary.tax_saved += sum((each for each in saved if each is not None), Decimal(0))
    for phase in ("read", "pose", "solve", "verify"):
        summary.phases[phase] = summary.phases.get(phase, 0.0) + sum(part[f"{phase}_seconds"])
    summary.widest = _largest(summary.widest, zip(part["gap_bp"], names, strict=True))
    summary.slowest = _largest(summary.slowest, zip(part["solve_seconds"], names, strict=True))
    summary.saving = _largest(
        summary.saving, ((None if each is None else float(each), name) for each, name in zip(saved, names, strict=True))
    )


def _tracked(part: dict[str, list[Any]]) -> NDArray[np.float64]:
    """Value, and value times variance before and after, over the households that have a tracking error."""
    rows = zip(part["value"], part["tracking_before"], part["tracking_after"], strict=True)
    known = [
        (float(value), float(value) * before**2, float(value) * after**2)
        for value, before, after in rows
        if before is not None
    ]
    total: NDArray[np.float64] = np.array(known, dtype=float).reshape(-1, 3).sum(axis=0)
    return total


def _largest(kept: list[tuple[float, str]], more: Any) -> list[tuple[float, str]]:
    rows = [*kept, *((figure, name) for figure, name in more if figure is not None)]
    return heapq.nsmallest(LISTED, rows, key=lambda row: (-row[0], row[1]))


def _quantiles(values: NDArray[np.float64]) -> dict[str, float | None]:
    if not len(values):
        return {f"{share:g}": None for share in SHARES}
    return {f"{share:g}": float(np.quantile(values, share)) for share in SHARES}


def _within(values: NDArray[np.float64], most: float) -> float | None:
    return float(np.mean(values <= most)) if len(values) else None
