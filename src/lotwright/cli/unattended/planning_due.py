"""Plans of the households that are due: in this process where they are few, else in parts, with workers, as a batch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from lotwright.book.holdings import Pending
from lotwright.book.pending import with_pending
from lotwright.cli.unattended.some_of_a_book import freeze
from lotwright.files.books import read_book
from lotwright.files.plan_json import plan_to_json
from lotwright.files.risk_store import risk_model
from lotwright.files.run.durable import write_bytes_durably
from lotwright.plan.plans import plan
from lotwright.plan.separable.tree import Effort

FEW = 20
"""Households up to which starting workers takes longer than planning without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Households planned with one program (None: each with its own)."""

    number: int
    program: str | None
    households: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What is planned from: the book, prices in place of its own, the day, and trades in hand."""

    book: Path
    prices: Path | None
    day: date
    pending: Mapping[str, tuple[Pending, ...]]
    effort: Effort
    workers: int


def groups_of(due: Sequence[Mapping[str, Any]], default: str | None) -> tuple[Group, ...]:
    """The households that are due, by the program they are to be planned with."""
    by_program: dict[str | None, list[str]] = {}
    for one in due:
        by_program.setdefault(one["next"].get("program") or default, []).append(one["household"])
    ordered = sorted(by_program.items(), key=lambda item: (item[0] is not None, item[0] or ""))
    return tuple(
        Group(number=number, program=program, households=tuple(sorted(names)))
        for number, (program, names) in enumerate(ordered, 1)
    )


def plan_group(group: Group, source: Source, folder: Path) -> Path:
    """Plan a group and return where its plans are: a file of JSON, or the folder of a batch.

    A batch that was stopped goes on; a file that is there is taken as it is.
    """
    if len(group.households) <= FEW:
        path = folder / f"plans-{group.number}.json"
        if not path.is_file():
            text = json.dumps(list(_planned_here(group, source)), ensure_ascii=False, allow_nan=False)
            write_bytes_durably(path, text.encode())
        return path
    return _planned_in_batch(group, source, folder)


def _planned_here(group: Group, source: Source) -> Iterator[dict[str, Any]]:
    book = read_book(source.book, households=group.households, prices=source.prices)
    plans = plan(
        with_pending(book, source.pending),
        program=group.program,
        gap_bp=source.effort.gap_bp,
        time_limit=source.effort.seconds,
        risk=risk_model(book),
        beside=source.book,
    ).plans
    return map(plan_to_json, plans)


def _planned_in_batch(group: Group, source: Source, folder: Path) -> Path:
    from lotwright.cli.batch import ready_kernels
    from lotwright.files.run.folder import RunFolder
    from lotwright.files.run.place import has_ended
    from lotwright.files.run.prepare import Asked
    from lotwright.files.run.run import Run
    from lotwright.files.run.summary import summarise
    from lotwright.files.run.workers import Running, workers

    book, out = folder / f"book-{group.number}", folder / f"batch-{group.number}"
    if not book.is_dir():
        freeze(source.book, book, group.households, prices=source.prices)
    out.mkdir(exist_ok=True)
    if has_ended(out):
        return out
    asked = Asked(book=book, program=group.program, effort=source.effort)
    place = RunFolder(out)
    running = Running(workers=source.workers)
    with workers(running, out, limit=source.effort.seconds) as engine:
        run = Run(asked, place, resume=place.manifest is not None, pending=lambda _: dict(source.pending))
        ready_kernels(run.prepared.parts.rows if run.left else 0)
        for _ in run.work(engine, running):
            pass
    summary = summarise(place)
    write_bytes_durably(out / "summary.json", (json.dumps(summary.to_json(), indent=1) + "\n").encode())
    place.clean()
    return out


def plans_at(place: Path) -> Iterator[dict[str, Any]]:
    """The plans of a place, as JSON objects, one at a time."""
    if place.is_dir():
        from lotwright.files.run.folder import RunFolder
        from lotwright.files.run.reading import plan_texts

        for _, text in plan_texts(RunFolder(place)):
            yield json.loads(text)
        return
    yield from json.loads(place.read_text(encoding="utf-8"))
