"""One file being read: what every format needs while it turns rows into a statement."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from lotwright.book.kinds import Action
from lotwright.files.imports import cells
from lotwright.files.imports.findings import Findings, Level
from lotwright.files.imports.kinds import kind_of
from lotwright.files.imports.rows import (
    NOWHERE,
    Cash,
    Change,
    ChangeKind,
    Position,
    Ref,
    Source,
    Statement,
    Told,
    Trade,
    Wishes,
)
from lotwright.files.imports.sheet import BadCellError, Record
from lotwright.files.imports.symbols import CURE, Named, Thing, named

RETURN_OF_CAPITAL = "a return of capital lowers the basis of lots, and which ones the row does not tell"


@dataclass(slots=True)
class Reading:
    """One file: its name, its text, where its rows go; ``ref`` is the account that the rows now read belong to."""

    source: Source
    wishes: Wishes
    findings: Findings
    out: Statement
    ref: Ref = NOWHERE
    known: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.known = dict(self.wishes.symbols)

    @property
    def file(self) -> str:
        """The file's name as people may see it."""
        return self.source.name

    def text(self, encoding: str | None = None) -> str:
        """Return the file's text."""
        return cells.decoded(self.source.content, file=self.file, findings=self.findings, encoding=encoding)

    def bad_file(self, wrong: str, cure: str) -> None:
        """Say that nothing of the file could be read."""
        self.findings.add(Level.ERROR, self.file, None, None, None, wrong, cure)

    def not_understood(
        self, row: int | None, wrong: str, *, found: str | None, column: str | None = None, cure: str = ""
    ) -> None:
        """Say that a row was left where it is."""
        self.findings.add(
            Level.NOT_UNDERSTOOD, self.file, row, column, found, wrong,
            cure or "Look at the row: if it changed holdings, positions and lots must show it.", account=self.ref.tail,
        )  # fmt: skip

    def note(
        self, row: int | None, wrong: str, cure: str, *, found: str | None = None, column: str | None = None
    ) -> None:
        """Say what was concluded."""
        self.findings.add(Level.NOTE, self.file, row, column, found, wrong, cure, account=self.ref.tail)

    def leave_out(self, what: str) -> None:
        """Count a row that a book has no use for."""
        self.findings.leave_out(self.file, what)

    def day_of(self, found: date | None) -> None:
        """Remember the day that the file is of."""
        if found is not None:
            self.out.days[self.file] = found

    def kind_of(self, label: str) -> None:
        """Remember what kind of account the words name, if they do."""
        kind = kind_of(label)
        if kind is not None:
            self.out.kinds.setdefault(self.ref, kind)

    def each(self, records: Iterable[Record], read: Callable[[Record], None]) -> None:
        """Read every record; one that cannot be read becomes an error of its account."""
        for record in records:
            try:
                read(record)
            except BadCellError as bad:
                self.findings.add(
                    Level.ERROR, self.file, record.row, bad.column, bad.found, bad.wrong, bad.cure, account=self.ref.tail
                )  # fmt: skip

    def shares(self, record: Record, *, kind: str = "") -> Named | None:
        """Return the security or money of a record; None, and a finding, for what a book cannot hold."""
        symbol = record.text("symbol")
        found = named(symbol, description=record.text("description"), kind=kind, known=self.known)
        if found.thing in {Thing.SHARES, Thing.CASH}:
            return found
        shown = symbol or record.text("description")
        self.not_understood(
            record.row, f"this is {found.thing}", found=shown, column=record.called("symbol"), cure=CURE[found.thing]
        )
        return None

    def cash(self, amount: Decimal, what: str, row: int | None) -> None:
        """Add money to the account."""
        self.out.cash.append(Cash(self.ref, amount, what, self.file, row))

    def position(
        self, symbol: str, quantity: Decimal, basis: Decimal | None, price: Decimal | None, row: int | None
    ) -> None:
        """Add shares to the account, and their price where told; short ones are not understood, none at all left out."""
        if price is not None and price > 0:
            self.out.prices.append(Told(symbol, price, self.file, row))
        if quantity < 0:
            self.not_understood(
                row, f"{symbol} is held short", found=str(quantity), column="quantity",
                cure="A book holds what is owned: short positions stay outside.",
            )  # fmt: skip
        elif not quantity:
            self.leave_out("positions of no shares")
        else:
            self.out.positions.append(Position(self.ref, symbol, quantity, basis, price, self.file, row))

    def trade(
        self,
        record: Record,
        symbol: str,
        action: Action,
        *,
        money: Decimal | None,
        fees: Decimal = Decimal(0),
        at: str = "",
    ) -> None:
        """Add a purchase or sale; ``money`` is the amount with its fees, where told."""
        quantity, price = abs(record.need("quantity")), abs(record.need("price"))
        if not quantity:
            raise BadCellError(
                record.called("quantity"),
                record.text("quantity"),
                "no shares were traded",
                "Correct the row or remove it.",
            )
        if money is None:
            money = quantity * price + (-fees if action is Action.SELL else fees)
        self.out.trades.append(
            Trade(
                self.ref,
                record.need_day("date"),
                symbol,
                action,
                quantity,
                price,
                abs(money),
                self.file,
                record.row,
                at=at,
            )
        )

    def change(
        self,
        record: Record,
        symbol: str,
        kind: ChangeKind,
        quantity: Decimal,
        *,
        ratio: Decimal | None = None,
        at: str = "",
    ) -> None:
        """Add shares that came, went or multiplied without a trade."""
        day = record.need_day("date")
        self.out.changes.append(
            Change(self.ref, day, symbol, kind, quantity, self.file, record.row, at=at, ratio=ratio)
        )


def read_each(
    read: Callable[[Reading], None],
    sources: Iterable[Source],
    wishes: Wishes,
    findings: Findings,
    into: Statement | None = None,
) -> Statement:
    """Let ``read`` have every file in its turn; returns what they say together."""
    statement = into or Statement()
    for source in sources:
        read(Reading(source, wishes, findings, statement))
    return statement
