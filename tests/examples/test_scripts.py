"""The numbered examples run as they stand, and so does every block of Python in the README."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def run(root: Path, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(root / "src"), "LOTWRIGHT_KERNELS": "plain"}
    done = subprocess.run(
        [sys.executable, "-W", "error", *arguments],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("script", sorted(path.name for path in (ROOT / "examples").glob("[0-9]*.py")))
def test_the_example_runs_and_says_something(root: Path, script: str) -> None:
    out = run(root, str(root / "examples" / script))
    assert len(out.splitlines()) >= 4
    assert "NOT " not in out


def test_more_patience_with_risk_pays_less_tax(root: Path) -> None:
    """What the second example is about: the dearer risk, the more gain is realised and the closer the account ends."""
    rows = [line.split() for line in run(root, str(root / "examples" / "02_your_own_program.py")).splitlines()[1:]]
    taxes = [float(row[2].replace(",", "")) for row in rows]
    errors = [float(row[3].rstrip("%")) for row in rows]
    assert taxes == sorted(taxes)
    assert errors == sorted(errors, reverse=True)


def test_the_readmes_python_runs_top_to_bottom(root: Path, tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (root / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) >= 3
    script = tmp_path / "readme.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    out = run(root, str(script))
    promised = re.findall(r"print\(.*?\)\s+# (.*)", "\n".join(blocks))
    printed = out.splitlines()
    assert len(printed) == len(promised)
    for line, words in zip(printed, promised, strict=True):
        assert line.startswith(words.removesuffix("...").rstrip())
