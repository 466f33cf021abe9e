"""Interactive Brokers' Flex queries (XML): open positions lot by lot, trades, closed lots, cash, splits, transfers.

Problem: the typed readers of Flex statements refuse an attribute they do not know, and IBKR adds some every year.
Observations: a query's owner chooses which attributes there are and how days are written; positions come as summaries, as
lots, or as both; trades as orders, executions, or both; one statement may hold several accounts and currencies.
Therefore: a streaming parser that refuses entities and document types (defusedxml), and reads only what is used. A
day such as ``05/03/2024`` is read by what the other days of the file leave open, and refused where they leave both.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Mapping
from decimal import Decimal
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, Locator

from defusedxml import DefusedXmlException
from defusedxml.sax import parse

from lotwright.book.kinds import Action, Character
from lotwright.files.imports import cells
from lotwright.files.imports.findings import Findings
from lotwright.files.imports.reading import Reading
from lotwright.files.imports.rows import Change, ChangeKind, Gain, LotRow, Source, Statement, Trade, Wishes, ref_of
from lotwright.files.imports.sheet import Header, Record
from lotwright.files.imports.symbols import Thing
from lotwright.tax.holding import long_term_from

WANTED = frozenset(
    {
        "OpenPosition",
        "Trade",
        "Lot",
        "CashReportCurrency",
        "CorporateAction",
        "Transfer",
        "AccountInformation",
        "FlexStatement",
    }
)
SHARES = frozenset({"STK", "FUND", "ETF"})
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/\d{2,4}")
_DAY_ATTRIBUTES = (
    "tradeDate",
    "reportDate",
    "openDateTime",
    "holdingPeriodDateTime",
    "dateTime",
    "toDate",
    "fromDate",
    "date",
)
DAY_FIRST, MONTH_FIRST = ("%d/%m/%Y", "%d/%m/%y"), ("%m/%d/%Y", "%m/%d/%y")
_PLAIN_DAYS = ("%Y-%m-%d", "%Y%m%d", "%d-%b-%y", "%d-%b-%Y", "%Y/%m/%d")
_CURE_DAYS = "Choose the date format yyyy-MM-dd in the Flex query and run it again."


class InteractiveBrokers:
    """IBKR's Flex statements."""

    name = "ibkr"
    says = "Flex statements, XML: open positions (lots), trades, closed lots, cash report, corporate actions, transfers"

    def read(self, sources: list[Source], wishes: Wishes, findings: Findings) -> Statement:
        """Return what the files say."""
        statement = Statement()
        for source in sources:
            to = Reading(source, wishes, findings, statement)
            handler = _Elements()
            try:
                parse(io.BytesIO(source.content), handler)
            except DefusedXmlException:
                to.bad_file(
                    "the XML declares entities or a document type, which a Flex statement never does",
                    "Download it again from IBKR.",
                )
                continue
            except SAXException as error:
                to.bad_file(
                    f"it is not XML: {error}", "Give a Flex statement as downloaded; IBKR's CSV reports have no lots."
                )
                continue
            if not handler.found["FlexStatement"]:
                to.bad_file("it holds no FlexStatement", "Give a Flex statement (XML) of an activity query.")
            for statement_ in handler.found["FlexStatement"]:
                _Statement(to, statement_, handler.found).read()
        return statement


class _Element:
    """One element: its attributes, its line, the number of the statement it stands in."""

    __slots__ = ("attributes", "line", "name", "number")

    def __init__(self, name: str, attributes: Mapping[str, str], line: int, number: int) -> None:
        self.name, self.attributes, self.line, self.number = name, attributes, line, number


class _Elements(ContentHandler):
    """Gathers the elements that are used."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, list[_Element]] = defaultdict(list)
        self._line: Locator | None = None

    def setDocumentLocator(self, locator: Locator) -> None:  # noqa: N802  the protocol's name
        """Take what tells the line."""
        self._line = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802
        """Keep an element that is wanted."""
        if name in WANTED:
            line = (self._line.getLineNumber() if self._line else None) or 0
            number = len(self.found["FlexStatement"]) + (name == "FlexStatement")
            self.found[name].append(_Element(name, dict(attrs.items()), line, number))


class _Statement:
    """One statement of one account."""

    def __init__(self, to: Reading, own: _Element, found: Mapping[str, list[_Element]]) -> None:
        self.to, self.own = to, own
        self.found = {name: [each for each in listed if each.number == own.number] for name, listed in found.items()}
        about = self.found.get("AccountInformation", [])
        self.info = about[0].attributes if about else {}
        self.currency = self.info.get("currency") or self._one_currency()

    def read(self) -> None:
        self.to.ref = ref_of(self.own.attributes.get("accountId") or self.info.get("accountId", ""))
        self.to.kind_of(f"{self.info.get('accountType', '')} {self.info.get('customerType', '')}")
        if not self._settle_days():
            return
        record = self._record(self.own)
        self.to.each([record], lambda each: self.to.day_of(each.day("toDate")))
        self._each("OpenPosition", self._positions())
        for name, read in (("Trade", self._trade), ("CorporateAction", self._action), ("Transfer", self._transfer)):
            self._each(name, read)
        self._closed_lots()
        self._cash()

    def _each(self, name: str, read: object) -> None:
        self.to.each([self._record(each) for each in self.found.get(name, [])], read)  # type: ignore[arg-type]

    def _record(self, element: _Element) -> Record:
        names = list(element.attributes)
        header = Header(0, {name: place for place, name in enumerate(names)}, {name: name for name in names})
        return Record(header, element.line, [element.attributes[name] for name in names], forms=self.forms)

    def _settle_days(self) -> bool:
        """Whether days with slashes are told day first; False, and an error, where nothing settles it."""
        self.forms: tuple[str, ...] = _PLAIN_DAYS
        texts = [
            each.attributes.get(name, "")
            for listed in self.found.values()
            for each in listed
            for name in _DAY_ATTRIBUTES
        ]
        parts = [(int(match[1]), int(match[2])) for match in map(_SLASHES.match, texts) if match]
        day_first, month_first = any(first > 12 for first, _ in parts), any(second > 12 for _, second in parts)
        if parts and day_first == month_first:
            self.to.bad_file("its days can be read day first and month first alike", _CURE_DAYS)
            return False
        self.forms = _PLAIN_DAYS + (DAY_FIRST if day_first else MONTH_FIRST)
        return True

    def _one_currency(self) -> str:
        told = {
            each.attributes.get("currency", "")
            for each in self.found.get("OpenPosition", []) + self.found.get("CashReportCurrency", [])
        }
        told -= {"", "BASE_SUMMARY"}
        return told.pop() if len(told) == 1 else "USD"

    def _symbol(self, record: Record) -> str | None:
        """The ticker of a share or fund in the account's currency; None, and a finding, for anything else."""
        category, currency = record.text("assetCategory") or "STK", record.text("currency") or self.currency
        if currency != self.currency:
            self.to.not_understood(
                record.row,
                f"it is in {currency} and the account in {self.currency}",
                found=record.text("symbol"),
                column="currency",
                cure="A book has one currency: this holding stays outside.",
            )
            return None
        found = self.to.shares(record, kind="" if category in SHARES else category)
        if found is None or category in SHARES:
            return None if found is None or found.thing is Thing.CASH else found.symbol
        self.to.not_understood(
            record.row, f"its asset category is {category}", found=record.text("symbol"), column="assetCategory",
            cure="A book holds stocks and funds: this holding stays outside.",
        )  # fmt: skip
        return None

    def _positions(self) -> object:
        details = {
            self.found["OpenPosition"][at].attributes.get("levelOfDetail", "SUMMARY")
            for at in range(len(self.found.get("OpenPosition", [])))
        }
        has_summary = bool(details - {"LOT"})

        def read(record: Record) -> None:
            is_lot = record.text("levelOfDetail").upper() == "LOT"
            if is_lot and has_summary and (record.text("assetCategory") or "STK") not in SHARES:
                return  # its summary says so already
            symbol, quantity = self._symbol(record), record.need("position")
            if symbol is None:
                return
            basis, price = record.number("costBasisMoney"), record.number("markPrice")
            if basis is None and (each := record.number("costBasisPrice")) is not None:
                basis = each * quantity
            if not is_lot or not has_summary:
                self.to.position(symbol, quantity, basis, price, record.row)
            if is_lot and quantity > 0:
                self._lot(record, symbol, quantity, basis)

        return read

    def _lot(self, record: Record, symbol: str, quantity: Decimal, basis: Decimal | None) -> None:
        acquired, start = record.day("openDateTime"), record.day("holdingPeriodDateTime")
        is_tacked = start is not None and acquired is not None and start < acquired
        order = record.text("originatingOrderID")
        self.to.out.lots.append(
            LotRow(
                self.to.ref, symbol, quantity, acquired, basis, self.to.file, record.row,
                holding_start=start if is_tacked else None, purchase=order if order not in {"", "0"} else None,
            )
        )  # fmt: skip

    def _trade(self, record: Record) -> None:
        level = record.text("levelOfDetail").upper() or "EXECUTION"
        levels = {(each.attributes.get("levelOfDetail") or "EXECUTION").upper() for each in self.found["Trade"]}
        if level == "CLOSED_LOT":
            self._closed(record)
            return
        if level != ("EXECUTION" if "EXECUTION" in levels else "ORDER"):
            self.to.leave_out(f"{level.casefold()} rows: the executions say the same")
            return
        symbol = self._symbol(record)
        if symbol is None:
            return
        side = record.text("buySell").upper()
        if side not in {"BUY", "SELL"}:
            self.to.not_understood(
                record.row, "this is neither BUY nor SELL", found=record.text("buySell"), column="buySell"
            )
            return
        quantity, price = abs(record.need("quantity")), record.need("tradePrice")
        money, fees = record.number("netCash"), abs(record.number("ibCommission") or Decimal(0))
        if not money:
            money = quantity * price + (fees if side == "BUY" else -fees)
        is_reinvested = "R" in re.split(r"[;,]", record.text("notes") or record.text("code"))
        gain = record.number("fifoPnlRealized") if side == "SELL" else None
        day = record.day("tradeDate") or record.need_day("dateTime")
        order = record.text("ibOrderID")
        self.to.out.trades.append(
            Trade(
                self.to.ref,
                day,
                symbol,
                Action.SELL if side == "SELL" else Action.REINVEST if is_reinvested else Action.BUY,
                quantity,
                price,
                abs(money),
                self.to.file,
                record.row,
                at=f"{record.text('dateTime')} {record.row:09}",
                realised_gain=gain,
                purchase=order if order not in {"", "0"} else None,
            )
        )

    def _closed_lots(self) -> None:
        self._each("Lot", self._closed)
        if self.to.out.gains:
            first, last = (cells.day(self.own.attributes.get(name, ""), self.forms) for name in ("fromDate", "toDate"))
            self.to.out.cover(first, last)

    def _closed(self, record: Record) -> None:
        symbol = self._symbol(record)
        if symbol is None:
            return
        gain, cost = record.need("fifoPnlRealized"), abs(record.need("cost"))
        opened = record.day("openDateTime")
        closed = record.day("tradeDate") or record.need_day("dateTime")
        start = record.day("holdingPeriodDateTime") or opened
        character = None if start is None else Character.LONG if closed >= long_term_from(start) else Character.SHORT
        self.to.out.gains.append(
            Gain(
                self.to.ref, symbol, opened, closed, abs(record.need("quantity")), gain + cost, gain, character,
                Decimal(0), self.to.file, record.row,
            )
        )  # fmt: skip

    def _action(self, record: Record) -> None:
        quantity = record.number("quantity")
        if not quantity:
            self.to.leave_out(f"corporate action {record.text('type')}: moves money alone")
            return
        symbol = self._symbol(record)
        if symbol is None:
            return
        if record.text("type").upper() in {"FS", "RS", "HI", "SD"}:
            day = record.day("reportDate") or record.need_day("dateTime")
            self.to.out.changes.append(
                Change(
                    self.to.ref,
                    day,
                    symbol,
                    ChangeKind.SPLIT,
                    quantity,
                    self.to.file,
                    record.row,
                    at=f"{record.text('dateTime')} ",
                )
            )
        else:
            self.to.not_understood(
                record.row,
                "this corporate action moves basis in a way no file tells",
                found=record.text("type"),
                column="type",
            )

    def _transfer(self, record: Record) -> None:
        quantity = record.number("quantity")
        if not quantity:
            self.to.leave_out("transfers of money")
            return
        symbol = self._symbol(record)
        if symbol is not None:
            kind = (
                ChangeKind.DELIVER if record.text("direction").upper() == "OUT" or quantity < 0 else ChangeKind.RECEIVE
            )
            day = record.day("date") or record.need_day("dateTime")
            self.to.out.changes.append(
                Change(
                    self.to.ref,
                    day,
                    symbol,
                    kind,
                    abs(quantity) * (-1 if kind is ChangeKind.DELIVER else 1),
                    self.to.file,
                    record.row,
                )
            )

    def _cash(self) -> None:
        rows = {
            each.attributes.get("currency", ""): self._record(each) for each in self.found.get("CashReportCurrency", [])
        }
        own = self.currency if self.currency in rows else "BASE_SUMMARY"

        def read(record: Record) -> None:
            amount = record.number("endingCash")
            if amount is None:
                return
            if record.text("currency") == own:
                self.to.cash(amount, "cash", record.row)
            elif record.text("currency") == "BASE_SUMMARY" or not amount:
                self.to.leave_out("cash reports that say the same, or nothing")
            else:
                self.to.not_understood(
                    record.row, f"this cash is in {record.text('currency')}", found=str(amount), column="endingCash",
                    cure="A book has one currency: convert it at the broker, or it stays outside.",
                )  # fmt: skip

        self.to.each(list(rows.values()), read)
