"""A search that may be tolerant gives up where half of its nodes closed little, and only there."""

from __future__ import annotations

import pytest

from lotwright.plan.separable.layout import scaled
from lotwright.plan.separable.tree import Effort, _Search

from .households import draw


def gives_up(gaps: dict[int, float], *, gap_bp: float = 0.1) -> int | None:
    """The first number of nodes at which the search gives up, its gap (bp) being what ``gaps`` says from there on."""
    case = draw(3)
    search = _Search(scaled(case.program.form(case.snapshot)), Effort(gap_bp=gap_bp, tolerant=True), lambda: 0.0)
    gap = next(iter(gaps.values()))
    for processed in range(600):
        gap = gaps.get(processed, gap)
        if search._is_stuck(processed, gap):
            return processed
    return None


@pytest.mark.parametrize(
    ("gaps", "expected"),
    [
        ({0: 0.49, 17: 0.46}, 32),  # a fourteenth of what is missing
        ({0: 0.49, 17: 0.30, 33: 0.29}, 64),
        ({0: 0.9, 40: 0.45}, 128),  # not tolerable at first; then headway; then none
        ({0: 0.9}, None),  # more than five times what is asked
        ({0: 0.19}, 64),  # less than twice what is asked: given twice the nodes
        ({0: 0.119}, None),  # nearly there
    ],
)
def test_it_gives_up_where_the_last_half_of_the_nodes_closed_little(
    gaps: dict[int, float], expected: int | None
) -> None:
    assert gives_up(gaps) == expected


def test_what_is_tolerable_follows_the_gap_that_is_asked() -> None:
    assert gives_up({0: 0.9}, gap_bp=0.2) == 32
    assert gives_up({0: 0.3}, gap_bp=0.05) is None


def test_only_a_search_that_may_is_tolerant() -> None:
    assert not Effort().tolerant
