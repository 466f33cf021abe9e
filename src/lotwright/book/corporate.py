"""What corporate actions do to the lots of one account; each rule with its section."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import Decimal

from lotwright.book.disposal import LotDisposal
from lotwright.book.events import Merger, ReturnOfCapital, SpinOff, Split
from lotwright.book.holdings import Account, Lot, Transaction
from lotwright.book.kinds import Action
from lotwright.errors import BookError

ZERO = Decimal(0)
Changed = tuple[Account, tuple[LotDisposal, ...]]


def split(account: Account, event: Split) -> Changed:
    """More or fewer shares, the same basis and dates (IRC sections 305(a), 307)."""
    lots = tuple(
        replace(lot, quantity=lot.quantity * event.ratio) if lot.symbol == event.symbol else lot for lot in account.lots
    )
    # past trades are told in the same shares as the lots: purchases and losses are matched share for share
    trades = tuple(
        replace(t, quantity=t.quantity * event.ratio, price=t.price / event.ratio) if t.symbol == event.symbol else t
        for t in account.transactions
    )
    return replace(account, lots=lots, transactions=trades), ()


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
    if event.new_symbol is not None and (event.cash or event.is_taxable) and event.new_price is None:
        raise BookError(
            f"The merger of {event.symbol} on {event.date.isoformat()} pays shares of {event.new_symbol} "
            f"{'in a taxable exchange' if event.is_taxable else 'and cash'}, but new_price, what a new share is worth, is "
            "not given: without it the gain is unknown. Add it."
        )
    taken = {lot.lot for lot in account.lots if lot.symbol == event.new_symbol}
    lots: list[Lot] = []
    disposals: list[LotDisposal] = []
    records: list[Transaction] = []
    for lot in account.lots:
        if lot.symbol != event.symbol:
            lots.append(lot)
            continue
        exchange = _exchange(lot, event)
        if event.new_symbol is not None:
            became = _became(lot, event, exchange, name=_free_name(lot, taken))
            lots.append(became)
            records.extend([_bought(became, event)] if event.is_taxable else [])
        if exchange.proceeds or event.new_symbol is None:
            disposals.append(_disposal(lot, event, proceeds=exchange.proceeds, gain=exchange.gain))
            records.append(_sold(disposals[-1]))
    cash = account.cash + sum((event.cash * lot.quantity for lot in account.lots if lot.symbol == event.symbol), ZERO)
    return (
        replace(account, lots=tuple(lots), cash=cash, transactions=(*account.transactions, *records)),
        tuple(disposals),
    )


def return_capital(account: Account, event: ReturnOfCapital) -> Changed:
    """Lowers basis to zero at most; what exceeds it is gain (section 301(c)(2), (3)), share by share of each lot.

    The gain is a disposal of no shares: it stands in what :func:`lotwright.book.ledger.fold` disposed of, not among trades.
    """
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Exchange:
    """What one lot's exchange realises: proceeds and gain as forms report them, and basis of what is received."""

    proceeds: Decimal
    gain: Decimal
    basis: Decimal


def _exchange(lot: Lot, event: Merger) -> _Exchange:
    """All gain or loss for cash alone and in a taxable exchange; up to the cash, and no loss, with shares (section 356).

    Basis of the new shares: what they are worth in a taxable exchange (section 1012); else the old basis less cash plus
    gain recognised (section 358(a)(1)).
    """
    paid = event.cash * lot.quantity
    worth = (event.new_price or ZERO) * event.ratio * lot.quantity if event.new_symbol is not None else ZERO
    if event.new_symbol is None or event.is_taxable:
        return _Exchange(proceeds=paid + worth, gain=paid + worth - lot.basis, basis=worth)
    gain = min(paid, max(paid + worth - lot.basis, ZERO))
    return _Exchange(proceeds=paid, gain=gain, basis=lot.basis - paid + gain)


def _became(lot: Lot, event: Merger, exchange: _Exchange, *, name: str) -> Lot:
    """The lot of new shares; a taxable exchange starts a new holding period."""
    new = replace(
        lot,
        symbol=event.new_symbol or lot.symbol,
        lot=name,
        quantity=lot.quantity * event.ratio,
        basis=exchange.basis,
    )
    return replace(new, acquired=event.date, holding_start=event.date, purchase=None) if event.is_taxable else new


def _bought(lot: Lot, event: Merger) -> Transaction:
    return Transaction(
        account=lot.account,
        date=event.date,
        symbol=lot.symbol,
        action=Action.BUY,
        quantity=lot.quantity,
        price=event.new_price or ZERO,
        lot=lot.lot,
    )


def _sold(disposal: LotDisposal) -> Transaction:
    """A sale for the book's records, so that a loss locks purchases and stands on Form 8949."""
    return Transaction(
        account=disposal.account,
        date=disposal.date,
        symbol=disposal.symbol,
        action=Action.SELL,
        quantity=disposal.quantity,
        price=disposal.proceeds / disposal.quantity,
        realised_gain=disposal.gain,
        lot=disposal.lot,
    )


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
