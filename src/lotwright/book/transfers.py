"""Shares that move without being sold, with their lots, dates and the record of their purchase."""

from __future__ import annotations

from dataclasses import replace

from lotwright.book.events import TransferOut
from lotwright.book.holdings import Account, Lot, Transaction
from lotwright.book.lots import lot_named, part_of, without


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


def records_moved(account: Account, leaving: list[Lot], *, to: str) -> tuple[Account, list[Transaction]]:
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
