"""Shares that move without being sold, with their lots, dates and the record of their purchase."""

from __future__ import annotations

from dataclasses import replace

from lotwright.book.events import TransferOut
from lotwright.book.holdings import Account, Lot, Transaction
from lotwright.book.kinds import Action
from lotwright.book.lots import lot_named, part_of, with_lots, without
from lotwright.errors import BookError


def sent(account: Account, event: TransferOut) -> tuple[Account, list[Lot]]:
    """Take lots out; parts of one lot keep a common ``purchase``, so that they never replace each other."""
    parts = [(lot_named(account, event.symbol, name), quantity) for name, quantity in event.lots]
    leaving = [
        replace(lot, quantity=quantity, basis=part_of(lot, quantity)[0], purchase=lot.purchase or lot.lot)
        for lot, quantity in parts
    ]
    account = without(account, parts)
    names = {name for name, _ in event.lots}
    lots = tuple(
        replace(lot, purchase=lot.purchase or lot.lot) if lot.symbol == event.symbol and lot.lot in names else lot
        for lot in account.lots
    )
    return replace(account, lots=lots), leaving


def arrived(account: Account, there: Account, leaving: list[Lot], event: TransferOut) -> tuple[Account, Account]:
    """Both accounts once the lots have arrived; ``BookError`` where the law sees more than a transfer."""
    if account.kind.is_taxable and not there.kind.is_taxable:
        raise BookError(
            f"{account.account} transfers {event.symbol} on {event.date.isoformat()} to {there.account} of kind {there.kind}: "
            "a contribution in kind is a sale at what the shares are worth. Book a sale and a purchase."
        )
    if there.kind.is_taxable and not account.kind.is_taxable:
        return account, _distributed(account, there, leaving, event)
    moved_lots = [replace(lot, account=there.account) for lot in leaving]
    account, moved = _records_moved(account, leaving, to=there.account)
    there = with_lots(there, added=moved_lots)
    return account, replace(there, transactions=(*there.transactions, *moved))


def _distributed(account: Account, there: Account, leaving: list[Lot], event: TransferOut) -> Account:
    """Shares out of an IRA: acquired on the day, at what they are worth (TAX_RULES B1.12)."""
    if event.price is None:
        raise BookError(
            f"{account.account} of kind {account.kind} transfers {event.symbol} on {event.date.isoformat()} to the taxable "
            f"{there.account}: a distribution in kind, acquired at what the shares are worth. Give the price."
        )
    lots = [
        replace(
            lot,
            account=there.account,
            acquired=event.date,
            holding_start=event.date,
            basis=event.price * lot.quantity,
            purchase=None,
            source="distribution",
        )
        for lot in leaving
    ]
    records = [
        Transaction(
            account=there.account,
            date=event.date,
            symbol=lot.symbol,
            action=Action.BUY,
            quantity=lot.quantity,
            price=event.price,
            lot=lot.lot,
        )
        for lot in lots
    ]
    there = with_lots(there, added=lots)
    return replace(there, transactions=(*there.transactions, *records))


def _records_moved(account: Account, leaving: list[Lot], *, to: str) -> tuple[Account, list[Transaction]]:
    """Purchases follow their shares to another account, so that no purchase is seen twice."""
    kept, moved = list(account.transactions), list[Transaction]()
    for lot in leaving:
        for record in list(kept):
            if _is_purchase_of(record, lot):
                quantity = min(lot.quantity, record.quantity)
                rest = replace(record, quantity=record.quantity - quantity, purchase=lot.purchase)
                place = kept.index(record)
                kept[place : place + 1] = [rest] if rest.quantity else []
                moved.append(replace(record, account=to, quantity=quantity, purchase=lot.purchase))
    return replace(account, transactions=tuple(kept)), moved


def _is_purchase_of(record: Transaction, lot: Lot) -> bool:
    """Whether a record tells of the purchase the lot's shares came from."""
    if not record.action.is_purchase or (record.symbol, record.date) != (lot.symbol, lot.acquired):
        return False
    return record.lot == lot.lot or (lot.purchase is not None and lot.purchase in {record.lot, record.purchase})
