"""One order carried out: what it trades, pays and takes from each lot, exact and in cents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

from lotwright.book.holdings import Lot
from lotwright.book.kinds import Character, Side
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
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """The part of one lot a sale takes, at the book's price, and what the sale ``stated`` about it.

    ``cents_gain`` is rounded, the other figures are exact.
    """

    stated: LotSale
    lot: Lot
    quantity: Decimal
    price: Decimal
    sold: date
    is_taxed: bool

    @property
    def proceeds(self) -> Decimal:
        """Dollars received, before trading costs."""
        return self.quantity * self.price

    @property
    def basis(self) -> Decimal:
        """The lot's basis, share by share."""
        return self.lot.basis * self.quantity / self.lot.quantity

    @property
    def gain(self) -> Decimal:
        """Exact proceeds less exact basis."""
        return self.proceeds - self.basis

    @property
    def cents_gain(self) -> Decimal:
        """Reported gain: rounded proceeds less rounded basis."""
        return cents(self.proceeds) - cents(self.basis)

    @property
    def character(self) -> Character:
        """Short-term or long-term on the day of the sale."""
        return character(self.lot.holding_start, self.sold)

    @property
    def is_taxed_loss(self) -> bool:
        """True for a loss in an account whose sales are taxed."""
        return self.is_taxed and is_loss(self.lot, self.price)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """One order carried out: exact dollars traded and paid, the lots it takes, and the cents that reach the account."""

    trade: Trade
    value: Decimal
    half_spread: Decimal
    commission: Decimal
    slices: tuple[Slice, ...]

    @property
    def is_buy(self) -> bool:
        """True when shares come in."""
        return self.trade.side is Side.BUY

    @property
    def cash(self) -> Decimal:
        """Exact dollars into the account; negative: out of it."""
        return (-self.value if self.is_buy else self.value) - self.half_spread - self.commission

    @property
    def cents_cash(self) -> Decimal:
        """Dollars and cents into the account: value and each cost rounded on their own."""
        value = cents(self.value)
        return (-value if self.is_buy else value) - cents(self.half_spread) - cents(self.commission)
