"""What the rows of an account mean together: its lots, its cash, its trades, or why it stays as it was.

Problem: positions, lots, trades and gains are told by different files, on different days, and each may be wrong or
missing. Observations: positions are what the custodian holds; lot details say how it came; trades can rebuild lots, but
only if they reach back far enough and the oldest were sold first. Therefore: positions decide how many shares there are;
lots come from lot details, else from trades, else from nowhere (a declared policy may fill what is missing); whatever
does not agree is an error that names both numbers, and the account is left as it was.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Protocol, TypeVar

from lotwright.book.kinds import AccountKind
from lotwright.files.imports.fill import filled
from lotwright.files.imports.findings import Findings, Level
from lotwright.files.imports.policy import Desk, Policy
from lotwright.files.imports.rebuild import Open, Rebuilt, in_order, rebuild, shares_of
from lotwright.files.imports.rows import Change, Gain, LotRow, Position, Ref, Statement, Trade
from lotwright.files.imports.sales import realised, trades_with_gains

ZERO = Decimal(0)
CENT = Decimal("0.01")


class _OfAccount(Protocol):
    @property
    def ref(self) -> Ref: ...


Row = TypeVar("Row", bound=_OfAccount)


@dataclass(slots=True, kw_only=True)
class Settled:
    """One account: ``lots`` None where the files do not tell them; ``symbols`` those whose lots they tell, None: all."""

    account: str
    ref: Ref
    kind: AccountKind | None = None
    cash: Decimal | None = None
    lots: list[tuple[str, LotRow]] | None = None
    symbols: frozenset[str] | None = None
    trades: list[Trade] = field(default_factory=list)
    realised_short: Decimal | None = None
    realised_long: Decimal | None = None
    positions: int = 0
    lot_count: int | None = None

    def forget_lots(self) -> None:
        """Keep their number alone: a million of them need not stay while the book is read back."""
        self.lot_count = None if self.lots is None else len(self.lots)
        self.lots = None


@dataclass(slots=True, kw_only=True)
class _Told:
    """What the files tell of one account, by security."""

    positions: list[Position]
    detail: dict[str, list[LotRow]]
    history: dict[str, list[Trade | Change]]
    trades: list[Trade]
    gains: list[Gain]


def settle(
    statement: Statement, of: Mapping[Ref, str], policy: Policy, findings: Findings, *, as_of: date
) -> list[Settled]:
    """Return every account that the files tell of; faults go to ``findings`` under the account's name.

    Parameters
    ----------
    statement : Statement
    of : mapping
        The account of the book for each of the files'.
    policy : Policy
    findings : Findings
    as_of : date
        The day of the holdings.
    """
    positions, lots = _by_account(statement.positions, of), _by_account(statement.lots, of)
    trades, changes = _by_account(statement.trades, of), _by_account(statement.changes, of)
    gains, cash = _by_account(statement.gains, of), _by_account(statement.cash, of)
    first: dict[str, Ref] = {}
    for ref, name in sorted(of.items(), key=lambda pair: (pair[0].tail == "", pair[0].label, pair[0].tail)):
        first.setdefault(name, ref)
    price = {told.symbol: told.price for told in statement.prices}
    out = []
    for name in sorted(first):
        desk = Desk(name=name, as_of=as_of, policy=policy, findings=findings, statement=statement, price=price)
        settled = Settled(account=name, ref=first[name], kind=_kind(statement, of, name, findings))
        if name in cash:
            settled.cash = sum((row.amount for row in cash[name]), ZERO)
        told = _Told(
            positions=positions.get(name, []),
            detail=_by_symbol(lots.get(name, [])),
            history=_by_symbol(in_order([*trades.get(name, []), *changes.get(name, [])])),
            trades=trades.get(name, []),
            gains=gains.get(name, []),
        )
        _settle_one(desk, settled, told)
        out.append(settled)
    return out


def _by_account(rows: Iterable[Row], of: Mapping[Ref, str]) -> dict[str, list[Row]]:
    out: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        name = of.get(row.ref)
        if name is not None:
            out[name].append(row)
    return out


Symbolled = TypeVar("Symbolled", LotRow, Trade | Change)


def _by_symbol(rows: Iterable[Symbolled]) -> dict[str, list[Symbolled]]:
    out: dict[str, list[Symbolled]] = defaultdict(list)
    for row in rows:
        out[row.symbol].append(row)
    return dict(out)


def _kind(statement: Statement, of: Mapping[Ref, str], name: str, findings: Findings) -> AccountKind | None:
    told = {kind for ref, kind in statement.kinds.items() if of.get(ref) == name}
    if len(told) > 1:
        findings.add(
            Level.NOTE,
            "",
            None,
            None,
            ", ".join(sorted(told)),
            "the files call the account by several kinds",
            "Say --kind.",
            account=name,
        )
        return None
    return told.pop() if told else None


def _settle_one(desk: Desk, settled: Settled, told: _Told) -> None:
    """Settle one account: how many shares, which lots, which trades."""
    for trade in told.trades:
        if trade.day > desk.as_of:
            desk.say(
                Level.ERROR, trade, "date", str(trade.day), f"this is after {desk.as_of}, the day of the import",
                "Say the day of the holdings with --as-of, or leave later trades out.",
            )  # fmt: skip
    held = _held(desk, told.positions)
    settled.positions = len(held)
    rebuilt: dict[str, Rebuilt] = {}
    if told.positions or desk.is_whole:
        wanted = (symbol for symbol in told.history if symbol not in told.detail)
        rebuilt = {symbol: _rebuilt(desk, symbol, told.history[symbol], held.get(symbol)) for symbol in wanted}
    if told.positions or (desk.is_whole and not told.detail):
        symbols = sorted({*held, *told.detail} | ({*rebuilt} if desk.is_whole else set()))
        settled.lots = _named([row for symbol in symbols for row in _lots_of(desk, symbol, held, told, rebuilt)])
    elif told.detail:
        settled.lots = _named([row for rows in told.detail.values() for row in filled(desk, rows, None)])
        settled.symbols = frozenset(told.detail) if desk.statement.lots_of_symbols else None
    elif settled.cash is not None and not told.history:
        settled.lots = []  # an account of cash alone
    agreeing = (each for symbol, each in rebuilt.items() if not told.positions or _agrees(each, held.get(symbol)))
    trusted = [sale for each in agreeing if not each.wrong for sale in each.sales]
    settled.trades = trades_with_gains(desk, told.trades, told.gains, trusted)
    net = realised(desk, told.gains, trusted)
    if net is not None:
        settled.realised_short, settled.realised_long = net


def _held(desk: Desk, positions: Sequence[Position]) -> dict[str, Position]:
    """One position a security: the same row twice counts once, rows that differ (cash and margin) add up."""
    out: dict[str, Position] = {}
    files = sorted({row.file for row in positions})
    if len(files) > 1:
        desk.error(
            f"positions are told by {len(files)} files: {', '.join(files)}", "Give the newest file of positions alone."
        )
        return {}
    for row in positions:
        before = out.setdefault(row.symbol, row)
        if before is row:
            continue
        same = (before.quantity, before.basis, before.price) == (row.quantity, row.basis, row.price)
        how = ", with the same numbers: it counts once" if same else ": the two add up"
        desk.say(
            Level.NOTE, row, "symbol", row.symbol, f"row {before.row} holds it already{how}",
            "Look whether both are right: a custodian lists cash and margin shares apart, and an export may repeat a row.",
        )  # fmt: skip
        if not same:
            basis = None if before.basis is None or row.basis is None else before.basis + row.basis
            out[row.symbol] = replace(before, quantity=before.quantity + row.quantity, basis=basis)
    return out


def _rebuilt(desk: Desk, symbol: str, events: Sequence[Trade | Change], position: Position | None) -> Rebuilt:
    """Lots from trades; what a position holds beyond them was there before the first, and left first."""
    declared = desk.policy.opening
    opening = [lot for lot in (*declared.get(desk.name, ()), *declared.get("", ())) if lot.symbol == symbol]
    if position is not None:
        moved = sum((shares_of(event, has_opening=bool(opening)) for event in events), ZERO)
        before = position.quantity - moved - sum((lot.quantity for lot in opening), ZERO)
        if before > 0:
            opening.append(LotRow(position.ref, symbol, before, None, None, position.file, position.row))
    out = rebuild(events, opening=opening, ignores_receipts=bool(declared), is_pooled=desk.is_pooled)
    for note in out.notes:
        desk.say(Level.NOTE, events[-1], "symbol", symbol, note, "Check the lots against the custodian's.")
    return out


def _lots_of(
    desk: Desk, symbol: str, held: Mapping[str, Position], told: _Told, rebuilt: Mapping[str, Rebuilt]
) -> list[LotRow]:
    """The lots of one security, checked against its position."""
    position, detail, made = held.get(symbol), told.detail.get(symbol), rebuilt.get(symbol)
    if detail is not None:
        if position is not None:
            shares = sum((lot.quantity for lot in detail), ZERO)
            _compare(desk, position, shares, [lot.basis for lot in detail], "lot details")
        else:
            desk.difference(detail[0], f"the lot details hold {symbol}, and the positions do not")
        return filled(desk, detail, position)
    if position is None:
        return _without_position(desk, symbol, made, has_positions=bool(told.positions)) if made is not None else []
    if made is None or made.wrong:
        why = "" if made is None else f" (trades do not tell: {made.wrong})"
        unknown = LotRow(position.ref, symbol, position.quantity, None, position.basis, position.file, position.row)
        return filled(desk, [unknown], position, why=why)
    rows = _with_rest(position, [_row(symbol, lot) for lot in made.lots])
    _compare(desk, position, made.quantity, [row.basis for row in rows], "lots rebuilt from trades")
    known = sum((row.quantity for row in rows if row.acquired is not None), ZERO)
    return filled(desk, rows, position, why=f" (trades tell of {known:f} of the {position.quantity:f} shares)")


def _with_rest(position: Position, rows: list[LotRow]) -> list[LotRow]:
    """The one lot without a basis has what the position's basis leaves."""
    unknown = [row for row in rows if row.basis is None]
    if len(unknown) != 1 or position.basis is None:
        return rows
    rest = position.basis - sum((row.basis for row in rows if row.basis is not None), ZERO)
    return [replace(row, basis=rest) if row.basis is None and rest >= 0 else row for row in rows]


def _without_position(desk: Desk, symbol: str, made: Rebuilt, *, has_positions: bool) -> list[LotRow]:
    if made.wrong:
        desk.error(
            f"the lots of {symbol} cannot be rebuilt: {made.wrong}",
            "Give the whole history, or the lot details or positions.",
        )
        return []
    rows = [_row(symbol, lot) for lot in made.lots]
    if has_positions and rows:
        desk.difference(rows[0], f"trades leave {made.quantity:f} shares of {symbol}, and the positions hold none")
    return filled(desk, rows, None)


def _row(symbol: str, lot: Open) -> LotRow:
    return LotRow(Ref(), symbol, lot.quantity, lot.acquired, lot.basis, lot.file, lot.row, purchase=lot.purchase)


def _compare(desk: Desk, position: Position, shares: Decimal, bases: Sequence[Decimal | None], what: str) -> None:
    """Name the numbers where lots and position disagree; a cent a lot is rounding."""
    if shares != position.quantity:
        desk.difference(
            position,
            f"the position holds {position.quantity:f} shares of {position.symbol}, and the {what} {shares:f}",
        )
        return
    if position.basis is None or any(basis is None for basis in bases):
        return
    total = sum((basis or ZERO for basis in bases), ZERO)
    if abs(total - position.basis) > CENT * (len(bases) + 1):
        why = ": lots were sold in another order, or a wash sale moved basis" if "trades" in what else ""
        desk.difference(
            position,
            f"the position in {position.symbol} has a basis of {position.basis:,.2f}, and the {what} {total:,.2f}{why}",
        )


def _agrees(made: Rebuilt, position: Position | None) -> bool:
    return made.quantity == (position.quantity if position else ZERO)


def _named(rows: list[LotRow]) -> list[tuple[str, LotRow]]:
    """Lots in an order that does not depend on the files, each with a name that stays."""
    rows.sort(key=_place)
    count: dict[str, int] = {}
    out = []
    for lot in rows:
        name = f"{lot.symbol}-{lot.acquired}"
        number = count[name] = count.get(name, 0) + 1
        out.append((name if number == 1 else f"{name}-{number}", lot))
    return out


def _place(lot: LotRow) -> tuple[str, date, Decimal, Decimal, str, date]:
    start = lot.holding_start or date.min
    return lot.symbol, lot.acquired or date.min, lot.quantity, lot.basis or ZERO, lot.purchase or "", start
