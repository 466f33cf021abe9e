"""What a custodian's file says once it is understood: positions, lots, trades, gains, cash, prices; not yet a book.

Problem: every custodian tells the same few facts in another layout, each file tells a part of them, and parts disagree.
Therefore: one module a format turns its files into these rows and nothing more; what the rows mean together is settled
in one place for all formats (:mod:`lotwright.files.imports.settle`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from lotwright.book.kinds import AccountKind, Action, Character, Regime
from lotwright.files.imports.findings import Findings
from lotwright.files.imports.masking import tail_of


@dataclass(frozen=True, slots=True)
class Source:
    """One file: ``name`` is what people may see (no account number in it), ``path`` where it is."""

    path: Path
    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Ref:
    """Which account a row is of, as its file says: ``tail`` is the end of the number, ``label`` the words beside it.

    Either may be empty: a file of realised gains tells the label alone, a file of transactions often nothing. ``digits``
    are all that the file shows of the number, its letters too; they tell two accounts of one ending apart and are never
    shown.
    """

    tail: str = ""
    label: str = ""
    digits: str = field(default="", repr=False)

    def __bool__(self) -> bool:
        return bool(self.tail or self.label)


NOWHERE = Ref()


@dataclass(frozen=True, slots=True)
class Position:
    """Shares of one security in one account; ``basis``, ``price`` and ``value`` in money, None where not told."""

    ref: Ref
    symbol: str
    quantity: Decimal
    basis: Decimal | None
    price: Decimal | None
    file: str
    row: int | None


@dataclass(frozen=True, slots=True)
class LotRow:
    """One lot; ``acquired`` None: the custodian says ``Various`` or nothing; ``basis`` None: it does not know."""

    ref: Ref
    symbol: str
    quantity: Decimal
    acquired: date | None
    basis: Decimal | None
    file: str
    row: int | None
    holding_start: date | None = None
    purchase: str | None = None


@dataclass(frozen=True, slots=True)
class Trade:
    """One purchase or sale: ``money`` is what it cost or brought after fees, ``at`` orders trades of one day."""

    ref: Ref
    day: date
    symbol: str
    action: Action
    quantity: Decimal
    price: Decimal
    money: Decimal
    file: str
    row: int | None
    at: str = ""  # orders trades of a day; empty: the order of the file's rows
    realised_gain: Decimal | None = None
    character: Character | None = None
    disallowed: Decimal | None = None
    lot: str | None = None
    purchase: str | None = None


class ChangeKind(StrEnum):
    """Why shares changed without a trade."""

    SPLIT = "split"
    RECEIVE = "receive"
    DELIVER = "deliver"
    RENAME = "rename"


@dataclass(frozen=True, slots=True)
class Change:
    """Shares that came, went or multiplied without a trade.

    ``quantity`` is the change in shares (negative: they left); ``money`` what was paid for a fraction; ``ratio`` new
    shares for one old, where told; ``symbol`` is the new name of a rename and ``old`` the one before.
    """

    ref: Ref
    day: date
    symbol: str
    kind: ChangeKind
    quantity: Decimal
    file: str
    row: int | None
    at: str = ""
    money: Decimal | None = None
    ratio: Decimal | None = None
    old: str = ""


@dataclass(frozen=True, slots=True)
class Gain:
    """A realised gain, lot by lot: ``gain`` is signed and before any disallowance, ``disallowed`` positive."""

    ref: Ref
    symbol: str
    opened: date | None
    closed: date
    quantity: Decimal
    proceeds: Decimal
    gain: Decimal
    character: Character | None
    disallowed: Decimal
    file: str
    row: int | None


@dataclass(frozen=True, slots=True)
class Cash:
    """Money of an account; several rows of one account add up (cash, a money-market sweep, what is pending)."""

    ref: Ref
    amount: Decimal
    what: str
    file: str
    row: int | None


@dataclass(frozen=True, slots=True)
class Told:
    """The price of a security on a day, as a file of positions tells it."""

    symbol: str
    price: Decimal
    file: str
    row: int | None


@dataclass(slots=True, kw_only=True)
class Statement:
    """Everything that a set of files of one custodian says.

    ``kinds`` are the kinds of account that the files name; ``days`` the days they are of; ``gains_since`` and
    ``gains_until`` the first and the last day that the realised gains cover; ``whole_history`` is true when the trades are
    all there ever were; ``lots_of_symbols`` when a file of lots speaks of one security alone, so that others may be held
    too; ``own_names`` when the accounts are named by their owner, so that the names may be shown.
    """

    positions: list[Position] = field(default_factory=list)
    lots: list[LotRow] = field(default_factory=list)
    trades: list[Trade] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    gains: list[Gain] = field(default_factory=list)
    cash: list[Cash] = field(default_factory=list)
    prices: list[Told] = field(default_factory=list)
    kinds: dict[Ref, AccountKind] = field(default_factory=dict)
    days: dict[str, date] = field(default_factory=dict)
    gains_since: date | None = None
    gains_until: date | None = None
    whole_history: bool = False
    lots_of_symbols: bool = False
    own_names: bool = False
    regime: Regime = Regime.US

    def cover(self, since: date | None, until: date | None) -> None:
        """Note which days a file of realised gains covers; of several files, those that all cover."""
        if since is not None:
            self.gains_since = since if self.gains_since is None else max(since, self.gains_since)
        if until is not None:
            self.gains_until = until if self.gains_until is None else min(until, self.gains_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the caller declares because no file can say it.

    Parameters
    ----------
    symbols : mapping
        Tickers of names, CUSIPs and plans that the files write in their place.
    """

    symbols: Mapping[str, str] = field(default_factory=dict)


class Format(Protocol):
    """One custodian's files: a name, a sentence for the help, and how they are read."""

    @property
    def name(self) -> str:
        """The word of the command line."""
        ...

    @property
    def says(self) -> str:
        """Which files it reads, in one phrase."""
        ...

    def read(self, sources: list[Source], wishes: Wishes, findings: Findings) -> Statement:
        """Return what the files say; what is not understood goes into ``findings``, row by row.

        Raises
        ------
        ImportFault
            A file is none of this format at all.
        """
        ...


def ref_of(number: str, label: str = "") -> Ref:
    """Return the account of that number, as much of it as the file shows.

    >>> ref_of("X12345678", "ROTH IRA")
    Ref(tail='5678', label='ROTH IRA')
    """
    return Ref(tail_of(number), label, "".join(mark for mark in number.upper() if mark.isalnum()))
