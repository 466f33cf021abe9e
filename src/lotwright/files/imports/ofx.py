"""OFX and QFX, the format of Quicken: positions, cash and transactions of investment accounts, through ofxtools.

Observations: securities are told by CUSIP and named in a list at the end; a position has units and a price but no basis,
so that lots come from the transactions, which reach back months; the money fund of a sweep may stand as a position and
again as available cash; times are often midnight with a zone, sometimes without one, so that the day is read from the
digits as they stand (OFX 2.2, 3.2.8.2).
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from lotwright.book.kinds import Action
from lotwright.files.imports import cells
from lotwright.files.imports.findings import Findings
from lotwright.files.imports.reading import Reading
from lotwright.files.imports.rows import Change, ChangeKind, Source, Statement, Trade, Wishes, ref_of
from lotwright.files.imports.symbols import CURE, Thing, named

_BOOKS_HOLD = frozenset({"POSSTOCK", "POSMF", "POSOTHER"})
_TRADES = {
    "BUYSTOCK": Action.BUY, "BUYMF": Action.BUY, "BUYOTHER": Action.BUY, "REINVEST": Action.REINVEST,
    "SELLSTOCK": Action.SELL, "SELLMF": Action.SELL, "SELLOTHER": Action.SELL,
}  # fmt: skip
_MONEY = frozenset({"INCOME", "INVEXPENSE", "INVBANKTRAN", "MARGININTEREST", "STMTTRN"})


class Ofx:
    """OFX and QFX files of any institution."""

    name = "ofx"
    says = "OFX and QFX of investment accounts, any institution"

    def read(self, sources: list[Source], wishes: Wishes, findings: Findings) -> Statement:
        """Return what the files say."""
        statement = Statement()
        for source in sources:
            to = Reading(source, wishes, findings, statement)
            try:
                found, days = _parsed(source.content)
            except (ValueError, SyntaxError, KeyError, AttributeError, TypeError) as error:
                to.bad_file(f"it cannot be read as OFX: {str(error)[:120]}", "Give an OFX or QFX file as downloaded.")
                continue
            securities = {each.uniqueid: each for each in (found.securities or [])}
            statements = [
                each for each in found.statements if hasattr(each, "invposlist") or hasattr(each, "invacctfrom")
            ]
            if not statements:
                to.bad_file(
                    "it holds no investment account (a bank or card account has no holdings)",
                    "Download the brokerage account.",
                )
            for each in statements:
                _Statement(to, each, securities, days).read()
        return statement


def _parsed(content: bytes) -> tuple[Any, dict[str, date]]:
    """The document, and the day of each transaction and statement as its digits stand."""
    from ofxtools.Parser import OFXTree  # noqa: PLC0415  it registers hundreds of models: only when a file is OFX

    tree = OFXTree()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # private tags of Intuit
        tree.parse(io.BytesIO(content))
        days: dict[str, date] = {}
        root = tree.getroot()
        if root is None:
            raise ValueError("it is empty")
        for element in root.iter("INVTRAN"):
            name, when = element.findtext("FITID"), element.findtext("DTTRADE")
            found = cells.day((when or "")[:8], ("%Y%m%d",))
            if name and found:
                days[name] = found
        for element in root.iter("INVSTMTRS"):
            found = cells.day((element.findtext("DTASOF") or "")[:8], ("%Y%m%d",))
            if found:
                days[""] = found
        return tree.convert(), days


class _Statement:
    """One investment account."""

    def __init__(self, to: Reading, said: Any, securities: dict[str, Any], days: dict[str, date]) -> None:
        self.to, self.said, self.securities, self.days = to, said, securities, days

    def read(self) -> None:
        self.to.ref = ref_of(self.said.account.acctid)
        self.to.day_of(self.days.get("") or self.said.dtasof.date())
        sweep = Decimal(0)
        for at, position in enumerate(self.said.positions or [], 1):
            sweep += self._position(at, position)
        self._cash(sweep)
        for at, transaction in enumerate(self.said.transactions or [], 1):
            self._transaction(at, transaction)

    def _symbol(self, row: int, said: Any, kind: str) -> tuple[Thing, str]:
        """What a security is; a finding where a book cannot hold it."""
        about = self.securities.get(said.uniqueid)
        ticker = (getattr(about, "ticker", None) or "").strip()
        found = named(
            ticker or said.uniqueid, description=getattr(about, "secname", "") or "", kind=kind, known=self.to.known
        )
        if said.uniqueid in self.to.known:
            found = named(said.uniqueid, known=self.to.known)
        if found.thing not in {Thing.SHARES, Thing.CASH}:
            self.to.not_understood(
                row,
                f"this is {found.thing}",
                found=ticker or said.uniqueid,
                column=type(said).__name__,
                cure=CURE[found.thing],
            )
        return found.thing, found.symbol

    def _position(self, at: int, said: Any) -> Decimal:
        """Add a position; return what of it is money."""
        kind = type(said).__name__
        thing, symbol = self._symbol(
            at, said.secid, "" if kind in _BOOKS_HOLD else {"POSOPT": "option", "POSDEBT": "bond"}.get(kind, kind)
        )
        if thing is Thing.SHARES and kind not in _BOOKS_HOLD:
            self.to.not_understood(at, "this is a bond or an option", found=symbol, column=kind, cure=CURE[Thing.BOND])
        elif thing is Thing.CASH:
            value = said.mktval if said.mktval is not None else said.units
            self.to.cash(value, f"money fund {symbol}", at)
            return Decimal(value)
        elif thing is Thing.SHARES:
            if not self._is_ours(said, at, symbol):
                return Decimal(0)
            units = -abs(said.units) if said.postype == "SHORT" else said.units
            self.to.position(symbol, units, None, said.unitprice, at)
        return Decimal(0)

    def _is_ours(self, said: Any, row: int, symbol: str) -> bool:
        told = getattr(getattr(said, "currency", None), "cursym", None)
        if told in {None, self.said.curdef}:
            return True
        self.to.not_understood(
            row, f"it is in {told} and the account in {self.said.curdef}", found=symbol, column="CURRENCY",
            cure="A book has one currency: this holding stays outside.",
        )  # fmt: skip
        return False

    def _cash(self, sweep: Decimal) -> None:
        balances = self.said.balances
        if balances is None:
            return
        cash = balances.availcash
        if sweep and abs(cash - sweep) <= Decimal("0.01"):
            self.to.note(
                None,
                "the available cash is the money fund once more and is counted once",
                "Check it against the account.",
                found=str(cash),
                column="AVAILCASH",
            )
            return
        self.to.cash(cash, "cash", None)

    def _transaction(self, at: int, said: Any) -> None:
        kind = type(said).__name__
        if kind in _MONEY:
            self.to.leave_out(f"{kind}: moves money alone")
            return
        if kind not in _TRADES and kind not in {"SPLIT", "TRANSFER"}:
            found = getattr(getattr(said, "secid", None), "uniqueid", "")
            self.to.not_understood(at, f"a transaction {kind} is not known", found=found, column=kind)
            return
        thing, symbol = self._symbol(at, said.secid, "")
        if thing is Thing.CASH:
            self.to.leave_out(f"{symbol}: a money fund is cash")
        elif thing is Thing.SHARES and self._is_ours(said, at, symbol):
            add: Callable[[int, Any, str], None] = self._change if kind in {"SPLIT", "TRANSFER"} else self._trade
            add(at, said, symbol)

    def _trade(self, at: int, said: Any, symbol: str) -> None:
        action = _TRADES[type(said).__name__]
        if action is Action.BUY and "reinvest" in (said.memo or "").casefold():
            action = Action.REINVEST
        quantity = abs(said.units)
        if not quantity:
            self.to.leave_out("trades of no shares")
            return
        day = self.days.get(said.fitid) or said.dttrade.date()
        self.to.out.trades.append(
            Trade(self.to.ref, day, symbol, action, quantity, said.unitprice, abs(said.total), self.to.file, at)
        )

    def _change(self, at: int, said: Any, symbol: str) -> None:
        day = self.days.get(said.fitid) or said.dttrade.date()
        if type(said).__name__ == "SPLIT":
            kind, quantity = ChangeKind.SPLIT, said.newunits - said.oldunits
            ratio = said.numerator / said.denominator if said.denominator else None
        else:
            kind = ChangeKind.RECEIVE if said.tferaction == "IN" else ChangeKind.DELIVER
            quantity, ratio = (abs(said.units) if kind is ChangeKind.RECEIVE else -abs(said.units)), None
        self.to.out.changes.append(Change(self.to.ref, day, symbol, kind, quantity, self.to.file, at, ratio=ratio))
