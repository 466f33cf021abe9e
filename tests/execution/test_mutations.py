"""Does any test notice when the executor is broken? Each mutation is one plausible slip; each must be caught, as a
rule by the tests named with it, which are tried first.

python -m pytest -m campaign tests/execution/test_mutations.py
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TESTS = ("tests/execution/test_fault_matrix.py", "tests/execution/test_orders_laws.py")
MUTATIONS = (
    ("ids that differ from machine to machine", "sheet", "str(trade.side), str(attempt))", "str(trade.side), str(id(sheet)))", "fault_17 or fault_58"),
    ("an order sent before it is written down", "trading", 'desk.write("intent", intent_record(', "_ = (intent_record(", "journal_alone or fault_55"),
    ("a record not forced to the disk", "journal", "            os.fsync(self._file)\n        except", "            pass\n        except", "fault_55"),
    ("no look before an order is sent", "orders", "Move.SEND if state.is_looked_up else Move.LOOK", "Move.SEND", "looked_up_before or fault_18"),
    ("the same id again at the first silence", "orders", "MISSES = 5", "MISSES = 1", "fault_12 or silence"),
    ("a refusal after a doubt believed", "orders", "was_in_doubt = state.sends > 1 and", "was_in_doubt = False and", "refusal"),
    ("purchases before the sales are through", "carry_out", "phase is Phase.DONE for trade in desk.sheet.sells", "phase is not None for trade in desk.sheet.sells", "fault_50 or fault_21"),
    ("the whole order again instead of its rest", "orders", "return self.trade.quantity - self.filled", "return self.trade.quantity", "fault_58 or fault_21"),
    ("an attempt's number used twice", "orders", "attempt=state.attempt + 1", "attempt=state.attempt", "fault_58 or fault_21"),
    ("purchases on margin", "purchases", "min(facts.cash - committed, facts.spendable)", "max(facts.cash, facts.buying_power)", "fault_46"),
    ("no collar", "rules", "is_far = abs", "is_far = False and abs", "fault_28"),
    ("quotes of any age", "rules", "is_old = now", "is_old = False and now", "fault_30"),
    ("positions not held against the plan's", "opening", "    if found:\n        raise StopRun(Reason.POSITIONS", "    if False:\n        raise StopRun(Reason.POSITIONS", "faults_41"),
    ("others' orders overlooked", "opening", "    if foreign:", "    if False:", "faults_47"),
    ("a stop not heeded", "desk", "if reason is not None:", "if False:", "faults_51"),
    ("done without looking at the positions", "carry_out", "        found = position_differences(desk)\n        if not found:", "        if True:", "fault_49"),
    ("a dry run that sends", "carry_out", "if not desk.around.is_sending:\n        proposals", "if False:\n        proposals", "fault_66"),
    ("orders outside the session", "opening", "if not clock.is_open:", "if False:", "faults_33"),
    ("no lock", "journal", "self._lock.acquire()", "pass", "fault_19"),
    ("open orders left behind", "trading", "if move is Move.CANCEL and", "if False and", "fault_50"),
    ("fills counted twice", "orders", "filled = state.filled + order.filled", "filled = state.filled + order.filled + order.filled", "fault_20 or fault_58"),
    ("a cap that caps nothing", "rules", "if turnover > rules.run_dollars:", "if False:", "over_a_cap"),
    ("another account's plan", "opening", "if bound and bound[-1] != facts.number:", "if False:", "another_account"),
    ("a limit that goes with the market", "trading", "return min(reaching, to_tick(trade.price * (1 + rules.collar), is_up=True))", "return reaching * 2", "fault_66 or fault_29"),
)  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout to break."""
    place = tmp_path_factory.mktemp("mutant")
    for folder in ("src", "tests/execution", "models"):
        shutil.copytree(
            ROOT / folder, place / folder, ignore=shutil.ignore_patterns("__pycache__", "test_mutations.py")
        )
    for file in ("pyproject.toml", "tests/conftest.py", "tests/forked.py"):
        shutil.copyfile(ROOT / file, place / file)
    return place


def passes(place: Path, *some: str) -> bool:
    """True when the tests pass; a mutant that hangs is noticed, too."""
    environment = {**os.environ, "PYTHONPATH": str(place / "src"), "LOTWRIGHT_KERNELS": "plain", "CI": "1"}
    try:
        done = subprocess.run(
            [sys.executable, "-B", "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", *some, *TESTS],
            cwd=place,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
    except subprocess.TimeoutExpired:
        return False
    assert done.returncode in {0, 1}, done.stdout[-2000:] + done.stderr[-2000:]
    return done.returncode == 0


@pytest.mark.campaign
def test_the_unbroken_executor_passes(copy: Path):
    assert passes(copy)


@pytest.mark.campaign
@pytest.mark.parametrize(("name", "module", "old", "new", "first"), MUTATIONS, ids=[name for name, *_ in MUTATIONS])
def test_the_mutation_is_caught(copy: Path, name: str, module: str, old: str, new: str, first: str):
    path = copy / "src" / "lotwright" / "execution" / f"{module}.py"
    whole = path.read_text()
    assert whole.count(old) == 1, f"{name}: {module}.py has changed; find the place again"
    path.write_text(whole.replace(old, new))
    try:
        assert not passes(copy, "-k", first) or not passes(copy), f"no test notices: {name}"
    finally:
        path.write_text(whole)


def test_every_mutation_still_has_its_place():
    """A campaign that breaks nothing proves nothing."""
    for name, module, old, new, _first in MUTATIONS:
        text = (ROOT / "src" / "lotwright" / "execution" / f"{module}.py").read_text()
        assert text.count(old) == 1, name
        assert old != new
    assert len(MUTATIONS) >= 10
