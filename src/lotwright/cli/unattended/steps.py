"""The steps of a run, each from what the steps before it wrote to what it writes; each may be done twice."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any

from lotwright.canonical import plan_hash
from lotwright.cli.judging_due import Asked, judging
from lotwright.cli.state import open_store
from lotwright.cli.unattended.day_folder import DayFolder, Step
from lotwright.cli.unattended.planning_due import Source, groups_of, plan_group, plans_at
from lotwright.cli.unattended.secret_values import Secrets
from lotwright.cli.unattended.settings import Settings
from lotwright.errors import BookError
from lotwright.plan.separable.tree import Effort
from lotwright.version import __version__

MOST_TOLD = 200
"""Households that a report lists one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """One run: its settings, its secrets, its day, its folder and its log."""

    settings: Settings
    secrets: Secrets
    folder: DayFolder
    log: Any
    run: str

    @property
    def day(self) -> date:
        """The day the run is of."""
        return self.folder.day

    @property
    def store_url(self) -> str | None:
        """The store's address where it is a server."""
        return self.secrets.reveal("LOTWRIGHT_STORE")


def begin(today: Today) -> dict[str, Any]:
    """Who runs what, since when: the first file of a day."""
    return {"run": today.run, "day": today.day, "began": datetime.now(UTC).isoformat(), "version": __version__}


def fetch(today: Today) -> dict[str, Any]:
    """Prices, from where the settings say; the book must read.

    Raises
    ------
    BookError
        The prices are not there.
    """
    from lotwright.cli.unattended.fetching import fetched_prices

    with heard(today.log, Step.FETCH):
        prices = fetched_prices(today.settings, today.folder.path)
    return {
        "source": today.settings.prices.source,
        "prices": None if prices is None else str(prices),
        "at": datetime.now(UTC).isoformat(),
    }


def due(today: Today) -> dict[str, Any]:
    """Whether, why and what next, for every household; those that are due are written one by one."""
    from lotwright.cli.due import remembered_acts
    from lotwright.files.books import read_book
    from lotwright.files.indicator_series import source_of
    from lotwright.files.risk_store import risk_model
    from lotwright.files.triggers import load_trigger

    settings = today.settings
    declared = load_trigger(settings.triggers, beside=settings.book)
    book = read_book(settings.book, prices=_prices(today))
    series = {
        name: source_of(name, {"file": str(path)}, where="series", folder=None)
        for name, path in settings.series.items()
    }
    asked = Asked(
        book=book,
        declared=declared,
        risk=cache(lambda: risk_model(book)),
        as_of=today.day,
        acted=remembered_acts(settings.state, today.store_url, except_run=today.run),
        series=series,
        gap_bp=settings.gap_bp,
        seconds=settings.time_limit,
        beside=settings.book,
    )
    shared = judging(asked)
    counted: Counter[str] = Counter()
    found, lacking = [], []
    for answer in shared.answers():
        counted[str(answer.answer)] += 1
        if answer.is_due:
            found.append(answer.to_json())
            today.log.info("due", household=answer.household, why=answer.why)
        elif answer.failure is not None:
            lacking.append({"household": answer.household, "why": answer.why})
            today.log.warning("not_judged", household=answer.household, why=answer.why)
    return {
        "trigger": declared.trigger.name,
        "book_hash": book.content_hash,
        "prices_of": book.market.as_of.isoformat(),
        "counts": dict(sorted(counted.items())),
        "due": found,
        "not_judged": lacking[:MOST_TOLD],
        "not_judged_in_all": len(lacking),
    }


def plan(today: Today) -> dict[str, Any]:
    """Plan what is due; the plans are on the disk before the store hears of them."""
    settings, said = today.settings, today.folder.read(Step.DUE)
    groups = groups_of(said["due"], settings.program)
    if not groups:
        return {"places": [], "plans": []}
    from lotwright.store.facts import Run

    began = datetime.fromisoformat(today.folder.read(Step.BEGIN)["began"])
    with open_store(settings.state, today.store_url) as store:
        store.record_run(
            Run(
                run=today.run,
                started=began,
                as_of=today.day,
                book_hash=said["book_hash"],
                program=settings.program or "",
                program_hash="",
                version=__version__,
                folder=str(today.folder.path.resolve()),
                settings={"trigger": said["trigger"]},
            )
        )
        read = datetime.now(UTC)
        source = Source(
            book=settings.book,
            prices=_prices(today),
            day=today.day,
            pending=store.pending(date.fromisoformat(said["prices_of"]), except_run=today.run),
            effort=Effort(gap_bp=settings.gap_bp, seconds=settings.time_limit),
            workers=settings.workers,
        )
        places = [plan_group(group, source, today.folder.path) for group in groups]
        for place in places:
            store.record_plans(
                today.run, plans_at(place), at=datetime.now(UTC), read=read, keep_documents=not place.is_dir()
            )
    plans = [_line(document) for place in places for document in plans_at(place)]
    for line in plans:
        today.log.info("planned", **line)
    return {"places": [str(place) for place in places], "plans": plans}


def _line(document: Mapping[str, Any]) -> dict[str, Any]:
    """What later steps need of a plan."""
    trades = document["trades"]
    failure = document.get("failure")
    return {
        "household": document["household"],
        "plan": plan_hash(document),
        "status": document["status"],
        "trades": len(trades),
        "value": document.get("value"),
        "dollars": round(sum(float(trade["value"]) for trade in trades), 2),
        "reason": None if failure is None else failure["reason"],
        "message": None if failure is None else failure["message"],
    }


def write(today: Today) -> dict[str, Any]:
    """Plans, trades and a page for people, in the folder of results; without one, the plans stay in the state folder."""
    from lotwright.cli.page import page
    from lotwright.files.plan_json import plan_from_json
    from lotwright.files.trade_csv import plans_to_csv

    said = today.folder.read(Step.PLAN)
    out = today.settings.out
    if out is None or not said["places"]:
        return {"files": []}
    target = out / today.day.isoformat()
    target.mkdir(parents=True, exist_ok=True)
    files = []
    for number, place in enumerate(map(Path, said["places"]), 1):
        tail = "" if len(said["places"]) == 1 else f"-{number}"
        if place.is_dir():
            files += [_copied(place / "summary.json", target / f"summary{tail}.json")]
            continue
        plans = [plan_from_json(document) for document in plans_at(place)]
        files.append(_copied(place, target / f"plans{tail}.json"))
        files.append(_written(target / f"trades{tail}.csv", plans_to_csv(plans)))
        files.append(_written(target / f"plans{tail}.html", page(plans)))
    return {"files": files}


def _copied(source: Path, target: Path) -> str:
    return _written(target, source.read_text(encoding="utf-8"))


def _written(path: Path, text: str) -> str:
    from lotwright.files.run.durable import write_bytes_durably

    write_bytes_durably(path, text.encode())
    return str(path)


def _prices(today: Today) -> Path | None:
    if not today.folder.has(Step.FETCH):
        raise BookError("The prices of the run were not fetched.")
    found = today.folder.read(Step.FETCH)["prices"]
    return None if found is None else Path(found)


@contextmanager
def heard(log: Any, step: Step) -> Iterator[None]:
    """What a command would print, as lines of the log: standard output is for the result alone."""
    said = io.StringIO()
    try:
        with redirect_stdout(said), redirect_stderr(said):
            yield
    finally:
        for line in said.getvalue().splitlines():
            if line.strip():
                log.info("said", step=str(step), text=line.strip())


Act = Callable[[Today], dict[str, Any]]
