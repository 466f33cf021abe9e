"""The plans as one page of HTML: printable, mailable, light or dark as the reader's machine is, without scripts.

Everything a page needs is in it. Every text of a book is escaped: a symbol or an account name is data, never markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from lotwright.book.kinds import Regime, Side
from lotwright.book.trades import Trade
from lotwright.cli.bars import drift_bars
from lotwright.cli.several import totals
from lotwright.cli.style import STYLE
from lotwright.cli.words import (
    counted,
    drift_lines,
    gap_sentence,
    lock_lines,
    locked_for,
    lot_line,
    tax_rows,
    tax_sentence,
    tax_year_of,
    total_sentence,
)
from lotwright.plan.currency import in_currency
from lotwright.plan.result import HouseholdPlan, TaxFigures
from lotwright.plan.words import day, money, percent, plain

MOST_BARS = 40


def page(plans: Sequence[HouseholdPlan]) -> str:
    """A whole document: one section a household, and an overview where there are several."""
    title = f"Plan for {plans[0].household}" if len(plans) == 1 else f"Plans for {counted(len(plans), 'household')}"
    overview = _overview(plans) if len(plans) > 1 else ""
    sections = "".join(map(_own_section, plans))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{_text(title)}</title><style>{STYLE}</style></head><body><main>{overview}{sections}"
        "<footer>Made by Lotwright. This is not tax advice: it computes, and does not know you.</footer>"
        "</main></body></html>\n"
    )


def _overview(plans: Sequence[HouseholdPlan]) -> str:
    rows = []
    for plan in plans:
        link = f'<a href="#{_anchor(plan)}">{_text(plan.household)}</a>'
        if plan.objective is None or plan.failure is not None:
            reason = plan.failure.reason if plan.failure else ""
            rows.append([link, _worth(plan), f"no plan: {_text(reason)}", "", ""])
        else:
            with in_currency(plan.regime):
                cost = money(plan.objective.posed)
            rows.append([link, _worth(plan), str(len(plan.trades)), cost, f"{plan.objective.gap_bp:.3f}"])
    sums = "".join(f"<p>{_text(line)}</p>" for line in totals(plans))
    table = _table(("household", "#value", "#trades", "#cost", "#gap bp"), rows)
    return f"<section><h1>Overview</h1>{sums}{table}</section>"


def _worth(plan: HouseholdPlan) -> str:
    with in_currency(plan.regime):
        return money(plan.value)


def _own_section(plan: HouseholdPlan) -> str:
    """A household in its own currency."""
    with in_currency(plan.regime):
        return _section(plan)


def _section(plan: HouseholdPlan) -> str:
    head = (
        f'<section id="{_anchor(plan)}"><h1>{_text(plan.household)}</h1>'
        f'<p class="sub">As of {day(plan.as_of)}, program {_text(plan.program)}</p>'
    )
    if plan.failure is not None:
        reason = _text(plan.failure.reason.replace("_", " "))
        return (
            f'{head}<p class="bad"><b>No plan: {reason}.</b> {_text(plan.failure.message)}</p>{_checks(plan)}</section>'
        )
    parts = (_tiles, _trades, _drift, _tax, _cash, _costs, _wash_sales, _checks)
    return head + "".join(part(plan) for part in parts) + "</section>"


def _tiles(plan: HouseholdPlan) -> str:
    """The figures that matter first, and how good the plan is."""
    tiles = [("household value", money(plan.value)), ("trades", str(len(plan.trades)))]
    if plan.tax is not None:
        saved = plan.tax.tax_without_plan - plan.tax.tax
        tiles.append(("tax saved this year" if saved >= 0 else "tax this year", money(abs(saved))))
    if plan.tracking is not None:
        error = f"{percent(plan.tracking.before, 2)} → {percent(plan.tracking.after, 2)}"
        tiles.append(("tracking error a year", error))
    shown = "".join(f"<div><b>{_text(figure)}</b><span>{_text(name)}</span></div>" for name, figure in tiles)
    proof = f'<p class="proof">{_text(gap_sentence(plan.objective))}</p>' if plan.objective else ""
    return f'<div class="tiles">{shown}</div>{proof}'


def _trades(plan: HouseholdPlan) -> str:
    if not plan.trades:
        return "<h2>Nothing to do</h2><p>No trade is worth what it costs.</p>"
    out = [f"<h2>{counted(len(plan.trades), 'trade')}</h2>"]
    for account in sorted({trade.account for trade in plan.trades}):
        rows = [_trade(trade) for trade in plan.trades if trade.account == account]
        out.append(f"<h3>{_text(account)}</h3>{_table(('', '#shares', 'security', '#value', 'why'), rows)}")
    return "".join(out)


def _trade(trade: Trade) -> list[str]:
    lots = "".join(f"<br><small>{_text(lot_line(sale))}</small>" for sale in trade.lots)
    side = '<b class="sell">Sell</b>' if trade.side is Side.SELL else '<b class="buy">Buy</b>'
    shown = [side, plain(trade.quantity), f"<b>{_text(trade.symbol)}</b>", money(trade.value)]
    return [*shown, _text(trade.reason) + lots]


def _drift(plan: HouseholdPlan) -> str:
    rows, left = drift_lines(plan, MOST_BARS)
    if not rows:
        return ""
    more = f"<p><small>and {left} more that were closer to their targets</small></p>" if left else ""
    legend = (
        '<p class="legend"><i class="before"></i> before <i class="after"></i> after <i class="target"></i> target</p>'
    )
    bars = "".join(
        f"<h3>{_text(account)}</h3>{drift_bars([row for row in rows if row.account == account])}"
        for account in sorted({row.account for row in rows})
    )
    return f"<h2>Weights and their targets</h2>{legend}{bars}{more}"


def _tax(plan: HouseholdPlan) -> str:
    if plan.tax is None:
        return ""
    tax: TaxFigures = plan.tax
    if plan.regime is not Regime.US:
        own = [[words, money(amount)] for words, amount in tax_rows(plan, tax)]
        return f"<h2>{_text(tax_year_of(plan))}</h2>{_table(('', '#'), own)}<p>{_text(tax_sentence(tax))}</p>"
    rows = [
        ["gain of this plan", money(tax.short_term_gain), money(tax.long_term_gain)],
        ["loss carried into next year", money(tax.carryforward_short), money(tax.carryforward_long)],
    ]
    year = [["without this plan", money(tax.tax_without_plan)], ["with it", money(tax.tax)]]
    return (
        f"<h2>Tax on this year's capital gains</h2>{_table(('', '#short-term', '#long-term'), rows)}"
        f"{_table(('', '#tax this year'), year)}<p>{_text(tax_sentence(tax))}</p>"
    )


def _cash(plan: HouseholdPlan) -> str:
    rows = [[_text(name), money(cash.before), money(cash.after)] for name, cash in sorted(plan.cash.items())]
    return f"<h2>Cash</h2>{_table(('account', '#before', '#after everything'), rows)}"


def _costs(plan: HouseholdPlan) -> str:
    if plan.objective is None:
        return ""
    rows = [[_text(line.name.replace("_", " ")), money(line.dollars), _text(line.text)] for line in plan.costs]
    rows.append(["<b>in all</b>", f"<b>{money(plan.objective.posed)}</b>", _text(total_sentence(plan))])
    return f"<h2>What this plan costs</h2>{_table(('', '#dollars', ''), rows)}"


def _wash_sales(plan: HouseholdPlan) -> str:
    out = []
    if plan.wash_sales.locks:
        rows = [[f"<b>{_text(symbols)}</b>", _text(until)] for symbols, until in lock_lines(plan.wash_sales.locks)]
        out.append(f"<h2>Locked: {locked_for(plan)} may buy</h2>{_table(('', ''), rows)}")
    if plan.wash_sales.kept:
        rows = [[f"<b>{_text(kept.symbol)}</b>", _text(kept.because)] for kept in plan.wash_sales.kept]
        out.append(f"<h2>Kept by a rule</h2>{_table(('', ''), rows)}")
    return "".join(out)


def _checks(plan: HouseholdPlan) -> str:
    if not plan.checks:
        return ""
    rows = "".join(
        f'<li class="{"good" if check.ok else "bad"}">{"✓" if check.ok else "✗"} {_text(check.text)}</li>'
        for check in plan.checks
    )
    notes = "".join(f"<li>{_text(note)}</li>" for note in plan.notes)
    noted = f"<h2>Notes</h2><ul>{notes}</ul>" if notes else ""
    return f'{noted}<h2>Verified</h2><ul class="checks">{rows}</ul>'


def _table(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are HTML already; a name that starts with # is a column of numbers."""
    marks = [' class="n"' if name.startswith("#") else "" for name in names]
    head = "".join(f"<th{mark}>{name.removeprefix('#')}</th>" for name, mark in zip(names, marks, strict=True))
    head = f"<thead><tr>{head}</tr></thead>" if any(names) else ""
    body = "".join(
        "<tr>" + "".join(f"<td{mark}>{cell}</td>" for cell, mark in zip(row, marks, strict=True)) + "</tr>"
        for row in rows
    )
    return f'<div class="wide"><table>{head}<tbody>{body}</tbody></table></div>'


def _anchor(plan: HouseholdPlan) -> str:
    """An id that any household's name has one of."""
    return "h-" + "".join(c if c.isascii() and c.isalnum() else f"_{ord(c):x}_" for c in plan.household)


def _text(text: str) -> str:
    """Escaped, and a percent sign never alone at the beginning of a line."""
    return escape(text, quote=True).replace(" %", "&nbsp;%")
