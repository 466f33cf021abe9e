"""An import as a user calls it, in this process; books to import into; the shipped files of examples/imports."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from lotwright.cli.app import app
from lotwright.errors import LotwrightError


@dataclass(frozen=True)
class Done:
    """What a call gave: its exit status, what it printed, its report where it wrote one."""

    status: int
    text: str
    report: dict[str, Any]

    def messages(self, level: str) -> list[str]:
        return [found["message"] for found in self.report.get("findings", ()) if found["level"] == level]

    def status_of(self, account: str) -> str:
        (found,) = [each for each in self.report["accounts"] if each["account"] == account]
        return str(found["status"])


Call = Callable[..., Done]


@pytest.fixture
def call(tmp_path: Path) -> Call:
    """``lotwright ARGUMENTS``; of an import, its JSON report too."""

    def run(*arguments: object) -> Done:
        words = [str(each) for each in arguments]
        path = tmp_path / "report.json"
        path.unlink(missing_ok=True)
        if words[0] == "import" and "--json" not in words:
            words += ["--json", str(path)]
        done = CliRunner().invoke(app, words)
        error = done.exception
        if isinstance(error, LotwrightError):
            return Done(2, str(error), {})
        assert error is None or isinstance(error, SystemExit), done.exc_info
        return Done(done.exit_code, done.output, json.loads(path.read_text("utf-8")) if path.exists() else {})

    return run


@pytest.fixture
def samples(root: Path) -> Path:
    return root / "examples" / "imports"


@pytest.fixture
def book(root: Path, tmp_path: Path) -> Path:
    """A book without accounts: the models and prices of RIVERA, 23 March 2020."""
    folder = tmp_path / "book"
    folder.mkdir()
    for table in ("prices.csv", "targets.csv"):
        shutil.copy(root / "examples" / "books" / "two_accounts" / table, folder / table)
    return folder


def rows(book: Path, table: str) -> list[dict[str, str]]:
    """A table as text, empty cells left out."""
    import csv

    with (book / f"{table}.csv").open(encoding="utf-8", newline="") as file:
        return [{name: cell for name, cell in row.items() if cell} for row in csv.DictReader(file)]


def state(book: Path) -> dict[str, tuple[bytes, int]]:
    """Every table's bytes and the time it was written."""
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(book.glob("*.*"))
        if path.suffix in {".csv", ".parquet"}
    }
