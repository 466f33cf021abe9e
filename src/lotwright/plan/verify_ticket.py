"""One order carried out: what it trades, pays and takes from each lot, exact and in cents."""

from __future__ import annotations

from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from msgspec import Struct

from lotwright.book.holdings import Lot
from lotwright.book.kinds import Character
from lotwright.book.trades import LotSale, Trade
from lotwright.tax.holding import character

CENT = Decimal("0.01")


NOISE = Decimal("0.000001")
"""Dollars a lot by which a basis kept in binary floating point may exceed what was paid; not a loss."""


def is_loss(lot: Lot, price: Decimal) -> bool:
    """True when selling ``lot`` at ``price`` a share would lose money."""
    return lot.basis - price * lot.quantity > NOISE


def cents(amount: Decimal) -> Decimal:
    """``amount`` in dollars and cents, half a cent away from zero."""
    return amount.quantize(CENT, ROUND_HALF_UP)


class Slice(Struct, frozen=True, kw_only=True, eq=False):
    """The part of one lot a sale takes, at the book's price, and what the sale ``stated`` about it.

    Every check reads the same figures, so they are worked out once, by :meth:`taken`. A plan has hundreds: a struct is made
    ten times as fast as a frozen dataclass.

    Parameters
    ----------
    proceeds : Decimal
        Exact dollars received, before trading costs.
    basis : Decimal
        The lot's basis, share by share; exact dollars.
    cents_proceeds, cents_basis : Decimal
        Both rounded to cents.
    character : Character
        Short-term or long-term on the day of the sale.
    is_taxed_loss : bool
        True for a loss in an account whose sales are taxed.
    """

    stated: LotSale
    lot: Lot
    quantity: Decimal
    sold: date
    is_taxed: bool
    proceeds: Decimal
    basis: Decimal
    cents_proceeds: Decimal
    cents_basis: Decimal
    character: Character
    is_taxed_loss: bool

    @classmethod
    def taken(cls, stated: LotSale, lot: Lot, *, price: Decimal, sold: date, is_taxed: bool) -> Slice:
        """What a sale ``stated`` of ``lot``, carried out at ``price`` on the day it is ``sold``."""
        quantity = stated.quantity
        proceeds, basis = quantity * price, lot.basis * quantity / lot.quantity
        return cls(
            stated=stated,
            lot=lot,
            quantity=quantity,
            sold=sold,
            is_taxed=is_taxed,
            proceeds=proceeds,
            basis=basis,
            cents_proceeds=cents(proceeds),
            cents_basis=cents(basis),
            character=character(lot.holding_start, sold),
            is_taxed_loss=is_taxed and is_loss(lot, price),
        )

    @property
    def gain(self) -> Decimal:
        """Exact proceeds less exact basis."""
        return self.proceeds - self.basis

    @property
    def cents_gain(self) -> Decimal:
        """Reported gain: rounded proceeds less rounded basis."""
        return self.cents_proceeds - self.cents_basis


class Ticket(Struct, frozen=True, kw_only=True, eq=False):
    """One order carried out: exact dollars traded and paid, the lots it takes, and the cents that reach the account.

    ``is_buy`` is true when shares come in.
    """

    trade: Trade
    is_buy: bool
    value: Decimal
    half_spread: Decimal
    commission: Decimal
    slices: tuple[Slice, ...]

    @property
    def cash(self) -> Decimal:
        """Exact dollars into the account; negative: out of it."""
        return (-self.value if self.is_buy else self.value) - self.half_spread - self.commission

    @property
    def cents_cash(self) -> Decimal:
        """Dollars and cents into the account: value and each cost rounded on their own."""
        value = cents(self.value)
        return (-value if self.is_buy else value) - cents(self.half_spread) - cents(self.commission)
