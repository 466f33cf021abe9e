"""Fidelity's files: positions of all accounts, and the history of one account or of several.

Observations: positions begin with the header, may carry a byte order mark, end in paragraphs of law and the day of the
download; the core position is marked ``SPAXX**``; what is not settled yet stands as ``Pending Activity``; history begins
with blank rows, tells each action as a sentence, and its files name the account in a column, in ``Account`` after its
name, or in the file's name alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal

from lotwright.book.kinds import Action
from lotwright.files.imports import cells
from lotwright.files.imports.findings import Findings
from lotwright.files.imports.reading import RETURN_OF_CAPITAL, Reading, read_each
from lotwright.files.imports.rows import NOWHERE, ChangeKind, Ref, Source, Statement, Wishes, ref_of
from lotwright.files.imports.sheet import Header, Names, Record, header_of
from lotwright.files.imports.symbols import Thing

POSITIONS: Names = {
    "account": ("Account Number",),
    "name": ("Account Name", "Account Name/Number"),
    "symbol": ("Symbol",),
    "description": ("Description",),
    "quantity": ("Quantity",),
    "price": ("Last Price",),
    "value": ("Current Value",),
    "basis": ("Cost Basis Total", "Cost Basis"),
    "kind": ("Type",),
}
HISTORY: Names = {
    "date": ("Run Date",),
    "account": ("Account Number",),
    "name": ("Account",),
    "action": ("Action",),
    "symbol": ("Symbol",),
    "description": ("Description", "Security Description"),
    "quantity": ("Quantity",),
    "price": ("Price ($)", "Price"),
    "commission": ("Commission ($)", "Commission"),
    "fees": ("Fees ($)", "Fees"),
    "amount": ("Amount ($)", "Amount"),
}
_DOWNLOADED = re.compile(r"date downloaded\s+(\S+)", re.IGNORECASE)
_FILE_DAY = re.compile(r"([A-Z][a-z]{2}-\d{2}-\d{4})")
_NUMBER = re.compile(r"\b([A-Z]?\d{6,9})\b|(?<=_)([A-Z]?\d{6,9})(?=[._])")
_TRADES = (
    ("you bought", Action.BUY),
    ("you sold", Action.SELL),
    ("reinvestment", Action.REINVEST),
    ("in lieu of frx share", Action.SELL),
)
_NO_SPLIT = re.compile(r"spin.?off|merger|exchanged|rights|liquidation|conversion", re.IGNORECASE)


class Fidelity:
    """Fidelity's downloads."""

    name = "fidelity"
    says = "positions and history, CSV"

    def read(self, sources: list[Source], wishes: Wishes, findings: Findings) -> Statement:
        """Return what the files say."""
        return read_each(lambda to: _File(to).read(), sources, wishes, findings)


class _File:
    """One file: positions or history."""

    def __init__(self, to: Reading) -> None:
        self.to = to

    def read(self) -> None:
        self.rows = list(cells.rows_of(self.to.text()))
        self._find_day()
        for place, (row, found) in enumerate(self.rows):
            positions, history = header_of(row, found, POSITIONS), header_of(row, found, HISTORY)
            if positions.has("account", "symbol", "quantity", "value"):
                self.to.each(self._under(positions, place), self._position)
                return
            if history.has("date", "action", "symbol", "quantity"):
                self.of_file = self._of_file()
                self.to.each(self._under(history, place), self._event)
                return
        self.to.bad_file(
            "no header of Fidelity's positions or history was found",
            "Give Portfolio_Positions or History files as downloaded.",
        )

    def _under(self, header: Header, place: int) -> Iterable[Record]:
        """Rows up to the paragraphs of law, which have one cell each; what comes after them is counted."""
        for row, found in self.rows[place + 1 :]:
            filled = [cell for cell in found if cell.strip()]
            has_numbers = any(cells.number(cell.strip()) is not None for cell in filled[1:])
            is_law = len(filled) == 1 and (len(filled[0]) > 25 or _DOWNLOADED.search(filled[0]) is not None)
            if is_law or (len(filled) <= 2 and not has_numbers and len(found[0]) > 40):
                self.to.leave_out("paragraphs below the table")
            else:
                yield Record(header, row, found)

    def _find_day(self) -> None:
        for _, found in reversed(self.rows):
            said = _DOWNLOADED.search(" ".join(found))
            if said and (day := cells.day(said[1])):
                self.to.day_of(day)
                return
        named = _FILE_DAY.search(self.to.source.path.name)
        self.to.day_of(cells.day(named[1]) if named else None)

    def _of_file(self) -> Ref:
        number = _NUMBER.search(self.to.source.path.stem)
        return ref_of(number[1] or number[2]) if number else NOWHERE

    def _position(self, record: Record) -> None:
        self.to.ref = ref_of(record.text("account"), record.text("name"))
        self.to.kind_of(record.text("name"))
        if record.text("symbol").casefold() == "pending activity":
            amount = record.need("value")
            self.to.cash(amount, "pending activity", record.row)
            self.to.note(
                record.row,
                "pending activity is counted as cash",
                "Shares of trades that are not settled stand in the positions already; import again after settlement.",
                found=str(amount),
            )
            return
        found = self.to.shares(record, kind=record.text("kind"))
        if found is None:
            return
        if found.thing is Thing.CASH:
            self.to.cash(record.need("value"), f"money fund {found.symbol}", record.row)
        else:
            self.to.position(
                found.symbol, record.need("quantity"), record.number("basis"), record.number("price"), record.row
            )

    def _event(self, record: Record) -> None:
        named = _NUMBER.search(record.text("name"))
        number = record.text("account") or (named[0] if named else "")
        self.to.ref = ref_of(number, _NUMBER.sub("", record.text("name")).strip(" -")) if number else self.of_file
        self.to.kind_of(self.to.ref.label)
        action, quantity = record.text("action").casefold(), record.number("quantity")
        if not quantity and "return of capital" in action:
            self.to.not_understood(
                record.row, RETURN_OF_CAPITAL, found=record.text("action"), column=record.called("action")
            )
            return
        if not quantity:
            self.to.leave_out(f"{' '.join(record.text('action').split()[:2]).upper()}: moves money alone")
            return
        found = self.to.shares(record)
        if found is None:
            return
        if found.thing is Thing.CASH:
            self.to.leave_out(f"{found.symbol}: a money fund is cash")
            return
        trade = next((kind for words, kind in _TRADES if action.startswith(words)), None)
        if trade is not None:
            fees = (record.number("commission") or Decimal(0)) + (record.number("fees") or Decimal(0))
            self.to.trade(record, found.symbol, trade, money=record.number("amount"), fees=fees)
        elif action.startswith(("distribution", "stock split")) and not _NO_SPLIT.search(action):
            self.to.change(record, found.symbol, ChangeKind.SPLIT, quantity)
        elif "transfer" in action or "journaled" in action:
            self.to.change(record, found.symbol, ChangeKind.RECEIVE if quantity > 0 else ChangeKind.DELIVER, quantity)
        else:
            self.to.not_understood(
                record.row, "this action is not known", found=record.text("action"), column=record.called("action")
            )
