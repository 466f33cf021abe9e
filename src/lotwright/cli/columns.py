"""A distribution as columns: SVG, drawn here, without scripts."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, FOOT, HEAD = 700, 190, 34, 20
"""Pixels: of the whole, and of its foot with the labels and its head with the counts."""


def counts(values: NDArray[np.float64], edges: Sequence[float]) -> list[int]:
    """Return how many values are at most each edge and above the one before, and last how many are above all."""
    place = np.searchsorted(np.array(edges), values, side="left")
    found: list[int] = np.bincount(place, minlength=len(edges) + 1).tolist()
    return found


def columns(numbers: Sequence[int], labels: Sequence[str], *, title: str, under: str) -> str:
    """One column for each number; ``under`` says what the labels are."""
    most = max(numbers, default=0) or 1
    step = WIDTH / max(len(numbers), 1)
    room = HEIGHT - FOOT - HEAD
    drawn = "".join(
        _column(number, label, left=step * place, width=step, height=room * number / most)
        for place, (number, label) in enumerate(zip(numbers, labels, strict=True))
    )
    return (
        f'<figure><figcaption>{escape(title)}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT + 18}" role="img"'
        f' width="100%" style="max-width:{WIDTH}px" aria-label="{escape(title)}">{drawn}'
        f'<line class="axis" x1="0" x2="{WIDTH}" y1="{HEIGHT - FOOT}" y2="{HEIGHT - FOOT}"/>'
        f'<text class="c" x="{WIDTH / 2:.0f}" y="{HEIGHT + 8}">{escape(under)}</text></svg></figure>'
    )


def _column(number: int, label: str, *, left: float, width: float, height: float) -> str:
    top, middle = HEIGHT - FOOT - height, left + width / 2
    return (
        f"<g><title>{escape(label)}: {number:,}</title>"
        f'<rect class="after" x="{left + width * 0.12:.1f}" y="{top:.1f}" width="{width * 0.76:.1f}" height="{height:.1f}"/>'
        f'<text class="c" x="{middle:.1f}" y="{top - 5:.1f}">{number:,}</text>'
        f'<text class="c" x="{middle:.1f}" y="{HEIGHT - FOOT + 16}">{escape(label)}</text></g>'
    )
