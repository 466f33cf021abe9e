"""Vanguard's files: the US download of holdings and transactions, and the UK report of cash and investments.

Observations. US (``OfxDownload.csv``): a table of holdings for each account, a blank row between accounts, then one table
of transactions; holdings tell no basis, so that lots come from the transactions, which reach back 18 months. UK: cash
rows with a running balance, then purchases and sales with what they cost; days are day first; funds without a ticker in
parentheses have none. UK shares of one class are one pool (TCGA 1992 section 104).
"""

from __future__ import annotations

import re
from decimal import Decimal

from lotwright.book.kinds import Action, Regime
from lotwright.files.imports import cells
from lotwright.files.imports.findings import Findings
from lotwright.files.imports.reading import RETURN_OF_CAPITAL, Reading, read_each
from lotwright.files.imports.rows import ChangeKind, Ref, Source, Statement, Trade, Wishes, ref_of
from lotwright.files.imports.sheet import BadCellError, Header, Names, Record, header_of
from lotwright.files.imports.symbols import CURE, Thing, named

HOLDINGS: Names = {
    "account": ("Account Number",),
    "description": ("Investment Name",),
    "symbol": ("Symbol",),
    "quantity": ("Shares",),
    "price": ("Share Price",),
    "value": ("Total Value",),
}
TRANSACTIONS: Names = {
    "account": ("Account Number",),
    "date": ("Trade Date",),
    "action": ("Transaction Type",),
    "description": ("Investment Name",),
    "symbol": ("Symbol",),
    "quantity": ("Shares",),
    "price": ("Share Price",),
    "amount": ("Net Amount",),
    "fees": ("Commissions and Fees", "Commission Fees", "Commission"),
    "kind": ("Account Type",),
}
UK: Names = {
    "date": ("Date",),
    "description": ("InvestmentName", "Investment Name"),
    "action": ("TransactionDetails", "Transaction Details"),
    "quantity": ("Quantity",),
    "price": ("Price",),
    "amount": ("Cost",),
}
UK_DAYS = ("%d/%m/%Y", "%d/%m/%y", "%Y-%m-%d")
_ACTIONS = {"buy": Action.BUY, "sell": Action.SELL, "reinvestment": Action.REINVEST}
_TICKER = re.compile(r"\(([A-Z0-9]{2,6})\)\s*$")
_SHARES_MOVE = re.compile(r"transfer|conversion (in|out)|rollover|exchange", re.IGNORECASE)


class Vanguard:
    """Vanguard's downloads."""

    name = "vanguard"
    says = "holdings and transactions (US), cash and investment report (UK), CSV"

    def read(self, sources: list[Source], wishes: Wishes, findings: Findings) -> Statement:
        """Return what the files say."""
        return read_each(lambda to: _File(to).read(), sources, wishes, findings)


class _File:
    """One file, US or UK."""

    def __init__(self, to: Reading) -> None:
        self.to = to

    def read(self) -> None:
        rows = list(cells.rows_of(self.to.text()))
        if any(found[0].strip().casefold() == "investment transactions" for _, found in rows):
            self._uk(rows)
            return
        header: Header | None = None
        for row, found in rows:
            holdings, transactions = header_of(row, found, HOLDINGS), header_of(row, found, TRANSACTIONS)
            if transactions.has("account", "date", "action"):
                header, read = transactions, self._transaction
            elif holdings.has("account", "quantity", "value"):
                header, read = holdings, self._holding
            elif header is None or found[0].strip().casefold() in {"plan number", "fund account number"}:
                self.to.not_understood(row, "this table is none of a brokerage account", found=", ".join(found[:4]))
            else:
                self.to.each([Record(header, row, found)], read)
        if header is None:
            self.to.bad_file(
                "no table of Vanguard's holdings or transactions was found", "Give OfxDownload.csv as downloaded."
            )

    def _holding(self, record: Record) -> None:
        self.to.ref = ref_of(record.text("account"))
        found = self.to.shares(record)
        if found is None:
            return
        if found.thing is Thing.CASH:
            self.to.cash(record.need("value"), f"money fund {found.symbol}", record.row)
        else:
            self.to.position(found.symbol, record.need("quantity"), None, record.number("price"), record.row)

    def _transaction(self, record: Record) -> None:
        self.to.ref = ref_of(record.text("account"))
        self.to.kind_of(record.text("kind"))
        action, quantity = record.text("action").casefold(), record.number("quantity")
        if not quantity and "return of capital" in action:
            self.to.not_understood(
                record.row, RETURN_OF_CAPITAL, found=record.text("action"), column=record.called("action")
            )
            return
        if not quantity:
            self.to.leave_out(f"{record.text('action')}: moves money alone")
            return
        found = self.to.shares(record)
        if found is None:
            return
        if found.thing is Thing.CASH:
            self.to.leave_out(f"{found.symbol}: a money fund is cash")
        elif action in _ACTIONS:
            self.to.trade(
                record,
                found.symbol,
                _ACTIONS[action],
                money=record.number("amount"),
                fees=record.number("fees") or Decimal(0),
            )
        elif "split" in action:
            self.to.change(record, found.symbol, ChangeKind.SPLIT, quantity)
        elif _SHARES_MOVE.search(action):
            self.to.change(record, found.symbol, ChangeKind.RECEIVE if quantity > 0 else ChangeKind.DELIVER, quantity)
        else:
            self.to.not_understood(
                record.row, "this type is not known", found=record.text("action"), column=record.called("action")
            )

    def _uk(self, rows: list[tuple[int, list[str]]]) -> None:
        self.to.out.regime, self.to.out.whole_history = Regime.UK, True
        label = rows[0][1][0].strip()
        self.to.ref = Ref("", label)
        section, header = "", None
        for row, found in rows[1:]:
            first = found[0].strip().casefold()
            if first in {"cash transactions", "investment transactions"}:
                section, header = first, None
            elif header is None and first == "date":
                header = header_of(row, found, UK)
            elif section == "cash transactions" and first == "balance":
                balance = cells.number(found[1].strip()) if len(found) > 1 else None
                if balance is not None:
                    self.to.cash(balance, "cash", row)
            elif section == "cash transactions" or first in {"cost", "balance"}:
                self.to.leave_out(
                    "cash transactions: the balance is what counts" if first not in {"cost", "balance"} else "totals"
                )
            elif header is not None:
                self.to.each([Record(header, row, found, forms=UK_DAYS)], self._uk_trade)
            else:
                self.to.not_understood(row, "this row stands under no header", found=", ".join(found))

    def _uk_trade(self, record: Record) -> None:
        name = record.text("description")
        ticker = _TICKER.search(name)
        found = named(ticker[1] if ticker else name, known=self.to.known)
        if name in self.to.known:
            found = named(name, known=self.to.known)
        if found.thing is not Thing.SHARES:
            self.to.not_understood(
                record.row,
                "this fund has no ticker",
                found=name,
                column=record.called("description"),
                cure=CURE[Thing.UNNAMED],
            )
            return
        action = record.text("action").casefold()
        kind = Action.BUY if action.startswith("bought") else Action.SELL if action.startswith("sold") else None
        if kind is None:
            raise BadCellError(
                record.called("action"),
                record.text("action"),
                "this is neither bought nor sold",
                "Correct the row or remove it.",
            )
        quantity, cost = abs(record.need("quantity")), abs(record.need("amount"))
        self.to.out.trades.append(
            Trade(
                self.to.ref,
                record.need_day("date"),
                found.symbol,
                kind,
                quantity,
                abs(record.need("price")),
                cost,
                self.to.file,
                record.row,
            )
        )
