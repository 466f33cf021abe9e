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
from enum import StrEnum

from lotwright.book.kinds import AccountKind, Action, Character, Regime
from lotwright.files.imports.findings import Findings, Level
from lotwright.files.imports.rebuild import Open, Rebuilt, in_order, rebuild
from lotwright.files.imports.rows import Change, ChangeKind, Gain, LotRow, Position, Ref, Statement, Trade

ZERO = Decimal(0)
CENT = Decimal("0.01")


class MissingBasis(StrEnum):
    """What to do where nobody knows what a lot cost."""

    REFUSE = "refuse"
    """Leave the account as it was."""
    ZERO = "zero"
    """Nothing: what the tax office presumes without proof."""
    PRICE = "price"
    """Today's price: no gain so far."""
    POSITION = "position"
    """What the position's basis leaves after the lots that have one, share by share."""


class Differences(StrEnum):
    """What to do where lots and positions disagree."""

    REFUSE = "refuse"
    LOTS = "lots"
    """Believe the lots, and say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What the caller declares.

    Parameters
    ----------
    as_of : date
        The day of the holdings.
    missing_basis : MissingBasis
    missing_acquired : date, optional
        Stands for every purchase day that nobody knows.
    differences : Differences
    whole_history : bool
        The trades are all there ever were, so that lots may be rebuilt where no positions are given.
    opening : mapping
        By account (empty: the only one) and symbol: lots that were there before the trades, or that transfers brought.
    """

    as_of: date
    missing_basis: MissingBasis = MissingBasis.REFUSE
    missing_acquired: date | None = None
    differences: Differences = Differences.REFUSE
    whole_history: bool = False
    opening: Mapping[str, Sequence[LotRow]] = field(default_factory=dict)


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


def settle(statement: Statement, of: Mapping[Ref, str], policy: Policy, findings: Findings) -> list[Settled]:
    """Return every account that the files tell of; faults go to ``findings`` under the account's name.

    Parameters
    ----------
    statement : Statement
    of : mapping
        The account of the book for each of the files'.
    policy : Policy
    findings : Findings
    """
    positions = _by_account(statement.positions, of)
    lots = _by_account(statement.lots, of)
    trades = _by_account(statement.trades, of)
    changes = _by_account(statement.changes, of)
    gains = _by_account(statement.gains, of)
    cash = _by_account(statement.cash, of)
    first: dict[str, Ref] = {}
    for ref, name in sorted(of.items(), key=lambda pair: (pair[0].tail == "", pair[0].label, pair[0].tail)):
        first.setdefault(name, ref)
    price = {told.symbol: told.price for told in statement.prices}
    out = []
    for name in sorted(first):
        desk = _Desk(name, policy, findings, statement, price)
        settled = Settled(account=name, ref=first[name], kind=_kind(statement, of, name, findings))
        if name in cash:
            settled.cash = sum((row.amount for row in cash[name]), ZERO)  # type: ignore[attr-defined]
        desk.settle(settled, positions.get(name, []), lots.get(name, []), trades.get(name, []), changes.get(name, []), gains.get(name, []))  # type: ignore[arg-type]
        out.append(settled)
    return out


def _by_account(rows: Iterable[object], of: Mapping[Ref, str]) -> dict[str, list[object]]:
    out: dict[str, list[object]] = defaultdict(list)
    for row in rows:
        name = of.get(row.ref)  # type: ignore[attr-defined]
        if name is not None:
            out[name].append(row)
    return out


def _kind(statement: Statement, of: Mapping[Ref, str], name: str, findings: Findings) -> AccountKind | None:
    told = {kind for ref, kind in statement.kinds.items() if of.get(ref) == name}
    if len(told) > 1:
        findings.add(
            Level.NOTE, "", None, None, ", ".join(sorted(told)), "the files call the account by several kinds", "Say --kind.", account=name
        )  # fmt: skip
        return None
    return told.pop() if told else None


class _Desk:
    """One account on the desk."""

    def __init__(self, name: str, policy: Policy, findings: Findings, statement: Statement, price: Mapping[str, Decimal]) -> None:
        self.name, self.policy, self.findings, self.statement, self.price = name, policy, findings, statement, price
        self.is_pooled = statement.regime is Regime.UK

    def settle(  # noqa: PLR0917  the six things files tell
        self,
        settled: Settled,
        positions: list[Position],
        lots: list[LotRow],
        trades: list[Trade],
        changes: list[Change],
        gains: list[Gain],
    ) -> None:
        is_whole = self.policy.whole_history or self.statement.whole_history
        held = self._held(positions)
        detail: dict[str, list[LotRow]] = defaultdict(list)
        for lot in lots:
            detail[lot.symbol].append(lot)
        history: dict[str, list[Trade | Change]] = defaultdict(list)
        for event in in_order([*trades, *changes]):
            history[event.symbol].append(event)
        settled.positions = len(held)
        rebuilt = {} if not (held or is_whole) else {
            symbol: self._rebuilt(symbol, events) for symbol, events in history.items() if symbol not in detail
        }  # fmt: skip
        if held or (positions == [] and is_whole and not lots):
            symbols = sorted({*held, *detail} | ({*rebuilt} if is_whole else set()))
            settled.lots = self._named([row for symbol in symbols for row in self._lots_of(symbol, held, detail, rebuilt, is_whole=is_whole)])
        elif lots:
            settled.lots = self._named([row for symbol in sorted(detail) for row in self._filled(detail[symbol], None)])
            settled.symbols = frozenset(detail) if self.statement.lots_of_symbols else None
        elif settled.cash is not None and not history:
            settled.lots = []  # an account of cash alone
        trusted = [sale for symbol, each in rebuilt.items() if not each.wrong and self._agrees(symbol, held, each) for sale in each.sales]
        settled.trades = self._trades(trades, gains, trusted)
        self._realise(settled, gains, trusted, is_whole=is_whole)

    def _held(self, positions: list[Position]) -> dict[str, Position]:
        """One position a security: the same row twice counts once, rows that differ (cash and margin) add up."""
        out: dict[str, Position] = {}
        files = {row.file for row in positions}
        if len(files) > 1:
            self._error(f"positions are told by {len(files)} files: {', '.join(sorted(files))}", "Give the newest file of positions alone.")
            return {}
        for row in positions:
            before = out.get(row.symbol)
            if before is None:
                out[row.symbol] = row
                continue
            same = (before.quantity, before.basis, before.price) == (row.quantity, row.basis, row.price)
            self._say(
                Level.NOTE, row, "symbol", row.symbol,
                f"row {before.row} holds it already" + (", with the same numbers: it counts once" if same else ": the two add up"),
                "Look whether both are right: a custodian lists cash and margin shares apart, and an export may repeat a row.",
            )  # fmt: skip
            if not same:
                basis = None if before.basis is None or row.basis is None else before.basis + row.basis
                out[row.symbol] = replace(before, quantity=before.quantity + row.quantity, basis=basis)
        return out

    def _rebuilt(self, symbol: str, events: list[Trade | Change]) -> Rebuilt:
        opening = [lot for lot in (*self.policy.opening.get(self.name, ()), *self.policy.opening.get("", ())) if lot.symbol == symbol]
        out = rebuild(events, opening=opening, is_pooled=self.is_pooled)
        for note in out.notes:
            self._say(Level.NOTE, events[-1], "symbol", symbol, note, "Check the lots against the custodian's.")
        for renamed in (event for event in events if isinstance(event, Change) and event.kind is ChangeKind.RENAME):
            self._say(
                Level.NOTE, renamed, "symbol", symbol, f"the security was renamed on {renamed.day}" + (f", from {renamed.old}" if renamed.old else ""),
                "Trades before stand under the old name.",
            )  # fmt: skip
        return out

    def _lots_of(
        self, symbol: str, held: Mapping[str, Position], detail: Mapping[str, list[LotRow]], rebuilt: Mapping[str, Rebuilt], *, is_whole: bool
    ) -> list[LotRow]:
        """The lots of one security, checked against its position."""
        position = held.get(symbol)
        if symbol in detail:
            if position is not None:
                self._compare(position, sum((lot.quantity for lot in detail[symbol]), ZERO), [lot.basis for lot in detail[symbol]], "lot details")
            elif held:
                self._difference(detail[symbol][0], symbol, "the lot details hold it, and the positions do not")
            return self._filled(detail[symbol], position)
        made = rebuilt.get(symbol)
        if position is None:
            if made is None or (not made.quantity and not made.wrong):
                return []
            return self._without_position(symbol, made, is_held=bool(held))
        if made is None or made.wrong:
            why = "" if made is None else f" (trades do not tell: {made.wrong})"
            return self._filled([self._unknown(position, position.quantity, position.basis)], position, why=why)
        rows = [self._row(symbol, lot) for lot in made.lots]
        rest = position.quantity - made.quantity
        if rest > 0:
            known = None if position.basis is None or any(r.basis is None for r in rows) else position.basis - sum((r.basis or ZERO for r in rows), ZERO)
            rows.append(self._unknown(position, rest, known if known is None or known >= 0 else None))
            return self._filled(rows, position, why=f" (trades tell of {made.quantity} of the {position.quantity} shares)")
        self._compare(position, made.quantity, [row.basis for row in rows], "lots rebuilt from trades")
        return self._filled(rows, position)

    def _without_position(self, symbol: str, made: Rebuilt, *, is_held: bool) -> list[LotRow]:
        if made.wrong:
            self._error(f"the lots of {symbol} cannot be rebuilt: {made.wrong}", "Give the whole history, or the lot details or positions.")
            return []
        rows = [self._row(symbol, lot) for lot in made.lots]
        if is_held:
            self._difference(rows[0], symbol, f"trades leave {made.quantity} shares, and the positions hold none")
        return self._filled(rows, None)

    def _row(self, symbol: str, lot: Open) -> LotRow:
        return LotRow(Ref(), symbol, lot.quantity, lot.acquired, lot.basis, lot.file, lot.row, purchase=lot.purchase)

    def _unknown(self, position: Position, quantity: Decimal, basis: Decimal | None) -> LotRow:
        return LotRow(position.ref, position.symbol, quantity, None, basis, position.file, position.row)

    def _compare(self, position: Position, quantity: Decimal, bases: Sequence[Decimal | None], what: str) -> None:
        if quantity != position.quantity:
            self._difference(position, position.symbol, f"the position holds {position.quantity:f} shares, and the {what} {quantity:f}")
            return
        if position.basis is None or any(basis is None for basis in bases):
            return
        total = sum((basis or ZERO for basis in bases), ZERO)
        slack = CENT * (len(bases) + 1)
        if abs(total - position.basis) > slack:
            self._difference(
                position, position.symbol, f"the position has a basis of {position.basis:,.2f}, and the {what} {total:,.2f}"
                + (": lots were sold in another order, or a wash sale moved basis" if "trades" in what else ""),
            )  # fmt: skip

    def _difference(self, row: Position | LotRow, symbol: str, wrong: str) -> None:
        if self.policy.differences is Differences.LOTS:
            self._say(Level.NOTE, row, "symbol", symbol, f"{wrong}; the lots are believed", "Ask the custodian which is right.")
        else:
            self._say(
                Level.ERROR, row, "symbol", symbol, wrong,
                "Download both files on the same day, add what is missing, or say --differences lots to believe the lots.",
            )  # fmt: skip

    def _filled(self, rows: list[LotRow], position: Position | None, *, why: str = "") -> list[LotRow]:
        """Lots with what a policy says where nobody knows; errors where no policy says it."""
        return [row for row in (self._sound(lot, rows, position, why) for lot in rows) if row is not None]

    def _sound(self, lot: LotRow, rows: list[LotRow], position: Position | None, why: str) -> LotRow | None:
        policy = self.policy
        if lot.quantity <= 0 or (lot.basis is not None and lot.basis < 0):
            self._say(
                Level.ERROR, lot, "quantity" if lot.quantity <= 0 else "basis", str(lot.quantity if lot.quantity <= 0 else lot.basis),
                f"a lot of {lot.symbol} has no such number", "A book holds what is owned: leave lots sold short out of the file.",
            )  # fmt: skip
            return None
        if lot.acquired is None:
            if policy.missing_acquired is None:
                self._say(
                    Level.ERROR, lot, "acquired", lot.symbol, f"nobody says when {lot.quantity:f} shares were acquired{why}",
                    "Give the lot details or the trades back to their purchase, or declare a day for all such lots: --missing-acquired YYYY-MM-DD.",
                )  # fmt: skip
                return None
            lot = replace(lot, acquired=policy.missing_acquired)
        if lot.acquired is not None and lot.acquired > policy.as_of:
            self._say(
                Level.ERROR, lot, "acquired", str(lot.acquired), f"a lot of {lot.symbol} was acquired after {policy.as_of}, the day of the holdings",
                "Correct the day, or say --as-of.",
            )  # fmt: skip
            return None
        if lot.basis is None:
            basis = self._basis(lot, rows, position)
            if basis is None:
                self._say(
                    Level.ERROR, lot, "basis", lot.symbol, f"nobody says what {lot.quantity:f} shares cost{why}",
                    "Give the lot details or the trades back to their purchase, or declare what counts: --missing-basis zero, price or position.",
                )  # fmt: skip
                return None
            lot = replace(lot, basis=basis)
        return lot

    def _basis(self, lot: LotRow, rows: list[LotRow], position: Position | None) -> Decimal | None:
        how = self.policy.missing_basis
        if how is MissingBasis.ZERO:
            return ZERO
        if how is MissingBasis.PRICE and lot.symbol in self.price:
            return (lot.quantity * self.price[lot.symbol]).quantize(CENT)
        if how is MissingBasis.POSITION and position is not None and position.basis is not None:
            shares = sum((each.quantity for each in rows if each.basis is None), ZERO)
            left = position.basis - sum((each.basis for each in rows if each.basis is not None), ZERO)
            return (left * lot.quantity / shares).quantize(CENT) if left >= 0 else None
        return None

    def _named(self, rows: list[LotRow]) -> list[tuple[str, LotRow]]:
        """Lots in an order that does not depend on the files, each with a name that stays."""
        rows.sort(key=lambda lot: (lot.symbol, lot.acquired, lot.quantity, lot.basis, lot.purchase or "", lot.holding_start or date.min))
        count: dict[str, int] = {}
        out = []
        for lot in rows:
            name = f"{lot.symbol}-{lot.acquired}"
            number = count[name] = count.get(name, 0) + 1
            out.append((name if number == 1 else f"{name}-{number}", lot))
        return out

    def _agrees(self, symbol: str, held: Mapping[str, Position], made: Rebuilt) -> bool:
        position = held.get(symbol)
        return made.quantity == (position.quantity if position else ZERO)

    def _trades(self, trades: list[Trade], gains: list[Gain], trusted: list[Trade]) -> list[Trade]:
        """Trades, each sale with its gain where anything tells it: the custodian's word first, then rebuilt lots."""
        sold: dict[tuple[str, date], Decimal] = defaultdict(lambda: ZERO)
        for trade in trades:
            if trade.action is Action.SELL:
                sold[trade.symbol, trade.day] += trade.quantity
        told: dict[tuple[str, date], list[Trade]] = defaultdict(list)
        for gain in gains:
            told[gain.symbol, gain.closed].append(_sale_of(gain))
        better: dict[tuple[str, date], list[Trade]] = defaultdict(list)
        for sale in trusted:
            better[sale.symbol, sale.day].append(sale)
        for key, rows in told.items():
            shares = sum((row.quantity for row in rows), ZERO)
            if key in sold and sold[key] != shares:
                self._say(
                    Level.NOTE, rows[0], "quantity", f"{shares:f}", f"{sold[key]:f} shares of {key[0]} were sold on {key[1]} by the transactions; their gains stay untold",
                    "Download realised gains and transactions for the same days.",
                )  # fmt: skip
            else:
                better[key] = rows
        kept = [t for t in trades if t.action is not Action.SELL or (t.symbol, t.day) not in better]
        return in_order_of_day([*kept, *(row for rows in better.values() for row in rows)])

    def _realise(self, settled: Settled, gains: list[Gain], trusted: list[Trade], *, is_whole: bool) -> None:
        """This year's realised gains, only where the files cover the year from its first day."""
        if self.is_pooled:
            return
        new_year, since = date(self.policy.as_of.year, 1, 1), self.statement.gains_since
        rows = [_sale_of(gain) for gain in gains] if gains and since is not None and since <= new_year else trusted if is_whole and not gains else None
        if rows is None:
            return
        rows = [row for row in rows if new_year <= row.day <= self.policy.as_of]
        if any(row.realised_gain is None or row.character is None for row in rows):
            return
        net = {Character.SHORT: ZERO, Character.LONG: ZERO}
        for row in rows:
            if row.character is not None:
                net[row.character] += (row.realised_gain or ZERO) + (row.disallowed or ZERO)
        settled.realised_short, settled.realised_long = net[Character.SHORT], net[Character.LONG]

    def _error(self, wrong: str, cure: str) -> None:
        self.findings.add(Level.ERROR, "", None, None, None, wrong, cure, account=self.name)

    def _say(self, level: Level, row: Position | LotRow | Trade | Change, column: str, found: str, wrong: str, cure: str) -> None:
        self.findings.add(level, row.file, row.row, column, found, wrong, cure, account=self.name)


def in_order_of_day(trades: list[Trade]) -> list[Trade]:
    """Return trades in an order that does not depend on the files."""
    return sorted(trades, key=lambda t: (t.day, t.symbol, t.action, t.quantity, t.price, t.realised_gain or ZERO, t.character or "", t.purchase or ""))


def _sale_of(gain: Gain) -> Trade:
    price = gain.proceeds / gain.quantity if gain.quantity else ZERO
    disallowed = min(gain.disallowed, -gain.gain) if gain.gain < 0 else ZERO  # a gain has no loss to disallow
    return Trade(
        gain.ref, gain.closed, gain.symbol, Action.SELL, gain.quantity, price.quantize(Decimal("0.000001")), gain.proceeds, gain.file, gain.row,
        realised_gain=gain.gain, character=gain.character, disallowed=disallowed or None,
    )  # fmt: skip
