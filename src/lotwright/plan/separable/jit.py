"""Compile the kernels when that is free, run them as plain Python when it is not.

Problem: numba makes the kernels a hundred times faster but compiles them for half a minute the first time, and a first run
on a fresh machine must not wait. Observations: the kernels are plain Python on numpy arrays; compiled or not they do the
same IEEE operations in the same order (no fast-math, no BLAS), hence give the same plan. Therefore: a run uses compiled
kernels only when a marker says numba's cache is warm; otherwise it runs plain and a child process warms the cache for next
time (and for later in this run: :func:`refresh` switches over between two households).

``LOTWRIGHT_KERNELS`` = ``plain`` or ``compiled`` forces one or the other; ``auto`` (or unset) does the above.
"""

from __future__ import annotations

import hashlib
import importlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

_MODULES = (
    "cells",
    "dual",
    "cholesky",
    "columns",
    "interior",
    "active_set",
    "master",
    "newton",
    "rounding",
    "search",
    "ties",
    "shares",
    "incumbents",
    "nodes",
    "looks",
    "relaxed.multipliers",
    "relaxed.divisible",
    "relaxed.softened",
    "relaxed.curvature",
    "relaxed.dual",
    "relaxed.box_step",
    "relaxed.newton_step",
    "relaxed.ascent",
    "relaxed.households",
)
"""Where kernels are, in the order they build on each other."""
ABANDONED_AFTER = 600.0
"""Seconds after which a compilation somebody claimed counts as abandoned."""
MARKER = "warm"
"""File in the cache folder whose presence says that every kernel is in it."""
_state = {"compiled": False, "warming": False}


def kernel(function: Function) -> Function:
    """Decorate a kernel: compiled with numba's cache, or left as it is, as :func:`is_compiled` says on import."""
    return _compiled(function)


def inlined(function: Function) -> Function:
    """Decorate a small kernel that is called once a holding or column: copied into its callers.

    A problem is some twenty arrays, and handing them over costs more than such a kernel's work.
    """
    return _compiled(function, forceinline=True)


def _compiled(function: Function, **options: bool) -> Function:
    if not _state["compiled"]:
        return function
    import numba  # noqa: PLC0415 - a quarter of a second that a plain run need not pay

    njit: Any = numba.njit
    return njit(cache=True, error_model="numpy", nogil=True, no_cfunc_wrapper=True, **options)(function)  # type: ignore[no-any-return]


def is_warming() -> bool:
    """True when this run is plain because a child process is compiling the kernels meanwhile."""
    return _state["warming"] and not _state["compiled"]


def is_warm() -> bool:
    """True when numba's cache holds every kernel, so that using compiled ones costs nothing."""
    return (_cache() / MARKER).exists()


def is_compiled() -> bool:
    """True when kernels imported from now on are compiled ones."""
    return _state["compiled"]


def _cache() -> Path:
    """Folder of numba's cache for exactly these sources in this place, this interpreter and this numba.

    numba renews a cached function only when its own file changes, not when a function it calls in another file does;
    so the folder's name is a digest of all of them. And it looks functions up by the path of their file.
    """
    here = Path(__file__).parent
    digest = hashlib.sha256(f"{sys.version} {here}".encode())
    for name in ("problem", *_MODULES):
        digest.update((here / f"{name.replace('.', '/')}.py").read_bytes())
    try:
        digest.update(version("numba").encode())
    except PackageNotFoundError:
        digest.update(b"none")
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return home / "lotwright" / f"kernels-{digest.hexdigest()[:16]}"


def _switch_on() -> None:
    """Turn compilation on and import the kernels anew, in the order they build on each other."""
    import numba  # noqa: PLC0415 - as above

    config: Any = numba.config
    before = config.CACHE_DIR
    config.CACHE_DIR = str(_cache())
    _gathered.cache_clear()
    _state["compiled"] = True
    package = __name__.rpartition(".")[0]
    try:
        for name in _MODULES:
            module = sys.modules.get(f"{package}.{name}")
            if module is None:
                importlib.import_module(f"{package}.{name}")
            else:
                importlib.reload(module)
    finally:
        config.CACHE_DIR = before


def refresh() -> bool:
    """Switch to compiled kernels if that has become free; start warming the cache if nobody has. True when compiled."""
    wish = os.environ.get("LOTWRIGHT_KERNELS", "auto")
    if _state["compiled"] or wish == "plain":
        return _state["compiled"]
    if wish == "compiled" or (_cache() / MARKER).exists():
        _switch_on()
    elif not _state["warming"]:
        _state["warming"] = True
        _warm_in_background()
    return _state["compiled"]


def _warm_in_background() -> None:
    """Start a child process that compiles every kernel and leaves the marker; its failure changes nothing here."""
    environment = {**os.environ, "LOTWRIGHT_KERNELS": "compiled"}
    try:
        if not _first_to_warm(_cache() / "warming"):
            return
        child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", f"{__name__.rpartition('.')[0]}.warm"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        child.returncode = 0  # it outlives this process on purpose: nobody waits for it
    except OSError:
        _state["warming"] = False


def _first_to_warm(claim: Path) -> bool:
    """Claim the compilation for this process, unless another one has within the last ten minutes."""
    claim.parent.mkdir(parents=True, exist_ok=True)
    try:
        claim.touch(exist_ok=False)
    except FileExistsError:
        if time.time() - claim.stat().st_mtime < ABANDONED_AFTER:
            return False
        claim.touch()
    return True


class Kernels:
    """The kernels the search calls, compiled or plain."""

    def __init__(self) -> None:
        package = __name__.rpartition(".")[0]
        for name in _MODULES:
            module = importlib.import_module(f"{package}.{name}")
            for key, value in vars(module).items():
                if callable(value) and not key.startswith("_"):
                    setattr(self, key, value)


def kernels() -> Any:
    """Every kernel by name, as it stands now; gathered once for each way they run, as every search asks several times."""
    return _gathered(_state["compiled"])


@lru_cache(maxsize=2)
def _gathered(compiled: bool) -> Kernels:  # noqa: ARG001  the key: switching over imports the kernels anew
    return Kernels()


def mark_warm() -> None:
    """Leave the marker; called by the child once every kernel is in numba's cache."""
    cache = _cache()
    cache.mkdir(parents=True, exist_ok=True)
    (cache / MARKER).touch()
