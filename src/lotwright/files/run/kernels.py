"""The solver of a run: compiled or not, the same in every worker, also on a machine that never planned before."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from filelock import FileLock

from lotwright.plan.separable import jit

WISH = "LOTWRIGHT_KERNELS"
"""Variable that says how the solver runs: see :mod:`lotwright.plan.separable.jit`."""


def wished_kernels() -> str:
    """Return what this process was told: ``plain``, ``compiled`` or ``auto``."""
    return os.environ.get(WISH, "auto")


def load_kernels() -> None:
    """Load the compiled solver, every kernel of it, if it is there and wished for; whoever plans next need not wait."""
    if wished_kernels() != "plain" and jit.is_warm() and jit.refresh():
        from lotwright.plan.separable.warm import compile_all  # noqa: PLC0415  needs the kernels as they are now

        compile_all()


def use_kernels(wish: str) -> None:
    """Run the solver as told from here on, in this process and those it starts."""
    choose_kernels(wish)
    jit.refresh()


def choose_kernels(wish: str) -> None:
    """Say how workers that are yet to prepare run the solver; it is not loaded here, where nothing is solved.

    Compiled kernels are compiled before, once on a machine, and by one process while the others wait: within the time
    that a household is given, compilation would look as if it hung.
    """
    os.environ[WISH] = wish
    if wish == "compiled" and not jit.is_warm():
        with FileLock(
            Path(tempfile.gettempdir()) / f"lotwright-kernels-{os.getuid() if hasattr(os, 'getuid') else 0}.lock"
        ):
            if not jit.is_warm():
                command = [sys.executable, "-m", "lotwright.plan.separable.warm"]
                subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  our own module
