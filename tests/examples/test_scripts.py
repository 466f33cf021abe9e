"""The numbered examples run as they stand, and so does every block of Python in the README."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.forked import Forked

ROOT = Path(__file__).resolve().parents[2]


def run(forked: Forked, script: Path) -> str:
    done = forked.run(str(script), environment={"LOTWRIGHT_KERNELS": "plain"}, strict=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("script", sorted(path.name for path in (ROOT / "examples").glob("[0-9]*.py")))
def test_the_example_runs_and_says_something(forked: Forked, root: Path, script: str) -> None:
    out = run(forked, root / "examples" / script)
    assert len(out.splitlines()) >= 4
    assert "NOT " not in out


def test_more_patience_with_risk_pays_less_tax(forked: Forked, root: Path) -> None:
    """What the second example is about: the dearer risk, the more gain is realised and the closer the account ends."""
    rows = [line.split() for line in run(forked, root / "examples" / "02_your_own_program.py").splitlines()[1:]]
    taxes = [float(row[2].replace(",", "")) for row in rows]
    errors = [float(row[3].rstrip("%")) for row in rows]
    assert taxes == sorted(taxes)
    assert errors == sorted(errors, reverse=True)


def test_the_readmes_python_runs_top_to_bottom(forked: Forked, root: Path, tmp_path: Path) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (root / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(blocks) >= 3
    script = tmp_path / "readme.py"
    script.write_text("\n".join(blocks), encoding="utf-8")
    out = run(forked, script)
    promised = re.findall(r"print\(.*?\)\s+# (.*)", "\n".join(blocks))
    printed = out.splitlines()
    assert len(printed) == len(promised)
    for line, words in zip(printed, promised, strict=True):
        assert line.startswith(words.removesuffix("...").rstrip())
