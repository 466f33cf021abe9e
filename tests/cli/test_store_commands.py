"""``lotwright store`` and ``lotwright audit`` as a person uses them, and what they say to one who mistypes."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lotwright.store import Store
from lotwright.store.audit import AUDIT_FILE, AuditChain
from tests.cli.conftest import Run
from tests.store.facts import AT, document


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder with one plan and a chain of three records."""
    with Store.open(tmp_path / "state") as store:
        store.record_plans(None, [document()], at=AT)
        chain = AuditChain(tmp_path / "state", clock=lambda: datetime(2026, 11, 20, tzinfo=UTC), store=store, name="n")
        chain.record("intent", {"symbol": "VTI"})
        chain.record("answer", {"state": "filled"})
    return tmp_path / "state"


def test_a_store_is_looked_after(lotwright: Run, state: Path) -> None:
    assert "nothing to do" in lotwright("store", "upgrade", "--state", state).stdout
    checked = lotwright("store", "check", LOTWRIGHT_STATE=str(state))
    assert checked.returncode == 0
    assert "1 plans" in checked.stdout
    listed = json.loads(lotwright("store", "locks", "--state", state, "--json", "-").stdout)
    assert [(lock["symbol"], lock["bars"], lock["until"], lock["state"]) for lock in listed] == [
        ("BND", "loss", "2026-12-20", "proposed"),
        ("VTI", "buy", "2026-12-20", "proposed"),
    ]
    assert "Nothing is locked." in lotwright("store", "locks", "--state", state, "--as-of", "2027-01-01").stdout
    released = lotwright(
        "store", "release", listed[0]["plan"][:8], "--state", state, "--why", "rejected", "--by", "Ann"
    )
    assert "2 of 2 locks are released" in released.stdout


def test_the_chain_is_shown_verified_and_found_cut_off(lotwright: Run, state: Path) -> None:
    point = lotwright("audit", "checkpoint", "--state", state).stdout
    assert point.startswith("audit n 3 ")
    (state / "kept.txt").write_text(f"Dear Ann,\n{point}")
    assert lotwright("audit", "verify", "--state", state, "--checkpoint", state / "kept.txt").returncode == 0
    assert '"state": "filled"' in lotwright("audit", "show", "--state", state, "--last", "1").stdout
    lines = (state / AUDIT_FILE).read_bytes().splitlines(keepends=True)
    (state / AUDIT_FILE).write_bytes(b"".join(lines[:2]))
    (state / "store.sqlite").unlink()
    assert lotwright("audit", "verify", "--state", state).returncode == 0  # alone it cannot know, and says so
    cut = lotwright("audit", "verify", "--state", state, "--checkpoint", point.strip(), "--json", "-")
    assert cut.returncode == 1
    assert json.loads(cut.stdout)["line"] == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("store", "locks"), "Which store? Give --state DIR"),
        (("store", "check", "--state", "{tmp}/none"), "There is no store in"),
        (
            ("store", "release", "abcdef12", "--state", "{state}", "--why", "x"),
            "no plan whose hash begins with abcdef12",
        ),
        (("audit", "verify", "--state", "{tmp}/none"), "There is no audit chain to read"),
        (("audit", "checkpoint", "--state", "{tmp}"), "There is no audit chain in"),
        (("audit", "verify", "--state", "{state}", "--checkpoint", "nonsense"), "is no checkpoint and no file"),
    ],
)
def test_a_wrong_call_says_what_and_how(
    lotwright: Run, state: Path, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    done = lotwright(*(part.format(state=state, tmp=tmp_path) for part in arguments))
    assert done.returncode == 2
    assert said in done.stderr
