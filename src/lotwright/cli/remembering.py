"""Planning with a memory: what earlier plans lock is honoured, and what these plans lock is remembered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from lotwright.book.book import Book
from lotwright.book.failure import Failure
from lotwright.book.holdings import Pending
from lotwright.book.pending import with_pending
from lotwright.cli.claims import Finding
from lotwright.cli.state import now, open_store
from lotwright.cli.verify import Report
from lotwright.plan.result import HouseholdPlan
from lotwright.tax.window import pending_in_force

if TYPE_CHECKING:
    from lotwright.store import Store


@dataclass(frozen=True, slots=True)
class Memory:
    """A book that knows what the store has pending; without a store, the book as it is."""

    book: Book
    store: Store | None
    read: datetime | None

    def record(self, plans: Sequence[HouseholdPlan]) -> None:
        """Remember plans and what they lock."""
        if self.store is not None:
            from lotwright.files.plan_json import plan_to_json

            self.store.record_plans(None, map(plan_to_json, plans), at=now(), read=self.read)


@contextmanager
def remembered(book: Book, state: Path | None, url: str | None, *, approved_only: bool) -> Iterator[Memory]:
    """The book with what the store has pending on its day; the store stays open to record what is planned.

    Raises
    ------
    StoreError
        A store was named and cannot be used.
    """
    if state is None and url is None:
        yield Memory(book, None, None)
        return
    with open_store(state, url) as store:
        read = now()
        pending = store.pending(book.market.as_of, approved_only=approved_only)
        yield Memory(with_pending(book, pending), store, read)


def left_out(
    plan: Path, reports: Sequence[Report], book: Book, state: Path | None, url: str | None
) -> tuple[Report, ...]:
    """The reports, each with a finding on what the store had pending when the plan was made and the plan left out."""
    from lotwright.canonical import plan_hash
    from lotwright.files.plan_json import plan_from_json

    read = json.loads(plan.read_text(encoding="utf-8"))
    documents = read if isinstance(read, list) else [read]
    with open_store(state, url, must_be_there=True) as store:
        found = []
        for report, document in zip(reports, documents, strict=True):
            claim = plan_from_json(document)
            facts = book.households.get(claim.household)
            if facts is None or isinstance(facts, Failure):
                found.append(report)
                continue
            own = [record for record in store.plans(household=claim.household) if record.plan == plan_hash(document)]
            before = min((record.read or record.recorded for record in own), default=None)
            known = store.pending(claim.as_of, household=claim.household, before=before).get(claim.household, ())
            due = pending_in_force(replace(facts, pending=known), book.market)
            found.append(replace(report, findings=(*report.findings, _honoured(due, claim))))
    return tuple(found)


def _honoured(due: Sequence[Pending], claim: HouseholdPlan) -> Finding:
    """Whether every trade in hand was reckoned with; how far it has come since is no matter."""
    said = {(t.account, t.symbol, t.side, t.date) for t in claim.wash_sales.honoured}
    missing = [trade.because for trade in due if (trade.account, trade.symbol, trade.side, trade.date) not in said]
    text = f"left out: {' '.join(missing)}" if missing else f"{len(due)} trades in hand were reckoned with."
    return Finding(name="pending", ok=not missing, text=text)
