"""The frontier as a picture: tax across, tracking error upwards, the proven edge below; SVG, drawn here.

Observations: the curve falls from the upper left (do nothing) to the lower right (sell everything), so the upper right is
free for words, and labels of the ends never meet the curve when they stand to its right and above it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from html import escape
from itertools import pairwise
from math import ceil, floor, log10

from lotwright.plan.frontier import Frontier, Point
from lotwright.plan.words import day, money, percent

WIDTH, HEIGHT = 760, 470
LEFT, RIGHT, TOP, BOTTOM = 84, 34, 76, 68
"""Pixels between the picture's edge and its axes."""
LABEL, FAR = 150, 30
"""Pixels: width of an end's label, and from where on it needs a line to its dot."""
ACROSS = "Tax of the plan this year, losses carried out counted"
TICKS = 6
"""About as many marks on an axis."""
STYLE = (
    "text{font:13px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#1c2330}.title{font-size:17px;font-weight:600}"
    ".dim{fill:#5b6575}.n{text-anchor:end}.m{text-anchor:middle}.grid{stroke:#e3e7ee}.axis{stroke:#5b6575}"
    ".curve{fill:none;stroke:#2f6fb5;stroke-width:2}.edge{fill:none;stroke:#8a94a6;stroke-dasharray:4 4}"
    ".dot{fill:#2f6fb5}.end{fill:#c4472b}.forbidden{fill:#fff;stroke:#c4472b;stroke-width:2}"
)


def picture(frontier: Frontier, as_of: date) -> str:
    """The frontier of one household as a complete SVG document."""
    points = frontier.points
    across = _Axis.over([point.tax for point in points], start=LEFT, stop=WIDTH - RIGHT)
    errors = [0.0, *(point.tracking_error for point in points)]
    upwards = _Axis.over(errors, start=HEIGHT - BOTTOM, stop=TOP)
    below = f"As of {day(as_of)}. Each dot is a verified plan; dashed: no allowed plan is below, proven."
    parts = [
        f'<text class="title" x="{LEFT}" y="28">{escape(frontier.household)}: tax against distance from the model</text>',
        f'<text class="dim" x="{LEFT}" y="48">{below}</text>',
        *_grid(across, upwards),
        *_curves(points, across, upwards),
        *(_dot(point, across, upwards) for point in points),
        *_labels(points, across, upwards),
    ]
    said = f"Tax against tracking error of {frontier.household}: {len(points)} plans"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"'
        f' role="img" aria-label="{escape(said)}"><style>{STYLE}</style>'
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>{"".join(parts)}</svg>\n'
    )


class _Axis:
    """Round marks over some figures, and where a figure stands in pixels."""

    def __init__(self, marks: Sequence[float], start: float, stop: float) -> None:
        self.marks = marks
        self.start, self.stop = start, stop

    @classmethod
    def over(cls, figures: Sequence[float], *, start: float, stop: float) -> _Axis:
        """An axis with about TICKS marks at round figures, the first and the last beyond all figures."""
        low, high = min(figures), max(figures)
        width = high - low if high > low else max(abs(high), 0.01)
        rough = width / TICKS
        unit = 10.0 ** floor(log10(rough))
        step = next(size * unit for size in (1.0, 2.0, 2.5, 5.0, 10.0) if size * unit >= rough * 0.999)
        first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
        return cls([step * k for k in range(first, max(last, first + 1) + 1)], start, stop)

    def at(self, figure: float) -> float:
        """Pixels of a figure."""
        low, high = self.marks[0], self.marks[-1]
        return self.start + (figure - low) / (high - low) * (self.stop - self.start)


def digits_of(marks: Sequence[float]) -> int:
    """Fewest decimals with which every mark is written as what it is: one for 0, 2.5 and 5."""
    step = marks[1] - marks[0]
    return next((n for n in range(8) if all(abs(round(mark, n) - mark) < 1e-6 * step for mark in marks)), 8)


def _grid(across: _Axis, upwards: _Axis) -> list[str]:
    """Lines at the marks, their figures, and what the axes are."""
    parts = []
    digits = 0 if digits_of(across.marks) == 0 else 2
    for mark in across.marks:
        x = across.at(mark)
        shown = f"{'−' if mark < 0 else ''}${abs(mark):,.{digits}f}"
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text class="m dim" x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}">{shown}</text>')
    fine = digits_of([100.0 * mark for mark in upwards.marks])
    for mark in upwards.marks:
        y = upwards.at(mark)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="n dim" x="{LEFT - 10}" y="{y + 4:.1f}">{percent(mark, fine)}</text>')
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts += [
        f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{HEIGHT - BOTTOM}" y2="{HEIGHT - BOTTOM}"/>',
        f'<line class="axis" x1="{LEFT}" x2="{LEFT}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>',
        f'<text class="m" x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 18}">{ACROSS}</text>',
        f'<text class="m" transform="translate(18 {middle}) rotate(-90)">Tracking error a year</text>',
    ]
    return parts


def _curves(points: Sequence[Point], across: _Axis, upwards: _Axis) -> list[str]:
    """The curve through the points that nothing beats, and the proven edge below it."""
    on_curve = [point for point in points if not point.is_dominated and not point.broken]
    curve = " ".join(f"{across.at(p.tax):.1f},{upwards.at(p.tracking_error):.1f}" for p in on_curve)
    edge = " ".join(f"{across.at(p.tax):.1f},{upwards.at(p.least_error):.1f}" for p in on_curve)
    return [f'<polyline class="edge" points="{edge}"/>', f'<polyline class="curve" points="{curve}"/>']


def _dot(point: Point, across: _Axis, upwards: _Axis) -> str:
    said = f"{point.label or 'plan'}: tax {money(point.tax)}, tracking error {percent(point.tracking_error, 2)}"
    kind = "forbidden" if point.broken else "end" if point.label else "dot"
    x, y = across.at(point.tax), upwards.at(point.tracking_error)
    return (
        f"<g><title>{escape(said)}, {len(point.plan.trades)} trades</title>"
        f'<circle class="{kind}" cx="{x:.1f}" cy="{y:.1f}" r="{5 if point.label else 4}"/></g>'
    )


def _labels(points: Sequence[Point], across: _Axis, upwards: _Axis) -> list[str]:
    """Words at the two ends, above the curve wherever it passes below them, with a line to the dot where that is far."""
    curve = [(across.at(p.tax), upwards.at(p.tracking_error)) for p in points]
    parts = []
    for point, (x, y) in ((points[0], curve[0]), (points[-1], curve[-1])):
        start = min(x + 10, WIDTH - RIGHT - LABEL)
        bottom = min(_highest(curve, start - 6, start + LABEL), y) - 12
        figures = f"{money(point.tax)}, {percent(point.tracking_error, 2)}"
        if bottom - 32 < TOP:  # no room above: beside the dot, where the curve is falling away
            bottom = y + 10
        elif y - bottom > FAR:
            parts.append(
                f'<line class="axis" x1="{x:.1f}" y1="{y - 7:.1f}" x2="{start + 20:.1f}" y2="{bottom + 5:.1f}"/>'
            )
        words = f"{point.label}, against a rule" if point.broken else point.label
        parts.append(f'<text x="{start:.1f}" y="{bottom - 16:.1f}">{escape(words)}</text>')
        parts.append(f'<text class="dim" x="{start:.1f}" y="{bottom:.1f}">{figures}</text>')
    return parts


def _highest(curve: Sequence[tuple[float, float]], start: float, stop: float) -> float:
    """The highest place (fewest pixels) of the curve between two places across."""
    found = [float(HEIGHT)]
    for (x, y), (other, end) in pairwise(sorted(curve)):
        low, high = max(x, start), min(other, stop)
        if low <= high:
            found += [y if other == x else y + (end - y) * (place - x) / (other - x) for place in (low, high)]
    return min(found)
