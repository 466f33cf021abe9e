"""A forked process is what an interpreter of its own would have been: the same output, status, warnings, last words."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.forked import Forked

SCRIPT = """
import atexit, os, sys, threading, warnings
atexit.register(print, "at exit")
print(__name__, sys.argv, sys.path[0], os.getcwd(), os.environ.get("TOLD"), os.environ.get("KEPT"), __file__)
print("said to stderr", file=sys.stderr)
threading.Timer(0.05, print, ["a thread is waited for"]).start()
{end}
"""
ENDS = {
    "well": ("pass", 0),
    "with a status": ("sys.exit(7)", 7),
    "with nothing": ("sys.exit()", 0),
    "with words": ("sys.exit('no such book')", 1),
    "in an error": ("raise ValueError('out of cheese')", 1),
    "in a warning": ("warnings.warn('old')", 1),
    "killed": ("sys.stdout.flush(); os.kill(os.getpid(), 9)", -9),
}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere every call is an interpreter of its own already")
@pytest.mark.parametrize("how", ENDS)
def test_a_script_ends_as_in_an_interpreter(
    forked: Forked, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    end, status = ENDS[how]
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(end=end), encoding="utf-8")
    monkeypatch.setenv("KEPT", "from here")
    done = forked.run(str(script), "a", "b c", environment={"TOLD": "é"}, strict=True)
    alone = subprocess.run(
        [sys.executable, "-W", "error", script, "a", "b c"],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src"), "TOLD": "é"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (alone.returncode, alone.stdout)
    assert done.returncode == status
    assert done.stderr.splitlines()[0] == "said to stderr"
    assert done.stderr.splitlines()[-1] == alone.stderr.splitlines()[-1]


def test_one_call_leaves_nothing_to_the_next(forked: Forked, tmp_path: Path) -> None:
    first, second = tmp_path / "first.py", tmp_path / "second.py"
    first.write_text(
        "import os, sys, lotwright; os.environ['LEFT'] = '1'; os.chdir('/'); lotwright.left = sys.left = 1"
    )
    second.write_text(
        "import os, sys, lotwright; print('LEFT' in os.environ, hasattr(sys, 'left'), os.getcwd() == '/')"
    )
    assert forked.run(str(first), environment={}).returncode == 0
    assert forked.run(str(second), environment={}).stdout == "False False False\n"
