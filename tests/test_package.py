from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest

import lotwright


def test_every_public_name_has_a_home_and_is_typed(root: Path):
    tree = ast.parse((root / "src" / "lotwright" / "__init__.py").read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    typed = {alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert typed == lotwright._ROOM
    assert sorted([*typed, "__version__"]) == sorted(lotwright.__all__)


@pytest.mark.parametrize("name", lotwright.__all__)
def test_every_public_name_resolves(name: str):
    assert getattr(lotwright, name) is not None
    assert name in dir(lotwright)


def test_an_unknown_name_is_an_attribute_error_that_lists_the_public_ones():
    with pytest.raises(AttributeError, match=r"no attribute 'rebalance'.*HouseholdPlan"):
        lotwright.rebalance  # noqa: B018  the access is the test


def test_importing_lotwright_imports_nothing_heavy():
    heavy = {"numpy", "pandas", "pyarrow", "scipy", "cvxpy", "pypfopt", "numba", "sklearn", "pydantic", "typer", "rich"}
    code = f"import sys, lotwright; print(*sorted({heavy!r} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""


def test_the_version_is_stated_once():
    assert lotwright.__version__ == version("lotwright")


def test_every_requirement_is_pinned_by_the_tested_versions(root: Path):
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    lines = [line for line in (root / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    pinned = {canonicalize_name(name): found for name, _, found in (line.partition("==") for line in lines)}
    for requirement in map(Requirement, asked):
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), requirement
    assert all(found and not set(found) & set("@/:") for found in pinned.values())
