"""Plans as a table of trades and as a fragment of HTML for notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from html import escape
from typing import Any, TypeVar

from lotwright.book.trades import LotSale, Trade
from lotwright.plan.result import HouseholdPlan
from lotwright.plan.words import money, plain

Frame = TypeVar("Frame")

COLUMNS = [
    "household",
    "account",
    "symbol",
    "side",
    "quantity",
    "price",
    "value",
    "lot",
    "acquired",
    "lot_quantity",
    "basis",
    "proceeds",
    "gain",
    "character",
    "reason",
]
"""Columns of every table of trades, ``--csv`` included, in this order."""


def trade_rows(plans: Iterable[HouseholdPlan], *, frame: Callable[..., Frame]) -> Frame:
    """A row for each lot sold and each buy; ``quantity`` and ``value`` are the whole trade's in each of its rows.

    ``frame`` is ``pandas.DataFrame``: whoever wants the table imports pandas.
    """
    rows = [
        _row(plan.household, trade, sale) for plan in plans for trade in plan.trades for sale in (trade.lots or (None,))
    ]
    return frame(rows, columns=COLUMNS)


def _row(household: str, trade: Trade, sale: LotSale | None) -> dict[str, Any]:
    row: dict[str, Any] = {
        "household": household,
        "account": trade.account,
        "symbol": trade.symbol,
        "side": str(trade.side),
        "quantity": float(trade.quantity),
        "price": float(trade.price),
        "value": float(trade.value),
        "reason": trade.reason,
    }
    if sale is not None:
        row |= {
            "lot": sale.lot,
            "acquired": sale.acquired,
            "lot_quantity": float(sale.quantity),
            "basis": float(sale.basis),
            "proceeds": float(sale.proceeds),
            "gain": float(sale.gain),
            "character": str(sale.character),
        }
    return row


def summary_html(plans: Iterable[HouseholdPlan]) -> str:
    """A table of trades for each household, or why there is none."""
    return "\n".join(_household_html(plan) for plan in plans)


def _household_html(plan: HouseholdPlan) -> str:
    head = f"<h4>{escape(plan.household)}, {plan.as_of.isoformat()}: {escape(str(plan.status).replace('_', ' '))}</h4>"
    if plan.failure is not None:
        return f"{head}<p><b>{escape(plan.failure.reason)}</b>: {escape(plan.failure.message)}</p>"
    rows = "".join(_trade_html(trade) for trade in plan.trades)
    names = "".join(f"<th>{name}</th>" for name in ("account", "side", "quantity", "symbol", "value", "reason"))
    table = f"<table><thead><tr>{names}</tr></thead><tbody>{rows}</tbody></table>" if rows else ""
    if plan.objective is None:
        return head + table
    gap = f"{money(plan.objective.gap)} ({plan.objective.gap_bp:.3f} bp)"
    return f"{head}{table}<p>Costs {money(plan.objective.posed)}, proven within {gap} of the best possible.</p>"


def _trade_html(trade: Trade) -> str:
    cells = (trade.account, str(trade.side), plain(trade.quantity), trade.symbol, money(trade.value), trade.reason)
    return "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells) + "</tr>"
