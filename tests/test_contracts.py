"""The import contracts name modules one by one; a new room or a new file of the verifier must not slip past them."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest


@pytest.fixture
def contracts(root: Path) -> dict[str, dict[str, list[str]]]:
    declared = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return {contract["id"]: contract for contract in declared}


def modules(folder: Path) -> set[str]:
    found = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    return found - {"__init__", "__main__"}


def test_every_room_has_its_storey(root: Path, contracts: dict[str, dict[str, list[str]]]):
    storeys = {room.strip() for line in contracts["house"]["layers"] for room in line.split("|")}
    assert storeys == {f"lotwright.{name}" for name in modules(root / "src" / "lotwright")}


def test_cvxpy_is_forbidden_to_every_package_but_plan(root: Path, contracts: dict[str, dict[str, list[str]]]):
    rooms = {path.parent.name for path in (root / "src" / "lotwright").glob("*/__init__.py")}
    assert set(contracts["cvxpy"]["source_modules"]) == {f"lotwright.{room}" for room in rooms - {"plan"}}


def test_every_module_of_plan_is_the_verifiers_or_the_optimisers(
    root: Path, contracts: dict[str, dict[str, list[str]]]
):
    verifier = set(contracts["verify"]["source_modules"])
    optimiser = set(contracts["verify"]["forbidden_modules"])
    everything = {f"lotwright.plan.{name}" for name in modules(root / "src" / "lotwright" / "plan")}
    both_speak_of = {"lotwright.plan.result"}
    assert not verifier & optimiser
    assert everything - verifier - optimiser - both_speak_of == set(), (
        "name the new module in pyproject.toml's contract 'verify', under source_modules (the verifier's) or "
        "forbidden_modules (the optimiser's)"
    )
