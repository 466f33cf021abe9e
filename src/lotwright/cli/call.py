"""What the command line asked ``execute`` or ``reconcile`` for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lotwright.execution.approval import Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What the command line asked for."""

    plan: Path
    state: Path
    broker: str
    url: str | None = None
    is_sending: bool = False
    is_live: bool = False
    households: tuple[str, ...] = ()
    accounts: frozenset[str] = frozenset()
    book: Path | None = None
    book_out: Path | None = None
    rules: Path | None = None
    fills: tuple[Path, ...] = ()
    is_in_blocks: bool = False
    workers: int = 1
    json_path: str | None = None

    @property
    def mode(self) -> Mode:
        """Paper, unless live was chosen."""
        return Mode.LIVE if self.is_live else Mode.PAPER
