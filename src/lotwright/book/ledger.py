"""The next book: events folded over a household.

Problem: books drift from what happened unless every change has one meaning.
Observations: an event changes lots and cash of one account, or one security in all of them; it never needs the clock.
Therefore: ``apply`` takes an immutable household and one event and returns the next household with what was disposed
of;
``fold`` repeats it. Shares, cash and basis are conserved by construction and tested as laws.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from lotwright.book.corporate import Changed, merge, return_capital, spin_off, split
from lotwright.book.disposal import LotDisposal
from lotwright.book.events import (
    Buy,
    CashMove,
    Event,
    Merger,
    ReturnOfCapital,
    Sell,
    SpinOff,
    Split,
    TransferIn,
    TransferOut,
    WashAdjustment,
)
from lotwright.book.holdings import Account, Household, Lot, Transaction
from lotwright.book.kinds import Action
from lotwright.book.lots import is_same_lot, lot_named, part_of, with_lots, without
from lotwright.book.relief import relief_order
from lotwright.errors import BookError

ZERO = Decimal(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Folded:
    """A household after events, and what they disposed of, in order."""

    household: Household
    disposals: tuple[LotDisposal, ...] = ()


def fold(household: Household, events: Iterable[Event]) -> Folded:
    """The household after ``events``, applied in the order of their dates (and as given within a day).

    Raises
    ------
    BookError
        An event that names an account or lot that is not there, or more shares than are held.
    """
    disposals: list[LotDisposal] = []
    for event in sorted(events, key=lambda e: e.date):
        step = apply(household, event)
        household = step.household
        disposals.extend(step.disposals)
    return Folded(household=household, disposals=tuple(disposals))


def apply(household: Household, event: Event) -> Folded:
    """The household after one event; same error as :func:`fold`."""
    if isinstance(event, Split | SpinOff | Merger | ReturnOfCapital):
        return _in_every_account(household, event)
    account = _account(household, event.account)
    disposals: tuple[LotDisposal, ...] = ()
    match event:
        case Buy():
            account = _bought(account, event)
        case Sell():
            account, disposals = _sold(account, event)
        case TransferIn():
            account = with_lots(account, added=[replace(lot, account=account.account) for lot in event.lots])
        case TransferOut():
            account, leaving = _sent(account, event)
            if event.to is not None:
                arriving = [replace(lot, account=event.to) for lot in leaving]
                household = _put(household, with_lots(_account(household, event.to), added=arriving))
        case CashMove():
            account = replace(account, cash=account.cash + event.amount)
        case WashAdjustment():
            account = _washed(account, event)
    return Folded(household=_put(household, account), disposals=disposals)


def in_latest_units(events: Iterable[Event]) -> list[Buy | Sell]:
    """Buys and sells restated in the share units after the last split, and nothing else.

    A split multiplies shares and divides prices of what happened before its date; dollars stay. This is the form in
    which a loss before a split and a purchase after it can be matched share for share.
    """
    events = list(events)
    splits = [event for event in events if isinstance(event, Split)]

    def ratio(trade: Buy | Sell) -> Decimal:
        out = Decimal(1)
        for event in splits:
            if event.symbol == trade.symbol and trade.date < event.date:
                out *= event.ratio
        return out

    out: list[Buy | Sell] = []
    for trade in (event for event in events if isinstance(event, Buy | Sell)):
        by = ratio(trade)
        if isinstance(trade, Buy):
            out.append(replace(trade, quantity=trade.quantity * by, price=trade.price / by))
        else:
            lots = tuple((name, quantity * by) for name, quantity in trade.lots)
            out.append(replace(trade, quantity=trade.quantity * by, price=trade.price / by, lots=lots))
    return out


def _in_every_account(household: Household, event: Split | SpinOff | Merger | ReturnOfCapital) -> Folded:
    changed = [_changed(account, event) for account in household.accounts]
    return Folded(
        household=replace(household, accounts=tuple(account for account, _ in changed)),
        disposals=tuple(disposal for _, disposals in changed for disposal in disposals),
    )


def _changed(account: Account, event: Split | SpinOff | Merger | ReturnOfCapital) -> Changed:
    match event:
        case Split():
            return split(account, event)
        case SpinOff():
            return spin_off(account, event)
        case Merger():
            return merge(account, event)
        case ReturnOfCapital():
            return return_capital(account, event)


def _bought(account: Account, event: Buy) -> Account:
    lot = Lot(
        account=event.account,
        symbol=event.symbol,
        lot=event.lot,
        quantity=event.quantity,
        acquired=event.date,
        basis=event.cost,
        holding_start=event.date,
        purchase=event.purchase,
        source="reinvest" if event.is_reinvested else "buy",
    )
    record = Transaction(
        account=event.account,
        date=event.date,
        symbol=event.symbol,
        action=Action.REINVEST if event.is_reinvested else Action.BUY,
        quantity=event.quantity,
        price=event.price,
        lot=event.lot,
        purchase=event.purchase,
    )
    cash = account.cash if event.is_reinvested else account.cash - event.cost
    account = replace(account, cash=cash, transactions=(*account.transactions, record))
    return with_lots(account, added=[lot])


def _sold(account: Account, event: Sell) -> Changed:
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


def _choose(account: Account, event: Sell) -> list[tuple[Lot, Decimal]]:
    if event.lots:
        return [(lot_named(account, event.symbol, name), quantity) for name, quantity in event.lots]
    left, parts = event.quantity, []
    for lot in relief_order((lot for lot in account.lots if lot.symbol == event.symbol), account.relief):
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


def _sent(account: Account, event: TransferOut) -> tuple[Account, list[Lot]]:
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


def _washed(account: Account, event: WashAdjustment) -> Account:
    """Shares that replaced others sold at a loss become a lot of their own, with the loss in their basis."""
    lot = lot_named(account, event.symbol, event.lot)
    basis, _ = part_of(lot, event.quantity)
    purchase = lot.purchase or lot.lot
    matched = replace(
        lot,
        lot=event.new_lot,
        quantity=event.quantity,
        basis=basis + event.amount,
        holding_start=event.holding_start,
        purchase=purchase,
    )
    account = without(account, [(lot, event.quantity)])
    lots = tuple(replace(other, purchase=purchase) if is_same_lot(other, lot) else other for other in account.lots)
    return with_lots(replace(account, lots=lots), added=[matched])


def _account(household: Household, name: str) -> Account:
    found = next((account for account in household.accounts if account.account == name), None)
    if found is None:
        raise BookError(f"Household {household.household} has no account {name}. Add it to the accounts table.")
    return found


def _put(household: Household, account: Account) -> Household:
    accounts = tuple(account if other.account == account.account else other for other in household.accounts)
    return replace(household, accounts=accounts)
