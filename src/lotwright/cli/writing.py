"""Where results go: a file, or standard output for ``-``, and never two things to standard output."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from lotwright.plan.result import HouseholdPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """Paths that were asked for; ``-`` is standard output."""

    json: str | None
    csv: str | None
    html: str | None

    @classmethod
    def of(cls, *, json: str | None, csv: str | None, html: str | None) -> Outputs:
        """Return the outputs, or refuse a call that sends two of them to standard output."""
        if [json, csv, html].count("-") > 1:
            raise typer.BadParameter("Only one of --json, --csv and --html can go to standard output.")
        return cls(json=json, csv=csv, html=html)

    @property
    def take_standard_output(self) -> bool:
        """True when one of them goes to standard output, so that nothing else may."""
        return "-" in (self.json, self.csv, self.html)

    def write(self, plans: Sequence[HouseholdPlan]) -> None:
        """Write each that was asked for; one household is a JSON object, several are an array."""
        if self.json is not None:
            from lotwright.files.plan_json import plan_to_json

            objects = [plan_to_json(plan) for plan in plans]
            write_json(self.json, objects[0] if len(objects) == 1 else objects)
        if self.csv is not None:
            from lotwright.files.trade_csv import plans_to_csv

            write_text(self.csv, plans_to_csv(plans))
        if self.html is not None:
            from lotwright.cli.page import page

            write_text(self.html, page(plans))


def write_json(path: str, value: Any) -> None:
    """Write JSON that is a person's to read: indented, but a list of numbers on one line."""
    write_text(path, json_text(value) + "\n")


def json_text(value: Any, indent: str = "") -> str:
    """JSON with an entry a line; lists of plain values stay on one line."""
    inner = indent + "  "
    if isinstance(value, dict) and value:
        rows = (f"{inner}{json.dumps(key)}: {json_text(item, inner)}" for key, item in value.items())
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        return "[\n" + ",\n".join(inner + json_text(item, inner) for item in value) + f"\n{indent}]"
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def write_text(path: str, text: str) -> None:
    """Write to a file, or to standard output for ``-``."""
    if path == "-":
        sys.stdout.write(text)
    else:
        Path(path).write_text(text, encoding="utf-8")
