"""What corporate actions do to the lots of one account; each rule with its section."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal

from lotwright.book.disposal import LotDisposal
from lotwright.book.events import Merger, ReturnOfCapital, SpinOff, Split
from lotwright.book.holdings import Account, Lot
from lotwright.errors import BookError

ZERO = Decimal(0)
Changed = tuple[Account, tuple[LotDisposal, ...]]


def split(account: Account, event: Split) -> Changed:
    """More or fewer shares, the same basis and dates (IRC sections 305(a), 307)."""
    lots = tuple(
        replace(lot, quantity=lot.quantity * event.ratio) if lot.symbol == event.symbol else lot for lot in account.lots
    )
    return replace(account, lots=lots), ()


def spin_off(account: Account, event: SpinOff) -> Changed:
    """A lot of the new company beside each lot of the old one, sharing its basis and dates (sections 355, 358)."""
    taken = {lot.lot for lot in account.lots if lot.symbol == event.new_symbol}
    lots: list[Lot] = []
    for lot in account.lots:
        if lot.symbol != event.symbol:
            lots.append(lot)
            continue
        moved = lot.basis * event.basis_fraction
        lots.append(replace(lot, basis=lot.basis - moved))
        lots.append(
            replace(
                lot,
                symbol=event.new_symbol,
                lot=_free_name(lot, taken),
                quantity=lot.quantity * event.ratio,
                basis=moved,
                source="spin_off",
            )
        )
    return replace(account, lots=tuple(lots)), ()


def merge(account: Account, event: Merger) -> Changed:
    """Shares exchanged for cash, for shares, or for both (sections 1001, 354, 356, 358)."""
    if event.new_symbol is not None and event.cash and event.new_price is None:
        raise BookError(
            f"The merger of {event.symbol} on {event.date.isoformat()} pays cash and shares of {event.new_symbol}, but "
            "new_price, what a new share is worth, is not given: without it the gain is unknown. Add it."
        )
    taken = {lot.lot for lot in account.lots if lot.symbol == event.new_symbol}
    lots: list[Lot] = []
    disposals: list[LotDisposal] = []
    cash = account.cash
    for lot in account.lots:
        if lot.symbol != event.symbol:
            lots.append(lot)
            continue
        paid = event.cash * lot.quantity
        cash += paid
        recognised = _recognised(lot, event)
        if event.new_symbol is not None:
            name = _free_name(lot, taken)
            basis = lot.basis - paid + recognised
            lots.append(
                replace(lot, symbol=event.new_symbol, lot=name, quantity=lot.quantity * event.ratio, basis=basis)
            )
        if paid or event.new_symbol is None:
            disposals.append(_disposal(lot, event, proceeds=paid, gain=recognised))
    return replace(account, lots=tuple(lots), cash=cash), tuple(disposals)


def return_capital(account: Account, event: ReturnOfCapital) -> Changed:
    """Lowers basis to zero at most; what exceeds it is gain (section 301(c)(2), (3))."""
    if event.account not in {None, account.account}:
        return account, ()
    lots: list[Lot] = []
    disposals: list[LotDisposal] = []
    cash = account.cash
    for lot in account.lots:
        if lot.symbol != event.symbol:
            lots.append(lot)
            continue
        paid = event.per_share * lot.quantity
        cash += paid
        lots.append(replace(lot, basis=max(lot.basis - paid, ZERO)))
        if paid > lot.basis:
            disposals.append(_disposal(lot, event, proceeds=paid - lot.basis, gain=paid - lot.basis, quantity=ZERO))
    return replace(account, lots=tuple(lots), cash=cash), tuple(disposals)


def _recognised(lot: Lot, event: Merger) -> Decimal:
    """Gain recognised on one lot: all of it for cash alone; up to the cash, and no loss, with shares (section 356)."""
    paid = event.cash * lot.quantity
    if event.new_symbol is None:
        return paid - lot.basis
    if not paid or event.new_price is None:
        return ZERO
    realised = paid + event.new_price * event.ratio * lot.quantity - lot.basis
    return min(paid, max(realised, ZERO))


def _disposal(
    lot: Lot,
    event: Merger | ReturnOfCapital,
    *,
    proceeds: Decimal,
    gain: Decimal,
    quantity: Decimal | None = None,
) -> LotDisposal:
    return LotDisposal(
        account=lot.account,
        symbol=lot.symbol,
        lot=lot.lot,
        date=event.date,
        quantity=lot.quantity if quantity is None else quantity,
        acquired=lot.acquired,
        holding_start=lot.holding_start,
        proceeds=proceeds,
        basis=proceeds - gain,
    )


def _free_name(lot: Lot, taken: set[str]) -> str:
    """The lot's own name, or one that says where it came from where that is taken."""
    name = next(_names(lot, taken))
    taken.add(name)
    return name


def _names(lot: Lot, taken: set[str]) -> Iterator[str]:
    stem, number = lot.lot, 1
    while True:
        if stem not in taken:
            yield stem
        stem = f"{lot.symbol}-{lot.lot}" if number == 1 else f"{lot.symbol}-{lot.lot}-{number}"
        number += 1
