"""Weights before and after a plan as horizontal bars, with a mark at each target: SVG, drawn here."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from lotwright.plan.result import Drift
from lotwright.plan.words import weights

ROW, LABEL, WIDTH, FIGURE = 26, 84, 700, 132
"""Pixels: height of a row, width of its label, of the whole, and of the figures at its end."""


def drift_bars(rows: Sequence[Drift]) -> str:
    """One row a security: a pale bar for before, a solid one for after, a mark at the target; one scale for all."""
    largest = max((max(row.target, row.before, row.after) for row in rows), default=0.0)
    scale = (WIDTH - LABEL - FIGURE) / largest if largest > 0 else 0.0
    height = ROW * len(rows)
    drawn = "".join(_row(row, top=ROW * number, scale=scale) for number, row in enumerate(rows))
    return (
        f'<svg viewBox="0 0 {WIDTH} {height}" role="img" width="100%" style="max-width:{WIDTH}px"'
        f' aria-label="Weights before and after">{drawn}</svg>'
    )


def _row(row: Drift, *, top: int, scale: float) -> str:
    x = LABEL + max(row.target, 0.0) * scale
    target, before, after = weights(row.target, row.before, row.after)
    words = f"{before} → {after}"
    said = f"{row.symbol}: target {target}, before {before}, after {after}"
    return (
        f"<g><title>{escape(said)}</title>"
        f'<text x="0" y="{top + 17}">{escape(row.symbol[:10])}</text>'
        f'<rect class="before" x="{LABEL}" y="{top + 4}" height="8" width="{max(row.before, 0.0) * scale:.1f}"/>'
        f'<rect class="after" x="{LABEL}" y="{top + 13}" height="8" width="{max(row.after, 0.0) * scale:.1f}"/>'
        f'<line class="target" x1="{x:.1f}" x2="{x:.1f}" y1="{top + 2}" y2="{top + 23}"/>'
        f'<text class="n" x="{WIDTH}" y="{top + 17}">{words}</text></g>'
    )
