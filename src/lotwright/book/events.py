"""What happens to a book: the closed vocabulary of events, each an immutable fact on a trade date.

The event log is the truth and a book is a fold of it (:mod:`lotwright.book.ledger`). Quantities are in the share units
of the event's own day: a split changes what comes after it, not what stands before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TypeAlias

from lotwright.book.holdings import Lot

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Buy:
    """Shares bought: one lot of ``quantity`` at ``price`` dollars, ``fees`` capitalised (Treas. Reg. 1.263(a)-2(f)).

    ``is_reinvested`` marks a dividend paid in shares bought: a purchase to the wash-sale rule that takes no cash.
    """

    account: str
    date: date
    symbol: str
    lot: str
    quantity: Decimal
    price: Decimal
    fees: Decimal = ZERO
    purchase: str | None = None
    is_reinvested: bool = False

    @property
    def cost(self) -> Decimal:
        """Dollars the shares cost, fees included: their basis (IRC section 1012)."""
        return self.quantity * self.price + self.fees


@dataclass(frozen=True, slots=True, kw_only=True)
class Sell:
    """Shares sold: from the lots named, or by the account's standing relief when none is named.

    ``lots`` pairs a lot's name with a quantity; the quantities sum to ``quantity``. ``key`` tells apart two sales of
    one security in one account on one day; sales with the same key there are one sale.
    """

    account: str
    date: date
    symbol: str
    quantity: Decimal
    price: Decimal
    fees: Decimal = ZERO
    lots: tuple[tuple[str, Decimal], ...] = ()
    key: str = ""

    @property
    def proceeds(self) -> Decimal:
        """Dollars received, fees subtracted."""
        return self.quantity * self.price - self.fees


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """``ratio`` new shares for each old one, in every account (2 for two-for-one, 0.1 for one-for-ten; a stock dividend
    of 5 % is 1.05). Basis is spread over the new shares, dates stay (IRC section 307).

    ``cash_in_lieu``, dollars a new share, is paid for the fraction of a share an account would be left with: as if the
    fraction had been received and sold (Rev. Rul. 66-365). Accounts that hold fractions keep theirs, and all do where it
    is None.
    """

    date: date
    symbol: str
    ratio: Decimal
    cash_in_lieu: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SpinOff:
    """``ratio`` shares of ``new_symbol`` for each share kept; ``basis_fraction`` of the basis goes with them (IRC 358).

    The holding period goes with them too (section 1223(1)). ``cash_in_lieu`` as in :class:`Split`.
    """

    date: date
    symbol: str
    new_symbol: str
    ratio: Decimal
    basis_fraction: Decimal
    cash_in_lieu: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merger:
    """Each share becomes ``ratio`` shares of ``new_symbol`` (None: none) and ``cash`` dollars.

    Cash alone is a sale. Shares alone carry basis and dates over (section 354, 358). With both, gain is recognised up
    to the cash and loss is not (section 356(a) and (c)); ``new_price``, dollars a new share is worth, tells the gain.
    ``is_taxable`` marks an exchange that is no reorganisation: gain and loss count in full (section 1001(c)) and the new
    shares are bought that day at ``new_price`` (for section 1091, too: Reg. 1.1091-1(f)). ``cash_in_lieu`` as in
    :class:`Split`.
    """

    date: date
    symbol: str
    new_symbol: str | None = None
    ratio: Decimal = ZERO
    cash: Decimal = ZERO
    new_price: Decimal | None = None
    is_taxable: bool = False
    cash_in_lieu: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferIn:
    """Lots arriving from outside the book with their basis and dates."""

    account: str
    date: date
    lots: tuple[Lot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferOut:
    """Shares leaving, lot by lot: to another account of the household, or out of it when ``to`` is None. Not a sale.

    Out of an IRA or the like into a taxable account it is a distribution in kind: the shares are acquired that day at
    ``price``, what they are worth (Pub. 590-B), and count as a purchase to the wash-sale rule.
    """

    account: str
    date: date
    symbol: str
    lots: tuple[tuple[str, Decimal], ...]
    to: str | None = None
    price: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnOfCapital:
    """``per_share`` dollars paid out of capital: lowers basis, and what exceeds it is gain (section 301(c)(2)-(3))."""

    date: date
    symbol: str
    per_share: Decimal
    account: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CashMove:
    """Cash coming in (positive) or going out."""

    account: str
    date: date
    amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class WashAdjustment:
    """``amount`` dollars of disallowed loss move into the basis of ``quantity`` shares of a lot (section 1091(d)).

    The shares become a lot of their own, ``new_lot``, with the holding period tacked on (section 1223(3)).
    """

    account: str
    symbol: str
    lot: str
    new_lot: str
    quantity: Decimal
    amount: Decimal
    holding_start: date
    date: date


Event: TypeAlias = (
    Buy | Sell | Split | SpinOff | Merger | TransferIn | TransferOut | ReturnOfCapital | CashMove | WashAdjustment
)
