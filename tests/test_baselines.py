"""The baselines' table names the rules that an answer breaks, and runs where there is no history to learn a risk model from."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.bench import baselines


def test_the_table_names_what_is_broken(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Four stocks without history: selling everything and buying it back washes its loss and trades both ways."""
    monkeypatch.setenv("LOTWRIGHT_KERNELS", "plain")
    book = str(root / "examples" / "books" / "first_steps")
    monkeypatch.setattr(sys, "argv", ["baselines", book, "--genetic", "0.1", "--gap-bp", "5", "--time-limit", "2"])
    baselines.main()
    first = capsys.readouterr().out.partition("## Baselines: against ours")[0]
    row = {
        cells[2].strip(): [cell.strip() for cell in cells]
        for cells in (line.split("|") for line in first.split("\n"))
        if len(cells) > 5
    }
    assert row["way"][-2] == "violations"
    assert row["sell everything, rebuy"][-2] == "trades 1, wash_sale 1"
    assert row["lotwright"][-2] == "none"
    ways = {
        "DiscreteAllocation, greedy",
        "DiscreteAllocation, LP",
        "HIFO to target",
        "5 % bands",
        "genetic, as long as ours",
    }
    assert ways <= set(row)
    assert "nan" not in first
