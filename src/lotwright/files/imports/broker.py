"""A broker's account by its interface: positions and cash, and lots rebuilt from every execution there ever was.

Observations: the broker's average price is no basis (Alpaca compresses first in, first out at the end of the day and
averages within it); executions are; splits, renames and transfers come as other activities, transfers without a price.
So the broker is read like any custodian: its words become the same rows, and positions decide whether the lots agree.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from lotwright.book.kinds import Action
from lotwright.files.imports.findings import Findings, Level
from lotwright.files.imports.rows import Cash, Change, ChangeKind, Position, Statement, Told, Trade, ref_of

SPLITS = frozenset({"SPLIT", "REVERSE_SPLIT", "FORWARD_SPLIT"})
TRANSFERS = frozenset({"ACATS", "JNLS", "FOPT", "PTC", "OCT"})
MONEY = frozenset({
    "ACATC", "CSD", "CSW", "CSR", "CFEE", "DIV", "DIVCGL", "DIVCGS", "DIVFEE", "DIVFT", "DIVNRA", "DIVTW", "DIVTXEX", "FEE",
    "FTX", "INT", "INTNRA", "INTTW", "JNL", "JNLC", "MEM", "MISC", "PTR", "SWP", "TAF", "TRANS", "WRP",
})  # fmt: skip
"""Activities that move money alone; a return of capital (DIVROC) is not among them, since it lowers basis."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A position as the broker tells it."""

    symbol: str
    quantity: Decimal
    price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One execution; ``at`` orders those of a day, ``order`` is what they share."""

    name: str
    symbol: str
    is_sale: bool
    quantity: Decimal
    price: Decimal
    day: date
    at: str
    order: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """Anything else the broker did: its code, and shares or money where it says so."""

    name: str
    kind: str
    day: date
    at: str
    symbol: str | None
    quantity: Decimal | None
    money: Decimal | None
    is_executed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAccount:
    """Everything asked of a broker: ``number`` is the account's, ``as_of`` the broker's day."""

    broker: str
    number: str
    as_of: date
    cash: Decimal
    held: tuple[Held, ...]
    executions: tuple[Execution, ...]
    happenings: tuple[Happening, ...]


def statement_of(said: BrokerAccount, findings: Findings) -> Statement:
    """Return the rows of a broker's account; activities that move shares in a way nobody can rebuild are reported."""
    out = Statement(whole_history=True)
    ref, file = ref_of(said.number), said.broker
    out.days[file] = said.as_of
    out.cash.append(Cash(ref, said.cash, "cash", file, None))
    for held in said.held:
        if held.quantity < 0:
            findings.add(
                Level.NOT_UNDERSTOOD, file, None, "positions", f"{held.quantity} {held.symbol}", "it is held short",
                "A book holds what is owned: short positions stay outside.", account=ref.tail,
            )  # fmt: skip
            continue
        out.positions.append(Position(ref, held.symbol, held.quantity, None, held.price, file, None))
        if held.price is not None:
            out.prices.append(Told(held.symbol, held.price, file, None))
    for done in said.executions:
        action = Action.SELL if done.is_sale else Action.BUY
        out.trades.append(
            Trade(
                ref,
                done.day,
                done.symbol,
                action,
                done.quantity,
                done.price,
                done.quantity * done.price,
                file,
                None,
                at=done.at,
                purchase=done.order,
            )
        )
    renamed = _renames(said.happenings)
    for each in said.happenings:
        _happened(out, each, renamed, findings, file=file, number=said.number)
    return out


def _renames(happenings: Iterable[Happening]) -> dict[str, str]:
    """Old names of securities that go on under another, by the row of the new one: shares leave and come on one day."""
    rows = [each for each in happenings if each.kind == "NC" and each.symbol and each.quantity]
    out = {}
    for new in rows:
        olds = [
            old
            for old in rows
            if old.day == new.day and old.quantity == -(new.quantity or 0) and (new.quantity or 0) > 0
        ]
        if len(olds) == 1:
            out[new.name] = olds[0].symbol or ""
    return out


def _happened(
    out: Statement, each: Happening, renamed: dict[str, str], findings: Findings, *, file: str, number: str
) -> None:
    ref = ref_of(number)
    if not each.is_executed:
        findings.leave_out(file, f"{each.kind}: corrected or cancelled")
    elif each.kind in SPLITS and each.symbol and each.quantity:
        out.changes.append(
            Change(
                ref, each.day, each.symbol, ChangeKind.SPLIT, each.quantity, file, None, at=each.at, money=each.money
            )
        )
    elif each.kind in TRANSFERS and each.symbol and each.quantity:
        kind = ChangeKind.RECEIVE if each.quantity > 0 else ChangeKind.DELIVER
        out.changes.append(Change(ref, each.day, each.symbol, kind, each.quantity, file, None, at=each.at))
        findings.add(
            Level.NOTE,
            file,
            None,
            each.kind,
            f"{each.quantity:f} {each.symbol}",
            f"shares moved by transfer on {each.day}",
            "What came in has no price here: give its lots with --lots FILE, or declare --missing-basis and --missing-acquired.",
            account=ref.tail,
        )
    elif each.kind == "NC" and each.name in renamed:
        _rename(out, each, renamed[each.name])
    elif each.kind == "NC" and each.symbol and (each.quantity or 0) < 0:
        findings.leave_out(file, "NC: the old name's row of a change of name")
    elif each.kind in MONEY and not (each.kind in {"JNL", "TRANS"} and each.quantity):
        findings.leave_out(file, f"{each.kind}: moves money alone")
    else:
        shown = f"{each.kind} {each.symbol or ''} {'' if each.quantity is None else each.quantity}".strip()
        findings.add(
            Level.NOT_UNDERSTOOD, file, None, "activity", shown, f"on {each.day} something happened that no rule here rebuilds",
            "If shares changed, positions and lots will disagree: give this security's lots with --lots FILE.", account=ref.tail,
        )  # fmt: skip


def _rename(out: Statement, each: Happening, old: str) -> None:
    """Everything before that day stands under the new name, so that lots go on."""
    symbol = each.symbol or ""

    def renamed(row: Trade | Change) -> bool:
        return row.symbol == old and (row.day, row.at) <= (each.day, each.at)

    out.trades[:] = [replace(row, symbol=symbol) if renamed(row) else row for row in out.trades]
    out.changes[:] = [replace(row, symbol=symbol) if renamed(row) else row for row in out.changes]
