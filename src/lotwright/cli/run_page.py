"""A run as one page of HTML: its figures, distributions as pictures, its extremes and its failures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lotwright.cli.columns import columns, counts
from lotwright.cli.run_report import sentences
from lotwright.cli.style import STYLE
from lotwright.cli.words import counted
from lotwright.files.run.summary import Summary
from lotwright.plan.words import money, percent

GAPS = (0.001, 0.01, 0.03, 0.06, 0.1, 0.2, 0.5)
SECONDS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
OWN_STYLE = """
figure{margin:18px 0}figcaption{font-weight:600;margin-bottom:4px}
svg text.c{text-anchor:middle}line.axis{stroke:var(--line)}
.half{display:grid;grid-template-columns:repeat(auto-fit,minmax(240px,1fr));gap:10px 28px}
"""


def run_page(summary: Summary, about: Mapping[str, Any]) -> str:
    """A whole document, printable and without scripts."""
    title = f"Plans for {counted(summary.households, 'household')}"
    parts = (_tiles(summary), _words(summary, about), _pictures(summary), _failures(summary), _extremes(summary))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}{OWN_STYLE}</style></head><body><main><section>"
        f'<h1>{title}</h1><p class="sub">As of {escape(str(about["as_of"]))}</p>{"".join(parts)}</section>'
        "<footer>Made by Lotwright. This is not tax advice: it computes, and does not know you.</footer>"
        "</main></body></html>\n"
    )


def _tiles(summary: Summary) -> str:
    saved = summary.tax_saved
    tiles = [
        ("in all", _large(summary.value)),
        ("trades", f"{summary.trades:,}"),
        ("tax saved this year" if saved >= 0 else "tax this year", money(abs(saved))),
        ("without a plan", f"{summary.status['failed']:,}"),
    ]
    if len(summary.gap_bp):
        tiles.append(("of plans within 0.1 bp", percent(float((summary.gap_bp <= 0.1).mean()))))
    shown = "".join(f"<div><b>{escape(figure)}</b><span>{escape(name)}</span></div>" for name, figure in tiles)
    return f'<div class="tiles">{shown}</div>'


def _large(dollars: Decimal) -> str:
    """Dollars in three or four figures, so that a large book fits its tile; the sentence below has them all."""
    for size, name in ((10**9, "billion"), (10**6, "million")):
        if dollars >= size:
            return f"${dollars / size:,.1f} {name}"
    return money(dollars)


def _words(summary: Summary, about: Mapping[str, Any]) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in sentences(summary, about))


def _pictures(summary: Summary) -> str:
    """Distributions of the gap and of the time to solve, and the time by phase."""
    out = ["<h2>How good, and how long it took</h2>"]
    out.append(_spread(summary.gap_bp, GAPS, title="Proven gap", under="at most so many bp of household value"))
    out.append(_spread(summary.seconds, SECONDS, title="Time to solve a household", under="at most so many seconds"))
    return "".join(out)


def _spread(values: NDArray[np.float64], edges: Sequence[float], *, title: str, under: str) -> str:
    if not len(values):
        return ""
    labels = [*(f"{edge:g}" for edge in edges), f"> {edges[-1]:g}"]
    return columns(counts(values, edges), labels, title=title, under=under)


def _failures(summary: Summary) -> str:
    if not summary.reasons:
        return ""
    reasons = sorted(summary.reasons.items(), key=lambda item: (-item[1], item[0]))
    rows = [(reason.replace("_", " "), f"{count:,}", summary.example[reason]) for reason, count in reasons]
    return "<h2>Households without a plan</h2>" + _table(("reason", "#households", "for example"), rows)


def _extremes(summary: Summary) -> str:
    """Three lists of households that are worth a look."""
    lists = (
        ("Largest tax saved", "#saved", [(name, money(dollars)) for dollars, name in summary.saving]),
        ("Widest gaps", "#bp", [(name, f"{gap:.3f}") for gap, name in summary.widest]),
        ("Slowest", "#seconds", [(name, f"{seconds:.2f}") for seconds, name in summary.slowest]),
    )
    shown = "".join(
        f"<div><h3>{title}</h3>{_table(('household', column), rows)}</div>" for title, column, rows in lists if rows
    )
    return f'<h2>Worth a look</h2><div class="half">{shown}</div>'


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of texts; a name that begins with # heads a column of numbers."""
    kinds = [' class="n"' if name.startswith("#") else "" for name in names]
    head = "".join(f"<th{kind}>{escape(name.lstrip('#'))}</th>" for name, kind in zip(names, kinds, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{escape(cell)}</td>" for cell, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table><tr>{head}</tr>{body}</table></div>'
