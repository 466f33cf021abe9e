"""A process of its own for every call, forked from one that has imported everything already.

Problem: the suite starts the command and the examples some two hundred times, and an interpreter imports for one to three
seconds before the first line of a command runs. Observations: what those tests prove is a command's own: its streams, exit
status, files, environment, what it leaves behind when it ends; that its modules can be imported, and which are, the tests of
imports prove in interpreters of their own. Therefore: one server a test worker imports once, forks for each call, and the
child runs the call as ``__main__`` and does what interpreters do at exit. A call that sets what an interpreter reads at its start
(``PYTHON...``) gets a new one, and so does every call where there is no safe ``fork``.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import runpy
import subprocess
import sys
import tempfile
import threading
import traceback
import warnings
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import Any

PRELOADED = (
    *("alembic.command", "cvxpy", "exchange_calendars", "pandas", "pyarrow.parquet", "pypfopt", "rich.table"),
    *("scipy.optimize", "sklearn.covariance", "sqlalchemy"),
    *("lotwright", "lotwright.plan.general.solve", "lotwright.plan.relaxation", "lotwright.store", "lotwright.targets"),
)
"""Modules the server imports, and every command's beside them; warnings are errors meanwhile."""


class Forked:
    """Calls of ``python ARGUMENTS`` with what they printed, each in a process of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._server: subprocess.Popen[str] | None = None

    def run(
        self, *arguments: str, environment: Mapping[str, str], strict: bool = False
    ) -> subprocess.CompletedProcess[str]:
        """Run a script, or ``-m`` and a module, from the checkout; warnings are errors where ``strict``."""
        given = {**os.environ, "PYTHONPATH": str(self.root / "src"), "PYTHONIOENCODING": "utf-8", **environment}
        if sys.platform != "linux" or any(name.startswith("PYTHON") for name in environment):
            command = [sys.executable, *(["-W", "error"] if strict else []), *arguments]
            return subprocess.run(
                command, cwd=self.root, env=given, capture_output=True, text=True, encoding="utf-8", check=False
            )
        with tempfile.TemporaryDirectory() as folder:
            said = [Path(folder) / name for name in ("out", "err")]
            status = self._ask(
                {"argv": arguments, "environment": given, "strict": strict, "said": [str(file) for file in said]}
            )
            out, err = (file.read_text(encoding="utf-8") for file in said)
        return subprocess.CompletedProcess(arguments, status, out, err)

    def _ask(self, request: dict[str, Any]) -> int:
        if self._server is None:
            one_thread = {
                f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")
            }  # none to fork beside
            self._server = subprocess.Popen(
                [sys.executable, str(Path(__file__).resolve())],
                cwd=self.root,
                env={**os.environ, **one_thread, "PYTHONPATH": str(self.root / "src"), "PYTHONIOENCODING": "utf-8"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                encoding="utf-8",
            )
        server = self._server
        assert server.stdin is not None
        assert server.stdout is not None
        server.stdin.write(json.dumps(request) + "\n")
        server.stdin.flush()
        answer = server.stdout.readline()
        assert answer, "the server of tests/forked.py ended; what it said is above"
        return int(answer)

    def close(self) -> None:
        """End the server."""
        if self._server is not None:
            self._server.communicate()


def serve() -> dict[str, Any] | None:
    """Fork for every request and answer with its exit status; in the child, return the request.

    Where this checkout's kernels have been compiled the children plan with them, however they are told to: what that
    changes is time.
    """
    from lotwright.plan.separable import jit
    from lotwright.plan.separable.warm import compile_all

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        commands = import_module("lotwright.cli").__path__
        for name in (*PRELOADED, *(f"lotwright.cli.{found.name}" for found in iter_modules(commands))):
            import_module(name)
    if jit.is_warm():
        os.environ["LOTWRIGHT_KERNELS"] = "compiled"
        jit.refresh()
        compile_all()
    gc.freeze()  # a collection in a child would touch, and so copy, everything that was imported
    for line in iter(sys.stdin.readline, ""):
        child = os.fork()
        if child == 0:
            request: dict[str, Any] = json.loads(line)
            return request
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
    return None


def become(request: dict[str, Any]) -> None:
    """Run a request as ``__main__``: its streams, environment, arguments and warnings."""
    streams = [os.open(os.devnull, os.O_RDONLY), *(os.open(name, os.O_WRONLY | os.O_CREAT) for name in request["said"])]
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(request["environment"])
    if request["strict"]:
        warnings.simplefilter("error")
        sys.warnoptions.append("error")  # for the processes it starts
    first, *rest = request["argv"]
    if first == "-m":
        sys.path[0], sys.argv = str(Path.cwd()), rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    else:
        sys.path[0], sys.argv = str(Path(first).parent), [first, *rest]
        runpy.run_path(first, run_name="__main__")


def status_of(request: dict[str, Any]) -> int:
    """Run a request to its end; what it leaves to do at exit is done, but nothing imported is taken apart."""
    status = 0
    try:
        become(request)
    except SystemExit as ended:
        status = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            print(ended.code, file=sys.stderr)
    except BaseException:  # noqa: BLE001  an interpreter prints whatever ended it
        traceback.print_exc()
        status = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    return status


if __name__ == "__main__":
    asked = serve()
    if asked is not None:
        os._exit(status_of(asked))
