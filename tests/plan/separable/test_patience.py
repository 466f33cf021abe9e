"""A search whose patience is at its end settles for a gap that is small, and for no other."""

from __future__ import annotations

import pytest

from lotwright.plan.separable import tree
from lotwright.plan.separable.layout import scaled
from lotwright.plan.separable.tree import Effort, Outcome, search

from .households import draw

CASE, GAP_BP, MOST = 44, 1e-7, 40
"""A household whose search for so small a gap takes some ten nodes, and the most it may take."""


def searched(patience: int | None) -> Outcome:
    case = draw(CASE)
    effort = Effort(gap_bp=GAP_BP, seconds=None, nodes=MOST, patience=patience)
    return search(scaled(case.program.form(case.snapshot)), effort)


def test_a_gap_that_is_small_enough_ends_the_search_when_patience_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "TOLERANCE", 1e12)
    outcome = searched(patience=3)
    assert outcome.count == 3
    assert outcome.posed - outcome.bound > GAP_BP
    assert outcome.stopped == "stopped after 3 nodes"


def test_a_gap_that_is_not_is_searched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "TOLERANCE", 1.0)
    assert searched(patience=3).count > 5


def test_without_patience_nothing_but_the_gap_asked_will_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "TOLERANCE", 1e12)
    assert Effort().patience is None
    assert searched(patience=None).count > 5
