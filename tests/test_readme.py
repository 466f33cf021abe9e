"""What the README points at is there, and .ci/run finds the two commands it promises to run word for word."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest


@pytest.fixture
def readme(root: Path) -> str:
    return (root / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["README.md", "examples/books/README.md"])
def test_every_link_into_the_project_leads_somewhere(root: Path, page: str):
    links = re.findall(r"\]\((?!https?:|#)([^)]+)\)", (root / page).read_text(encoding="utf-8"))
    assert [link for link in links if not ((root / page).parent / link).exists()] == []


@pytest.mark.parametrize(("mark", "words"), [("run", "lotwright plan examples/books/"), ("test", "-m pytest -n auto")])
def test_each_marked_command_is_one_line_in_a_fence_of_its_own(readme: str, mark: str, words: str):
    fences = re.findall(rf"^<!-- {mark} -->\n```sh\n(.*)\n```$", readme, flags=re.MULTILINE)
    assert len(fences) == 1
    assert words in fences[0]
    assert fences[0].startswith("python -m venv .venv && .venv/bin/pip install -q -c constraints.txt ")


def test_every_package_we_require_has_its_licence_named(root: Path, readme: str):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    asked = [*project["dependencies"], *(one for extra in project["optional-dependencies"].values() for one in extra)]
    licences = readme[readme.index("## Licences") :]
    assert [one for one in asked if re.match(r"[\w-]+", one)[0] not in licences] == []
