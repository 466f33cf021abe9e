"""Plans of a run, read back: the very objects that were planned, whether the run has ended or goes on."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator
from decimal import Decimal
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq

from lotwright.errors import PlanError
from lotwright.files.faults import did_you_mean
from lotwright.files.plan_reading import plan_from_json
from lotwright.files.run.folder import RunFolder
from lotwright.files.run.place import MANIFEST
from lotwright.plan.result import HouseholdPlan

NEAR = 20_000
"""Households up to which a message about an unknown one looks for the name that was meant."""


def open_run(path: Path) -> RunFolder:
    """Return the folder of a run.

    Raises
    ------
    PlanError
        It is none.
    """
    folder = RunFolder(path)
    if folder.manifest is None:
        raise PlanError(f"{path} is no run: it has no {MANIFEST}. Give the folder that `lotwright batch --out` wrote.")
    return folder


def plan_texts(folder: RunFolder, households: Collection[str] | None = None) -> Iterator[tuple[str, str]]:
    """Yield name and JSON text of the plans that are done, of some households or of all, in the order of the book."""
    for file in sorted((folder.path / "plans").glob("part-*.parquet")):
        if households is not None:
            names = pq.read_table(file, columns=["household"], partitioning=None).column("household").to_pylist()
            if not set(households) & set(names):
                continue
        yield from _texts(pq.read_table(file, columns=["household", "plan"], partitioning=None), households)
    for tables in folder.answers():
        yield from _texts(tables["plans"], households)


def _texts(table: object, households: Collection[str] | None) -> Iterator[tuple[str, str]]:
    names, texts = (table.column(name) for name in ("household", "plan"))  # type: ignore[attr-defined]
    for at, name in enumerate(names.to_pylist()):
        if households is None or name in households:
            yield name, texts[at].as_py()


def read_plans(folder: RunFolder, households: Collection[str]) -> tuple[HouseholdPlan, ...]:
    """Return the plans of some households.

    Raises
    ------
    PlanError
        The run has no plan of one of them.
    """
    found = {
        name: plan_from_json(json.loads(text, parse_float=Decimal)) for name, text in plan_texts(folder, households)
    }
    missing = [name for name in households if name not in found]
    if missing:
        raise PlanError(_no_plan(folder, missing[0]))
    return tuple(found[name] for name in households)


def _no_plan(folder: RunFolder, name: str) -> str:
    manifest = folder.manifest or {}
    planned = sum(pq.read_metadata(file).num_rows for file in (folder.path / "plans").glob("part-*.parquet"))
    planned += sum(len(tables["plans"]) for tables in folder.answers())
    if planned < manifest.get("households", 0):
        return (
            f"The run in {folder.path} has no plan of {name} yet: {planned:,} of {manifest['households']:,} households"
            " are done. Finish it with `lotwright batch BOOK --out RUN --resume`."
        )
    near = did_you_mean(name, _names(folder)) if planned <= NEAR else ""
    return f"The run in {folder.path} has no household {name}. {near}Check the name in the table accounts of the book."


def _names(folder: RunFolder) -> set[str]:
    return {name for table in folder.finished("plans", ["household"]) for name in pc.unique(table[0]).to_pylist()}
