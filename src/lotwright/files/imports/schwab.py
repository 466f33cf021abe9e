"""Schwab's files: positions, lot details, realised gains and transactions (CSV and JSON), several accounts in one.

Observations, from files people published: the first line says what the file is, of which account and day; positions of
all accounts repeat the header under each account's name; a footer row adds up (and its sums need not be right); column
names differ by year (``Quantity``, ``Qty (Quantity)``); a row of lot details is per security, without its account's
name; realised gains tell the account's name and no number; a date may say ``02/07/2024 as of 02/05/2024``; splits come
as rows of added shares, a reverse split as two rows, the old shares under their CUSIP.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

from lotwright.book.kinds import Action, Character
from lotwright.files.imports import cells
from lotwright.files.imports.findings import Findings
from lotwright.files.imports.reading import Reading
from lotwright.files.imports.rows import (
    NOWHERE,
    ChangeKind,
    Gain,
    LotRow,
    Ref,
    Source,
    Statement,
    Trade,
    Wishes,
    ref_of,
)
from lotwright.files.imports.sheet import Header, Names, Record, header_of, under
from lotwright.files.imports.symbols import CURE, Thing, named

Row = tuple[int, list[str]]
POSITIONS: Names = {
    "symbol": ("Symbol",),
    "description": ("Description",),
    "quantity": ("Quantity", "Qty (Quantity)", "Qty"),
    "price": ("Price",),
    "value": ("Market Value", "Mkt Val (Market Value)", "Mkt Val"),
    "basis": ("Cost Basis",),
    "kind": ("Security Type", "Asset Type"),
}
LOTS: Names = {
    "opened": ("Open Date",),
    "quantity": ("Quantity", "Qty (Quantity)", "Qty"),
    "price": ("Price",),
    "per_share": ("Cost/Share", "Cost Per Share"),
    "basis": ("Cost Basis",),
}
GAINS: Names = {
    "symbol": ("Symbol",),
    "closed": ("Closed Date",),
    "opened": ("Opened Date",),
    "quantity": ("Quantity",),
    "proceeds": ("Proceeds",),
    "basis": ("Cost Basis (CB)", "Cost Basis"),
    "gain": ("Gain/Loss ($)", "Gain/Loss $"),
    "term": ("Term",),
    "wash": ("Wash Sale?",),
    "disallowed": ("Disallowed Loss",),
}
TRANSACTIONS: Names = {
    "date": ("Date",),
    "action": ("Action",),
    "symbol": ("Symbol",),
    "description": ("Description",),
    "quantity": ("Quantity",),
    "price": ("Price",),
    "fees": ("Fees & Comm",),
    "amount": ("Amount",),
}
_TAIL = re.compile(r"(?:X{2,}|\.{2,})-?(\d{3,})(?!\d)", re.IGNORECASE)
_AS_OF = re.compile(r"\bas of\b(?P<clock>.*)$", re.IGNORECASE)
_DAY = re.compile(r"\d{1,2}/\d{1,2}/\d{4}|\d{4}/\d{1,2}/\d{1,2}|[A-Z][a-z]{2} \d{1,2}(?=\s+\d{1,2}:)(?:.*?)\b\d{4}")
_TOTALS = frozenset({"account total", "positions total", "total", "transactions total"})
_CASH_ROW = "cash & cash investments"
_BUYS = {"buy": Action.BUY, "reinvest shares": Action.REINVEST}
_MONEY_ONLY = re.compile(
    r"interest|dividend|div\b|div adj|moneylink|wire|funds (received|paid|transfer)|tax|fee|margin|service|cap gain|"
    r"capital gain|cash in lieu|adr mgmt|misc cash|journal|promotional|credit|atm|visa|bill ?pay|deposit|withdrawal|"
    r"distribution",
    re.IGNORECASE,
)
_SHARES_MOVE = re.compile(
    r"security transfer|journaled shares|journal|shares (in|out)|internal transfer|stock plan|transfer", re.IGNORECASE
)


class Schwab:
    """Schwab's downloads."""

    name = "schwab"
    says = "positions, lot details, realised gains and transactions, CSV and JSON"

    def read(self, sources: list[Source], wishes: Wishes, findings: Findings) -> Statement:
        """Return what the files say."""
        statement = Statement(lots_of_symbols=True)
        for source in sources:
            _File(Reading(source, wishes, findings, statement, ref=_ref_of(source.path.name))).read()
        return statement


class _File:
    """One file, whichever of them it is."""

    def __init__(self, to: Reading) -> None:
        self.to = to

    def read(self) -> None:
        text = self.to.text()
        if text.lstrip()[:1] in {"{", "["}:
            self._json(text)
            return
        rows = list(cells.rows_of(text))
        title = rows[0][1][0].strip() if rows else ""
        if re.match(r"positions for", title, re.IGNORECASE):
            self._positions(title, rows[1:])
        elif title.casefold().startswith("realized gain/loss"):
            self._gains(title, rows[1:])
        elif " lot details for " in title.casefold():
            self._lots(title, rows[1:])
        else:
            self._transactions(title, rows)

    def _bad(self, wrong: str) -> None:
        self.to.bad_file(
            wrong,
            "Give Schwab's positions, lot details, realised gain/loss (lot details) or brokerage transactions, as downloaded.",
        )

    def _positions(self, title: str, rows: Iterable[Row]) -> None:
        self.to.day_of(_title_day(title))
        header = None
        if not re.match(r"positions for all", title, re.IGNORECASE):
            self._turn_to(re.sub(r"(?i)^positions for( account)?", "", title))
        for row, cells_ in rows:
            if cells_[0].strip().casefold() == "symbol":
                header = header_of(row, cells_, POSITIONS)
                if not header.has("symbol", "quantity", "value"):
                    self._bad("the positions lack the columns Symbol, Quantity or Market Value")
                    return
            elif sum(bool(cell.strip()) for cell in cells_) == 1:
                header = None
                self._turn_to(cells_[0])
            elif header is not None:
                self.to.each([Record(header, row, cells_)], self._position)
            else:
                self.to.not_understood(row, "this row stands under no header", found=", ".join(cells_))

    def _turn_to(self, words: str) -> None:
        """Rows from here on are of the account that these words name."""
        self.to.ref = _ref_of(words) or self.to.ref
        self.to.kind_of(self.to.ref.label)

    def _position(self, record: Record) -> None:
        word = record.text("symbol").casefold()
        if word in _TOTALS:
            self.to.leave_out("totals")
        elif word.startswith(_CASH_ROW):
            self.to.cash(record.need("value"), "cash", record.row)
        elif found := self.to.shares(record, kind=record.text("kind")):
            if found.thing is Thing.CASH:
                self.to.cash(record.need("value"), f"money fund {found.symbol}", record.row)
            else:
                self.to.position(
                    found.symbol, record.need("quantity"), record.number("basis"), record.number("price"), record.row
                )

    def _lots(self, title: str, rows: list[Row]) -> None:
        symbol, _, rest = title.partition(" Lot Details for ")
        self._turn_to(rest)
        self.to.day_of(_title_day(title))
        found = named(symbol, known=self.to.known)
        header = header_of(*rows[0], LOTS) if rows else Header(0, {}, {})
        if not header.has("opened", "quantity", "basis"):
            self._bad("the lots lack the columns Open Date, Quantity or Cost Basis")
            return
        if found.thing is not Thing.SHARES:
            self.to.not_understood(
                None, f"these are lots of {found.thing}", found=symbol, cure=CURE.get(found.thing, "Cash has no lots.")
            )
            return

        def read(record: Record) -> None:
            if record.text("opened").casefold() in _TOTALS:
                self._check_total(record)
            else:
                self.to.out.lots.append(_lot(self.to, record, found.symbol))

        self.to.each(under(header, rows[1:]), read)

    def _check_total(self, record: Record) -> None:
        """The row of totals is Schwab's own sum: a difference in shares means that rows are missing from the file."""
        self.to.leave_out("totals")
        total = record.number("quantity")
        here = sum((lot.quantity for lot in self.to.out.lots if lot.file == self.to.file), Decimal(0))
        if total is not None and total != here:
            self.to.note(
                record.row, f"its lots add up to {here} shares",
                "Positions decide: give the file of positions too, or download the lots again.",
                found=record.text("quantity"), column=record.called("quantity"),
            )  # fmt: skip

    def _gains(self, title: str, rows: list[Row]) -> None:
        self._turn_to(re.sub(r"(?i)^.*? for (.*?) as of .*$", r"\1", title))
        self.to.day_of(_title_day(title.partition(" from ")[0]))
        span = re.search(r" from (\S+) to (\S+)", title)
        if span is not None:
            self.to.out.cover(cells.day(span[1]), cells.day(span[2]))
        header = header_of(*rows[0], GAINS) if rows else Header(0, {}, {})
        if not header.has("symbol", "closed", "quantity", "proceeds", "gain"):
            self._bad("the realised gains lack their columns; the summary without lots does not serve")
            return
        self.to.each(under(header, rows[1:]), self._gain)

    def _gain(self, record: Record) -> None:
        if record.text("symbol").casefold() in _TOTALS or record.is_missing("symbol"):
            self.to.leave_out("totals")
            return
        found = self.to.shares(record)
        if found is None or found.thing is Thing.CASH:
            return
        term, gain, proceeds = record.text("term").casefold(), record.number("gain"), record.need("proceeds")
        self.to.out.gains.append(
            Gain(
                self.to.ref, found.symbol, record.day("opened"), record.need_day("closed"), abs(record.need("quantity")),
                proceeds, proceeds - record.need("basis") if gain is None else gain,
                Character.LONG if "long" in term else Character.SHORT if "short" in term else None,
                abs(record.number("disallowed") or Decimal(0)), self.to.file, record.row,
            )
        )  # fmt: skip

    def _json(self, text: str) -> None:
        try:
            said: Any = json.loads(text)
        except json.JSONDecodeError as error:
            self._bad(f"it is not JSON: {error}")
            return
        listed = said.get("BrokerageTransactions") if isinstance(said, dict) else None
        if not isinstance(listed, list) or not all(isinstance(row, dict) for row in listed):
            self._bad("the JSON has no list BrokerageTransactions")
            return
        keys = ["Date", "Action", "Symbol", "Description", "Quantity", "Price", "Fees & Comm", "Amount"]
        header = header_of(0, keys, TRANSACTIONS)
        self._trades(
            under(header, ((at, [str(row.get(key) or "") for key in keys]) for at, row in enumerate(listed, 1)))
        )

    def _transactions(self, title: str, rows: list[Row]) -> None:
        if title.casefold().startswith("transactions"):
            self._turn_to(re.sub(r"(?i)^transactions\s+for( account)?", "", title))
            self.to.day_of(_title_day(title))
            rows = rows[1:]
        header = header_of(*rows[0], TRANSACTIONS) if rows else Header(0, {}, {})
        if not header.has("date", "action", "quantity", "amount"):
            self._bad(
                "it is none of Schwab's files of securities (a bank account has no holdings)"
                if rows
                else "the file is empty"
            )
            return
        self.to.kind_of(self.to.ref.label)
        self._trades(under(header, rows[1:]))

    def _trades(self, records: Iterable[Record]) -> None:
        split: list[Record] = []
        merged: list[Record] = []

        def read(record: Record) -> None:
            action = record.text("action").casefold()
            if record.text("date").casefold() in _TOTALS:
                self.to.leave_out("totals")
            elif "reverse split" in action:
                record.need("quantity")
                split.append(record)
            elif action.startswith("cash merger"):
                merged.append(record)
            else:
                self._transaction(record, action)

        self.to.each(records, read)
        self._reverse_splits(split)
        self.to.each(merged, lambda record: self._merger(record, merged))

    def _transaction(self, record: Record, action: str) -> None:
        quantity = record.number("quantity")
        if not quantity and _MONEY_ONLY.search(action):
            self.to.leave_out(f"{record.text('action')}: moves money alone")
            return
        found = self.to.shares(record)
        if found is None:
            return
        if found.thing is Thing.CASH:
            self.to.leave_out(f"{found.symbol}: a money fund is cash")
        elif action in _BUYS or action == "sell":
            fees = record.number("fees") or Decimal(0)
            self.to.trade(
                record, found.symbol, _BUYS.get(action, Action.SELL), money=record.number("amount"), fees=fees
            )
        elif "split" in action and quantity:
            self.to.change(record, found.symbol, ChangeKind.SPLIT, quantity)
        elif _SHARES_MOVE.search(action) and quantity:
            self.to.change(record, found.symbol, ChangeKind.RECEIVE if quantity > 0 else ChangeKind.DELIVER, quantity)
        else:
            self.to.not_understood(
                record.row, "this action is not known", found=record.text("action"), column=record.called("action")
            )

    def _merger(self, record: Record, merged: list[Record]) -> None:
        """Shares that left for money, told in two rows: the money, and the shares as an adjustment. A sale to the law."""
        shares = [each for each in merged if each.number("quantity") and each.text("symbol") == record.text("symbol")]
        money = [each for each in merged if each.number("amount") and each.text("symbol") == record.text("symbol")]
        found = self.to.shares(record)
        if len(shares) != 1 or len(money) != 1 or found is None:
            self.to.not_understood(
                record.row, "a cash merger that is not one row of shares and one of money", found=record.text("symbol")
            )
        elif record is money[0]:
            quantity, amount = abs(shares[0].need("quantity")), record.need("amount")
            day, row = record.need_day("date"), record.row
            self.to.out.trades.append(
                Trade(
                    self.to.ref, day, found.symbol, Action.SELL, quantity, amount / quantity, amount, self.to.file, row
                )
            )
            self.to.note(
                row,
                "a cash merger is taken for a sale",
                "Look at the realised gain that Schwab reports.",
                found=found.symbol,
            )
        else:
            self.to.leave_out("the shares of a cash merger")

    def _reverse_splits(self, records: list[Record]) -> None:
        """New shares under the ticker, old ones under a CUSIP with the same name: one change of the difference."""
        removed = [record for record in records if record.need("quantity") < 0]
        for record in records:
            if record.need("quantity") < 0:
                continue
            twins = [old for old in removed if _same_security(old, record)]
            if len(twins) != 1:
                self.to.not_understood(
                    record.row, "a reverse split without the row of the old shares", found=", ".join(record.cells)
                )
                continue
            removed.remove(twins[0])
            symbol, new, old = (
                named(record.text("symbol"), known=self.to.known).symbol,
                record.need("quantity"),
                -twins[0].need("quantity"),
            )
            self.to.change(record, symbol, ChangeKind.SPLIT, new - old, ratio=new / old)
        for record in removed:
            self.to.not_understood(
                record.row, "a reverse split without the row of the new shares", found=", ".join(record.cells)
            )


def _same_security(one: Record, other: Record) -> bool:
    return (
        one.text("date") == other.text("date")
        and one.text("description").split()[:2] == other.text("description").split()[:2]
    )


def _lot(to: Reading, record: Record, symbol: str) -> LotRow:
    basis, per_share, quantity = record.number("basis"), record.number("per_share"), record.need("quantity")
    opened = record.text("opened")
    return LotRow(
        to.ref, symbol, quantity, record.day("opened"), quantity * per_share if basis is None and per_share is not None else basis,
        to.file, record.row,
        # lots that opened in the same second are parts of one order; midnight is no time at all
        purchase=f"{symbol} {opened}" if re.search(r" \d\d:\d\d:\d\d$", opened) and not opened.endswith(" 00:00:00") else None,
    )  # fmt: skip


def _title_day(title: str) -> date | None:
    """``as of 02:45 AM ET, 08/25/2020``, ``as of 2026/05/03``, ``as of Sun May 03  13:18:19 EDT 2026``."""
    clock = _AS_OF.search(title)
    match = _DAY.search(clock["clock"] if clock else "")
    if match is None:
        return None
    words = match[0].split()
    return cells.day(f"{words[0]} {words[1]}, {words[-1]}" if len(words) > 1 else match[0])


def _ref_of(words: str) -> Ref:
    """The account that a title, a section or a file's name speaks of; ``NOWHERE`` where it names none."""
    words = words.partition(" as of ")[0]
    tail = _TAIL.search(words)
    label = re.sub(r"[\W_]+", " ", words[: tail.start()] if tail else words).strip()
    if re.search(r"\.(csv|json|txt)$", words, re.IGNORECASE) and tail is None:
        return NOWHERE
    return ref_of(tail[1], label) if tail else Ref("", label)
