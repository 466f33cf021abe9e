"""OFX and QFX, the format of Quicken: positions, cash and transactions of investment accounts.

Observations: securities are told by CUSIP and named in a list at the end; a position has units and a price but no basis,
so that lots come from the transactions, which reach back months; the money fund of a sweep may stand as a position and
again as available cash; times are often midnight with a zone, sometimes without one, so that the day is read from the
digits as they stand (OFX 2.2, 3.2.8.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lotwright.book.kinds import Action
from lotwright.files.imports import cells
from lotwright.files.imports.findings import Findings, Level
from lotwright.files.imports.ofx_tree import Element, ofx_tree
from lotwright.files.imports.reading import RETURN_OF_CAPITAL, Reading
from lotwright.files.imports.rows import Change, ChangeKind, Source, Statement, Trade, Wishes, ref_of
from lotwright.files.imports.sheet import BadCellError
from lotwright.files.imports.symbols import CURE, Thing, named

_POSITIONS = ("POSSTOCK", "POSMF", "POSOTHER", "POSDEBT", "POSOPT")
_NOT_HELD = {"POSOPT": Thing.OPTION, "POSDEBT": Thing.BOND}
_TRADES = {
    "BUYSTOCK": Action.BUY, "BUYMF": Action.BUY, "BUYOTHER": Action.BUY, "REINVEST": Action.REINVEST,
    "SELLSTOCK": Action.SELL, "SELLMF": Action.SELL, "SELLOTHER": Action.SELL,
}  # fmt: skip
_MONEY = frozenset({"INCOME", "INVEXPENSE", "INVBANKTRAN", "MARGININTEREST"})
_DATES = frozenset({"DTSTART", "DTEND"})
_CURE = "Give an OFX or QFX file of a brokerage account as downloaded."


class Ofx:
    """OFX and QFX files of any institution."""

    name = "ofx"
    says = "OFX and QFX of investment accounts, any institution"

    def read(self, sources: list[Source], wishes: Wishes, findings: Findings) -> Statement:
        """Return what the files say."""
        statement = Statement()
        for source in sources:
            to = Reading(source, wishes, findings, statement)
            root = ofx_tree(to.text())
            if root is None:
                to.bad_file("it is no OFX", _CURE)
                continue
            securities = {security.uniqueid: security for security in map(_security, root.every("SECINFO"))}
            accounts = list(root.every("INVSTMTRS"))
            if not accounts:
                to.bad_file("it holds no investment account (a bank or card account has no holdings)", _CURE)
            for account in accounts:
                _Account(to, account, securities).read()
        return statement


@dataclass(frozen=True, slots=True)
class _Security:
    uniqueid: str
    ticker: str
    name: str


def _security(found: Element) -> _Security:
    return _Security(found.value("SECID", "UNIQUEID"), found.value("TICKER"), found.value("SECNAME"))


class _Account:
    """One investment account."""

    def __init__(self, to: Reading, said: Element, securities: Mapping[str, _Security]) -> None:
        self.to, self.said, self.securities = to, said, securities
        self.currency = said.value("CURDEF")

    def read(self) -> None:
        self.to.ref = ref_of(self.said.value("INVACCTFROM", "ACCTID"))
        self.to.day_of(_day(self.said.value("DTASOF")))
        self.sweep = Decimal(0)
        positions = self.said.first("INVPOSLIST")
        for found in positions.children if positions else ():
            self._guarded(found, self._position)
        self._guarded(self.said, lambda _: self._cash())
        listed = self.said.first("INVTRANLIST")
        for found in listed.children if listed else ():
            if found.tag not in _DATES:
                self._guarded(found, self._transaction)

    def _guarded(self, found: Element, read: object) -> None:
        try:
            read(found)  # type: ignore[operator]
        except BadCellError as bad:
            self.to.findings.add(
                Level.ERROR, self.to.file, found.line, bad.column, bad.found, bad.wrong, bad.cure, account=self.to.ref.tail
            )  # fmt: skip

    def _symbol(self, found: Element, security: str, thing: Thing | None) -> str | None:
        """The ticker of shares, the name of money with a star; None, and a finding, for what a book cannot hold."""
        about = self.securities.get(security, _Security(security, "", ""))
        name = named(about.ticker or security, description=about.name, known=self.to.known)
        if security in self.to.known:
            name = named(security, known=self.to.known)
        what = thing if thing is not None and security not in self.to.known else name.thing
        if what is Thing.SHARES:
            return name.symbol
        if what is Thing.CASH:
            return f"*{name.symbol}"
        self.to.not_understood(
            found.line, f"this is {what}", found=about.ticker or security, column=found.tag, cure=CURE[what]
        )
        return None

    def _position(self, found: Element) -> None:
        said = found.first("INVPOS")
        if found.tag not in _POSITIONS or said is None:
            self.to.not_understood(found.line, "a position of this kind is not known", found=found.tag)
            return
        symbol = self._symbol(found, said.value("SECID", "UNIQUEID"), _NOT_HELD.get(found.tag))
        if symbol is None or not self._is_ours(said, symbol):
            return
        units = _number(said, "UNITS")
        if symbol.startswith("*"):
            value = _number(said, "MKTVAL") if said.value("MKTVAL") else units
            self.sweep += value
            self.to.cash(value, f"money fund {symbol[1:]}", found.line)
            return
        price = _number(said, "UNITPRICE") if said.value("UNITPRICE") else None
        self.to.position(symbol, -abs(units) if said.value("POSTYPE") == "SHORT" else units, None, price, found.line)

    def _is_ours(self, said: Element, symbol: str) -> bool:
        told = said.value("CURRENCY", "CURSYM") or said.value("ORIGCURRENCY", "CURSYM")
        if told in {"", self.currency}:
            return True
        self.to.not_understood(
            said.line, f"it is in {told} and the account in {self.currency}", found=symbol, column="CURSYM",
            cure="A book has one currency: this holding stays outside.",
        )  # fmt: skip
        return False

    def _cash(self) -> None:
        balance = self.said.first("INVBAL")
        if balance is None or not balance.value("AVAILCASH"):
            return
        cash = _number(balance, "AVAILCASH")
        if self.sweep and abs(cash - self.sweep) <= Decimal("0.01"):
            self.to.note(
                balance.line, "the available cash is the money fund once more and is counted once", "Check it against the account.",
                found=str(cash), column="AVAILCASH",
            )  # fmt: skip
            return
        self.to.cash(cash, "cash", balance.line)

    def _transaction(self, found: Element) -> None:
        if found.tag in _MONEY:
            self.to.leave_out(f"{found.tag}: moves money alone")
            return
        security = next(found.every("SECID"), None)
        uniqueid = security.value("UNIQUEID") if security is not None else ""
        if found.tag not in _TRADES and found.tag not in {"SPLIT", "TRANSFER"}:
            wrong = RETURN_OF_CAPITAL if found.tag == "RETOFCAP" else f"a transaction {found.tag} is not known"
            self.to.not_understood(found.line, wrong, found=uniqueid, column=found.tag)
            return
        symbol = self._symbol(found, uniqueid, None)
        if symbol is None or not self._is_ours(_inner(found), symbol):
            return
        if symbol.startswith("*"):
            self.to.leave_out(f"{symbol[1:]}: a money fund is cash")
        elif found.tag in _TRADES:
            self._trade(found, symbol)
        else:
            self._change(found, symbol)

    def _trade(self, found: Element, symbol: str) -> None:
        said, action = _inner(found), _TRADES[found.tag]
        if action is Action.BUY and "reinvest" in said.value("INVTRAN", "MEMO").casefold():
            action = Action.REINVEST
        quantity = abs(_number(said, "UNITS"))
        if not quantity:
            self.to.leave_out("trades of no shares")
            return
        price, total = abs(_number(said, "UNITPRICE")), abs(_number(said, "TOTAL"))
        day = _traded(said)
        self.to.out.trades.append(
            Trade(self.to.ref, day, symbol, action, quantity, price, total, self.to.file, found.line)
        )

    def _change(self, found: Element, symbol: str) -> None:
        day, ratio = _traded(found), None
        if found.tag == "SPLIT":
            kind, quantity = ChangeKind.SPLIT, _number(found, "NEWUNITS") - _number(found, "OLDUNITS")
            ratio = _number(found, "NUMERATOR") / (_number(found, "DENOMINATOR") or Decimal(1))
        else:
            is_in = found.value("TFERACTION") != "OUT"
            kind = ChangeKind.RECEIVE if is_in else ChangeKind.DELIVER
            quantity = abs(_number(found, "UNITS")) * (1 if is_in else -1)
        self.to.out.changes.append(
            Change(self.to.ref, day, symbol, kind, quantity, self.to.file, found.line, ratio=ratio)
        )


def _inner(found: Element) -> Element:
    """The part that purchases and sales keep their numbers in."""
    return found.first("INVBUY") or found.first("INVSELL") or found


def _day(text: str) -> date | None:
    return cells.day(text[:8], ("%Y%m%d",))


def _traded(said: Element) -> date:
    text = said.value("INVTRAN", "DTTRADE")
    found = _day(text)
    if found is None:
        raise BadCellError("DTTRADE", text, "this is not a day that can be read", "Download the file again.")
    return found


def _number(said: Element, tag: str) -> Decimal:
    text = said.value(tag)
    found = cells.number(text)
    if found is None:
        raise BadCellError(tag, text, "a number is needed here", "Download the file again.")
    return found
