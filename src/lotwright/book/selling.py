"""Shares that leave an account for money: which lots, at what basis, and what the book records of it."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from lotwright.book.corporate import Changed
from lotwright.book.disposal import LotDisposal
from lotwright.book.events import Merger, Sell, SpinOff, Split
from lotwright.book.holdings import Account, Household, Lot, Transaction
from lotwright.book.kinds import Action
from lotwright.book.lots import lot_named, part_of, without
from lotwright.book.relief import relief_order
from lotwright.errors import BookError

ZERO = Decimal(0)
POOL = "pool"
"""What a plan calls the one lot of a security where the law pools."""


def sold(account: Account, event: Sell) -> Changed:
    """Lots leave as named, or in the order of the account's relief (Treas. Reg. 1.1012-1(c))."""
    parts = _choose(account, event)
    disposals = []
    for lot, quantity in parts:
        basis, _ = part_of(lot, quantity)
        disposals.append(
            LotDisposal(
                account=account.account,
                symbol=lot.symbol,
                lot=lot.lot,
                date=event.date,
                quantity=quantity,
                acquired=lot.acquired,
                holding_start=lot.holding_start,
                proceeds=event.proceeds * quantity / event.quantity,
                basis=basis,
            )
        )
    records = [
        Transaction(
            account=event.account,
            date=event.date,
            symbol=event.symbol,
            action=Action.SELL,
            quantity=disposal.quantity,
            price=event.price,
            realised_gain=disposal.gain,
            lot=disposal.lot,
        )
        for disposal in disposals
    ]
    account = replace(account, cash=account.cash + event.proceeds, transactions=(*account.transactions, *records))
    return without(account, parts), tuple(disposals)


def at_average_cost(household: Household, seller: Account, symbol: str) -> Household:
    """Where the law pools: all lots of the security in taxable accounts at the average cost (TCGA s. 104, ITA s. 47)."""
    if not (seller.regime.pools and seller.kind.is_taxable):
        return household
    taxed = [account for account in household.accounts if account.kind.is_taxable]
    pool = [lot for account in taxed for lot in account.lots if lot.symbol == symbol]
    shares, cost = sum((lot.quantity for lot in pool), ZERO), sum((lot.basis for lot in pool), ZERO)
    accounts = tuple(
        replace(account, lots=tuple(_at(lot, symbol, cost, shares) for lot in account.lots))
        if account.kind.is_taxable
        else account
        for account in household.accounts
    )
    return replace(household, accounts=accounts)


def _at(lot: Lot, symbol: str, cost: Decimal, shares: Decimal) -> Lot:
    return replace(lot, basis=cost * lot.quantity / shares) if lot.symbol == symbol else lot


def paid_for_fraction(changed: Changed, event: Split | SpinOff | Merger, symbol: str) -> Changed:
    """Cash in lieu: the fraction is received, then sold (Rev. Rul. 66-365), by the account's relief."""
    account, disposals = changed
    fraction = sum((lot.quantity for lot in account.lots if lot.symbol == symbol), ZERO) % 1
    if event.cash_in_lieu is None or account.fractional or account.drip or not fraction:
        return changed
    price = event.cash_in_lieu
    sale = Sell(account=account.account, date=event.date, symbol=symbol, quantity=fraction, price=price, key="in lieu")
    account, parts = sold(account, sale)
    return account, (*disposals, *parts)


def _choose(account: Account, event: Sell) -> list[tuple[Lot, Decimal]]:
    is_of_the_pool = account.regime.pools and [name for name, _ in event.lots] == [POOL]
    if event.lots and not is_of_the_pool:
        return _named(account, event)
    left, parts = event.quantity, []
    there = (lot for lot in account.lots if lot.symbol == event.symbol and lot.acquired <= event.date)
    for lot in relief_order(there, account.relief):
        if left <= 0:
            break
        parts.append((lot, min(left, lot.quantity)))
        left -= parts[-1][1]
    if left > 0:
        raise BookError(
            f"{account.account} sells {event.quantity} shares of {event.symbol} on {event.date.isoformat()} but holds "
            f"{event.quantity - left}. Reduce the sale or add the missing purchase."
        )
    return parts


def _named(account: Account, event: Sell) -> list[tuple[Lot, Decimal]]:
    """The lots a sale names; ``BookError`` where their shares do not add up to it, or were bought after it."""
    parts = [(lot_named(account, event.symbol, name), quantity) for name, quantity in event.lots]
    told = sum((quantity for _, quantity in parts), ZERO)
    if told != event.quantity:
        raise BookError(
            f"{account.account} sells {event.quantity} shares of {event.symbol} on {event.date.isoformat()} but names lots "
            f"of {told}. Correct the quantity or the lots."
        )
    late = next((lot for lot, _ in parts if lot.acquired > event.date), None)
    if late is not None:
        raise BookError(
            f"{account.account} sells {event.symbol} lot {late.lot} on {event.date.isoformat()} but bought it on "
            f"{late.acquired.isoformat()}. Correct either date."
        )
    return parts
