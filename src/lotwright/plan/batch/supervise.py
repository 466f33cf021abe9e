"""Supervision: as many tasks in flight as the workers can use, and no household lost with a worker.

Problem: of a hundred thousand households one will hang a solver, crash it or eat the memory, and workers die of causes
that are nobody's fault. Observations: what goes down with a worker is a chunk, most of it innocent; alone in a chunk, a
household answers for itself. Therefore: a lost chunk is split and each of its households tried once more, alone; one
that is lost again is that household's failure, with the evidence of both. Where an engine cannot say for certain which
task a worker died of, a suspect is tried with nothing else in flight.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from lotwright.plan.batch.engine import Done, Engine, Lost

WINDOW = 3
"""Tasks in flight for each that can run: one at work, the next ones at hand."""
POLL = 0.2
"""Seconds between two looks at whether to stop."""


class Chunk(Protocol):
    """Some households to work on together."""

    @property
    def units(self) -> Sequence[int]:
        """Numbers of the households, or of groups that must be read together."""
        ...

    def payload(self, *, alone: bool) -> bytes:
        """Return what a worker needs; ``alone`` where the worker must answer for an error itself."""
        ...

    def only(self, unit: int) -> Chunk:
        """Return the chunk of one of the units."""
        ...

    def covered(self, answer: bytes) -> tuple[set[int], Mapping[str, Any]]:
        """Return the units that an answer covers, the others raised an error; and what it says of its making."""
        ...

    def failed(self, reason: str, evidence: Mapping[str, Any]) -> bytes:
        """Return the answer that says that every household of the chunk failed."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A chunk with its answer, which covers the units ``covered``; ``about`` is what a worker said of making it."""

    chunk: Chunk
    covered: set[int]
    answer: bytes
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class _Try:
    """A chunk in flight; ``before`` is the evidence of its first loss, for one tried alone."""

    chunk: Chunk
    before: Mapping[str, Any] | None = None


def supervise(
    engine: Engine, chunks: Iterable[Chunk], *, is_stopping: Callable[[], bool] = lambda: False
) -> Iterator[Finished]:
    """Work on every chunk and yield the answers as they come; ends early when ``is_stopping`` says so.

    Chunks are taken one at a time when there is room for another, so that their source may read as it goes.
    """
    source, waiting = iter(chunks), deque[_Try]()
    flying: dict[int, _Try] = {}
    number = 0
    while not is_stopping():
        while (each := _next(engine, source, waiting, flying)) is not None:
            flying[number] = each
            engine.submit(number, each.chunk.payload(alone=each.before is not None))
            number += 1
        if not flying:
            return
        ended = engine.next(POLL)
        if ended is not None and (each := flying.pop(ended.task, None)) is not None:
            yield from _settled(each, ended, waiting)


def _next(engine: Engine, source: Iterator[Chunk], waiting: deque[_Try], flying: Mapping[int, _Try]) -> _Try | None:
    """What to submit now, if anything: suspects first, and as many tasks as there is room for."""
    suspects = waiting or [each for each in flying.values() if each.before is not None]
    if suspects and not engine.is_exact:
        return waiting.popleft() if waiting and not flying else None
    if len(flying) >= engine.slots * WINDOW:
        return None
    if waiting:
        return waiting.popleft()
    chunk = next(source, None)
    return None if chunk is None else _Try(chunk)


def _settled(each: _Try, ended: Done | Lost, waiting: deque[_Try]) -> Iterator[Finished]:
    """What an end means: an answer, households to try alone, or a failure."""
    chunk = each.chunk
    if isinstance(ended, Done):
        covered, about = chunk.covered(ended.answer)
        if covered:
            yield Finished(chunk=chunk, covered=covered, answer=ended.answer, about=about)
        missing, evidence = [unit for unit in chunk.units if unit not in covered], {"reason": "error"}
    else:
        missing, evidence = list(chunk.units), {"reason": ended.reason, **ended.evidence}
    if not missing:
        return
    if each.before is None:
        waiting.extend(_Try(chunk.only(unit), before=evidence) for unit in missing)
        return
    reason = _REASON.get(str(evidence["reason"]), "planning_error")
    answer = chunk.failed(reason, {"alone": evidence, "together": dict(each.before)})
    yield Finished(chunk=chunk, covered=set(chunk.units), answer=answer)


_REASON = {"killed": "worker_died", "timeout": "hung"}
