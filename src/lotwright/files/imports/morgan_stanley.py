"""Morgan Stanley's reports of a stock plan (at Work, formerly Shareworks): shares released, and shares withdrawn.

Observations: a release is a lot, acquired on the vest day at that day's price, of as many shares as were left after tax
(``Net Share Proceeds``); the basis is the income that was taxed then (IRC section 83; Treas. Reg. 1.83-4(b)). Withdrawals
are sales, with negative quantities; rows of the plan ``Cash`` are money. Plans have names, not tickers. The report warns
that sales up to a split are told in old shares while releases are told in new ones: such a sale is an error of its account,
since guessing would invent shares.
"""

from __future__ import annotations

import re
from datetime import date

from lotwright.book.kinds import Action
from lotwright.files.imports import cells
from lotwright.files.imports.findings import Findings
from lotwright.files.imports.reading import Reading, read_each
from lotwright.files.imports.rows import Source, Statement, Trade, Wishes
from lotwright.files.imports.sheet import BadCellError, Names, Record, header_of, under
from lotwright.files.imports.symbols import CURE, Thing, named

RELEASES: Names = {
    "date": ("Vest Date",),
    "symbol": ("Plan",),
    "kind": ("Type",),
    "status": ("Status",),
    "price": ("Price",),
    "gross": ("Quantity",),
    "quantity": ("Net Share Proceeds",),
}
WITHDRAWALS: Names = {
    "date": ("Execution Date",),
    "symbol": ("Plan",),
    "kind": ("Type",),
    "status": ("Order Status", "Status"),
    "price": ("Price",),
    "quantity": ("Quantity",),
    "amount": ("Net Amount",),
}
_PRE_SPLIT = re.compile(r"on or prior to the ([A-Z][a-z]+ \d{1,2}, \d{4}) stock split", re.IGNORECASE)


class MorganStanley:
    """Morgan Stanley's stock-plan reports."""

    name = "morgan-stanley"
    says = "releases and withdrawals of a stock plan, CSV"

    def read(self, sources: list[Source], wishes: Wishes, findings: Findings) -> Statement:
        """Return what the files say."""
        return read_each(_read, sources, wishes, findings, Statement(whole_history=True))


def _read(to: Reading) -> None:
    rows = list(cells.rows_of(to.text()))
    releases = header_of(*rows[0], RELEASES) if rows else None
    withdrawals = header_of(*rows[0], WITHDRAWALS) if rows else None
    if releases is not None and releases.has("date", "symbol", "quantity"):
        to.each(under(releases, rows[1:]), lambda record: _release(to, record))
    elif withdrawals is not None and withdrawals.has("date", "symbol", "quantity", "amount"):
        split = _PRE_SPLIT.search(" ".join(",".join(found) for _, found in rows[1:]))
        until = cells.day(split[1]) if split else None
        to.each(under(withdrawals, rows[1:]), lambda record: _withdrawal(to, record, until))
    else:
        to.bad_file(
            "it is neither a releases nor a withdrawals report",
            "Give Releases Report and Withdrawals Report as downloaded.",
        )


def _symbol(to: Reading, record: Record) -> str | None:
    plan = record.text("symbol")
    found = named(plan, known=to.known)
    if plan in to.known and found.thing is Thing.SHARES:
        return found.symbol
    to.not_understood(
        record.row, "a plan is no security", found=plan, column=record.called("symbol"), cure=CURE[Thing.UNNAMED]
    )
    return None


def _release(to: Reading, record: Record) -> None:
    if record.text("status").casefold() not in {"complete", "completed"}:
        to.leave_out(f"releases that are {record.text('status') or 'without status'}")
        return
    symbol = _symbol(to, record)
    if symbol is None:
        return
    quantity, price = record.need("quantity"), record.need("price")
    if quantity:
        day = record.need_day("date")
        to.out.trades.append(
            Trade(to.ref, day, symbol, Action.BUY, quantity, price, quantity * price, to.file, record.row)
        )
    else:
        to.leave_out("releases that were paid in cash")


def _withdrawal(to: Reading, record: Record, until: date | None) -> None:
    if cells.day(record.text("date")) is None and len(record.text("date")) > 12:
        to.leave_out("paragraphs below the table")
        return
    if record.text("symbol").casefold() == "cash":
        to.leave_out("Cash: moves money alone")
        return
    if record.text("status").casefold() not in {"complete", "completed"}:
        to.leave_out(f"withdrawals that are {record.text('status') or 'without status'}")
        return
    symbol = _symbol(to, record)
    if symbol is None:
        return
    day, quantity = record.need_day("date"), record.need("quantity")
    if until is not None and day <= until:
        raise BadCellError(
            record.called("quantity"),
            record.text("quantity"),
            f"the file says that sales up to {until} are told in shares before the split",
            "Multiply these shares and divide their price by the split's ratio, in a copy without the last paragraph, "
            "and import that.",
        )
    if record.text("kind").casefold() != "sale" or quantity > 0:
        to.not_understood(record.row, "this is no sale", found=record.text("kind"), column=record.called("kind"))
        return
    money = record.need("amount")
    to.out.trades.append(
        Trade(to.ref, day, symbol, Action.SELL, -quantity, record.need("price"), money, to.file, record.row)
    )
