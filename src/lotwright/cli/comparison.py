"""A comparison of four plans as JSON, in a terminal of 80 columns, and as a page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from html import escape
from math import isfinite
from typing import Any

from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lotwright.cli.report import plain_when_piped
from lotwright.cli.style import STYLE
from lotwright.plan.compare import Alternative, Comparison, Judged
from lotwright.plan.words import day, money, percent

SCHEMA = "lotwright.compare/1"
SAYS = {
    Alternative.DO_NOTHING: "no trade; pending deposits and withdrawals happen",
    Alternative.CASH_FLOW_ONLY: "money that comes in is invested, money that goes out is raised, nothing else",
    Alternative.INSIDE_BANDS: "the cheapest way back inside the bands",
    Alternative.FULL: "the program itself",
}
LIST = "no trade list"


def _dollars(of: Callable[[Judged], Decimal | None]) -> Callable[[Judged], str]:
    def shown(plan: Judged) -> str:
        amount = of(plan)
        return "" if amount is None else money(amount)

    return shown


def _above(plan: Judged) -> str:
    if plan.above_bound_bp is None:
        return LIST
    return f"{plan.above_bound_bp:,.2f} bp" if isfinite(plan.above_bound_bp) else "not known"


ROWS: tuple[tuple[str, Callable[[Judged], str]], ...] = (
    ("tax it adds", _dollars(lambda plan: plan.tax)),
    ("spread, commission", _dollars(lambda plan: plan.trading)),
    ("tracking error", lambda plan: "" if plan.tracking is None else percent(plan.tracking, 2)),
    ("tickets", lambda plan: "" if plan.failure is not None else str(plan.tickets)),
    ("bought and sold", _dollars(lambda plan: plan.turnover)),
    ("cash left", _dollars(lambda plan: plan.cash)),
    ("cost in all", _dollars(lambda plan: plan.posed)),
    ("from best, at most", _above),
)
"""What is compared: the words, and the figure of a plan."""


def comparison_json(compared: Comparison, as_of: date) -> dict[str, Any]:
    """``lotwright.compare/1``: money to the cent, ``posed`` and ``bound`` in full."""
    return {
        "schema": SCHEMA,
        "household": compared.household,
        "as_of": as_of.isoformat(),
        "program": compared.program,
        "value": float(compared.value),
        "bound": compared.bound if isfinite(compared.bound) else None,
        "plans": [_plan(plan) for plan in compared.plans],
    }


def _plan(plan: Judged) -> dict[str, Any]:
    def cents(amount: Decimal | None) -> float | None:
        return None if amount is None else float(amount.quantize(Decimal("0.01")))

    above = plan.above_bound_bp
    return {
        "name": str(plan.name),
        "says": SAYS[plan.name],
        "allowed": plan.failure is None and not plan.broken,
        "failure": None if plan.failure is None else {"reason": plan.failure.reason, "message": plan.failure.message},
        "posed": None if plan.posed is None else round(float(plan.posed), 6),
        "above_bound_bp": None if above is None or not isfinite(above) else above,
        "tax": cents(plan.tax),
        "trading": cents(plan.trading),
        "tracking": plan.tracking,
        "tickets": plan.tickets,
        "turnover": cents(plan.turnover),
        "cash": cents(plan.cash),
        "broken": [{"name": check.name, "text": check.text} for check in plan.broken],
        "trades": [
            {
                "account": trade.account,
                "symbol": trade.symbol,
                "side": str(trade.side),
                "quantity": float(trade.quantity),
                "value": float(trade.value),
            }
            for trade in plan.trades
        ],
    }


def print_comparison(compared: Comparison, as_of: date) -> None:
    """The four side by side; what breaks a rule is said below."""
    with plain_when_piped() as console:
        console.print(Text(f"{compared.household}, {money(compared.value)}", style="bold"))
        console.print(f"As of {day(as_of)}; all four judged by program {compared.program}.")
        console.print()
        table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
        table.add_column("")
        for plan in compared.plans:
            table.add_column(plan.name.replace("_", " "), justify="right", no_wrap=False)
        for words, figure in ROWS:
            table.add_row(words, *(figure(plan) for plan in compared.plans))
        table.add_row("rules", *(_kept(plan) for plan in compared.plans))
        console.print(table)
        for texts, breaking in _broken(compared).items():
            console.print()
            verb = "break" if len(breaking) > 1 else "breaks"
            console.print(Text(f"{' and '.join(breaking).capitalize()} {verb} rules", style="bold"))
            for text in texts:
                console.print(Padding(text, (0, 0, 0, 2)))


def _broken(compared: Comparison) -> dict[tuple[str, ...], list[str]]:
    """What rules say of the plans that break them, said once where several break the same."""
    found: dict[tuple[str, ...], list[str]] = {}
    for plan in compared.plans:
        if plan.broken:
            found.setdefault(tuple(check.text for check in plan.broken), []).append(plan.name.replace("_", " "))
    return found


def _kept(plan: Judged) -> str:
    if plan.failure is not None:
        return LIST
    return f"{len(plan.broken)} broken" if plan.broken else "kept"


def comparison_page(compared: Comparison, as_of: date) -> str:
    """The same as a page: the table, what each plan is, what rules are broken."""
    title = f"Four plans for {compared.household}"
    names = "".join(f'<th class="n">{escape(plan.name.replace("_", " "))}</th>' for plan in compared.plans)
    rows = "".join(
        f"<tr><td>{escape(words)}</td>"
        + "".join(f'<td class="n">{escape(figure(plan)).replace(" ", "&nbsp;")}</td>' for plan in compared.plans)
        + "</tr>"
        for words, figure in (*ROWS, ("rules", _kept))
    )
    said = "".join(
        f"<li><b>{escape(plan.name.replace('_', ' ').capitalize())}</b>: {escape(SAYS[plan.name])}."
        + "".join(f'<br><span class="bad">{escape(check.text)}</span>' for check in plan.broken)
        + (f'<br><span class="bad">{escape(plan.failure.message)}</span>' if plan.failure is not None else "")
        + "</li>"
        for plan in compared.plans
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body><main><section><h1>{escape(title)}</h1>"
        f'<p class="sub">{escape(money(compared.value))}, as of {day(as_of)}; all four judged by program'
        f" {escape(compared.program)}</p>"
        f'<div class="wide"><table><thead><tr><th></th>{names}</tr></thead><tbody>{rows}</tbody></table></div>'
        f"<h2>What each of them is</h2><ul>{said}</ul></section>"
        "<footer>Made by Lotwright. This is not tax advice: it computes, and does not know you.</footer>"
        "</main></body></html>\n"
    )
