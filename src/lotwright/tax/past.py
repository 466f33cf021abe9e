"""A household's past as the wash-sale matching needs it, rebuilt from what a book holds.

Problem: a book has the lots of today and the trades of some weeks or years; not every sale says which lot it took.
Observations: a purchase whose trade is known can be told anew at what was paid; what happened before the first trade is
known only through the lots and the gains recorded. A sale's gain and price tell what its shares had cost.
Therefore: purchases with a trade become buys at cost; older lots are held from the start as the book has them; a sale
takes the lot it names, else the purchase whose cost its gain betrays, else shares of unknown date with the gain the
book gives.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from typing import TypeAlias

from lotwright.book.events import Buy, Sell
from lotwright.book.holdings import Account, Household, Transaction
from lotwright.book.kinds import Character
from lotwright.tax.holding import character
from lotwright.tax.purchases import ROUNDING
from lotwright.tax.sources import Seen, Source, sources_of, stem_of
from lotwright.tax.wash import OpenShares

ZERO = Decimal(0)
SAME_COST = Decimal("0.0005")
"""Fraction by which the cost a sale's gain implies may differ from a purchase's price and still be its."""
SaleKey: TypeAlias = tuple[str, str, str]
UNKNOWN = "?"
"""Starts the name of a lot that no table names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """What :func:`lotwright.tax.wash.wash_sales` takes, and what the book recorded of each sale.

    ``recorded`` maps account, symbol and sale key to the rows the book has of that sale (rows of one day and price are
    one sale, reported lot by lot); ``notes`` say what had to be assumed.
    """

    events: tuple[Buy | Sell, ...]
    opening: tuple[OpenShares, ...]
    recorded: Mapping[SaleKey, tuple[Transaction, ...]]
    notes: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class _Rebuilt:
    seen: Seen
    events: list[Buy | Sell] = field(default_factory=list)
    opening: list[OpenShares] = field(default_factory=list)
    recorded: dict[SaleKey, list[Transaction]] = field(default_factory=lambda: defaultdict(list))
    unknown: int = 0
    gainless: int = 0


def rebuild_past(household: Household, *, group_of: Callable[[str], str] = str) -> Past:
    """Trades and starting lots of every account of a household, in the form the wash-sale matching takes.

    Parameters
    ----------
    household : Household
    group_of : callable
        Symbol to the name of its group of substantially identical securities: a lot's tacked period may speak of a loss
        on another of the group.
    """
    out = _Rebuilt(seen=Seen.of(household, group_of))
    for account in household.accounts:
        symbols = {lot.symbol for lot in account.lots} | {t.symbol for t in account.transactions}
        for symbol in sorted(symbols):
            _rebuild(account, symbol, out)
    notes = []
    if out.unknown:
        notes.append(
            f"{out.unknown} sales took shares whose purchase the book does not show: their gain and term are those "
            "recorded, their date of purchase is VARIOUS."
        )
    if out.gainless:
        notes.append(
            f"{out.gainless} sales have neither a lot nor a gain in the book; they are counted with gain zero."
        )
    return Past(
        events=tuple(out.events),
        opening=tuple(out.opening),
        recorded={k: tuple(v) for k, v in out.recorded.items()},
        notes=tuple(notes),
    )


def _rebuild(account: Account, symbol: str, out: _Rebuilt) -> None:
    """One security in one account."""
    trades = [t for t in account.transactions if t.symbol == symbol]
    sources = sources_of([lot for lot in account.lots if lot.symbol == symbol], trades, seen=out.seen)
    sales = sorted(
        (t for t in trades if not t.action.is_purchase),
        key=lambda t: (t.date, t.price, t.lot or "", t.quantity, t.realised_gain or ZERO),
    )
    for sale in sales:
        _take(account, sale, f"{sale.date.isoformat()} {sale.price.normalize():f}", sources=sources, out=out)
    for source in sources:
        _emit(account.account, symbol, source, out)


def _take(account: Account, sale: Transaction, key: str, *, sources: list[Source], out: _Rebuilt) -> None:
    """Find the shares one sale took, and record the sale."""
    left, lots = sale.quantity, []
    for source in _candidates(sale, sources):
        if left <= ROUNDING:
            break
        shares = left if source.name in {sale.lot, stem_of(sale.lot or "")} else min(left, source.missing)
        source.sold += shares
        source.missing = max(source.missing - shares, ZERO)
        left -= shares
        lots.append((source.name, shares))
    if left > ROUNDING or not lots:
        lots.append((_unknown_lot(account, sale, left, out), left))
    else:
        lots[-1] = (lots[-1][0], lots[-1][1] + left)
        next(s for s in sources if s.name == lots[-1][0]).sold += left
    out.recorded[account.account, sale.symbol, key].append(sale)
    out.events.append(
        Sell(
            account=account.account,
            date=sale.date,
            symbol=sale.symbol,
            quantity=sale.quantity,
            price=sale.price,
            lots=tuple(lots),
            key=key,
        )
    )


def _candidates(sale: Transaction, sources: list[Source]) -> list[Source]:
    """Where the shares of a sale may have come from, most likely first."""
    for name in (sale.lot, stem_of(sale.lot or "")):
        named = [s for s in sources if s.name == name and s.acquired <= sale.date]
        if named:
            return named
    open_ = [s for s in sources if s.missing > ROUNDING and s.acquired <= sale.date]
    if sale.realised_gain is None:
        return open_
    cost = sale.price - sale.realised_gain / sale.quantity
    return [
        s
        for s in sorted(open_, key=lambda s: (abs(s.cost - cost), s.acquired, s.name))
        if abs(s.cost - cost) <= SAME_COST * sale.price and sale.character in {None, character(s.start, sale.date)}
    ]


def _unknown_lot(account: Account, sale: Transaction, shares: Decimal, out: _Rebuilt) -> str:
    """Shares bought before anything the book shows, or untraceable: the recorded gain is all there is."""
    gain = sale.realised_gain
    if gain is None:
        gain = ZERO
        out.gainless += 1
    out.unknown += 1
    name = f"{UNKNOWN}{out.unknown}"
    days = 731 if sale.character is Character.LONG else 31
    acquired = sale.date - timedelta(days=days)
    out.opening.append(
        OpenShares(
            account=account.account,
            symbol=sale.symbol,
            lot=name,
            quantity=shares,
            basis=(sale.price - gain / sale.quantity) * shares,
            acquired=acquired,
            holding_start=acquired,
            is_purchase=False,
        )
    )
    return name


def _emit(account: str, symbol: str, source: Source, out: _Rebuilt) -> None:
    """A source as a buy, or as shares held from the start."""
    quantity = source.left + source.sold + source.missing
    if quantity <= 0:
        return
    if source.is_known_trade:
        out.events.append(
            Buy(
                account=account,
                date=source.acquired,
                symbol=symbol,
                lot=source.name,
                quantity=quantity,
                price=source.cost,
                purchase=source.purchase,
            )
        )
        return
    held = OpenShares(
        account=account,
        symbol=symbol,
        lot=source.name,
        quantity=quantity,
        basis=source.cost * quantity,
        acquired=source.acquired,
        holding_start=source.start,
        purchase=source.purchase,
    )
    out.opening.append(replace(held, has_washed=source.has_washed))
