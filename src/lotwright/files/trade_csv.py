"""Trade lists as one CSV table for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from decimal import Decimal
from io import StringIO

from lotwright.book.trades import Trade
from lotwright.plan.result import HouseholdPlan
from lotwright.plan.table import COLUMNS

_FORMULA = ("=", "+", "-", "@", "\t", "\n")


def plans_to_csv(plans: Iterable[HouseholdPlan]) -> str:
    """Return the trades of all plans, a row for each lot of a sale and one for each buy, in the order of the plans.

    ``quantity`` and ``value`` are the whole trade's, and stand in each of its rows: to add up a column, use
    ``lot_quantity`` and ``proceeds``. A text that a spreadsheet would take for a formula is written behind an
    apostrophe, so that opening the file runs nothing. Households without trades have no rows.
    """
    out = StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for plan in plans:
        for trade in plan.trades:
            writer.writerows(_rows(plan.household, trade))
    return out.getvalue()


def _rows(household: str, trade: Trade) -> Iterator[list[str]]:
    head = [_safe(household), _safe(trade.account), _safe(trade.symbol), str(trade.side)]
    head += [_plain(trade.quantity), _plain(trade.price), f"{trade.value:.2f}"]
    reason = _safe(trade.reason)
    if not trade.lots:
        yield [*head, *[""] * 7, reason]
    for lot in trade.lots:
        money = [f"{amount:.2f}" for amount in (lot.basis, lot.proceeds, lot.gain)]
        yield [
            *head,
            _safe(lot.lot),
            lot.acquired.isoformat(),
            _plain(lot.quantity),
            *money,
            str(lot.character),
            reason,
        ]


def _plain(number: Decimal) -> str:
    """Return a decimal without exponent and without trailing zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, its line ends all of the kind that the writer quotes."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
