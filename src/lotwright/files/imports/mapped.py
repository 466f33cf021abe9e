"""Any CSV file through a mapping (:mod:`lotwright.files.imports.mapping`).

Files of lots may have a million rows, so that their cells take a short path: what is plain (digits and a point, an ISO
day, a symbol seen before) is read at once, and only the rest row by row with every care.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from lotwright.book.kinds import Action, Character
from lotwright.files.imports import cells
from lotwright.files.imports.findings import Findings
from lotwright.files.imports.mapping import Mapping, TableKind, TableMapping
from lotwright.files.imports.reading import Reading
from lotwright.files.imports.rows import ChangeKind, Gain, LotRow, Ref, Source, Statement, Trade, Wishes, ref_of
from lotwright.files.imports.sheet import BadCellError, Header, Record, header_of
from lotwright.files.imports.symbols import CURE, Named, Thing, is_name, named

_CHANGES = (("split", ChangeKind.SPLIT), ("receive", ChangeKind.RECEIVE), ("deliver", ChangeKind.DELIVER))
_TRADES = (("buy", Action.BUY), ("sell", Action.SELL), ("reinvest", Action.REINVEST))


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapped:
    """Files that a mapping describes."""

    mapping: Mapping
    name: str = "csv"
    says: str = "any CSV, through --mapping FILE.toml"

    def read(self, sources: list[Source], wishes: Wishes, findings: Findings) -> Statement:
        """Return what the files say."""
        statement = Statement()
        masked = {table.accounts for table in self.mapping.table}
        statement.own_names = masked == {"as_written"}
        for source in sources:
            to = Reading(source, wishes, findings, statement)
            table = self.mapping.table_of(source.path.name)
            if table is None:
                to.bad_file(
                    "no table of the mapping reads a file of this name",
                    "Correct the pattern files of a [[table]], or leave it out.",
                )
            else:
                _File(to, table).read()
        return statement


class _File:
    """One file under one table of the mapping."""

    def __init__(self, to: Reading, table: TableMapping) -> None:
        self.to, self.table = to, table
        self.forms = tuple(table.dates) if table.dates else cells.DATE_FORMS
        self.words = {
            word.casefold(): name
            for name in ("ignore", *(n for n, _ in _CHANGES), *(n for n, _ in _TRADES))
            for word in getattr(table.actions, name)
        }
        self.drop = {name: frozenset(word.casefold() for word in words) for name, words in table.drop.items()}
        self.cash = frozenset(word.casefold() for word in table.cash)
        self.refs: dict[str, Ref] = {}
        self.symbols: dict[str, Named] = {}

    def read(self) -> None:
        rows = cells.rows_of(self.to.text(self.table.encoding), self.table.delimiter)
        header = self._header(rows)
        if header is None:
            return
        self.header = header
        self.to.out.whole_history |= self.table.whole_history
        if self.table.kind is TableKind.LOTS:
            self._lots(rows)
            return
        read = {
            TableKind.POSITIONS: self._position, TableKind.TRANSACTIONS: self._transaction,
            TableKind.GAINS: self._gain, TableKind.CASH: self._cash,
        }[self.table.kind]  # fmt: skip
        self.to.each((record for record in self._records(rows) if self._is_wanted(record)), read)

    def _header(self, rows: Iterator[tuple[int, list[str]]]) -> Header | None:
        for row, found in rows:
            if row <= self.table.skip:
                continue
            header = header_of(row, found, {ours: (theirs,) for ours, theirs in self.table.columns.items()})
            lost = sorted(f"{theirs!r}" for ours, theirs in self.table.columns.items() if ours not in header.at)
            if not lost:
                return header
            self.to.bad_file(
                f"row {row} is the header, and it lacks {', '.join(lost)}",
                "Correct columns in the mapping, or skip the rows above the header: skip = N.",
            )
            return None
        self.to.bad_file("it has no header", "Give a CSV file with its column names in a row of their own.")
        return None

    def _records(self, rows: Iterable[tuple[int, list[str]]]) -> Iterator[Record]:
        """Rows with the constants of the mapping behind them."""
        constants = list(self.table.constants.items())
        width = max(self.header.at.values(), default=0) + 1
        at = dict(self.header.at) | {name: width + place for place, (name, _) in enumerate(constants)}
        header = Header(self.header.row, at, self.header.called)
        for row, found in rows:
            yield self._record(
                header, row, [*(found + [""] * (width - len(found)))[:width], *(value for _, value in constants)]
            )

    def _record(self, header: Header, row: int, found: list[str]) -> Record:
        record = Record(header, row, found, self.table.decimal, self.forms)
        self.to.ref = self._ref(record.text("account"))
        return record

    def _ref(self, account: str) -> Ref:
        ref = self.refs.get(account)
        if ref is None:
            own = self.table.accounts == "as_written"
            ref = self.refs[account] = (
                Ref(account, account, account)
                if own
                else ref_of(account)
                if any(c.isdigit() for c in account)
                else Ref("", account)
            )
        return ref

    def _is_wanted(self, record: Record) -> bool:
        for name, words in self.drop.items():
            if record.text(name).casefold() in words:
                self.to.leave_out(f"{name} {record.text(name)}: dropped by the mapping")
                return False
        return True

    def _named(self, record: Record) -> Named | None:
        """What the symbol names; another's own symbols are taken as they are."""
        symbol = record.text("symbol")
        found = self.symbols.get(symbol)
        if found is None:
            if symbol.casefold() in self.cash:
                found = Named(Thing.CASH, symbol)
            else:
                found = named(symbol, description=record.text("description"), known=self.to.known)
                if found.thing is Thing.UNNAMED and symbol and is_name(symbol):
                    found = Named(Thing.SHARES, symbol)
            self.symbols[symbol] = found
        if found.thing in {Thing.SHARES, Thing.CASH}:
            return found
        self.to.not_understood(
            record.row, f"this is {found.thing}", found=symbol, column=record.called("symbol"), cure=CURE[found.thing]
        )
        return None

    def _basis(self, record: Record, quantity: Decimal) -> Decimal | None:
        basis, each = record.number("basis"), record.number("basis_per_share")
        return quantity * each if basis is None and each is not None else basis

    def _lots(self, rows: Iterator[tuple[int, list[str]]]) -> None:
        """Plain rows at once, the others with every care."""
        at, add, file = self.header.at, self.to.out.lots.append, self.to.file
        plain = (
            not (self.table.constants or self.drop)
            and self.table.decimal == "."
            and {"account", "acquired", "basis"} <= at.keys()
        )
        plain = plain and not ({"holding_start", "purchase", "price"} & at.keys()) and self.table.dates is None
        if not plain:
            self.to.each((record for record in self._records(rows) if self._is_wanted(record)), self._lot)
            return
        account, symbol, quantity, acquired, basis = (
            at[name] for name in ("account", "symbol", "quantity", "acquired", "basis")
        )
        days: dict[str, date] = {}
        width = max(at.values()) + 1
        for row, found in rows:
            try:
                name, day = self.symbols[found[symbol]], days[found[acquired]]
                ref, shares, cost = self.refs[found[account]], cells.usual(found[quantity]), cells.usual(found[basis])
                if name.thing is Thing.SHARES and shares is not None and cost is not None:
                    add(LotRow(ref, name.symbol, shares, day, cost, file, row))
                    continue
            except (KeyError, IndexError):
                pass
            record = self._record(self.header, row, found + [""] * (width - len(found)))
            before = len(self.to.out.lots)
            self.to.each([record], self._lot)
            lot = self.to.out.lots[-1] if len(self.to.out.lots) > before else None
            if lot is not None and lot.acquired is not None and len(days) < 100_000:
                days[record.cells[acquired]] = lot.acquired

    def _lot(self, record: Record) -> None:
        found = self._named(record)
        if found is None:
            return
        quantity = record.need("quantity")
        if found.thing is Thing.CASH:
            self.to.cash(quantity, f"lot of {found.symbol}", record.row)
            return
        acquired, start = record.day("acquired"), record.day("holding_start")
        self.to.out.lots.append(
            LotRow(
                self.to.ref, found.symbol, quantity, acquired, self._basis(record, quantity), self.to.file, record.row,
                holding_start=start if start is not None and start != acquired else None, purchase=record.text("purchase") or None,
            )
        )  # fmt: skip

    def _position(self, record: Record) -> None:
        found = self._named(record)
        if found is None:
            return
        if found.thing is Thing.CASH:
            value = record.number("value")
            self.to.cash(record.need("quantity") if value is None else value, f"position of {found.symbol}", record.row)
        else:
            quantity = record.need("quantity")
            self.to.position(found.symbol, quantity, self._basis(record, quantity), record.number("price"), record.row)

    def _cash(self, record: Record) -> None:
        self.to.cash(record.need("amount"), "cash", record.row)

    def _transaction(self, record: Record) -> None:
        word = self.words.get(record.text("action").casefold())
        if word == "ignore":
            self.to.leave_out(f"{record.text('action')}: ignored by the mapping")
            return
        if word is None:
            self.to.not_understood(
                record.row, "no word of the mapping's actions fits", found=record.text("action"), column=record.called("action"),
                cure="Add the word under [table.actions], to ignore if it only moves money.",
            )  # fmt: skip
            return
        found = self._named(record)
        if found is None:
            return
        if found.thing is Thing.CASH:
            self.to.leave_out(f"{found.symbol}: money")
            return
        change = dict(_CHANGES).get(word)
        if change is not None:
            quantity = record.need("quantity")
            self.to.change(record, found.symbol, change, -abs(quantity) if change is ChangeKind.DELIVER else quantity)
            return
        self._trade(record, found.symbol, dict(_TRADES)[word])

    def _trade(self, record: Record, symbol: str, action: Action) -> None:
        quantity, price, amount = abs(record.need("quantity")), abs(record.need("price")), record.number("amount")
        if not quantity:
            raise BadCellError(
                record.called("quantity"),
                record.text("quantity"),
                "no shares were traded",
                "Correct the row or remove it.",
            )
        fees = abs(record.number("fees") or Decimal(0))
        money = abs(amount) if amount is not None else quantity * price + (-fees if action is Action.SELL else fees)
        disallowed = record.number("disallowed_loss")
        self.to.out.trades.append(
            Trade(
                self.to.ref,
                record.need_day("date"),
                symbol,
                action,
                quantity,
                price,
                money,
                self.to.file,
                record.row,
                realised_gain=record.number("realised_gain"),
                character=_character(record),
                disallowed=abs(disallowed) if disallowed else None,
            )
        )

    def _gain(self, record: Record) -> None:
        found = self._named(record)
        if found is None or found.thing is Thing.CASH:
            return
        proceeds, gain = record.need("proceeds"), record.number("gain")
        self.to.out.gains.append(
            Gain(
                self.to.ref, found.symbol, record.day("opened"), record.need_day("closed"), abs(record.need("quantity")), proceeds,
                proceeds - record.need("basis") if gain is None else gain, _character(record),
                abs(record.number("disallowed_loss") or Decimal(0)), self.to.file, record.row,
            )
        )  # fmt: skip


def _character(record: Record) -> Character | None:
    word = record.text("character").casefold()
    if not word or cells.is_missing(word):
        return None
    if word.startswith(("l", "lt")):
        return Character.LONG
    if word.startswith(("s", "st")):
        return Character.SHORT
    raise BadCellError(
        record.called("character"), record.text("character"), "this is neither short nor long", "Write ST or LT."
    )
