"""Lots of one account, taken from and added to; every change leaves the account it came from as it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

from lotwright.book.holdings import Account, Lot
from lotwright.errors import BookError


def part_of(lot: Lot, quantity: Decimal) -> tuple[Decimal, Decimal]:
    """Basis of ``quantity`` shares of a lot and of the rest; ``BookError`` when it holds fewer."""
    if quantity > lot.quantity:
        raise BookError(
            f"{lot.symbol} lot {lot.lot} of {lot.account} gives {quantity} shares but holds {lot.quantity}. "
            "Reduce the quantity or name another lot."
        )
    basis = lot.basis * quantity / lot.quantity
    return basis, lot.basis - basis


def without(account: Account, parts: Sequence[tuple[Lot, Decimal]]) -> Account:
    """The account without the parts; a lot with nothing left is gone."""
    for lot, quantity in parts:
        current = lot_named(account, lot.symbol, lot.lot)
        _, basis = part_of(current, quantity)
        rest = replace(current, quantity=current.quantity - quantity, basis=basis)
        lots = (rest if is_same_lot(other, current) else other for other in account.lots)
        account = replace(account, lots=tuple(other for other in lots if other.quantity > 0))
    return account


def with_lots(account: Account, *, added: Sequence[Lot]) -> Account:
    """The account with further lots; ``BookError`` when a name is taken."""
    names = {(lot.symbol, lot.lot) for lot in account.lots}
    for lot in added:
        if (lot.symbol, lot.lot) in names:
            raise BookError(
                f"{account.account} already holds a lot {lot.lot} of {lot.symbol}. Give the new lot another name."
            )
        names.add((lot.symbol, lot.lot))
    return replace(account, lots=(*account.lots, *added))


def is_same_lot(lot: Lot, other: Lot) -> bool:
    """True when both are the same lot, whatever became of it between."""
    return (lot.symbol, lot.lot) == (other.symbol, other.lot)


def lot_named(account: Account, symbol: str, name: str) -> Lot:
    """The account's lot of that name; ``BookError`` when it holds none."""
    found = next((lot for lot in account.lots if (lot.symbol, lot.lot) == (symbol, name)), None)
    if found is None:
        held = ", ".join(lot.lot for lot in account.lots if lot.symbol == symbol) or "none"
        raise BookError(f"{account.account} holds no lot {name} of {symbol} (held: {held}). Name a lot that is held.")
    return found
