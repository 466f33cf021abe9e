"""The command as a person starts it, and one plan of the example book that every test here may read."""

from __future__ import annotations

import contextlib
import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

from tests.forked import Forked

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def lotwright(forked: Forked, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Run ``python -m lotwright`` with these arguments in a process of its own; plain kernels, a cache of its own."""
    told = {"LOTWRIGHT_KERNELS": "plain", "XDG_CACHE_HOME": str(tmp_path_factory.mktemp("cache"))}

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        return forked.run("-m", "lotwright", *map(str, arguments), environment={**told, **environment})

    return run


@pytest.fixture(scope="session")
def inside(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The same command in this very process, for what does not die of it: spares the start of an interpreter."""
    cache = tmp_path_factory.mktemp("cache")

    def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
        from lotwright.cli.app import main

        words, out, err, status = [str(word) for word in arguments], io.StringIO(), io.StringIO(), 0
        told = {"LOTWRIGHT_KERNELS": "plain", "XDG_CACHE_HOME": str(cache), **environment}
        with (
            mock.patch.dict(os.environ, told),
            mock.patch.object(sys, "argv", ["lotwright", *words]),
            contextlib.chdir(root),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                main()
            except SystemExit as ended:
                status = int(ended.code or 0)
        return subprocess.CompletedProcess(words, status, out.getvalue(), err.getvalue())

    return run


@pytest.fixture(scope="session")
def first_steps(root: Path) -> Path:
    """The smallest example book: one household, LEE."""
    return root / "examples" / "books" / "first_steps"


@pytest.fixture(scope="session")
def planned(lotwright: Run, first_steps: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path | str]:
    """One run of ``plan`` with every output: files ``json``, ``csv``, ``html``, and what it printed as ``text``."""
    folder = tmp_path_factory.mktemp("planned")
    files = {name: folder / f"plan.{name}" for name in ("json", "csv", "html")}
    done = lotwright("plan", first_steps, *(item for name, file in files.items() for item in (f"--{name}", file)))
    assert done.returncode == 0, done.stderr
    return {**files, "text": done.stdout}
