"""What every test may lean on: the shared folder when it is there, and hypothesis set up the same way for all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from lotwright.plan.separable import jit
from tests.forked import Forked

ROOT = Path(__file__).resolve().parents[1]

# The machine is shared and a first call compiles kernels, so no law has a deadline. Under CI the examples are the same
# on every run: a red build is a change's fault, and exploration is a developer's machine's job.
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True)
settings.register_profile("developer", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "developer"))

# Plans here are small: no test waits for a compiler, nor starts one behind the others' back, which takes a core for
# minutes. Compiled kernels are compared with plain ones where a test says so.
os.environ.setdefault("LOTWRIGHT_KERNELS", "plain")


def pytest_report_header() -> str:
    """Which kernels the command and the examples run on (:mod:`tests.forked`)."""
    return f"kernels of the command and the examples: {'compiled' if jit.is_warm() else 'plain'}"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Under ``-n``, a worker keeps to its half of the files (and so to what their tests share) until the other has none."""
    if config.getvalue("dist") != "load":
        return None
    from xdist.scheduler.worksteal import WorkStealingScheduling

    return WorkStealingScheduling(config, log)


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout: ``pyproject.toml``, ``models``, ``examples`` stand here."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of shared documents and data beside the checkout; skips where there is none."""
    folder = ROOT.parent / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("needs the shared data folder beside the checkout (../shared/data)")
    return folder


@pytest.fixture(scope="session")
def forked() -> Iterator[Forked]:
    """Calls of Python in processes of their own that need not import anything first."""
    server = Forked(ROOT)
    yield server
    server.close()
