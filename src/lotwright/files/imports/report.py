"""What an import did: each account, each table, everything that was not understood; as a value and as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from lotwright.files.imports.findings import Finding, Level

IMPORTED, UNCHANGED, REFUSED = "imported", "unchanged", "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountReport:
    """One account: what was found of it, and whether it went into the book."""

    account: str
    origin: str
    status: str
    cash: str | None
    positions: int
    lots: int | None
    trades: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReport:
    """One table of the book: rows before and after, and whether the file changed."""

    file: str
    before: int
    after: int
    is_changed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """Everything an import says.

    ``unready`` says why the book cannot be planned yet (empty: it can).
    """

    format: str
    book: Path
    as_of: date
    is_dry_run: bool
    accounts: tuple[AccountReport, ...]
    tables: tuple[TableReport, ...]
    findings: tuple[Finding, ...]
    left_out: tuple[tuple[str, str, int], ...]
    unready: tuple[str, ...]

    def of(self, level: Level) -> list[Finding]:
        """Return the findings of one level."""
        return [finding for finding in self.findings if finding.level is level]

    @property
    def changes_something(self) -> bool:
        """True when a table was, or would be, written."""
        return any(table.is_changed for table in self.tables)

    @property
    def is_all_refused(self) -> bool:
        """True when no account could be imported."""
        return not any(account.status != REFUSED for account in self.accounts)

    @property
    def is_complete(self) -> bool:
        """True when nothing was refused and nothing was not understood."""
        return not self.of(Level.ERROR) and not self.of(Level.NOT_UNDERSTOOD)

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        return {
            "schema": "lotwright.import/1",
            "format": self.format,
            "book": str(self.book),
            "as_of": self.as_of.isoformat(),
            "dry_run": self.is_dry_run,
            "accounts": [
                {
                    "account": each.account, "origin": each.origin, "status": each.status, "cash": each.cash,
                    "positions": each.positions, "lots": each.lots, "trades": each.trades,
                }
                for each in self.accounts
            ],
            "tables": [
                {"file": each.file, "rows_before": each.before, "rows_after": each.after, "changed": each.is_changed}
                for each in self.tables
            ],
            "findings": [
                {"level": str(each.level), "account": each.account, **each.fault.as_evidence()} for each in self.findings
            ],
            "left_out": [{"file": file, "what": what, "rows": rows} for file, what, rows in self.left_out],
            "can_be_planned": not self.unready,
            "unready": list(self.unready),
        }  # fmt: skip
