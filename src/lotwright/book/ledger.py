"""The next book: events folded over a household.

Problem: books drift from what happened unless every change has one meaning.
Observations: an event changes lots and cash of one account, or one security in all of them; it never needs the clock.
Therefore: ``apply`` takes an immutable household and one event and returns the next household with what was disposed
of;
``fold`` repeats it. Shares, cash and basis are conserved by construction and tested as laws. Where the law pools
(United Kingdom, Canada), a sale in a taxable account leaves at the average cost of all taxable accounts' shares; what is
matched with later purchases, or denied, is for :mod:`lotwright.tax.regimes`, which sees the whole history.
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
from lotwright.book.selling import at_average_cost, paid_for_fraction, sold
from lotwright.book.transfers import arrived, sent
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
    """The household after one event; same error as :func:`fold`, and for an event whose numbers cannot be."""
    _check(event)
    if isinstance(event, Split | SpinOff | Merger | ReturnOfCapital):
        return _in_every_account(household, event)
    account = _account(household, event.account)
    disposals: tuple[LotDisposal, ...] = ()
    match event:
        case Buy():
            account = _bought(account, event)
        case Sell():
            household = at_average_cost(household, account, event.symbol)
            account, disposals = sold(_account(household, event.account), event)
        case TransferIn():
            account = with_lots(account, added=[replace(lot, account=account.account) for lot in event.lots])
        case TransferOut():
            account, leaving = sent(account, event)
            if event.to is not None:
                account, there = arrived(account, _account(household, event.to), leaving, event)
                household = _put(household, there)
        case CashMove():
            account = replace(account, cash=account.cash + event.amount)
        case WashAdjustment():
            account = _washed(account, event)
    return Folded(household=_put(household, account), disposals=disposals)


def _check(event: Event) -> None:
    """Refuse an event of no or negative shares, and one that gives away more basis than there is."""
    needed = {
        name: value
        for name in ("quantity", "ratio")
        if isinstance(value := getattr(event, name, None), Decimal)
        and not (isinstance(event, Merger) and name == "ratio")
    }
    if isinstance(event, Merger) and event.new_symbol is not None:
        needed["ratio"] = event.ratio
    wrong = next((name for name, value in needed.items() if value <= 0), None)
    if wrong is not None:
        raise BookError(
            f"The {type(event).__name__} of {getattr(event, 'symbol', '')} on {event.date.isoformat()} has {wrong} "
            f"{needed[wrong]}. Give a number above zero; short positions are not covered."
        )
    if isinstance(event, SpinOff) and not 0 <= event.basis_fraction <= 1:
        raise BookError(
            f"The spin-off from {event.symbol} on {event.date.isoformat()} moves {event.basis_fraction} of the basis. "
            "Give a fraction from 0 to 1 (Form 8937 line 15)."
        )


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
            return paid_for_fraction(split(account, event), event, event.symbol)
        case SpinOff():
            return paid_for_fraction(spin_off(account, event), event, event.new_symbol)
        case Merger():
            return paid_for_fraction(merge(account, event), event, event.new_symbol or "")
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
