"""A run that remembers: what earlier plans have in hand is honoured, and what this one plans is recorded.

The store hears of a plan after it is durable in the run's folder; a run that goes on tells it again of all that is done,
which changes nothing where the store knows it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lotwright.cli.state import now, open_store

if TYPE_CHECKING:
    from lotwright.files.run.pending import InHand
    from lotwright.files.run.run import Run
    from lotwright.store import Store


@dataclass(slots=True)
class RunMemory:
    """The store of a run; without one, nothing is remembered."""

    store: Store | None
    approved_only: bool = False
    name: str = ""
    read: datetime | None = None

    def pending(self, as_of: date) -> InHand:
        """What the store has in hand on a day."""
        if self.store is None:
            return {}
        self.read = now()
        return self.store.pending(as_of, approved_only=self.approved_only)

    def begin(self, run: Run) -> None:
        """Record the run, and what of it is done already."""
        if self.store is None:
            return
        from lotwright.files.run.reading import plan_texts
        from lotwright.store.facts import Run as RunFact

        made = run.manifest["made_from"]
        known = self._beginning(run)
        self.name, self.read = known["run"], datetime.fromisoformat(known["read"])
        self.store.record_run(
            RunFact(
                run=self.name,
                started=self.read,
                as_of=date.fromisoformat(made["as_of"]),
                book_hash=made["book_hash"],
                program=run.manifest["program"] or "",
                program_hash=",".join(made["programs"].values()),
                version=made["version"],
                folder=str(run.folder.path.resolve()),
                settings=made["effort"],
            )
        )
        self.keep(text for _, text in plan_texts(run.folder))

    def _beginning(self, run: Run) -> dict[str, str]:
        """Name and time of the run, the same whenever it goes on."""
        from lotwright.canonical import content_hash
        from lotwright.files.run.durable import write_bytes_durably

        file = run.folder.path / "remembered.json"
        if not file.is_file():
            read = (self.read or now()).isoformat()
            name = f"{run.manifest['made_from']['as_of']}-{content_hash([read, run.manifest['made_from']['book_hash']])[:8]}"
            write_bytes_durably(file, json.dumps({"run": name, "read": read}).encode())
        known: dict[str, str] = json.loads(file.read_bytes())
        return known

    def keep(self, texts: Iterator[str]) -> None:
        """Record plans and what they lock; their documents stay in the run's folder."""
        if self.store is not None:
            documents = map(json.loads, texts)
            self.store.record_plans(self.name, documents, at=now(), read=self.read, keep_documents=False)

    def end(self, summary: Mapping[str, Any]) -> None:
        """Record how the run ended."""
        if self.store is not None and self.store.run_end(self.name) is None:
            self.store.finish_run(self.name, finished=now(), summary=summary)


@contextmanager
def memory(state: Path | None, url: str | None, *, approved_only: bool) -> Iterator[RunMemory]:
    """The store that a command was given, if any, open for the time of a run.

    Raises
    ------
    StoreError
        A store was named and cannot be used.
    """
    if state is None and url is None:
        yield RunMemory(None)
        return
    with open_store(state, url) as store:
        yield RunMemory(store, approved_only=approved_only)
